//! Finished shards to one whole, in the order of the input: the bytes are those of a run
//! over all of it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::finish::{Finished, publish};
use super::journal::{Block, Journal};
use super::part::{Part, suffixed};
use super::register;
use super::store::remove;
use super::{Error, Output, OutputFormat, Plan, Shard, Summary};
use crate::reader::{Compression, Input, Reader};

/// Joins shards, each given as it was to `-o`, and their names into `names`, or beside the
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
        found.push(Finding::read(shard)?);
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
    if let Some(finished) = Finished::of(&files, &plan, restart)? {
        return Ok((finished, files));
    }
    if let Some(dir) = files.path.parent() {
        fs::create_dir_all(dir).map_err(Error::writing(dir))?;
    }
    let mut journal = Journal::new(plan);
    for found in &found {
        journal.summary.merge(&found.counts);
        journal.seconds += found.seconds;
    }
    if files.format == OutputFormat::Brat {
        pairs(&found, &files).map_err(Error::writing(&files.path))?;
    }
    join(&found, &files, &mut journal)?;
    if journal.plan.has_names() {
        let notes: Vec<PathBuf> = found.iter().map(|found| found.files.notes()).collect();
        register::write(&notes, &files)?;
    }
    let finished = publish(&files, &journal)?;
    Ok((finished, files))
}

/// A finished shard.
struct Finding {
    files: Output,
    plan: Plan,
    shard: Shard,
    counts: Summary,
    seconds: f64,
}

impl Finding {
    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Shards(format!("{} {reason}", path.display()));
        let unfinished = "is no finished shard; run annotate --shard until it is done";
        let guess = Output::new(
            path,
            OutputFormat::of_name(path).or(Some(OutputFormat::Jsonl)),
        )?;
        let summary = fs::read(guess.summary()).map_err(|_| wrong(unfinished))?;
        let summary: Value = serde_json::from_slice(&summary).unwrap_or_default();
        let field = |name: &str| summary.get(name).unwrap_or(&Value::Null);
        let plan = Plan::deserialize(field("run")).map_err(|_| wrong(unfinished))?;
        let shard = plan.options.get(Plan::SHARD);
        let shard = shard.ok_or_else(|| wrong("is the whole corpus, not a shard"))?;
        let format = plan.options.get("--format").map(String::as_str);
        let format = format.and_then(|format| format.parse().ok());
        let counts = Summary::deserialize(field("counts"));
        Ok(Self {
            shard: shard.parse()?,
            files: Output::new(path, format)?,
            counts: counts.map_err(|_| wrong(unfinished))?,
            seconds: field("seconds").as_f64().unwrap_or_default(),
            plan,
        })
    }

    /// Whether so many documents, and failed ones, are all.
    fn check(&self, [documents, failed]: [u64; 2]) -> Result<(), Error> {
        let all = [self.counts.documents, self.counts.failed()];
        if [documents, failed] == all {
            return Ok(());
        }
        let (path, [documents_then, failed_then]) = (self.files.index(), all);
        Err(Error::Shards(format!(
            "{} has {documents} documents, {failed} of them failed, and the summary beside it {documents_then} and \
             {failed_then}; copy the whole shard again, or run it with --restart",
            path.display()
        )))
    }

    /// Opens the results for reading.
    fn open(&self) -> Result<Cursor, Error> {
        let cannot_read = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Stage(crate::Error::Read { path, source })
        };
        let lines = |path: PathBuf| match File::open(&path) {
            Ok(file) => Ok(BufReader::new(file)),
            Err(error) => Err(cannot_read(&path)(error)),
        };
        let errors = match self.counts.failed() {
            0 => None,
            _ => Some(lines(self.files.errors())?),
        };
        let output = match self.files.format {
            OutputFormat::Brat => Box::new(io::empty()),
            _ => Reader::default().bytes(&Input::File(self.files.path.clone()))?,
        };
        Ok(Cursor {
            index: lines(self.files.index())?,
            by_line: self.files.is_spooled(),
            output,
            errors,
            head: None,
            taken: [0; 2],
        })
    }
}

/// Checks that the shards are all of one run, each there once.
fn check(found: &[Finding]) -> Result<(), Error> {
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

/// A shard's results, a document at a time.
struct Cursor {
    index: BufReader<File>,
    output: Box<dyn BufRead + Send>,
    errors: Option<BufReader<File>>,
    /// Whether documents are lines of `output`, rather than as long as the index says.
    by_line: bool,
    head: Option<Head>,
    /// Documents, and failed ones, that were taken.
    taken: [u64; 2],
}

/// A line of the index.
struct Head {
    bytes: u64,
    size: usize,
    /// `None` for what stands before the first document.
    ordinal: Option<u64>,
    failed: bool,
}

impl Cursor {
    /// Moves on to the next line of the index.
    fn advance(&mut self) -> io::Result<()> {
        let mut line = String::new();
        self.index.read_line(&mut line)?;
        let mut fields = line.split_ascii_whitespace();
        let mut field = || fields.next().unwrap_or_default();
        self.head = match (line.is_empty(), field().parse(), field().parse()) {
            (true, ..) => None,
            (false, Ok(bytes), Ok(size)) => Some(Head {
                bytes,
                size,
                ordinal: field().parse().ok(),
                failed: field() == "failed",
            }),
            _ => return Err(io::Error::other("the index of a shard is damaged")),
        };
        Ok(())
    }

    /// Moves the results of the head into a block.
    fn take(&mut self, block: &mut Block) -> io::Result<()> {
        let Some(head) = self.head.take() else {
            return Ok(());
        };
        let copied = match self.by_line && head.ordinal.is_some() {
            true => self.output.read_until(b'\n', &mut block.output)? as u64,
            false => io::copy(
                &mut self.output.by_ref().take(head.bytes),
                &mut block.output,
            )?,
        };
        if copied < head.bytes && !self.by_line {
            return Err(io::Error::other(
                "the results of a shard are shorter than its index",
            ));
        }
        if let Some(errors) = self.errors.as_mut().filter(|_| head.failed) {
            errors.read_until(b'\n', &mut block.errors)?;
        }
        block.size += head.size;
        if head.ordinal.is_some() {
            self.taken[0] += 1;
            self.taken[1] += u64::from(head.failed);
        }
        self.advance()
    }
}

/// Interleaves the shards' documents by their numbers, in blocks as a run makes them.
fn join(found: &[Finding], files: &Output, journal: &mut Journal) -> Result<(), Error> {
    let checkpoint = journal.plan.options.get("--checkpoint");
    let checkpoint = checkpoint
        .and_then(|size| size.parse().ok())
        .unwrap_or(usize::MAX);
    let compression = match files.is_spooled() {
        true => Compression::None,
        false => files.compression,
    };
    let writing = Error::writing(&files.path);
    let part = |path: &Path, compression| {
        let path = Output::part(path);
        Part::open(&path, compression, 0).map_err(Error::writing(&path))
    };
    let mut output = part(&files.path, compression)?;
    let mut errors = part(&files.errors(), Compression::None)?;
    let mut cursors = Vec::new();
    let mut block = Block::default();
    for (at, found) in found.iter().enumerate() {
        let mut cursor = found.open()?;
        cursor.advance().map_err(&writing)?;
        let mut before = Block::default();
        cursor.take(&mut before).map_err(&writing)?;
        if at == 0 {
            block = before;
        }
        cursors.push(cursor);
    }
    let mut append = |block: &mut Block| {
        let block = std::mem::take(block);
        output.append(&block.output)?;
        errors.append(&block.errors)
    };
    let ordinal = |cursor: &&mut Cursor| cursor.head.as_ref().and_then(|head| head.ordinal);
    while let Some(next) = cursors
        .iter_mut()
        .filter(|cursor| ordinal(cursor).is_some())
        .min_by_key(ordinal)
    {
        next.take(&mut block).map_err(&writing)?;
        if block.size >= checkpoint {
            append(&mut block).map_err(&writing)?;
        }
    }
    for (found, cursor) in found.iter().zip(&cursors) {
        found.check(cursor.taken)?;
    }
    if let Some(first) = cursors.first_mut() {
        first
            .output
            .read_to_end(&mut block.output)
            .map_err(&writing)?;
    }
    append(&mut block).map_err(&writing)?;
    journal.lengths.output = output.len();
    journal.lengths.errors = errors.len();
    if files.format == OutputFormat::Brat {
        remove(output.path())?;
    }
    Ok(())
}

/// Puts the pairs of files of all shards into one directory; their names tell them apart.
fn pairs(found: &[Finding], files: &Output) -> io::Result<()> {
    let new = suffixed(&files.path, ".new");
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
    fs::create_dir_all(&new)?;
    for found in found {
        for entry in fs::read_dir(&found.files.path)? {
            let entry = entry?;
            fs::copy(entry.path(), new.join(entry.file_name()))?;
        }
    }
    if files.path.exists() {
        fs::remove_dir_all(&files.path)?;
    }
    fs::rename(new, &files.path)
}
