//! What the files of a model say about it.

use serde::Serialize;

use super::card::Card;
use super::files::{Files, Wrong};
use super::{Labels, Model, Scheme, Source, tag_names};
use crate::Result;

/// A model as its files describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct About {
    /// Its name.
    pub name: String,
    /// The directory it is in; `None` for a model inside the binary.
    pub directory: Option<String>,
    /// `model_type` of its `config.json`.
    pub architecture: &'static str,
    /// Number of transformer blocks.
    pub layers: usize,
    /// Columns of the hidden states.
    pub hidden: usize,
    /// Number of different subwords.
    pub vocabulary: usize,
    /// The longest window, special tokens included.
    pub max_tokens: usize,
    /// The labels of its spans.
    pub labels: Vec<String>,
    /// How it writes spans as tags: `iob2`, `iob1` or `bioes`.
    pub scheme: &'static str,
    /// Whether it scores topics too.
    pub topics: bool,
    /// Whether its words may stop before the last layers.
    pub early_exit: bool,
    /// Number of parameters.
    pub parameters: usize,
    /// How most of them are stored: `I8`, `F16`, `BF16` or `F32`.
    pub stored: &'static str,
    /// Size of the weights, of several files when they are joined.
    pub bytes: usize,
    /// SHA-256 of the weights, of several files when they are joined.
    pub sha256: String,
    /// The licence that the model card (README.md) names.
    pub licence: Option<String>,
    /// The languages that the model card names.
    pub languages: Vec<String>,
}

impl Model {
    /// Describes a model without loading it.
    ///
    /// # Errors
    /// [`crate::Error::Model`], [`crate::Error::NoEmbeddedModel`], [`crate::Error::Option`] where there
    /// is no model of that name.
    pub fn about(source: &Source) -> Result<About> {
        let files = Files::find(source)?;
        About::of(&files).map_err(|wrong| files.source.error(wrong))
    }
}

impl About {
    pub(super) fn of(files: &Files) -> Result<Self, Wrong> {
        let in_config = Wrong::new("config.json");
        let names = tag_names(&files.config()?).map_err(&in_config)?;
        let labels = Labels::new(&names).map_err(&in_config)?;
        let shape = files.shape()?;
        let tensors = files.tensors()?;
        let card = Card::parse(files.card.as_deref().unwrap_or_default());
        Ok(Self {
            name: files.name.clone(),
            directory: match &files.source {
                Source::Dir(dir) => Some(dir.display().to_string()),
                Source::Inside(_) => None,
            },
            architecture: shape.architecture.model_type(),
            layers: shape.layers,
            hidden: shape.hidden,
            vocabulary: shape.vocab_size,
            max_tokens: shape.max_tokens(),
            labels: labels.labels().iter().map(|l| l.to_string()).collect(),
            scheme: match labels.scheme() {
                Scheme::Iob2 => "iob2",
                Scheme::Iob1 => "iob1",
                Scheme::Bioes => "bioes",
            },
            topics: files.topics.is_some(),
            early_exit: tensors.early_exit(),
            parameters: tensors.parameters(),
            stored: tensors.stored(),
            bytes: files.bytes,
            sha256: files.digest.clone(),
            licence: card.licence,
            languages: card.languages,
        })
    }
}
