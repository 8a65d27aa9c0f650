//! The user's own lists of names, which override the model.
//!
//! A list is a file of tab-separated columns, named by its first line: `surface` and `label`, and
//! optionally `id`, `canonical` and `case`. A name is found where it starts and ends at a word's
//! border, with any white space but a blank line between its words. Of names that start at the same
//! word the longest counts; of rows for the same words the one in the same case, then the one in the
//! earlier list, then the earlier line. Rows with `exact` as `case` match in their own case only. What
//! is found replaces every span of the model that it overlaps.

mod fold;
mod index;
mod names;
mod read;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use index::Entry;
pub(crate) use names::settle;

use crate::document::{Sentence, Span, Word};
use crate::reader::Input;
use crate::{Error, Result};
use index::Index;

/// Lists of names, ready to be found in texts.
pub struct Lists {
    index: Index,
    digests: Vec<String>,
    labels: Vec<Arc<str>>,
}

/// A name of a list found in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'l> {
    /// Where, as a span of the entry's label with score 1.
    pub span: Span,
    /// What the list says of it.
    pub entry: Entry<'l>,
}

impl Lists {
    /// Reads lists; earlier ones take precedence.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Directory`] where a file cannot be read, [`Error::List`]
    /// where a row is wrong.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let file = |path: &P| Input::File(path.as_ref().to_owned());
        Self::read(&paths.iter().map(file).collect::<Vec<_>>())
    }

    /// Reads lists from any input, as [`open`](Self::open) reads files.
    ///
    /// ```
    /// use newshound::lists::Lists;
    /// use newshound::reader::Input;
    ///
    /// let list = Input::bytes("companies", "surface\tlabel\tid\nAcme\tORG\tQ1\n");
    /// let tagger = newshound::Tagger::builder()
    ///     .lists(Lists::read(&[list])?)
    ///     .build()?;
    /// let document = tagger.tag("Shares in Acme fell.")?;
    /// assert_eq!(document.names[0].link.as_deref(), Some("Q1"));
    /// # Ok::<(), newshound::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(inputs: &[Input]) -> Result<Self> {
        let (index, digests) = Index::read(inputs)?;
        let labels = index.labels.iter().map(|label| Arc::from(&*label.name));
        Ok(Self {
            labels: labels.collect(),
            index,
            digests,
        })
    }

    /// SHA-256 of each list, in hexadecimal.
    #[must_use]
    pub fn digests(&self) -> &[String] {
        &self.digests
    }

    /// The path and digest of each file.
    pub(crate) fn fingerprint(&self) -> String {
        let files = self.index.paths().iter().zip(&self.digests);
        let files = files.map(|(path, digest)| format!("{} sha256:{digest}", path.display()));
        files.collect::<Vec<_>>().join(", ")
    }

    /// How many rows they have together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether they have no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that all labels are among `known`, those of a model; the error names the first row with
    /// another.
    pub(crate) fn check(&self, known: &[Arc<str>]) -> Result<(), Error> {
        self.index.unknown(known).map_or(Ok(()), Err)
    }

    /// The listed names in a text of `words` and `sentences`, in text order, disjoint. A name may contain
    /// what looks like the end of a sentence (`Yahoo! Inc. Japan`) and a line break. It crosses neither
    /// a blank line nor the border between two given sentences of tokens.
    #[must_use]
    pub fn find(&self, text: &str, words: &[Word], sentences: &[Sentence]) -> Vec<Found<'_>> {
        let parts = sentences.chunk_by(|sentence, next| !is_border(text, sentence, next));
        let words = parts.filter_map(|part| {
            let (first, last) = (part.first()?, part.last()?);
            words.get(first.words.start..last.words.end)
        });
        words
            .flat_map(|words| self.find_within(text, words))
            .collect()
    }

    /// The listed names in words without such a border.
    fn find_within(&self, text: &str, words: &[Word]) -> Vec<Found<'_>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let Some((length, entry)) = self.index.longest(text, rest) else {
                at += 1;
                continue;
            };
            if let (Some(first), Some(last)) = (rest.first(), rest.get(length - 1)) {
                let label = self.labels.iter().find(|label| ***label == *entry.label);
                found.push(Found {
                    span: Span {
                        start: first.start,
                        end: last.end,
                        label: label.map_or_else(|| Arc::from(entry.label), Arc::clone),
                        score: 1.0,
                        name: None,
                    },
                    entry,
                });
            }
            at += length;
        }
        found
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists")
            .field("files", &self.index.paths())
            .field("rows", &self.len())
            .finish_non_exhaustive()
    }
}

/// Whether no name crosses from a sentence into the next: a paragraph starts there and not exactly one
/// line break is between them. Given sentences of tokens have nothing between them.
fn is_border(text: &str, sentence: &Sentence, next: &Sentence) -> bool {
    let between = text.get(sentence.end..next.start).unwrap_or_default();
    next.starts_paragraph && between.matches('\n').count() != 1
}

/// Replaces the spans that found names overlap.
pub(crate) fn override_spans(found: &[Found<'_>], spans: &mut Vec<Span>) {
    if found.is_empty() {
        return;
    }
    spans.retain(|span| {
        let next = found.partition_point(|found| found.span.end <= span.start);
        let overlaps = found.get(next).is_some_and(|f| f.span.start < span.end);
        !overlaps
    });
    spans.extend(found.iter().map(|found| found.span.clone()));
    spans.sort_by_key(|span| span.start);
}

#[cfg(test)]
mod tests;
