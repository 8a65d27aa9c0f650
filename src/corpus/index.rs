//! The index of a shard: where each of its documents stands in the whole. A line each, of the bytes of
//! output, the size in the block, the document's number and its fate.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Error;

/// A line of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of output.
    pub(super) bytes: u64,
    /// What it counts in a block.
    pub(super) size: usize,
    /// `None` for what stands before the first document.
    pub(super) ordinal: Option<u64>,
    pub(super) failed: bool,
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

/// As it stands in the index.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.bytes, self.size)?;
        match (self.ordinal, self.failed) {
            (None, _) => f.write_str("begin"),
            (Some(ordinal), false) => write!(f, "{ordinal} ok"),
            (Some(ordinal), true) => write!(f, "{ordinal} failed"),
        }
    }
}

/// A file that is read in whole lines: an index, or what one is of.
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

    /// Adds so many bytes to `out`, which are whole lines.
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

    /// Whether `wanted` is all that is left.
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
    pub(super) fn head(&mut self) -> Result<Option<Head>, Error> {
        let mut line = Vec::new();
        if self.line(&mut line)?.is_none() {
            return Ok(None);
        }
        let head = std::str::from_utf8(&line).ok().and_then(Head::parse);
        head.map(Some)
            .ok_or_else(|| torn(&self.path, "has a line that is no place of a document"))
    }
}

/// A file of a shard that is not as it was written.
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
    fn places_are_read_as_they_are_written() {
        for (ordinal, failed) in [(None, false), (Some(0), false), (Some(u64::MAX), true)] {
            let head = Head {
                bytes: 7,
                size: 256,
                ordinal,
                failed,
            };
            assert_eq!(Head::parse(&format!("{head}\n")), Some(head));
        }
        for line in ["", "1 2 3", "1 2 x ok", "1 2 3 ok 4", "-1 2 3 ok"] {
            assert_eq!(Head::parse(line), None, "{line}");
        }
    }
}
