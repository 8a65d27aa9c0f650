//! The fuzz targets' code with their seeds: it builds, and none of the seeds is a finding.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::Path;

use newshound::reader::{Encoding, InputFormat};

#[test]
fn every_seed_passes_every_reader_and_the_way_from_jsonl_to_jsonl() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = 0;
    for seed in fs::read_dir(dir).unwrap() {
        let path = seed.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        // Names the seed of a panic, which may print nothing: the Parquet library's are caught.
        println!("{}", path.display());
        fuzz::read(None, None, &bytes);
        for format in [
            InputFormat::Conll,
            InputFormat::Csv,
            InputFormat::Html,
            InputFormat::Jsonl,
            InputFormat::Lines,
            InputFormat::Text,
            InputFormat::Tsv,
            #[cfg(feature = "parquet")]
            InputFormat::Parquet,
        ] {
            println!("{format:?}");
            fuzz::read(Some(format), None, &bytes);
        }
        for label in ["utf-16le", "shift_jis"] {
            let encoding = Encoding::of_label(label.as_bytes());
            fuzz::read(Some(InputFormat::Csv), encoding, &bytes);
        }
        fuzz::pipe(&bytes);
        seeds += 1;
    }
    assert!(seeds > 0);
}
