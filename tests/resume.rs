//! Runs of `newshound annotate` that are killed, stopped or run out of disk, and go on.

#![cfg(feature = "cli")]

mod common;

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::newshound;
use common::place::{Place, corpus, names, results};
use serde_json::Value;

/// Kills runs at ever later moments until one ends by itself.
fn kill_until_done(place: &Place, args: &[&str], first: Duration, step: Duration) -> usize {
    let mut kills = 0;
    let mut wait = first;
    loop {
        let mut child = place.spawn(args);
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if begun.elapsed() > wait {
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        match status {
            Some(status) => {
                let mut err = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut err)
                    .unwrap();
                assert_eq!(status.code(), Some(1), "{err}");
                return kills;
            }
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                wait += step;
            }
        }
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_writes_the_same_bytes() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(1500, true));
    place.write("in/b.txt", "w5 w6");
    place.write("in/c.jsonl", corpus(700, true));
    for format in [
        "jsonl.gz",
        "csv",
        "html",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let out = |dir: &str| format!("{dir}/x.{format}");
        let (whole, killed) = (
            out(&format!("whole-{format}")),
            out(&format!("killed-{format}")),
        );
        assert_eq!(place.annotate(&often(&whole)).0, 1);
        let step = Duration::from_millis(40);
        let kills = kill_until_done(&place, &often(&killed), Duration::from_millis(20), step);
        assert!(kills >= 3, "{format}: only {kills} kills");
        let (whole, killed) = (format!("whole-{format}"), format!("killed-{format}"));
        assert_same_bytes(&place, &killed, &whole, kills);
    }
}

/// Arguments of `annotate` for one thread and a checkpoint after every 16 documents.
fn often(out: &str) -> [&str; 8] {
    [
        "in",
        "--checkpoint",
        "16",
        "--threads",
        "1",
        "-q",
        "-o",
        out,
    ]
}

/// Checks that two folders hold the same files with the same bytes.
fn assert_same_bytes(place: &Place, killed: &str, whole: &str, kills: usize) {
    let (found, wanted) = (results(place, killed), results(place, whole));
    assert_eq!(names(&found), names(&wanted));
    for (found, wanted) in found.iter().zip(&wanted) {
        let name = &wanted.0;
        assert!(
            found == wanted,
            "{killed}/{name} differs after {kills} kills"
        );
    }
}

/// Kills a run so many times, each time a random while after a new checkpoint.
fn kill_at_random(place: &Place, args: &[&str], journal: &str, kills: usize, longest: Duration) {
    let ordinal = || {
        let noted = fs::read(place.dir.path().join(journal)).unwrap_or_default();
        let noted: Value = serde_json::from_slice(&noted).unwrap_or_default();
        noted["position"]["ordinal"].as_u64()
    };
    for kill in 0..kills {
        let random = RandomState::new().hash_one(kill) % longest.as_micros() as u64;
        let before = ordinal();
        let mut child = place.spawn(args);
        // The first kills come at any moment, even before the first checkpoint.
        while kill % 3 > 0 && ordinal() == before {
            assert!(child.try_wait().unwrap().is_none(), "kill {kill}: ended");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(random));
        assert!(child.try_wait().unwrap().is_none(), "kill {kill}: ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
#[ignore = "takes a minute; a shorter one runs always"]
fn a_run_that_is_killed_thirty_times_at_random_moments_writes_the_same_bytes() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(9000, true));
    place.write("in/b.txt", "w5 w6");
    place.write("in/c.jsonl", corpus(3000, true));
    assert_eq!(place.annotate(&often("whole/x.jsonl.zst")).0, 1);
    let (out, longest) = ("killed/x.jsonl.zst", Duration::from_millis(60));
    let journal = format!("{out}.journal");
    kill_at_random(&place, &often(out), &journal, 30, longest);
    assert_eq!(place.annotate(&often(out)).0, 1);
    assert_same_bytes(&place, "killed", "whole", 30);
}

/// Starts a run and kills it after a checkpoint.
fn begin(place: &Place, args: &[&str], journal: &str, end: impl Fn(&mut Child)) -> Child {
    let mut child = place.spawn(args);
    let begun = Instant::now();
    loop {
        let noted = fs::read(place.dir.path().join(journal)).unwrap_or_default();
        let noted: Value = serde_json::from_slice(&noted).unwrap_or_default();
        if noted["position"]["ordinal"].as_u64() > Some(0) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(1));
    }
    end(&mut child);
    child
}

#[test]
fn a_killed_run_goes_on_only_with_the_same_input_model_and_options() {
    let place = Place::new();
    place.write("in.jsonl", corpus(20000, false));
    let args = ["in.jsonl", "-o", "out/", "-q", "--checkpoint", "16"];
    let mut child = begin(&place, &args, "out/journal", |child| child.kill().unwrap());
    child.wait().unwrap();
    let mut files = place.files("out");
    // Left behind when the kill comes while the journal is written.
    files.retain(|name| !name.starts_with(".newshound-"));
    assert_eq!(
        files,
        [
            "annotations.jsonl.part",
            "errors.jsonl.part",
            "journal",
            "names.index.part"
        ]
    );
    let refused = |args: &[&str], reason: &str| {
        let (code, err) = place.annotate(args);
        assert_eq!(code, 2);
        assert!(err.contains(reason) && err.contains("--restart"), "{err}");
    };
    let part = place.dir.path().join("out/annotations.jsonl.part");
    let kept = fs::read(&part).unwrap();
    fs::write(&part, "").unwrap();
    refused(&args, "annotations.jsonl.part has 0 bytes, and ");
    fs::write(&part, kept).unwrap();
    let other: Vec<&str> = args.into_iter().chain(["--labels", "PER"]).collect();
    refused(&other, "--labels was not given, now it is PER");
    let weights = place.model.path().join("model.safetensors");
    let kept = fs::read(&weights).unwrap();
    let mut changed = kept.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&weights, changed).unwrap();
    refused(&args, "the model was ");
    fs::write(&weights, kept).unwrap();
    place.write("in.jsonl", corpus(20001, false));
    refused(&args, "the input was 1 files of ");
    let restart: Vec<&str> = args.into_iter().chain(["--restart"]).collect();
    assert_eq!(place.annotate(&restart).0, 0);
    assert_eq!(place.text("out/annotations.jsonl").lines().count(), 20001);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_in_peace_and_goes_on_to_the_same_bytes() {
    let place = Place::new();
    place.write("in.jsonl", corpus(20000, false));
    // Blocks of many batches: a stop seldom comes at the end of one, where no tail is left.
    let args = |out| ["in.jsonl", "-q", "--checkpoint", "1000", "-o", out];
    assert_eq!(place.annotate(&args("whole/x.jsonl.gz")).0, 0);
    let interrupt = |child: &mut Child| {
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
    };
    let journal = "out/x.jsonl.gz.journal";
    let done = begin(&place, &args("out/x.jsonl.gz"), journal, interrupt)
        .wait_with_output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{err}");
    assert!(
        err.contains("documents; run the same command again to go on"),
        "{err}"
    );
    assert!(
        !place.json(journal)["tail"]["output"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_eq!(place.annotate(&args("out/x.jsonl.gz")).0, 0);
    assert!(place.read("out/x.jsonl.gz") == place.read("whole/x.jsonl.gz"));
    assert_eq!(
        place.files("out"),
        [
            "x.jsonl.gz",
            "x.jsonl.gz.names.jsonl",
            "x.jsonl.gz.summary.json"
        ]
    );
}

#[test]
fn standard_input_goes_on_only_with_the_same_documents() {
    let place = Place::new();
    let model = place.model.path().to_str().unwrap().to_owned();
    let stdin = |text: String| {
        let args = [
            "annotate",
            "--model",
            &model,
            "-q",
            "--checkpoint",
            "16",
            "-o",
            "out/",
        ];
        let mut command = newshound(&args);
        command.current_dir(place.dir.path()).write_stdin(text);
        command
    };
    let whole = corpus(6000, false);
    let mut killed = false;
    for wait in (20..).step_by(10) {
        let mut command = stdin(whole.clone());
        command.timeout(Duration::from_millis(wait));
        let _ = command.output();
        let journal = fs::read(place.dir.path().join("out/journal")).unwrap_or_default();
        let journal: Value = serde_json::from_slice(&journal).unwrap_or_default();
        killed = journal["position"]["document"].as_u64() > Some(0);
        if killed || place.exists("out/annotations.jsonl") {
            break;
        }
    }
    assert!(killed, "no run was killed between checkpoints");
    let done = stdin(whole.replacen("w9", "w8", 1)).output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(err.contains("does not begin with the documents"), "{err}");
    assert_eq!(stdin(whole).output().unwrap().status.code(), Some(0));
    assert_eq!(place.text("out/annotations.jsonl").lines().count(), 6000);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_what_is_finished_is_kept() {
    let place = Place::new();
    place.write("a.txt", "w5");
    let (code, err) = place.annotate(&["a.txt", "-o", "a.txt/x.jsonl"]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot write a.txt"), "{err}");
    // A limit on file sizes stands in for a full disk.
    place.write("in.jsonl", corpus(800, false));
    let binary = assert_cmd::cargo::cargo_bin!("newshound");
    let run = "trap '' XFSZ; ulimit -f 512; exec \"$@\"";
    let model = place.model.path().to_str().unwrap();
    let args = [
        "annotate",
        "--model",
        model,
        "in.jsonl",
        "--checkpoint",
        "16",
        "-o",
        "x.jsonl",
    ];
    let done = Command::new("bash")
        .args(["-c", run, "bash", binary.to_str().unwrap()])
        .args(args)
        .current_dir(place.dir.path())
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{err}");
    assert!(
        err.contains("cannot write x.jsonl.part: ") && err.contains("go on"),
        "{err}"
    );
    let kept = place.json("x.jsonl.journal")["position"]["document"].clone();
    assert!(kept.as_u64() > Some(0), "{kept}");
    assert_eq!(
        place
            .annotate(&["in.jsonl", "--checkpoint", "16", "-o", "x.jsonl"])
            .0,
        0
    );
    assert_eq!(
        place
            .annotate(&["in.jsonl", "--checkpoint", "16", "-o", "y.jsonl"])
            .0,
        0
    );
    assert!(place.read("x.jsonl") == place.read("y.jsonl"));
}
