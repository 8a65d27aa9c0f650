//! The end of a run: results get their names, the summary is written.

use std::fs;
#[cfg(feature = "parquet")]
use std::fs::File;
#[cfg(feature = "parquet")]
use std::io::BufReader;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journal::Journal;
use super::register;
use super::standoff;
use super::store::remove;
use super::{Error, Output, OutputFormat, Plan};
use crate::whole;
#[cfg(feature = "parquet")]
use crate::writer;

/// A run whose results are complete.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finished {
    /// The summary as it was written.
    pub summary: Value,
    /// How many documents failed.
    pub failed: u64,
    /// Whether an earlier run had finished before this one began.
    pub before: bool,
}

impl Finished {
    fn new(summary: Value, before: bool) -> Self {
        let failed = summary.get("failed").and_then(Value::as_u64);
        Self {
            failed: failed.unwrap_or_default(),
            summary,
            before,
        }
    }

    /// The finished results of `plan`, if they exist. Other results are an error, unless `restart` lets
    /// them be overwritten.
    pub(super) fn of(files: &Output, plan: &Plan, restart: bool) -> Result<Option<Self>, Error> {
        if restart {
            return Ok(None);
        }
        if !files.path.exists() {
            let mut beside = files.beside_results(plan).into_iter();
            return match beside.find(|path| path.exists()) {
                None => Ok(None),
                Some(path) => Err(Error::Exists {
                    path,
                    reason: format!("there is no {} to it", files.path.display()),
                }),
            };
        }
        let summary = files.read_summary();
        let written = summary.get("run").map(Plan::deserialize);
        let reason = match written {
            Some(Ok(written)) => plan.difference(&written),
            _ => Some("there is no summary of it".to_owned()),
        };
        match reason {
            None => Ok(Some(Self::new(summary, true))),
            Some(reason) => Err(Error::Exists {
                path: files.path.clone(),
                reason,
            }),
        }
    }
}

/// Gives the files of a complete run their final names. May be called again wherever it was interrupted.
pub(super) fn publish(files: &Output, journal: &Journal) -> Result<Finished, Error> {
    let before = before(files);
    names(files, journal, before.as_ref())?;
    let part = Output::part(&files.path);
    if part.is_file() {
        let writing = Error::writing(&files.path);
        match files.format {
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => whole::write(&files.path, &writing, |out| {
                let lines = File::open(&part).map(BufReader::new);
                let made = lines.and_then(|lines| writer::parquet::from_jsonl(lines, out));
                made.map_err(&writing)
            })?,
            OutputFormat::Brat => standoff::make(&part, files, &journal.plan)?,
            _ => fs::rename(&part, &files.path).map_err(writing)?,
        }
        remove(&part)?;
    }
    // Only files that an earlier run wrote are removed.
    let shard_before = before.as_ref().is_some_and(Plan::is_shard);
    let names_before = before.as_ref().is_some_and(Plan::has_names);
    let (has_index, has_notes) = (journal.has_index(), journal.has_notes());
    for (path, wrote, opened, wanted) in [
        (
            files.errors(),
            before.is_some(),
            true,
            journal.lengths.errors > 0,
        ),
        (files.index(), shard_before, has_index, has_index),
        (
            files.notes(),
            shard_before && names_before,
            has_notes,
            has_index && has_notes,
        ),
    ] {
        let part = Output::part(&path);
        match (wanted, part.exists()) {
            (true, true) => fs::rename(&part, &path).map_err(Error::writing(&path))?,
            (true, false) => {}
            (false, _) => {
                if opened {
                    remove(&part)?;
                }
                if wrote {
                    remove(&path)?;
                }
            }
        }
    }
    let summary = summary(files, journal)?;
    let path = files.summary();
    let writing = Error::writing(&path);
    whole::write(&path, &writing, |out| {
        serde_json::to_writer_pretty(&mut *out, &summary).map_err(|e| writing(e.into()))?;
        out.write_all(b"\n").map_err(&writing)
    })?;
    remove(&files.journal())?;
    whole::sync_dir(&path).map_err(&writing)?;
    Ok(Finished::new(summary, false))
}

/// The plan of the run whose results exist.
fn before(files: &Output) -> Option<Plan> {
    Plan::deserialize(files.read_summary().get("run")?).ok()
}

/// Writes the names of the corpus; a shard has only notes. `before` is the plan of the run whose results
/// exist.
fn names(files: &Output, journal: &Journal, before: Option<&Plan>) -> Result<(), Error> {
    let plan = &journal.plan;
    if plan.is_shard() {
        return Ok(());
    }
    if !plan.has_names() {
        let wrote = |before: &Plan| before.has_names() && !before.is_shard();
        return match before.is_some_and(wrote) {
            true => remove(&files.names()),
            false => Ok(()),
        };
    }
    let notes = Output::part(&files.notes());
    if journal.has_notes() && notes.is_file() {
        register::write(std::slice::from_ref(&notes), files)?;
        remove(&notes)?;
    }
    Ok(())
}

/// The content of `summary.json`. A shard's also has all counts, for merging, and the lengths of its
/// files.
fn summary(files: &Output, journal: &Journal) -> Result<Value, Error> {
    let (counts, plan) = (&journal.summary, &journal.plan);
    let mut summary = counts.to_json();
    let rounded = |number: f64| (number * 10.0).round() / 10.0;
    if let Some(fields) = summary.as_object_mut() {
        let seconds = journal.seconds;
        fields.insert("seconds".to_owned(), json!(rounded(seconds)));
        #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let rate = counts.words as f64 / seconds.max(1e-3);
        fields.insert("words_per_second".to_owned(), json!(rounded(rate)));
        fields.insert("run".to_owned(), json!(plan));
        if plan.is_shard() {
            let mut lengths = journal.lengths;
            // The journal has the length of the spooled lines, not of the results made from them.
            lengths.output = match files.format {
                OutputFormat::Brat => 0,
                _ => fs::metadata(&files.path)
                    .map_err(Error::reading(&files.path))?
                    .len(),
            };
            fields.insert("counts".to_owned(), json!(counts));
            fields.insert("lengths".to_owned(), json!(lengths));
        }
    }
    Ok(summary)
}
