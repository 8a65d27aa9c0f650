//! Tagged documents to blocks of output, errors and index.

use std::io::{self, Write};

use serde::Serialize;

use super::feed::Numbered;
use super::index::Entry;
use super::journal::Block;
use super::register::{At, Found, Note};
use super::{Job, Summary};
use crate::reader::Date;
use crate::writer::{Record, Writer, json_line};
use crate::{Document, Error};

/// Bytes that a document counts in a block besides its text.
pub(super) const OVERHEAD: usize = 256;

/// Writes documents into a block.
pub(super) struct Results {
    writer: Box<dyn Writer>,
    with_text: bool,
    indexed: bool,
    noted: bool,
    date_field: Option<String>,
    pub(super) block: Block,
    pub(super) summary: Summary,
}

#[derive(Serialize)]
struct Failure<'d> {
    id: &'d str,
    input: &'d str,
    kind: &'static str,
    message: String,
}

impl Results {
    pub(super) fn new(job: &Job, block: Block, summary: Summary) -> Self {
        let (writer, with_text) = job.format.writer(job.unit);
        Self {
            writer,
            with_text: with_text || job.with_text,
            indexed: job.shard.is_some(),
            noted: job.names,
            date_field: job.date_field.clone(),
            block,
            summary,
        }
    }

    /// Writes what stands before the first document.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.writer.begin(&mut self.block.output)?;
        self.index(Entry {
            bytes: self.block.output.len() as u64,
            size: 0,
            ordinal: None,
            failed: false,
        })
    }

    /// Writes what stands after the last document.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.writer.end(&mut self.block.output)
    }

    pub(super) fn add(
        &mut self,
        numbered: &Numbered,
        document: &crate::Result<Document>,
    ) -> io::Result<()> {
        let from = self.block.output.len();
        let size = OVERHEAD + document.as_ref().map_or(0, |document| document.text.len());
        match document {
            Ok(document) => {
                let record = Record {
                    id: &numbered.source.id,
                    document,
                    metadata: &numbered.source.metadata,
                    with_text: self.with_text || numbered.source.derived,
                };
                self.writer.document(&mut self.block.output, &record)?;
                self.summary.add(document);
                self.note(numbered, document)?;
            }
            Err(error) => self.fail(numbered, error)?,
        }
        self.block.size = self.block.size.saturating_add(size);
        self.index(Entry {
            bytes: (self.block.output.len() - from) as u64,
            size,
            ordinal: Some(numbered.ordinal),
            failed: document.is_err(),
        })
    }

    fn fail(&mut self, numbered: &Numbered, error: &Error) -> io::Result<()> {
        let id = &numbered.source.id;
        self.writer.failure(&mut self.block.output, id, error)?;
        self.summary.fail(error);
        let failure = Failure {
            id,
            input: &numbered.input,
            kind: error.kind(),
            message: error.to_string(),
        };
        json_line(&mut self.block.errors, &failure)
    }

    /// Notes the document's names, if it has any.
    fn note(&mut self, numbered: &Numbered, document: &Document) -> io::Result<()> {
        if !self.noted || document.names.is_empty() {
            return Ok(());
        }
        let source = &numbered.source;
        let at = At {
            number: numbered.ordinal,
            id: source.id.clone(),
            date: Date::of(&source.metadata, self.date_field.as_deref()),
        };
        let note = Note::new(at, document.names.iter().map(Found::from));
        json_line(&mut self.block.notes, &note)
    }

    fn index(&mut self, entry: Entry) -> io::Result<()> {
        match self.indexed {
            true => writeln!(self.block.index, "{entry}"),
            false => Ok(()),
        }
    }
}
