//! Bad input: a clear message, the right exit code, and the other documents tagged.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{newshound, records, run, tiny_model, write_json};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs `tag --format jsonl` with the tiny model over files with the given contents.
fn tag_files(files: &[(&str, &[u8])]) -> (i32, Vec<Value>, String) {
    let (model, dir) = (tiny_model(), TempDir::new().unwrap());
    let mut args = vec![
        "tag",
        "--format",
        "jsonl",
        "--model",
        model.path().to_str().unwrap(),
    ];
    args.extend(files.iter().map(|(name, _)| *name));
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let done = newshound(&args).current_dir(dir.path()).output().unwrap();
    (
        done.status.code().unwrap(),
        records(&String::from_utf8(done.stdout).unwrap()),
        String::from_utf8(done.stderr).unwrap(),
    )
}

#[test]
fn a_file_that_is_not_utf8_is_named_with_the_byte_and_the_others_are_tagged() {
    let (code, out, err) =
        tag_files(&[("a.txt", b"w5 w6"), ("b.txt", b"caf\xE9"), ("c.txt", b"w7")]);
    assert_eq!(code, 1);
    assert!(err.contains("b.txt: invalid UTF-8 at byte 3"), "{err}");
    assert!(err.contains("iconv"), "{err}");
    let ids: Vec<&Value> = out.iter().map(|r| &r["id"]).collect();
    assert_eq!(ids, ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(out[1]["error"]["kind"], "encoding");
    assert_eq!(out[2]["stats"]["words"], 1);
}

#[test]
fn a_nul_byte_is_named() {
    let (code, out, err) = tag_files(&[("a.txt", b"w5\0w6")]);
    assert_eq!(
        (code, out[0]["error"]["kind"].as_str()),
        (1, Some("not_text"))
    );
    assert!(err.contains("a.txt: NUL byte at byte 2"), "{err}");
}

#[test]
fn a_missing_file_fails_alone_and_a_directory_is_read() {
    let (model, dir) = (tiny_model(), TempDir::new().unwrap());
    fs::write(dir.path().join("a.txt"), "w5").unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("d/b.txt"), "w5 w6").unwrap();
    let model = model.path().to_str().unwrap();
    let done = newshound(&[
        "tag", "-f", "jsonl", "--model", model, "no.txt", "d", "a.txt",
    ])
    .current_dir(dir.path())
    .output()
    .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(err.contains("cannot read no.txt: No such file"), "{err}");
    let out = records(&String::from_utf8(done.stdout).unwrap());
    assert_eq!(out[0]["error"]["kind"], "read");
    assert_eq!(
        (&out[1]["id"], &out[1]["stats"]["words"]),
        (&json!("d/b.txt"), &json!(2))
    );
    assert_eq!(out[2]["stats"]["words"], 1);
}

#[test]
fn an_empty_text_is_a_document_without_names() {
    let (code, out, err) = tag_files(&[("a.txt", b""), ("b.txt", b" \r\n ")]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out[0]["entities"], json!([]));
    assert_eq!(out[1]["stats"]["words"], 0);
}

#[test]
fn one_line_of_ten_megabytes_is_read_to_the_end() {
    let text = "w5 w6, w7. ".repeat(1 << 20);
    let (code, out, err) = tag_files(&[("a.txt", &text.as_bytes()[..10_000_000])]);
    assert_eq!((code, err.as_str()), (0, ""));
    let words = out[0]["stats"]["words"].as_u64().unwrap();
    assert!(words > 4_500_000, "{words}");
}

#[test]
fn a_word_of_300000_characters_is_one_word() {
    let text = format!("w5 {} w6", "x".repeat(300_000));
    let (code, out, _) = tag_files(&[("a.txt", text.as_bytes())]);
    assert_eq!(code, 0);
    assert_eq!(out[0]["stats"]["words"], 3);
}

#[test]
fn a_bad_jsonl_line_keeps_its_place_and_the_rest_is_tagged() {
    let model = tiny_model();
    let args = [
        "tag",
        "-f",
        "jsonl",
        "--input-format",
        "jsonl",
        "--model",
        model.path().to_str().unwrap(),
    ];
    let (code, out, err) = run(
        &args,
        "{\"id\":\"a\",\"text\":\"w5\"}\nnot json\n{\"text\":\"w6\"}\n",
    );
    assert_eq!(code, 1);
    assert!(err.contains("-: line 2: not JSON"), "{err}");
    let out = records(&out);
    assert_eq!(out[1]["id"], "-:2");
    assert_eq!(out[1]["error"]["kind"], "record");
    assert_eq!(out[2]["id"], "-:3");
}

/// A `tokenizer.json` of the tiny model's words, with a field changed.
fn tokenizer(dir: &std::path::Path, field: &str, value: Value) {
    let words = fs::read_to_string(dir.join("vocab.txt")).unwrap();
    let vocab: serde_json::Map<String, Value> = (0..)
        .zip(words.lines())
        .map(|(id, word): (u32, _)| (word.to_owned(), id.into()))
        .collect();
    let mut json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": null, "decoder": null,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab,
        },
    });
    *json.pointer_mut(field).unwrap() = value;
    write_json(dir, "tokenizer.json", &json);
}

#[test]
fn a_tokenizer_that_panics_is_refused_in_one_line() {
    let charsmap = |map: &str| json!({"type": "Precompiled", "precompiled_charsmap": map});
    let second = json!({
        "type": "TemplateProcessing", "single": [{"Sequence": {"id": "B", "type_id": 0}}],
        "pair": [], "special_tokens": {},
    });
    for (field, value) in [
        ("/normalizer", charsmap("AAAAAA==")),
        ("/normalizer", charsmap("ALQCAACEAAAAAAACA")),
        ("/post_processor", second),
    ] {
        let model = tiny_model();
        tokenizer(model.path(), field, value);
        let dir = model.path().to_str().unwrap();
        for args in [&["tag", "--model", dir][..], &["models", "verify", dir]] {
            let (code, out, err) = run(args, "w5");
            assert_eq!((code, out.as_str()), (2, ""), "{err}");
            assert_eq!(err.lines().count(), 1, "{err}");
            let wanted = "tokenizer.json: holds no tokenizer that works (";
            assert!(err.contains(wanted) && err.contains("again"), "{err}");
        }
    }
}

#[test]
fn a_text_that_the_tokenizer_fails_on_fails_alone() {
    let (model, dir) = (tiny_model(), TempDir::new().unwrap());
    tokenizer(model.path(), "/model/unk_token", json!("[NONE]"));
    let model = model.path().to_str().unwrap();
    fs::write(dir.path().join("a.txt"), "w5").unwrap();
    fs::write(
        dir.path().join("b.jsonl"),
        "{\"text\":\"w6\"}\n{\"text\":\"\u{1f980}\"}\n{\"id\":\"c\",\"text\":\"\u{1f980}\"}\n",
    )
    .unwrap();
    let done = newshound(&["tag", "-f", "jsonl", "--model", model, "b.jsonl", "a.txt"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{err}");
    let out = records(&String::from_utf8(done.stdout).unwrap());
    let kinds: Vec<&Value> = out.iter().map(|record| &record["error"]["kind"]).collect();
    assert_eq!(
        kinds,
        [
            &json!(null),
            &json!("tokenizer"),
            &json!("tokenizer"),
            &json!(null)
        ]
    );
    for place in [
        "b.jsonl:2: the tokenizer failed",
        "b.jsonl: c: the tokenizer failed",
    ] {
        assert!(err.contains(place), "{err}");
    }
    let (code, _, err) = run(&["models", "verify", model], "");
    assert_eq!(code, 2);
    assert!(
        err.contains("fails on characters that it does not know"),
        "{err}"
    );
}

/// The message and exit code of a run with a model directory changed by `damage`.
fn with_damage(damage: impl Fn(&std::path::Path)) -> (i32, String) {
    let model = tiny_model();
    damage(model.path());
    let args = ["tag", "--model", model.path().to_str().unwrap()];
    let (code, out, err) = run(&args, "w5");
    assert_eq!(out, "");
    (code, err)
}

fn set(dir: &std::path::Path, key: &str, value: Value) {
    let mut config: Value =
        serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap();
    config[key] = value;
    write_json(dir, "config.json", &config);
}

#[test]
fn a_damaged_model_directory_is_refused_with_the_file_and_the_way_out() {
    type Damage = fn(&std::path::Path);
    let cases: Vec<(Damage, &str)> = vec![
        (
            |d| fs::remove_file(d.join("config.json")).unwrap(),
            "config.json: is missing; a model directory holds",
        ),
        (
            |d| fs::remove_file(d.join("model.safetensors")).unwrap(),
            "model.safetensors: is missing",
        ),
        (
            |d| fs::remove_file(d.join("vocab.txt")).unwrap(),
            "has no tokenizer",
        ),
        (
            |d| fs::write(d.join("config.json"), "{").unwrap(),
            "config.json: is not JSON",
        ),
        (
            |d| fs::write(d.join("vocab.txt"), "a\nb").unwrap(),
            "vocab.txt: the vocabulary has no [SEP] token",
        ),
        (
            |d| fs::write(d.join("tokenizer.json"), "{}").unwrap(),
            "tokenizer.json: holds no tokenizer that works (Model missing",
        ),
        (
            |d| fs::write(d.join("topics.safetensors"), "").unwrap(),
            "topics.safetensors: is damaged (header too small); fetch the model's files again, or",
        ),
        (
            |d| {
                fs::write(
                    d.join("model.safetensors"),
                    b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F{",
                )
                .unwrap()
            },
            "corrupt",
        ),
        (
            |d| fs::write(d.join("model.safetensors"), b"").unwrap(),
            "corrupt",
        ),
        (|d| set(d, "hidden_size", json!(16)), "tensor `"),
        (|d| set(d, "num_hidden_layers", json!(3)), "no tensor `"),
        (|d| set(d, "model_type", json!("t5")), "t5"),
        (
            |d| set(d, "id2label", json!({"0": "LABEL_0", "1": "LABEL_1"})),
            "LABEL_0",
        ),
        (
            |d| set(d, "id2label", json!({"0": "O", "1": "B-PER"})),
            "id2label has 2 tags, the classifier",
        ),
        (
            |d| set(d, "newshound", json!({"temperature": 0})),
            "config.json: newshound.temperature is 0; it must be a number above 0",
        ),
    ];
    for (damage, wanted) in cases {
        let (code, err) = with_damage(damage);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(wanted), "wanted {wanted:?}, got {err}");
        assert!(err.starts_with("newshound: model "), "{err}");
    }
    let (code, _, err) = run(&["tag", "--model", "/no/such/dir"], "x");
    assert_eq!(code, 2);
    assert!(
        err.contains("/no/such/dir: does not exist; a model directory holds"),
        "{err}"
    );
}

#[test]
fn wrong_usage_is_exit_code_2_and_names_what_would_be_right() {
    let model = tiny_model();
    let model = model.path().to_str().unwrap();
    for (args, wanted) in [
        (
            vec!["--labels", "PER,GPE"],
            "the model has no label GPE; its labels are PER",
        ),
        (vec!["--labels", "PER, ORG,GPE"], "has no label GPE"),
        (vec!["--min-score", "2"], "between 0 and 1"),
        (
            vec!["--backend", "rust-bert", "--early-exit"],
            "through all layers; leave out --early-exit",
        ),
        (
            vec!["--no-topics", "--topics", "1"],
            "leave it out, or give --topics-model",
        ),
        (vec!["--window", "100000"], "does not fit the model"),
        (
            vec!["--offsets", "bytes"],
            "possible values: byte, char, utf16",
        ),
        (vec!["--threads", "0"], "--threads"),
    ] {
        let args: Vec<&str> = ["tag", "--model", model].into_iter().chain(args).collect();
        let (code, _, err) = run(&args, "w5");
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(wanted), "wanted {wanted:?}, got {err}");
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let (model, dir) = (tiny_model(), TempDir::new().unwrap());
    let input = dir.path().join("in.jsonl");
    fs::write(&input, "{\"text\":\"w5 w6 w7\"}\n".repeat(100_000)).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("newshound"))
        .args(["tag", "-f", "jsonl", "--input-format", "jsonl", "--model"])
        .args([model.path(), &input])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("{\"id\":"));
    let done = child.wait_with_output().unwrap();
    assert_eq!(
        (
            done.status.code(),
            String::from_utf8(done.stderr).unwrap().as_str()
        ),
        (Some(0), "")
    );
}

#[test]
fn documents_with_much_metadata_are_written_before_many_are_held() {
    let model = tiny_model();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("newshound"))
        .args(["tag", "-f", "jsonl", "--threads", "1", "--model"])
        .arg(model.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        out.lines()
            .try_for_each(|line| sender.send(line.unwrap().len()))
    });
    let page = "x".repeat(200_000);
    let mut input = child.stdin.take().unwrap();
    for _ in 0..20 {
        writeln!(input, "{{\"text\":\"w5\",\"page\":\"{page}\"}}").unwrap();
    }
    let first = lines.recv_timeout(Duration::from_secs(60));
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(first.unwrap() > 200_000);
    assert_eq!(lines.iter().count(), 19);
}
