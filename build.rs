//! Joins the files of the model to embed and hands their place and digest to the library.

use std::{env, fmt::Write, fs, path::Path};

use sha2::{Digest, Sha256};

#[path = "src/model/shards.rs"]
mod shards;

const MODEL: &str = "models/newshound-base";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/model/shards.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed={MODEL}");
    let read = |file: &str| fs::read(Path::new(MODEL).join(file)).map_err(|e| e.to_string());
    let weights = read(shards::INDEX)
        .map_err(|message| (shards::INDEX.to_owned(), message))
        .and_then(|index| shards::join(&index, read));
    let written = weights.and_then(|bytes| {
        let mut digest = String::new();
        for byte in Sha256::digest(&bytes) {
            let _ = write!(digest, "{byte:02x}");
        }
        let out = env::var_os("OUT_DIR").unwrap_or_default();
        let path = Path::new(&out).join("model.safetensors");
        let saved = fs::write(&path, bytes).map(|()| (path.clone(), digest));
        saved.map_err(|e| (path.display().to_string(), e.to_string()))
    });
    match written {
        Ok((path, digest)) => {
            println!("cargo::rustc-env=NEWSHOUND_MODEL_WEIGHTS={}", path.display());
            println!("cargo::rustc-env=NEWSHOUND_MODEL_DIGEST={digest}");
        }
        Err((file, message)) => println!(
            "cargo::error={MODEL}/{file}: {message}; run training/run to make it, or build with \
             --no-default-features"
        ),
    }
}
