//! The end of a run: results get their names, the summary is written.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journal::Journal;
use super::part::{replace, suffixed, sync_dir};
use super::register;
use super::store::remove;
use super::{Error, Output, OutputFormat, Plan, Summary};
use crate::document::{Document, Span};
use crate::names::Name;
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

    /// Results that are there already. Others than those of `plan` are an error, unless
    /// they are to be written anew.
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

/// Names the files of a complete run. Can be gone on with wherever it was interrupted.
pub(super) fn publish(files: &Output, journal: &Journal) -> Result<Finished, Error> {
    let part = Output::part(&files.path);
    if part.is_file() {
        let made = match files.format {
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => columns(&part, &files.path),
            OutputFormat::Brat => standoff(&part, files),
            _ => fs::rename(&part, &files.path),
        };
        made.map_err(Error::writing(&files.path))?;
        remove(&part)?;
    }
    names(files, &journal.plan)?;
    let index = files.index();
    for (path, wanted) in [
        (files.errors(), journal.lengths.errors > 0),
        (index, journal.plan.is_shard()),
        (
            files.notes(),
            journal.plan.is_shard() && journal.plan.has_names(),
        ),
    ] {
        let part = Output::part(&path);
        match (wanted, part.exists()) {
            (true, true) => fs::rename(&part, &path).map_err(Error::writing(&path))?,
            (true, false) => {}
            (false, _) => {
                remove(&part)?;
                remove(&path)?;
            }
        }
    }
    let summary = summary(&journal.summary, &journal.plan, journal.seconds)?;
    let path = files.summary();
    let mut text = serde_json::to_vec_pretty(&summary).map_err(io::Error::from);
    if let Ok(text) = &mut text {
        text.push(b'\n');
    }
    text.and_then(|text| replace(&path, &text))
        .map_err(Error::writing(&path))?;
    remove(&files.journal())?;
    sync_dir(&path).map_err(Error::writing(&path))?;
    Ok(Finished::new(summary, false))
}

/// The names of the corpus, of which a shard has only notes.
fn names(files: &Output, plan: &Plan) -> Result<(), Error> {
    if plan.is_shard() {
        return Ok(());
    }
    if !plan.has_names() {
        return remove(&files.names());
    }
    let notes = Output::part(&files.notes());
    if notes.is_file() {
        register::write(std::slice::from_ref(&notes), files)?;
        remove(&notes)?;
    }
    Ok(())
}

/// What `summary.json` holds. A shard's also has all its counts, to be added up.
pub(super) fn summary(counts: &Summary, plan: &Plan, seconds: f64) -> Result<Value, Error> {
    let mut summary = counts.to_json();
    let rounded = |number: f64| (number * 10.0).round() / 10.0;
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("seconds".to_owned(), json!(rounded(seconds)));
        #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let rate = counts.words as f64 / seconds.max(1e-3);
        fields.insert("words_per_second".to_owned(), json!(rounded(rate)));
        fields.insert("run".to_owned(), json!(plan));
        if plan.is_shard() {
            fields.insert("counts".to_owned(), json!(counts));
        }
    }
    Ok(summary)
}

/// Lines of JSON to Parquet, under its name when it is complete.
#[cfg(feature = "parquet")]
fn columns(spool: &Path, path: &Path) -> io::Result<()> {
    let new = suffixed(path, ".new");
    let out = File::create(&new)?;
    writer::parquet::from_jsonl(BufReader::new(File::open(spool)?), &out)?;
    out.sync_data()?;
    fs::rename(&new, path)
}

/// A line of JSON that is to become a pair of files.
#[derive(Deserialize)]
struct Line {
    id: String,
    text: Option<String>,
    #[serde(default)]
    entities: Vec<Entity>,
    #[serde(default)]
    names: Vec<Full>,
}

#[derive(Deserialize)]
struct Full {
    id: usize,
    label: String,
    name: String,
    mentions: usize,
}

#[derive(Deserialize)]
struct Entity {
    start: usize,
    end: usize,
    label: String,
    entity: Option<usize>,
}

/// Lines of JSON to pairs of files. Names start with the document's number, since ids
/// need not be different, nor file names.
fn standoff(spool: &Path, files: &Output) -> io::Result<()> {
    let new = &suffixed(&files.path, ".new");
    if new.exists() {
        fs::remove_dir_all(new)?;
    }
    fs::create_dir_all(new)?;
    let mut ordinals = ordinals(files)?;
    for line in BufReader::new(File::open(spool)?).lines() {
        let ordinal = ordinals.next().unwrap_or_default();
        let line: Line = serde_json::from_str(&line?)?;
        let Some(text) = line.text else { continue };
        let spans = line.entities.into_iter().map(|entity| Span {
            start: entity.start,
            end: entity.end,
            label: entity.label.into(),
            score: 1.0,
            name: entity.entity,
        });
        let names = line.names.into_iter().map(|full| Name {
            id: full.id,
            label: full.label.into(),
            name: full.name,
            mentions: full.mentions,
            place: None,
            country: None,
            link: None,
        });
        let document = Document {
            text,
            spans: spans.collect(),
            names: names.collect(),
            ..Document::default()
        };
        let name = format!("{ordinal:08}-{}", slug(&line.id));
        let mut annotations = Vec::new();
        writer::brat(&mut annotations, &document)?;
        fs::write(new.join(format!("{name}.txt")), &document.text)?;
        fs::write(new.join(format!("{name}.ann")), &annotations)?;
    }
    if files.path.exists() {
        fs::remove_dir_all(&files.path)?;
    }
    fs::rename(new, &files.path)
}

/// The numbers of the lines' documents in the whole corpus: those in a shard's index, or
/// one after another.
fn ordinals(files: &Output) -> io::Result<Box<dyn Iterator<Item = u64>>> {
    let index = match File::open(Output::part(&files.index())) {
        Ok(index) => index,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Box::new(0..)),
        Err(error) => return Err(error),
    };
    let lines = BufReader::new(index).lines().map_while(Result::ok);
    Ok(Box::new(lines.filter_map(|line| {
        line.split(' ')
            .nth(2)
            .and_then(|ordinal| ordinal.parse().ok())
    })))
}

/// An id as part of a file's name.
fn slug(id: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let slug: String = id.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    // File systems take 255 bytes; the end of an id tells more than its start.
    let from = slug.len().saturating_sub(200);
    let from = (from..slug.len()).find(|at| slug.is_char_boundary(*at));
    slug.get(from.unwrap_or_default()..)
        .unwrap_or_default()
        .to_owned()
}
