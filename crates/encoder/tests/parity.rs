//! Compares logits with PyTorch's, for the stored inputs of each architecture.

mod common;

use newshound_encoder::{Encoder, Options, Packed, Precision};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    longest: usize,
    sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Sequence {
    ids: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

/// The largest difference of a logit over all stored sequences, run as one pack.
fn difference(model: &str, encoder: &Encoder) -> f32 {
    let expected: Expected = serde_json::from_slice(&common::file(model, "expected.json")).unwrap();
    assert_eq!(encoder.max_tokens(), expected.longest, "{model}");
    assert!(
        expected
            .sequences
            .iter()
            .any(|sequence| sequence.ids.len() == expected.longest)
    );
    let ids: Vec<u32> = expected
        .sequences
        .iter()
        .flat_map(|sequence| sequence.ids.clone())
        .collect();
    let mut bounds = vec![0];
    for sequence in &expected.sequences {
        bounds.push(bounds[bounds.len() - 1] + sequence.ids.len());
    }
    let logits = encoder.logits(Packed::new(&ids, &bounds).unwrap()).unwrap();
    let wanted: Vec<f32> = expected
        .sequences
        .into_iter()
        .flat_map(|s| s.logits)
        .flatten()
        .collect();
    assert_eq!(logits.len(), wanted.len(), "{model}");
    assert!(
        wanted.iter().any(|value| value.abs() > 1.0),
        "{model}: all small"
    );
    common::largest(logits.iter().zip(&wanted).map(|(a, b)| (a - b).abs()))
}

#[test]
fn every_architecture_gives_the_logits_of_pytorch() {
    for model in common::ALL {
        let difference = difference(model, &common::load(model));
        println!("{model}: {difference:e}");
        assert!(difference < 1e-4, "{model}: {difference:e}");
    }
}

/// The bound is wide because the weights are random: errors do not shrink as in a trained model.
#[test]
fn every_architecture_is_close_to_the_logits_of_pytorch_in_bf16() {
    for model in common::ALL {
        let difference = difference(model, &common::load_in(model, Precision::Bf16));
        println!("{model}: {difference:e}");
        assert!(difference < 0.2, "{model}: {difference:e}");
        assert!(difference > 1e-3, "{model}: not in bf16: {difference:e}");
    }
}

#[test]
fn tensors_are_found_without_the_prefix_of_their_architecture() {
    for model in common::ALL {
        let prefix = if model == "xlm-roberta" {
            "roberta."
        } else {
            &format!("{model}.")
        };
        let bare: common::Tensors = common::tensors(model)
            .into_iter()
            .map(|(name, tensor)| {
                (
                    name.strip_prefix(prefix).unwrap_or(&name).to_owned(),
                    tensor,
                )
            })
            .collect();
        assert!(bare.keys().all(|name| !name.starts_with(prefix)));
        let encoder = Encoder::load(
            &common::file(model, "config.json"),
            common::to_bytes(&bare),
            Options::default(),
        )
        .unwrap();
        assert!(difference(model, &encoder) < 1e-4, "{model}");
    }
}

#[test]
fn old_names_of_the_norms_are_understood() {
    let old: common::Tensors = common::tensors("bert")
        .into_iter()
        .map(|(name, tensor)| {
            let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
            (name.replace("LayerNorm.bias", "LayerNorm.beta"), tensor)
        })
        .collect();
    let encoder = Encoder::load(
        &common::file("bert", "config.json"),
        common::to_bytes(&old),
        Options::default(),
    )
    .unwrap();
    assert!(difference("bert", &encoder) < 1e-4);
}
