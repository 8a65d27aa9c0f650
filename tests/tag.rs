//! `newshound tag` with the model it carries, as a user runs it.
#![cfg(all(feature = "cli", feature = "embedded-model"))]

mod common;

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use common::{entities, newshound, records, run};
use newshound::{Document, Tagger};
use serde_json::{Value, json};

const SENTENCE: &str = "NATO Secretary General Mark Rutte met the European Commission in Kyiv.";

fn articles() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles.jsonl");
    records(&fs::read_to_string(path).unwrap())
}

#[test]
fn people_organisations_and_places_are_found() {
    let (code, out, err) = run(&["tag", "--format", "jsonl"], SENTENCE);
    assert_eq!((code, err.as_str()), (0, ""));
    let record = &records(&out)[0];
    assert_eq!(
        entities(record),
        [
            ("NATO", "ORG"),
            ("Mark Rutte", "PER"),
            ("European Commission", "ORG"),
            ("Kyiv", "LOC")
        ]
    );
    assert_eq!(record["id"], "-");
    assert_eq!(record["stats"]["words"], 12);
}

#[test]
fn offsets_come_in_three_units() {
    let text = "😀 Zelenskyy met Orbán in São Paulo.";
    for (unit, length) in [
        ("byte", (|s: &str| s.len()) as fn(&str) -> usize),
        ("char", |s| s.chars().count()),
        ("utf16", |s| s.encode_utf16().count()),
    ] {
        let (_, out, _) = run(&["tag", "-f", "jsonl", "--offsets", unit], text);
        let record = &records(&out)[0];
        assert_eq!(record["offset_unit"], unit);
        let found = record["entities"].as_array().unwrap();
        assert_eq!(found.len(), 3, "{record}");
        for entity in found {
            let surface = entity["text"].as_str().unwrap();
            let at = text.find(surface).unwrap();
            assert_eq!(entity["start"], length(&text[..at]), "{entity}");
            assert_eq!(
                entity["end"],
                length(&text[..at]) + length(surface),
                "{entity}"
            );
        }
    }
}

#[test]
fn each_name_is_listed_once_with_its_mentions_unless_told_otherwise() {
    let text = "NATO Secretary General Mark Rutte met Boris Pistorius in Kyiv. Rutte thanked him. \
                The North Atlantic Treaty Organization will stay in Kyiv, Mark Rutte said.";
    let (_, out, _) = run(&["tag", "-f", "jsonl"], text);
    let record = &records(&out)[0];
    let names = record["names"].as_array().unwrap();
    let name = |n: &Value| (n["name"].to_string(), n["mentions"].as_u64().unwrap());
    assert_eq!(
        names.iter().map(name).collect::<Vec<_>>(),
        [
            ("\"North Atlantic Treaty Organization\"".to_owned(), 2),
            ("\"Mark Rutte\"".to_owned(), 3),
            ("\"Boris Pistorius\"".to_owned(), 1),
            ("\"Kyiv\"".to_owned(), 2),
        ]
    );
    for entity in record["entities"].as_array().unwrap() {
        let id = usize::try_from(entity["entity"].as_u64().unwrap()).unwrap();
        assert_eq!(names[id]["label"], entity["label"]);
        assert_eq!(names[id]["id"], entity["entity"]);
    }
    let (_, view, _) = run(&["tag"], text);
    assert!(
        view.contains("\nPeople         Mark Rutte (3), Boris Pistorius\n"),
        "{view}"
    );
    assert!(view.contains(" 8 mentions of 4 names"), "{view}");
    let (_, people, _) = run(&["tag", "-f", "jsonl", "--labels", "PER"], text);
    let people = &records(&people)[0];
    assert_eq!(people["names"].as_array().unwrap().len(), 2);
    assert_eq!(people["entities"][0]["entity"], 0);
    let (_, plain, _) = run(&["tag", "-f", "jsonl", "--no-names"], text);
    let plain = &records(&plain)[0];
    assert_eq!(plain["names"], json!([]));
    assert_eq!(plain["entities"][0].get("entity"), None);
    assert_eq!(entities(plain), entities(record));
}

#[test]
fn labels_can_be_selected() {
    let (_, out, _) = run(&["tag", "-f", "jsonl", "--labels", "PER,LOC"], SENTENCE);
    assert_eq!(
        entities(&records(&out)[0]),
        [("Mark Rutte", "PER"), ("Kyiv", "LOC")]
    );
}

#[test]
fn columns_hold_every_word_and_tsv_every_span() {
    let (_, out, _) = run(&["tag", "-f", "conll"], SENTENCE);
    assert!(
        out.starts_with("-DOCSTART-\tO\n\nNATO\tB-ORG\nSecretary\tO\n"),
        "{out}"
    );
    assert!(
        out.contains("European\tB-ORG\nCommission\tI-ORG\n"),
        "{out}"
    );
    let (_, out, _) = run(&["tag", "-f", "tsv"], SENTENCE);
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        rows[0],
        [
            "id",
            "start_byte",
            "end_byte",
            "label",
            "score",
            "text",
            "name"
        ]
    );
    assert_eq!((rows[1][1], rows[1][2]), ("", ""), "a topic has no offsets");
    assert!(rows[1][3].starts_with("medtop:"), "{out}");
    assert_eq!(
        rows.iter()
            .find(|row| row[3] == "PER")
            .map(|row| (row[1], row[2], row[5], row[6])),
        Some(("23", "33", "Mark Rutte", "Mark Rutte"))
    );
}

#[test]
fn the_view_is_plain_in_a_pipe_and_coloured_on_demand() {
    let (_, out, _) = run(&["tag"], SENTENCE);
    assert!(out.starts_with("Topics         "), "{out}");
    assert!(
        out.contains("\n\n[NATO ORG] Secretary General [Mark Rutte PER] met"),
        "{out}"
    );
    assert!(out.contains("\nPeople         Mark Rutte\nOrganisations  NATO, European Commission\nPlaces         Kyiv\n"), "{out}");
    let (_, out, _) = run(&["tag", "--color", "always"], SENTENCE);
    assert!(out.contains("\u{1b}["), "{out}");
    let done = newshound(&["tag"])
        .env("NO_COLOR", "1")
        .write_stdin(SENTENCE)
        .output()
        .unwrap();
    assert!(!String::from_utf8(done.stdout).unwrap().contains('\u{1b}'));
}

#[test]
fn the_version_names_the_models_and_their_digests() {
    let (_, out, _) = run(&["--version"], "");
    assert!(out.starts_with("newshound 0."), "{out}");
    for name in ["newshound-base", "newshound-small"] {
        let tagger = Tagger::builder().source(name).build().unwrap();
        let digest = tagger.model().digest();
        assert_eq!(digest.len(), 64);
        assert!(
            out.contains(&format!("model {name} sha256:{digest}\n")),
            "{out}"
        );
    }
}

#[test]
fn completions_and_manual_come_from_the_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = run(&["completions", shell], "");
        assert!(code == 0 && out.contains("min-score"), "{shell}");
    }
    let (code, out, _) = run(&["man"], "");
    assert!(code == 0 && out.contains(".TH newshound"), "{out}");
    let dir = tempfile::TempDir::new().unwrap();
    run(&["man", "-o", dir.path().to_str().unwrap()], "");
    let page = fs::read_to_string(dir.path().join("newshound-tag.1")).unwrap();
    assert!(page.contains("min\\-score"), "{page}");
}

#[test]
fn spans_of_the_sample_articles_are_slices_of_their_text() {
    let tagger = Tagger::builder().build().unwrap();
    for article in articles() {
        let text = article["text"].as_str().unwrap();
        let document = tagger.tag(text).unwrap();
        assert!(!document.spans.is_empty());
        let mut last = 0;
        for span in &document.spans {
            assert!(last <= span.start && span.start < span.end);
            assert_eq!(&text[span.start..span.end], document.surface(span));
            assert!((0.0..=1.0).contains(&span.score));
            last = span.end;
        }
        for word in &document.words {
            assert!(!text[word.start..word.end].contains(char::is_whitespace));
        }
        let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).count();
        let read: usize = document
            .words
            .iter()
            .map(|w| letters(&text[w.start..w.end]))
            .sum();
        assert_eq!(
            read,
            letters(text),
            "words read are not the words of the text"
        );
    }
}

#[test]
fn a_batch_of_200_documents_gives_each_what_it_gets_alone() {
    let texts: Vec<String> = articles()
        .iter()
        .cycle()
        .take(200)
        .enumerate()
        .map(|(at, article)| {
            // Pieces of articles, of many lengths, so that packs are cut everywhere.
            let text = article["text"].as_str().unwrap();
            let mut chars = text.chars();
            chars.by_ref().take(at * 3 % 150).for_each(drop);
            chars.take(5 + at * 7 % 400).collect()
        })
        .collect();
    let tagger = |threads| {
        let builder = Tagger::builder().threads(NonZeroUsize::new(threads).unwrap());
        builder.build().unwrap()
    };
    let alone = tagger(1);
    let expected: Vec<Document> = texts.iter().map(|text| alone.tag(text).unwrap()).collect();
    assert_eq!(tagger(2).tag_batch(&texts).unwrap(), expected);
    let three = tagger(3);
    for (text, expected) in texts.iter().zip(&expected) {
        assert_eq!(&three.tag(text).unwrap(), expected);
    }
    assert_eq!(three.tag_batch(&texts[..20]).unwrap(), expected[..20]);
    let backwards: Vec<&String> = texts.iter().rev().collect();
    let mut found = alone.tag_batch(&backwards).unwrap();
    found.reverse();
    assert_eq!(found, expected);
}

/// Spans of every sample article, as `tests/golden/articles.jsonl` keeps them. Scores
/// are left out, since processors round differently.
#[test]
fn the_sample_articles_are_tagged_as_before() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/articles.jsonl");
    let tagger = Tagger::builder().build().unwrap();
    let mut lines = String::new();
    for article in articles() {
        let document = tagger.tag(article["text"].as_str().unwrap()).unwrap();
        let spans: Vec<Value> = document
            .spans
            .iter()
            .map(|s| json!([s.start, s.end, &*s.label, document.surface(s)]))
            .collect();
        let stats = serde_json::to_value(document.stats).unwrap();
        lines += &json!({"id": article["id"], "spans": spans, "stats": stats}).to_string();
        lines += "\n";
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &lines).unwrap();
    }
    let kept = fs::read_to_string(&golden).unwrap();
    for (found, kept) in lines.lines().zip(kept.lines()) {
        assert_eq!(
            found, kept,
            "run with UPDATE_GOLDEN=1 if the change is meant"
        );
    }
    assert_eq!(lines.lines().count(), kept.lines().count());
}
