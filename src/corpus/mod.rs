//! Many documents: read, tagged and written in a stream, on all cores, in the order of
//! the input, so that nothing finished is ever lost.
//!
//! | step | from | to |
//! |---|---|---|
//! | plan | inputs, model, options | what must not change until the run is finished |
//! | feed | inputs | numbered documents, from where an earlier run stopped |
//! | pipeline | documents | batches tagged on all cores, in order |
//! | results | tagged documents | blocks of bytes |
//! | store | blocks | `.part` files and the journal |
//! | finish | `.part` files | results under their names, the summary |
//! | register | names of all documents | the corpus' names, each with its counts |
//!
//! The journal says how many bytes of each file are good, and which document comes next.
//! A block is on the disk before the journal counts it; what lies behind is cut off when
//! the run goes on. Where blocks end depends on the documents alone, so a run writes the
//! same bytes however often it was killed.

mod feed;
mod finish;
mod index;
mod journal;
mod merge;
mod output;
mod part;
mod pipeline;
mod plan;
pub(crate) mod register;
mod results;
mod shard;
mod standoff;
mod store;
mod summary;

use std::borrow::Borrow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use finish::Finished;
pub use merge::merge;
pub(crate) use output::GENERATOR;
pub use output::{Output, OutputFormat, is_report};
pub use shard::Shard;
pub use summary::Summary;

use crate::reader::{Reader, Walk};
use crate::{OffsetUnit, Tagger};
use feed::{Feed, Position};
use journal::Block;
use pipeline::Done;
use plan::{Plan, Scan};
use results::Results;
use store::{Begun, Store};

/// What to read and how to write it. The default reads nothing and writes JSONL with offsets in bytes.
///
/// ```no_run
/// use newshound::corpus::{self, Job, Outcome, Output, Progress};
/// use newshound::reader::Walk;
///
/// let tagger = newshound::Tagger::builder().build()?;
/// let files = Output::new("tagged/", None)?;
/// let job = Job {
///     walk: Walk::new(["archive"]),
///     format: files.format,
///     ..Job::default()
/// };
/// match corpus::annotate(&tagger, &job, &files, false, &Progress::default())? {
///     Outcome::Finished(finished) => println!("{}", finished.summary["documents"]),
///     Outcome::Stopped { documents } => println!("{documents} done"),
/// }
/// for line in newshound::results::read(&files.path)? {
///     println!("{}", line?.id);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Job {
    /// What to read.
    pub walk: Walk,
    /// How to read it.
    pub reader: Reader,
    /// What to write.
    pub format: OutputFormat,
    /// What offsets count.
    pub unit: OffsetUnit,
    /// Whether to write all texts.
    pub with_text: bool,
    /// Whether to write the names of the whole corpus.
    pub names: bool,
    /// The field of the metadata with a document's date; `None` looks in
    /// [`crate::reader::DATE_FIELDS`].
    pub date_field: Option<String>,
    /// The part of the corpus to tag; `None` is all of it.
    pub shard: Option<Shard>,
    /// Size of documents, in bytes, between two checkpoints. Their metadata does not count, but
    /// results of 32 times that size end with one as well.
    pub checkpoint: usize,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            walk: Walk::default(),
            reader: Reader::default(),
            format: OutputFormat::default(),
            unit: OffsetUnit::default(),
            with_text: false,
            names: true,
            date_field: None,
            shard: None,
            checkpoint: Self::CHECKPOINT,
        }
    }
}

/// Counters of a run, and a flag to stop it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Documents written, in this run.
    pub documents: AtomicU64,
    /// Words in them.
    pub words: AtomicU64,
    /// Documents that failed.
    pub failed: AtomicU64,
    /// Size of the input, in bytes.
    pub size: AtomicU64,
    /// Set to stop the run after the batches in flight.
    pub stop: AtomicBool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All documents are written.
    Finished(Finished),
    /// It was stopped, and goes on when it is run again.
    Stopped {
        /// Documents that are done.
        documents: u64,
    },
}

/// Why a run cannot begin or go on. What it has finished is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of another stage.
    #[error(transparent)]
    Stage(#[from] crate::Error),
    /// A file of the results cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run writes the file now.
    #[error(
        "cannot write {}: another newshound is writing it; wait for it, or write elsewhere",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// An unfinished run of another plan is there.
    #[error(
        "{} was begun differently: {reason}; run it as it was begun, or start over with --restart",
        path.display()
    )]
    Begun {
        /// The results.
        path: PathBuf,
        /// What is different.
        reason: String,
    },
    /// Other results are there.
    #[error(
        "{} is there already and not from this command: {reason}; write elsewhere, or over it with --restart",
        path.display()
    )]
    Exists {
        /// The results.
        path: PathBuf,
        /// What is different.
        reason: String,
    },
    /// A file would be written twice, or is also read.
    #[error("{} is read or written for something else in the same run; write elsewhere", path.display())]
    Clash {
        /// The file.
        path: PathBuf,
    },
    /// The journal cannot be read.
    #[error("the journal {} cannot be used: {reason}; start over with --restart", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Results lack some of what the journal says was written.
    #[error(
        "{} has {found} bytes, and the journal says that {noted} were written; start over with --restart",
        path.display()
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// Bytes that it has.
        found: u64,
        /// Bytes that it had.
        noted: u64,
    },
    /// A file of the user's stands where the journal goes.
    #[error("{} is no journal of newshound's; write elsewhere, or move it away", .0.display())]
    NoJournal(PathBuf),
    /// The input does not begin with the documents that were tagged before.
    #[error(
        "the input does not begin with the documents that were tagged before; give the same input, or start over with --restart"
    )]
    Differs,
    /// Shards that do not make up one corpus.
    #[error("cannot merge: {0}")]
    Shards(String),
    /// The threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(#[source] io::Error),
    /// A defect of newshound.
    #[error("reading or tagging panicked; this is a defect of newshound, please report it")]
    Panicked,
}

impl Error {
    fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        let reading = crate::Error::reading(path);
        move |source| reading(source).into()
    }

    fn writing(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write {
            path: path.clone(),
            source,
        }
    }
}

impl Job {
    /// The default of [`Job::checkpoint`](Self#structfield.checkpoint).
    pub const CHECKPOINT: usize = 512 << 10;

    /// Refuses a glob or a shard that makes no sense.
    fn check(&self) -> Result<(), crate::Error> {
        self.walk.check()?;
        self.shard.map_or(Ok(()), Shard::check)
    }

    /// What the results depend on, the settings of the tagger included. Looks at every file of the input,
    /// without reading it.
    fn plan(&self, tagger: &Tagger) -> Result<Plan, crate::Error> {
        self.check()?;
        let mut options = tagger.settings()?;
        let mut add = |name: &str, value: String| options.insert(name.to_owned(), value);
        add("--format", self.format.key().to_owned());
        add("--offsets", self.unit.to_string());
        add("--with-text", self.with_text.to_string());
        add("--checkpoint", self.checkpoint.to_string());
        add("--text-field", self.reader.text_field.clone());
        add("--id-field", self.reader.id_field.clone());
        if let Some(format) = self.reader.format {
            add("--input-format", format!("{format:?}"));
        }
        if let Some(encoding) = self.reader.encoding {
            add("--encoding", encoding.name().to_owned());
        }
        if !self.names {
            add(Plan::NO_NAMES, true.to_string());
        }
        if let Some(field) = &self.date_field {
            add("--date-field", field.clone());
        }
        if let Some(shard) = self.shard {
            add(Plan::SHARD, shard.to_string());
        }
        let model = tagger.model();
        Ok(Plan {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: format!("{} sha256:{}", model.name(), model.digest()),
            input: Scan::of(&self.walk),
            options,
        })
    }
}

/// Runs a job and writes files, or goes on with a run that was stopped. Results get their names
/// when they are complete; a finished run is not repeated.
///
/// A tagger that is passed by value is dropped before the names of the corpus are added up, so that
/// its memory is free for them.
///
/// # Errors
/// [`Error`]; what is finished is kept, and the run goes on when it is started again. The job and
/// `files` must have the same format.
pub fn annotate(
    tagger: impl Borrow<Tagger>,
    job: &Job,
    files: &Output,
    restart: bool,
    progress: &Progress,
) -> Result<Outcome, Error> {
    if job.format != files.format {
        let message = format!(
            "the job is to write {}, and its output is for {}; give both one format",
            job.format, files.format
        );
        return Err(crate::Error::Option(message).into());
    }
    let inputs = &job.walk.paths;
    if let Some(path) = files
        .clash(inputs)
        .or_else(|| files.result_that_is_input(inputs))
    {
        return Err(Error::Clash { path });
    }
    let mut job = job.clone();
    job.walk.exclude.extend(files.all());
    let mut plan = job.plan(tagger.borrow())?;
    plan.options.extend(files.names_given());
    progress.size.store(plan.input.bytes, Ordering::Relaxed);
    let mut store = match Store::open(files, plan, restart)? {
        Begun::Finished(finished) if finished.before && job.walk.is_piped() => {
            return Err(Error::Exists {
                path: files.path.clone(),
                reason: "what comes through a pipe cannot be compared with what came before"
                    .to_owned(),
            });
        }
        Begun::Finished(finished) => return Ok(Outcome::Finished(finished)),
        Begun::Unfinished(store) => *store,
    };
    let mut position = store.position().clone();
    let (block, summary) = store.resume();
    let fresh = position == Position::default() && block == Block::default();
    let mut results = Results::new(&job, block, summary);
    if fresh {
        results.begin().map_err(Error::writing(&files.path))?;
    }
    let feed = Feed::new(&job.walk, &job.reader, job.shard, position.clone());
    let written = pipeline::run(tagger.borrow(), feed, &progress.stop, |batch| {
        for done in batch {
            add(&mut results, &done, progress).map_err(Error::writing(&files.path))?;
            position = done.0.after;
            if results.block.is_full(job.checkpoint) {
                store.append(&results.block, &mut results.summary, &position)?;
                results.block.clear();
            }
        }
        Ok(())
    });
    // After an error the journal stays as it is: it counts what is on the disk.
    written?;
    // Adding up names takes memory, and needs no model.
    drop(tagger);
    if !progress.stop.load(Ordering::Relaxed) {
        results.end().map_err(Error::writing(&files.path))?;
        store.append(&results.block, &mut results.summary, &position)?;
        let summary = results.summary;
        return store.complete(summary).map(Outcome::Finished);
    }
    let documents = results.summary.documents;
    store.keep(results.block, results.summary, position)?;
    Ok(Outcome::Stopped { documents })
}

/// Runs a job as a filter: results to `out`, and a line of JSON for each failed document
/// to `errors`. The run goes on where `errors` takes no more.
///
/// # Errors
/// [`Error::Write`] where `out` or `errors` cannot be written, errors of the tagger, and
/// [`crate::Error::Option`] for a glob or shard that makes no sense, and for Parquet and brat, which
/// are no streams.
pub fn filter(
    tagger: &Tagger,
    job: &Job,
    out: &mut dyn Write,
    errors: &mut dyn Write,
    progress: &Progress,
) -> Result<Summary, Error> {
    job.check()?;
    if matches!(job.format, OutputFormat::Parquet | OutputFormat::Brat) {
        let message = format!(
            "{} cannot be written to standard output; name a file with -o",
            job.format
        );
        return Err(crate::Error::Option(message).into());
    }
    let failed = |source| Error::Write {
        path: PathBuf::from("standard output"),
        source,
    };
    let mut results = Results::new(job, Block::default(), Summary::default());
    results.begin().map_err(failed)?;
    let feed = Feed::new(&job.walk, &job.reader, job.shard, Position::default());
    let mut flush = |block: &mut Block| {
        out.write_all(&block.output)?;
        // Where no one reads them, the results still go on, and the summary counts the failed ones.
        let _ = errors.write_all(&block.errors);
        block.clear();
        out.flush()
    };
    pipeline::run(tagger, feed, &progress.stop, |batch| {
        for done in &batch {
            add(&mut results, done, progress).map_err(failed)?;
        }
        flush(&mut results.block).map_err(failed)
    })?;
    results.end().map_err(failed)?;
    flush(&mut results.block).map_err(failed)?;
    Ok(results.summary)
}

/// Writes one document and counts it.
fn add(results: &mut Results, (numbered, document): &Done, progress: &Progress) -> io::Result<()> {
    results.add(numbered, document)?;
    progress.documents.fetch_add(1, Ordering::Relaxed);
    match document {
        Ok(document) => {
            let words = document.stats.words as u64;
            progress.words.fetch_add(words, Ordering::Relaxed);
        }
        Err(_) => {
            progress.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
