//! The shipped model gives what PyTorch gives for it.

use std::fs;
use std::path::Path;

use newshound::backend::Packed;
use newshound_encoder::Encoder;
use serde_json::Value;

#[test]
fn logits_of_the_shipped_model_are_those_of_pytorch() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read(root.join(path)).unwrap();
    let encoder = Encoder::load(
        &read("models/newshound-base/config.json"),
        &read("models/newshound-base/model.safetensors"),
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
    let difference = logits
        .iter()
        .zip(&expected)
        .map(|(found, wanted)| (f64::from(*found) - wanted).abs())
        .fold(0.0, f64::max);
    assert!(difference < 1e-3, "largest difference {difference}");
}
