//! A model in a Hugging Face directory.

use std::borrow::Cow;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use super::files::{EXIT_TOPICS, Files, TOPICS, Tokenizer};
use super::{Source, shards};
use crate::digest::sha256;
use crate::{Error, Result};

const WANTED: &str = "a model directory holds config.json, model.safetensors or its index and parts, \
                      and tokenizer.json or vocab.txt";

/// The end of messages about a directory that may be meant for a model inside the binary.
fn inside() -> String {
    match Source::inside() {
        [] => String::new(),
        names => format!("; inside the binary are {}", names.join(" and ")),
    }
}

impl Files {
    /// Reads the files of a model in a directory.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        if !dir.is_dir() {
            let message = if dir.exists() {
                format!("is not a directory; {WANTED}")
            } else {
                format!("does not exist; {WANTED}{}", inside())
            };
            return Err(wrong(dir, message));
        }
        let config = read(dir, "config.json")?;
        let weights = weights_in(dir)?;
        let home = shards::base(dir, |file| read_or_message(dir, file));
        let home = home.map_err(|(file, message)| wrong(&dir.join(file), message))?;
        let home = home.map_or_else(|| dir.to_owned(), |base| dir.join(base));
        let tokenizer = if home.join("tokenizer.json").exists() {
            Tokenizer::Json(read(&home, "tokenizer.json")?.into())
        } else if home.join("vocab.txt").exists() {
            Tokenizer::Vocab {
                text: String::from_utf8(read(&home, "vocab.txt")?)
                    .map_err(|_| wrong(&home.join("vocab.txt"), "is not UTF-8".to_owned()))?,
                lowercase: lowercase(&home)?,
            }
        } else {
            return Err(wrong(&home, format!("has no tokenizer; {WANTED}")));
        };
        let optional = |file: &str| match dir.join(file).exists() {
            true => read(dir, file).map(Some),
            false => Ok(None),
        };
        let card = optional("README.md")?;
        let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
        let digest = sha256(&weights);
        Ok(Self {
            source: Source::Dir(dir.to_owned()),
            name: name.into_owned(),
            held: digest.clone(),
            digest,
            bytes: weights.len(),
            config: config.into(),
            weights: weights.into(),
            tokenizer,
            topics: optional(TOPICS)?.map(Cow::Owned),
            exit_topics: optional(EXIT_TOPICS)?.map(Cow::Owned),
            card: card.map(|card| String::from_utf8_lossy(&card).into_owned().into()),
        })
    }
}

/// The bytes of the weights in a model's directory: `model.safetensors`, or the files that
/// `model.safetensors.index.json` names joined into one, or another model's weights with the changes of
/// `change.safetensors`.
///
/// # Errors
/// [`Error::Model`] with the file that is missing or damaged.
pub fn weights_in(dir: &Path) -> Result<Vec<u8>> {
    let weights = shards::weights(dir, |file| read_or_message(dir, file));
    weights.map_err(|(file, message)| wrong(&dir.join(file), message))
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
    read_or_message(dir, file).map_err(|message| wrong(&dir.join(file), message))
}

/// The bytes of a file, or what is wrong with it.
fn read_or_message(dir: &Path, file: &str) -> Result<Vec<u8>, String> {
    fs::read(dir.join(file)).map_err(unreadable)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn unreadable(error: io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        format!("is missing; {WANTED}")
    } else {
        format!("cannot be read: {error}")
    }
}

fn wrong(path: &Path, message: String) -> Error {
    Error::Model {
        path: path.to_owned(),
        message,
    }
}
