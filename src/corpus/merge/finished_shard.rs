//! A finished shard: what its summary says, and whether its files are those of its run.

use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::index::torn;
use super::super::journal::Lengths;
use super::super::{Error, Output, OutputFormat, Plan, Shard, Summary};

/// A finished shard.
pub(super) struct FinishedShard {
    pub(super) files: Output,
    pub(super) plan: Plan,
    pub(super) shard: Shard,
    pub(super) counts: Summary,
    pub(super) seconds: f64,
    lengths: Lengths,
}

impl FinishedShard {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Shards(format!("{} {reason}", path.display()));
        let guess = Output::new(
            path,
            OutputFormat::of_name(path).or(Some(OutputFormat::Jsonl)),
        )?;
        let unfinished = match path.exists() || guess.journal().exists() {
            true => "is no finished shard; run annotate --shard until it is done",
            false => "is not there; name each shard as it was with -o",
        };
        let summary = guess.read_summary();
        let field = |name: &str| summary.get(name).unwrap_or(&Value::Null);
        let plan = Plan::deserialize(field("run")).map_err(|_| wrong(unfinished))?;
        let shard = plan.options.get(Plan::SHARD);
        let shard = shard.ok_or_else(|| wrong("is the whole corpus, not a shard"))?;
        let format = plan.options.get("--format").map(String::as_str);
        let format = format.and_then(|format| format.parse().ok());
        let counts = Summary::deserialize(field("counts"));
        let lengths = Lengths::deserialize(field("lengths"));
        Ok(Self {
            shard: shard.parse()?,
            files: Output::new(path, format)?,
            counts: counts.map_err(|_| wrong(unfinished))?,
            seconds: field("seconds").as_f64().unwrap_or_default(),
            lengths: lengths.map_err(|_| {
                wrong("does not say in its summary how long its files are; run it with --restart")
            })?,
            plan,
        })
    }

    /// Checks that each file is as long as its run wrote it. brat's pairs are checked when they are copied.
    pub(super) fn check_lengths(&self) -> Result<(), Error> {
        let (files, lengths) = (&self.files, self.lengths);
        let results = (files.path.clone(), lengths.output);
        let beside = [
            (files.errors(), lengths.errors),
            (files.index(), lengths.index),
            (files.notes(), lengths.notes),
        ];
        let one = files.format != OutputFormat::Brat;
        for (path, then) in one.then_some(results).into_iter().chain(beside) {
            let now = match path.metadata() {
                Ok(found) => found.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound && then == 0 => 0,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(torn(&path, "is missing"));
                }
                Err(error) => return Err(Error::reading(&path)(error)),
            };
            if now != then {
                let what = format!("has {now} bytes, and its run wrote {then}");
                return Err(torn(&path, &what));
            }
        }
        Ok(())
    }

    /// Checks the numbers of documents and of failed ones against the summary.
    pub(super) fn check_counts(&self, [documents, failed]: [u64; 2]) -> Result<(), Error> {
        let [documents_then, failed_then] = [self.counts.documents, self.counts.failed()];
        if [documents, failed] == [documents_then, failed_then] {
            return Ok(());
        }
        let what = format!(
            "has {documents} documents, {failed} of them failed, and the summary beside it {documents_then} and \
             {failed_then}"
        );
        Err(torn(&self.files.index(), &what))
    }
}
