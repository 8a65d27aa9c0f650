//! The tiny models that `training/parity_tiny.py` makes, and tools to change their tensors.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use newshound_encoder::{Encoder, Options, Precision};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

pub const ALL: [&str; 6] = [
    "bert",
    "distilbert",
    "electra",
    "mpnet",
    "roberta",
    "xlm-roberta",
];

pub fn file(model: &str, name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures", model, name]
        .iter()
        .collect();
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn load(model: &str) -> Encoder {
    load_in(model, Precision::Auto)
}

pub fn load_in(model: &str, precision: Precision) -> Encoder {
    Encoder::load(
        &file(model, "config.json"),
        file(model, "model.safetensors"),
        Options::default().precision(precision),
    )
    .unwrap()
}

/// The largest of some differences. Asserts that all are finite.
pub fn largest(differences: impl Iterator<Item = f32>) -> f32 {
    differences
        .inspect(|difference| assert!(difference.is_finite(), "{difference}"))
        .fold(0.0, f32::max)
}

/// A tensor that owns its bytes.
#[derive(Clone)]
pub struct Tensor {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

impl Tensor {
    pub fn floats(&self) -> Vec<f32> {
        assert_eq!(self.dtype, Dtype::F32);
        self.data
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect()
    }

    pub fn from_floats(shape: &[usize], values: &[f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }
}

pub type Tensors = BTreeMap<String, Tensor>;

pub fn tensors(model: &str) -> Tensors {
    let bytes = file(model, "model.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let tensor = Tensor {
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                data: view.data().to_vec(),
            };
            (name.to_owned(), tensor)
        })
        .collect()
}

pub fn to_bytes(tensors: &Tensors) -> Vec<u8> {
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.data).unwrap();
        (name.as_str(), view)
    });
    serialize(views, None).unwrap()
}
