use std::fs;

use newshound_encoder::{Error as Refusal, Precision};

use super::*;

/// The tiny models of the encoder's own tests; rust-bert has no MPNet.
const TINY: [&str; 5] = ["bert", "distilbert", "electra", "roberta", "xlm-roberta"];

fn file(model: &str, name: &str) -> Vec<u8> {
    let root = env!("CARGO_MANIFEST_DIR");
    fs::read(format!(
        "{root}/crates/encoder/tests/fixtures/{model}/{name}"
    ))
    .unwrap()
}

fn pair(model: &str) -> (Encoder, RustBert) {
    let (config, weights) = (file(model, "config.json"), file(model, "model.safetensors"));
    let theirs = RustBert::load(&config, &weights, Device::Cpu).unwrap();
    let options = Options::default().precision(Precision::F32);
    (Encoder::load(&config, weights, options).unwrap(), theirs)
}

/// Sequences of the lengths, laid end to end. Padding ids are among theirs.
fn pack(lengths: &[usize]) -> (Vec<u32>, Vec<usize>) {
    let ids = (0..lengths.iter().sum::<usize>()).map(|i| (i * 7 % 53) as u32);
    let mut bounds = vec![0];
    bounds.extend(lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    }));
    (ids.collect(), bounds)
}

fn difference(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    let pairs = a.iter().zip(b);
    assert!(pairs.clone().all(|(a, b)| a.is_finite() && b.is_finite()));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_architecture_gives_what_our_own_encoder_gives() {
    for model in TINY {
        let (ours, theirs) = pair(model);
        let (ids, bounds) = pack(&[38, 1, 30, 16, 9, 37, 2]);
        let packed = Packed::new(&ids, &bounds).unwrap();
        let (logits, hidden) = theirs.logits_and_hidden(packed).unwrap();
        let (wanted_logits, wanted_hidden) = ours.logits_and_hidden(packed).unwrap();
        // RoBERTa's layer norms add 1e-5, rust-bert's 1e-12.
        let most = if model.contains("roberta") {
            1e-3
        } else {
            1e-5
        };
        let found = difference(&logits, &wanted_logits);
        assert!(found < most, "{model}: logits differ by {found}");
        let found = difference(&hidden, &wanted_hidden);
        assert!(found < most, "{model}: hidden states differ by {found}");
        assert_eq!(logits, theirs.logits(packed).unwrap(), "{model}");
        assert_eq!(theirs.max_tokens(), ours.max_tokens(), "{model}");
    }
}

#[test]
fn a_sequence_gets_the_same_beside_longer_and_shorter_ones() {
    let lengths = [3, 37, 1, 20];
    for model in TINY {
        let (_, theirs) = pair(model);
        let (ids, bounds) = pack(&lengths);
        let together = theirs.logits(Packed::new(&ids, &bounds).unwrap()).unwrap();
        for range in Packed::new(&ids, &bounds).unwrap().ranges() {
            let alone = &ids[range.clone()];
            let alone = theirs.logits(Packed::new(alone, &[0, alone.len()]).unwrap());
            let rows = together
                .slice_axis(ndarray::Axis(0), range.into())
                .to_owned();
            let found = difference(&alone.unwrap(), &rows);
            assert!(found < 1e-5, "{model}: differs by {found}");
        }
    }
}

#[test]
fn many_threads_run_it_side_by_side_with_the_same_results() {
    let (_, theirs) = pair("bert");
    let (ids, bounds) = pack(&[3, 37, 1, 20]);
    let packed = Packed::new(&ids, &bounds).unwrap();
    let wanted = theirs.logits(packed).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(theirs.logits(packed).unwrap(), wanted);
                }
            });
        }
    });
    assert!((1..=4).contains(&held(&theirs.idle).len()));
}

#[test]
fn what_the_model_cannot_take_is_refused_and_an_empty_pack_is_empty() {
    let (_, theirs) = pair("bert");
    let (ids, bounds) = pack(&[41]);
    let error = theirs
        .logits(Packed::new(&ids, &bounds).unwrap())
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Encoder(Refusal::SequenceTooLong { tokens: 41, .. })
    ));
    let error = theirs
        .logits(Packed::new(&[1, 53], &[0, 2]).unwrap())
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Encoder(Refusal::TokenOutOfRange { position: 1, .. })
    ));
    let empty = theirs
        .logits_and_hidden(Packed::new(&[], &[0]).unwrap())
        .unwrap();
    assert_eq!((empty.0.dim(), empty.1.dim()), ((0, 9), (0, 32)));
}

#[test]
fn models_that_rust_bert_lacks_are_refused_with_the_way_out() {
    let refused = |model: &str, from: &str, to: &str| {
        let config = String::from_utf8(file(model, "config.json")).unwrap();
        assert!(config.contains(from), "{config}");
        let config = config.replace(from, to);
        let weights = file(model, "model.safetensors");
        RustBert::load(config.as_bytes(), &weights, Device::Cpu)
            .err()
            .unwrap()
    };
    let message = refused("mpnet", "mpnet", "mpnet");
    assert!(
        message.contains("no mpnet") && message.contains("--backend native"),
        "{message}"
    );
    let message = refused("roberta", "1e-05", "1e-03");
    assert!(
        message.contains("layer_norm_eps") && message.contains("--backend native"),
        "{message}"
    );
    let message = refused("bert", "\"hidden_size\": 32", "\"hidden_size\": 48");
    assert!(message.contains("has shape"), "{message}");
}

#[test]
fn a_gpu_that_is_not_there_is_refused_with_the_way_out() {
    let message = check(Device::Cuda(4096)).unwrap_err().to_string();
    assert!(
        message.contains("cuda:4096") && message.contains("--device cpu"),
        "{message}"
    );
}
