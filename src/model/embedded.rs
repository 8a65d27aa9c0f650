//! The model inside the binary.

use std::borrow::Cow;
use std::path::PathBuf;

use newshound_encoder::Options;

use super::{Files, Model, Tokenizer};
use crate::{Error, Result};

pub(super) const NAME: &str = "newshound-base";
pub(super) const DIGEST: &str = env!("NEWSHOUND_MODEL_DIGEST");

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/models/newshound-base/",
            $name
        ))
    };
}

pub(super) fn load(options: Options) -> Result<Model> {
    let files = Files {
        config: file!("config.json"),
        weights: Cow::Borrowed(file!("model.safetensors")),
        tokenizer: Tokenizer::Json(file!("tokenizer.json")),
        topics: Some(file!("topics.safetensors")),
    };
    Model::from_files(NAME, DIGEST.to_owned(), files, options).map_err(|wrong| Error::Model {
        path: PathBuf::from(format!("{NAME} inside the binary {}", wrong.file).trim_end()),
        message: wrong.message,
    })
}
