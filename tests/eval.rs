//! `newshound eval`: column files and JSONL, with and without a model.

#![cfg(feature = "cli")]

mod common;

use std::fs;

use common::{run, tiny_model, write_json};
use serde_json::Value;
use tempfile::TempDir;

const SCORED: &str =
    "Mark B-PER B-PER\nRutte I-PER I-PER\nin O O\nKyiv I-LOC B-ORG\n\nNATO B-ORG O\n";

#[test]
fn other_tools_output_is_scored_without_a_model() {
    let (code, out, err) = run(&["eval", "--scored", "--format", "json"], SCORED);
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scores["overall"]["correct"], 1);
    assert_eq!(scores["overall"]["gold"], 3);
    assert_eq!(scores["overall"]["predicted"], 2);
    assert_eq!(scores["overall"]["f1"], 40.0);
    assert_eq!(scores["labels"]["PER"]["f1"], 100.0);
    assert!(
        err.contains("1 gold names are LOC, which was never predicted"),
        "{err}"
    );
}

#[test]
fn an_orphan_inside_tag_is_a_name_unless_strict() {
    let json = |args: &[&str]| -> Value {
        let args = [&["eval", "--scored", "-f", "json"], args].concat();
        serde_json::from_str(&run(&args, SCORED).1).unwrap()
    };
    assert_eq!(json(&[])["labels"]["LOC"]["gold"], 1);
    assert_eq!(json(&["--strict"])["labels"].get("LOC"), None);
    assert_eq!(json(&["--labels", "PER"])["overall"]["f1"], 100.0);
    assert_eq!(json(&["--map", "LOC=ORG"])["labels"]["ORG"]["correct"], 1);
}

#[test]
fn the_table_has_a_line_for_each_label_and_one_overall() {
    let (_, out, _) = run(&["eval", "--scored"], SCORED);
    for label in ["overall", "PER", "ORG", "LOC"] {
        assert!(
            out.lines().any(|line| line.trim_start().starts_with(label)),
            "{out}"
        );
    }
}

#[test]
fn a_model_is_scored_on_the_tokens_of_a_column_file() {
    let model = tiny_model();
    let args = [
        "eval",
        "-f",
        "json",
        "--model",
        model.path().to_str().unwrap(),
    ];
    let (code, out, err) = run(&args, "-DOCSTART- O\n\nw5\tB-PER\nw6\tO\n\nw7\tB-LOC\n");
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scores["tokens"], 3);
    assert_eq!(scores["overall"]["gold"], 2);
}

#[test]
fn gold_data_without_anything_in_it_is_an_error() {
    for (args, gold) in [
        (&["eval", "--scored"][..], ""),
        (&["eval", "--scored"], "Mark O O\n"),
    ] {
        let (code, out, err) = run(args, gold);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("there is no name to score"), "{err}");
    }
}

#[test]
fn a_calibration_of_no_name_is_refused() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let args = ["eval", "--model", dir, "--labels", "SHIP", "--calibration"];
    let (code, out, err) = run(&args, "w5 B-SHIP\n");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--calibration: no name was found"), "{err}");
}

#[test]
fn options_that_would_have_no_effect_are_refused() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    for option in [
        "--model=m",
        "--threads=1",
        "--window=64",
        "--precision=f32",
        "--early-exit",
        "--backend=native",
        "--offsets=char",
    ] {
        let (code, _, err) = run(&["eval", "--scored", option], SCORED);
        assert!(code == 2 && err.contains("cannot be used with"), "{err}");
    }
    let row = "{\"text\":\"w5\",\"topics\":[]}\n";
    assert_eq!(run(&["eval", "--topics", "--offsets=char"], row).0, 2);
    let (code, _, err) = run(&["eval", "--model", dir, "--offsets=char"], "w5 B-PER\n");
    assert_eq!(code, 2);
    assert!(
        err.contains("-: a column file has no offsets; leave out"),
        "{err}"
    );
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let row = r#"{"text":"w5","entities":[{"start":0,"end":2,"label":"PER"}]}"#;
    for text in [row, "w5 B-PER\n"] {
        let args = ["eval", "-f", "json", "--model", dir];
        let marked = run(&args, &format!("\u{feff}{text}"));
        assert_eq!(marked.0, 0, "{}", marked.2);
        assert_eq!(marked, run(&args, text));
    }
}

#[test]
fn a_label_to_score_that_neither_gold_nor_model_knows_is_refused() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let eval = |labels| run(&["eval", "--model", dir, "--labels", labels], "w5 B-SHIP\n");
    assert_eq!(eval("SHIP, PER").0, 0);
    let (code, out, err) = eval("SHIP,SHPI");
    assert_eq!((code, out.as_str()), (2, ""));
    let wanted = "--labels SHPI: no gold name has that label, and the model does not know it";
    assert!(err.contains(wanted), "{err}");
}

#[test]
fn perturbed_text_keeps_its_gold_names_and_calibration_compares_scores_with_results() {
    let model = tiny_model();
    let args = |more: &[&'static str]| -> Vec<String> {
        let fixed = [
            "eval",
            "-f",
            "json",
            "--model",
            model.path().to_str().unwrap(),
        ];
        fixed.iter().chain(more).map(ToString::to_string).collect()
    };
    let json = |more: &[&'static str], text: &str| -> Value {
        let args = args(more);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, out, err) = run(&args, text);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    };
    // The tiny model's words are lower case: to it W5 is unknown, w5 is not.
    let cased = serde_json::json!({"do_lower_case": false});
    write_json(model.path(), "tokenizer_config.json", &cased);
    let upper = json(&["--calibration"], "W5 B-PER\nw6 O\n");
    let lower = json(&["--perturb", "lower", "--calibration"], "W5 B-PER\nw6 O\n");
    let plain = json(&["--calibration"], "w5 B-PER\nw6 O\n");
    assert_eq!(lower, plain);
    assert_ne!(upper, plain);
    let spans = |scores: &Value| -> u64 {
        let bins = scores["calibration"]["bins"].as_array().unwrap();
        bins.iter().map(|bin| bin["spans"].as_u64().unwrap()).sum()
    };
    assert_eq!(
        spans(&plain),
        plain["overall"]["predicted"].as_u64().unwrap()
    );
    assert!(json(&[], "w5 B-PER\n").get("calibration").is_none());
    let raw = r#"{"text":"W5 w6","entities":[{"start":0,"end":2,"label":"PER"}]}"#;
    assert_eq!(json(&["--perturb", "lower"], raw)["overall"]["gold"], 1);
    for clash in ["--perturb=lower", "--calibration"] {
        assert_eq!(run(&["eval", "--scored", clash], SCORED).0, 2);
    }
}

#[test]
fn names_are_scored_on_gold_spans_and_on_those_that_are_found() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let row = r#"{"text":"Mark Rutte met Ann Bell. Rutte left, Bell and Ann Marie Bell too.","entities":[
        {"start":0,"end":10,"label":"PER"},{"start":15,"end":23,"label":"PER"},
        {"start":25,"end":30,"label":"PER","name":"Mark Rutte"},
        {"start":37,"end":41,"label":"PER","name":"Ann Bell"},
        {"start":46,"end":60,"label":"PER"}]}"#;
    let row = row.replace('\n', "");
    let args = ["eval", "--names", "-f", "json", "--model", dir];
    let (code, out, err) = run(&args, &row);
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    // Ann Bell and Ann Marie Bell count as one person, which the gold names deny.
    let pairs = &scores["gold_spans"]["pairs"];
    assert_eq!(
        (&pairs["correct"], &pairs["gold"], &pairs["predicted"]),
        (&2.into(), &2.into(), &4.into())
    );
    assert_eq!(scores["gold_spans"]["short"], 2);
    assert_eq!(scores["gold_spans"]["short_named"], 1);
    assert_eq!(scores["predicted_spans"]["short"], 2);
    let (_, table, _) = run(&["eval", "--names", "--model", dir], &row);
    assert!(table.contains("\npredicted spans "), "{table}");
    let bare = row.replace("\"name\"", "\"title\"");
    let (code, _, err) = run(&args, &bare);
    assert_eq!(code, 2);
    assert!(
        err.contains("no entity has a \"name\"; give those"),
        "{err}"
    );
    assert_eq!(run(&["eval", "--names", "--topics"], &row).0, 2);
    let ships = row.replace("\"PER\"", "\"SHIP\"");
    let (code, out, err) = run(&[&args[..], &["--labels", "SHIP"]].concat(), &ships);
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scores["gold_spans"]["pairs"]["gold"], 2);
    assert_eq!(
        scores["predicted_spans"]["pairs_end_to_end"]["predicted"],
        0
    );
    let (code, _, err) = run(&[&args[..], &["--labels", "SHPI"]].concat(), &ships);
    assert!(
        code == 2 && err.contains("--labels SHPI: no gold name has"),
        "{err}"
    );
}

#[test]
fn a_bad_file_is_refused_with_file_and_line() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("gold.iob2");
    let name = path.to_str().unwrap();
    for (text, wanted) in [
        ("Kyiv B-LOC\nalone\n", "gold.iob2: line 2: found 1 column"),
        ("Kyiv LOC\n", "gold.iob2: line 1: \"LOC\" is not a tag"),
        (
            "{\"text\":\"Kyiv\"}\n",
            "gold.iob2: line 1: there is no array entities",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let model = tiny_model();
        let (code, _, err) = run(
            &["eval", name, "--model", model.path().to_str().unwrap()],
            "",
        );
        assert_eq!(code, 2);
        assert!(err.contains(wanted), "{err}");
    }
    fs::write(&path, b"Kyiv\xFF B-LOC\n").unwrap();
    let (code, _, err) = run(&["eval", "--scored", name], "");
    assert_eq!(code, 2);
    assert!(err.contains("gold.iob2: invalid UTF-8 at byte 4"), "{err}");
    let (code, _, err) = run(&["eval", name, "--min-topic-score", "0.5"], "");
    assert_eq!(code, 2);
    assert!(err.contains("add --topics"), "{err}");
    let (code, _, err) = run(&["eval", "--scored", "--map", "GPE"], "");
    assert_eq!(code, 2);
    assert!(err.contains("\"GPE\" has no ="), "{err}");
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_sample_articles_are_tagged_well() {
    let articles = concat!(env!("CARGO_MANIFEST_DIR"), "/data/articles.jsonl");
    let (code, out, err) = run(&["eval", "-f", "json", articles], "");
    assert_eq!(code, 0, "{err}");
    let raw: Value = serde_json::from_str(&out).unwrap();
    let f1 = |scores: &Value, label: &str| scores["labels"][label]["f1"].as_f64().unwrap();
    for (label, least) in [("PER", 90.0), ("LOC", 85.0), ("ORG", 75.0)] {
        assert!(f1(&raw, label) >= least, "{label} {}", f1(&raw, label));
    }
}

#[test]
fn links_of_places_are_scored_on_gold_names_and_on_those_found() {
    let model = tiny_model();
    let dir = TempDir::new().unwrap();
    let gold = dir.path().join("gold.tsv");
    fs::write(
        &gold,
        "article\tstart\tend\tgeonames\na\t2\t6\t703448\na\t8\t15\t1\n",
    )
    .unwrap();
    let model = model.path().to_str().unwrap();
    let args = [
        "eval",
        "--places",
        gold.to_str().unwrap(),
        "--model",
        model,
        "--map",
        "GPE=LOC",
        "--offsets",
        "char",
        "-f",
        "json",
    ];
    let article = |id: &str| {
        let entities = serde_json::json!([
            {"start": 2, "end": 6, "label": "GPE"},
            {"start": 8, "end": 15, "label": "GPE"}
        ]);
        serde_json::json!({"id": id, "text": "😀 Kyiv, Ukraine", "entities": entities}).to_string()
    };
    let (code, out, err) = run(&args, &article("a"));
    assert_eq!(code, 0, "{err}");
    let scores: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scores["gold"]["gold"], 2);
    assert_eq!(scores["gold"]["accuracy"], 50.0);
    assert_eq!(scores["gold"]["wrong_rate"], 50.0);
    assert_eq!(scores["found"]["gold"], 2);
    let twice = format!("{}\n\n{}\n", article("a"), article("a"));
    let (code, _, err) = run(&args, &twice);
    assert_eq!(code, 2);
    assert!(
        err.contains("-: line 3: the id a is that of an article before"),
        "{err}"
    );
    let others = format!("{0}\n{0}\n{1}\n", article("b"), article("a"));
    assert_eq!(run(&args, &others).1, out);
    let list = fs::read_to_string(&gold).unwrap();
    fs::write(&gold, format!("\u{feff}{list}")).unwrap();
    assert_eq!(run(&args, &article("a")).1, out);
    fs::write(&gold, "article\tstart\tend\tgeonames\n").unwrap();
    let (code, _, err) = run(&args, &article("a"));
    assert!(
        code == 2 && err.contains("gold.tsv: line 1: there is no place to score"),
        "{err}"
    );
    fs::write(&gold, &list).unwrap();
    let (code, _, err) = run(&args, &article("b"));
    assert_eq!(code, 2);
    assert!(
        err.contains("gold.tsv: line 2: there is no article a"),
        "{err}"
    );
}
