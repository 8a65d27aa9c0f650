//! A shard's results, a document at a time, each checked against the index.

use std::path::Path;

use super::super::index::{Entry, Lines, torn};
use super::super::journal::Block;
use super::super::{Error, OutputFormat};
use super::finished_shard::FinishedShard;
use crate::reader::{Input, Reader};

/// A place in a shard's results.
pub(super) struct Cursor {
    index: Lines,
    /// `None` for brat, whose documents are files.
    output: Option<Lines>,
    errors: Option<Lines>,
    /// Whether each document is a line of `output`; otherwise the index has its length.
    by_line: bool,
    entry: Option<Entry>,
    /// Number of documents taken, and of failed ones among them.
    taken: [u64; 2],
}

impl Cursor {
    /// Opens the results of a shard. The block holds what stands before their first document.
    pub(super) fn open(found: &FinishedShard) -> Result<(Self, Block), Error> {
        let files = &found.files;
        let output = match files.format {
            OutputFormat::Brat => None,
            _ => {
                let bytes = Reader::default().bytes(&Input::File(files.path.clone()))?;
                Some(Lines::new(files.path.clone(), bytes))
            }
        };
        let errors = match found.counts.failed() {
            0 => None,
            _ => Some(Lines::open(files.errors())?),
        };
        let mut cursor = Self {
            index: Lines::open(files.index())?,
            by_line: files.is_spooled(),
            output,
            errors,
            entry: None,
            taken: [0; 2],
        };
        let mut before = Block::default();
        cursor.entry = cursor.index.entry()?;
        if cursor
            .entry
            .as_ref()
            .is_none_or(|entry| entry.ordinal.is_some())
        {
            return Err(torn(cursor.index.path(), "lacks its beginning"));
        }
        cursor.take(&mut before)?;
        Ok((cursor, before))
    }

    /// The number of the next document in the corpus.
    pub(super) fn ordinal(&self) -> Option<u64> {
        self.entry.as_ref()?.ordinal
    }

    pub(super) fn index(&self) -> &Path {
        self.index.path()
    }

    /// Moves the next document into a block.
    pub(super) fn take(&mut self, block: &mut Block) -> Result<(), Error> {
        let Some(entry) = self.entry.take() else {
            return Ok(());
        };
        if let Some(output) = &mut self.output {
            match self.by_line && entry.ordinal.is_some() {
                false => output.lines(entry.bytes, &mut block.output)?,
                true => output
                    .line(&mut block.output)?
                    .ok_or_else(|| torn(output.path(), "has fewer rows than its index"))?,
            }
        }
        if let Some(errors) = self.errors.as_mut().filter(|_| entry.failed) {
            errors
                .line(&mut block.errors)?
                .ok_or_else(|| torn(errors.path(), "has fewer lines than documents failed"))?;
        }
        // The index may hold any number.
        block.size = block.size.saturating_add(entry.size);
        if entry.ordinal.is_some() {
            self.taken[0] += 1;
            self.taken[1] += u64::from(entry.failed);
        }
        self.entry = self.index.entry()?;
        Ok(())
    }

    /// Checks that all documents were taken and that only `end` follows them.
    pub(super) fn finish(&mut self, found: &FinishedShard, end: &[u8]) -> Result<(), Error> {
        found.check_counts(self.taken)?;
        if let Some(output) = &mut self.output {
            output.ends_with(if self.by_line { &[] } else { end })?;
        }
        self.errors
            .as_mut()
            .map_or(Ok(()), |errors| errors.ends_with(&[]))
    }
}
