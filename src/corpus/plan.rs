//! What a run depends on, to tell whether it is the one that was begun earlier.

use std::collections::BTreeMap;
use std::fs;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::reader::{Input, Walk};

/// Everything the results depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Version of newshound.
    pub(super) version: String,
    /// Name and digest of the model.
    pub(super) model: String,
    /// The files to read.
    pub(super) input: Scan,
    /// Options by name, without the number of threads.
    pub(super) options: BTreeMap<String, String>,
}

/// The files of a corpus, found without reading them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scan {
    /// Number of files.
    pub(super) files: u64,
    /// Sum of their sizes.
    pub(super) bytes: u64,
    /// Digest of their names, sizes and times of change.
    pub(super) digest: String,
}

impl Scan {
    /// Looks at all files. Errors are reported when the files are read.
    pub(super) fn of(walk: &Walk) -> Self {
        let mut scan = Self::default();
        let mut hash = Sha256::new();
        for input in walk.inputs() {
            scan.files += 1;
            match input {
                Ok(input) => {
                    let state = State::of(&input);
                    scan.bytes += state.size;
                    hash.update(format!(
                        "{}\0{}\0{}\n",
                        input.name(),
                        state.size,
                        state.changed
                    ));
                }
                Err(error) => hash.update(error.to_string()),
            }
        }
        scan.digest = hex(&hash.finalize());
        scan
    }
}

/// A file's size in bytes and time of change in nanoseconds; zeros for what is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) size: u64,
    changed: u128,
}

impl State {
    pub(super) fn of(input: &Input) -> Self {
        let found = match input {
            Input::Stdin | Input::Bytes { .. } => None,
            Input::File(path) => fs::metadata(path).ok().filter(fs::Metadata::is_file),
        };
        let changed = found.as_ref().and_then(|found| found.modified().ok());
        let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            size: found.map_or(0, |found| found.len()),
            changed: since.map_or(0, |since| since.as_nanos()),
        }
    }
}

impl Plan {
    /// The option that names a shard.
    pub(super) const SHARD: &str = "--shard";

    /// The option that says where the names of the whole corpus go.
    pub(super) const NAMES: &str = "--names";

    /// The option that leaves out the names of the whole corpus.
    pub(super) const NO_NAMES: &str = "--no-names-index";

    /// Whether the names of the whole corpus are wanted.
    pub(super) fn has_names(&self) -> bool {
        !self.options.contains_key(Self::NO_NAMES)
    }

    /// Whether this is a part of a corpus.
    pub(super) fn is_shard(&self) -> bool {
        self.options.contains_key(Self::SHARD)
    }

    /// What is different from the plan that the run was begun with, in words.
    pub(super) fn difference(&self, begun: &Self) -> Option<String> {
        if self.version != begun.version {
            return Some(format!(
                "newshound was {}, now it is {}",
                begun.version, self.version
            ));
        }
        if self.model != begun.model {
            return Some(format!(
                "the model was {}, now it is {}",
                begun.model, self.model
            ));
        }
        let names = self.options.keys().chain(begun.options.keys());
        for name in names {
            let (now, then) = (self.options.get(name), begun.options.get(name));
            if now != then {
                let shown = |value: Option<&String>| match value.map(String::as_str) {
                    None => "not given".to_owned(),
                    Some("") => "given".to_owned(),
                    Some(value) => value.to_owned(),
                };
                return Some(format!(
                    "{name} was {}, now it is {}",
                    shown(then),
                    shown(now)
                ));
            }
        }
        if self.input == begun.input {
            return None;
        }
        let shown = |scan: &Scan| format!("{} files of {} bytes", scan.files, scan.bytes);
        let (then, now) = (shown(&begun.input), shown(&self.input));
        Some(match then == now {
            true => format!("files among the {now} have other names or were changed since"),
            false => format!("the input was {then}, now it is {now}"),
        })
    }
}
