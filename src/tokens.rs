//! Tagging text that may come as tokens: column files, other tools' output.

use std::ops::Range;

use crate::document::{Document, Word};
use crate::tagger::Tagger;
use crate::{Result, Span};

/// A document given as sentences of tokens.
pub type Tokens = Vec<Vec<String>>;

/// A text to tag, with its sentences and tokens where they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    given: Option<Given>,
}

/// Tokens and the sentences they make up; each sentence also has its byte range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Given {
    words: Vec<Word>,
    sentences: Vec<(Range<usize>, Range<usize>)>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, given: None }
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
            let range = first..given.words.len();
            given.sentences.push((from..text.len(), range));
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

    /// Puts a tagged document back on the tokens that were given: they are its words, and
    /// a span covers the tokens whose first character lies in it, if any.
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
        for (sentence, (_, words)) in document.sentences.iter_mut().zip(&given.sentences) {
            sentence.words = words.clone();
        }
        document.words.clone_from(&given.words);
        document.stats.words = given.words.len();
    }

    /// An IOB2 tag for each token of each sentence, from spans on the tokens.
    fn tags(&self, document: &Document) -> Vec<Vec<String>> {
        let mut spans = document.spans.iter().peekable();
        let mut tag = |word: &Word| {
            while spans.next_if(|span| span.end <= word.start).is_some() {}
            match spans.peek().filter(|span| span.start <= word.start) {
                None => "O".to_owned(),
                Some(span) if span.start == word.start => format!("B-{}", span.label),
                Some(span) => format!("I-{}", span.label),
            }
        };
        let sentences = self.given.iter().flat_map(|given| &given.sentences);
        sentences
            .map(|(_, words)| {
                let words = document.words.get(words.clone()).unwrap_or_default();
                words.iter().map(&mut tag).collect()
            })
            .collect()
    }
}

impl Tagger {
    /// Tags texts together, as [`Tagger::tag_batch`]. Where tokens are given they are the
    /// document's words, and its spans start and end at their borders. Sentences that are
    /// given are taken as they are; no name runs from one into the next, but they are read
    /// in each other's context.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_texts<T: AsRef<Text> + Sync>(&self, texts: &[T]) -> Result<Vec<Document>> {
        let texts: Vec<&Text> = texts.iter().map(AsRef::as_ref).collect();
        let subwords = self.model().subwords();
        let mut documents = self.run(&texts, |text| match &text.given {
            None => subwords.tokenize(&text.text),
            Some(given) => {
                let borders = given.sentences.iter().map(|(s, _)| (s.start, s.end, true));
                subwords.tokenize_sentences(&text.text, borders)
            }
        })?;
        for (text, document) in texts.iter().zip(&mut documents) {
            text.restore(document);
        }
        Ok(documents)
    }

    /// Tags documents given as sentences of tokens. The result has an IOB2 tag for each
    /// token.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_tokens(&self, documents: &[Tokens]) -> Result<Vec<Vec<Vec<String>>>> {
        let texts: Vec<Text> = documents.iter().map(|d| Text::from_tokens(d)).collect();
        let tagged = self.tag_texts(&texts)?;
        Ok(texts.iter().zip(&tagged).map(|(t, d)| t.tags(d)).collect())
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
    use crate::document::Stats;

    fn tags(tokens: &[&str], spans: &[(usize, usize)]) -> Vec<String> {
        let joined = Text::from_tokens(&[tokens.to_vec()]);
        let mut document = Document {
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
        joined.restore(&mut document);
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
