//! Topics of a user's own, as `newshound topics learn` writes them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use ndarray::ArrayView1;

use super::file::{self, File};
use super::{Defaults, Linear, Topic};
use crate::digest::sha256;
use crate::{Error, Model, Result, whole};

const FORMAT: &str = "newshound-learned-topics";

/// A linear layer over the document vectors of one model, with the names of its outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    name: String,
    /// Code and label of each topic.
    topics: Vec<(Arc<str>, Arc<str>)>,
    linear: Linear,
    defaults: Defaults,
    source: Source,
}

/// The model that topics were learned with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    name: String,
    /// Digests of its weights and of its topics head; empty where it has no head.
    digests: [String; 2],
}

impl Source {
    fn of(model: &Model) -> Self {
        let head = model.topics().map_or("", |head| head.digest());
        Self {
            name: model.name().to_owned(),
            digests: [model.digest(), head].map(str::to_owned),
        }
    }
}

impl Learned {
    pub(super) fn new(
        name: &str,
        labels: &[String],
        linear: Linear,
        defaults: Defaults,
        model: &Model,
    ) -> Self {
        Self {
            name: name.to_owned(),
            topics: coded(name, labels),
            linear,
            defaults,
            source: Source::of(model),
        }
    }

    /// Reads a file of topics.
    ///
    /// # Errors
    /// [`Error::Topics`] that says what is wrong with it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |message| Error::Topics {
            path: path.to_owned(),
            message,
        };
        let bytes = fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
        Self::from_bytes(&bytes).map_err(|message| {
            wrong(format!(
                "{message}; `newshound topics learn` makes files of topics"
            ))
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let file = File::open(bytes, FORMAT)?;
        let labels = file.list("topics")?;
        let name = file.field("name")?.to_owned();
        let linear = Linear::new(file.matrix("weight")?, file.vector("bias")?);
        let linear = linear.filter(|linear| linear.parts().1.len() == labels.len());
        Ok(Self {
            topics: coded(&name, &labels),
            name,
            linear: linear.ok_or("has tensors that do not fit each other")?,
            defaults: Defaults {
                threshold: file.probability("threshold")?,
                always: file.flag("always")?,
            },
            source: Source {
                name: file.field("model")?.to_owned(),
                digests: [file.field("model_digest")?, file.field("head_digest")?]
                    .map(str::to_owned),
            },
        })
    }

    /// Writes a file of topics, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Write`] or [`Error::Topics`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_bytes().map_err(|e| Error::Topics {
            path: path.to_owned(),
            message: format!("cannot be written: {e}"),
        })?;
        let cannot = Error::writing(path);
        whole::write(path, &cannot, |out| out.write_all(&bytes).map_err(&cannot))
    }

    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let labels: Vec<&str> = self.labels().collect();
        let labels = serde_json::to_string(&labels).map_err(|e| e.to_string())?;
        let [model, head] = &self.source.digests;
        let fields = [
            ("format", FORMAT.to_owned()),
            ("name", self.name.clone()),
            ("topics", labels),
            ("threshold", self.defaults.threshold.to_string()),
            ("always", self.defaults.always.to_string()),
            ("model", self.source.name.clone()),
            ("model_digest", model.clone()),
            ("head_digest", head.clone()),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        let (weight, bias) = self.linear.parts();
        let tensors = [
            (
                "weight",
                weight.shape().to_vec(),
                weight.iter().copied().collect(),
            ),
            ("bias", bias.shape().to_vec(), bias.to_vec()),
        ];
        file::write(&tensors, HashMap::from(fields))
    }

    /// Its name and the digest of its file.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let bytes = self.to_bytes().map_err(Error::Learn)?;
        Ok(format!("{} sha256:{}", self.name, sha256(&bytes)))
    }

    /// The start of the topics' codes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The labels of the topics.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(|(_, label)| &**label)
    }

    /// Which topics it selects by default.
    #[must_use]
    pub fn defaults(&self) -> Defaults {
        self.defaults
    }

    /// Checks that it was learned with this model.
    ///
    /// # Errors
    /// [`Error::Option`] where it was learned with another one.
    pub fn check(&self, model: &Model) -> Result<()> {
        let here = Source::of(model);
        if here.digests == self.source.digests && model.attention().dim() == self.linear.inputs() {
            return Ok(());
        }
        let described = |source: &Source| {
            let [weights, head] = source
                .digests
                .each_ref()
                .map(|d| d.get(..8).unwrap_or("none"));
            format!("{} (weights {weights}, topics {head})", source.name)
        };
        Err(Error::Option(format!(
            "the topics {} were learned with the model {}, this one is {}; use that model, or \
             learn them again with this one",
            self.name,
            described(&self.source),
            described(&here)
        )))
    }

    /// All topics with their scores for a document's vector.
    pub(crate) fn score(&self, vector: ArrayView1<'_, f32>) -> Vec<Topic> {
        super::scored(&self.topics, self.linear.scores(vector))
    }
}

/// The code and label of each topic.
fn coded(name: &str, labels: &[String]) -> Vec<(Arc<str>, Arc<str>)> {
    let code = |label: &String| (format!("{name}:{label}").into(), label.as_str().into());
    labels.iter().map(code).collect()
}
