//! The pipeline: text in, documents with spans out.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use ndarray::{Array2, Axis, Slice};
use newshound_encoder::{Isa, Options, Precision};
use rayon::prelude::*;

use crate::agree::agree;
use crate::backend::Packed;
use crate::decode::decode;
use crate::document::{Document, Span, Stats};
use crate::model::Model;
use crate::tokenize::Tokenized;
use crate::window::{self, Window};
use crate::{Error, Result};

/// Subwords in a window unless told otherwise: the length the shipped model saw in training.
const WINDOW: usize = 160;

/// The shortest window that makes sense; a word may have 48 subwords.
const MIN_WINDOW: usize = 64;

/// Subwords handed to the backend at once: as fast as more, and results come sooner.
const PACK: usize = 512;

/// Tags names in text. Cheap to share between threads; every method takes `&self`.
///
/// ```
/// let tagger = newshound::Tagger::builder().build()?;
/// let document = tagger.tag("NATO Secretary General Mark Rutte spoke in Kyiv.")?;
/// let found: Vec<(&str, &str)> = document
///     .spans
///     .iter()
///     .map(|span| (document.surface(span), &*span.label))
///     .collect();
/// assert_eq!(found, [("NATO", "ORG"), ("Mark Rutte", "PER"), ("Kyiv", "LOC")]);
/// # Ok::<(), newshound::Error>(())
/// ```
pub struct Tagger {
    model: Model,
    window: usize,
    min_score: f32,
    labels: Option<Vec<String>>,
    pool: rayon::ThreadPool,
}

/// Settings of a [`Tagger`]; every one has a default.
#[derive(Default)]
pub struct TaggerBuilder {
    model: Option<Model>,
    dir: Option<PathBuf>,
    threads: Option<NonZeroUsize>,
    window: Option<usize>,
    labels: Option<Vec<String>>,
    min_score: f32,
    encoder: Options,
}

impl TaggerBuilder {
    /// Uses the model in a Hugging Face directory instead of the one inside the binary.
    #[must_use]
    pub fn model_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Uses a model that is already loaded.
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }

    /// What the linear layers multiply in: by default 8 bits where the model is stored so,
    /// else `f32`. Without effect on a model that is already loaded.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.encoder = self.encoder.precision(precision);
        self
    }

    /// The instruction set to use; by default the fastest there is. Results do not depend
    /// on it. Without effect on a model that is already loaded.
    #[must_use]
    pub fn isa(mut self, isa: Isa) -> Self {
        self.encoder = self.encoder.isa(isa);
        self
    }

    /// Number of threads; by default one for each core. Results do not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Subwords in a window, special tokens not counted: 160 by default, at most what
    /// the model takes.
    #[must_use]
    pub fn window(mut self, subwords: usize) -> Self {
        self.window = Some(subwords);
        self
    }

    /// Gives out spans of these labels only.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Gives out spans with at least this score only, 0 to 1.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = score;
        self
    }

    /// Loads the model and makes the tagger.
    ///
    /// # Errors
    /// [`Error::Model`] or [`Error::NoEmbeddedModel`] where the model cannot be loaded,
    /// [`Error::UnknownLabel`] or [`Error::Option`] where a setting does not fit it,
    /// [`Error::Encoder`] where the instruction set cannot be had here.
    pub fn build(self) -> Result<Tagger> {
        if !(0.0..=1.0).contains(&self.min_score) {
            return Err(Error::Option(format!(
                "the minimum score is {}; it must lie between 0 and 1",
                self.min_score
            )));
        }
        self.encoder.check()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, NonZeroUsize::get))
            .build()
            .map_err(|e| Error::Option(format!("cannot start the threads: {e}")))?;
        let model = pool.install(|| match (self.model, self.dir) {
            (Some(model), _) => Ok(model),
            (None, Some(dir)) => Model::from_dir(&dir, self.encoder),
            (None, None) => Model::embedded(self.encoder),
        })?;
        let known = model.labels().labels();
        if let Some(unknown) = self
            .labels
            .iter()
            .flatten()
            .find(|wanted| !known.iter().any(|label| **label == ***wanted))
        {
            return Err(Error::UnknownLabel {
                label: unknown.clone(),
                known: known.join(", "),
            });
        }
        let special = model.subwords().prefix().len() + model.subwords().suffix().len();
        let room = model.backend().max_tokens().saturating_sub(special);
        let window = self.window.unwrap_or(WINDOW.min(room));
        if window > room || window < MIN_WINDOW.min(room) || window == 0 {
            return Err(Error::Option(format!(
                "a window of {window} subwords does not fit the model {}; use {} to {room}",
                model.name(),
                MIN_WINDOW.min(room)
            )));
        }
        Ok(Tagger {
            model,
            window,
            min_score: self.min_score,
            labels: self.labels,
            pool,
        })
    }
}

impl Tagger {
    /// Settings to build a tagger from.
    #[must_use]
    pub fn builder() -> TaggerBuilder {
        TaggerBuilder::default()
    }

    /// The model in use.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many threads it runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Subwords in a window at most, special tokens not counted.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    /// Subwords that go through the model at once, about.
    #[must_use]
    pub fn pack(&self) -> usize {
        PACK
    }

    /// Tags one text.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Tokenizer`] or [`Error::Encoder`]: the model is
    /// damaged. No text is refused.
    pub fn tag(&self, text: &str) -> Result<Document> {
        let mut documents = self.tag_batch(&[text])?;
        documents.pop().ok_or(Error::NotFinite)
    }

    /// Tags texts together, which is faster. The result has a document for each text,
    /// in order, each the same as [`Tagger::tag`] gives for it alone.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_batch<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Document>> {
        self.run(texts, |text| self.model.subwords().tokenize(text.as_ref()))
    }

    pub(crate) fn run<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        tokenize: impl Fn(&T) -> Result<Tokenized> + Send + Sync,
    ) -> Result<Vec<Document>> {
        self.pool.install(|| {
            let tokenized: Vec<Tokenized> =
                texts.par_iter().map(tokenize).collect::<Result<_>>()?;
            let windows: Vec<Vec<Window>> = tokenized
                .par_iter()
                .map(|document| window::windows(document, self.window))
                .collect();
            let read = self.read(&tokenized, &windows)?;
            texts
                .par_iter()
                .zip(tokenized)
                .zip(windows.par_iter().zip(&read))
                .map(|((text, document), (windows, rows))| {
                    self.finish(text.as_ref(), document, windows, rows)
                })
                .collect()
        })
    }

    /// Runs the model over all windows of all documents. For each document and window
    /// the logits of its subwords.
    fn read(
        &self,
        documents: &[Tokenized],
        windows: &[Vec<Window>],
    ) -> Result<Vec<Vec<Array2<f32>>>> {
        let (prefix, suffix) = (
            self.model.subwords().prefix(),
            self.model.subwords().suffix(),
        );
        let jobs: Vec<&[u32]> = documents
            .iter()
            .zip(windows)
            .flat_map(|(document, windows)| {
                windows
                    .iter()
                    .map(|w| document.ids.get(w.clone()).unwrap_or_default())
            })
            .collect();
        let lengths: Vec<usize> = jobs
            .iter()
            .map(|ids| prefix.len() + ids.len() + suffix.len())
            .collect();
        let share = lengths
            .iter()
            .sum::<usize>()
            .div_ceil(self.pool.current_num_threads());
        let packs = window::packs(&lengths, PACK.min(share));
        let done: Vec<Vec<(usize, Array2<f32>)>> = packs
            .par_iter()
            .map(|pack| {
                let mut ids = Vec::new();
                let mut bounds = vec![0];
                for &job in pack {
                    ids.extend_from_slice(prefix);
                    ids.extend_from_slice(jobs.get(job).copied().unwrap_or_default());
                    ids.extend_from_slice(suffix);
                    bounds.push(ids.len());
                }
                let logits = self.model.backend().logits(Packed::new(&ids, &bounds)?)?;
                Ok(pack
                    .iter()
                    .zip(bounds.windows(2))
                    .map(|(&job, bound)| {
                        let rows = bound[0] + prefix.len()..bound[1] - suffix.len();
                        (
                            job,
                            logits.slice_axis(Axis(0), Slice::from(rows)).to_owned(),
                        )
                    })
                    .collect())
            })
            .collect::<Result<_>>()?;
        let mut by_job: Vec<(usize, Array2<f32>)> = done.into_iter().flatten().collect();
        by_job.sort_unstable_by_key(|(job, _)| *job);
        let mut ordered = by_job.into_iter().map(|(_, logits)| logits);
        Ok(windows
            .iter()
            .map(|windows| ordered.by_ref().take(windows.len()).collect())
            .collect())
    }

    /// Collects every word's logits from the window that reads it, and decodes them.
    fn finish(
        &self,
        text: &str,
        document: Tokenized,
        windows: &[Window],
        rows: &[Array2<f32>],
    ) -> Result<Document> {
        let mut logits = Array2::zeros((document.words.len(), self.model.labels().len()));
        for (pieces, mut word) in document.pieces.iter().zip(logits.rows_mut()) {
            let owner = window::owner(windows, pieces.start).filter(|_| !pieces.is_empty());
            if let Some(at) = owner {
                word.assign(&rows[at].row(pieces.start - windows[at].start));
            }
        }
        let mut spans = decode(
            text,
            &document,
            self.model.labels(),
            logits.view(),
            self.model.temperature(),
        )?;
        agree(text, &mut spans);
        spans.retain(|span| self.wanted(span));
        Ok(Document {
            text: text.to_owned(),
            stats: Stats {
                sentences: document.sentences.len(),
                words: document.words.len(),
                subwords: document.ids.len(),
                windows: windows.len(),
            },
            sentences: document.sentences,
            words: document.words,
            spans,
        })
    }

    fn wanted(&self, span: &Span) -> bool {
        span.score >= self.min_score
            && self
                .labels
                .as_ref()
                .is_none_or(|labels| labels.iter().any(|label| **label == *span.label))
    }
}

#[cfg(test)]
mod tests;
