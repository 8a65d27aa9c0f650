//! Tagging text that comes as tokens: column files, other tools' output.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::Result;
use crate::document::Document;
use crate::tagger::Tagger;

/// A document given as sentences of tokens.
pub type Tokens = Vec<Vec<String>>;

/// A name over the tokens of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSpan {
    /// Its tokens, counted within the sentence.
    pub tokens: Range<usize>,
    /// Its label.
    pub label: Arc<str>,
    /// The probability of exactly this span with this label.
    pub score: f32,
}

/// Tokens joined to a text, and where each went.
struct Joined {
    text: String,
    /// Start and end of each sentence.
    sentences: Vec<(usize, usize)>,
    /// For each sentence the start of each token.
    starts: Vec<Vec<usize>>,
}

impl AsRef<str> for Joined {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Joined {
    fn new(document: &Tokens) -> Self {
        let mut joined = Self {
            text: String::new(),
            sentences: Vec::new(),
            starts: Vec::new(),
        };
        for sentence in document {
            let from = joined.text.len();
            let mut starts = Vec::with_capacity(sentence.len());
            for token in sentence {
                starts.push(joined.text.len());
                joined.text.push_str(token);
                joined.text.push(' ');
            }
            joined.sentences.push((from, joined.text.len()));
            joined.starts.push(starts);
        }
        joined
    }

    /// Spans over the tokens of each sentence. A token belongs to the span its first
    /// character is in; a span in which no token starts is left out.
    fn spans(&self, document: &Document) -> Vec<Vec<TokenSpan>> {
        let spans: BTreeMap<usize, _> = document.spans.iter().map(|s| (s.start, s)).collect();
        let of_sentence = |starts: &Vec<usize>| {
            let mut found: Vec<(usize, TokenSpan)> = Vec::new();
            for (token, &at) in starts.iter().enumerate() {
                let inside = spans.range(..=at).next_back().filter(|(_, s)| at < s.end);
                let Some((&start, span)) = inside else {
                    continue;
                };
                match found.last_mut() {
                    Some((open, last)) if *open == start => last.tokens.end = token + 1,
                    _ => found.push((
                        start,
                        TokenSpan {
                            tokens: token..token + 1,
                            label: Arc::clone(&span.label),
                            score: span.score,
                        },
                    )),
                }
            }
            found.into_iter().map(|(_, span)| span).collect()
        };
        self.starts.iter().map(of_sentence).collect()
    }
}

impl Tagger {
    /// Tags documents given as sentences of tokens. Sentences are taken as they are; no
    /// name runs from one into the next, but they are read in each other's context.
    /// The result has the spans of each sentence of each document.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_tokens(&self, documents: &[Tokens]) -> Result<Vec<Vec<Vec<TokenSpan>>>> {
        let joined: Vec<Joined> = documents.iter().map(Joined::new).collect();
        let tagged = self.run(&joined, |document| {
            let sentences = document
                .sentences
                .iter()
                .map(|&(from, to)| (from, to, true));
            self.model()
                .subwords()
                .tokenize_sentences(&document.text, sentences)
        })?;
        Ok(joined
            .iter()
            .zip(&tagged)
            .map(|(j, d)| j.spans(d))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Span, Stats};

    fn tokens(tokens: &[&str], spans: &[(usize, usize)]) -> Vec<Range<usize>> {
        let joined = Joined::new(&vec![tokens.iter().map(|t| (*t).to_owned()).collect()]);
        let document = Document {
            text: joined.text.clone(),
            sentences: vec![],
            words: vec![],
            spans: spans
                .iter()
                .map(|&(start, end)| Span {
                    start,
                    end,
                    label: "ORG".into(),
                    score: 1.0,
                })
                .collect(),
            topics: vec![],
            stats: Stats::default(),
        };
        let spans = joined.spans(&document).remove(0);
        spans.into_iter().map(|span| span.tokens).collect()
    }

    #[test]
    fn spans_cover_the_tokens_that_start_in_them() {
        let words = ["US-brokered", "United", "Nations", "UN", "talks"];
        assert_eq!(
            tokens(&words, &[(0, 2), (12, 26), (27, 29)]),
            [0..1, 1..3, 3..4]
        );
    }

    #[test]
    fn a_span_inside_a_token_is_left_out_and_one_that_starts_there_begins_later() {
        assert!(tokens(&["pro-NATO", "talks"], &[(4, 8)]).is_empty());
        assert_eq!(tokens(&["pro-NATO", "Council"], &[(4, 16)]), [1..2]);
    }
}
