//! The files of a run while it goes on: block by block, under names of their own.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use super::feed::Position;
use super::finish::{self, Finished};
use super::journal::{Block, Journal};
use super::part::Part;
use super::{Error, Output, Plan, Summary};
use crate::reader::Compression;

/// Files that hold what was finished, and the journal that says how much it is.
pub(super) struct Store {
    files: Output,
    journal: Journal,
    output: Part,
    errors: Part,
    index: Option<Part>,
    notes: Option<Part>,
    started: Instant,
    before: f64,
}

/// What is there when a run begins.
pub(super) enum Found {
    /// Nothing, or the beginnings of the same run.
    Unfinished(Box<Store>),
    /// The results of the same run.
    Finished(Finished),
}

impl Store {
    /// Opens the files of a run and cuts them back to what the journal says.
    pub(super) fn open(files: &Output, plan: Plan, restart: bool) -> Result<Found, Error> {
        if let Some(dir) = files.path.parent() {
            fs::create_dir_all(dir).map_err(Error::writing(dir))?;
        }
        let names = files.names();
        if let Some(dir) = names.parent().filter(|_| plan.has_names()) {
            fs::create_dir_all(dir).map_err(Error::writing(dir))?;
        }
        if restart {
            let part = Output::part(&files.path);
            Part::check_free(&part).map_err(Error::writing(&part))?;
            remove(&files.journal())?;
        }
        let journal = match Journal::read(&files.journal())? {
            Some(journal) => {
                if let Some(reason) = plan.difference(&journal.plan) {
                    let path = files.path.clone();
                    return Err(Error::Begun { path, reason });
                }
                journal
            }
            None => {
                if let Some(finished) = Finished::of(files, &plan, restart)? {
                    return Ok(Found::Finished(finished));
                }
                Journal::new(plan)
            }
        };
        if journal.complete {
            return finish::publish(files, &journal).map(Found::Finished);
        }
        let spooled = files.is_spooled();
        let compression = if spooled {
            Compression::None
        } else {
            files.compression
        };
        let open = |path: &Path, compression, len| {
            let path = Output::part(path);
            Part::open(&path, compression, len).map_err(Error::writing(&path))
        };
        let lengths = journal.lengths;
        let mut store = Self {
            output: open(&files.path, compression, lengths.output)?,
            errors: open(&files.errors(), Compression::None, lengths.errors)?,
            index: match journal.plan.is_shard() {
                true => Some(open(&files.index(), Compression::None, lengths.index)?),
                false => None,
            },
            notes: match journal.plan.has_names() {
                true => Some(open(&files.notes(), Compression::Gzip, lengths.notes)?),
                false => None,
            },
            before: journal.seconds,
            started: Instant::now(),
            files: files.clone(),
            journal,
        };
        store.note()?;
        Ok(Found::Unfinished(Box::new(store)))
    }

    /// Where the run goes on.
    pub(super) fn position(&self) -> &Position {
        &self.journal.position
    }

    /// Results of the run's earlier part that are in no block yet, and its counts.
    pub(super) fn resume(&mut self) -> (Block, Summary) {
        let tail = std::mem::take(&mut self.journal.tail);
        (tail, std::mem::take(&mut self.journal.summary))
    }

    /// Adds a block that ends at `position`.
    pub(super) fn append(
        &mut self,
        block: &Block,
        summary: &mut Summary,
        position: &Position,
    ) -> Result<(), Error> {
        // The journal counts all of a block or nothing.
        let mut lengths = self.journal.lengths;
        let parts = [
            (Some(&mut self.output), &block.output, &mut lengths.output),
            (Some(&mut self.errors), &block.errors, &mut lengths.errors),
            (self.index.as_mut(), &block.index, &mut lengths.index),
            (self.notes.as_mut(), &block.notes, &mut lengths.notes),
        ];
        for (part, bytes, length) in parts {
            if let Some(part) = part {
                part.append(bytes).map_err(Error::writing(part.path()))?;
                *length = part.len();
            }
        }
        self.journal.lengths = lengths;
        self.journal.position.clone_from(position);
        // Lent, since a copy of thousands of names is not small.
        std::mem::swap(&mut self.journal.summary, summary);
        let noted = self.note();
        std::mem::swap(&mut self.journal.summary, summary);
        noted
    }

    /// Keeps what is in no block yet, for a run that stops here.
    pub(super) fn keep(
        mut self,
        tail: Block,
        summary: Summary,
        position: Position,
    ) -> Result<(), Error> {
        self.journal.tail = tail;
        self.journal.summary = summary;
        self.journal.position = position;
        self.note()
    }

    /// Gives the files their names.
    pub(super) fn complete(mut self, summary: Summary) -> Result<Finished, Error> {
        self.journal.summary = summary;
        self.journal.complete = true;
        self.note()?;
        // Not every system renames files that are open.
        drop((self.output, self.errors, self.index, self.notes));
        finish::publish(&self.files, &self.journal)
    }

    fn note(&mut self) -> Result<(), Error> {
        self.journal.seconds = self.before + self.started.elapsed().as_secs_f64();
        let path = self.files.journal();
        self.journal.write(&path).map_err(Error::writing(&path))
    }
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::writing(path)(error)),
        _ => Ok(()),
    }
}
