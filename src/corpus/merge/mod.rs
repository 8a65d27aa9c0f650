//! Finished shards to one whole, in the order of the input: the bytes are those of a run
//! over all of it.

mod cursor;
mod finished_shard;

use std::path::{Path, PathBuf};

use super::finish::{Finished, publish};
use super::journal::{Block, Journal};
use super::part::Part;
use super::store::{Begun, begin, remove};
use super::{Error, Output, OutputFormat, Plan};
use super::{register, standoff};
use crate::reader::Compression;
use crate::whole;
use cursor::Cursor;
use finished_shard::FinishedShard;

/// Joins shards, each named as it was to `-o`. The names of the corpus go to `names`, or beside the
/// results. Also gives the files that were written.
///
/// # Errors
/// [`Error::Shards`] where one is missing, unfinished, there twice or not of the same
/// run; [`Error::Write`].
pub fn merge(
    shards: &[PathBuf],
    path: &Path,
    names: Option<&Path>,
    restart: bool,
) -> Result<(Finished, Output), Error> {
    let mut found = Vec::new();
    for shard in shards {
        found.push(FinishedShard::read(shard)?);
    }
    found.sort_by_key(|found| found.shard.number);
    check(&found)?;
    let Some(first) = found.first() else {
        return Err(Error::Shards("there are none".to_owned()));
    };
    let mut files = Output::new(path, Some(first.files.format))?;
    let mut plan = first.plan.clone();
    plan.options.remove(Plan::SHARD);
    if let Some(names) = names {
        if !plan.has_names() {
            let reason = "the shards have no names, as they were run with --no-names-index; leave out --names";
            return Err(Error::Shards(reason.to_owned()));
        }
        files = files.with_names(names)?;
        plan.options.extend(files.names_given());
    }
    let inputs: Vec<PathBuf> = found.iter().flat_map(|found| found.files.all()).collect();
    if let Some(path) = files.clash(&inputs) {
        return Err(Error::Clash { path });
    }
    let mut journal = match begin(&files, Journal::merging(plan), restart)? {
        Begun::Finished(finished) => return Ok((finished, files)),
        // An unfinished merge begins anew.
        Begun::Unfinished(journal) => Journal::merging(journal.plan),
    };
    for found in &found {
        found.check_lengths()?;
        journal.summary.merge(&found.counts);
        journal.seconds += found.seconds;
    }
    let parts = Parts::open(&files)?;
    whole::sweep(&files.wholes()).map_err(Error::writing(&files.path))?;
    journal.write(&files.journal())?;
    let joined = join(&found, parts, &files, &mut journal);
    let _held = joined.map_err(|error| with_limit(error, found.len()))?;
    if files.format == OutputFormat::Brat {
        standoff::join(found.iter().map(|found| &found.files), &files)?;
    }
    if journal.plan.has_names() {
        let notes: Vec<PathBuf> = found.iter().map(|found| found.files.notes()).collect();
        register::write(&notes, &files)?;
    }
    if files.format == OutputFormat::Brat {
        // The pairs are copied already; `publish` would make them anew from this file.
        remove(&Output::part(&files.path))?;
    }
    journal.complete = true;
    journal.write(&files.journal())?;
    let finished = publish(&files, &journal)?;
    Ok((finished, files))
}

/// Checks that the shards are all of one run, each there once.
fn check(found: &[FinishedShard]) -> Result<(), Error> {
    let Some(first) = found.first() else {
        return Ok(());
    };
    for (found, number) in found.iter().zip(1..) {
        let path = found.files.path.display();
        let mut plan = found.plan.clone();
        let shard = first.plan.options.get(Plan::SHARD).cloned();
        plan.options
            .insert(Plan::SHARD.to_owned(), shard.unwrap_or_default());
        if found.shard.of == first.shard.of
            && let Some(reason) = plan.difference(&first.plan)
        {
            return Err(Error::Shards(format!("{path} is of another run: {reason}")));
        }
        if found.shard.of != first.shard.of {
            let (one, other) = (first.shard, found.shard);
            return Err(Error::Shards(format!(
                "{path} is {other}, others are like {one}"
            )));
        }
        if found.shard.number != number {
            let of = first.shard.of;
            let what = if found.shard.number > number {
                "missing"
            } else {
                "there twice"
            };
            let number = number.min(found.shard.number);
            return Err(Error::Shards(format!("shard {number}/{of} is {what}")));
        }
    }
    let (there, of) = (found.len(), first.shard.of);
    match u32::try_from(there) == Ok(of) {
        true => Ok(()),
        false => Err(Error::Shards(format!(
            "shard {}/{of} is missing",
            there + 1
        ))),
    }
}

/// The files that grow.
struct Parts {
    output: Part,
    errors: Part,
}

impl Parts {
    /// Opens them empty.
    fn open(files: &Output) -> Result<Self, Error> {
        let open = |path: &Path, compression| Part::open(&Output::part(path), compression, 0);
        Ok(Self {
            output: open(&files.path, files.part_compression())?,
            errors: open(&files.errors(), Compression::None)?,
        })
    }
}

/// Interleaves the shards' documents by their numbers, in the blocks that one run would write. Gives the
/// results' file, which stays locked while it is open.
fn join(
    found: &[FinishedShard],
    parts: Parts,
    files: &Output,
    journal: &mut Journal,
) -> Result<Option<Part>, Error> {
    let Parts {
        mut output,
        mut errors,
    } = parts;
    let option = |name: &str| journal.plan.options.get(name);
    let checkpoint = option("--checkpoint").and_then(|size| size.parse().ok());
    let checkpoint = checkpoint.unwrap_or(usize::MAX);
    let unit = option("--offsets").and_then(|unit| unit.parse().ok());
    let writing = Error::writing(&files.path);
    let mut cursors = Vec::new();
    let mut block = Block::default();
    for found in found {
        let (cursor, before) = Cursor::open(found)?;
        // All shards begin with the same.
        block = before;
        cursors.push(cursor);
    }
    let mut append = |block: &mut Block| {
        output.append(&block.output)?;
        errors.append(&block.errors)?;
        block.clear();
        Ok(())
    };
    let mut expected = 0;
    while let Some(next) = cursors
        .iter_mut()
        .filter(|cursor| cursor.ordinal().is_some())
        .min_by_key(|cursor| cursor.ordinal())
    {
        if next.ordinal() != Some(expected) {
            return Err(not_one_corpus(next, expected));
        }
        next.take(&mut block)?;
        expected += 1;
        if block.is_full(checkpoint) {
            append(&mut block).map_err(&writing)?;
        }
    }
    let (mut writer, _) = files.format.writer(unit.unwrap_or_default());
    let mut end = Vec::new();
    writer.end(&mut end).map_err(&writing)?;
    for (found, cursor) in found.iter().zip(&mut cursors) {
        cursor.finish(found, &end)?;
    }
    block.output.extend(end);
    append(&mut block).map_err(&writing)?;
    output.finish().map_err(&writing)?;
    journal.lengths.output = output.len();
    journal.lengths.errors = errors.len();
    // Not every system renames files that are open.
    Ok(cfg!(unix).then_some(output))
}

/// Adds the way out to an error of too many open files: all shards are read side by side, each from at most
/// four files.
fn with_limit(error: Error, shards: usize) -> Error {
    // The Parquet library turns errors of the system into text.
    match cfg!(unix) && error.to_string().contains("(os error 24)") {
        true => Error::Shards(format!(
            "{error}; {shards} shards are open at once, raise `ulimit -n` to at least {}",
            shards * 4 + 20
        )),
        false => error,
    }
}

/// The error for a document that is missing or there twice: a corpus is numbered without gaps.
fn not_one_corpus(next: &Cursor, expected: u64) -> Error {
    let what = match next.ordinal() {
        Some(ordinal) if ordinal < expected => format!("document {ordinal} a second time"),
        _ => format!("no document {expected}, nor has any other"),
    };
    Error::Shards(format!(
        "{} has {what}; the shards have not read the same input, run them over it with --restart",
        next.index().display()
    ))
}
