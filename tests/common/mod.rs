//! Helpers for tests that run the binary.

#![allow(dead_code, reason = "each test file uses some of these")]

pub mod place;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary under test, without colour settings from outside.
pub fn newshound(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("newshound"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

/// What a run printed: exit code, standard output, standard error.
pub fn run(args: &[&str], stdin: &str) -> (i32, String, String) {
    let done = newshound(args).write_stdin(stdin).output().unwrap();
    (
        done.status.code().unwrap(),
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    )
}

/// Lines of JSONL output.
pub fn records(jsonl: &str) -> Vec<Value> {
    jsonl
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Text and label of every entity of a record.
pub fn entities(record: &Value) -> Vec<(&str, &str)> {
    let entities = record["entities"].as_array().unwrap();
    let pair = |e| -> (&str, &str) {
        let e: &Value = e;
        (e["text"].as_str().unwrap(), e["label"].as_str().unwrap())
    };
    entities.iter().map(pair).collect()
}

/// A directory with a tiny random BERT tagger, complete and loadable.
pub fn tiny_model() -> TempDir {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/encoder/tests/fixtures/bert");
    let dir = TempDir::new().unwrap();
    fs::copy(
        fixture.join("model.safetensors"),
        dir.path().join("model.safetensors"),
    )
    .unwrap();
    let mut config: Value =
        serde_json::from_slice(&fs::read(fixture.join("config.json")).unwrap()).unwrap();
    let tags = config["id2label"].as_object().unwrap().len();
    let names = [
        "O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC",
    ];
    let map: serde_json::Map<String, Value> = (0..tags)
        .map(|id| (id.to_string(), json!(names[id])))
        .collect();
    config["id2label"] = Value::Object(map);
    write_json(dir.path(), "config.json", &config);
    let size = usize::try_from(config["vocab_size"].as_u64().unwrap()).unwrap();
    let mut vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].join("\n");
    let words: Vec<String> = (5..size).map(|id| format!("w{id}")).collect();
    vocab.push('\n');
    vocab.push_str(&words.join("\n"));
    fs::write(dir.path().join("vocab.txt"), vocab).unwrap();
    dir
}

/// Writes a JSON file.
pub fn write_json(dir: &Path, file: &str, value: &Value) {
    fs::write(dir.join(file), serde_json::to_vec(value).unwrap()).unwrap();
}
