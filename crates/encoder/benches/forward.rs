//! Measures a forward pass of a 2-layer BERT of 384 columns, for every instruction set of this
//! processor and several precisions and packs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use newshound_encoder::{Encoder, Isa, Options, Packed, Precision};
use safetensors::tensor::{Dtype, TensorView, serialize};

const HIDDEN: usize = 384;
const INNER: usize = 1536;

/// A model with weights of a fixed pattern: speed does not depend on their values.
fn encoder(isa: Isa, precision: Precision) -> Encoder {
    let config = format!(
        r#"{{"model_type": "bert", "vocab_size": 100, "hidden_size": {HIDDEN},
            "num_hidden_layers": 2, "num_attention_heads": 6, "intermediate_size": {INNER},
            "max_position_embeddings": 512}}"#
    );
    let mut tensors: Vec<(String, Vec<usize>)> = vec![
        (
            "embeddings.word_embeddings.weight".into(),
            vec![100, HIDDEN],
        ),
        (
            "embeddings.position_embeddings.weight".into(),
            vec![512, HIDDEN],
        ),
        (
            "embeddings.token_type_embeddings.weight".into(),
            vec![2, HIDDEN],
        ),
    ];
    let mut linear = |name: String, outputs, inputs| {
        tensors.push((format!("{name}.weight"), vec![outputs, inputs]));
        tensors.push((format!("{name}.bias"), vec![outputs]));
    };
    for layer in 0..2 {
        let at = |name: &str| format!("encoder.layer.{layer}.{name}");
        for name in ["self.query", "self.key", "self.value", "output.dense"] {
            linear(at(&format!("attention.{name}")), HIDDEN, HIDDEN);
        }
        linear(at("intermediate.dense"), INNER, HIDDEN);
        linear(at("output.dense"), HIDDEN, INNER);
    }
    linear("classifier".into(), 9, HIDDEN);
    let norms = [
        "embeddings",
        "encoder.layer.0.attention.output",
        "encoder.layer.0.output",
    ]
    .into_iter()
    .chain(["encoder.layer.1.attention.output", "encoder.layer.1.output"]);
    for norm in norms {
        tensors.push((format!("{norm}.LayerNorm.weight"), vec![HIDDEN]));
        tensors.push((format!("{norm}.LayerNorm.bias"), vec![HIDDEN]));
    }
    let longest = tensors
        .iter()
        .map(|(_, shape)| shape.iter().product::<usize>())
        .max();
    let bytes: Vec<u8> = (0..longest.unwrap())
        .flat_map(|i| (((i * 37) % 101) as f32 / 50.0 - 1.0).to_le_bytes())
        .collect();
    let views = tensors.iter().map(|(name, shape)| {
        let size = 4 * shape.iter().product::<usize>();
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), &bytes[..size]).unwrap(),
        )
    });
    let options = Options::default().isa(isa).precision(precision);
    Encoder::load(config.as_bytes(), serialize(views, None).unwrap(), options).unwrap()
}

fn forward(criterion: &mut Criterion) {
    for isa in Isa::available() {
        for precision in [Precision::Int8, Precision::Bf16, Precision::F32] {
            let encoder = encoder(isa, precision);
            let mut group = criterion.benchmark_group(format!("forward/{isa}/{precision}"));
            group.sample_size(10);
            for (count, length) in [(1, 24), (1, 160), (4, 160)] {
                let ids: Vec<u32> = (0..count * length).map(|i| (i % 100) as u32).collect();
                let bounds: Vec<usize> = (0..=count).map(|i| i * length).collect();
                let packed = Packed::new(&ids, &bounds).unwrap();
                group.throughput(Throughput::Elements(ids.len() as u64));
                group.bench_function(
                    BenchmarkId::from_parameter(format!("{count}x{length}")),
                    |b| {
                        b.iter(|| encoder.logits(black_box(packed)).unwrap());
                    },
                );
            }
        }
    }
}

criterion_group!(benches, forward);
criterion_main!(benches);
