//! A model in a Hugging Face directory.

use std::path::Path;
use std::{fs, io};

use newshound_encoder::Options;
use serde_json::Value;

use super::{Files, Model, Tokenizer};
use crate::digest::sha256;
use crate::{Error, Result};

const WANTED: &str = "a model directory holds config.json, model.safetensors, and tokenizer.json \
                      or vocab.txt";

const TOPICS: &str = "topics.safetensors";

pub(super) fn load(dir: &Path, options: Options) -> Result<Model> {
    if !dir.is_dir() {
        let message = if dir.exists() {
            format!("is not a directory; {WANTED}")
        } else {
            format!("does not exist; {WANTED}")
        };
        return Err(wrong(dir, message));
    }
    let config = read(dir, "config.json")?;
    let weights = read(dir, "model.safetensors")?;
    let (json, vocab);
    let tokenizer = if dir.join("tokenizer.json").exists() {
        json = read(dir, "tokenizer.json")?;
        Tokenizer::Json(&json)
    } else if dir.join("vocab.txt").exists() {
        vocab = String::from_utf8(read(dir, "vocab.txt")?)
            .map_err(|_| wrong(&dir.join("vocab.txt"), "is not UTF-8".to_owned()))?;
        Tokenizer::Vocab {
            text: &vocab,
            lowercase: lowercase(dir)?,
        }
    } else {
        return Err(wrong(dir, format!("has no tokenizer; {WANTED}")));
    };
    let topics = match dir.join(TOPICS).exists() {
        true => Some(read(dir, TOPICS)?),
        false => None,
    };
    let digest = sha256(&weights);
    let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
    let files = Files {
        config: &config,
        weights: weights.into(),
        tokenizer,
        topics: topics.as_deref(),
    };
    Model::from_files(&name, digest, files, options)
        .map_err(|w| wrong(&dir.join(w.file), w.message))
}

/// `do_lower_case` of `tokenizer_config.json`; BERT's default is true.
fn lowercase(dir: &Path) -> Result<bool> {
    const FILE: &str = "tokenizer_config.json";
    if !dir.join(FILE).exists() {
        return Ok(true);
    }
    let value: Value = serde_json::from_slice(&read(dir, FILE)?)
        .map_err(|e| wrong(&dir.join(FILE), format!("is not JSON: {e}")))?;
    Ok(value
        .get("do_lower_case")
        .and_then(Value::as_bool)
        .unwrap_or(true))
}

fn read(dir: &Path, file: &str) -> Result<Vec<u8>> {
    let path = dir.join(file);
    fs::read(&path).map_err(|e| {
        let message = if e.kind() == io::ErrorKind::NotFound {
            format!("is missing; {WANTED}")
        } else {
            format!("cannot be read: {e}")
        };
        wrong(&path, message)
    })
}

fn wrong(path: &Path, message: String) -> Error {
    Error::Model {
        path: path.to_owned(),
        message,
    }
}
