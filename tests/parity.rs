//! The shipped model gives what PyTorch gives for it.

use std::fs;
use std::path::Path;

use newshound::backend::Packed;
use newshound::model::weights_in;
use newshound_encoder::{Encoder, Isa, Options, Precision, prepare};
use serde_json::Value;

/// The largest difference from PyTorch over the stored sequences, as one pack.
fn difference(precision: Precision) -> f64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read(root.join(path)).unwrap();
    let encoder = Encoder::load(
        &read("models/newshound-base/config.json"),
        weights_in(&root.join("models/newshound-base")).unwrap(),
        Options::default().precision(precision),
    )
    .unwrap();
    let stored: Value =
        serde_json::from_slice(&read("tests/fixtures/parity/newshound-base.json")).unwrap();
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
        for row in case["logits"].as_array().unwrap() {
            expected.extend(row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()));
        }
    }
    let logits = encoder.logits(Packed::new(&ids, &bounds).unwrap()).unwrap();
    assert_eq!(logits.len(), expected.len());
    logits
        .iter()
        .zip(&expected)
        .map(|(found, wanted)| (f64::from(*found) - wanted).abs())
        .fold(0.0, f64::max)
}

#[test]
fn logits_of_the_shipped_model_are_those_of_pytorch() {
    let difference = difference(Precision::F32);
    assert!(difference < 1e-3, "largest difference {difference}");
}

#[test]
fn bfloat16_logits_of_the_shipped_model_are_those_of_pytorch_within_a_tenth() {
    let difference = difference(Precision::Bf16);
    assert!(difference < 0.1, "largest difference {difference}");
    assert!(difference > 1e-3, "not in bfloat16: {difference}");
}

/// Logits lie between -5 and 10; the nearest runner-up of a confident tag is more than 3 away.
#[test]
fn eight_bit_logits_of_the_shipped_model_are_those_of_pytorch_within_a_quarter() {
    let difference = difference(Precision::Int8);
    assert!(difference < 0.25, "largest difference {difference}");
    assert!(difference > 1e-3, "not in 8 bits: {difference}");
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
