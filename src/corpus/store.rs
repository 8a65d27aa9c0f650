//! The files of a run while it goes on: they grow block by block under temporary names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::feed::Position;
use super::finish::{self, Finished};
use super::journal::{Block, Journal};
use super::part::Part;
use super::{Error, Output, Plan, Summary};
use crate::reader::Compression;
use crate::whole;

/// The growing files of a run, and the journal that says how much of them counts.
pub(super) struct Store {
    files: Output,
    journal: Journal,
    output: Part,
    errors: Part,
    index: Option<Part>,
    notes: Option<Part>,
    started: Instant,
    /// Seconds spent by the earlier parts of the run.
    before: f64,
}

/// How far a run has come before: to its end, or as far as `T` says.
pub(super) enum Begun<T> {
    Finished(Finished),
    Unfinished(Box<T>),
}

/// The journal of the same run if it was begun before, or `new`. Results that are complete get their final
/// names; files of another run or of the user are an error.
pub(super) fn begin(files: &Output, new: Journal, restart: bool) -> Result<Begun<Journal>, Error> {
    if let Some(dir) = files.path.parent() {
        fs::create_dir_all(dir).map_err(Error::writing(dir))?;
    }
    let names = files.names();
    if let Some(dir) = names.parent().filter(|_| new.plan.has_names()) {
        fs::create_dir_all(dir).map_err(Error::writing(dir))?;
    }
    let (part, path) = (Output::part(&files.path), files.journal());
    let found = match restart {
        false => Journal::read(&path)?,
        true => {
            Part::hold(&part)?;
            if Journal::bytes(&path)?.is_some() {
                // These belong to that run, and the new one may have no such files.
                for path in [files.index(), files.notes()] {
                    remove(&Output::part(&path))?;
                }
                remove(&path)?;
            }
            None
        }
    };
    let Some(journal) = found else {
        if let Some(finished) = Finished::of(files, &new.plan, restart)? {
            return Ok(Begun::Finished(finished));
        }
        check_parts(files, restart)?;
        return Ok(Begun::Unfinished(Box::new(new)));
    };
    if let Some(reason) = journal.difference(&new) {
        let path = files.path.clone();
        return Err(Error::Begun { path, reason });
    }
    if !journal.complete {
        return Ok(Begun::Unfinished(Box::new(journal)));
    }
    let mut held = Part::hold(&part)?;
    if held.is_none() {
        held = Part::hold(&files.path)?;
    }
    let _held = held.filter(|_| cfg!(unix));
    whole::sweep(&files.wholes()).map_err(Error::writing(&files.path))?;
    finish::publish(files, &journal).map(Begun::Finished)
}

/// Refuses files of others that have the names of growing ones. Without a journal, a run leaves only empty
/// ones.
fn check_parts(files: &Output, restart: bool) -> Result<(), Error> {
    let holds = |part: &PathBuf| {
        part.metadata()
            .is_ok_and(|found| !found.is_file() || found.len() > 0)
    };
    match files.parts().into_iter().find(holds) {
        Some(path) if !restart => Err(Error::Exists {
            path,
            reason: "there is no journal to it".to_owned(),
        }),
        _ => Ok(()),
    }
}

impl Store {
    /// Opens the files of a run and cuts them back to what the journal says.
    pub(super) fn open(files: &Output, plan: Plan, restart: bool) -> Result<Begun<Self>, Error> {
        let journal = match begin(files, Journal::new(plan), restart)? {
            Begun::Finished(finished) => return Ok(Begun::Finished(finished)),
            Begun::Unfinished(journal) => *journal,
        };
        let left = files.parts().iter().any(|part| part.exists());
        let open =
            |path: &Path, compression, len| Part::open(&Output::part(path), compression, len);
        let lengths = journal.lengths;
        let mut store = Self {
            output: open(&files.path, files.part_compression(), lengths.output)?,
            errors: open(&files.errors(), Compression::None, lengths.errors)?,
            index: match journal.has_index() {
                true => Some(open(&files.index(), Compression::None, lengths.index)?),
                false => None,
            },
            notes: match journal.has_notes() {
                true => Some(open(&files.notes(), Compression::Gzip, lengths.notes)?),
                false => None,
            },
            before: journal.seconds,
            started: Instant::now(),
            files: files.clone(),
            journal,
        };
        if left {
            whole::sweep(&files.wholes()).map_err(Error::writing(&files.path))?;
        }
        store.write_journal()?;
        Ok(Begun::Unfinished(Box::new(store)))
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
        // Swapped in and out again, since a copy of thousands of names is large.
        std::mem::swap(&mut self.journal.summary, summary);
        let noted = self.write_journal();
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
        self.write_journal()
    }

    /// Gives the files their final names.
    pub(super) fn complete(mut self, summary: Summary) -> Result<Finished, Error> {
        let output = &mut self.output;
        output.finish().map_err(Error::writing(output.path()))?;
        self.journal.lengths.output = output.len();
        self.journal.summary = summary;
        self.journal.complete = true;
        self.write_journal()?;
        drop((self.errors, self.index, self.notes));
        // The lock is kept until the end, but not every system renames files that are open.
        let _held = cfg!(unix).then_some(self.output);
        finish::publish(&self.files, &self.journal)
    }

    fn write_journal(&mut self) -> Result<(), Error> {
        self.journal.seconds = self.before + self.started.elapsed().as_secs_f64();
        self.journal.write(&self.files.journal())
    }
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::writing(path)(error)),
        _ => Ok(()),
    }
}
