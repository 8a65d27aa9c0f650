//! brat's standoff: a pair of files for each document, its text and its annotations.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use super::index::{Lines, torn};
use super::results::OVERHEAD;
use super::{Error, Output, Plan};
use crate::document::{Document, Span};
use crate::results::Line;
use crate::whole;
use crate::writer;

/// Digits of a document's number in the names of its files, at least.
const DIGITS: usize = 8;

/// Turns lines of JSON into pairs of files. Their names start with the document's number, since
/// ids need not be unique.
pub(super) fn make(spool: &Path, files: &Output, plan: &Plan) -> Result<(), Error> {
    let writing = Error::writing(&files.path);
    let reading = Error::reading(spool);
    let made = whole::directory(&files.path).map_err(&writing)?;
    let mut ordinals = Ordinals::of(files, plan)?;
    for line in BufReader::new(File::open(spool).map_err(&reading)?).lines() {
        let ordinal = ordinals.next()?;
        let line = serde_json::from_str(&line.map_err(&reading)?);
        write_pair(made.path(), ordinal, line.map_err(|e| reading(e.into()))?).map_err(&writing)?;
    }
    put(made, files).map_err(writing)
}

/// Writes the pair of a document, if it did not fail.
fn write_pair(dir: &Path, ordinal: u64, line: Line) -> io::Result<()> {
    let Some(text) = line.text else {
        return Ok(());
    };
    let spans = line.entities.into_iter().map(|entity| Span {
        start: entity.start,
        end: entity.end,
        label: entity.label,
        score: entity.score,
        name: entity.entity,
    });
    let document = Document {
        text,
        spans: spans.collect(),
        names: line.names,
        ..Document::default()
    };
    let name = format!("{ordinal:0DIGITS$}-{}", slug(&line.id));
    let mut annotations = Vec::new();
    writer::brat(&mut annotations, &document)?;
    fs::write(dir.join(format!("{name}.txt")), &document.text)?;
    fs::write(dir.join(format!("{name}.ann")), &annotations)
}

/// Gives a directory its final name. Where that exists already, the pairs of the earlier run are replaced and
/// other files stay.
fn put(made: TempDir, files: &Output) -> io::Result<()> {
    let path = &files.path;
    if !path.exists() {
        return whole::replace(made, path);
    }
    whole::sync_files(made.path())?;
    let earlier = earlier(files);
    let remove = |entry: io::Result<DirEntry>| {
        let text = entry?.path();
        let annotations = text.with_extension("ann");
        let is_ours =
            matches!(ordinal_and_kind(&text), Some((ordinal, Kind::Text)) if earlier(ordinal));
        if is_ours && text.is_file() && annotations.is_file() {
            fs::remove_file(text)?;
            fs::remove_file(annotations)?;
        }
        Ok::<_, io::Error>(())
    };
    fs::read_dir(path)?.try_for_each(remove)?;
    for entry in fs::read_dir(made.path())? {
        let entry = entry?;
        fs::rename(entry.path(), path.join(entry.file_name()))?;
    }
    whole::sync(path)
}

/// Whether the run whose results exist had a document of a number; false for all without its summary.
fn earlier(files: &Output) -> Box<dyn Fn(u64) -> bool> {
    let summary = files.read_summary();
    match summary.get("run").map(Plan::deserialize) {
        Some(Ok(plan)) if plan.is_shard() => {
            let lengths = lengths(files).unwrap_or_default();
            Box::new(move |ordinal| lengths.contains_key(&ordinal))
        }
        Some(Ok(_)) => {
            let documents = summary.get("documents").and_then(Value::as_u64);
            Box::new(move |ordinal| Some(ordinal) < documents)
        }
        _ => Box::new(|_| false),
    }
}

/// The numbers of the lines' documents in the whole corpus.
enum Ordinals {
    /// One after another.
    Counted(u64),
    /// Those in a shard's index.
    Indexed(Lines),
}

impl Ordinals {
    fn of(files: &Output, plan: &Plan) -> Result<Self, Error> {
        match plan.is_shard() {
            true => Lines::open(Output::part(&files.index())).map(Self::Indexed),
            false => Ok(Self::Counted(0)),
        }
    }

    fn next(&mut self) -> Result<u64, Error> {
        match self {
            Self::Counted(next) => {
                *next += 1;
                Ok(*next - 1)
            }
            Self::Indexed(lines) => {
                while let Some(entry) = lines.entry()? {
                    if let Some(ordinal) = entry.ordinal {
                        return Ok(ordinal);
                    }
                }
                Err(torn(lines.path(), "has fewer lines than documents"))
            }
        }
    }
}

/// An id as part of a file's name, 200 bytes at most.
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

/// Copies the pairs of all shards into one directory; their numbers tell them apart.
pub(super) fn join<'f>(
    shards: impl Iterator<Item = &'f Output>,
    files: &Output,
) -> Result<(), Error> {
    let writing = Error::writing(&files.path);
    let made = whole::directory(&files.path).map_err(&writing)?;
    for shard in shards {
        copy(shard, made.path())?;
    }
    put(made, files).map_err(writing)
}

/// Copies a shard's pairs and checks them against its index. Files with higher numbers are not of its run.
fn copy(shard: &Output, new: &Path) -> Result<(), Error> {
    let dir = &shard.path;
    let reading = Error::reading(dir);
    let mut texts = lengths(shard)?;
    let mut annotations: BTreeMap<u64, u64> = texts.clone();
    let last = texts.keys().next_back().copied();
    for entry in fs::read_dir(dir).map_err(&reading)? {
        let path = entry.map_err(&reading)?.path();
        let Some((ordinal, kind)) = ordinal_and_kind(&path) else {
            continue;
        };
        if Some(ordinal) > last {
            continue;
        }
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
                    "is not in the index of its shard, or there twice; move it away if it is your own",
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

/// Bytes of each text of a shard, by the document's number.
fn lengths(shard: &Output) -> Result<BTreeMap<u64, u64>, Error> {
    let mut index = Lines::open(shard.index())?;
    let mut lengths = BTreeMap::new();
    while let Some(entry) = index.entry()? {
        if let Some(ordinal) = entry.ordinal.filter(|_| !entry.failed) {
            lengths.insert(ordinal, entry.size.saturating_sub(OVERHEAD) as u64);
        }
    }
    Ok(lengths)
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Annotations,
}

/// The document's number and the file's kind, where a file has the name of one of a pair.
fn ordinal_and_kind(path: &Path) -> Option<(u64, Kind)> {
    let kind = match path.extension().and_then(OsStr::to_str)? {
        "txt" => Kind::Text,
        "ann" => Kind::Annotations,
        _ => return None,
    };
    let (number, id) = path.file_stem()?.to_str()?.split_once('-')?;
    let ordinal: u64 = number.parse().ok()?;
    let made = number == format!("{ordinal:0DIGITS$}") && id == slug(id);
    made.then_some((ordinal, kind))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::corpus::{OutputFormat, Scan};

    const SPOOL: &str = "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":\"y\"}\n";

    /// A directory for results, lines of JSON to turn into pairs, and the plan of a shard.
    fn place() -> (TempDir, Output, PathBuf, Plan) {
        let dir = TempDir::new().unwrap();
        let files = Output::new(dir.path(), Some(OutputFormat::Brat)).unwrap();
        let spool = Output::part(&files.path);
        fs::write(&spool, SPOOL).unwrap();
        let plan = Plan {
            version: String::new(),
            model: String::new(),
            input: Scan::default(),
            options: BTreeMap::from([(Plan::SHARD.to_owned(), "1/2".to_owned())]),
        };
        (dir, files, spool, plan)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let name = |entry: io::Result<DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_index_that_is_damaged_gives_no_pair_another_documents_number() {
        let (_dir, files, spool, plan) = place();
        let index = Output::part(&files.index());
        for (lines, wanted) in [
            ("0 0 begin\n9 9 3 ok\n9 9 7 ok\n", None),
            (
                "0 0 begin\n9 9 x ok\n9 9 7 ok\n9 9 8 ok\n",
                Some("no place of a document"),
            ),
            ("0 0 begin\n9 9 3 ok\n", Some("fewer lines than documents")),
        ] {
            fs::write(&index, lines).unwrap();
            let made = make(&spool, &files, &plan);
            match wanted {
                None => made.unwrap(),
                Some(wanted) => {
                    let refused = made.unwrap_err().to_string();
                    assert!(
                        refused.contains(wanted) && refused.contains("--restart"),
                        "{refused}"
                    );
                }
            }
            let pairs = [
                "00000003-a.ann",
                "00000003-a.txt",
                "00000007-b.ann",
                "00000007-b.txt",
            ];
            assert_eq!(names(&files.path), pairs);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_directory_of_pairs_stays_one_wherever_it_leads() {
        use std::os::unix::fs::symlink;

        // Another file system, where there is one to write to.
        let far = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        let far = far.unwrap();
        for made in [true, false] {
            let (_dir, files, spool, mut plan) = place();
            plan.options.clear();
            let target = far.path().join(made.to_string());
            if made {
                fs::create_dir(&target).unwrap();
                fs::write(target.join("annotation.conf"), "mine").unwrap();
            }
            symlink(&target, &files.path).unwrap();
            // A missing target is created.
            make(&spool, &files, &plan).unwrap();
            assert!(files.path.is_symlink());
            assert_eq!(names(&target).len(), 4 + usize::from(made));
            let left = names(far.path())
                .into_iter()
                .filter(|name| name.starts_with('.'));
            assert_eq!(left.count(), 0);
        }
    }
}
