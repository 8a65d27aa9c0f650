//! A pass that reads only some tokens gives them the same rows as a pass over all.

mod common;

use ndarray::{Array2, ArrayView2, Axis};
use newshound_encoder::{Encoder, Error, Packed, Precision};

const IDS: [u32; 30] = [
    3, 17, 40, 8, 22, 51, 9, 33, 2, 14, 5, 45, 28, 36, 11, 7, 19, 50, 31, 26, 4, 38, 12, 47, 23, 6,
    41, 15, 29, 10,
];
const BOUNDS: [usize; 5] = [0, 9, 10, 22, 30];

fn packed() -> Packed<'static> {
    Packed::new(&IDS, &BOUNDS).unwrap()
}

fn read(encoder: &Encoder, tokens: &[usize]) -> (Array2<f32>, Array2<f32>) {
    let own = |logits: ArrayView2<'_, f32>, hidden: ArrayView2<'_, f32>| {
        (logits.to_owned(), hidden.to_owned())
    };
    encoder.read(packed(), tokens, own).unwrap()
}

#[test]
fn reading_only_some_tokens_gives_their_rows_of_a_whole_pass() {
    // Most have no token of some of the sequences, the last has no token at all.
    let some: [&[usize]; 4] = [&[0, 3, 4, 9, 21, 22, 29], &[9], &[9, 12, 28], &[]];
    for model in common::ALL {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let encoder = common::load_in(model, precision);
            let all = encoder.logits_and_hidden(packed()).unwrap();
            let every: Vec<usize> = (0..IDS.len()).collect();
            assert_eq!(read(&encoder, &every), all, "{model}, {precision}");
            let close = if precision == Precision::F32 {
                1e-5
            } else {
                0.05
            };
            for tokens in some {
                let found = read(&encoder, tokens);
                for (found, all) in [(&found.0, &all.0), (&found.1, &all.1)] {
                    let wanted = all.select(Axis(0), tokens);
                    assert_eq!(found.dim(), wanted.dim(), "{model}, {precision}");
                    let apart = common::largest((found - &wanted).into_iter().map(f32::abs));
                    assert!(apart < close, "{model}, {precision}: {apart:e}");
                }
            }
        }
    }
}

#[test]
fn tokens_outside_the_pack_are_refused() {
    let encoder = common::load("bert");
    let error = encoder.read(packed(), &[3, 30], |_, _| ()).unwrap_err();
    assert!(matches!(
        error,
        Error::Tokens {
            tokens: 30,
            index: 1
        }
    ));
}
