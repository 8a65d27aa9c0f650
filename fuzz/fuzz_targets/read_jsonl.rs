#![no_main]

use newshound::reader::InputFormat;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| newshound_fuzz::read(Some(InputFormat::Jsonl), None, bytes));
