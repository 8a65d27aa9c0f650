//! brat's standoff: a pair of files for each document, its text and its annotations.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use tempfile::TempDir;

use super::index::{Lines, torn};
use super::results::OVERHEAD;
use super::{Error, Output};
use crate::document::{Document, Span};
use crate::names::Name;
use crate::whole;
use crate::writer;

/// Digits of a document's number in the names of its files, at least.
const DIGITS: usize = 8;

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
pub(super) fn make(spool: &Path, files: &Output) -> io::Result<()> {
    let made = whole::directory(&files.path)?;
    let new = made.path();
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
        let name = format!("{ordinal:0DIGITS$}-{}", slug(&line.id));
        let mut annotations = Vec::new();
        writer::brat(&mut annotations, &document)?;
        fs::write(new.join(format!("{name}.txt")), &document.text)?;
        fs::write(new.join(format!("{name}.ann")), &annotations)?;
    }
    put(made, &files.path)
}

/// Gives a directory its name. Where one is already its pairs are replaced, and what else is in it stays.
fn put(made: TempDir, path: &Path) -> io::Result<()> {
    if !path.exists() {
        return fs::rename(made.keep(), path);
    }
    let remove = |entry: io::Result<DirEntry>| {
        let path = entry?.path();
        match place(&path) {
            Some(_) => fs::remove_file(path),
            None => Ok(()),
        }
    };
    fs::read_dir(path)?.try_for_each(remove)?;
    for entry in fs::read_dir(made.path())? {
        let entry = entry?;
        fs::rename(entry.path(), path.join(entry.file_name()))?;
    }
    Ok(())
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

/// Puts the pairs of files of all shards into one directory; their names tell them apart.
pub(super) fn join<'f>(
    shards: impl Iterator<Item = &'f Output>,
    files: &Output,
) -> Result<(), Error> {
    let writing = Error::writing(&files.path);
    let made = whole::directory(&files.path).map_err(&writing)?;
    for shard in shards {
        copy(shard, made.path())?;
    }
    put(made, &files.path).map_err(writing)
}

/// Copies a shard's pairs, which are those of its index. Other files are not of its run.
fn copy(shard: &Output, new: &Path) -> Result<(), Error> {
    let dir = &shard.path;
    let reading = Error::reading(dir);
    let mut texts = lengths(shard)?;
    let mut annotations: BTreeMap<u64, u64> = texts.clone();
    for entry in fs::read_dir(dir).map_err(&reading)? {
        let path = entry.map_err(&reading)?.path();
        let Some((ordinal, kind)) = place(&path) else {
            continue;
        };
        let wanted = match kind {
            Kind::Text => texts.remove(&ordinal),
            Kind::Annotations => annotations.remove(&ordinal),
        };
        let bytes = fs::read(&path).map_err(Error::reading(&path))?;
        let whole = match kind {
            Kind::Text => wanted == Some(bytes.len() as u64),
            Kind::Annotations => bytes.is_empty() || bytes.ends_with(b"\n"),
        };
        match wanted {
            None => {
                return Err(torn(
                    &path,
                    "is not in the index of its shard, or there twice",
                ));
            }
            Some(_) if !whole => return Err(torn(&path, "is not as it was written")),
            Some(_) => {}
        }
        let copy = new.join(path.file_name().unwrap_or_default());
        fs::write(&copy, &bytes).map_err(Error::writing(&copy))?;
    }
    match texts.len() + annotations.len() {
        0 => Ok(()),
        missing => Err(torn(
            dir,
            &format!("lacks {missing} files that its run wrote"),
        )),
    }
}

/// How long the texts of a shard's documents are, by number.
fn lengths(shard: &Output) -> Result<BTreeMap<u64, u64>, Error> {
    let mut index = Lines::open(shard.index())?;
    let mut lengths = BTreeMap::new();
    while let Some(head) = index.head()? {
        if let Some(ordinal) = head.ordinal.filter(|_| !head.failed) {
            lengths.insert(ordinal, head.size.saturating_sub(OVERHEAD) as u64);
        }
    }
    Ok(lengths)
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Annotations,
}

/// The document that a file of a pair belongs to.
fn place(path: &Path) -> Option<(u64, Kind)> {
    let kind = match path.extension().and_then(OsStr::to_str)? {
        "txt" => Kind::Text,
        "ann" => Kind::Annotations,
        _ => return None,
    };
    let (ordinal, _) = path.file_name()?.to_str()?.split_once('-')?;
    let digits = ordinal.len() >= DIGITS && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    Some((ordinal.parse().ok().filter(|_| digits)?, kind))
}
