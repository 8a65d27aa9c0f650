//! Why rust-bert's own pipeline is not used: from its second batch on it puts labels on the wrong
//! texts. Fails when rust-bert mends it; then update `src/backend/rust_bert/mod.rs`.

#![cfg(all(feature = "cli", feature = "rust-bert"))]

mod common;

use std::path::Path;

use newshound::backend::{Backend, Device, Packed, RustBert};
use rust_bert::pipelines::common::{ModelResource, ModelType};
use rust_bert::pipelines::token_classification::{
    LabelAggregationOption, TokenClassificationConfig, TokenClassificationModel,
};
use rust_bert::resources::LocalResource;

/// Texts in a batch of the pipeline by default.
const BATCH: usize = 64;

/// Labels of each text's words, as the pipeline gives them.
fn labels(model: &TokenClassificationModel, texts: &[String]) -> Vec<Vec<i64>> {
    let found = model.predict(texts, false, false);
    let texts = found.iter();
    texts
        .map(|tokens| tokens.iter().map(|token| token.label_index).collect())
        .collect()
}

#[test]
fn rust_berts_pipeline_gives_the_second_batchs_labels_to_the_first_ones_texts() {
    let dir = common::tiny_model();
    let local = |file: &str| LocalResource {
        local_path: dir.path().join(file),
    };
    let mut config = TokenClassificationConfig::new(
        ModelType::Bert,
        ModelResource::Torch(Box::new(local("model.safetensors"))),
        local("config.json"),
        local("vocab.txt"),
        None,
        false,
        None,
        None,
        LabelAggregationOption::First,
    );
    config.device = tch::Device::Cpu;
    assert_eq!(config.batch_size, BATCH);
    let model = TokenClassificationModel::new(config).unwrap();
    let word = |n: usize| format!("w{}", 5 + n % 48);
    let texts: Vec<String> = (0..BATCH + 6)
        .map(|n| format!("{} {} {}", word(n), word(n * 3 + 1), word(n * 7 + 2)))
        .collect();

    let together = labels(&model, &texts);
    let first = labels(&model, &texts[..BATCH]);
    let second = labels(&model, &texts[BATCH..]);
    assert!(second.iter().all(|labels| labels.len() == 3));
    assert!(together[BATCH..].iter().all(Vec::is_empty));
    for (at, labels) in second.iter().enumerate() {
        assert_eq!(together[at], [&first[at][..], labels].concat());
    }

    let ours = driven_by_us(dir.path(), &texts);
    assert_eq!(ours, [first, second].concat());
}

/// The same by rust-bert's model type, as our backend drives it.
fn driven_by_us(dir: &Path, texts: &[String]) -> Vec<Vec<i64>> {
    let read = |file: &str| std::fs::read(dir.join(file)).unwrap();
    let (config, weights) = (read("config.json"), read("model.safetensors"));
    let backend = RustBert::load(&config, &weights, Device::Cpu).unwrap();
    let id = |word: &str| word[1..].parse::<u32>().unwrap();
    let (mut ids, mut bounds) = (Vec::new(), vec![0]);
    for text in texts {
        ids.push(2);
        ids.extend(text.split(' ').map(id));
        ids.push(3);
        bounds.push(ids.len());
    }
    let packed = Packed::new(&ids, &bounds).unwrap();
    let logits = backend.logits(packed).unwrap();
    let best = |row: usize| {
        let row = logits.row(row);
        let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.unwrap().0 as i64
    };
    let texts = packed.ranges();
    texts
        .map(|range| (range.start + 1..range.end - 1).map(best).collect())
        .collect()
}
