//! A model in a Hugging Face directory.

use std::borrow::Cow;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use super::files::{Files, Place, Tokenizer};
use crate::digest::sha256;
use crate::{Error, Result};

const WANTED: &str = "a model directory holds config.json, model.safetensors, and tokenizer.json \
                      or vocab.txt";

impl Files {
    /// Reads those of a directory.
    pub(super) fn read(dir: &Path) -> Result<Self> {
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
        let tokenizer = if dir.join("tokenizer.json").exists() {
            Tokenizer::Json(read(dir, "tokenizer.json")?.into())
        } else if dir.join("vocab.txt").exists() {
            Tokenizer::Vocab {
                text: String::from_utf8(read(dir, "vocab.txt")?)
                    .map_err(|_| wrong(&dir.join("vocab.txt"), "is not UTF-8".to_owned()))?,
                lowercase: lowercase(dir)?,
            }
        } else {
            return Err(wrong(dir, format!("has no tokenizer; {WANTED}")));
        };
        let optional = |file: &str| match dir.join(file).exists() {
            true => read(dir, file).map(Some),
            false => Ok(None),
        };
        let card = optional("README.md")?;
        let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
        Ok(Self {
            place: Place::Dir(dir.to_owned()),
            name: name.into_owned(),
            digest: sha256(&weights),
            config: config.into(),
            weights: weights.into(),
            tokenizer,
            topics: optional("topics.safetensors")?.map(Cow::Owned),
            card: card.map(|card| String::from_utf8_lossy(&card).into_owned().into()),
        })
    }
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
