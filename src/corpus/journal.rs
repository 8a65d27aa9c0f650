//! The journal: how far a run has come, so that it can go on from there.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::feed::Position;
use super::{Error, Plan, Summary};
use crate::whole;

/// Version of the journal's format.
const VERSION: u32 = 2;

/// Bytes of capacity that each buffer of a block keeps when it is cleared.
const ROOM: usize = 2 << 20;

/// A block ends where its output is this many times the size between two checkpoints. Names and topics take
/// less; only metadata, which the size does not count, takes as much.
const OUTPUT: usize = 32;

/// The state of a run after some document. All before it is on the disk, or in `tail`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Journal {
    version: u32,
    pub(super) plan: Plan,
    /// Whether the run merges shards; it then begins anew unless it is complete.
    #[serde(default)]
    pub(super) merged: bool,
    pub(super) position: Position,
    /// Lengths of the files at the last whole block.
    pub(super) lengths: Lengths,
    /// Results that are in no block yet, where the run was stopped between two blocks.
    pub(super) tail: Block,
    pub(super) summary: Summary,
    /// Time spent so far.
    pub(super) seconds: f64,
    /// Whether all documents are written.
    pub(super) complete: bool,
}

/// Bytes of each file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lengths {
    pub(super) output: u64,
    pub(super) errors: u64,
    pub(super) index: u64,
    pub(super) notes: u64,
}

/// Results that go to the files together. Where a block ends depends on the documents
/// alone, so a run that was stopped writes the same bytes as one that was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub(super) output: Vec<u8>,
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub(super) errors: Vec<u8>,
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub(super) index: Vec<u8>,
    /// The names of each document.
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub(super) notes: Vec<u8>,
    /// Size of the documents in it.
    pub(super) size: usize,
}

impl Block {
    /// Whether the block is to end, for a run that makes a checkpoint every `checkpoint` bytes.
    pub(super) fn is_full(&self, checkpoint: usize) -> bool {
        self.size >= checkpoint || self.output.len() >= checkpoint.saturating_mul(OUTPUT)
    }

    /// Empties the block. Buffers that a long document made larger than [`ROOM`] shrink.
    pub(super) fn clear(&mut self) {
        for bytes in [
            &mut self.output,
            &mut self.errors,
            &mut self.index,
            &mut self.notes,
        ] {
            bytes.clear();
            bytes.shrink_to(ROOM);
        }
        self.size = 0;
    }
}

fn write_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let text = std::str::from_utf8(bytes).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(text)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(deserializer).map(String::into_bytes)
}

/// Whether a file begins as every journal does; its end may be damaged.
fn is_ours(bytes: &[u8]) -> bool {
    let version = bytes.strip_prefix(b"{\"version\":").unwrap_or_default();
    let digits = version.iter().take_while(|byte| byte.is_ascii_digit());
    let rest = version.get(digits.count()..).unwrap_or_default();
    rest.len() < version.len() && rest.starts_with(b",\"plan\":{")
}

impl Journal {
    /// The journal of a run that has not begun.
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            version: VERSION,
            plan,
            merged: false,
            position: Position::default(),
            lengths: Lengths::default(),
            tail: Block::default(),
            summary: Summary::default(),
            seconds: 0.0,
            complete: false,
        }
    }

    /// The journal of a run that merges shards.
    pub(super) fn merging(plan: Plan) -> Self {
        Self {
            merged: true,
            ..Self::new(plan)
        }
    }

    /// Whether the run writes an index.
    pub(super) fn has_index(&self) -> bool {
        self.plan.is_shard()
    }

    /// Whether the run notes the names of each document; a merge reads the notes of its shards.
    pub(super) fn has_notes(&self) -> bool {
        self.plan.has_names() && !self.merged
    }

    /// Why the run of this journal cannot go on as `now`.
    pub(super) fn difference(&self, now: &Self) -> Option<String> {
        let by = |journal: &Self| match journal.merged {
            true => "newshound merge",
            false => "newshound annotate",
        };
        let other = (self.merged != now.merged && !self.complete)
            .then(|| format!("{} began it, now it is {}", by(self), by(now)));
        other.or_else(|| now.plan.difference(&self.plan))
    }

    /// The bytes of a journal, if there is one. Any other file is the user's, and an error.
    pub(super) fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(path) {
            Ok(bytes) if is_ours(&bytes) => Ok(Some(bytes)),
            Ok(_) => Err(Error::NoJournal(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::reading(path)(error)),
        }
    }

    /// The journal of an earlier run, if there was one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let damaged = |reason: String| Error::Journal {
            path: path.to_owned(),
            reason,
        };
        let Some(bytes) = Self::bytes(path)? else {
            return Ok(None);
        };
        let journal: Self = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        match journal.version {
            VERSION => Ok(Some(journal)),
            other => Err(damaged(format!("it is of version {other}, not {VERSION}"))),
        }
    }

    /// Writes the journal to the disk.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let writing = Error::writing(path);
        whole::write(path, &writing, |out| {
            serde_json::to_writer(out, self).map_err(|e| writing(e.into()))
        })
    }
}
