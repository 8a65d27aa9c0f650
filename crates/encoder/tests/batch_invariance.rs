//! A sequence gets the same bits whatever else is in its pack and on any number of threads.

mod common;

use std::ops::Range;

use common::{Tensor, Tensors};
use ndarray::ArrayView1;
use newshound_encoder::{Encoder, Options, Packed, Precision};
use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::json;

/// Numbers between -1 and 1 from a linear congruence (Knuth's MMIX constants).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn tensor(&mut self, shape: &[usize], size: f32) -> Tensor {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| self.next() * size).collect();
        Tensor::from_floats(shape, &values)
    }
}

/// A BERT whose sizes are no multiples of any kernel's tile, and with more inputs than any kernel
/// takes at a time. With exits about half of the tokens stop before the second layer, and half of the
/// others before the third.
fn awkward(precision: Precision, exits: bool) -> Encoder {
    const HIDDEN: usize = 270;
    const INNER: usize = 1037;
    let config = json!({
        "model_type": "bert", "vocab_size": 60, "hidden_size": HIDDEN, "num_hidden_layers": 3,
        "num_attention_heads": 6, "intermediate_size": INNER, "max_position_embeddings": 90,
    });
    let mut noise = Noise(7);
    let mut tensors = Tensors::new();
    let mut add = |name: String, shape: &[usize], size: f32| {
        tensors.insert(name, noise.tensor(shape, size));
    };
    for (name, rows) in [("word", 60), ("position", 90), ("token_type", 2)] {
        add(
            format!("embeddings.{name}_embeddings.weight"),
            &[rows, HIDDEN],
            1.0,
        );
    }
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..3 {
        let at = |name: &str| format!("encoder.layer.{layer}.{name}");
        let square = [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ];
        let linears = square
            .map(|name| (name, HIDDEN, HIDDEN))
            .into_iter()
            .chain([
                ("intermediate.dense", INNER, HIDDEN),
                ("output.dense", HIDDEN, INNER),
            ]);
        for (name, outputs, inputs) in linears {
            add(at(&format!("{name}.weight")), &[outputs, inputs], 0.1);
            add(at(&format!("{name}.bias")), &[outputs], 0.3);
        }
        norms.extend([at("attention.output.LayerNorm"), at("output.LayerNorm")]);
    }
    for norm in norms {
        add(format!("{norm}.weight"), &[HIDDEN], 1.0);
        add(format!("{norm}.bias"), &[HIDDEN], 0.3);
    }
    add("classifier.weight".to_owned(), &[9, HIDDEN], 0.1);
    add("classifier.bias".to_owned(), &[9], 0.3);
    if exits {
        for layer in 1..3 {
            add(format!("exits.{layer}.weight"), &[1, HIDDEN], 1.0);
            add(format!("exits.{layer}.bias"), &[1], 0.1);
        }
        add("exits.logits".to_owned(), &[9], 1.0);
    }
    Encoder::load(
        config.to_string().as_bytes(),
        common::to_bytes(&tensors),
        Options::default().precision(precision).early_exit(exits),
    )
    .unwrap()
}

/// For each sequence the bits of all logits, then of the logits of some tokens from a pass that reads
/// only these.
fn bits(encoder: &Encoder, ids: &[u32], bounds: &[usize]) -> Vec<Vec<u32>> {
    let packed = Packed::new(ids, bounds).unwrap();
    let logits = encoder.logits(packed).unwrap();
    let bits = |row: ArrayView1<'_, f32>| -> Vec<u32> { row.iter().map(|x| x.to_bits()).collect() };
    let rows: Vec<Vec<u32>> = logits.rows().into_iter().map(bits).collect();
    let wanted = |range: Range<usize>| range.filter(|&token| !ids[token].is_multiple_of(3));
    let tokens: Vec<usize> = packed.ranges().flat_map(wanted).collect();
    let some = encoder.read(packed, &tokens, |logits, _| {
        logits.rows().into_iter().map(bits).collect::<Vec<_>>()
    });
    let mut some = some.unwrap().into_iter();
    let sequence = |range: Range<usize>| {
        let some = some.by_ref().take(wanted(range.clone()).count());
        let all = rows[range].iter().cloned();
        all.chain(some).flatten().collect()
    };
    packed.ranges().map(sequence).collect()
}

fn same_alone_and_packed(encoder: &Encoder, sequences: &[Vec<u32>]) {
    let mut bounds = vec![0];
    for sequence in sequences {
        bounds.push(bounds[bounds.len() - 1] + sequence.len());
    }
    let together = bits(encoder, &sequences.concat(), &bounds);
    for (packed, ids) in together.iter().zip(sequences) {
        let alone = bits(encoder, ids, &[0, ids.len()]).concat();
        assert_eq!(packed, &alone, "a sequence of {} tokens", ids.len());
    }
}

#[test]
fn every_length_gives_the_same_bits_alone_and_packed() {
    let mut noise = Noise(3);
    let sequences: Vec<Vec<u32>> = (1..=20)
        .chain([63, 64, 65, 90])
        .map(|length| {
            (0..length)
                .map(|_| ((noise.next() + 1.0) * 29.0) as u32)
                .collect()
        })
        .collect();
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        for exits in [false, true] {
            same_alone_and_packed(&awkward(precision, exits), &sequences);
        }
    }
}

/// The same on a pool of threads that share the pass.
fn shared(threads: usize, encoder: &Encoder, ids: &[u32], bounds: &[usize]) -> Vec<Vec<u32>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(|| bits(encoder, ids, bounds))
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let precisions = [Precision::F32, Precision::Bf16, Precision::Int8];
    let all = precisions.iter().flat_map(|p| [(*p, false), (*p, true)]);
    for (precision, exits) in all {
        let encoder = awkward(precision, exits);
        for lengths in [&[1][..], &[25], &[90], &[7, 30, 3], &[90, 1, 80, 62, 90]] {
            let count = lengths.iter().sum();
            let ids: Vec<u32> = (0..count).map(|i| (i * i + 3 * i) as u32 % 60).collect();
            let mut bounds = vec![0];
            bounds.extend(lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end)
            }));
            let expected = bits(&encoder, &ids, &bounds);
            for threads in [1, 2, 3, 5, 13, 40] {
                let found = shared(threads, &encoder, &ids, &bounds);
                assert!(
                    found == expected,
                    "{precision}, exits: {exits}, {lengths:?}, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn some_tokens_stop_and_some_do_not() {
    let encoder = awkward(Precision::Int8, true);
    let ids: Vec<u32> = (0..60).collect();
    let logits = encoder
        .logits(Packed::new(&ids, &[0, 60]).unwrap())
        .unwrap();
    let alike = |row| {
        logits
            .rows()
            .into_iter()
            .filter(|other| *other == row)
            .count()
    };
    let stopped = logits
        .rows()
        .into_iter()
        .filter(|row| alike(*row) > 1)
        .count();
    assert!((20..55).contains(&stopped), "{stopped} of 60");
}

#[test]
fn passes_side_by_side_on_a_pool_give_the_same_bits() {
    let encoder = awkward(Precision::Int8, true);
    let ids: Vec<u32> = (0..60).collect();
    let expected: Vec<_> = (1..60)
        .map(|n| bits(&encoder, &ids[..n], &[0, n]))
        .collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build()
        .unwrap();
    let found: Vec<_> = pool.install(|| {
        let lengths = (1..60usize).into_par_iter();
        lengths
            .map(|n| bits(&encoder, &ids[..n], &[0, n]))
            .collect()
    });
    assert!(found == expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_packs_give_the_same_bits_in_every_architecture(
        model in prop::sample::select(&common::ALL),
        precision in prop::sample::select(&[Precision::F32, Precision::Bf16]),
        sequences in prop::collection::vec(prop::collection::vec(0u32..53, 1..40), 1..12),
    ) {
        same_alone_and_packed(&common::load_in(model, precision), &sequences);
    }

    #[test]
    fn threads_share_a_pass_of_every_architecture_with_the_same_bits(
        model in prop::sample::select(&common::ALL),
        precision in prop::sample::select(&[Precision::F32, Precision::Bf16]),
        lengths in prop::collection::vec(1usize..40, 1..6),
        threads in 2usize..7,
    ) {
        let encoder = common::load_in(model, precision);
        let ids: Vec<u32> = (0..lengths.iter().sum()).map(|i| (i * 7 % 53) as u32).collect();
        let mut bounds = vec![0];
        for length in lengths {
            bounds.push(bounds[bounds.len() - 1] + length);
        }
        prop_assert_eq!(shared(threads, &encoder, &ids, &bounds), bits(&encoder, &ids, &bounds));
    }
}
