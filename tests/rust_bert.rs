//! The two backends against each other, on the shipped model.

#![cfg(all(feature = "cli", feature = "rust-bert"))]

mod common;

use std::path::{Path, PathBuf};
use std::{env, fs};

use common::{newshound, records};
use ndarray::Array2;
use newshound::backend::{Device, Engine, Packed, Setup};
use newshound::model::Source;
use newshound::{Document, Model, Precision, Tagger, window};
use newshound_encoder::Options;
use serde_json::Value;

fn setup(engine: Engine) -> Setup {
    Setup {
        engine,
        options: Options::default().precision(Precision::F32),
    }
}

fn both() -> [Setup; 2] {
    [Engine::Native, Engine::RustBert(Device::Cpu)].map(setup)
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The texts of a JSONL file, `most` at most.
fn jsonl(path: &Path, most: usize) -> Vec<String> {
    let file = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = file.lines().take(most);
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| row["text"].as_str().unwrap().to_owned())
        .collect()
}

/// The articles in `data/`.
fn samples() -> Vec<String> {
    let mut texts = jsonl(&root("data/articles.jsonl"), usize::MAX);
    for dir in ["data/articles", "data/wire"] {
        let entries = fs::read_dir(root(dir)).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "txt"));
        paths.sort();
        texts.extend(paths.iter().map(|path| fs::read_to_string(path).unwrap()));
    }
    texts
}

/// Tags texts with both backends and counts the names they agree on.
fn agree(texts: &[String]) -> usize {
    let [native, rust_bert] = both().map(|setup| -> Vec<Document> {
        let builder = Tagger::builder().model(Model::load(&Source::default(), setup).unwrap());
        builder.build().unwrap().tag_batch(texts).unwrap()
    });
    let spans = |document: &Document| -> Vec<(usize, usize, String)> {
        let spans = document.spans.iter();
        spans
            .map(|s| (s.start, s.end, s.label.to_string()))
            .collect()
    };
    let mut names = 0;
    for (at, (ours, theirs)) in native.iter().zip(&rust_bert).enumerate() {
        assert_eq!(spans(ours), spans(theirs), "text {at}: {:.80}", ours.text);
        for (ours, theirs) in ours.spans.iter().zip(&theirs.spans) {
            let apart = (ours.score - theirs.score).abs();
            assert!(apart < 1e-3, "text {at}: scores {apart} apart");
        }
        for (ours, theirs) in ours.topics.iter().zip(&theirs.topics) {
            let apart = (ours.score - theirs.score).abs();
            assert!(
                ours.code == theirs.code && apart < 1e-3,
                "text {at}: {}",
                ours.code
            );
        }
        assert_eq!(ours.topics.len(), theirs.topics.len(), "text {at}");
        names += ours.spans.len();
    }
    names
}

/// The largest difference of logits and of hidden states over the texts' windows.
fn differences(texts: &[String]) -> (f32, f32) {
    let [native, rust_bert] = both().map(|setup| Model::load(&Source::default(), setup).unwrap());
    let (prefix, suffix) = (native.subwords().prefix(), native.subwords().suffix());
    let (mut logits, mut hidden) = (0f32, 0f32);
    for text in texts {
        let document = native.subwords().tokenize(text).unwrap();
        let (mut ids, mut bounds) = (Vec::new(), vec![0]);
        for window in window::windows(&document, 160) {
            ids.extend_from_slice(prefix);
            ids.extend_from_slice(&document.ids[window]);
            ids.extend_from_slice(suffix);
            bounds.push(ids.len());
        }
        let packed = Packed::new(&ids, &bounds).unwrap();
        let ours = native.backend().logits_and_hidden(packed).unwrap();
        let theirs = rust_bert.backend().logits_and_hidden(packed).unwrap();
        logits = logits.max(apart(&ours.0, &theirs.0));
        hidden = hidden.max(apart(&ours.1, &theirs.1));
    }
    (logits, hidden)
}

fn apart(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    assert!(a.iter().chain(b).all(|value| value.is_finite()));
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn both_backends_find_the_same_names_and_topics_in_the_sample_articles() {
    let names = agree(&samples());
    assert!(names > 1000, "{names} names");
}

#[test]
fn logits_and_hidden_states_of_the_backends_are_the_same_within_a_thousandth() {
    let texts = jsonl(&root("data/articles.jsonl"), usize::MAX);
    let (logits, hidden) = differences(&texts);
    println!("logits differ by at most {logits:e}, hidden states by {hidden:e}");
    assert!(logits < 1e-3 && hidden < 1e-3, "{logits}, {hidden}");
}

/// `NEWSHOUND_WIKINEWS` names a directory with `dev.jsonl` and `train.jsonl`, rows with "text".
#[test]
#[ignore = "reads Wikinews articles that are not in the repository; see scripts/test-rust-bert"]
fn both_backends_find_the_same_names_in_wikinews_and_200_further_articles() {
    let dir = env::var_os("NEWSHOUND_WIKINEWS").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| root("../shared/data/ner/wikinews"));
    let mut texts = jsonl(&dir.join("dev.jsonl"), usize::MAX);
    let dev = texts.len();
    texts.extend(jsonl(&dir.join("train.jsonl"), 200));
    assert_eq!(texts.len(), dev + 200);
    let names = agree(&texts);
    let (logits, hidden) = differences(&texts);
    println!(
        "{} articles, {names} names, all the same; logits differ by at most {logits:e}, hidden \
         states by {hidden:e}",
        texts.len()
    );
    assert!(logits < 1e-3, "{logits}");
}

#[test]
fn the_command_line_takes_the_backend_and_refuses_options_that_it_lacks() {
    let tag = |args: &[&str]| {
        let mut command = newshound(&["tag", "-f", "jsonl"]);
        command.args(args).write_stdin("NATO met in Kyiv.");
        let done = command.output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        let out = String::from_utf8(done.stdout).unwrap();
        (done.status.code().unwrap(), out, err)
    };
    let names = |out: &str| -> Vec<String> {
        let record = &records(out)[0];
        let entities = record["entities"].as_array().unwrap().iter();
        entities.map(|e| e["text"].to_string()).collect()
    };
    let (code, out, err) = tag(&["--backend", "rust-bert", "--device", "cpu"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(names(&out), names(&tag(&["--precision", "f32"]).1));
    let refused = [
        (vec!["--device", "cuda:4096"], "cuda:4096"),
        (vec!["--precision", "int8"], "f32"),
        (vec!["--precision", "bf16"], "f32"),
    ];
    for (args, reason) in refused {
        let (code, _, err) = tag(&[&["--backend", "rust-bert"], &args[..]].concat());
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(reason) && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn verify_compares_the_backends() {
    let done = newshound(&["models", "verify", "--backend", "rust-bert"]);
    let out = { done }.output().unwrap();
    let (out, err) = (String::from_utf8(out.stdout), String::from_utf8(out.stderr));
    assert!(out.unwrap().contains("ok  backends"), "{}", err.unwrap());
}
