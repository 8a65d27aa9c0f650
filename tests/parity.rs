//! The shipped models give what PyTorch gives for them.

use std::fs;
use std::path::Path;

use newshound::backend::Packed;
use newshound::model::{Source, weights_in};
use newshound_encoder::{Encoder, Isa, Options, Precision, prepare};
use serde_json::Value;

/// The largest difference of a model from PyTorch.
fn difference(model: &str, precision: Precision) -> f64 {
    let options = Options::default().precision(precision);
    difference_from("logits", model, options)
}

/// The largest difference of a model from what is stored over the sequences, as one pack.
fn difference_from(kind: &str, model: &str, options: Options) -> f64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read(root.join(path)).unwrap();
    let encoder = Encoder::load(
        &read(&format!("models/{model}/config.json")),
        weights_in(&root.join("models").join(model)).unwrap(),
        options,
    )
    .unwrap();
    let stored = read(&format!("tests/fixtures/parity/{model}.json"));
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let cases = stored["sequences"].as_array().unwrap();
    assert!(cases.len() >= 3);
    let mut ids = Vec::new();
    let mut bounds = vec![0];
    let mut expected = Vec::new();
    for case in cases {
        let numbers = case["ids"].as_array().unwrap();
        ids.extend(
            numbers
                .iter()
                .map(|id| u32::try_from(id.as_u64().unwrap()).unwrap()),
        );
        bounds.push(ids.len());
        for row in case[kind].as_array().unwrap() {
            expected.extend(row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()));
        }
    }
    let logits = encoder.logits(Packed::new(&ids, &bounds).unwrap()).unwrap();
    assert_eq!(logits.len(), expected.len());
    logits
        .iter()
        .zip(&expected)
        .map(|(found, wanted)| (f64::from(*found) - wanted).abs())
        .inspect(|difference| assert!(difference.is_finite(), "{model}: {difference}"))
        .fold(0.0, f64::max)
}

#[test]
fn logits_of_the_shipped_models_are_those_of_pytorch() {
    for model in Source::inside() {
        let difference = difference(model, Precision::F32);
        assert!(
            difference < 1e-3,
            "{model}: largest difference {difference}"
        );
    }
}

#[test]
fn bfloat16_logits_of_the_shipped_models_are_those_of_pytorch_within_a_tenth() {
    for model in Source::inside() {
        let difference = difference(model, Precision::Bf16);
        assert!(difference < 0.1, "{model}: largest difference {difference}");
        assert!(difference > 1e-3, "{model}: not in bfloat16: {difference}");
    }
}

#[test]
fn tokens_of_the_shipped_model_stop_where_they_stop_in_pytorch() {
    let early = Options::default()
        .precision(Precision::F32)
        .early_exit(true);
    let difference = difference_from("early", "newshound-base", early);
    assert!(difference < 1e-3, "largest difference {difference}");
}

/// Logits lie between -6 and 10; the nearest runner-up of a confident tag is more than 3 away.
#[test]
fn eight_bit_logits_of_the_shipped_models_are_those_of_pytorch_within_0_27() {
    for model in Source::inside() {
        let difference = difference(model, Precision::Int8);
        assert!(
            difference < 0.27,
            "{model}: largest difference {difference}"
        );
        assert!(difference > 1e-3, "{model}: not in 8 bits: {difference}");
    }
}

#[test]
fn the_shipped_model_gives_the_same_bits_when_it_is_prepared() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/newshound-base");
    let config = fs::read(dir.join("config.json")).unwrap();
    let plain: &'static [u8] = weights_in(&dir).unwrap().leak();
    let prepared = prepare(&config, plain).unwrap();
    assert_ne!(prepared, plain);
    let room = vec![0; prepared.len() + 64].leak();
    let start = room.as_ptr().align_offset(64);
    let place = &mut room[start..][..prepared.len()];
    place.copy_from_slice(&prepared);
    let prepared: &'static [u8] = place;

    let ids: Vec<u32> = (0..24).map(|i| 1000 + i * 97).collect();
    let packed = Packed::new(&ids, &[0, 5, 24]).unwrap();
    for precision in Precision::ALL {
        for isa in Isa::available() {
            let options = Options::default().precision(precision).isa(isa);
            let logits = |weights: &'static [u8]| {
                let encoder = Encoder::load(&config, weights, options).unwrap();
                encoder.logits(packed).unwrap()
            };
            assert_eq!(logits(prepared), logits(plain), "{precision}, {isa}");
        }
    }
}
