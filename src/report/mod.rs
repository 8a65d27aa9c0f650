//! Results of a corpus to one web page: who, what and where, on a map and over time.
//!
//! | step | from | to |
//! |---|---|---|
//! | `read` | lines of results | documents, names and mentions |
//! | `Register` | names of all documents | names of the corpus, the first of which are shown |
//! | `collect` | documents, once more | for each name the documents that mention it most, with snippets |
//! | `page` | all that | HTML |
//!
//! Memory grows with the number of names shown and of documents shown for each, not with
//! the corpus.

mod collect;
mod map;
mod page;
mod read;
mod snippet;
mod texts;
mod topics;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::corpus::register::{At, Note, Register, Row};
use crate::reader::{Date, Reader, Walk};
use crate::{Error, Result, results, whole};
pub use page::grouped;
use read::Record;
use topics::Topics;

/// What a report shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The heading.
    pub title: String,
    /// Names to show, those in most documents first.
    pub names: usize,
    /// Documents to show with each name, those that mention it most.
    pub documents: usize,
    /// The field with a document's date; `None` looks in [`crate::reader::DATE_FIELDS`].
    pub date_field: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: "Names in the news".to_owned(),
            names: 10_000,
            documents: 8,
            date_field: None,
        }
    }
}

/// Where texts are that results do not hold.
#[derive(Debug, Clone)]
pub struct Input {
    /// What was tagged.
    pub walk: Walk,
    /// How it was read.
    pub reader: Reader,
}

/// What a report was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Made {
    /// Documents, the failed ones included.
    pub documents: u64,
    /// Documents that failed when they were tagged.
    pub failed: u64,
    /// Documents whose text was not found: their names have no snippets there.
    pub without_text: u64,
    /// Different names.
    pub names: u64,
    /// Names in the page.
    pub shown: u64,
}

/// Counts over all documents.
#[derive(Default)]
struct Counts {
    made: Made,
    words: u64,
    /// Different names by label.
    labels: BTreeMap<String, u64>,
    /// The first and the last day.
    dates: Option<(Date, Date)>,
    topics: Topics,
}

/// Makes a report of `results`, the JSONL that [`crate::corpus::annotate`] writes, plain or
/// compressed. It is read twice.
///
/// # Errors
/// [`Error::Results`] for what is no such file or changes meanwhile, [`Error::Read`], [`Error::Option`] where the
/// input does not hold the documents, [`Error::Temporary`] for names that do not fit into
/// memory and cannot be put elsewhere, and [`Error::Report`] where `out` cannot be written.
pub fn write(
    results: &Path,
    input: Option<&Input>,
    options: &Options,
    out: &mut dyn Write,
) -> Result<Made> {
    let mut counts = Counts::default();
    let names = count(results, options, &mut counts)?;
    let collected = collect::collect(results, input, options, names, &mut counts)?;
    page::write(out, options, &counts, &collected).map_err(Error::Report)?;
    Ok(counts.made)
}

/// Makes a report as [`write()`] does, and puts it in the place of a file when it is complete.
///
/// # Errors
/// As for [`write()`], and [`Error::Write`].
pub fn save(results: &Path, input: Option<&Input>, options: &Options, path: &Path) -> Result<Made> {
    whole::write(path, Error::writing(path), |out| {
        write(results, input, options, out).map_err(|error| match error {
            Error::Report(source) => Error::writing(path)(source),
            error => error,
        })
    })
}

/// The file of results in a directory that `newshound annotate` wrote, or the file itself.
///
/// # Errors
/// [`Error::Results`] where the directory has none in JSONL, or for a pipe, which cannot be read twice.
pub fn results(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return match path.metadata() {
            Ok(found) if found.is_file() => Ok(path.to_owned()),
            Ok(_) => Err(Error::Results {
                path: path.to_owned(),
                message:
                    "it is no file, and a report reads the results twice; write them to a file"
                        .to_owned(),
            }),
            Err(source) => Err(Error::reading(path)(source)),
        };
    }
    let file = path.join("annotations.jsonl");
    match file.is_file() {
        true => Ok(file),
        false => Err(Error::Results {
            path: path.to_owned(),
            message: "there is no annotations.jsonl in it; name the file, or run newshound annotate with -f jsonl until it is done".to_owned(),
        }),
    }
}

/// Counts all documents, and finds the names to show.
fn count(results: &Path, options: &Options, counts: &mut Counts) -> Result<Vec<Row>> {
    let spill = std::env::temp_dir();
    let mut register = Register::new(&spill);
    for (line, number) in results::read(results)?.zip(0..) {
        let record = Record::from(line?);
        counts.made.documents += 1;
        if record.failed {
            counts.made.failed += 1;
            continue;
        }
        counts.words += record.words;
        let date = Date::of(&record.metadata, options.date_field.as_deref());
        if let Some(date) = date {
            let (first, last) = counts.dates.unwrap_or((date, date));
            counts.dates = Some((first.min(date), last.max(date)));
        }
        counts.topics.add(&record.topics, date);
        let id = record.id;
        let note = Note::new(At { number, id, date }, record.names);
        register.add(note).map_err(Error::Temporary)?;
    }
    let mut shown = Vec::new();
    for row in register.names().map_err(Error::Temporary)? {
        let (_, row) = row.map_err(Error::Temporary)?;
        counts.made.names += 1;
        *counts.labels.entry(row.found.label.clone()).or_default() += 1;
        if shown.len() < options.names {
            shown.push(row);
        }
    }
    counts.made.shown = shown.len() as u64;
    Ok(shown)
}
