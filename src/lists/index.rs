//! An index from surfaces to the rows of all lists.
//!
//! Surfaces in lower case are the keys of a finite-state transducer (the `fst` crate), which takes a
//! few bytes for each. The rows of a key are consecutive in one vector; their texts are in one buffer.

use std::path::{Path, PathBuf};

use fst::raw::{Fst, Output};

use super::fold::lower;
use super::read::{Row, read, wrong};
use crate::document::Word;
use crate::reader::Input;
use crate::spaces::one_line_into;
use crate::{Error, Result};

/// A row, with the byte lengths of its cells.
#[derive(Debug, Clone, Copy)]
struct StoredRow {
    /// Where its surface, id and canonical name start in the buffer, one after the other.
    at: u64,
    surface: u16,
    id: u16,
    canonical: u16,
    label: u16,
    list: u16,
    exact: bool,
    /// Whether it is the first row of its key.
    first: bool,
    line: u32,
}

/// What a list says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry<'l> {
    /// How it is written, runs of white space as single blanks.
    pub surface: &'l str,
    /// Its label.
    pub label: &'l str,
    /// Its id, if it has one.
    pub id: Option<&'l str>,
    /// Its canonical name; the surface where none is given.
    pub canonical: &'l str,
}

/// A label, and the list and line where it occurs first.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub(super) name: String,
    list: u16,
    line: usize,
}

/// All rows, by key.
pub(super) struct Index {
    fst: Fst<Vec<u8>>,
    rows: Vec<StoredRow>,
    buffer: Vec<u8>,
    pub(super) labels: Vec<Label>,
    paths: Vec<PathBuf>,
}

/// The rows read so far, in the order of the lists.
#[derive(Default)]
struct Draft {
    rows: Vec<StoredRow>,
    buffer: Vec<u8>,
    /// The keys of all rows, one after the other.
    keys: Vec<u8>,
    /// For each row, where its key ends.
    ends: Vec<usize>,
    labels: Vec<Label>,
}

impl Draft {
    fn add(&mut self, path: &Path, list: u16, row: &Row<'_>) -> Result<()> {
        let label = match self.labels.iter().position(|label| label.name == row.label) {
            Some(at) => at,
            None => {
                self.labels.push(Label {
                    name: row.label.to_owned(),
                    list,
                    line: row.line,
                });
                self.labels.len() - 1
            }
        };
        let many = |_| wrong(path, row.line, "more labels or lines than a list can have");
        // A canonical name that equals the surface is not stored twice.
        let canonical = match row.canonical == row.surface {
            true => "",
            false => row.canonical,
        };
        let length = |cell: &str| u16::try_from(cell.len()).unwrap_or(u16::MAX);
        self.rows.push(StoredRow {
            at: self.buffer.len() as u64,
            surface: length(row.surface),
            id: length(row.id),
            canonical: length(canonical),
            label: u16::try_from(label).map_err(many)?,
            list,
            exact: row.exact,
            first: false,
            line: u32::try_from(row.line).map_err(many)?,
        });
        for cell in [row.surface, row.id, canonical] {
            self.buffer.extend_from_slice(cell.as_bytes());
        }
        match row.surface.is_ascii() {
            true => {
                let bytes = row.surface.bytes();
                self.keys
                    .extend(bytes.map(|byte| byte.to_ascii_lowercase()));
            }
            false => self.keys.extend(lower(row.surface)),
        }
        self.ends.push(self.keys.len());
        Ok(())
    }

    fn key(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(row).copied().unwrap_or_default();
        let start = start.copied().unwrap_or_default();
        self.keys.get(start..end).unwrap_or_default()
    }

    fn surface(&self, row: u32) -> &[u8] {
        let kept = self.rows.get(row as usize);
        let surface = kept.and_then(|row| {
            let start = usize::try_from(row.at).ok()?;
            self.buffer.get(start..start + usize::from(row.surface))
        });
        surface.unwrap_or_default()
    }

    /// Sorts the rows by key, then surface, then position in the lists.
    fn finish(self, paths: Vec<PathBuf>) -> Result<Index> {
        let many = |_| Error::Option("lists of more than 4,294,967,295 rows".to_owned());
        let rows = u32::try_from(self.rows.len()).map_err(many)?;
        // The first eight bytes of a key are sorted with its row: most keys differ in them.
        let start = |key: &[u8]| {
            let mut start = [0; 8];
            for (to, from) in start.iter_mut().zip(key) {
                *to = *from;
            }
            u64::from_be_bytes(start)
        };
        let row = |row| (start(self.key(row)), row);
        let mut order: Vec<(u64, u32)> = (0..rows).map(row).collect();
        order.sort_unstable_by(|&(one, a), &(other, b)| {
            let keys = || self.key(a).cmp(self.key(b));
            let surfaces = || self.surface(a).cmp(self.surface(b));
            let starts = one.cmp(&other);
            starts.then_with(keys).then_with(surfaces).then(a.cmp(&b))
        });
        let unsorted = |e: fst::Error| Error::Option(format!("cannot index the lists: {e}"));
        let mut builder = fst::raw::Builder::memory();
        let mut sorted: Vec<StoredRow> = Vec::with_capacity(order.len());
        let mut before: Option<&[u8]> = None;
        for &(_, at) in &order {
            let key = self.key(at);
            let first = before != Some(key);
            if first {
                let row = Output::new(sorted.len() as u64);
                builder.insert(key, row.value()).map_err(unsorted)?;
                before = Some(key);
            }
            if let Some(row) = self.rows.get(at as usize) {
                sorted.push(StoredRow { first, ..*row });
            }
        }
        let fst = builder.into_inner().map_err(unsorted)?;
        let index = Index {
            fst: Fst::new(fst).map_err(unsorted)?,
            rows: sorted,
            buffer: self.buffer,
            labels: self.labels,
            paths,
        };
        index.check()?;
        Ok(index)
    }
}

impl Index {
    /// Reads lists; also returns the digest of each.
    pub(super) fn read(inputs: &[Input]) -> Result<(Self, Vec<String>)> {
        let (mut draft, mut digests) = (Draft::default(), Vec::new());
        let paths: Vec<PathBuf> = inputs.iter().map(Input::path).collect();
        for ((list, input), path) in inputs.iter().enumerate().zip(&paths) {
            let list = u16::try_from(list);
            let list = list.map_err(|_| Error::Option("more than 65,536 lists".to_owned()))?;
            digests.push(read(input, |row| draft.add(path, list, &row))?);
        }
        Ok((draft.finish(paths)?, digests))
    }

    /// The files.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Checks that no list has two different rows for one surface.
    fn check(&self) -> Result<()> {
        for (before, row) in self.rows.iter().zip(self.rows.iter().skip(1)) {
            let (one, other) = (self.entry(before), self.entry(row));
            if one.surface == other.surface
                && before.list == row.list
                && (one != other || before.exact != row.exact)
            {
                let path = self.paths.get(usize::from(row.list));
                let said = |entry: &Entry<'_>, row: &StoredRow| {
                    let id = entry.id.unwrap_or("no id");
                    let case = if row.exact { ", exact" } else { "" };
                    format!("{} ({id}, {:?}{case})", entry.label, entry.canonical)
                };
                let message = format!(
                    "{:?} is {} here and {} in line {}; keep one of the rows",
                    other.surface,
                    said(&other, row),
                    said(&one, before),
                    before.line
                );
                let path = path.map_or(Path::new(""), |path| path);
                return Err(wrong(path, row.line as usize, message));
            }
        }
        Ok(())
    }

    /// The first label that is not `known`, as an error.
    pub(super) fn unknown(&self, known: &[std::sync::Arc<str>]) -> Option<Error> {
        let unknown = |label: &&Label| !known.iter().any(|known| **known == *label.name);
        let label = self.labels.iter().find(unknown)?;
        let path = self.paths.get(usize::from(label.list))?;
        let message = format!(
            "the model has no label {}; its labels are {}",
            label.name,
            known.join(", ")
        );
        Some(wrong(path, label.line, message))
    }

    /// The row's entry.
    fn entry(&self, row: &StoredRow) -> Entry<'_> {
        let mut at = usize::try_from(row.at).unwrap_or(usize::MAX);
        let mut cell = |length: u16| {
            let start = at;
            at = at.saturating_add(usize::from(length));
            let bytes = self.buffer.get(start..at).unwrap_or_default();
            std::str::from_utf8(bytes).unwrap_or_default()
        };
        let (surface, id, canonical) = (cell(row.surface), cell(row.id), cell(row.canonical));
        let label = self.labels.get(usize::from(row.label));
        Entry {
            surface,
            label: label.map_or("", |label| &label.name),
            id: Some(id).filter(|id| !id.is_empty()),
            canonical: if canonical.is_empty() {
                surface
            } else {
                canonical
            },
        }
    }

    /// The longest name that starts at the first of `words`, with its number of words.
    pub(super) fn longest(&self, text: &str, words: &[Word]) -> Option<(usize, Entry<'_>)> {
        let start = words.first()?.start;
        let mut node = self.fst.root();
        let (mut output, mut ends) = (Output::zero(), Vec::new());
        let mut end = start;
        'words: for (at, word) in words.iter().enumerate() {
            let blank = if word.start > end { " " } else { "" };
            for byte in blank.bytes().chain(lower(word.surface(text))) {
                let Some(arc) = node.find_input(byte) else {
                    break 'words;
                };
                let arc = node.transition(arc);
                output = output.cat(arc.out);
                node = self.fst.node(arc.addr);
            }
            end = word.end;
            if node.is_final() {
                ends.push((at + 1, end, output.cat(node.final_output())));
            }
        }
        let mut written = String::new();
        ends.iter().rev().find_map(|(words, end, row)| {
            one_line_into(text.get(start..*end)?, &mut written);
            Some((*words, self.best_row(row.value(), &written)?))
        })
    }

    /// The row that fits `written` best, of a key whose rows start at `first`: the same case before
    /// another, then the earlier list, then the earlier line.
    fn best_row(&self, first: u64, written: &str) -> Option<Entry<'_>> {
        let rows = self.rows.get(usize::try_from(first).ok()?..)?;
        let same = rows.iter().skip(1).take_while(|row| !row.first);
        let (_, _, best) = rows
            .first()
            .into_iter()
            .chain(same)
            .filter_map(|row| {
                let entry = self.entry(row);
                let other_case = entry.surface != written;
                let fits = !(other_case && row.exact);
                fits.then_some((other_case, (row.list, row.line), entry))
            })
            .min()?;
        Some(best)
    }
}
