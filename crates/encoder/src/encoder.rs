//! The whole model: embeddings, blocks, classifier.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::embed::Embedding;
use crate::exit::Exits;
use crate::isa::Isa;
use crate::kernels::Chosen;
use crate::layer::Layer;
use crate::linear::Linear;
use crate::pass::{Pass, Running, Workspace};
use crate::relative_bias::RelativeBias;
use crate::shapes::Shape;
use crate::weights::Weights;
use crate::{Architecture, Config, Error, Packed, Precision};

/// Layers that are loaded in parallel.
const LAYERS_AT_ONCE: usize = 16;

/// A token-classification model, ready to run. Methods take `&self` and may run on many threads.
///
/// A pass runs on the calling thread. Where that thread belongs to a `rayon` pool and no other pass
/// is running, all threads of the pool share the pass. The results are the same, bit for bit.
pub struct Encoder {
    pub(crate) config: Config,
    kernel: Chosen,
    pub(crate) embedding: Embedding,
    pub(crate) relative_bias: Option<RelativeBias>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) classifier: Linear,
    pub(crate) exits: Option<Exits>,
    labels: usize,
    /// Idle workspaces of passes on one thread: as many as have run at once.
    single: Mutex<Vec<Workspace>>,
    /// The idle workspace of passes that threads share, one of which runs at a time. Apart from the
    /// others because it grows large: if any pass took any workspace, all would grow.
    shared: Mutex<Vec<Workspace>>,
    /// How many passes are running.
    running: AtomicUsize,
}

/// How to run a model.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Options {
    /// What the blocks compute in.
    pub precision: Precision,
    /// The instruction set; by default the fastest that this processor has.
    pub isa: Option<Isa>,
    /// Whether tokens that are surely in no name stop before the last layers: faster, with slightly
    /// different results. Without effect on weights that have no exits.
    pub early_exit: bool,
}

impl Options {
    /// The same with another precision.
    #[must_use]
    pub fn precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same with a given instruction set.
    #[must_use]
    pub fn isa(self, isa: Isa) -> Self {
        let isa = Some(isa);
        Self { isa, ..self }
    }

    /// The same with or without tokens that stop early.
    #[must_use]
    pub fn early_exit(self, early_exit: bool) -> Self {
        Self { early_exit, ..self }
    }

    /// Checks that this processor has the instruction set.
    ///
    /// # Errors
    /// [`Error::NoSuchIsa`] where it does not.
    pub fn check(self) -> Result<(), Error> {
        Isa::choose(self.isa).map(|_| ())
    }
}

impl Encoder {
    /// Loads a model from the bytes of `config.json` and of `model.safetensors`.
    ///
    /// The names of the encoder's tensors may start with the architecture's prefix (`bert.` and so
    /// on) or not. The classifier has a row for each label. Layers are loaded in parallel, on the
    /// current `rayon` pool. If `weights` are `'static`, the word embeddings are used in place, and
    /// so are layers that [`prepare`](crate::prepare) has laid out.
    ///
    /// # Errors
    /// A configuration that is not supported, a corrupt file, a tensor that is missing or has the
    /// wrong shape or type, or an instruction set that this processor lacks.
    pub fn load(
        config: &[u8],
        weights: impl Into<Cow<'static, [u8]>>,
        options: Options,
    ) -> Result<Self, Error> {
        let kernel = Isa::choose(options.isa)?;
        let config = Config::parse(config)?;
        let prefix = config.architecture.prefix();
        match weights.into() {
            Cow::Borrowed(bytes) => {
                let weights = Weights::open_static(bytes, prefix)?;
                Self::build(config, &weights, options, kernel)
            }
            Cow::Owned(bytes) => {
                let weights = Weights::open(&bytes, prefix)?;
                Self::build(config, &weights, options, kernel)
            }
        }
    }

    fn build(
        config: Config,
        weights: &Weights<'_>,
        options: Options,
        kernel: Chosen,
    ) -> Result<Self, Error> {
        let precision = options.precision;
        let embedding = Embedding::load(weights, &config)?;
        let relative_bias = match config.architecture {
            Architecture::MpNet => Some(RelativeBias::load(
                weights,
                config.heads,
                config.max_tokens(),
            )?),
            _ => None,
        };
        let mut layers = Vec::new();
        // Some at a time: a configuration that claims a huge number of layers fails at the first
        // one that is missing.
        while layers.len() < config.layers {
            let next = layers.len()..config.layers.min(layers.len() + LAYERS_AT_ONCE);
            let loaded: Vec<_> = next
                .into_par_iter()
                .map(|index| Layer::load(weights, &config, index, precision, kernel))
                .collect();
            for layer in loaded {
                layers.push(layer?);
            }
        }
        let labels = weights.rows("classifier.bias")?.max(1);
        let shape = Shape::plain("classifier".to_owned(), config.hidden, labels);
        let classifier = Linear::load(weights, &shape, Precision::F32)?;
        let exits = match options.early_exit {
            true => Exits::load(weights, &config, &shape)?,
            false => None,
        };
        Ok(Self {
            config,
            kernel,
            embedding,
            relative_bias,
            layers,
            classifier,
            exits,
            labels,
            single: Mutex::default(),
            shared: Mutex::default(),
            running: AtomicUsize::default(),
        })
    }

    /// The model's shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The number of labels: the columns of [`logits`](Self::logits).
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The length of the longest sequence, in tokens, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.config.max_tokens()
    }

    /// Whether this model, as loaded, stops tokens that are surely in no name before the last layers.
    pub fn early_exit(&self) -> bool {
        self.exits.is_some()
    }

    /// The gate that decides which tokens enter a layer; `None` where all do.
    pub(crate) fn exit_before(&self, layer: usize) -> Option<&Linear> {
        self.exits.as_ref()?.before(layer)
    }

    /// Whether no pass is running, so that the threads of a `rayon` pool would share the next one.
    pub fn idle(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// The last hidden states, tokens x hidden, in the order of the pack.
    ///
    /// # Errors
    /// [`Error::TokenOutOfRange`] or [`Error::SequenceTooLong`].
    pub fn hidden(&self, packed: Packed<'_>) -> Result<Array2<f32>, Error> {
        let columns = self.config.hidden;
        self.pass(packed, None, false, |workspace| {
            workspace.hidden.view(columns).to_owned()
        })
    }

    /// The scores before softmax, tokens x labels, in the order of the pack.
    ///
    /// # Errors
    /// As for [`hidden`](Self::hidden).
    pub fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>, Error> {
        let columns = self.labels;
        self.pass(packed, None, true, |workspace| {
            workspace.logits.view(columns).to_owned()
        })
    }

    /// [`logits`](Self::logits) and [`hidden`](Self::hidden) of one pass.
    ///
    /// # Errors
    /// As for [`hidden`](Self::hidden).
    pub fn logits_and_hidden(
        &self,
        packed: Packed<'_>,
    ) -> Result<(Array2<f32>, Array2<f32>), Error> {
        let (labels, size) = (self.labels, self.config.hidden);
        self.pass(packed, None, true, |workspace| {
            let (logits, hidden) = (&workspace.logits, &workspace.hidden);
            (logits.view(labels).to_owned(), hidden.view(size).to_owned())
        })
    }

    /// Calls `read` with the [`logits`](Self::logits) and the [`hidden`](Self::hidden) states of some
    /// tokens of the pack, a row for each of `tokens`, without copying them.
    ///
    /// In the last layer other tokens only get keys and values. Rows may differ in the last digits
    /// from those of a pass over all tokens, because sums are added in another order.
    ///
    /// # Errors
    /// As for [`hidden`](Self::hidden), and [`Error::Tokens`].
    pub fn read<R>(
        &self,
        packed: Packed<'_>,
        tokens: &[usize],
        read: impl FnOnce(ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> R,
    ) -> Result<R, Error> {
        packed.check_tokens(tokens)?;
        let (labels, size) = (self.labels, self.config.hidden);
        self.pass(packed, Some(tokens), true, |workspace| {
            read(workspace.logits.view(labels), workspace.hidden.view(size))
        })
    }

    fn pass<R>(
        &self,
        packed: Packed<'_>,
        tokens: Option<&[usize]>,
        classify: bool,
        read: impl FnOnce(&Workspace) -> R,
    ) -> Result<R, Error> {
        packed.check(&self.config)?;
        let running = Running::new(&self.running);
        let threads = match rayon::current_thread_index() {
            Some(_) if running.alone => rayon::current_num_threads(),
            _ => 1,
        };
        let idle = if threads > 1 {
            &self.shared
        } else {
            &self.single
        };
        let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = idle().pop().unwrap_or_default();
        self.kernel.run(Pass {
            encoder: self,
            packed,
            classify,
            tokens,
            threads,
            workspace: &mut workspace,
        });
        let result = read(&workspace);
        idle().push(workspace);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::pair_tests::{pair_kernels, sums_as_amx};
    use crate::kernels::tests::kernels;

    /// Ids and bounds of packs that end within a tile or block, and of one with several groups.
    fn packs() -> impl Iterator<Item = (Vec<u32>, Vec<usize>)> {
        let many = vec![17; 40];
        let packs = [vec![1], vec![17, 3], vec![38, 1, 30, 16, 9, 37, 2], many];
        packs.into_iter().map(|lengths| {
            let mut bounds = vec![0];
            bounds.extend(lengths.iter().scan(0, |end, &length| {
                *end += length;
                Some(*end)
            }));
            let count: usize = lengths.iter().sum();
            ((0..count as u32).map(|i| i * 7 % 53).collect(), bounds)
        })
    }

    fn load(name: &str, precision: Precision, kernel: Chosen) -> Encoder {
        let file = |file: &str| {
            let root = env!("CARGO_MANIFEST_DIR");
            std::fs::read(format!("{root}/tests/fixtures/{name}/{file}")).unwrap()
        };
        let config = Config::parse(&file("config.json")).unwrap();
        let weights = file("model.safetensors");
        let weights = Weights::open(&weights, config.architecture.prefix()).unwrap();
        let options = Options::default().precision(precision);
        Encoder::build(config, &weights, options, kernel).unwrap()
    }

    fn threads(count: usize) -> rayon::ThreadPool {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count);
        pool.build().unwrap()
    }

    /// The fixtures' sizes are no multiples of any kernel's tile.
    #[test]
    fn every_kernel_gives_a_model_the_same_bits() {
        let pool = threads(3);
        for name in ["bert", "mpnet", "electra"] {
            for precision in [Precision::F32, Precision::Int8] {
                let reference = load(name, precision, Chosen::SCALAR);
                for (kernel, chosen) in kernels() {
                    let encoder = load(name, precision, chosen);
                    for (ids, bounds) in packs() {
                        let packed = Packed::new(&ids, &bounds).unwrap();
                        let expected = reference.logits(packed).unwrap();
                        let found = encoder.logits(packed).unwrap();
                        assert_eq!(found, expected, "{name}, {precision}, {kernel}");
                        let found = pool.install(|| encoder.logits(packed)).unwrap();
                        assert_eq!(found, expected, "{name}, {precision}, {kernel}, shared");
                    }
                }
            }
        }
    }

    /// AMX adds in another order. A sum may then round to another bfloat16, and logits differ by as
    /// much as bfloat16 logits differ from `f32` ones.
    #[test]
    fn bf16_gives_the_same_bits_in_any_pack_and_on_every_kernel_but_amx() {
        let pool = threads(3);
        for name in ["bert", "mpnet", "electra"] {
            let reference = load(name, Precision::Bf16, Chosen::SCALAR);
            for (kernel, chosen) in pair_kernels() {
                let encoder = load(name, Precision::Bf16, chosen);
                for (ids, bounds) in packs() {
                    let packed = Packed::new(&ids, &bounds).unwrap();
                    let expected = reference.logits(packed).unwrap();
                    let found = encoder.logits(packed).unwrap();
                    assert!(found.iter().all(|x| x.is_finite()), "{name}, {kernel}");
                    let differences = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
                    let difference = differences.fold(0.0, f32::max);
                    let most = if sums_as_amx(kernel) { 0.05 } else { 0.0 };
                    assert!(difference <= most, "{name}, {kernel}: {difference:e}");
                    let shared = pool.install(|| encoder.logits(packed)).unwrap();
                    assert_eq!(shared, found, "{name}, {kernel}, shared");
                    for (range, ids) in packed.ranges().zip(packed.sequences()) {
                        let bounds = [0, ids.len()];
                        let alone = Packed::new(ids, &bounds).unwrap();
                        let alone = encoder.logits(alone).unwrap();
                        let found = found.slice(ndarray::s![range, ..]);
                        assert_eq!(alone, found, "{name}, {kernel}, alone");
                    }
                }
            }
        }
    }
}
