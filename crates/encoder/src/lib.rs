//! Transformer encoders for token classification, on the CPU.
//!
//! [`Encoder`] runs BERT, DistilBERT, RoBERTa, XLM-R, ELECTRA and MPNet from the `config.json` and
//! `model.safetensors` of a Hugging Face directory. Sequences are laid end to end in a [`Packed`]
//! batch, without padding: linear layers run over all tokens at once, attention per sequence. The
//! results of a sequence are the same, bit for bit, whatever else is in the pack, however many
//! threads share the pass and whichever instruction set ([`Isa`]) computes it (except that AMX adds
//! bfloat16 products in another order).
//!
//! Weights may be stored as F32, F16, BF16, or as I8 with one F32 scale per output row. Where they
//! are stored as I8, the linear layers and the attention of the blocks multiply 8-bit integers;
//! everything else computes in `f32`. With another [`Precision`] the linear layers multiply bfloat16
//! or `f32`, and attention computes in `f32`.
//!
//! [`prepare`] lays out 8-bit weights ahead of time, so that a program can run a model that is part
//! of its binary in place, without a copy. [`apply_change`] makes the weights of a model that is
//! stored as a change of another. [`nest`] stores the tensors that two weights files share once.
//!
//! ```no_run
//! use newshound_encoder::{Encoder, Options, Packed};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = std::fs::read("model/config.json")?;
//! let weights = std::fs::read("model/model.safetensors")?;
//! let encoder = Encoder::load(&config, weights, Options::default())?;
//! // Two sequences, of three and of two tokens.
//! let logits = encoder.logits(Packed::new(&[101, 7, 102, 101, 102], &[0, 3, 5])?)?;
//! assert_eq!(logits.dim(), (5, encoder.labels()));
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod activation;
mod attention;
mod bf16;
mod columns;
mod config;
mod crew;
mod embed;
mod encoder;
mod error;
mod exit;
mod isa;
#[allow(unsafe_code, reason = "vector instructions")]
mod kernels;
mod layer;
mod layer_norm;
mod layout;
mod linear;
mod low_rank;
mod math;
mod matrix;
mod names;
mod nested;
mod packed;
mod panels;
mod pass;
mod pool;
mod precision;
mod prepared;
mod quantise;
mod rate;
mod relative_bias;
mod rounded;
mod shapes;
mod share;
mod standing;
mod tensors;
mod weights;

pub use activation::Activation;
pub use config::{Architecture, Config};
pub use encoder::{Encoder, Options};
pub use error::Error;
pub use exit::is_exit;
pub use isa::Isa;
pub use low_rank::apply_change;
pub use nested::{Nested, nest};
pub use packed::{Pack, Packed};
pub use pool::pool;
pub use precision::Precision;
pub use prepared::prepare;
pub use rate::int8_operations_per_second;
pub use tensors::{Tensor, Tensors};
