//! Word states of a document to its topics.
//!
//! | step | from | to |
//! |---|---|---|
//! | [`Attention`] | word states of all windows | the document's vector |
//! | [`Head`] | vector | the [`MEDIA_TOPICS`] with scores |
//! | [`Learned`] | vector | topics of your own with scores |
//! | [`learn`] | texts with topics, their vectors | a [`Learned`], and how good it is |
//!
//! Topics are read from the same states as names and need no pass of their own.

mod attention;
mod file;
mod head;
mod labelled;
mod learn;
mod learned;
mod linear;
mod logistic;
mod media_topics;

use std::cmp::Ordering;
use std::sync::Arc;

use ndarray::Array1;
use serde::{Deserialize, Serialize};

pub use attention::Attention;
pub(crate) use attention::Pool;
pub use head::Head;
pub use labelled::{Labelled, labelled};
pub use learn::{Lesson, learn};
pub use learned::Learned;
pub use media_topics::{MEDIA_TOPICS, MediaTopic, media_topic};

use crate::fields::{score, shared};
use linear::Linear;

/// A topic of a document. It is serialised as in JSONL, its score with four decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its code: `medtop:15000000`, or `beats:courts` for the topic `courts` of the file
    /// `beats.topics`.
    #[serde(with = "shared")]
    pub code: Arc<str>,
    /// Its name: `sport`.
    #[serde(with = "shared")]
    pub label: Arc<str>,
    /// The probability, 0 to 1, that the document is about it.
    #[serde(serialize_with = "score")]
    pub score: f32,
}

/// Topics of the given codes and labels with their scores.
fn scored(topics: &[(Arc<str>, Arc<str>)], scores: Array1<f32>) -> Vec<Topic> {
    let topic = |((code, label), score): (&(Arc<str>, Arc<str>), f32)| Topic {
        code: Arc::clone(code),
        label: Arc::clone(label),
        score,
    };
    topics.iter().zip(scores).map(topic).collect()
}

/// What is kept where a [`Selection`] does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// Topics with at least this score.
    pub threshold: f32,
    /// Whether the best topic is kept whatever its score: every text has one.
    pub always: bool,
}

/// Which topics of a document to keep.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Selection {
    /// At most this many; all by default.
    pub most: Option<usize>,
    /// Those with at least this score. By default those that reach the model's own threshold, and the
    /// best one in any case unless the model knows of texts without topics.
    pub min_score: Option<f32>,
}

impl Selection {
    /// The topics to keep, by falling score.
    pub(crate) fn select(self, mut topics: Vec<Topic>, defaults: Defaults) -> Vec<Topic> {
        let falling = |a: &Topic, b: &Topic| b.score.partial_cmp(&a.score);
        topics.sort_by(|a, b| falling(a, b).unwrap_or(Ordering::Equal));
        let least = self.min_score.unwrap_or(defaults.threshold);
        let good = topics.partition_point(|topic| topic.score >= least);
        let kept = good.max(usize::from(defaults.always && self.min_score.is_none()));
        topics.truncate(kept.min(self.most.unwrap_or(usize::MAX)));
        topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_one_is_always_kept_unless_a_score_is_asked_for() {
        let scored = |scores: &[f32]| -> Vec<Topic> {
            let topic = |(at, &score): (usize, &f32)| Topic {
                code: at.to_string().into(),
                label: "".into(),
                score,
            };
            scores.iter().enumerate().map(topic).collect()
        };
        let defaults = |always| Defaults {
            threshold: 0.4,
            always,
        };
        let codes = |most, min_score, scores: &[f32]| -> Vec<String> {
            let chosen = Selection { most, min_score }.select(scored(scores), defaults(true));
            chosen.iter().map(|topic| topic.code.to_string()).collect()
        };
        let scores = [0.41, 0.2, 0.9, 0.41];
        assert_eq!(codes(None, None, &scores), ["2", "0", "3"]);
        assert_eq!(codes(Some(2), None, &scores), ["2", "0"]);
        assert_eq!(codes(None, Some(0.2), &scores), ["2", "0", "3", "1"]);
        assert_eq!(codes(None, Some(0.95), &scores), [""; 0]);
        assert_eq!(codes(None, None, &[0.1, 0.3]), ["1"]);
        assert_eq!(codes(None, None, &[]), [""; 0]);
        let none = Selection::default().select(scored(&[0.1, 0.3]), defaults(false));
        assert_eq!(none, []);
    }
}
