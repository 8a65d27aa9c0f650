//! Each stage of the pipeline on the sample article, and all of them.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use newshound::Tagger;
use newshound::backend::Packed;
use newshound::decode::decode;
use newshound::names::find;
use newshound::place::{link, set_apart};
use newshound::segment::sentences;
use newshound::window::windows;

const TEXT: &str = include_str!("../data/articles/nato-kyiv.txt");

fn stages(criterion: &mut Criterion) {
    let tagger = Tagger::builder()
        .threads(1.try_into().unwrap())
        .build()
        .unwrap();
    let model = tagger.model();
    let document = model.subwords().tokenize(TEXT).unwrap();
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(document.words.len() as u64));
    group.bench_function("segment", |b| b.iter(|| sentences(black_box(TEXT))));
    group.bench_function("tokenize", |b| {
        b.iter(|| model.subwords().tokenize(black_box(TEXT)).unwrap());
    });
    group.bench_function("window", |b| {
        b.iter(|| windows(black_box(&document), tagger.window()))
    });
    let ids = &document.ids[..document.ids.len().min(tagger.window())];
    let bounds = [0, ids.len()];
    group.sample_size(10);
    group.bench_function("encode the first window", |b| {
        b.iter(|| {
            model
                .backend()
                .logits(Packed::new(black_box(ids), &bounds).unwrap())
                .unwrap()
        });
    });
    let logits =
        ndarray::Array2::from_shape_fn((document.words.len(), model.labels().count()), |(w, l)| {
            ((w * 7 + l * 3) % 11) as f32
        });
    group.bench_function("decode", |b| {
        b.iter(|| {
            decode(
                TEXT,
                black_box(&document),
                model.labels(),
                logits.view(),
                model.calibration(),
            )
            .unwrap()
        });
    });
    let tagged = tagger.tag(TEXT).unwrap();
    group.bench_function("names", |b| {
        b.iter(|| find(TEXT, &mut black_box(tagged.spans.clone())));
    });
    group.bench_function("set apart", |b| {
        let (mut spans, mut names) = (tagged.spans.clone(), tagged.names.clone());
        b.iter(|| set_apart(TEXT, black_box(&mut spans), &mut names));
    });
    group.bench_function("link", |b| {
        let mut names = tagged.names.clone();
        b.iter(|| link(TEXT, black_box(&tagged.spans), &mut names));
    });
    group.bench_function("all", |b| b.iter(|| tagger.tag(black_box(TEXT)).unwrap()));
}

criterion_group!(benches, stages);
criterion_main!(benches);
