//! Format and compression are found out from the content.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| newshound_fuzz::read(None, None, bytes));
