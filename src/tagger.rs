//! The pipeline: text in, documents with spans out.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ndarray::Array1;
use newshound_encoder::{Isa, Precision};
use rayon::prelude::*;

use crate::agree::agree;
use crate::backend::{Engine, Setup};
use crate::dateline;
use crate::decode::decode;
use crate::document::{Document, Span, Stats};
use crate::joint;
use crate::lists::{self, Lists};
use crate::model::{Model, Source};
use crate::names::{self, Name};
use crate::nationality;
use crate::place;
use crate::tokenize::Tokenized;
use crate::topic::{Learned, Selection, Topic};
use crate::{Error, Result};

mod read;
mod settings;

use read::Reading;

/// Subwords in a window by default: as many as the shipped model was trained on.
const WINDOW: usize = 160;

/// The shortest window allowed; a word may have 48 subwords.
const MIN_WINDOW: usize = 64;

/// Tags names in text. Every method takes `&self`, so that one tagger, in an [`Arc`] say, serves a
/// whole program.
///
/// It has its own thread pool. A call blocks until the pool has tagged its texts, and calls from
/// several threads share the pool: a server needs one tagger, called where blocking is allowed
/// (`spawn_blocking` in async code). A call takes about 50 times the size of its texts in memory; pass
/// large numbers of texts in parts.
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
#[derive(Debug)]
pub struct Tagger {
    model: Arc<Model>,
    window: usize,
    min_score: f32,
    labels: Option<Vec<String>>,
    names: bool,
    media_topics: bool,
    learned: Option<Learned>,
    lists: Option<Arc<Lists>>,
    selection: Selection,
    pool: rayon::ThreadPool,
}

/// Settings of a [`Tagger`]; every one has a default.
#[derive(Debug, Default)]
pub struct TaggerBuilder {
    model: Option<Arc<Model>>,
    source: Source,
    threads: Option<NonZeroUsize>,
    window: Option<usize>,
    labels: Option<Vec<String>>,
    min_score: f32,
    no_names: bool,
    no_media_topics: bool,
    learned: Option<Learned>,
    lists: Option<Arc<Lists>>,
    selection: Selection,
    setup: Setup,
}

impl TaggerBuilder {
    /// Loads this model instead of the default: one inside the binary, by its name, or one in a Hugging
    /// Face directory.
    ///
    /// ```
    /// let tagger = newshound::Tagger::builder().source("newshound-small").build()?;
    /// assert_eq!(tagger.model().name(), "newshound-small");
    /// # Ok::<(), newshound::Error>(())
    /// ```
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = source.into();
        self
    }

    /// Uses a model that is already loaded. Taggers of other settings can [share](Tagger::model) it.
    ///
    /// ```
    /// # use newshound::Tagger;
    /// let tagger = Tagger::builder().build()?;
    /// let people = Tagger::builder()
    ///     .model(tagger.model().clone())
    ///     .labels(["PER"])
    ///     .build()?;
    /// assert_eq!(people.tag("Mark Rutte met NATO ministers.")?.spans.len(), 1);
    /// # Ok::<(), newshound::Error>(())
    /// ```
    #[must_use]
    pub fn model(mut self, model: impl Into<Arc<Model>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// What runs the model: our own encoder by default. Without effect on a model that is
    /// already loaded.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.setup.engine = engine;
        self
    }

    /// The number format that the linear layers multiply in: by default 8 bits where the model is
    /// stored so, else `f32`. Without effect on a model that is already loaded.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.setup.options = self.setup.options.precision(precision);
        self
    }

    /// Whether words that are surely in no name stop before the last layers: faster, with slightly more
    /// errors. Off by default. A model that is already loaded must have been loaded with it.
    #[must_use]
    pub fn early_exit(mut self, early_exit: bool) -> Self {
        self.setup.options = self.setup.options.early_exit(early_exit);
        self
    }

    /// The instruction set to use; by default the fastest available. Results do not depend on it.
    /// [`build`](Self::build) refuses one that this machine lacks. Without effect on a model that is
    /// already loaded, and on other engines.
    #[must_use]
    pub fn isa(mut self, isa: Isa) -> Self {
        self.setup.options = self.setup.options.isa(isa);
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

    /// Keeps only spans of these labels.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Keeps only spans with at least this score, 0 to 1.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = score;
        self
    }

    /// Does not group mentions into names: documents have spans only.
    #[must_use]
    pub fn no_names(mut self) -> Self {
        self.no_names = true;
        self
    }

    /// Leaves out the IPTC Media Topics. Topics that were [learned](Self::learned_topics) stay.
    #[must_use]
    pub fn no_media_topics(mut self) -> Self {
        self.no_media_topics = true;
        self
    }

    /// Adds topics of your own, after the IPTC Media Topics.
    #[must_use]
    pub fn learned_topics(mut self, learned: Learned) -> Self {
        self.learned = Some(learned);
        self
    }

    /// Which topics to keep, of the IPTC Media Topics and of your own separately.
    #[must_use]
    pub fn topics(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Lists of your own names, which override the model. Several taggers can share them.
    #[must_use]
    pub fn lists(mut self, lists: impl Into<Arc<Lists>>) -> Self {
        self.lists = Some(lists.into());
        self
    }

    /// Loads the model and makes the tagger.
    ///
    /// # Errors
    /// [`Error::Model`] or [`Error::NoEmbeddedModel`] where the model cannot be loaded,
    /// [`Error::UnknownLabel`] or [`Error::Option`] where a setting does not fit it, topics
    /// that were learned with another model among them, [`Error::List`] where a list has a
    /// label that the model does not have,
    /// [`Error::Encoder`] or [`Error::NoBackend`] where the instruction set or the engine is not
    /// available.
    pub fn build(self) -> Result<Tagger> {
        for score in [Some(self.min_score), self.selection.min_score]
            .into_iter()
            .flatten()
        {
            if !(0.0..=1.0).contains(&score) {
                return Err(Error::Option(format!(
                    "the minimum score is {score}; it must lie between 0 and 1"
                )));
            }
        }
        self.setup.check()?;
        let pool = newshound_encoder::pool(self.threads.map_or(0, NonZeroUsize::get))
            .map_err(|e| Error::Option(format!("cannot start the threads: {e}")))?;
        let model = pool.install(|| match self.model {
            Some(model) => Ok(model),
            None => Model::load(&self.source, self.setup).map(Arc::new),
        })?;
        if self.setup.options.early_exit && !model.backend().early_exit() {
            return Err(Error::Option(format!(
                "the model {} does not say which words may stop early; use newshound-base, or \
                 leave out the early exit",
                model.name()
            )));
        }
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
        if let Some(lists) = &self.lists {
            lists.check(known)?;
        }
        match &self.learned {
            Some(learned) => learned.check(&model)?,
            None if self.selection != Selection::default() && model.topics().is_none() => {
                return Err(Error::Option(format!(
                    "the model {} scores no topics; use one with a topics.safetensors, or topics \
                     of your own",
                    model.name()
                )));
            }
            None => {}
        }
        let room = model.room()?;
        let window = self.window.unwrap_or(WINDOW.min(room));
        if window > room || window < MIN_WINDOW.min(room) {
            return Err(Error::Option(format!(
                "a window of {window} subwords does not fit the model {}; use {} to {room}",
                model.name(),
                MIN_WINDOW.min(room)
            )));
        }
        Ok(Tagger {
            window,
            min_score: self.min_score,
            labels: self.labels,
            names: !self.no_names,
            media_topics: !self.no_media_topics && model.topics().is_some(),
            learned: self.learned,
            lists: self.lists,
            selection: self.selection,
            pool,
            model,
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
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// How many threads it runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The most subwords in a window, special tokens not counted.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    /// About how many subwords go through the model at once.
    #[must_use]
    pub fn pack(&self) -> usize {
        read::PACK
    }

    /// Tags one text.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Tokenizer`] or [`Error::Encoder`]: the model is
    /// damaged. No text is refused.
    pub fn tag(&self, text: &str) -> Result<Document> {
        only(self.tag_batch(&[text])?)
    }

    /// Tags texts together, which is faster. The result has a document for each text,
    /// in order, each the same as [`Tagger::tag`] gives for it alone.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_batch<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Document>> {
        self.run(texts, |text| self.model.subwords().tokenize(text.as_ref()))
    }

    /// The vector of each text, of [`Attention::dim`](crate::topic::Attention::dim) numbers; `None` for
    /// a text without words. The model's [attention](Model::attention) says how it is computed.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn vectors<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Option<Array1<f32>>>> {
        self.pool.install(|| {
            let tokenize = |text: &T| self.model.subwords().tokenize(text.as_ref());
            let documents: Vec<Tokenized> =
                texts.par_iter().map(tokenize).collect::<Result<_>>()?;
            let readings = self.read(&documents, true)?;
            Ok(readings.into_iter().map(|reading| reading.vector).collect())
        })
    }

    /// Tags texts that `tokenize` splits.
    pub(crate) fn run<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        tokenize: impl Fn(&T) -> Result<Tokenized> + Send + Sync,
    ) -> Result<Vec<Document>> {
        self.pool.install(|| {
            let tokenized: Vec<Tokenized> =
                texts.par_iter().map(tokenize).collect::<Result<_>>()?;
            let wants_topics = self.media_topics || self.learned.is_some();
            let readings = self.read(&tokenized, wants_topics)?;
            (texts.par_iter().zip(tokenized).zip(readings))
                .map(|((text, document), reading)| self.finish(text.as_ref(), document, reading))
                .collect()
        })
    }

    /// Turns what the model said of a document into spans, names and topics.
    fn finish(&self, text: &str, document: Tokenized, reading: Reading) -> Result<Document> {
        let calibration = self.model.calibration();
        let mut spans = decode(
            text,
            &document,
            self.model.labels(),
            reading.logits.view(),
            calibration,
        )?;
        joint::join(text, &mut spans);
        dateline::places(text, &mut spans, self.model.labels().labels());
        nationality::places(text, &mut spans, self.model.labels().labels());
        agree(text, &mut spans);
        let mut names = self.names(text, &document, &mut spans);
        // Calibrated last, since labels are settled by the model's own scores. A score of 1, as of a
        // list, stays 1.
        for span in &mut spans {
            span.score = calibration.score(&span.label, f64::from(span.score)) as f32;
        }
        self.keep_wanted(&mut spans, &mut names);
        Ok(Document {
            text: text.to_owned(),
            topics: self.topics(&reading)?,
            stats: Stats {
                sentences: document.sentences.len(),
                words: document.words.len(),
                subwords: document.ids.len(),
                windows: reading.windows,
            },
            sentences: document.sentences,
            words: document.words,
            spans,
            names,
        })
    }

    /// Puts what lists say in place of spans, and groups the spans into names.
    fn names(&self, text: &str, document: &Tokenized, spans: &mut Vec<Span>) -> Vec<Name> {
        let lists = self.lists.as_ref();
        let listed = lists.map(|lists| lists.find(text, &document.words, &document.sentences));
        let listed = listed.unwrap_or_default();
        lists::override_spans(&listed, spans);
        let mut names = Vec::new();
        if self.names {
            names = names::find(text, spans);
            lists::settle(&listed, spans, &mut names);
            place::set_apart(text, spans, &mut names);
            place::link(text, spans, &mut names);
            names::join_places(spans, &mut names);
        }
        names
    }

    fn keep_wanted(&self, spans: &mut Vec<Span>, names: &mut Vec<Name>) {
        let found = spans.len();
        spans.retain(|span| self.wanted(span));
        if spans.len() < found {
            names::recount(spans, names);
        }
    }

    /// The topics of a document: IPTC Media Topics, then learned topics.
    fn topics(&self, reading: &Reading) -> Result<Vec<Topic>> {
        let Some(vector) = &reading.vector else {
            return Ok(Vec::new());
        };
        let head = self.model.topics().filter(|_| self.media_topics);
        let media = head.map(|head| (head.score(vector.view()), head.defaults()));
        let learned = self.learned.as_ref();
        let learned = learned.map(|topics| (topics.score(vector.view()), topics.defaults()));
        let mut selected = Vec::new();
        for (topics, defaults) in [media, learned].into_iter().flatten() {
            if topics.iter().any(|topic| !topic.score.is_finite()) {
                return Err(Error::NotFinite);
            }
            selected.extend(self.selection.select(topics, defaults));
        }
        Ok(selected)
    }

    fn wanted(&self, span: &Span) -> bool {
        span.score >= self.min_score
            && self
                .labels
                .as_ref()
                .is_none_or(|labels| labels.iter().any(|label| **label == *span.label))
    }
}

/// The document of a batch of one text. A batch has a document for each text, so it always has one.
pub(crate) fn only(mut documents: Vec<Document>) -> Result<Document> {
    documents.pop().ok_or(Error::NotFinite)
}

#[cfg(test)]
mod tests;
