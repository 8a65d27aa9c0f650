//! rust-bert's models, on libtorch, as a backend.
//!
//! rust-bert also has a pipeline that goes from text to names,
//! `pipelines::token_classification::TokenClassificationModel`. It is not used: in rust-bert 0.23
//! its `predict` looks a batch's texts up as `features[sentence_idx]`, counted from the batch's
//! start in the list of all texts. From the second batch on (64 texts unless told otherwise) the
//! labels are put on the texts of the first one, and the texts they belong to get none;
//! `tests/rust_bert_pipeline.rs` shows it. So we run rust-bert's model types on our own windows.
//!
//! What is particular to its models, and what is done about it:
//! - `ElectraModel` adds its attention mask to the scores as it is, so that the 1 and 0 of the
//!   others' masks would let padding through; it gets 0 and -10000 instead.
//! - `RobertaEmbeddings` counts positions from padding id 1 whatever `config.json` says; it gets
//!   positions.
//! - Layer norms add 1e-12 to the variance whatever `config.json` says (all but ELECTRA's first).
//!   A model made with more, such as RoBERTa's 1e-5, gets slightly other logits than it should;
//!   one with more than 1e-5 is refused.
//!
//! Sequences of a pack are padded to the longest one and the padding is masked. What a sequence
//! gets depends on its neighbours in the last digits only: libtorch adds the numbers up in another
//! order when the batch has another shape.

mod network;

use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::Array2;
use newshound_encoder::{Config, Encoder, Options, Packed, Tensors};
use tch::{Cuda, Kind, Tensor, no_grad};

use self::network::{Batch, Network, Output, Weights};
use super::{Backend, Device};
use crate::{Error, Result, guard};

/// Layer norms with more than this would be visibly different.
const MOST_EPS: f32 = 1.1e-5;

/// Runs a model with rust-bert and libtorch.
///
/// A pass runs on the thread it is called on and no other, for which it sets libtorch's number of
/// threads to one; passes on many threads run side by side.
pub struct RustBert {
    config: Config,
    tags: usize,
    device: tch::Device,
    weights: Mutex<Weights>,
    /// Networks that are not running. A network can be used by one thread only; they share the
    /// weights, and there are as many as have run at once.
    idle: Mutex<Vec<Network>>,
}

/// Checks that the device exists.
pub(super) fn check(device: Device) -> Result<()> {
    let Device::Cuda(number) = device else {
        return Ok(());
    };
    let there = usize::try_from(Cuda::device_count()).unwrap_or_default();
    if Cuda::is_available() && number < there {
        return Ok(());
    }
    Err(Error::Option(format!(
        "there is no {device}: libtorch sees {there} GPUs; use --device cpu, or build with a \
         libtorch for CUDA where there is a GPU"
    )))
}

impl RustBert {
    /// Loads a model from the bytes of `config.json` and `model.safetensors`, which must be one
    /// that [`Encoder`] takes.
    ///
    /// # Errors
    /// Says what is wrong with the files, or that rust-bert has no such model.
    pub fn load(config: &[u8], weights: &[u8], device: Device) -> Result<Self, String> {
        let parsed = Config::parse(config).map_err(|e| e.to_string())?;
        if parsed.layer_norm_eps > MOST_EPS {
            return Err(format!(
                "rust-bert cannot run a model with a layer_norm_eps of {}; use --backend native",
                parsed.layer_norm_eps
            ));
        }
        // Our own encoder refuses bad files first: the messages are the same, and libtorch, which
        // panics where shapes do not fit, sees none of them.
        let tags = Encoder::load(config, weights.to_vec(), Options::default())
            .map_err(|e| e.to_string())?
            .labels();
        let tensors = Tensors::open(weights, parsed.architecture).map_err(|e| e.to_string())?;
        let device = match device {
            Device::Cpu => tch::Device::Cpu,
            Device::Cuda(number) => tch::Device::Cuda(number),
        };
        let weights = guarded(|| Weights::new(&tensors, device))??;
        let backend = Self {
            config: parsed,
            tags,
            device,
            weights: Mutex::new(weights),
            idle: Mutex::default(),
        };
        let network = backend.network()?;
        held(&backend.idle).push(network);
        Ok(backend)
    }

    /// One more network.
    fn network(&self) -> Result<Network, String> {
        let weights = held(&self.weights);
        guarded(|| {
            tch::set_num_threads(1);
            Network::new(&self.config, self.tags, &weights, self.device)
        })?
    }

    /// Number of the model's tags.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.tags
    }

    fn run(&self, packed: Packed<'_>) -> Result<Output> {
        packed.check(&self.config)?;
        let lengths: Vec<usize> = packed.sequences().map(<[u32]>::len).collect();
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let mut numbers = Numbers::default();
        for ids in packed.sequences() {
            numbers.add(ids, self.config.positions(ids), longest);
        }
        let shape = [long(lengths.len())?, long(longest)?];
        let tensor = |values: &[i64]| -> Result<Tensor, tch::TchError> {
            Tensor::f_from_slice(values)?
                .f_view(shape)?
                .f_to_device(self.device)
        };
        let batch = || -> Result<Batch, tch::TchError> {
            Ok(Batch {
                ids: tensor(&numbers.ids)?,
                positions: tensor(&numbers.positions)?,
                mask: tensor(&numbers.mask)?,
            })
        };
        let batch = batch().map_err(|e| Error::Backend(e.to_string()))?;
        let idle = held(&self.idle).pop();
        let network = idle.map_or_else(|| self.network(), Ok);
        let network = network.map_err(Error::Backend)?;
        let output = guarded(|| {
            tch::set_num_threads(1);
            no_grad(|| network.run(&batch))
        });
        let output = output.and_then(|output| output).map_err(Error::Backend)?;
        held(&self.idle).push(network);
        Ok(output)
    }

    /// The rows of real tokens of a batches x longest x columns tensor.
    fn rows(&self, packed: Packed<'_>, tensor: &Tensor, columns: usize) -> Result<Array2<f32>> {
        let wrong = |e: &dyn std::fmt::Display| Error::Backend(e.to_string());
        let flat = tensor
            .f_to_device(tch::Device::Cpu)
            .and_then(|t| t.f_to_kind(Kind::Float))
            .and_then(|t| t.f_contiguous())
            .and_then(|t| t.f_view([-1]))
            .map_err(|e| wrong(&e))?;
        let values = Vec::<f32>::try_from(flat).map_err(|e| wrong(&e))?;
        let longest = packed.sequences().map(<[u32]>::len).max();
        let stride = longest.unwrap_or_default() * columns;
        let kept: Vec<f32> = values
            .chunks(stride.max(1))
            .zip(packed.sequences())
            .flat_map(|(rows, ids)| rows.iter().take(ids.len() * columns))
            .copied()
            .collect();
        Array2::from_shape_vec((packed.tokens(), columns), kept).map_err(|e| wrong(&e))
    }
}

impl Backend for RustBert {
    fn size(&self) -> usize {
        self.config.hidden
    }

    fn max_tokens(&self) -> usize {
        self.config.max_tokens()
    }

    fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>> {
        if packed.tokens() == 0 {
            return Ok(Array2::zeros((0, self.tags)));
        }
        let output = self.run(packed)?;
        self.rows(packed, &output.logits, self.tags)
    }

    fn logits_and_hidden(&self, packed: Packed<'_>) -> Result<(Array2<f32>, Array2<f32>)> {
        if packed.tokens() == 0 {
            return Ok((
                Array2::zeros((0, self.tags)),
                Array2::zeros((0, self.size())),
            ));
        }
        let output = self.run(packed)?;
        Ok((
            self.rows(packed, &output.logits, self.tags)?,
            self.rows(packed, &output.hidden, self.size())?,
        ))
    }
}

/// What goes into a batch, sequence after sequence, each padded to the same length.
#[derive(Default)]
struct Numbers {
    ids: Vec<i64>,
    positions: Vec<i64>,
    /// 1 for tokens, 0 for padding.
    mask: Vec<i64>,
}

impl Numbers {
    fn add(&mut self, ids: &[u32], positions: impl Iterator<Item = usize>, longest: usize) {
        let length = self.ids.len() + longest;
        self.ids.extend(ids.iter().map(|&id| i64::from(id)));
        // Positions index a table in memory: they fit.
        let positions = positions.map(|position| i64::try_from(position).unwrap_or_default());
        self.positions.extend(positions);
        self.mask.extend(ids.iter().map(|_| 1));
        for column in [&mut self.ids, &mut self.positions, &mut self.mask] {
            column.resize(length, 0);
        }
    }
}

fn long(number: usize) -> Result<i64> {
    i64::try_from(number).map_err(|e| Error::Backend(e.to_string()))
}

/// Locks, even where the last holder panicked: what it held is still valid.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// libtorch panics where it fails, as when a GPU's memory is full; this makes it an error.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    guard::guarded(work).map_err(|reason| format!("libtorch failed: {reason}"))
}

#[cfg(test)]
mod tests;
