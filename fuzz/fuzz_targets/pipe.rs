//! JSONL in, JSONL out, through the tagger.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| newshound_fuzz::pipe(bytes));
