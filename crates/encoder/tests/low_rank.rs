//! A model made from another and a change has the changed values, to the rounding of 8 bits.

mod common;

use common::{Tensor, Tensors, tensors, to_bytes};
use newshound_encoder::{
    Architecture, Encoder, Error, Options, Packed, Tensors as Parameters, apply_change, nest,
};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde_json::{Value, json};

const RANK: usize = 3;
const CHANGED: &str = "distilbert.transformer.layer.0.ffn.lin1";
const REPLACED: &str = "distilbert.transformer.layer.0.ffn.lin1.bias";

/// The fixture's configuration with another number of blocks.
fn config(layers: usize) -> Vec<u8> {
    let config = common::file("distilbert", "config.json");
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    config["n_layers"] = json!(layers);
    config.to_string().into_bytes()
}

fn numbers(seed: usize, count: usize) -> Vec<f32> {
    let number = |i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 2003.0 - 0.5;
    (0..count).map(number).collect()
}

/// A change of one matrix, with one of its factors in 8 bits, and of one vector.
fn change() -> Tensors {
    let old = tensors("distilbert");
    let [outputs, inputs] = old[&format!("{CHANGED}.weight")].shape[..] else {
        panic!("a matrix");
    };
    let integers = numbers(2, outputs * RANK)
        .into_iter()
        .map(|x| (x * 254.0) as i8);
    let out = Tensor {
        dtype: Dtype::I8,
        shape: vec![outputs, RANK],
        data: integers.map(i8::cast_unsigned).collect(),
    };
    let scales: Vec<f32> = numbers(3, outputs)
        .iter()
        .map(|x| 0.01 + x * 0.01)
        .collect();
    Tensors::from([
        (
            format!("{CHANGED}.into"),
            Tensor::from_floats(&[RANK, inputs], &numbers(1, RANK * inputs)),
        ),
        (format!("{CHANGED}.out"), out),
        (
            format!("{CHANGED}.out_scale"),
            Tensor::from_floats(&[outputs], &scales),
        ),
        (
            REPLACED.to_owned(),
            Tensor::from_floats(&[outputs], &numbers(4, outputs)),
        ),
    ])
}

fn apply(layers: usize, change: &Tensors) -> Result<Vec<u8>, Error> {
    let old = common::file("distilbert", "model.safetensors");
    apply_change(&config(layers), &old, &to_bytes(change))
}

#[test]
fn matrices_get_the_product_added_vectors_are_replaced_and_the_rest_stays() {
    let (change, made) = (change(), apply(2, &change()).unwrap());
    let old = common::file("distilbert", "model.safetensors");
    let open = |bytes| Parameters::open(bytes, Architecture::DistilBert).unwrap();
    let (old, new) = (open(&old), open(&made));
    assert!(old.names().eq(new.names()));
    for name in old.names() {
        let (before, after) = (old.get(name).unwrap(), new.get(name).unwrap());
        assert_eq!(before.shape, after.shape, "{name}");
        if name == REPLACED {
            assert_eq!(after.values, change[REPLACED].floats());
        } else if name != format!("{CHANGED}.weight") {
            assert_eq!(before, after, "{name}");
        } else {
            let (into, scales) = (
                change[&format!("{CHANGED}.into")].floats(),
                change[&format!("{CHANGED}.out_scale")].floats(),
            );
            let out = &change[&format!("{CHANGED}.out")].data;
            let inputs = before.shape[1];
            let rows = before
                .values
                .chunks(inputs)
                .zip(after.values.chunks(inputs));
            for (row, (before, after)) in rows.enumerate() {
                let exact = (0..inputs).map(|i| {
                    let product = (0..RANK).map(|k| {
                        let out = f64::from(out[row * RANK + k].cast_signed());
                        out * f64::from(scales[row]) * f64::from(into[k * inputs + i])
                    });
                    f64::from(before[i]) + product.sum::<f64>()
                });
                let exact: Vec<f64> = exact.collect();
                let step = exact.iter().fold(0.0, |most: f64, x| most.max(x.abs())) / 127.0;
                for (exact, &found) in exact.iter().zip(after) {
                    let apart = (exact - f64::from(found)).abs();
                    assert!(apart <= step * 0.5001, "row {row}: {apart} of {step}");
                }
            }
        }
    }
}

#[test]
fn blocks_beyond_the_number_of_layers_are_left_out_and_the_model_runs() {
    let made = apply(1, &change()).unwrap();
    let left = Parameters::open(&made, Architecture::DistilBert).unwrap();
    let blocks = left
        .names()
        .filter(|name| name.contains("transformer.layer"));
    let blocks: Vec<&str> = blocks.collect();
    assert!(!blocks.is_empty());
    assert!(blocks.iter().all(|name| name.contains("layer.0.")));
    let encoder = Encoder::load(&config(1), made, Options::default()).unwrap();
    let logits = encoder
        .logits(Packed::new(&[2, 5, 3], &[0, 3]).unwrap())
        .unwrap();
    assert!(logits.iter().all(|logit| logit.is_finite()));
}

#[test]
fn exits_of_the_other_model_are_left_out() {
    let mut old = common::tensors("distilbert");
    for name in ["exits.logits", "exits.1.weight", "exits.1.bias"] {
        old.insert(name.to_owned(), Tensor::from_floats(&[1], &[1.0]));
    }
    let made = apply_change(&config(2), &to_bytes(&old), &to_bytes(&change())).unwrap();
    let without = apply(2, &change()).unwrap();
    let open = |bytes| Parameters::open(bytes, Architecture::DistilBert).unwrap();
    let (made, without) = (open(&made), open(&without));
    assert!(made.names().eq(without.names()) && !made.early_exit());
    assert!(open(&to_bytes(&old)).early_exit());
}

#[test]
fn a_change_that_does_not_fit_is_refused_with_the_name_of_the_tensor() {
    type Damage = fn(&mut Tensors);
    let damages: [(&str, Damage); 5] = [
        ("distilbert.extra", |change| {
            change.insert(
                "distilbert.extra".to_owned(),
                Tensor::from_floats(&[1], &[0.0]),
            );
        }),
        ("lin1.out", |change| {
            change.remove(&format!("{CHANGED}.into"));
        }),
        ("lin1.out", |change| {
            change.remove(&format!("{CHANGED}.out"));
        }),
        ("lin1.into", |change| {
            let narrow = Tensor::from_floats(&[RANK, 5], &numbers(1, RANK * 5));
            change.insert(format!("{CHANGED}.into"), narrow);
        }),
        (REPLACED, |change| {
            change.insert(REPLACED.to_owned(), Tensor::from_floats(&[1], &[0.0]));
        }),
    ];
    for (named, damage) in damages {
        let mut change = change();
        damage(&mut change);
        let error = apply(2, &change).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

proptest! {
    #[test]
    fn damage_to_either_header_never_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        of_change in any::<bool>(),
    ) {
        let mut files = [common::file("distilbert", "model.safetensors"), to_bytes(&change())];
        let damaged = &mut files[usize::from(of_change)];
        let header = 8 + SafeTensors::read_metadata(damaged).unwrap().0;
        for (index, byte) in damage {
            damaged[index.index(header)] = byte;
        }
        let _ = apply_change(&config(2), &files[0], &files[1]);
        let _ = nest(&files[0], &files[1]);
    }
}
