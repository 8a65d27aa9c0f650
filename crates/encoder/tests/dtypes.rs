//! Weights stored in fewer bits give the same results as their widened values, bit for bit.

mod common;

use common::{Tensor, Tensors};
use half::{bf16, f16};
use newshound_encoder::{Encoder, Error, Options, Packed, Precision};
use safetensors::Dtype;

const MODEL: &str = "distilbert";
const EMBEDDINGS: &str = "distilbert.embeddings.word_embeddings.weight";

fn logits(tensors: &Tensors) -> Vec<f32> {
    let config = common::file(MODEL, "config.json");
    let options = Options::default().precision(Precision::F32);
    let encoder = Encoder::load(&config, common::to_bytes(tensors), options).unwrap();
    let packed = Packed::new(&[3, 30, 52, 4, 8, 17], &[0, 4, 6]).unwrap();
    encoder.logits(packed).unwrap().into_iter().collect()
}

fn refused(tensors: &Tensors) -> Error {
    let config = common::file(MODEL, "config.json");
    Encoder::load(&config, common::to_bytes(tensors), Options::default())
        .map(|_| ())
        .unwrap_err()
}

/// The model with each tensor narrowed, and the model with each tensor narrowed and widened again.
fn narrowed(dtype: Dtype, narrow: impl Fn(f32) -> ([u8; 2], f32)) -> (Tensors, Tensors) {
    let (mut small, mut wide) = (common::tensors(MODEL), common::tensors(MODEL));
    for tensor in small.values_mut() {
        tensor.data = tensor
            .floats()
            .into_iter()
            .flat_map(|value| narrow(value).0)
            .collect();
        tensor.dtype = dtype;
    }
    for tensor in wide.values_mut() {
        let values: Vec<f32> = tensor
            .floats()
            .into_iter()
            .map(|value| narrow(value).1)
            .collect();
        *tensor = Tensor::from_floats(&tensor.shape, &values);
    }
    (small, wide)
}

#[test]
fn half_precision_weights_are_widened() {
    let (small, wide) = narrowed(Dtype::F16, |x| {
        (f16::from_f32(x).to_le_bytes(), f16::from_f32(x).to_f32())
    });
    assert_eq!(logits(&small), logits(&wide));
}

#[test]
fn bfloat16_weights_are_widened() {
    let (small, wide) = narrowed(Dtype::BF16, |x| {
        (bf16::from_f32(x).to_le_bytes(), bf16::from_f32(x).to_f32())
    });
    assert_eq!(logits(&small), logits(&wide));
}

/// The model with every matrix as I8 with a scale per row, and with the same values as F32.
fn quantised() -> (Tensors, Tensors) {
    let (mut small, mut wide) = (Tensors::new(), Tensors::new());
    for (name, tensor) in common::tensors(MODEL) {
        let [rows, columns] = tensor.shape[..] else {
            small.insert(name.clone(), tensor.clone());
            wide.insert(name, tensor);
            continue;
        };
        let values = tensor.floats();
        let scales: Vec<f32> = values
            .chunks(columns)
            .map(|row| row.iter().fold(0f32, |a, b| a.max(b.abs())) / 127.0)
            .collect();
        let steps: Vec<f32> = values
            .iter()
            .enumerate()
            .map(|(i, value)| (value / scales[i / columns]).round())
            .collect();
        let restored: Vec<f32> = steps
            .iter()
            .enumerate()
            .map(|(i, step)| step * scales[i / columns])
            .collect();
        wide.insert(name.clone(), Tensor::from_floats(&tensor.shape, &restored));
        let data = steps
            .iter()
            .map(|&step| (step as i8).cast_unsigned())
            .collect();
        small.insert(
            format!("{name}_scale"),
            Tensor::from_floats(&[rows], &scales),
        );
        small.insert(
            name,
            Tensor {
                dtype: Dtype::I8,
                data,
                ..tensor
            },
        );
    }
    (small, wide)
}

#[test]
fn eight_bit_weights_are_multiplied_by_the_scale_of_their_row() {
    let (small, wide) = quantised();
    assert_eq!(small[EMBEDDINGS].dtype, Dtype::I8);
    assert_eq!(logits(&small), logits(&wide));
}

#[test]
fn eight_bit_weights_need_their_scales() {
    let scale = format!("{EMBEDDINGS}_scale");
    let (whole, _) = quantised();

    let mut without = whole.clone();
    without.remove(&scale);
    assert!(matches!(refused(&without), Error::MissingTensor { name } if name == scale));

    let mut short = whole.clone();
    short.insert(scale.clone(), Tensor::from_floats(&[2], &[1.0, 2.0]));
    assert!(
        matches!(refused(&short), Error::WrongShape { name, expected, .. } if name == scale && expected == [53])
    );

    let mut half = whole;
    half.insert(
        scale.clone(),
        Tensor {
            dtype: Dtype::F16,
            shape: vec![53],
            data: vec![0; 106],
        },
    );
    assert!(
        matches!(refused(&half), Error::WrongDtype { name, supported: "F32", .. } if name == scale)
    );
}

#[test]
fn other_element_types_are_refused_by_name() {
    let mut tensors = common::tensors(MODEL);
    let name = "distilbert.transformer.layer.1.ffn.lin2.weight";
    tensors.insert(
        name.to_owned(),
        Tensor {
            dtype: Dtype::I64,
            shape: vec![32, 64],
            data: vec![0; 32 * 64 * 8],
        },
    );
    let message = refused(&tensors).to_string();
    for part in [name, "I64", "BF16", "I8"] {
        assert!(message.contains(part), "{message}");
    }

    let mut tensors = common::tensors(MODEL);
    let name = "distilbert.transformer.layer.1.ffn.lin2.bias";
    tensors.insert(
        name.to_owned(),
        Tensor {
            dtype: Dtype::I8,
            shape: vec![32],
            data: vec![0; 32],
        },
    );
    assert!(matches!(refused(&tensors), Error::WrongDtype { name: n, .. } if n == name));
}
