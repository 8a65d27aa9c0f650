//! `newshound models`: list, verify, export.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::path::Path;

use common::{records, run, tiny_model, write_json};
use newshound::Model;
use newshound::backend::Setup;
use newshound::model::{Source, weights_in};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn list(dirs: &[&str]) -> (i32, Vec<Value>, String) {
    let args = [&["models", "--format", "json"], dirs].concat();
    let (code, out, err) = run(&args, "");
    let list: Value = serde_json::from_str(&out).unwrap();
    (code, list.as_array().unwrap().clone(), err)
}

#[test]
fn the_models_inside_are_described() {
    let (code, models, err) = list(&[]);
    assert_eq!((code, models.len(), err.as_str()), (0, 2, ""));
    let version = run(&["--version"], "").1;
    let expected = [("newshound-base", 6), ("newshound-small", 3)];
    for (model, (name, layers)) in models.iter().zip(expected) {
        assert_eq!(model["name"], name);
        assert_eq!(model["architecture"], "distilbert");
        assert_eq!(model["layers"], layers);
        assert_eq!(
            model["labels"],
            serde_json::json!(["PER", "ORG", "LOC", "MISC"])
        );
        assert_eq!(model["licence"], "cc-by-sa-4.0");
        assert_eq!(model["languages"], serde_json::json!(["en"]));
        assert_eq!(
            (&model["stored"], &model["topics"]),
            (&"I8".into(), &true.into())
        );
        assert_eq!(model["early_exit"], name == "newshound-base");
        assert!(model["directory"].is_null());
        assert!(
            version.contains(model["sha256"].as_str().unwrap()),
            "{version}"
        );
    }

    let (code, table, _) = run(&["models"], "");
    assert_eq!(code, 0);
    for part in [
        "newshound-base",
        "newshound-small",
        "PER, ORG, LOC, MISC (iob2)",
        "cc-by-sa-4.0",
        "en",
    ] {
        assert!(table.contains(part), "{table}");
    }
}

const SHIPPED: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/models/newshound-base"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/models/newshound-small"),
];

fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes)
        .into_iter()
        .map(|byte| format!("{byte:02x}"));
    digits.collect()
}

#[test]
fn models_inside_have_the_size_and_digest_of_those_in_their_directories() {
    let models = list(&SHIPPED).1;
    for (dir, (inside, beside)) in SHIPPED.iter().zip(models[..2].iter().zip(&models[2..])) {
        let weights = weights_in(Path::new(dir)).unwrap();
        assert_eq!(inside["bytes"], weights.len());
        assert_eq!(inside["sha256"], sha256(&weights));
        for field in ["name", "sha256", "bytes", "parameters", "stored"] {
            assert_eq!(inside[field], beside[field], "{field}");
        }
    }
}

#[test]
fn models_inside_tag_as_those_in_their_directories() {
    let articles = concat!(env!("CARGO_MANIFEST_DIR"), "/data/articles.jsonl");
    let tag = |args: &[&str]| {
        let args = [&["tag", "--format", "jsonl", articles], args].concat();
        let (code, out, err) = run(&args, "");
        assert_eq!(code, 0, "{err}");
        out
    };
    let [base, small] = SHIPPED.map(|dir| tag(&["--model", dir]));
    assert!(tag(&[]) == base);
    assert!(tag(&["--model", "newshound-base"]) == base);
    assert!(tag(&["--model", "newshound-small"]) == small);
    assert!(small != base);
}

#[test]
fn a_name_that_no_model_has_is_refused_with_those_there_are() {
    for args in [
        &["tag", "--model", "newshound-large"][..],
        &["models", "verify", "newshound-large"],
        &["models", "export", "--model", "newshound-large", "nowhere"],
    ] {
        let (code, out, err) = run(args, "NATO");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        let names = "inside the binary are newshound-base and newshound-small";
        assert!(
            err.contains("newshound-large") && err.contains(names),
            "{err}"
        );
    }
    let error = Model::load(&Source::Inside("other".to_owned()), Setup::default());
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("other") && error.contains("newshound-small"),
        "{error}"
    );
}

/// A directory of a model, and one beside it with a change of that model.
fn changed() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (model, files) in [
        (
            "newshound-base",
            &["model.safetensors", "tokenizer.json"][..],
        ),
        ("newshound-small", &["change.safetensors", "config.json"]),
    ] {
        let to = dir.path().join(model);
        fs::create_dir(&to).unwrap();
        for file in files {
            let bytes = match *file {
                "model.safetensors" => weights_in(Path::new(SHIPPED[0])).unwrap(),
                file => fs::read(Path::new(SHIPPED[0]).with_file_name(model).join(file)).unwrap(),
            };
            fs::write(to.join(file), bytes).unwrap();
        }
    }
    dir
}

#[test]
fn a_change_needs_the_model_that_it_changes_beside_it() {
    let dir = changed();
    let small = dir.path().join("newshound-small");
    let verify = || {
        let (code, out, err) = run(&["models", "verify", small.to_str().unwrap()], "");
        assert_eq!(code, if err.is_empty() { 0 } else { 2 }, "{out}");
        err
    };
    assert_eq!(verify(), "");
    let config = fs::read_to_string(small.join("config.json")).unwrap();
    let base = r#""base": "newshound-base""#;
    assert!(config.contains(base));
    for (named, message) in [
        (r#""base": "../newshound-base""#, "has no newshound.base"),
        (r#""base": "..""#, "has no newshound.base"),
        (r#""other": 1"#, "has no newshound.base"),
        (
            r#""base": "nowhere""#,
            "nowhere/model.safetensors: is missing",
        ),
        (
            r#""base": "newshound-small""#,
            "newshound-small/model.safetensors: is missing",
        ),
    ] {
        fs::write(small.join("config.json"), config.replace(base, named)).unwrap();
        let err = verify();
        assert!(err.contains(message), "{named}: {err}");
    }
    fs::write(small.join("config.json"), &config).unwrap();
    fs::write(small.join("change.safetensors"), b"torn").unwrap();
    let err = verify();
    assert!(
        err.contains("change.safetensors") && err.contains("corrupt"),
        "{err}"
    );
}

#[test]
fn a_directory_is_described_by_its_files_and_its_card() {
    let dir = tiny_model();
    let path = dir.path().to_str().unwrap();
    let (code, models, err) = list(&[path]);
    assert_eq!((code, models.len()), (0, 3), "{err}");
    assert_eq!(models[2]["architecture"], "bert");
    assert_eq!(models[2]["directory"], path);
    assert!(models[2]["licence"].is_null());
    let card = "---\nlicense: mit\nlanguage:\n- de\n- fr\n---\n# Tiny\n";
    fs::write(dir.path().join("README.md"), card).unwrap();
    let models = list(&[path]).1;
    assert_eq!(models[2]["licence"], "mit");
    assert_eq!(models[2]["languages"], serde_json::json!(["de", "fr"]));
}

#[test]
fn directories_without_a_model_are_named_and_the_others_listed() {
    let (good, empty) = (tiny_model(), TempDir::new().unwrap());
    let dirs = [&empty, &good].map(|dir| dir.path().to_str().unwrap());
    let (code, models, err) = list(&dirs);
    assert_eq!((code, models.len()), (2, 3));
    assert!(
        err.contains(dirs[0]) && err.contains("config.json"),
        "{err}"
    );
    assert_eq!(models[2]["directory"], dirs[1]);
}

#[test]
fn verify_finds_the_shipped_model_and_a_directory_good() {
    let digest = list(&[]).1[0]["sha256"].as_str().unwrap().to_owned();
    let (code, out, err) = run(&["models", "verify", "--sha256", &digest], "");
    assert_eq!(code, 0, "{err}");
    for check in ["digest", "weights", "tokenizer", "pass"] {
        assert!(out.contains(&format!("ok  {check}")), "{out}");
    }
    let dir = tiny_model();
    let args = [
        "models",
        "verify",
        dir.path().to_str().unwrap(),
        "-f",
        "json",
    ];
    let (code, out, err) = run(&args, "");
    assert_eq!(code, 0, "{err}");
    let checks: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(checks.as_array().unwrap().len(), 4);
}

#[test]
fn verify_runs_a_model_with_the_files_of_early_exit_too() {
    let dir = tiny_model();
    let path = dir.path().to_str().unwrap();
    let write = |bias: &[usize], logits: &str| {
        let zeros = [0; 128];
        let view = |shape: &[usize]| {
            let bytes = &zeros[..4 * shape.iter().product::<usize>()];
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap()
        };
        let tensors = [
            ("exits.1.weight", view(&[1, 32])),
            ("exits.1.bias", view(bias)),
            (logits, view(&[9])),
        ];
        let bytes = safetensors::serialize(tensors, None).unwrap();
        fs::write(dir.path().join("exits.safetensors"), bytes).unwrap();
    };
    write(&[1], "exits.logits");
    let (code, out, err) = run(&["models", "verify", path], "");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("ok  early exit "), "{out}");
    let refused = |wanted: &str| {
        let (code, out, err) = run(&["models", "verify", path], "");
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains(wanted), "{err}");
    };
    fs::write(dir.path().join("exits.topics.safetensors"), "").unwrap();
    refused("exits.topics.safetensors: is damaged");
    write(&[2], "exits.logits");
    refused("`exits.1.bias` has shape [2]");
    write(&[1], "exits.logit");
    refused("no tensor `exits.logits`; fetch exits.safetensors again");
}

#[test]
fn verify_tells_what_is_wrong_with_a_model() {
    let verify = |damage: &dyn Fn(&TempDir), args: &[&str]| {
        let dir = tiny_model();
        damage(&dir);
        let path = dir.path().to_str().unwrap();
        let (code, out, err) = run(&[&["models", "verify", path], args].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        err
    };
    let nan = |dir: &TempDir| {
        let path = dir.path().join("model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        fs::write(path, bytes).unwrap();
    };
    let err = verify(&nan, &[]);
    assert!(err.contains("NaN") && err.contains("tensor `"), "{err}");
    let short = |dir: &TempDir| {
        let path = dir.path().join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 9]).unwrap();
    };
    assert!(verify(&short, &[]).contains("model.safetensors"));
    let words = |dir: &TempDir| {
        let path = dir.path().join("vocab.txt");
        let more = fs::read_to_string(&path).unwrap() + "\nmore\nand\nmore";
        fs::write(path, more).unwrap();
    };
    assert!(verify(&words, &[]).contains("different models"));
    let layers = |dir: &TempDir| {
        let path = dir.path().join("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        config["num_hidden_layers"] = json!(1);
        write_json(dir.path(), "config.json", &config);
    };
    let err = verify(&layers, &[]);
    let wanted =
        "`bert.encoder.layer.1.attention.output.LayerNorm.bias`, but config.json has 1 layers";
    assert!(err.contains(wanted), "{err}");
    let zeros = "0".repeat(64);
    let err = verify(&|_| {}, &["--sha256", &zeros]);
    assert!(err.contains("SHA-256") && err.contains(&zeros), "{err}");
    assert!(verify(&|_| {}, &["--sha256", "abc"]).contains("64 hexadecimal digits"));
}

#[test]
fn an_exported_model_is_whole_and_tags_as_the_one_inside_does_in_f32() {
    let place = TempDir::new().unwrap();
    let text = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/data/articles/nato-kyiv.txt"
    ));
    let text = text.unwrap();
    let tag = |args: &[&str]| {
        let args = [&["tag", "-f", "jsonl", "--precision", "f32"], args].concat();
        let (code, out, err) = run(&args, &text);
        assert_eq!(code, 0, "{err}");
        records(&out)
    };
    for (k, name) in Source::inside().iter().enumerate() {
        let dir = place.path().join("new").join(name);
        let path = dir.to_str().unwrap();
        let (code, out, err) = run(&["models", "export", "--model", name, path], "");
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        let models = list(&[path]).1;
        for field in [
            "architecture",
            "labels",
            "parameters",
            "licence",
            "languages",
            "topics",
            "early_exit",
        ] {
            assert_eq!(models[k][field], models[2][field], "{field}");
        }
        assert_eq!(models[2]["stored"], "F32");
        assert_eq!(run(&["models", "verify", path], "").0, 0);
        assert_eq!(tag(&["--model", path]), tag(&["--model", name]));
        if k == 0 {
            let early = |model| tag(&["--early-exit", "--model", model]);
            assert_eq!(early(path), early(name));
            let plain = fs::read(Path::new(path).join("model.safetensors")).unwrap();
            let plain = SafeTensors::deserialize(&plain).unwrap();
            assert!(!plain.names().iter().any(|name| name.starts_with("exits")));
            assert_ne!(early(name), tag(&["--model", name]));
        } else {
            let (code, _, err) = run(&["tag", "--early-exit", "--model", name], &text);
            assert_eq!(code, 2);
            assert!(err.contains(name) && err.contains("stop early"), "{err}");
        }
    }
}

#[test]
fn an_exported_directory_keeps_its_tokenizer_files_and_overwrites_nothing() {
    let (model, place) = (tiny_model(), TempDir::new().unwrap());
    let from = model.path().to_str().unwrap();
    let config = "{\"do_lower_case\": false}";
    fs::write(model.path().join("tokenizer_config.json"), config).unwrap();
    let to = place.path().to_str().unwrap();
    let (code, _, err) = run(&["models", "export", to, "--model", from], "");
    assert_eq!(code, 0, "{err}");
    let read = |file: &str| fs::read_to_string(place.path().join(file)).unwrap();
    assert_eq!(read("tokenizer_config.json"), config);
    assert_eq!(
        read("vocab.txt"),
        fs::read_to_string(model.path().join("vocab.txt")).unwrap()
    );
    let (code, _, err) = run(&["models", "export", to, "--model", from], "");
    assert_eq!(code, 2);
    assert!(
        err.contains(to) && err.contains("does not exist or is empty"),
        "{err}"
    );
}

/// Puts every second tensor of a tiny model into a second file, as large models are stored.
fn split(dir: &Path) {
    let whole = fs::read(dir.join("model.safetensors")).unwrap();
    fs::remove_file(dir.join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&whole).unwrap();
    let mut parts = [Vec::new(), Vec::new()];
    let mut map = serde_json::Map::new();
    for (at, (name, view)) in tensors.iter().enumerate() {
        map.insert(name.to_owned(), json!(part(at % 2)));
        parts[at % 2].push((name, view));
    }
    for (at, views) in parts.into_iter().enumerate() {
        let bytes = safetensors::serialize(views, None).unwrap();
        fs::write(dir.join(part(at)), bytes).unwrap();
    }
    write_json(dir, INDEX, &json!({"metadata": {}, "weight_map": map}));
}

const INDEX: &str = "model.safetensors.index.json";

fn part(at: usize) -> String {
    format!("model-0000{}-of-00002.safetensors", at + 1)
}

#[test]
fn a_model_in_several_files_is_the_model_they_make() {
    let dir = tiny_model();
    let path = dir.path().to_str().unwrap();
    let text = "w5 W7 w9.";
    let whole = run(&["tag", "--model", path, "--format", "jsonl"], text);
    assert_eq!(whole.0, 0, "{}", whole.2);
    split(dir.path());
    let (code, out, err) = run(&["tag", "--model", path, "--format", "jsonl"], text);
    assert_eq!((code, records(&out)), (0, records(&whole.1)), "{err}");
    let (code, _, err) = run(&["models", "verify", path], "");
    assert_eq!(code, 0, "{err}");
    fs::remove_file(dir.path().join(part(1))).unwrap();
    let (code, _, err) = run(&["tag", "--model", path], text);
    assert_eq!(code, 2);
    assert!(err.contains(&format!("{}: is missing", part(1))), "{err}");
}

#[test]
fn the_digest_of_a_model_in_several_files_is_that_of_the_tensors_its_index_names() {
    let (halves, layers) = (tiny_model(), tiny_model());
    split(halves.path());
    // Part 1 is the whole model, and part 2 has all but its first tensor once more.
    let whole = layers.path().join("model.safetensors");
    let bytes = fs::read(&whole).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = tensors.tensors();
    let first = tensors.remove(0).0;
    let mut map: serde_json::Map<_, _> = tensors
        .iter()
        .map(|(name, _)| (name.clone(), json!(part(1))))
        .collect();
    map.insert(first, json!(part(0)));
    write_json(layers.path(), INDEX, &json!({"weight_map": map}));
    fs::rename(whole, layers.path().join(part(0))).unwrap();
    let second = safetensors::serialize(tensors, None).unwrap();
    fs::write(layers.path().join(part(1)), second).unwrap();

    let dirs = [&halves, &layers].map(|dir| dir.path().to_str().unwrap());
    let (code, models, err) = list(&dirs);
    assert_eq!((code, models.len()), (0, 4), "{err}");
    let weights = weights_in(halves.path()).unwrap();
    for model in &models[2..] {
        assert_eq!(model["sha256"], sha256(&weights));
        assert_eq!(model["bytes"], weights.len());
    }
    let verify = ["models", "verify", dirs[1], "--sha256", &sha256(&weights)];
    let (code, _, err) = run(&verify, "");
    assert_eq!(code, 0, "{err}");
}

#[test]
fn scores_are_calibrated_as_the_config_says() {
    let dir = tiny_model();
    let path = dir.path().to_str().unwrap();
    let scores = || {
        let (code, out, err) = run(&["tag", "--model", path, "-f", "jsonl"], "w5 W7 w9. W3 w8");
        assert_eq!(code, 0, "{err}");
        let found = records(&out)[0]["entities"].as_array().unwrap().clone();
        let pair = |e: &Value| (e["label"].clone(), e["score"].as_f64().unwrap());
        found.iter().map(pair).collect::<Vec<_>>()
    };
    let plain = scores();
    assert!(!plain.is_empty());
    let mut config: Value =
        serde_json::from_slice(&fs::read(dir.path().join("config.json")).unwrap()).unwrap();
    config["newshound"] = json!({"score_slope": 0.5, "score_biases": {"PER": -1.0}});
    write_json(dir.path(), "config.json", &config);
    let bent = scores();
    assert_eq!(bent.len(), plain.len());
    for ((label, score), (same, before)) in bent.iter().zip(&plain) {
        let bias = if label == "PER" { -1.0 } else { 0.0 };
        let odds = 0.5 * (before / (1.0 - before)).ln() + bias;
        assert_eq!(label, same);
        assert!((score - 1.0 / (1.0 + (-odds).exp())).abs() < 1e-3);
    }
}
