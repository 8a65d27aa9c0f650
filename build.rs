//! Checks that the model to embed is there and hands its digest to the library.

use std::{env, fmt::Write, fs, path::Path};

use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    let weights = "models/newshound-base/model.safetensors";
    println!("cargo::rerun-if-changed={weights}");
    match fs::read(Path::new(weights)) {
        Ok(bytes) => {
            let mut hex = String::new();
            for byte in Sha256::digest(&bytes) {
                let _ = write!(hex, "{byte:02x}");
            }
            println!("cargo::rustc-env=NEWSHOUND_MODEL_DIGEST={hex}");
        }
        Err(error) => println!(
            "cargo::error=cannot read {weights}: {error}; run training/run to make it, or build \
             with --no-default-features"
        ),
    }
}
