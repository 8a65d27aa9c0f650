//! The whole model: embeddings, blocks, classifier.

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Layers that are read side by side.
const LAYERS_AT_ONCE: usize = 16;

/// A token-classification model, ready to run. Methods take `&self` and may run on many threads.
///
/// A pass runs on the thread it is called on. Where that is one of a `rayon` pool and no other pass
/// is running, the other threads of the pool do their share of it. What comes out is the same, bit
/// for bit.
pub struct Encoder {
    pub(crate) config: Config,
    kernel: Chosen,
    pub(crate) embedding: Embedding,
    pub(crate) relative_bias: Option<RelativeBias>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) classifier: Linear,
    pub(crate) exits: Option<Exits>,
    labels: usize,
    /// Room for passes on one thread that are not running: as many as have run at once.
    single: Mutex<Vec<Workspace>>,
    /// Room for passes that threads share, of which one runs at a time. It is kept apart since
    /// they are large: rooms that served for both would all become so.
    shared: Mutex<Vec<Workspace>>,
    running: AtomicUsize,
}

/// How a model is run.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Options {
    /// What the blocks compute in.
    pub precision: Precision,
    /// The instruction set; by default the fastest this processor has.
    pub isa: Option<Isa>,
    /// Whether tokens stop before the last layers where the weights say which may: faster, and not
    /// quite the same. Without effect on weights that do not say.
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

    /// Whether this processor can do it.
    ///
    /// # Errors
    /// [`Error::NoSuchIsa`] where it lacks the instruction set.
    pub fn check(self) -> Result<(), Error> {
        Isa::choose(self.isa).map(|_| ())
    }
}

impl Encoder {
    /// Loads a model from the bytes of `config.json` and of `model.safetensors`.
    ///
    /// The names of the encoder's tensors may start with the architecture's prefix (`bert.` and so
    /// on) or not. The number of labels is that of the classifier's rows. Layers are prepared in the
    /// current `rayon` pool. Of `weights` that are `'static` the word embeddings are used in place,
    /// and so are the layers where [`prepare`](crate::prepare) has put them in order.
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
                let weights = Weights::open_lasting(bytes, prefix)?;
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
        // A few at once: the first layer that is missing is named, whatever their number is said to be.
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

    /// How many labels the classifier tells apart: the columns of [`logits`](Self::logits).
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The longest sequence, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.config.max_tokens()
    }

    /// Whether tokens that are surely in no name stop before the last layers, in this model run so.
    pub fn early_exit(&self) -> bool {
        self.exits.is_some()
    }

    /// What decides before a layer which tokens go on.
    pub(crate) fn exit_before(&self, layer: usize) -> Option<&Linear> {
        self.exits.as_ref()?.before(layer)
    }

    /// Whether no pass is running, so that the next one on a `rayon` pool is shared by its threads.
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

    /// Scores before softmax, tokens x labels, in the order of the pack.
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

    /// What `read` makes of [`logits`](Self::logits) and [`hidden`](Self::hidden) of some tokens of
    /// the pack, a row for each, where they lie.
    ///
    /// Other tokens do not go through the last layer, but for their keys and values. Rows may
    /// differ in the last digits from those of a pass of which all tokens are wanted, as sums are in
    /// another order.
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
        let rooms = if threads > 1 {
            &self.shared
        } else {
            &self.single
        };
        let rooms = || rooms.lock().unwrap_or_else(|broken| broken.into_inner());
        let mut workspace = rooms().pop().unwrap_or_default();
        self.kernel.run(Pass {
            encoder: self,
            packed,
            classify,
            tokens,
            threads,
            workspace: &mut workspace,
        });
        let result = read(&workspace);
        rooms().push(workspace);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::pair_tests::{pair_kernels, sums_as_amx};
    use crate::kernels::tests::kernels;

    /// Packs that end within tiles and blocks, and one of several groups: ids and bounds.
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

    /// The fixtures' sizes are no multiples of any kernel's.
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

    /// AMX adds in another order. Where that makes a sum round to another bfloat16, logits differ by
    /// as much as they do from those in `f32`.
    #[test]
    fn in_bf16_every_kernel_but_amx_gives_the_same_bits_and_each_its_own_in_any_pack() {
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
