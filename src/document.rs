//! The result of tagging: a document with its sentences, words and spans.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fields::{score, shared};
use crate::names::Name;
use crate::topic::Topic;

/// A tagged text. All positions are byte offsets into `text`, half-open.
///
/// It is serialised as a line of JSONL (`docs/FORMAT.md`) with its text, but without `id`, `metadata`,
/// sentences and words. [`crate::results::Line`] reads it back.
///
/// ```
/// let tagger = newshound::Tagger::builder().build()?;
/// let json = serde_json::to_value(tagger.tag("NATO ministers meet.")?).unwrap();
/// assert_eq!(json["entities"][0]["text"], "NATO");
/// assert_eq!(json["stats"]["words"], 4);
/// # Ok::<(), newshound::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The text exactly as it was given.
    pub text: String,
    /// Sentences in text order; together they cover every word.
    pub sentences: Vec<Sentence>,
    /// Words in text order, disjoint.
    pub words: Vec<Word>,
    /// Mentions of names in text order, disjoint, each starting and ending at a word's border.
    pub spans: Vec<Span>,
    /// The people, organisations, places and other names that the spans mention, in the order
    /// of their first mention.
    pub names: Vec<Name>,
    /// What it is about: IPTC Media Topics, then learned topics, each by falling score.
    pub topics: Vec<Topic>,
    /// How much was read, to prove that nothing was left out.
    pub stats: Stats,
}

/// A run of letters and digits, or one punctuation mark or symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Word {
    /// Its slice of the document's text.
    pub(crate) fn surface<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A sentence and the words in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Indices into [`Document::words`].
    pub words: std::ops::Range<usize>,
    /// Whether a paragraph starts here; no name that the model finds crosses into such a sentence.
    pub starts_paragraph: bool,
}

/// A tagged name. It is serialised as in JSONL, without the `text` that only the [`Document`] has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is: `PER`, `ORG`, `LOC`, `MISC`, or what the loaded model has.
    #[serde(with = "shared")]
    pub label: Arc<str>,
    /// The model's probability, 0 to 1, that exactly this span has this label. Where other mentions
    /// of the name decided the label, the sum of their scores for it over the number of all mentions
    /// ([`crate::agree`], [`crate::names`]).
    #[serde(serialize_with = "score")]
    pub score: f32,
    /// The name it mentions: an index into [`Document::names`]. It is serialised as `entity`.
    #[serde(default, rename = "entity", skip_serializing_if = "Option::is_none")]
    pub name: Option<usize>,
}

impl Span {
    /// Its slice of the document's text.
    pub(crate) fn surface<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Whether spans of this label are people.
pub(crate) fn is_person(label: &str) -> bool {
    matches!(label, "PER" | "PERSON")
}

/// Counts over one document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Sentences found.
    pub sentences: usize,
    /// Words read, every one of them tagged or left untagged by the model.
    pub words: usize,
    /// Subwords the words were split into.
    pub subwords: usize,
    /// Windows the encoder ran over.
    pub windows: usize,
}

impl Document {
    /// The text of a span: always a slice of the input.
    #[must_use]
    pub fn surface(&self, span: &Span) -> &str {
        span.surface(&self.text)
    }

    /// The name that a span mentions; `None` where names were not asked for.
    #[must_use]
    pub fn name(&self, span: &Span) -> Option<&Name> {
        self.names.get(span.name?)
    }
}
