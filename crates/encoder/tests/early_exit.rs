//! Tokens that stop early get the stored logits, and others attend to the states they stopped with.

mod common;

use common::{Tensor, Tensors};
use ndarray::{Array2, ArrayView1};
use newshound_encoder::{Encoder, Error, Options, Packed, Precision};
use serde_json::Value;

const MODEL: &str = "distilbert";
const SIZE: usize = 32;
const STOPPED: [f32; 9] = [7.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0];
const LIMIT: f32 = 1.5;
const IDS: [u32; 30] = [
    3, 17, 40, 8, 22, 51, 9, 33, 2, 14, 5, 45, 28, 36, 11, 7, 19, 50, 31, 26, 4, 38, 12, 47, 23, 6,
    41, 15, 29, 10,
];
const BOUNDS: [usize; 5] = [0, 9, 10, 22, 30];

/// The model with an exit before a layer: a token and its neighbours go on if the weighted sum of the
/// first dimensions of its hidden state is above a limit.
fn gated(layer: usize, weights: &[f32], limit: f32) -> Tensors {
    let mut tensors = common::tensors(MODEL);
    let mut row = weights.to_vec();
    row.resize(SIZE, 0.0);
    let mut add = |name: String, shape: &[usize], values: &[f32]| {
        tensors.insert(name, Tensor::from_floats(shape, values));
    };
    add(format!("exits.{layer}.weight"), &[1, SIZE], &row);
    add(format!("exits.{layer}.bias"), &[1], &[-limit]);
    add("exits.logits".to_owned(), &[9], &STOPPED);
    tensors
}

fn config(layers: usize) -> Vec<u8> {
    let mut config: Value = serde_json::from_slice(&common::file(MODEL, "config.json")).unwrap();
    config["n_layers"] = layers.into();
    config.to_string().into_bytes()
}

fn early() -> Options {
    Options::default().early_exit(true)
}

fn encoder(layers: usize, tensors: &Tensors, options: Options) -> Encoder {
    Encoder::load(&config(layers), common::to_bytes(tensors), options).unwrap()
}

fn run(encoder: &Encoder) -> (Array2<f32>, Array2<f32>) {
    let packed = Packed::new(&IDS, &BOUNDS).unwrap();
    encoder.logits_and_hidden(packed).unwrap()
}

fn apart(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    common::largest(apart)
}

#[test]
fn a_token_that_stops_keeps_its_state_and_others_attend_to_it() {
    for precision in [Precision::F32, Precision::Int8] {
        let options = early().precision(precision);
        // Before the last layer, so that the others attend to the same states as without exits.
        let tensors = gated(1, &[1.0, 1.0], LIMIT);
        let (logits, hidden) = run(&encoder(2, &tensors, options));
        let (full_logits, full) = run(&encoder(2, &tensors, options.early_exit(false)));
        let (_, before) = run(&encoder(1, &tensors, options.early_exit(false)));
        let close = if precision == Precision::F32 {
            1e-5
        } else {
            0.05
        };
        let mut stopped = 0;
        let open = |token: usize| before[[token, 0]] + before[[token, 1]] > LIMIT;
        let sequence = |token: usize| BOUNDS.iter().filter(|&&bound| bound <= token).count();
        for token in 0..IDS.len() {
            let near = token.saturating_sub(1)..IDS.len().min(token + 2);
            let mut near = near.filter(|&other| sequence(other) == sequence(token));
            if near.any(open) {
                assert!(apart(hidden.row(token), full.row(token)) < close, "{token}");
                assert!(apart(logits.row(token), full_logits.row(token)) < close);
            } else {
                stopped += 1;
                assert_eq!(hidden.row(token), before.row(token), "{token}");
                assert_eq!(logits.row(token).to_vec(), STOPPED, "{token}");
            }
        }
        assert!((5..25).contains(&stopped), "{stopped}");
    }
}

#[test]
fn reading_only_some_tokens_gives_their_rows_whether_they_stopped_or_not() {
    for precision in [Precision::F32, Precision::Int8] {
        let options = early().precision(precision);
        let tokens = [1, 2, 8, 9, 13, 14, 15, 20, 29];
        for layer in [0, 1] {
            let encoder = encoder(2, &gated(layer, &[1.0, 1.0], LIMIT), options);
            let (logits, hidden) = run(&encoder);
            let packed = Packed::new(&IDS, &BOUNDS).unwrap();
            let some = encoder.read(packed, &tokens, |some_logits, some_hidden| {
                let mut stopped = 0;
                for (row, &token) in tokens.iter().enumerate() {
                    assert!(apart(some_hidden.row(row), hidden.row(token)) < 0.05);
                    assert!(apart(some_logits.row(row), logits.row(token)) < 0.05);
                    stopped += usize::from(logits.row(token).to_vec() == STOPPED);
                }
                stopped
            });
            let stopped = some.unwrap();
            assert!((1..tokens.len()).contains(&stopped), "{stopped}");
        }
    }
}

#[test]
fn if_no_token_stops_the_bits_are_those_without_exits() {
    for precision in Precision::ALL {
        let options = early().precision(precision);
        let tensors = gated(0, &[], -1.0);
        let all = encoder(2, &tensors, options);
        assert!(all.early_exit());
        let none = encoder(2, &tensors, options.early_exit(false));
        assert!(!none.early_exit());
        assert_eq!(run(&all), run(&none), "{precision}");
    }
}

#[test]
fn all_tokens_may_stop() {
    let tensors = gated(0, &[], 1.0);
    let (logits, hidden) = run(&encoder(2, &tensors, early()));
    assert!(logits.rows().into_iter().all(|row| row.to_vec() == STOPPED));
    let later = gated(1, &[], 1.0);
    let (_, after) = run(&encoder(2, &later, early()));
    assert_ne!(hidden, after);
    let encoder = encoder(2, &later, early());
    let empty = encoder.logits(Packed::new(&[], &[0]).unwrap()).unwrap();
    assert_eq!(empty.dim(), (0, 9));
}

#[test]
fn a_score_of_nan_stops_no_token() {
    let tensors = gated(1, &[f32::NAN], 0.0);
    let (logits, _) = run(&encoder(2, &tensors, early()));
    let every = Options::default();
    assert_eq!(logits, run(&encoder(2, &tensors, every)).0);
}

#[test]
fn exits_that_do_not_fit_the_model_are_refused() {
    let load = |config: &[u8], tensors: &Tensors| {
        let loaded = Encoder::load(config, common::to_bytes(tensors), early());
        loaded.map(|_| ()).unwrap_err()
    };
    let mut tensors = gated(1, &[], 0.0);
    tensors.insert(
        "exits.logits".to_owned(),
        Tensor::from_floats(&[2], &[0.0; 2]),
    );
    let error = load(&config(2), &tensors);
    assert!(matches!(error, Error::WrongShape { name, .. } if name == "exits.logits"));
    let mut tensors = gated(1, &[], 0.0);
    tensors.remove("exits.1.bias");
    let error = load(&config(2), &tensors);
    assert!(matches!(error, Error::MissingTensor { name } if name.ends_with("exits.1.bias")));
    let mut tensors = common::tensors("mpnet");
    tensors.insert(
        "exits.logits".to_owned(),
        Tensor::from_floats(&[9], &STOPPED),
    );
    let error = load(&common::file("mpnet", "config.json"), &tensors);
    assert!(matches!(error, Error::NoExits { .. }), "{error}");
}
