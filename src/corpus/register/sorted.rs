//! Rows in the order of their keys, those of one key added up, in bounded memory: what
//! does not fit is sorted onto the disk, in runs that are merged at the end.

use std::cmp::Reverse;
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek};
use std::path::{Path, PathBuf};

use super::Row;
use crate::writer::json_line;

/// Bytes of memory for rows, roughly; several sorters may be full at once.
const HELD: usize = 1 << 20;

/// Runs merged at once, well below the number of files that systems let a program open.
const FAN: usize = 32;

/// Adds up rows.
pub(crate) struct Sorter {
    dir: PathBuf,
    most: usize,
    held: BTreeMap<String, Row>,
    size: usize,
    /// Runs by how often they were merged.
    runs: Vec<Vec<File>>,
}

/// Rows in the order of their keys.
pub(crate) type Sorted = Box<dyn Iterator<Item = io::Result<(String, Row)>>>;

impl Sorter {
    /// A sorter that keeps its runs in `dir`.
    pub(crate) fn new(dir: &Path) -> Self {
        Self::holding(dir, HELD)
    }

    pub(super) fn holding(dir: &Path, most: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            most,
            held: BTreeMap::new(),
            size: 0,
            runs: Vec::new(),
        }
    }

    /// Adds a row to that of the same key.
    pub(crate) fn add(&mut self, key: String, row: Row) -> io::Result<()> {
        match self.held.entry(key) {
            Slot::Occupied(mut held) => held.get_mut().merge(row),
            Slot::Vacant(slot) => {
                self.size += slot.key().len() + row.size();
                slot.insert(row);
            }
        }
        if self.size > self.most {
            self.size = 0;
            let held = std::mem::take(&mut self.held);
            let run = self.write(held.into_iter().map(Ok))?;
            self.keep(0, run)?;
        }
        Ok(())
    }

    /// All rows.
    pub(crate) fn sorted(self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            return Ok(Box::new(self.held.into_iter().map(Ok)));
        }
        let mut sources: Vec<Sorted> = vec![Box::new(self.held.into_iter().map(Ok))];
        for run in self.runs.into_iter().flatten() {
            sources.push(read(run)?);
        }
        Ok(Box::new(Merged::new(sources)?))
    }

    fn keep(&mut self, level: usize, run: File) -> io::Result<()> {
        if self.runs.len() <= level {
            self.runs.push(Vec::new());
        }
        let Some(runs) = self.runs.get_mut(level) else {
            return Ok(());
        };
        runs.push(run);
        if runs.len() < FAN {
            return Ok(());
        }
        let sources: io::Result<Vec<Sorted>> = std::mem::take(runs).into_iter().map(read).collect();
        let run = self.write(Merged::new(sources?)?)?;
        self.keep(level + 1, run)
    }

    /// Writes a run: lines of JSON in a file that is removed when it is closed.
    fn write(&self, rows: impl Iterator<Item = io::Result<(String, Row)>>) -> io::Result<File> {
        let mut out = BufWriter::new(tempfile::tempfile_in(&self.dir)?);
        for row in rows {
            json_line(&mut out, &row?)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

fn read(mut run: File) -> io::Result<Sorted> {
    run.rewind()?;
    let lines = BufReader::new(run).lines();
    Ok(Box::new(
        lines.map(|line| Ok(serde_json::from_str(&line?)?)),
    ))
}

/// Several sorted sources as one.
struct Merged {
    sources: Vec<(Sorted, Option<Row>)>,
    /// The next key of each source.
    heads: BinaryHeap<Reverse<(String, usize)>>,
}

impl Merged {
    fn new(sources: Vec<Sorted>) -> io::Result<Self> {
        let mut merged = Self {
            sources: sources.into_iter().map(|source| (source, None)).collect(),
            heads: BinaryHeap::new(),
        };
        for at in 0..merged.sources.len() {
            merged.advance(at)?;
        }
        Ok(merged)
    }

    /// Gives out the row that a source holds and reads its next one.
    fn advance(&mut self, at: usize) -> io::Result<Option<Row>> {
        let Some((source, held)) = self.sources.get_mut(at) else {
            return Ok(None);
        };
        let row = held.take();
        if let Some(next) = source.next().transpose()? {
            self.heads.push(Reverse((next.0, at)));
            *held = Some(next.1);
        }
        Ok(row)
    }

    fn next_row(&mut self) -> io::Result<Option<(String, Row)>> {
        let Some(Reverse((key, at))) = self.heads.pop() else {
            return Ok(None);
        };
        let mut sum = self.advance(at)?;
        while let Some(Reverse((next, at))) = self.heads.peek()
            && *next == key
        {
            let at = *at;
            self.heads.pop();
            match (&mut sum, self.advance(at)?) {
                (Some(sum), Some(row)) => sum.merge(row),
                (sum, row) => *sum = sum.take().or(row),
            }
        }
        Ok(sum.map(|row| (key, row)))
    }
}

impl Iterator for Merged {
    type Item = io::Result<(String, Row)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
