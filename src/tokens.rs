//! Tagging text that comes as tokens: column files, other tools' output.

use std::collections::BTreeMap;

use crate::Result;
use crate::document::Document;
use crate::tagger::Tagger;

/// A document given as sentences of tokens.
pub type Tokens = Vec<Vec<String>>;

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

    /// Spans as IOB2 tags on the tokens. A token belongs to the span its first
    /// character is in; a span in which no token starts leaves no tag.
    fn tags(&self, document: &Document) -> Vec<Vec<String>> {
        let spans: BTreeMap<usize, _> = document.spans.iter().map(|s| (s.start, s)).collect();
        self.starts
            .iter()
            .map(|starts| {
                let mut open = None;
                starts
                    .iter()
                    .map(|&at| {
                        let inside = spans.range(..=at).next_back().filter(|(_, s)| at < s.end);
                        let Some((&start, span)) = inside else {
                            open = None;
                            return "O".to_owned();
                        };
                        let prefix = if open == Some(start) { 'I' } else { 'B' };
                        open = Some(start);
                        format!("{prefix}-{}", span.label)
                    })
                    .collect()
            })
            .collect()
    }
}

impl Tagger {
    /// Tags documents given as sentences of tokens. Sentences are taken as they are; no
    /// name runs from one into the next, but they are read in each other's context.
    /// The result has an IOB2 tag for each token.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_tokens(&self, documents: &[Tokens]) -> Result<Vec<Vec<Vec<String>>>> {
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
        Ok(joined.iter().zip(&tagged).map(|(j, d)| j.tags(d)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Span, Stats};

    fn tags(tokens: &[&str], spans: &[(usize, usize)]) -> Vec<String> {
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
            stats: Stats::default(),
        };
        joined.tags(&document).remove(0)
    }

    #[test]
    fn spans_become_tags_on_the_tokens_they_cover() {
        let tokens = ["US-brokered", "United", "Nations", "UN", "talks"];
        assert_eq!(
            tags(&tokens, &[(0, 2), (12, 26), (27, 29)]),
            ["B-ORG", "B-ORG", "I-ORG", "B-ORG", "O"]
        );
    }

    #[test]
    fn a_span_inside_a_token_leaves_no_tag_and_one_that_starts_there_begins_later() {
        assert_eq!(tags(&["pro-NATO", "talks"], &[(4, 8)]), ["O", "O"]);
        assert_eq!(tags(&["pro-NATO", "Council"], &[(4, 16)]), ["O", "B-ORG"]);
    }
}
