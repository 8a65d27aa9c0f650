//! The head a model carries: a document's vector to IPTC Media Topics.

use std::sync::Arc;

use ndarray::ArrayView1;

use super::file::File;
use super::{Attention, Defaults, Linear, Topic, media_topic};
use crate::digest::sha256;

const FORMAT: &str = "newshound-topics";

/// Scores the topics of a document from its words' states: `topics.safetensors` of a model.
#[derive(Debug, Clone)]
pub struct Head {
    attention: Attention,
    linear: Linear,
    topics: Vec<(Arc<str>, Arc<str>)>,
    threshold: f32,
    digest: String,
}

impl Head {
    /// Reads the bytes of `topics.safetensors`: `attention.weight` (queries x columns),
    /// `attention.decline`, `output.weight` (topics x vector) and `output.bias`, with the
    /// codes of the `topics` and the `threshold` of their scores as metadata.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let file = File::open(bytes, FORMAT)?;
        let topic = |code: &String| {
            let known = media_topic(code).ok_or_else(|| format!("names an unknown topic {code:?}"));
            known.map(|topic| (topic.code.into(), topic.name.into()))
        };
        let topics = file
            .list("topics")?
            .iter()
            .map(topic)
            .collect::<Result<Vec<_>, _>>()?;
        let apart = "has tensors that do not fit each other";
        let queries = file.matrix("attention.weight")?;
        let attention = Attention::new(queries, file.vector("attention.decline")?).ok_or(apart)?;
        let output = file.matrix("output.weight")?;
        let linear = Linear::new(output, file.vector("output.bias")?).ok_or(apart)?;
        if linear.inputs() != attention.dim() || linear.parts().1.len() != topics.len() {
            return Err(apart.to_owned());
        }
        Ok(Self {
            attention,
            linear,
            topics,
            threshold: file.probability("threshold")?,
            digest: sha256(bytes),
        })
    }

    /// How it pools word states into a document's vector.
    #[must_use]
    pub fn attention(&self) -> &Attention {
        &self.attention
    }

    /// Which topics it selects by default; always one, as every text is about something.
    #[must_use]
    pub fn defaults(&self) -> Defaults {
        Defaults {
            threshold: self.threshold,
            always: true,
        }
    }

    /// SHA-256 of its file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Code and name of each topic.
    pub fn topics(&self) -> impl Iterator<Item = (&str, &str)> {
        self.topics.iter().map(|(code, name)| (&**code, &**name))
    }

    /// All topics with their scores for a document's vector.
    pub(crate) fn score(&self, vector: ArrayView1<'_, f32>) -> Vec<Topic> {
        super::scored(&self.topics, self.linear.scores(vector))
    }
}
