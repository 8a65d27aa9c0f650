//! The files a model is made of, in memory.

use std::borrow::Cow;
use std::path::PathBuf;

use newshound_encoder::{Config, Tensors};
use serde_json::Value;

use super::Source;
use crate::{Error, Result};

/// A model's files, wherever they are from.
pub(super) struct Files {
    pub(super) source: Source,
    /// The model's name.
    pub(super) name: String,
    /// SHA-256 of the weights as the model has them, and their size.
    pub(super) digest: String,
    pub(super) bytes: usize,
    /// SHA-256 of `weights`; not `digest` where they were prepared to be embedded.
    pub(super) held: String,
    pub(super) config: Cow<'static, [u8]>,
    pub(super) weights: Cow<'static, [u8]>,
    pub(super) tokenizer: Tokenizer,
    /// The head for topics.
    pub(super) topics: Option<Cow<'static, [u8]>>,
    /// The head for topics where words may stop before the last layers.
    pub(super) exit_topics: Option<Cow<'static, [u8]>>,
    /// The model card, README.md.
    pub(super) card: Option<Cow<'static, str>>,
}

/// The name of the file with a head for topics.
pub(super) const TOPICS: &str = "topics.safetensors";

/// The name of the file with a head for topics where words may stop before the last layers.
pub(super) const EXIT_TOPICS: &str = "exits.topics.safetensors";

/// A model's tokenizer, as its files describe it.
pub(super) enum Tokenizer {
    Json(Cow<'static, [u8]>),
    Vocab { text: String, lowercase: bool },
}

/// What is wrong with a model's files, and in which one unless the message says so.
pub(super) struct Wrong {
    pub(super) file: &'static str,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(file: &'static str) -> impl Fn(String) -> Self {
        move |message| Self { file, message }
    }
}

impl Source {
    pub(super) fn error(&self, wrong: Wrong) -> Error {
        let path = match self {
            Self::Dir(dir) => dir.join(wrong.file),
            Self::Inside(name) => {
                PathBuf::from(format!("{name} inside the binary {}", wrong.file).trim_end())
            }
        };
        Error::Model {
            path,
            message: wrong.message,
        }
    }
}

impl Files {
    /// Reads the files of a model.
    pub(super) fn find(source: &Source) -> Result<Self> {
        match source {
            Source::Dir(dir) => Self::read(dir),
            Source::Inside(name) => Self::inside(name),
        }
    }

    #[cfg(feature = "embedded-model")]
    fn inside(name: &str) -> Result<Self> {
        super::embedded::files(name).ok_or_else(|| {
            let known = Source::inside().join(" and ");
            Error::Option(format!(
                "there is no model {name} inside the binary; there are {known}"
            ))
        })
    }

    #[cfg(not(feature = "embedded-model"))]
    fn inside(_: &str) -> Result<Self> {
        Err(Error::NoEmbeddedModel)
    }

    /// `config.json` as it stands.
    pub(super) fn config(&self) -> Result<Value, Wrong> {
        serde_json::from_slice(&self.config)
            .map_err(|e| Wrong::new("config.json")(format!("is not JSON: {e}")))
    }

    /// What the encoder reads of `config.json`.
    pub(super) fn shape(&self) -> Result<Config, Wrong> {
        Config::parse(&self.config).map_err(|e| Wrong::new("")(e.to_string()))
    }

    pub(super) fn tensors(&self) -> Result<Tensors<'_>, Wrong> {
        let architecture = self.shape()?.architecture;
        Tensors::open(&self.weights, architecture).map_err(|e| Wrong::new("")(e.to_string()))
    }
}
