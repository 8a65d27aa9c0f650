//! The first byte chooses the encoding.
#![no_main]

use newshound::reader::{Encoding, InputFormat};

const LABELS: [&str; 8] = [
    "utf-16le", "utf-16be", "windows-1252", "shift_jis", "gb18030", "iso-2022-jp", "big5", "euc-kr",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let [choice, rest @ ..] = bytes {
        let label = LABELS[usize::from(*choice) % LABELS.len()];
        let encoding = Encoding::of_label(label.as_bytes());
        newshound_fuzz::read(Some(InputFormat::Csv), encoding, rest);
    }
});
