//! Lays the weights of the model to embed out for the processor and hands their place and digests to
//! the library.

use std::path::{Path, PathBuf};
use std::{env, fs};

use digest::sha256;

#[path = "src/digest.rs"]
mod digest;
#[path = "src/model/shards.rs"]
mod shards;

const MODEL: &str = "models/newshound-base";
const CONFIG: &str = "config.json";

/// The file that something is wrong with, and what.
type Wrong = (String, String);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    // All of it: the weights may come to lie in other files.
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
            "cargo::error={MODEL}/{file}: {message}; check it out again, run training/run to \
             make it, or build with --no-default-features"
        ),
    }
}

/// What the library is told of its model.
struct Embedded {
    /// The weights as they are embedded.
    path: PathBuf,
    /// Their digest.
    prepared: String,
    /// Size and digest of the weights as they are stored, in one file or several joined.
    bytes: usize,
    digest: String,
}

fn embed() -> Result<Embedded, Wrong> {
    let dir = Path::new(MODEL);
    let read = |file: &str| fs::read(dir.join(file)).map_err(|e| e.to_string());
    let config = read(CONFIG).map_err(|message| (CONFIG.to_owned(), message))?;
    let weights = shards::weights(dir, read)?;
    let prepared = newshound_encoder::prepare(&config, &weights)
        .map_err(|e| (String::new(), e.to_string()))?;
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let path = Path::new(&out).join(shards::WHOLE);
    fs::write(&path, &prepared).map_err(|e| (path.display().to_string(), e.to_string()))?;
    Ok(Embedded {
        prepared: sha256(&prepared),
        bytes: weights.len(),
        digest: sha256(&weights),
        path,
    })
}
