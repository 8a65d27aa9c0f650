//! Tags texts that may already be split into tokens: column files, other tools' output.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Sentence, Word};
use crate::fields::{score, shared};
use crate::names;
use crate::tagger::{Tagger, only};
use crate::{Result, Span, segment};

/// A document given as sentences of tokens.
pub type Tokens = Vec<Vec<String>>;

/// A name over the tokens of a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenSpan {
    /// Its tokens, as indices within the sentence.
    pub tokens: Range<usize>,
    /// Its label.
    #[serde(with = "shared")]
    pub label: Arc<str>,
    /// As in [`Span::score`].
    #[serde(serialize_with = "score")]
    pub score: f32,
}

/// A text to tag, with its sentences and tokens where they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    given: Option<Given>,
}

/// The tokens, as words, and the sentences they make up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Given {
    words: Vec<Word>,
    sentences: Vec<Sentence>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, given: None }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Text {
    /// Joins tokens by blanks, and sentences by line feeds. Tokens must not be empty.
    #[must_use]
    pub fn from_tokens<S: AsRef<str>>(sentences: &[Vec<S>]) -> Self {
        let (mut text, mut given) = (String::new(), Given::default());
        for sentence in sentences {
            let (from, first) = (text.len(), given.words.len());
            for token in sentence {
                let start = text.len();
                text.push_str(token.as_ref());
                let end = text.len();
                given.words.push(Word { start, end });
                text.push(' ');
            }
            if text.len() > from {
                text.pop();
                text.push('\n');
            }
            given.sentences.push(Sentence {
                start: from,
                end: text.len(),
                words: first..given.words.len(),
                starts_paragraph: true,
            });
        }
        Self {
            text,
            given: Some(given),
        }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Puts a tagged document back on the given tokens: they become its words, and a span covers the
    /// tokens that start in it. A span in which no token starts is dropped.
    fn restore(&self, document: &mut Document) {
        let Some(given) = &self.given else { return };
        let covered = |span: &Span| {
            let first = given.words.partition_point(|w| w.start < span.start);
            let end = given.words.partition_point(|w| w.start < span.end);
            let words = given.words.get(first..end)?;
            Some((words.first()?.start, words.last()?.end))
        };
        document.spans.retain_mut(|span| {
            let found = covered(span);
            if let Some((start, end)) = found {
                (span.start, span.end) = (start, end);
            }
            found.is_some()
        });
        names::recount(&mut document.spans, &mut document.names);
        for (sentence, given) in document.sentences.iter_mut().zip(&given.sentences) {
            sentence.words = given.words.clone();
        }
        document.words.clone_from(&given.words);
        document.stats.words = given.words.len();
    }

    /// The spans of each sentence, from a document [restored](Self::restore) to its tokens.
    fn spans(&self, document: &Document) -> Vec<Vec<TokenSpan>> {
        let words = &document.words;
        let over_tokens = document.spans.iter().map(|span| TokenSpan {
            tokens: words.partition_point(|w| w.start < span.start)
                ..words.partition_point(|w| w.start < span.end),
            label: Arc::clone(&span.label),
            score: span.score,
        });
        let mut left = over_tokens.peekable();
        let mut spans_before = |end: usize| -> Vec<TokenSpan> {
            std::iter::from_fn(|| left.next_if(|span| span.tokens.start < end)).collect()
        };
        let sentences = self.given.iter().flat_map(|given| &given.sentences);
        sentences
            .map(|sentence| {
                let mut spans = spans_before(sentence.words.end);
                for span in &mut spans {
                    span.tokens.start -= sentence.words.start;
                    span.tokens.end -= sentence.words.start;
                }
                spans
            })
            .collect()
    }
}

impl Tagger {
    /// Tags texts together, as [`Tagger::tag_batch`]. Given tokens become the document's words, and
    /// its spans start and end at their borders. Given sentences are kept: no name crosses from one
    /// into the next, but they are read in each other's context.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_texts<T: AsRef<Text> + Sync>(&self, texts: &[T]) -> Result<Vec<Document>> {
        let texts: Vec<&Text> = texts.iter().map(AsRef::as_ref).collect();
        let subwords = self.model().subwords();
        let mut documents = self.run(&texts, |text| match &text.given {
            None => subwords.tokenize(&text.text),
            Some(given) => {
                let sentences = given.sentences.iter().map(|sentence| segment::Sentence {
                    start: sentence.start,
                    end: sentence.end,
                    starts_paragraph: sentence.starts_paragraph,
                });
                subwords.tokenize_sentences(&text.text, sentences)
            }
        })?;
        for (text, document) in texts.iter().zip(&mut documents) {
            text.restore(document);
        }
        Ok(documents)
    }

    /// Tags texts together, as [`tag_texts`](Self::tag_texts); if that fails, each alone, so that only
    /// the texts at fault fail.
    pub fn tag_each<T: AsRef<Text> + Sync>(&self, texts: &[T]) -> Vec<Result<Document>> {
        let alone = |text: &T| only(self.tag_texts(&[text.as_ref()])?);
        match self.tag_texts(texts) {
            Ok(documents) => documents.into_iter().map(Ok).collect(),
            Err(_) => texts.iter().map(alone).collect(),
        }
    }

    /// Tags documents given as sentences of tokens. The result has the spans of each sentence
    /// of each document.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_tokens(&self, documents: &[Tokens]) -> Result<Vec<Vec<Vec<TokenSpan>>>> {
        let texts: Vec<Text> = documents.iter().map(|d| Text::from_tokens(d)).collect();
        let tagged = self.tag_texts(&texts)?;
        Ok(texts.iter().zip(&tagged).map(|(t, d)| t.spans(d)).collect())
    }
}

impl AsRef<Text> for Text {
    fn as_ref(&self) -> &Text {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(span: &TokenSpan) -> (usize, usize) {
        (span.tokens.start, span.tokens.end)
    }

    fn tokens(tokens: &[&str], spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let joined = Text::from_tokens(&[tokens.to_vec()]);
        let mut document = Document {
            text: joined.text.clone(),
            spans: spans
                .iter()
                .map(|&(start, end)| Span {
                    start,
                    end,
                    label: "ORG".into(),
                    score: 1.0,
                    name: None,
                })
                .collect(),
            ..Document::default()
        };
        joined.restore(&mut document);
        let spans = joined.spans(&document).remove(0);
        spans.iter().map(ends).collect()
    }

    #[test]
    fn spans_cover_the_tokens_that_start_in_them() {
        let words = ["US-brokered", "United", "Nations", "UN", "talks"];
        assert_eq!(
            tokens(&words, &[(0, 2), (12, 26), (27, 29)]),
            [(0, 1), (1, 3), (3, 4)]
        );
    }

    #[test]
    fn a_span_within_a_token_is_dropped_and_one_that_starts_within_a_token_begins_at_the_next() {
        assert!(tokens(&["pro-NATO", "talks"], &[(4, 8)]).is_empty());
        assert_eq!(tokens(&["pro-NATO", "Council"], &[(4, 16)]), [(1, 2)]);
    }

    #[test]
    fn spans_count_tokens_within_their_own_sentence() {
        let text = Text::from_tokens(&[vec!["In", "Kyiv"], vec![], vec!["NATO", "met"]]);
        let span = |start, end| Span {
            start,
            end,
            label: "ORG".into(),
            score: 1.0,
            name: None,
        };
        let mut document = Document {
            text: text.text.clone(),
            spans: vec![span(3, 7), span(8, 12)],
            ..Document::default()
        };
        text.restore(&mut document);
        let spans = text.spans(&document);
        let tokens: Vec<Vec<(usize, usize)>> =
            spans.iter().map(|s| s.iter().map(ends).collect()).collect();
        assert_eq!(tokens, [vec![(1, 2)], vec![], vec![(0, 1)]]);
    }
}
