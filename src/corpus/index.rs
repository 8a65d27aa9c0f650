//! The index of a shard. It has a line for each document: its bytes of output, its size in the block, its
//! number in the whole corpus, and `ok` or `failed`.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Error;

/// A line of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Bytes of output.
    pub(super) bytes: u64,
    /// Bytes that it counts towards the size of a block.
    pub(super) size: usize,
    /// The document's number; `None` for what stands before the first document.
    pub(super) ordinal: Option<u64>,
    pub(super) failed: bool,
}

impl Entry {
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

/// The line of the index.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.bytes, self.size)?;
        match (self.ordinal, self.failed) {
            (None, _) => f.write_str("begin"),
            (Some(ordinal), false) => write!(f, "{ordinal} ok"),
            (Some(ordinal), true) => write!(f, "{ordinal} failed"),
        }
    }
}

/// A file that is read by whole lines: an index, or the file that it describes.
pub(super) struct Lines {
    path: PathBuf,
    bytes: Box<dyn BufRead + Send>,
}

impl Lines {
    pub(super) fn new(path: PathBuf, bytes: Box<dyn BufRead + Send>) -> Self {
        Self { path, bytes }
    }

    pub(super) fn open(path: PathBuf) -> Result<Self, Error> {
        let file = File::open(&path).map_err(Error::reading(&path))?;
        Ok(Self::new(path, Box::new(BufReader::new(file))))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the next line to `out`; `None` where there is none.
    pub(super) fn line(&mut self, out: &mut Vec<u8>) -> Result<Option<()>, Error> {
        let read = self.bytes.read_until(b'\n', out);
        match read.map_err(Error::reading(&self.path))? {
            0 => Ok(None),
            _ if out.ends_with(b"\n") => Ok(Some(())),
            _ => Err(torn(&self.path, "ends within a line")),
        }
    }

    /// Adds the next `bytes` bytes to `out`; they must be whole lines.
    pub(super) fn lines(&mut self, bytes: u64, out: &mut Vec<u8>) -> Result<(), Error> {
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

    /// Checks that the rest of the file is `wanted`.
    pub(super) fn ends_with(&mut self, wanted: &[u8]) -> Result<(), Error> {
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
    pub(super) fn entry(&mut self) -> Result<Option<Entry>, Error> {
        let mut line = Vec::new();
        if self.line(&mut line)?.is_none() {
            return Ok(None);
        }
        let entry = std::str::from_utf8(&line).ok().and_then(Entry::parse);
        entry
            .map(Some)
            .ok_or_else(|| torn(&self.path, "has a line that is no place of a document"))
    }
}

/// The error for a file of a shard that is not as it was written.
pub(super) fn torn(path: &Path, what: &str) -> Error {
    Error::Shards(format!(
        "{} {what}; copy the whole shard again, or run it with --restart",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_are_written() {
        for (ordinal, failed) in [(None, false), (Some(0), false), (Some(u64::MAX), true)] {
            let entry = Entry {
                bytes: 7,
                size: 256,
                ordinal,
                failed,
            };
            assert_eq!(Entry::parse(&format!("{entry}\n")), Some(entry));
        }
        for line in ["", "1 2 3", "1 2 x ok", "1 2 3 ok 4", "-1 2 3 ok"] {
            assert_eq!(Entry::parse(line), None, "{line}");
        }
    }
}
