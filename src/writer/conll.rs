//! CoNLL columns: a word and its IOB2 tag a line, a blank line after each sentence,
//! a `-DOCSTART-` line before each document.

use std::io::{self, Write};

use super::{Record, Writer};
use crate::Span;

/// Writes CoNLL columns.
pub struct Conll;

impl Writer for Conll {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        out.write_all(b"-DOCSTART-\tO\n\n")?;
        let mut spans = document.spans.iter().peekable();
        for sentence in &document.sentences {
            // A span that crosses a wrong sentence boundary starts anew there: the format
            // cannot say that it goes on.
            let mut open: Option<&Span> = None;
            let words = document
                .words
                .get(sentence.words.clone())
                .unwrap_or_default();
            for word in words {
                while spans.next_if(|span| span.end <= word.start).is_some() {}
                let span = spans
                    .peek()
                    .copied()
                    .filter(|span| span.start <= word.start);
                let text = word.surface(&document.text);
                // Tokens from the caller may hold line breaks and tabs.
                let text = text.replace(char::is_control, " ");
                match span {
                    None => writeln!(out, "{text}\tO")?,
                    Some(span) => {
                        let prefix = if open == Some(span) { 'I' } else { 'B' };
                        writeln!(out, "{text}\t{prefix}-{}", span.label)?;
                    }
                }
                open = span;
            }
            if !words.is_empty() {
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}
