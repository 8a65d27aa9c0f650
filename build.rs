//! Joins the files of the model to embed, lays its weights out for the processor and hands their
//! place and digests to the library.

use std::path::{Path, PathBuf};
use std::{env, fmt::Write, fs};

use sha2::{Digest, Sha256};

#[path = "src/model/shards.rs"]
mod shards;

const MODEL: &str = "models/newshound-base";

/// The file that something is wrong with, and what.
type Wrong = (String, String);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/model/shards.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed={MODEL}");
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
    const CONFIG: &str = "config.json";
    let read = |file: &str| fs::read(Path::new(MODEL).join(file)).map_err(|e| e.to_string());
    let within = |file: &str| {
        let file = file.to_owned();
        move |message| (file, message)
    };
    let index = read(shards::INDEX).map_err(within(shards::INDEX))?;
    let weights = shards::join(&index, read)?;
    let config = read(CONFIG).map_err(within(CONFIG))?;
    let prepared =
        newshound_encoder::prepare(&config, &weights).map_err(|e| within(CONFIG)(e.to_string()))?;
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let path = Path::new(&out).join("model.safetensors");
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
