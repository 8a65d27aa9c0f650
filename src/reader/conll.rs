//! CoNLL columns: the first holds the tokens, the others are skipped.

use super::lines::Numbered;
use super::{Input, Metadata, Opened, Source, utf8};
use crate::model::Tag;
use crate::{Error, Result, Text};

/// The documents of a column file, each from one `-DOCSTART-` line to the next.
pub(super) struct Columns {
    input: Input,
    lines: Numbered,
    /// Tokens of the sentences of the document being read.
    sentences: Vec<Vec<String>>,
    sentence: Vec<String>,
    /// The first error in the document being read.
    wrong: Option<Error>,
    /// The line it starts on.
    first: usize,
}

impl Columns {
    pub(super) fn new(input: &Input, opened: Opened) -> Self {
        Self {
            input: input.clone(),
            lines: Numbered::new(opened),
            sentences: Vec::new(),
            sentence: Vec::new(),
            wrong: None,
            first: 1,
        }
    }

    /// Takes a line; true where it starts a document.
    fn line(&mut self, bytes: Vec<u8>) -> Result<bool> {
        let line = utf8(bytes).map_err(|e| self.lines.wrong(&e))?;
        let token = match line.split_once('\t') {
            Some((token, _)) => token.trim(),
            None => line.split_ascii_whitespace().next().unwrap_or_default(),
        };
        match token {
            "-DOCSTART-" => return Ok(true),
            "" => self.end_sentence(),
            _ if self.sentence.is_empty() && is_comment(&line) => {}
            _ => self.sentence.push(token.to_owned()),
        }
        Ok(false)
    }

    fn end_sentence(&mut self) {
        if !self.sentence.is_empty() {
            self.sentences.push(std::mem::take(&mut self.sentence));
        }
    }

    /// The document read so far, unless it is empty. Where a line of it could not be read it is an
    /// error: the rest would pass for the whole.
    fn end_document(&mut self) -> Option<Source> {
        self.end_sentence();
        let sentences = std::mem::take(&mut self.sentences);
        let id = format!("{}:{}", self.input.name(), self.first);
        self.first = self.lines.line;
        if let Some(error) = self.wrong.take() {
            return Some(Source::failed(id, error));
        }
        (!sentences.is_empty()).then(|| Source {
            id,
            text: Ok(Text::from_tokens(&sentences)),
            derived: true,
            metadata: Metadata::new(),
        })
    }
}

impl Iterator for Columns {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        while let Some(line) = self.lines.next_line() {
            let failed = match line {
                Ok(bytes) => match self.line(bytes) {
                    Ok(false) => continue,
                    Ok(true) => {
                        if let Some(document) = self.end_document() {
                            return Some(document);
                        }
                        continue;
                    }
                    Err(error) => {
                        self.wrong.get_or_insert(error);
                        continue;
                    }
                },
                Err(error) => {
                    // The document read so far is not complete.
                    (self.sentences, self.sentence) = (Vec::new(), Vec::new());
                    Source::failed(self.input.name(), self.input.failed(error))
                }
            };
            return Some(failed);
        }
        self.end_document()
    }
}

/// Whether a line before a sentence is a comment: it starts with `# ` and a word, has no tab, and ends
/// without a tag or has a `=` behind the word.
pub(crate) fn is_comment(line: &str) -> bool {
    let columns = || line.split_ascii_whitespace();
    let tagged = columns()
        .next_back()
        .is_some_and(|last| Tag::parse(last).is_some());
    line.starts_with("# ")
        && columns().nth(1).is_some()
        && !line.contains('\t')
        && (!tagged || columns().skip(2).any(|column| column == "="))
}
