//! `--gazetteer`: lists of the user's own names, in `tag` and `annotate`.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::path::Path;

use common::place::Place;
use common::{newshound, records};
use serde_json::Value;
use tempfile::TempDir;

const LIST: &str = "surface\tlabel\tid\tcanonical\tcase\n\
    w7 w9\tORG\tQ1\tAcme Corporation\t\n\
    Acme\tORG\tQ1\tAcme Corporation\t\n\
    WHO\tORG\tQ2\tWorld Health Organization\texact\n";

/// Runs `newshound tag` on a text with lists; the tiny model's own spans are left out by score.
fn tag(lists: &[&Path], text: &str) -> (i32, String, String) {
    let model = common::tiny_model();
    let mut args = vec!["tag", "-f", "jsonl", "--min-score", "1"];
    args.extend(["--model", model.path().to_str().unwrap()]);
    for list in lists {
        args.extend(["--gazetteer", list.to_str().unwrap()]);
    }
    let done = newshound(&args).write_stdin(text).output().unwrap();
    (
        done.status.code().unwrap(),
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    )
}

fn list(dir: &TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn names_of_a_list_are_tagged_and_linked() {
    let dir = TempDir::new().unwrap();
    let path = list(&dir, "names.tsv", LIST);
    let (code, out, err) = tag(&[&path], "😀 W7\n w9 and acme; who, WHO");
    assert_eq!((code, err.as_str()), (0, ""));
    let record = &records(&out)[0];
    assert_eq!(
        common::entities(record),
        [("W7\n w9", "ORG"), ("acme", "ORG"), ("WHO", "ORG")]
    );
    let names: Vec<(&str, &str, u64)> = record["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| {
            (
                name["name"].as_str().unwrap(),
                name["link"].as_str().unwrap(),
                name["mentions"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("Acme Corporation", "Q1", 2),
            ("World Health Organization", "Q2", 1)
        ]
    );
}

#[test]
fn of_two_lists_the_one_named_first_wins() {
    let dir = TempDir::new().unwrap();
    let one = list(&dir, "one.tsv", "surface\tlabel\nAcme\tORG\n");
    let two = list(
        &dir,
        "two.tsv",
        "surface\tlabel\nAcme\tLOC\nAcme Bay\tLOC\n",
    );
    let (_, out, _) = tag(&[&one, &two], "Acme in Acme Bay");
    assert_eq!(
        common::entities(&records(&out)[0]),
        [("Acme", "ORG"), ("Acme Bay", "LOC")]
    );
    let (_, out, _) = tag(&[&two, &one], "Acme");
    assert_eq!(common::entities(&records(&out)[0]), [("Acme", "LOC")]);
}

#[test]
fn a_bad_list_is_named_with_its_line_and_nothing_is_tagged() {
    let dir = TempDir::new().unwrap();
    for (text, wanted) in [
        (
            "surface\tlabel\nAcme\n",
            "names.tsv: line 2: found 1 columns",
        ),
        (
            "surface\tlabel\nAcme\tFIRM\n",
            "names.tsv: line 2: the model has no label FIRM",
        ),
        (
            "surface\nAcme\n",
            "names.tsv: line 1: there is no column label",
        ),
    ] {
        let path = list(&dir, "names.tsv", text);
        let (code, out, err) = tag(&[&path], "Acme");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(wanted), "{err}");
    }
    let (code, _, err) = tag(&[&dir.path().join("none.tsv")], "Acme");
    assert_eq!(code, 2);
    assert!(
        err.contains("cannot read") && err.contains("none.tsv"),
        "{err}"
    );
}

#[test]
fn a_run_goes_on_only_with_the_same_content_of_its_lists() {
    let place = Place::new();
    place.write("news.jsonl", "{\"id\":\"a\",\"text\":\"Acme\"}\n");
    place.write("names.tsv", LIST);
    let args = ["news.jsonl", "--gazetteer", "names.tsv", "-o", "out", "-q"];
    assert_eq!(place.annotate(&args), (0, String::new()));
    let first = place.text("out/annotations.jsonl");
    assert!(first.contains("\"link\":\"Q1\""), "{first}");
    let options = &place.json("out/summary.json")["run"]["options"];
    let given = options["--gazetteer"].as_str().unwrap_or_default();
    assert!(given.starts_with("names.tsv sha256:"), "{options}");
    assert_eq!(place.annotate(&args).0, 0, "the same again");
    place.write("names.tsv", LIST.replace("Q1", "Q3"));
    let (code, err) = place.annotate(&args);
    assert_eq!(code, 2);
    assert!(err.contains("--gazetteer was names.tsv sha256:"), "{err}");
    let again = [&args[..], &["--restart"]].concat();
    assert_eq!(place.annotate(&again).0, 0);
    let record: Value = serde_json::from_str(place.text("out/annotations.jsonl").trim()).unwrap();
    assert_eq!(record["names"][0]["link"], "Q3");
}
