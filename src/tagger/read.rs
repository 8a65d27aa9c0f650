//! Tokenised documents through the model: windows, packs, logits of each word.

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use newshound_encoder::Pack;
use rayon::prelude::*;

use super::Tagger;
use crate::Result;
use crate::tokenize::Tokenized;
use crate::topic::{Attention, Pool};
use crate::window::{self, Window};

/// Subwords that the backend gets at once: more are no faster, and results come later.
pub(super) const PACK: usize = 512;

/// With at most this many packs a thread, all threads share each pack in turn: dealt out whole, some
/// thread would get one more than the others.
const SHARED: usize = 4;

/// The results of the model for a document.
pub(super) struct Reading {
    /// How many windows it was read in.
    pub(super) windows: usize,
    /// The logits of each word's first subword, words x tags; zeros where it has no subword.
    pub(super) logits: Array2<f32>,
    /// Its vector, the input of the topics; `None` where none was asked for or no word has subwords.
    pub(super) vector: Option<Array1<f32>>,
}

/// A window to read, and the words that are read in it rather than in its neighbours.
struct Job<'d> {
    ids: &'d [u32],
    words: Vec<usize>,
    /// The row of each word's first subword, counted from the window's start.
    rows: Vec<usize>,
}

/// What the model said of a window: a row of logits for each of its words, and the pool of
/// their states.
struct Part {
    logits: Array2<f32>,
    pool: Option<Pool>,
}

impl<'d> Job<'d> {
    /// The windows of a document.
    fn of(document: &'d Tokenized, windows: &[Window]) -> Vec<Self> {
        let job = |window: &Window| Job {
            ids: document.ids.get(window.clone()).unwrap_or_default(),
            words: Vec::new(),
            rows: Vec::new(),
        };
        let mut jobs: Vec<Self> = windows.iter().map(job).collect();
        for (word, pieces) in document.pieces.iter().enumerate() {
            let owner = window::owner(windows, pieces.start).filter(|_| !pieces.is_empty());
            if let Some(at) = owner {
                jobs[at].words.push(word);
                jobs[at].rows.push(pieces.start - windows[at].start);
            }
        }
        jobs
    }
}

impl Tagger {
    /// Runs the model over all windows of all documents. With `vectors` each document gets
    /// its vector too, from the same pass.
    pub(super) fn read(&self, documents: &[Tokenized], vectors: bool) -> Result<Vec<Reading>> {
        let jobs: Vec<Vec<Job<'_>>> = documents
            .par_iter()
            .map(|document| Job::of(document, &window::windows(document, self.window)))
            .collect();
        let attention = vectors.then(|| self.model.attention());
        let parts = self.read_windows(
            &jobs.iter().flatten().collect::<Vec<_>>(),
            attention.as_deref(),
        )?;
        let mut parts = parts.into_iter();
        let tags = self.model.labels().count();
        let reading = |(document, jobs): (&Tokenized, &Vec<Job<'_>>)| {
            let mut logits = Array2::zeros((document.words.len(), tags));
            let mut pool = attention.as_deref().map(Attention::empty);
            for (job, part) in jobs.iter().zip(parts.by_ref()) {
                for (&word, row) in job.words.iter().zip(part.logits.rows()) {
                    logits.row_mut(word).assign(&row);
                }
                if let (Some(pool), Some(part)) = (&mut pool, &part.pool) {
                    pool.merge(part);
                }
            }
            Reading {
                windows: jobs.len(),
                logits,
                vector: pool.and_then(|pool| pool.vector()),
            }
        };
        Ok(documents.iter().zip(&jobs).map(reading).collect())
    }

    /// Runs the model over windows, in packs. The result is in the order of the windows.
    fn read_windows(&self, jobs: &[&Job<'_>], attention: Option<&Attention>) -> Result<Vec<Part>> {
        let subwords = self.model.subwords();
        let special = subwords.prefix().len() + subwords.suffix().len();
        let lengths: Vec<usize> = jobs.iter().map(|job| special + job.ids.len()).collect();
        let threads = self.pool.current_num_threads();
        let tokens: usize = lengths.iter().sum();
        let few = tokens <= SHARED * PACK * threads;
        let rounds = window::packs(&lengths, if few { PACK * threads } else { tokens });
        let read = |pack: &Vec<usize>| self.read_pack(jobs, pack, attention);
        let mut done: Vec<Vec<(usize, Part)>> = Vec::new();
        for round in rounds {
            if few && self.model.backend().shares() {
                done.push(read(&round)?);
                continue;
            }
            let lengths: Vec<usize> = round.iter().map(|&job| lengths[job]).collect();
            let share = lengths.iter().sum::<usize>().div_ceil(threads);
            let packs: Vec<Vec<usize>> = window::packs(&lengths, PACK.min(share))
                .iter()
                .map(|pack| pack.iter().map(|&at| round[at]).collect())
                .collect();
            let read: Vec<_> = packs.par_iter().map(read).collect::<Result<_>>()?;
            done.extend(read);
        }
        let mut parts: Vec<(usize, Part)> = done.into_iter().flatten().collect();
        parts.sort_unstable_by_key(|(at, _)| *at);
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }

    /// Runs the model over the windows of a pack, numbers into `jobs`.
    fn read_pack(
        &self,
        jobs: &[&Job<'_>],
        pack: &[usize],
        attention: Option<&Attention>,
    ) -> Result<Vec<(usize, Part)>> {
        let subwords = self.model.subwords();
        let (prefix, suffix) = (subwords.prefix(), subwords.suffix());
        let (mut sequences, mut tokens) = (Pack::default(), Vec::new());
        for &at in pack {
            let first = sequences.tokens() + prefix.len();
            tokens.extend(jobs[at].rows.iter().map(|row| first + row));
            sequences.push(&[prefix, jobs[at].ids, suffix]);
        }
        let mut found = Vec::new();
        let mut read = |logits: ArrayView2<'_, f32>, states: ArrayView2<'_, f32>| {
            let mut first = 0;
            for &at in pack {
                let words = &jobs[at].words;
                let rows = Slice::from(first..first + words.len());
                let states = states.slice_axis(Axis(0), rows);
                let part = Part {
                    logits: logits.slice_axis(Axis(0), rows).to_owned(),
                    pool: attention.map(|attention| attention.pool(states, words)),
                };
                found.push((at, part));
                first += words.len();
            }
        };
        let backend = self.model.backend();
        backend.read(sequences.packed()?, &tokens, &mut read)?;
        Ok(found)
    }
}
