//! Lays the weights of the model to embed out for the processor and hands their place and digests to
//! the library.

use std::path::{Path, PathBuf};
use std::{env, fmt::Write, fs};

use sha2::{Digest, Sha256};

const MODEL: &str = "models/newshound-base";
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";

/// The file that something is wrong with, and what.
type Wrong = (String, String);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    for file in [CONFIG, WEIGHTS] {
        println!("cargo::rerun-if-changed={MODEL}/{file}");
    }
    match embed() {
        Ok(model) => {
            let set =
                |name, value: String| println!("cargo::rustc-env=NEWSHOUND_MODEL_{name}={value}");
            set("WEIGHTS", model.path.display().to_string());
            set("BYTES", model.bytes.to_string());
            set("DIGEST", model.digest);
            set("PREPARED_DIGEST", model.prepared);
        }
        Err((file, message)) => println!(
            "cargo::error={MODEL}/{file}: {message}; run training/run to make it, or build with \
             --no-default-features"
        ),
    }
}

/// What the library is told of its model.
struct Embedded {
    /// The weights as they are embedded.
    path: PathBuf,
    /// Their digest.
    prepared: String,
    /// Size and digest of the weights as they are stored.
    bytes: usize,
    digest: String,
}

fn embed() -> Result<Embedded, Wrong> {
    let read = |file: &str| {
        let found = fs::read(Path::new(MODEL).join(file));
        found.map_err(|e| (file.to_owned(), e.to_string()))
    };
    let (config, weights) = (read(CONFIG)?, read(WEIGHTS)?);
    let prepared = newshound_encoder::prepare(&config, &weights)
        .map_err(|e| (WEIGHTS.to_owned(), e.to_string()))?;
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let path = Path::new(&out).join(WEIGHTS);
    fs::write(&path, &prepared).map_err(|e| (path.display().to_string(), e.to_string()))?;
    Ok(Embedded {
        prepared: hex(&prepared),
        bytes: weights.len(),
        digest: hex(&weights),
        path,
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut digest = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}
