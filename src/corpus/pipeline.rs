//! Documents to tagged documents: read by one thread, tagged by all cores, given out in
//! the order of the input.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::Error;
use super::feed::Numbered;
use crate::{Document, Tagger, Text};

/// Bytes of text tagged at once for each thread: some 8,000 subwords, enough to fill
/// packs and little enough that output flows.
const BATCH_BYTES: usize = 1 << 15;

/// Metadata held with that, in bytes for each thread. It takes no time to tag, so usual documents
/// make batches without regard to theirs.
const BATCH_METADATA: usize = 1 << 20;

/// Documents tagged at once for each thread, however short.
const BATCH_DOCUMENTS: usize = 128;

/// Batches tagged side by side on the same threads, so that one fills the cores that
/// another leaves idle when its last packs run out.
const LANES: usize = 2;

/// Batches read and not yet written, at most: those in the lanes, one that waits for a lane, and
/// one that waits for those before it to be written.
const HELD: usize = LANES + 2;

/// Bytes of stack of the reading thread: web pages nest deeply, and reading them recurses.
const READER_STACK: usize = 64 << 20;

/// A document and what became of it.
pub(super) type Done = (Numbered, crate::Result<Document>);

type Batch = Vec<Numbered>;

/// A batch that was tagged, and its number.
type Tagged = (usize, Result<Vec<Done>, Error>);

/// Tags all of `feed` and hands batch after batch to `write`, in order. Raising `stop`
/// ends the run after the batches in flight. At most a handful of batches is held.
pub(super) fn run(
    tagger: &Tagger,
    feed: impl Iterator<Item = Result<Numbered, Error>> + Send,
    stop: &AtomicBool,
    mut write: impl FnMut(Vec<Done>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (to_tag, batches) = sync_channel::<(usize, Batch)>(1);
    // The lanes share the receiver: when all have ended, sending to them fails.
    let batches = Arc::new(Mutex::new(batches));
    let (to_write, done) = sync_channel(LANES);
    // One lane may take long over a batch while the other goes on, so all batches held are counted.
    let (enter, leave) = sync_channel(HELD);
    thread::scope(|scope| {
        let reader = thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(READER_STACK)
            .spawn_scoped(scope, || read(tagger.threads(), feed, stop, enter, to_tag))
            .map_err(Error::Threads)?;
        let mut lanes = Vec::new();
        for _ in 0..LANES {
            let (batches, to_write) = (batches.clone(), to_write.clone());
            let lane = thread::Builder::new()
                .spawn_scoped(scope, move || tag(tagger, &batches, to_write))
                .map_err(Error::Threads)?;
            lanes.push(lane);
        }
        drop((batches, to_write));
        let written = in_order(done, leave, &mut write);
        // A scope waits for its threads' closures, not for their thread-locals to be dropped.
        let mut tagged = Ok(());
        for lane in lanes {
            tagged = tagged.and(lane.join().map_err(|_| Error::Panicked));
        }
        let read = reader.join().unwrap_or(Err(Error::Panicked));
        written.and(tagged).and(read)
    })
}

/// Groups documents into batches by the length of their texts and metadata.
fn read(
    threads: usize,
    feed: impl Iterator<Item = Result<Numbered, Error>>,
    stop: &AtomicBool,
    enter: SyncSender<()>,
    to_tag: SyncSender<(usize, Batch)>,
) -> Result<(), Error> {
    // False when no more batches are wanted.
    let hand_on = |number, batch| {
        let entered = enter.send(()).is_ok();
        entered && to_tag.send((number, batch)).is_ok()
    };
    let (mut batch, mut bytes, mut metadata, mut number) = (Batch::new(), 0, 0, 0);
    for numbered in feed {
        let numbered = numbered?;
        bytes += numbered
            .source
            .text
            .as_ref()
            .map_or(0, |t| t.as_str().len());
        metadata += numbered.source.metadata_size();
        batch.push(numbered);
        if bytes >= BATCH_BYTES * threads
            || metadata >= BATCH_METADATA * threads
            || batch.len() >= BATCH_DOCUMENTS * threads
        {
            if !hand_on(number, std::mem::take(&mut batch)) {
                return Ok(());
            }
            (bytes, metadata, number) = (0, 0, number + 1);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    hand_on(number, batch);
    Ok(())
}

fn tag(tagger: &Tagger, batches: &Mutex<Receiver<(usize, Batch)>>, to_write: SyncSender<Tagged>) {
    loop {
        let next = batches.lock().map(|batches| batches.recv());
        let Ok(Ok((number, batch))) = next else {
            return;
        };
        // The writer would wait forever for a batch that never comes.
        let tagged = catch_unwind(AssertUnwindSafe(|| tag_batch(tagger, batch)));
        let tagged = tagged.map_err(|_| Error::Panicked);
        if to_write.send((number, tagged)).is_err() {
            return;
        }
    }
}

fn tag_batch(tagger: &Tagger, batch: Batch) -> Vec<Done> {
    let texts: Vec<&Text> = batch
        .iter()
        .filter_map(|numbered| numbered.source.text.as_ref().ok())
        .collect();
    let mut tagged = tagger.tag_each(&texts).into_iter();
    batch
        .into_iter()
        .map(|mut numbered| {
            let empty = Text::from(String::new());
            let document = match std::mem::replace(&mut numbered.source.text, Ok(empty)) {
                Ok(_) => tagged.next().unwrap_or(Err(crate::Error::NotFinite)),
                Err(error) => Err(error),
            };
            (numbered, document)
        })
        .collect()
}

/// Writes batches in the order of their numbers.
fn in_order(
    done: Receiver<Tagged>,
    leave: Receiver<()>,
    write: &mut impl FnMut(Vec<Done>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, batch) in done {
        early.insert(number, batch?);
        while let Some(batch) = early.remove(&next) {
            write(batch)?;
            let _ = leave.try_recv();
            next += 1;
        }
    }
    Ok(())
}
