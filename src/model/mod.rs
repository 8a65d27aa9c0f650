//! The model: its tokenizer, its tags and the backend that runs it, from inside the binary or from a
//! Hugging Face directory.

mod about;
mod calibration;
mod card;
mod directory;
#[cfg(feature = "embedded-model")]
mod embedded;
mod export;
mod files;
mod labels;
mod shards;
mod source;
mod tag;
mod verify;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

pub use about::About;
pub use calibration::Calibration;
pub use directory::weights_in;
pub use labels::{Labels, Scheme};
pub use source::Source;
pub use tag::{Part, Tag};
pub use verify::Check;

use files::{EXIT_TOPICS, Files, TOPICS, Tokenizer, Wrong};

use crate::backend::{Backend, Setup};
use crate::tokenize::Subwords;
use crate::topic::{Attention, Head};
use crate::{Error, Result};

/// A token-classification model, ready to run.
pub struct Model {
    name: String,
    digest: String,
    labels: Labels,
    calibration: Calibration,
    subwords: Subwords,
    topics: Option<Head>,
    backend: Box<dyn Backend>,
    setup: Setup,
}

impl Model {
    /// Loads a model. A directory is one of Hugging Face's: `config.json`, the weights as [`weights_in`]
    /// finds them, `tokenizer.json` or `vocab.txt` and, where the model scores topics,
    /// `topics.safetensors`, or `exits.topics.safetensors` where its words may stop early.
    ///
    /// # Errors
    /// [`crate::Error::Model`] that names the file and what is wrong with it;
    /// [`crate::Error::NoEmbeddedModel`] in a build without the feature `embedded-model`;
    /// [`crate::Error::Option`] where no model inside has the name; as [`Setup::check`] where the setup
    /// cannot run here.
    pub fn load(source: &Source, setup: impl Into<Setup>) -> Result<Self> {
        let setup = setup.into();
        setup.check()?;
        Self::from_files(Files::find(source)?, setup)
    }

    /// Names and digests of the models inside the binary, the default one first, without loading them.
    #[must_use]
    pub fn inside() -> Vec<(&'static str, &'static str)> {
        #[cfg(feature = "embedded-model")]
        return embedded::digests().collect();
        #[cfg(not(feature = "embedded-model"))]
        return Vec::new();
    }

    /// A model of given parts.
    #[must_use]
    pub fn from_parts(
        name: &str,
        labels: Labels,
        subwords: Subwords,
        backend: Box<dyn Backend>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            digest: String::new(),
            labels,
            calibration: Calibration::default(),
            subwords,
            topics: None,
            backend,
            setup: Setup::default(),
        }
    }

    /// The model with a head for topics.
    ///
    /// # Errors
    /// A message where the head is for states of another size.
    pub fn with_topics(self, head: Head) -> Result<Self, String> {
        let (wanted, found) = (self.backend.size(), head.attention().size());
        if wanted != found {
            return Err(format!(
                "is for states of {found} columns, the model's have {wanted}"
            ));
        }
        Ok(Self {
            topics: Some(head),
            ..self
        })
    }

    fn from_files(files: Files, setup: Setup) -> Result<Self> {
        let source = files.source.clone();
        Self::build(files, setup).map_err(|wrong| source.error(wrong))
    }

    fn build(files: Files, setup: Setup) -> Result<Self, Wrong> {
        let config = Wrong::new("config.json");
        let value = files.config()?;
        let names = tag_names(&value).map_err(&config)?;
        let labels = Labels::new(&names).map_err(&config)?;
        let calibration = Calibration::read(&value, &labels).map_err(&config)?;
        let subwords = match &files.tokenizer {
            Tokenizer::Json(json) => {
                Subwords::from_json(json).map_err(Wrong::new("tokenizer.json"))?
            }
            Tokenizer::Vocab { text, lowercase } => {
                Subwords::from_vocab(text, *lowercase).map_err(Wrong::new("vocab.txt"))?
            }
        };
        let (backend, tags) = setup
            .load(&files.config, files.weights)
            .map_err(Wrong::new(""))?;
        if tags != labels.count() {
            return Err(config(format!(
                "id2label has {} tags, the classifier in the weights has {tags}",
                labels.count(),
            )));
        }
        let model = Self {
            name: files.name,
            digest: files.digest,
            labels,
            calibration,
            subwords,
            topics: None,
            backend,
            setup,
        };
        let (file, topics) = match model.backend.early_exit() {
            true => (EXIT_TOPICS, files.exit_topics),
            false => (TOPICS, files.topics),
        };
        match topics {
            None => Ok(model),
            Some(bytes) => Head::from_bytes(&bytes)
                .and_then(|head| model.with_topics(head))
                .map_err(|message| {
                    let way_out =
                        "fetch the model's files again, or remove it to go without topics";
                    Wrong::new(file)(format!("{message}; {way_out}"))
                }),
        }
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the weights, in hexadecimal; empty for a model made of parts.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The model's tags.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// How its logits become scores.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The model's tokenizer.
    #[must_use]
    pub fn subwords(&self) -> &Subwords {
        &self.subwords
    }

    /// The head that scores topics, where the model has one.
    #[must_use]
    pub fn topics(&self) -> Option<&Head> {
        self.topics.as_ref()
    }

    /// How a document's vector is made of its words' states: as in the head for topics, or else
    /// as their mean.
    #[must_use]
    pub fn attention(&self) -> Cow<'_, Attention> {
        match &self.topics {
            Some(head) => Cow::Borrowed(head.attention()),
            None => Cow::Owned(Attention::mean(self.backend.size())),
        }
    }

    /// Subwords of text that it takes at once, besides its special tokens.
    pub(crate) fn room(&self) -> Result<usize> {
        let special = self.subwords.prefix().len() + self.subwords.suffix().len();
        match self.backend.max_tokens().saturating_sub(special) {
            0 => Err(Error::Option(format!(
                "the model {} takes {} subwords at once, which its special tokens fill; use one \
                 that takes more",
                self.name,
                self.backend.max_tokens()
            ))),
            room => Ok(room),
        }
    }

    /// What runs the model.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// The setup it was loaded with; the default for a model made of parts.
    pub(crate) fn setup(&self) -> Setup {
        self.setup
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .field("labels", &self.labels.labels())
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

/// Tag names by logit, from `id2label`.
fn tag_names(config: &Value) -> Result<Vec<String>, String> {
    let map = config
        .get("id2label")
        .and_then(Value::as_object)
        .ok_or("has no id2label; a token-classification model names its tags there")?;
    (0..map.len())
        .map(|id| {
            map.get(&id.to_string())
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("id2label has {} entries but none for {id}", map.len()))
        })
        .collect()
}
