//! The names of a whole corpus, as `newshound annotate` and `merge` write them.

#![cfg(feature = "cli")]

mod common;

use std::collections::BTreeMap;

use common::place::{Place, corpus};
use common::records;
use serde_json::Value;

/// Label and folded spelling of a name.
type Key = (String, String);

/// Documents, mentions, first and last document of each name, counted from the results.
fn counted(results: &[Value]) -> BTreeMap<Key, (u64, u64, String, String)> {
    let mut counts = BTreeMap::new();
    for record in results {
        let id = record["id"].as_str().unwrap();
        for name in record["names"].as_array().into_iter().flatten() {
            let text = |field: &str| name[field].as_str().unwrap().to_owned();
            let fresh = || (0, 0, id.to_owned(), String::new());
            let key = (text("label"), text("name").to_lowercase());
            let count = counts.entry(key).or_insert_with(fresh);
            if count.3 != id {
                count.0 += 1;
            }
            count.1 += name["mentions"].as_u64().unwrap();
            count.3 = id.to_owned();
        }
    }
    counts
}

#[test]
fn every_name_is_there_with_its_documents_and_mentions() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(200, true));
    place.write("in/b.txt", b"\xFF");
    assert_eq!(place.annotate(&["in", "-o", "out"]).0, 1);
    let results = records(&place.text("out/annotations.jsonl"));
    let rows = records(&place.text("out/names.jsonl"));
    let wanted = counted(&results);
    assert!(wanted.len() > 50, "{}", wanted.len());
    let found: BTreeMap<Key, (u64, u64, String, String)> = rows
        .iter()
        .map(|row| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (text(&row["label"]), text(&row["name"]).to_lowercase());
            let number = |field: &str| row[field].as_u64().unwrap();
            let ends = (text(&row["first"]["id"]), text(&row["last"]["id"]));
            (
                key,
                (number("documents"), number("mentions"), ends.0, ends.1),
            )
        })
        .collect();
    assert_eq!(found.len(), rows.len(), "a name is there twice");
    assert_eq!(found, wanted);
    for row in &rows {
        let number = usize::try_from(row["first"]["number"].as_u64().unwrap()).unwrap();
        assert_eq!(results[number]["id"], row["first"]["id"]);
    }
    let rank = |row: &Value| {
        let documents = row["documents"].as_u64().unwrap();
        (
            u64::MAX - documents,
            row["name"].as_str().unwrap().to_owned(),
        )
    };
    assert!(rows.is_sorted_by_key(rank));
}

#[test]
fn first_and_last_documents_have_dates_where_there_are_some() {
    let place = Place::new();
    let row = |id: &str, date: &str| {
        let text = corpus(1, false);
        let text: Value = serde_json::from_str(&text).unwrap();
        serde_json::json!({"id": id, "text": text["text"], "date": date, "seen": "2020-02-02"})
            .to_string()
            + "\n"
    };
    let dates = [
        ("a", "2026-03-01"),
        ("b", "1 February 2026"),
        ("c", "unknown"),
    ];
    let rows: String = dates.map(|(id, date)| row(id, date)).concat();
    place.write("in.jsonl", rows);
    assert_eq!(place.annotate(&["in.jsonl", "-o", "x.jsonl"]).0, 0);
    let names = records(&place.text("x.jsonl.names.jsonl"));
    let name = &names[0];
    assert_eq!(name["documents"], 3);
    assert_eq!(
        (&name["first"]["id"], &name["first"]["date"]),
        (&"a".into(), &"2026-03-01".into())
    );
    assert_eq!(
        (&name["last"]["id"], &name["last"]["date"]),
        (&"c".into(), &Value::Null)
    );
    assert_eq!(
        (&name["from"], &name["to"]),
        (&"2026-02-01".into(), &"2026-03-01".into())
    );
    let args = ["in.jsonl", "-o", "y.jsonl", "--date-field", "seen"];
    assert_eq!(place.annotate(&args).0, 0);
    let names = records(&place.text("y.jsonl.names.jsonl"));
    assert_eq!(names[0]["first"]["date"], "2020-02-02");
}

#[test]
fn the_names_go_where_they_are_wanted() {
    let place = Place::new();
    place.write("in.jsonl", corpus(30, false));
    let refused = |args: &[&str], reason: &str| {
        let (code, err) = place.annotate(args);
        assert!(code == 2 && err.contains(reason), "{err}");
    };
    assert_eq!(
        place
            .annotate(&["in.jsonl", "-o", "a/", "--no-names-index"])
            .0,
        0
    );
    assert_eq!(place.files("a"), ["annotations.jsonl", "summary.json"]);
    assert_eq!(
        place
            .annotate(&["in.jsonl", "-o", "b/", "--names", "n/who.jsonl"])
            .0,
        0
    );
    assert_eq!(place.files("b"), ["annotations.jsonl", "summary.json"]);
    assert_eq!(place.files("n"), ["who.jsonl"]);
    refused(
        &["in.jsonl", "-o", "b/"],
        "--names was n/who.jsonl, now it is not given",
    );
    refused(
        &["in.jsonl", "-o", "c/", "--names", "who.csv"],
        "end the name with .jsonl or .parquet",
    );
    refused(&["in.jsonl", "--names", "who.jsonl"], "--output");
    refused(
        &[
            "in.jsonl",
            "-o",
            "c/",
            "--shard",
            "1/2",
            "--names",
            "who.jsonl",
        ],
        "cannot be used with",
    );
    // The file of an earlier run is removed when it is no longer wanted.
    assert_eq!(place.annotate(&["in.jsonl", "-o", "d/"]).0, 0);
    assert!(place.exists("d/names.jsonl"));
    assert_eq!(
        place
            .annotate(&["in.jsonl", "-o", "d/", "--no-names-index", "--restart"])
            .0,
        0
    );
    assert!(!place.exists("d/names.jsonl"));
}

#[test]
fn a_shard_keeps_notes_and_merge_makes_the_names_of_them() {
    let place = Place::new();
    place.write("in.jsonl", corpus(90, true));
    for shard in ["1/2", "2/2"] {
        let out = format!("part{}/", &shard[..1]);
        assert!(
            place
                .annotate(&["in.jsonl", "-o", &out, "--shard", shard])
                .0
                < 2
        );
        let files = place.files(&out);
        assert!(files.contains(&"names.index".to_owned()), "{files:?}");
        assert!(!files.contains(&"names.jsonl".to_owned()), "{files:?}");
    }
    assert_eq!(place.annotate(&["in.jsonl", "-o", "whole/"]).0, 1);
    let args = [
        "merge",
        "part1/",
        "part2/",
        "-o",
        "merged/",
        "--names",
        "all.jsonl",
    ];
    assert_eq!(place.run(&args).0, 1);
    assert!(place.read("all.jsonl") == place.read("whole/names.jsonl"));
    assert!(!place.exists("merged/names.jsonl"));
}

#[cfg(feature = "parquet")]
#[test]
fn names_in_parquet_are_those_in_jsonl() {
    use newshound::reader::{Input, Reader};
    let place = Place::new();
    place.write("in.jsonl", corpus(60, false));
    assert_eq!(place.annotate(&["in.jsonl", "-o", "x.parquet"]).0, 0);
    assert_eq!(place.annotate(&["in.jsonl", "-o", "y.jsonl"]).0, 0);
    let path = place.dir.path().join("x.parquet.names.parquet");
    let reader = Reader {
        text_field: "name".to_owned(),
        id_field: "label".to_owned(),
        ..Reader::default()
    };
    let rows: Vec<_> = reader.documents(&Input::File(path)).collect();
    let wanted = records(&place.text("y.jsonl.names.jsonl"));
    assert_eq!(rows.len(), wanted.len());
    for (row, wanted) in rows.into_iter().zip(wanted) {
        let mut found = row.metadata;
        found.insert("label".to_owned(), row.id.into());
        found.insert("name".to_owned(), row.text.unwrap().as_str().into());
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(found.get(field), Some(value), "{field}");
        }
    }
}
