//! `newshound annotate`, as a user runs it, with a tiny model.

#![cfg(feature = "cli")]

mod common;

use std::fs::File;

use common::place::{Place, corpus};
use common::{newshound, records, run, tiny_model};
use serde_json::json;

#[test]
fn a_mixed_directory_becomes_one_ordered_output_with_errors_in_their_place() {
    let place = Place::new();
    place.write("in/a.txt", "w5 w6");
    place.write("in/b.jsonl", corpus(3, false));
    place.write("in/c.csv", "id,text,desk\nx,w7 w8,world\n");
    place.write("in/d.txt", b"caf\xE9");
    place.write("in/e.conll", "w9\tO\nw-10\tO\n\n");
    let (code, err) = place.annotate(&["in", "-o", "out"]);
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("7 documents, ") && err.contains("1 documents failed; see out/errors.jsonl"),
        "{err}"
    );
    let out = records(&place.text("out/annotations.jsonl"));
    let ids: Vec<&str> = out.iter().map(|r| r["id"].as_str().unwrap()).collect();
    let wanted = [
        "in/a.txt",
        "d0",
        "d1",
        "d2",
        "x",
        "in/d.txt",
        "in/e.conll:1",
    ];
    assert_eq!(ids, wanted);
    assert_eq!(out[1]["metadata"], json!({"day": 0}));
    assert_eq!(out[4]["metadata"], json!({"desk": "world"}));
    assert_eq!(out[5]["error"]["kind"], "encoding");
    assert_eq!(out[6]["text"], "w9 w-10\n");
    assert_eq!(out[6]["stats"]["words"], 2);
    let errors = records(&place.text("out/errors.jsonl"));
    assert_eq!(errors.len(), 1);
    assert_eq!(
        (&errors[0]["id"], &errors[0]["input"]),
        (&json!("in/d.txt"), &json!("in/d.txt"))
    );
    let summary = place.json("out/summary.json");
    assert_eq!(
        (&summary["documents"], &summary["failed"]),
        (&json!(7), &json!(1))
    );
    assert_eq!(
        place.files("out"),
        [
            "annotations.jsonl",
            "errors.jsonl",
            "names.jsonl",
            "summary.json"
        ]
    );
}

#[test]
fn a_finished_run_is_not_repeated_and_other_results_are_not_written_over() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    assert_eq!(place.annotate(&["a.txt", "-o", "x.jsonl"]).0, 0);
    let (code, err) = place.annotate(&["a.txt", "-o", "x.jsonl"]);
    assert!(code == 0 && err.contains("by an earlier run"), "{err}");
    let (code, err) = place.annotate(&["a.txt", "-o", "x.jsonl", "--min-score", "0.5"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("--min-score was 0, now it is 0.5") && err.contains("--restart"),
        "{err}"
    );
    let (code, err) = place.annotate(&["a.txt", "-o", "x.jsonl", "--precision", "bf16"]);
    assert!(
        code == 2 && err.contains("--precision was not given, now it is bf16"),
        "{err}"
    );
    let args = ["a.txt", "-o", "x.jsonl", "--min-score", "0.5", "--restart"];
    assert_eq!(place.annotate(&args).0, 0);
    assert_eq!(
        place.json("x.jsonl.summary.json")["run"]["options"]["--min-score"],
        "0.5"
    );
}

#[test]
fn a_directory_in_which_nothing_is_read_is_named() {
    let place = Place::new();
    place.write("in/.ignore", "*.jsonl\n");
    place.write("in/a.jsonl", corpus(1, false));
    place.write("more/b.txt", "w5");
    let (code, err) = place.annotate(&["in", "more", "-q", "-o", "out/"]);
    assert_eq!(code, 0);
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("no file to read in in; --no-ignore"), "{err}");
    let model = place.model.path().to_str().unwrap();
    let (code, err) = place.run(&["tag", "--model", model, "--glob", "*.md", "more"]);
    assert!(
        code == 0 && err.contains("no file to read in more;"),
        "{err}"
    );
    let (code, err) = place.annotate(&["in", "more", "-q", "--no-ignore", "-o", "all/"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn nothing_is_written_over_what_is_read_or_written_in_the_same_run() {
    let place = Place::new();
    let input = corpus(3, false);
    place.write("a.jsonl", &input);
    place.write("names.jsonl", "mine");
    for args in [
        &["-o", "a.jsonl", "--restart"][..],
        &["-o", "x.jsonl", "--names", "./a.jsonl"],
        &["-o", "x.jsonl", "--names", "x.jsonl"],
        &["-o", "x.jsonl", "--names", "x.jsonl.errors.jsonl"],
    ] {
        let (code, err) = place.annotate(&[&["a.jsonl"], args].concat());
        assert_eq!(code, 2, "{err}");
        assert!(
            err.contains("is read or written for something else in the same run"),
            "{err}"
        );
    }
    let args = ["a.jsonl", "-o", "x.jsonl", "--names", "names.jsonl"];
    let (code, err) = place.annotate(&args);
    assert!(
        code == 2 && err.contains("names.jsonl is there already"),
        "{err}"
    );
    assert_eq!(place.files("."), ["a.jsonl", "names.jsonl"]);
    assert_eq!(place.text("a.jsonl"), input);
    assert_eq!(place.text("names.jsonl"), "mine");
    assert_eq!(place.annotate(&[&args[..], &["--restart"]].concat()).0, 0);
    assert_eq!(place.annotate(&args).0, 0);
}

#[test]
fn files_of_others_beside_the_results_are_neither_removed_nor_written_over() {
    for name in [
        "index",
        "errors.jsonl",
        "names.jsonl",
        "names.index",
        "summary.json",
    ] {
        let place = Place::new();
        place.write("a.txt", "w5 w6");
        place.write(&format!("out/{name}"), "mine");
        let (code, err) = place.annotate(&["a.txt", "-o", "out/"]);
        assert!(
            code == 2 && err.contains(&format!("out/{name} is there already")),
            "{err}"
        );
        assert_eq!(place.files("out"), [name]);
        assert_eq!(place.text(&format!("out/{name}")), "mine");
    }
}

#[test]
fn files_of_others_that_have_names_of_unfinished_ones_stay_as_they_are() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    let mut mine = Vec::new();
    for name in [
        "annotations.jsonl",
        "annotations.parquet",
        "names.jsonl",
        "names.parquet",
    ] {
        mine.push(format!("out/{name}.new"));
    }
    mine.extend(["summary.json", "journal"].map(|name| format!("out/{name}.new")));
    for name in &mine {
        place.write(name, "mine");
    }
    place.write("out/brat.new/mine.txt", "mine");
    let formats = [
        "jsonl",
        "brat",
        #[cfg(feature = "parquet")]
        "parquet",
    ];
    for format in formats {
        let args = ["a.txt", "-f", format, "-o", "out/", "--restart"];
        let (code, err) = place.annotate(&args);
        assert_eq!(code, 0, "{err}");
    }
    assert!(mine.iter().all(|name| place.text(name) == "mine"));
    assert_eq!(place.text("out/brat.new/mine.txt"), "mine");
}

#[test]
fn a_file_of_the_user_with_the_name_of_a_growing_one_is_not_cut() {
    for name in ["annotations.jsonl", "errors.jsonl", "index", "names.index"] {
        let place = Place::new();
        place.write("a.txt", "w5 w6");
        let part = format!("out/{name}.part");
        place.write(&part, "mine");
        let (code, err) = place.annotate(&["a.txt", "-o", "out/"]);
        assert!(
            code == 2 && err.contains(&format!("{part} is there already")),
            "{err}"
        );
        assert_eq!(place.text(&part), "mine");
    }
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    place.write("out/journal", "Dear diary");
    for more in [&[][..], &["--restart"]] {
        let (code, err) = place.annotate(&[&["a.txt", "-o", "out/"], more].concat());
        assert!(
            code == 2 && err.contains("out/journal is no journal of newshound's"),
            "{err}"
        );
    }
    assert_eq!(place.text("out/journal"), "Dear diary");
    place.write("out/journal", "{\"version\":\"1.0\",\"plan\":{}}");
    let (code, err) = place.annotate(&["a.txt", "-o", "out/", "--restart"]);
    assert!(code == 2 && err.contains("is no journal"), "{err}");
}

#[test]
fn a_journal_that_is_damaged_is_named_and_restart_is_the_way_out() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    for (journal, wanted) in [
        ("{\"version\":2,\"plan\":{\"version\":\"0.", "EOF while"),
        ("{\"version\":2,\"plan\":{}}", "missing field"),
    ] {
        place.write("out/journal", journal);
        let (code, err) = place.annotate(&["a.txt", "-o", "out/"]);
        assert!(
            code == 2
                && err.contains("the journal out/journal cannot be used: ")
                && err.contains(wanted),
            "{err}"
        );
        assert!(err.contains("start over with --restart"), "{err}");
        let (code, err) = place.annotate(&["a.txt", "-o", "out/", "--restart"]);
        assert_eq!(code, 0, "{err}");
    }
}

#[test]
fn a_second_run_into_one_output_is_told_to_wait() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    place.write("x.jsonl.part", "");
    let part = File::open(place.dir.path().join("x.jsonl.part")).unwrap();
    part.try_lock().unwrap();
    for more in [&[][..], &["--restart"]] {
        let (code, err) = place.annotate(&[&["a.txt", "-o", "x.jsonl"], more].concat());
        assert_eq!(code, 2);
        assert!(
            err.ends_with("cannot write x.jsonl.part: another newshound is writing it; wait for it, or write elsewhere\n"),
            "{err}"
        );
    }
    drop(part);
    assert_eq!(place.annotate(&["a.txt", "-o", "x.jsonl"]).0, 0);
}

#[test]
fn restart_removes_only_what_an_earlier_run_wrote() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    place.write("out/index", "mine");
    let args = ["a.txt", "-o", "out/", "--restart", "--no-names-index"];
    let mine = [
        "index",
        "names.jsonl",
        "index.part",
        "names.index.part",
        "names.jsonl.part",
    ];
    for name in mine {
        place.write(&format!("out/{name}"), "mine");
    }
    assert_eq!(place.annotate(&args).0, 0);
    for name in mine {
        assert_eq!(place.text(&format!("out/{name}")), "mine", "{name}");
    }
    // Nor by a second restart: the files there are not of the first run.
    assert_eq!(place.annotate(&args).0, 0);
    for name in ["index", "names.jsonl"] {
        assert_eq!(place.text(&format!("out/{name}")), "mine", "{name}");
    }
    // The files of an unfinished run are removed with its journal.
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    place.write("out/journal", "{\"version\":2,\"plan\":{\"version\"");
    for name in ["index.part", "names.index.part", "annotations.jsonl.part"] {
        place.write(&format!("out/{name}"), "left");
    }
    assert_eq!(place.annotate(&args).0, 0);
    assert_eq!(place.files("out"), ["annotations.jsonl", "summary.json"]);
}

#[test]
fn a_file_of_a_directory_that_is_read_is_not_written_over_even_with_restart() {
    let place = Place::new();
    let input = corpus(3, false);
    place.write("in/annotations.jsonl", &input);
    place.write(
        "in/report.html",
        "<html><body><p>w5 w6 in w7</p></body></html>",
    );
    for to in ["in/annotations.jsonl", "in/"] {
        for more in [&[][..], &["--restart"]] {
            let (code, err) = place.annotate(&[&["in", "-o", to], more].concat());
            assert_eq!(code, 2, "{err}");
            assert!(
                err.contains("annotations.jsonl is read or written"),
                "{err}"
            );
        }
    }
    assert_eq!(place.text("in/annotations.jsonl"), input);
    // A run may overwrite what a run made there; another page of the report's name is no report.
    for _ in 0..2 {
        let args = ["in", "-o", "in/x.jsonl", "--restart", "--offsets", "char"];
        let (code, err) = place.annotate(&args);
        assert_eq!(code, 0, "{err}");
        assert_eq!(place.json("in/x.jsonl.summary.json")["documents"], 4);
    }
}

#[test]
fn a_finished_run_of_standard_input_is_not_taken_for_one_of_another_text() {
    let place = Place::new();
    let run = |text: &str, args: &[&str]| {
        newshound(&["annotate", "-q", "-o", "x.jsonl", "--model"])
            .arg(place.model.path())
            .args(args)
            .current_dir(place.dir.path())
            .write_stdin(text)
            .output()
            .unwrap()
    };
    assert!(run("{\"text\":\"w5\"}\n", &[]).status.success());
    let again = run("{\"text\":\"w6\"}\n", &[]);
    let err = String::from_utf8(again.stderr).unwrap();
    assert!(
        again.status.code() == Some(2) && err.contains("--restart"),
        "{err}"
    );
    assert!(run("{\"text\":\"w6\"}\n", &["--restart"]).status.success());
}

#[test]
fn a_file_where_a_directory_is_meant_is_refused_with_the_way_out() {
    let place = Place::new();
    place.write("a.txt", "w5 w6");
    place.write("out", "mine");
    let (code, err) = place.annotate(&["a.txt", "-o", "out"]);
    assert_eq!(code, 2);
    assert!(err.contains("-o out: this is no directory"), "{err}");
    assert_eq!(place.text("out"), "mine");
}

#[test]
fn jsonl_in_and_out_is_a_filter() {
    let model = tiny_model();
    let args = ["annotate", "--model", model.path().to_str().unwrap()];
    let (code, out, err) = run(&args, &corpus(60, true));
    assert_eq!(code, 1);
    let out = records(&out);
    assert_eq!(out.len(), 60);
    assert_eq!(out[1]["id"], "d1");
    assert_eq!(out[7]["error"]["kind"], "record");
    assert!(
        err.contains("\"kind\":\"record\"") && err.contains("there is no field text"),
        "{err}"
    );
    let (code, out, err) = run(&args, "");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
}

#[test]
fn brat_gets_a_pair_of_files_for_each_document() {
    let place = Place::new();
    place.write("in/a.txt", "w5 w6");
    place.write("in/b.txt", b"\xFF");
    place.write("in/c.jsonl", corpus(2, false));
    assert_eq!(place.annotate(&["in", "-f", "brat", "-o", "out/"]).0, 1);
    let wanted = [
        "00000000-in_a.txt.ann",
        "00000000-in_a.txt.txt",
        "00000002-d0.ann",
        "00000002-d0.txt",
        "00000003-d1.ann",
        "00000003-d1.txt",
    ];
    assert_eq!(place.files("out/brat"), wanted);
    assert_eq!(place.text("out/brat/00000000-in_a.txt.txt"), "w5 w6");
    for shard in ["1/2", "2/2"] {
        let out = format!("part{}/", &shard[..1]);
        assert!(
            place
                .annotate(&["in", "-f", "brat", "-o", &out, "--shard", shard])
                .0
                < 2
        );
    }
    // Files of a killed merge and of the user are no part of it.
    place.write("merged/brat.new/00000009-mine.txt", "mine");
    let args = ["merge", "part1/", "part2/", "-o", "merged/"];
    assert_eq!(place.run(&args).0, 1);
    assert_eq!(place.files("merged/brat"), wanted);
    assert_eq!(place.text("merged/brat.new/00000009-mine.txt"), "mine");
    // A new run keeps the user's files and removes the pairs of the earlier run.
    for end in ["ann", "txt"] {
        place.write(&format!("out/brat/00000001-old.{end}"), "old");
    }
    let mine = [
        "00000001-mine.txt",
        "00000009-mine.ann",
        "00000009-mine.txt",
        "0000001-mine.ann",
        "0000001-mine.txt",
        "20240131-interview.txt",
        "annotation.conf",
    ];
    for name in mine {
        place.write(&format!("out/brat/{name}"), "mine");
    }
    let again = ["in", "-f", "brat", "-o", "out/", "--restart"];
    assert_eq!(place.annotate(&again).0, 1);
    let mut wanted = [&wanted[..], &mine].concat();
    wanted.sort_unstable();
    assert_eq!(place.files("out/brat"), wanted);
    // So does a shard, which finds its earlier documents in its index.
    let again = ["in", "-f", "brat", "-o", "part1/", "--shard", "1/2"];
    let pairs = place.files("part1/brat");
    place.write("part1/brat/20240131-interview.txt", "mine");
    let [old, of] = [&pairs[0], &pairs[1]].map(|name| name.split_once('-').unwrap());
    assert_eq!(old.0, of.0);
    for end in ["ann", "txt"] {
        place.write(&format!("part1/brat/{}-old.{end}", old.0), "old");
    }
    assert!(place.annotate(&[&again[..], &["--restart"]].concat()).0 < 2);
    let found = place.files("part1/brat");
    assert_eq!(found.len(), pairs.len() + 1, "{found:?}");
    // merge accepts it as a shard.
    let (code, err) = place.run(&["merge", "part1/", "part2/", "-o", "again/"]);
    assert_eq!(code, 1, "{err}");
    assert!(!place.exists("again/brat/20240131-interview.txt"));
}

#[test]
fn wrong_usage_names_the_way_out() {
    let place = Place::new();
    place.write("a.txt", "w5");
    for (args, wanted) in [
        (&["no.txt", "-o", "x.jsonl"][..], "there is no no.txt"),
        (&["a.txt", "-o", "x.doc"], "end it with .jsonl, .csv"),
        (
            &["a.txt", "-o", "x.parquet.gz"],
            "Parquet is compressed inside",
        ),
        (
            &["a.txt", "-f", "brat", "-o", "x.txt"],
            "brat is written to a directory",
        ),
        (
            &["a.txt", "-f", "parquet"],
            "cannot be written to standard output",
        ),
        (
            &["a.txt", "-o", "-", "--names", "n.jsonl"],
            "name a file or directory with -o",
        ),
        (
            &["a.txt", "-o", "-", "--restart"],
            "name a file or directory with -o",
        ),
        (
            &["a.txt", "--no-topics", "--min-topic-score", "0.9"],
            "leave it out, or give --topics-model",
        ),
        (&["a.txt", "--shard", "5/4"], "from 1/4 to 4/4"),
        (
            &["a.txt", "--encoding", "utf-7"],
            "unknown encoding \"utf-7\"",
        ),
        (&["a.txt", "--glob", "["], "--glob [: "),
    ] {
        let (code, err) = place.annotate(args);
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(err.contains(wanted), "{args:?}: {err}");
    }
}
