//! Prepares the weights of the embedded models for the processor, and passes their place and digests to
//! the library.

use std::path::Path;
use std::{env, fs};

use digest::sha256;
use shards::Wrong;

#[path = "src/digest.rs"]
mod digest;
#[path = "src/model/shards.rs"]
mod shards;

/// The default one, and one whose table of words it shares.
const MODELS: [&str; 2] = ["models/newshound-base", "models/newshound-small"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_MODEL").is_none() {
        return;
    }
    for model in MODELS {
        // The whole directory: the weights may move to other files.
        println!("cargo::rerun-if-changed={model}");
    }
    if let Err((file, message)) = embed() {
        println!(
            "cargo::error={file}: {message}; check it out again, run training/run to make it, or \
             build without the feature embedded-model"
        );
    }
}

/// The weights of a model.
struct Weights {
    /// As they are embedded.
    prepared: Vec<u8>,
    /// Size and digest as they are stored, in one file or several joined.
    bytes: usize,
    digest: String,
}

fn embed() -> Result<(), Wrong> {
    let [base, small] = MODELS.map(weights);
    let (base, small) = (base?, small?);
    let nested = newshound_encoder::nest(&small.prepared, &base.prepared)
        .map_err(|e| (MODELS[1].to_owned(), e.to_string()))?;
    let about = [(base, nested.inner), (small, nested.outer)].map(|(weights, place)| {
        format!(
            "Weights {{ start: {}, end: {}, held: {:?}, bytes: {}, digest: {:?} }}",
            place.start,
            place.end,
            sha256(&nested.bytes[place.clone()]),
            weights.bytes,
            weights.digest
        )
    });
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let write = |name: &str, bytes: &[u8]| {
        let path = Path::new(&out).join(name);
        fs::write(&path, bytes).map_err(|e| (path.display().to_string(), e.to_string()))
    };
    write("weights", &nested.bytes)?;
    write("weights.rs", format!("[{}]", about.join(", ")).as_bytes())
}

fn weights(model: &str) -> Result<Weights, Wrong> {
    let dir = Path::new(model);
    let read = |file: &str| fs::read(dir.join(file)).map_err(|e| e.to_string());
    let within = |(file, message)| (format!("{model}/{file}"), message);
    let config = read("config.json");
    let config = config.map_err(|message| within(("config.json".to_owned(), message)))?;
    let weights = shards::weights(dir, read).map_err(within)?;
    let prepared = newshound_encoder::prepare(&config, &weights)
        .map_err(|e| (model.to_owned(), e.to_string()))?;
    Ok(Weights {
        prepared,
        bytes: weights.len(),
        digest: sha256(&weights),
    })
}
