//! `newshound merge`, as a user runs it, with a tiny model.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use common::newshound;
use common::place::{Place, corpus, names, results};

/// Exit code and standard error of `newshound merge`.
fn merge(place: &Place, args: &[&str]) -> (i32, String) {
    place.run(&[&["merge", "-q"], args].concat())
}

/// Two shards, `one/` and `two/`, with failed documents in the first.
fn two_shards(format: &str) -> Place {
    let place = Place::new();
    place.write("in.jsonl", corpus(120, true));
    for (shard, out) in [("1/2", "one/"), ("2/2", "two/")] {
        let args = ["in.jsonl", "-f", format, "-o", out, "--shard", shard];
        let (code, err) = place.annotate(&args);
        assert!(code < 2, "{err}");
    }
    place
}

/// Checks that merge refuses `name` after `change` and writes nothing.
fn refused(place: &Place, name: &str, change: impl Fn(&mut Vec<u8>), wanted: &str) {
    let whole = place.read(name);
    let mut changed = whole.clone();
    change(&mut changed);
    assert!(changed != whole, "{name} is as it was");
    place.write(name, changed);
    let (code, err) = merge(place, &["one/", "two/", "-o", "all/"]);
    assert_eq!(code, 2, "{name}: {err}");
    assert!(err.contains(&format!("{name} {wanted}")), "{err}");
    assert!(err.contains("--restart"), "{err}");
    assert!(!place.exists("all/summary.json") && !place.exists("all/names.jsonl"));
    place.write(name, whole);
}

#[test]
fn a_file_of_a_shard_that_is_longer_or_shorter_than_it_was_written_is_refused_by_name() {
    let place = two_shards("jsonl");
    for name in [
        "one/annotations.jsonl",
        "one/errors.jsonl",
        "two/index",
        "two/names.index",
    ] {
        let has = "has ";
        refused(&place, name, |bytes| bytes.truncate(bytes.len() / 2), has);
        refused(&place, name, Vec::clear, has);
        refused(&place, name, |bytes| bytes.extend(b"{}\n"), has);
    }
    let names = place.read("two/names.index");
    fs::remove_file(place.dir.path().join("two/names.index")).unwrap();
    let (code, err) = merge(&place, &["one/", "two/", "-o", "all/"]);
    assert!(
        code == 2 && err.contains("two/names.index is missing; "),
        "{err}"
    );
    place.write("two/names.index", names);
    assert_eq!(merge(&place, &["one/", "two/", "-o", "all/"]).0, 1);
}

#[test]
fn a_merge_to_standard_output_is_refused() {
    let place = two_shards("jsonl");
    let (code, err) = merge(&place, &["one/", "two/", "-o", "-"]);
    assert!(
        code == 2 && err.contains("-o -: standard output has no place for"),
        "{err}"
    );
    assert!(!place.exists("-"));
}

#[test]
fn a_shard_whose_lines_are_not_where_its_index_says_is_refused_by_name() {
    let place = two_shards("jsonl");
    // Half a line is missing, and as many bytes follow at the end.
    let torn = |bytes: &mut Vec<u8>| {
        let at = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        bytes.drain(at - 20..at);
        bytes.extend([b'x'; 20]);
    };
    let name = "two/annotations.jsonl";
    refused(&place, name, torn, "has a document that does not end where");
    let rotated = |bytes: &mut Vec<u8>| {
        let at = bytes.iter().rposition(|byte| *byte == b' ').unwrap();
        bytes[at] = b'\n';
    };
    refused(&place, "two/index", rotated, "has a line that is no place");
    let halved = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() = b' ';
    refused(&place, "one/errors.jsonl", halved, "ends within a line");
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_of_other_rows_than_a_shard_has_is_refused_by_name() {
    let place = two_shards("parquet");
    let other = place.read("one/annotations.parquet");
    let name = "two/annotations.parquet";
    refused(&place, name, |bytes| bytes.clone_from(&other), "has ");
    // Other rows, in a file of the length that the summary has.
    place.write("few.jsonl", corpus(3, false));
    for (input, wanted) in [("few", "has fewer rows"), ("in", "goes on behind")] {
        let out = format!("{input}.parquet");
        let (code, err) = place.annotate(&[&format!("{input}.jsonl"), "-o", &out]);
        assert!(code < 2, "{err}");
        let rows = place.read(&out);
        let mut summary = place.json("two/summary.json");
        summary["lengths"]["output"] = rows.len().into();
        place.write("two/summary.json", summary.to_string());
        refused(&place, name, |bytes| bytes.clone_from(&rows), wanted);
    }
}

#[test]
fn a_merge_that_was_interrupted_goes_on_to_the_same_bytes() {
    let place = two_shards("jsonl");
    let whole = place.annotate(&["in.jsonl", "-o", "whole/"]);
    assert_eq!(whole.0, 1, "{}", whole.1);
    let torn = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() = b' ';
    refused(&place, "two/annotations.jsonl", torn, "has a document");
    // As after a kill between the names and the results.
    place.write("all/names.jsonl", place.read("whole/names.jsonl"));
    assert!(place.exists("all/journal") && place.exists("all/annotations.jsonl.part"));
    let (code, err) = place.annotate(&["in.jsonl", "-o", "all/"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("newshound merge began it, now it is newshound annotate"),
        "{err}"
    );
    let (code, err) = merge(&place, &["one/", "two/", "-o", "all/"]);
    assert_eq!(code, 1, "{err}");
    assert!(results(&place, "all") == results(&place, "whole"));
}

#[test]
fn a_merge_neither_reads_nor_removes_a_file_of_the_user_in_the_place_of_notes() {
    let place = two_shards("jsonl");
    place.write("all/names.index.part", "mine");
    let (code, err) = merge(&place, &["one/", "two/", "-o", "all/", "--restart"]);
    assert_eq!(code, 1, "{err}");
    assert_eq!(place.text("all/names.index.part"), "mine");
    assert_eq!(merge(&place, &["one/", "two/", "-o", "more/"]).0, 1);
    assert!(place.read("all/names.jsonl") == place.read("more/names.jsonl"));
}

#[test]
fn a_merge_that_is_killed_again_and_again_writes_the_same_bytes() {
    for format in [
        "jsonl",
        "brat",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let place = two_shards(format);
        let whole = place.annotate(&["in.jsonl", "-f", format, "-o", "whole/"]);
        assert_eq!(whole.0, 1, "{}", whole.1);
        let mut wait = Duration::from_millis(1);
        loop {
            let mut merge = Command::new(assert_cmd::cargo::cargo_bin!("newshound"))
                .args(["merge", "-q", "one/", "two/", "-o", "all/"])
                .current_dir(place.dir.path())
                .spawn()
                .unwrap();
            thread::sleep(wait);
            wait += Duration::from_millis(3);
            if let Some(status) = merge.try_wait().unwrap() {
                assert_eq!(status.code(), Some(1));
                break;
            }
            merge.kill().unwrap();
            merge.wait().unwrap();
        }
        assert_eq!(place.files("all"), place.files("whole"));
        if format == "brat" {
            assert_eq!(place.files("all/brat"), place.files("whole/brat"));
        } else {
            assert!(
                results(&place, "all") == results(&place, "whole"),
                "{format}"
            );
        }
    }
}

#[test]
fn complete_shards_of_different_input_are_refused() {
    let place = Place::new();
    let model = place.model.path().to_str().unwrap();
    for (shard, out, documents) in [("1/2", "one/", 60), ("2/2", "two/", 40)] {
        let done = newshound(&["annotate", "-q", "--model", model])
            .args(["-o", out, "--shard", shard])
            .current_dir(place.dir.path())
            .write_stdin(corpus(documents, false))
            .output()
            .unwrap();
        assert!(done.status.success());
    }
    let (code, err) = merge(&place, &["one/", "two/", "-o", "all/"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("have not read the same input"), "{err}");
}

#[test]
fn metadata_ends_blocks_too_and_in_a_merge_in_the_same_places() {
    let place = Place::new();
    let page = "x".repeat(20_000);
    let document = |n| format!("{{\"id\":\"d{n}\",\"text\":\"w5\",\"page\":\"{page}\"}}\n");
    place.write("in.jsonl", (0..40).map(document).collect::<String>());
    for (out, more) in [
        ("one/x.jsonl.gz", &["--shard", "1/2"][..]),
        ("two/x.jsonl.gz", &["--shard", "2/2"]),
        ("whole/x.jsonl.gz", &[]),
    ] {
        let args = ["in.jsonl", "--checkpoint", "16", "-o", out];
        let (code, err) = place.annotate(&[&args[..], more].concat());
        assert_eq!(code, 0, "{err}");
    }
    let args = ["one/x.jsonl.gz", "two/x.jsonl.gz", "-o", "all/x.jsonl.gz"];
    let (code, err) = merge(&place, &args);
    assert_eq!(code, 0, "{err}");
    assert!(results(&place, "all") == results(&place, "whole"));
    let whole = place.read("whole/x.jsonl.gz");
    let members = whole.windows(4).filter(|start| start == b"\x1F\x8B\x08\0");
    assert_eq!(members.count(), 2);
}

#[test]
fn compressed_results_of_no_documents_are_empty_files_of_their_kind() {
    let place = Place::new();
    place.write("in.jsonl", "");
    for (end, magic) in [
        ("gz", &b"\x1F\x8B"[..]),
        #[cfg(feature = "zstd")]
        ("zst", b"\x28\xB5\x2F\xFD"),
    ] {
        let [one, two, whole, all] =
            ["one", "two", "whole", "all"].map(|dir| format!("{dir}-{end}/x.jsonl.{end}"));
        for (out, more) in [
            (&one, &["--shard", "1/2"][..]),
            (&two, &["--shard", "2/2"]),
            (&whole, &[]),
        ] {
            let (code, err) = place.annotate(&[&["in.jsonl", "-o", out], more].concat());
            assert_eq!(code, 0, "{err}");
            assert!(place.read(out).starts_with(magic));
        }
        assert_eq!(merge(&place, &[&one, &two, "-o", &all]), (0, String::new()));
        assert!(place.read(&all) == place.read(&whole));
        let (code, err) = place.annotate(&[&all, "-q"]);
        assert_eq!((code, err.as_str()), (0, ""));
    }
}

#[cfg(unix)]
#[test]
fn more_shards_than_files_may_be_open_are_refused_with_the_limit_that_will_do() {
    for format in [
        "jsonl",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let place = Place::new();
        place.write("in.jsonl", corpus(120, true));
        let shards: Vec<String> = (1..=8).map(|number| format!("part{number}/")).collect();
        for (shard, number) in shards.iter().zip(1..) {
            let number = format!("{number}/8");
            let args = ["in.jsonl", "-f", format, "-o", shard, "--shard", &number];
            let (code, err) = place.annotate(&args);
            assert!(code < 2, "{err}");
        }
        let merge = |limit| {
            let command = format!("ulimit -n {limit}; exec \"$0\" merge -q part*/ -o all/");
            let done = Command::new("sh")
                .args(["-c", &command, env!("CARGO_BIN_EXE_newshound")])
                .current_dir(place.dir.path())
                .output()
                .unwrap();
            let err = String::from_utf8(done.stderr).unwrap();
            (done.status.code(), err)
        };
        let (code, err) = merge(20);
        assert_eq!(code, Some(2), "{err}");
        let wanted = "; 8 shards are open at once, raise `ulimit -n` to at least 52\n";
        assert!(err.ends_with(wanted), "{err}");
        assert_eq!(merge(52), (Some(1), String::new()));
    }
}

#[test]
fn brat_files_that_are_changed_missing_or_too_many_are_refused_by_name() {
    let place = two_shards("brat");
    let dir = place.dir.path().join("two/brat");
    let name = place
        .files("two/brat")
        .into_iter()
        .find(|name| name.ends_with(".txt"));
    let name = format!("two/brat/{}", name.unwrap());
    refused(&place, &name, |bytes| bytes.push(b'x'), "is not as it was");
    let merged = || merge(&place, &["one/", "two/", "-o", "all/"]);
    let text = place.read(&name);
    fs::remove_file(place.dir.path().join(&name)).unwrap();
    let (code, err) = merged();
    assert!(code == 2 && err.contains("two/brat lacks 1"), "{err}");
    place.write(&name, text);
    fs::write(dir.join("00000007-x.txt"), "w5").unwrap();
    let (code, err) = merged();
    assert!(
        code == 2 && err.contains("two/brat/00000007-x.txt is not in"),
        "{err}"
    );
    fs::remove_file(dir.join("00000007-x.txt")).unwrap();
    // brat's own settings are no part of the results.
    fs::write(dir.join("annotation.conf"), "[entities]").unwrap();
    assert_eq!(merged().0, 1);
    assert!(!place.exists("all/brat/annotation.conf"));
}

#[test]
fn shards_are_merged_to_the_bytes_of_one_run() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(300, true));
    place.write("in/b.jsonl", corpus(200, false));
    let merge = |args: &[&str]| merge(&place, args);
    for format in [
        "jsonl",
        "jsonl.gz",
        "html",
        "csv",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let whole = format!("whole-{format}/x.{format}");
        assert_eq!(
            place
                .annotate(&["in", "--checkpoint", "16", "-o", &whole])
                .0,
            1
        );
        let shards: Vec<String> = (1..=3).map(|n| format!("part{n}/x.{format}")).collect();
        for (shard, number) in shards.iter().zip(1..) {
            let shard_of = format!("{number}/3");
            let args = [
                "in",
                "--checkpoint",
                "16",
                "-o",
                shard,
                "--shard",
                &shard_of,
            ];
            let (code, err) = place.annotate(&args);
            assert!(code < 2, "{err}");
        }
        let merged = format!("merged-{format}/x.{format}");
        let (code, err) = merge(&[&shards[2], &shards[0], &shards[1], "-o", &merged]);
        assert_eq!((code, err.as_str()), (1, ""));
        let dirs = [format!("merged-{format}"), format!("whole-{format}")];
        let [merged, whole] = dirs.map(|dir| results(&place, &dir));
        assert_eq!(names(&merged), names(&whole));
        for (merged, whole) in merged.iter().zip(&whole) {
            assert!(merged == whole, "{format}: {} differs", whole.0);
        }
    }
    let refused = |args: &[&str], reason: &str| {
        let (code, err) = merge(args);
        assert!(code == 2 && err.contains(reason), "{err}");
    };
    let shards = ["part1/x.csv", "part2/x.csv", "part3/x.csv"];
    refused(
        &[shards[0], shards[2], "-o", "y.csv"],
        "shard 2/3 is missing",
    );
    refused(
        &[shards[0], shards[1], "-o", "y.csv"],
        "shard 3/3 is missing",
    );
    refused(
        &[shards[0], shards[0], shards[1], "-o", "y.csv"],
        "shard 1/3 is there twice",
    );
    refused(
        &["whole-csv/x.csv", "-o", "y.csv"],
        "is the whole corpus, not a shard",
    );
    refused(
        &["part1/x.csv", "in", "-o", "y.csv"],
        "is no finished shard",
    );
    refused(
        &["part1/x.csv", "nope/", "-o", "y.csv"],
        "nope/ is not there; name each shard",
    );
    let other = [
        "in",
        "-o",
        "other/x.csv",
        "--shard",
        "3/3",
        "--min-score",
        "0.9",
    ];
    assert!(place.annotate(&other).0 < 2);
    refused(
        &[shards[0], shards[1], "other/x.csv", "-o", "y.csv"],
        "is of another run: --",
    );
}
