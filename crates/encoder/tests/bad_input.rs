//! A model or a pack with something wrong gives an error that names it, never a panic.

mod common;

use common::Tensor;
use newshound_encoder::{Encoder, Error, Options, Packed};
use proptest::prelude::*;

fn refused(config: &[u8], weights: &[u8]) -> Error {
    Encoder::load(config, weights.to_vec(), Options::default())
        .map(|_| ())
        .unwrap_err()
}

#[test]
fn a_missing_tensor_is_named_in_full() {
    for model in common::ALL {
        let config = common::file(model, "config.json");
        let whole = common::tensors(model);
        for gone in whole.keys() {
            let mut tensors = whole.clone();
            tensors.remove(gone);
            let error = refused(&config, &common::to_bytes(&tensors));
            assert!(
                matches!(&error, Error::MissingTensor { name } if name == gone),
                "{model}, {gone}: {error}"
            );
        }
    }
}

#[test]
fn a_wrong_shape_is_reported_with_the_right_one() {
    for model in common::ALL {
        let config = common::file(model, "config.json");
        let whole = common::tensors(model);
        // Not the classifier's bias: its length is the number of labels.
        for bent in whole.keys().filter(|name| *name != "classifier.bias") {
            let mut tensors = whole.clone();
            let right = whole[bent].shape.clone();
            let mut shape = right.clone();
            shape[0] += 1;
            let values = vec![0.0; shape.iter().product()];
            tensors.insert(bent.clone(), Tensor::from_floats(&shape, &values));
            match refused(&config, &common::to_bytes(&tensors)) {
                Error::WrongShape {
                    name,
                    expected,
                    found,
                } => {
                    assert_eq!((&name, expected, found), (bent, right, shape), "{model}");
                }
                error => panic!("{model}, {bent}: {error}"),
            }
        }
    }
}

#[test]
fn a_classifier_needs_labels_and_one_row_for_each() {
    let config = common::file("bert", "config.json");
    for shape in [vec![], vec![0], vec![3, 3], vec![10]] {
        let mut tensors = common::tensors("bert");
        let values = vec![0.0; shape.iter().product()];
        let bias = Tensor::from_floats(&shape, &values);
        tensors.insert("classifier.bias".to_owned(), bias);
        let error = refused(&config, &common::to_bytes(&tensors));
        assert!(
            matches!(&error, Error::WrongShape { name, .. } if name.starts_with("classifier.")),
            "{shape:?}: {error}"
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    let config = common::file("electra", "config.json");
    let weights = common::file("electra", "model.safetensors");
    for length in (0..weights.len())
        .step_by(211)
        .chain([7, 8, 9, weights.len() - 1])
    {
        let error = refused(&config, &weights[..length]);
        assert!(
            matches!(error, Error::CorruptWeights { .. }),
            "{length}: {error}"
        );
    }
    let longer = [&weights[..], b"x"].concat();
    assert!(matches!(
        refused(&config, &longer),
        Error::CorruptWeights { .. }
    ));
}

fn with_header(header: &str) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        &[0; 64],
    ]
    .concat()
}

#[test]
fn a_header_with_false_claims_is_corrupt_and_costs_no_memory() {
    let config = common::file("bert", "config.json");
    let huge = u64::MAX;
    let name = "bert.embeddings.word_embeddings.weight";
    let mut chain = String::from("{");
    for i in 0..16u64 {
        let (start, end) = (i << 60, if i == 15 { huge } else { (i + 1) << 60 });
        let size = end - start;
        chain +=
            &format!(r#""{i}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{start},{end}]}},"#);
    }
    let chain = chain.trim_end_matches(',').to_owned() + "}";
    let headers = [
        chain,
        format!(r#"{{"{name}":{{"dtype":"F32","shape":[{huge},{huge}],"data_offsets":[0,64]}}}}"#),
        // No bytes are missing, but a loop over so many rows without columns would take years.
        format!(
            r#"{{"{name}":{{"dtype":"F32","shape":[{huge},0],"data_offsets":[0,0]}},"a":{{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}}}"#
        ),
        format!(r#"{{"{name}":{{"dtype":"F32","shape":[53,32],"data_offsets":[0,64]}}}}"#),
        format!(r#"{{"{name}":{{"dtype":"F32","shape":[53,32],"data_offsets":[0,6784]}}}}"#),
        format!(r#"{{"{name}":{{"dtype":"F32","shape":[4,4],"data_offsets":[64,0]}}}}"#),
        format!(r#"{{"{name}":{{"dtype":"F99","shape":[4,4],"data_offsets":[0,64]}}}}"#),
        "[]".to_owned(),
        "{".to_owned(),
        "[".repeat(100_000),
    ];
    for header in headers {
        let error = refused(&config, &with_header(&header));
        assert!(matches!(error, Error::CorruptWeights { .. }), "{error}");
    }
    for length in [huge, huge - 7, 1 << 40] {
        let error = refused(&config, &[&length.to_le_bytes()[..], b"{}"].concat());
        assert!(matches!(error, Error::CorruptWeights { .. }), "{error}");
    }
}

#[test]
fn a_configuration_larger_than_its_weights_is_refused_before_anything_is_allocated() {
    let weights = common::file("mpnet", "model.safetensors");
    let huge = usize::MAX / 4;
    for key in [
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "max_position_embeddings",
    ] {
        let mut config: serde_json::Value =
            serde_json::from_slice(&common::file("mpnet", "config.json")).unwrap();
        config[key] = huge.next_multiple_of(4).into();
        let error = refused(config.to_string().as_bytes(), &weights);
        assert!(matches!(error, Error::WrongShape { .. }), "{key}: {error}");
    }
    let mut config: serde_json::Value =
        serde_json::from_slice(&common::file("mpnet", "config.json")).unwrap();
    config["num_hidden_layers"] = huge.into();
    let error = refused(config.to_string().as_bytes(), &weights);
    assert!(
        matches!(&error, Error::MissingTensor { name } if name.contains("layer.2.")),
        "{error}"
    );
}

#[test]
fn packs_that_do_not_fit_the_model_are_refused() {
    let encoder = common::load("roberta");
    let ids = vec![5; encoder.max_tokens() + 1];
    let fits = [0, 1, ids.len()];
    assert!(encoder.logits(Packed::new(&ids, &fits).unwrap()).is_ok());
    let too_long = [0, ids.len()];
    let error = encoder
        .logits(Packed::new(&ids, &too_long).unwrap())
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::SequenceTooLong {
                sequence: 0,
                tokens: 41,
                max: 40
            }
        ),
        "{error}"
    );
    for id in [53, u32::MAX] {
        let ids = [4, 52, id];
        let error = encoder
            .hidden(Packed::new(&ids, &[0, 3]).unwrap())
            .unwrap_err();
        assert!(
            matches!(
                error,
                Error::TokenOutOfRange {
                    position: 2,
                    vocab_size: 53,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn an_empty_pack_has_no_rows() {
    let encoder = common::load("mpnet");
    let packed = Packed::new(&[], &[0]).unwrap();
    assert_eq!(encoder.logits(packed).unwrap().dim(), (0, 9));
    assert_eq!(encoder.hidden(packed).unwrap().dim(), (0, 32));
}

#[test]
fn an_encoder_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Encoder>();
}

proptest! {
    #[test]
    fn damage_anywhere_never_panics(
        model in prop::sample::select(&common::ALL),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        in_config in any::<bool>(),
    ) {
        let mut config = common::file(model, "config.json");
        let mut weights = common::file(model, "model.safetensors");
        // The header is where damage matters: it is a few thousand bytes at the front.
        let target = if in_config { &mut config[..] } else { &mut weights[..4000] };
        for (index, byte) in damage {
            target[index.index(target.len())] = byte;
        }
        if let Ok(encoder) = Encoder::load(&config, weights, Options::default()) {
            let _ = encoder.logits(Packed::new(&[3, 4, 5], &[0, 1, 3]).unwrap());
        }
    }
}
