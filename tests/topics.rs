//! Topics, as a user meets them: the vocabulary, topics of one's own, scores.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{records, run, tiny_model};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Rows of texts whose words tell the topic: w5 to w7 are about courts, w20 to w22 about schools.
fn labelled(rows: usize) -> String {
    let row = |at: usize| {
        let (topic, from) = [("courts", 5), ("schools", 20)][at % 2];
        let words: Vec<String> = (0..5 + at / 2)
            .map(|k| format!("w{}", from + k % 3))
            .collect();
        json!({"id": at, "text": words.join(" "), "topic": topic}).to_string() + "\n"
    };
    (0..rows).map(row).collect()
}

/// A folder with a tiny model, which has no topics of its own, and a file for topics.
fn places() -> (TempDir, PathBuf) {
    let model = tiny_model();
    let topics = model.path().join("beats.topics");
    (model, topics)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_vocabulary_has_codes_names_and_definitions() {
    let (code, out, err) = run(&["topics"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("medtop:15000000  sport\n    Competitive activity"),
        "{out}"
    );
    let (_, out, _) = run(&["topics", "--format", "json"], "");
    let list: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(list.len(), 17);
    assert_eq!(list[10]["name"], "politics and government");
}

#[test]
fn topics_of_ones_own_are_learned_used_and_scored() {
    let (model, topics) = places();
    let (dir, file) = (text(model.path()), text(&topics));
    let args = [
        "topics", "learn", "-", "-o", file, "-f", "json", "--model", dir,
    ];
    let (code, out, err) = run(&args, &labelled(60));
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (
            scores["documents"].as_u64(),
            scores["topics"]["courts"]["gold"].as_u64()
        ),
        (Some(60), Some(30))
    );
    assert!(scores["micro"]["f1"].as_f64().unwrap() > 80.0, "{scores}");
    let learned = std::fs::read(&topics).unwrap();
    assert_eq!(run(&args, &labelled(60)).0, 0);
    assert!(
        std::fs::read(&topics).unwrap() == learned,
        "the same texts make the same bytes"
    );

    let args = ["tag", "-f", "jsonl", "--model", dir, "--topics-model", file];
    let (code, out, err) = run(&args, "w5 w6 w9 w5 w6 w7 w8");
    assert_eq!(code, 0, "{err}");
    let topic = &records(&out)[0]["topics"][0];
    assert_eq!(
        (&topic["code"], &topic["label"]),
        (&json!("beats:courts"), &json!("courts"))
    );
    let (_, out, _) = run(
        &["tag", "--model", dir, "--topics-model", file],
        "w5 w6 w9 w5 w6 w7 w8",
    );
    assert!(out.starts_with("Topics         courts ("), "{out}");
    let sure = [&args[..], &["--min-topic-score", "1"]].concat();
    let (_, out, _) = run(&sure, "w5 w6 w9 w5 w6 w7 w8");
    assert_eq!(records(&out)[0]["topics"], json!([]));

    let args = [
        "eval",
        "--topics",
        "--model",
        dir,
        "--topics-model",
        file,
        "-f",
        "json",
    ];
    let (code, out, err) = run(&args, &labelled(40));
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert!(scores["main_accuracy"].as_f64().unwrap() > 80.0, "{scores}");
    let (code, _, err) = run(&args, "{\"text\":\"w5\",\"topic\":\"sport\"}\n");
    assert_eq!(code, 2);
    assert!(
        err.contains("-: line 1: the topic \"sport\" is unknown"),
        "{err}"
    );
}

#[test]
fn topics_of_another_model_and_other_files_are_refused() {
    let (model, topics) = places();
    let (dir, file) = (text(model.path()), text(&topics));
    run(
        &["topics", "learn", "-o", file, "--model", dir],
        &labelled(20),
    );
    let other = tiny_model();
    let weights = other.path().join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let (code, _, err) = run(
        &["tag", "--model", text(other.path()), "--topics-model", file],
        "w5",
    );
    assert_eq!(code, 2);
    assert!(
        err.contains("the topics beats were learned with the model"),
        "{err}"
    );
    for (bytes, wanted) in [
        (&b"{}"[..], "beats.topics: is damaged"),
        (
            &fs::read(model.path().join("model.safetensors")).unwrap(),
            "beats.topics: has",
        ),
    ] {
        fs::write(&topics, bytes).unwrap();
        let (code, _, err) = run(&["tag", "--model", dir, "--topics-model", file], "w5");
        assert_eq!(code, 2);
        assert!(
            err.contains(wanted) && err.contains("topics learn"),
            "{err}"
        );
    }
    let (code, _, err) = run(
        &["tag", "--model", dir, "--topics-model", "no.topics"],
        "w5",
    );
    assert_eq!(code, 2);
    assert!(err.contains("no.topics: cannot be read"), "{err}");
}

#[test]
fn rows_that_cannot_be_learned_from_are_named() {
    let (model, topics) = places();
    let args = [
        "topics",
        "learn",
        "-o",
        text(&topics),
        "--model",
        text(model.path()),
    ];
    for (rows, wanted) in [
        (
            "{\"text\":\"w5\"}\n".to_owned(),
            "-: line 1: there is neither topics nor topic",
        ),
        (
            labelled(6) + "{\"id\":3,\"text\":\"w9\",\"topic\":\"courts\"}\n",
            "line 7: the id 3 stands in line 4 too",
        ),
        (
            "{\"text\":\"w5\",\"topic\":\"a\"}\n{\"text\":\"w6\",\"topic\":\"a\"}\n".to_owned(),
            "every text has the topic \"a\"",
        ),
        ("\n".to_owned(), "no text has a topic"),
    ] {
        let (code, out, err) = run(&args, &rows);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains(wanted), "{err}");
        assert!(!topics.exists());
    }
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_learned() {
    let (model, _) = places();
    let dir = model.path();
    let learn = |to: &Path| {
        let args = ["topics", "learn", "-o", text(to), "--model", text(dir)];
        // An error about these rows would come later.
        let (code, _, err) = run(&args, "none");
        assert_eq!(code, 2);
        err
    };
    for to in [dir.join("new.d/"), dir.to_owned()] {
        let err = learn(&to);
        assert!(err.contains("it is a directory; name a file"), "{err}");
    }
    assert!(!dir.join("new.d").exists());
    let kept = dir.join("kept.topics");
    fs::write(&kept, "kept").unwrap();
    let mut permissions = fs::metadata(&kept).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&kept, permissions).unwrap();
    // Some users, such as root, may write everywhere.
    if fs::File::options().append(true).open(&kept).is_err() {
        let err = learn(&kept);
        assert!(err.contains("cannot write"), "{err}");
    }
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}

#[test]
fn a_byte_order_mark_is_skipped_and_a_file_without_texts_is_refused() {
    let (model, topics) = places();
    let (dir, file) = (text(model.path()), text(&topics));
    let marked = format!("\u{feff}{}", labelled(20));
    let args = ["topics", "learn", "-o", file, "--model", dir];
    assert_eq!(run(&args, &marked).0, 0);
    let args = ["eval", "--topics", "--topics-model", file, "--model", dir];
    assert_eq!(run(&args, &marked).0, 0);
    let (code, out, err) = run(&args, "\n");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("there is no text to score"), "{err}");
}

#[test]
fn a_model_without_topics_gives_none_and_says_so_when_asked() {
    let model = tiny_model();
    let dir = text(model.path());
    let (_, out, _) = run(&["tag", "-f", "jsonl", "--model", dir], "w5 w6");
    assert_eq!(records(&out)[0]["topics"], json!([]));
    for args in [
        &["tag", "--topics", "2"][..],
        &["tag", "--min-topic-score", "0.5"],
        &["eval", "--topics"],
    ] {
        let (code, _, err) = run(&[args, &["--model", dir]].concat(), "w5");
        assert_eq!(code, 2);
        assert!(err.contains("scores no topics"), "{err}");
    }
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_sample_articles_get_their_main_topics() {
    let articles = concat!(env!("CARGO_MANIFEST_DIR"), "/data/articles.jsonl");
    let (code, out, err) = run(&["eval", "--topics", "-f", "json", articles], "");
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scores["documents"], 14);
    assert!(scores["main_accuracy"].as_f64().unwrap() > 70.0, "{scores}");
    let (_, out, _) = run(
        &["tag", "--topics", "1", "-f", "jsonl"],
        "The striker scored twice as Arsenal won the cup final.",
    );
    assert_eq!(records(&out)[0]["topics"][0]["code"], "medtop:15000000");
    let (_, out, _) = run(&["tag", "--no-topics", "-f", "jsonl"], "Arsenal won.");
    assert_eq!(records(&out)[0]["topics"], json!([]));
}
