//! A shard's results, a document at a time, each held against the index.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::journal::Block;
use super::super::{Error, Output, OutputFormat};
use super::finding::{Finding, torn};
use crate::reader::{Input, Reader};

/// A place in a shard's results.
pub(super) struct Cursor {
    index: Lines,
    /// `None` for brat, whose documents are files.
    output: Option<Lines>,
    errors: Option<Lines>,
    /// Whether documents are lines of `output`, rather than as long as the index says.
    by_line: bool,
    head: Option<Head>,
    /// Documents, and failed ones, that were taken.
    taken: [u64; 2],
}

/// A line of the index.
pub(in crate::corpus) struct Head {
    bytes: u64,
    pub(in crate::corpus) size: usize,
    /// `None` for what stands before the first document.
    pub(in crate::corpus) ordinal: Option<u64>,
    pub(in crate::corpus) failed: bool,
}

/// A file that is read in whole lines.
pub(in crate::corpus) struct Lines {
    path: PathBuf,
    bytes: Box<dyn BufRead + Send>,
}

impl Lines {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let file = File::open(&path).map_err(Error::reading(&path))?;
        let bytes = Box::new(BufReader::new(file));
        Ok(Self { path, bytes })
    }

    /// The index of a shard.
    pub(in crate::corpus) fn of_index(files: &Output) -> Result<Self, Error> {
        Self::open(files.index())
    }

    /// Adds the next line to `out`; `None` where there is none.
    fn line(&mut self, out: &mut Vec<u8>) -> Result<Option<()>, Error> {
        let read = self.bytes.read_until(b'\n', out);
        match read.map_err(Error::reading(&self.path))? {
            0 => Ok(None),
            _ if out.ends_with(b"\n") => Ok(Some(())),
            _ => Err(torn(&self.path, "ends within a line")),
        }
    }

    /// Adds so many bytes to `out`, which are whole lines.
    fn lines(&mut self, bytes: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let read = self.bytes.by_ref().take(bytes).read_to_end(out);
        let read = read.map_err(Error::reading(&self.path))? as u64;
        if read < bytes {
            return Err(torn(&self.path, "is shorter than its index says"));
        }
        match bytes == 0 || out.ends_with(b"\n") {
            true => Ok(()),
            false => Err(torn(
                &self.path,
                "has a document that does not end where its index says",
            )),
        }
    }

    /// Whether `wanted` is all that is left.
    fn ends_with(&mut self, wanted: &[u8]) -> Result<(), Error> {
        let mut rest = Vec::new();
        let most = wanted.len() as u64 + 1;
        let read = self.bytes.by_ref().take(most).read_to_end(&mut rest);
        read.map_err(Error::reading(&self.path))?;
        match rest == wanted {
            true => Ok(()),
            false if rest.len() < wanted.len() => Err(torn(&self.path, "lacks its end")),
            false => Err(torn(&self.path, "goes on behind its last document")),
        }
    }

    /// The next line of an index.
    pub(in crate::corpus) fn head(&mut self) -> Result<Option<Head>, Error> {
        let mut line = Vec::new();
        if self.line(&mut line)?.is_none() {
            return Ok(None);
        }
        let head = std::str::from_utf8(&line).ok().and_then(Head::parse);
        head.map(Some)
            .ok_or_else(|| torn(&self.path, "has a line that is no place of a document"))
    }
}

impl Head {
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.trim_end().split(' ').collect();
        let (bytes, size, ordinal, failed) = match fields.as_slice() {
            [bytes, size, "begin"] => (bytes, size, None, false),
            [bytes, size, ordinal, "ok"] => (bytes, size, Some(ordinal.parse().ok()?), false),
            [bytes, size, ordinal, "failed"] => (bytes, size, Some(ordinal.parse().ok()?), true),
            _ => return None,
        };
        Some(Self {
            bytes: bytes.parse().ok()?,
            size: size.parse().ok()?,
            ordinal,
            failed,
        })
    }
}

impl Cursor {
    /// Opens the results of a shard before their first document, and gives what stands there.
    pub(super) fn open(found: &Finding) -> Result<(Self, Block), Error> {
        let files = &found.files;
        let output = match files.format {
            OutputFormat::Brat => None,
            _ => Some(Lines {
                bytes: Reader::default().bytes(&Input::File(files.path.clone()))?,
                path: files.path.clone(),
            }),
        };
        let errors = match found.counts.failed() {
            0 => None,
            _ => Some(Lines::open(files.errors())?),
        };
        let mut cursor = Self {
            index: Lines::of_index(files)?,
            by_line: files.is_spooled(),
            output,
            errors,
            head: None,
            taken: [0; 2],
        };
        let mut before = Block::default();
        cursor.head = cursor.index.head()?;
        if cursor
            .head
            .as_ref()
            .is_none_or(|head| head.ordinal.is_some())
        {
            return Err(torn(&cursor.index.path, "lacks its beginning"));
        }
        cursor.take(&mut before)?;
        Ok((cursor, before))
    }

    /// The number of the next document in the corpus.
    pub(super) fn ordinal(&self) -> Option<u64> {
        self.head.as_ref()?.ordinal
    }

    pub(super) fn index(&self) -> &Path {
        &self.index.path
    }

    /// Moves the next document into a block.
    pub(super) fn take(&mut self, block: &mut Block) -> Result<(), Error> {
        let Some(head) = self.head.take() else {
            return Ok(());
        };
        if let Some(output) = &mut self.output {
            match self.by_line && head.ordinal.is_some() {
                false => output.lines(head.bytes, &mut block.output)?,
                true => output
                    .line(&mut block.output)?
                    .ok_or_else(|| torn(&output.path, "has fewer rows than its index"))?,
            }
        }
        if let Some(errors) = self.errors.as_mut().filter(|_| head.failed) {
            errors
                .line(&mut block.errors)?
                .ok_or_else(|| torn(&errors.path, "has fewer lines than documents failed"))?;
        }
        // The index may say anything.
        block.size = block.size.saturating_add(head.size);
        if head.ordinal.is_some() {
            self.taken[0] += 1;
            self.taken[1] += u64::from(head.failed);
        }
        self.head = self.index.head()?;
        Ok(())
    }

    /// Whether all of the shard was taken, and `end` is what stands behind it.
    pub(super) fn finish(&mut self, found: &Finding, end: &[u8]) -> Result<(), Error> {
        found.check_counts(self.taken)?;
        if let Some(output) = &mut self.output {
            output.ends_with(if self.by_line { &[] } else { end })?;
        }
        self.errors
            .as_mut()
            .map_or(Ok(()), |errors| errors.ends_with(&[]))
    }
}
