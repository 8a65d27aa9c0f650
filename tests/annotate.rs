//! `newshound annotate` and `merge`, as a user runs them, with a tiny model.

mod common;

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{newshound, records, run, tiny_model};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A directory to run in, with a model.
struct Place {
    dir: TempDir,
    model: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            model: tiny_model(),
        }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    fn exists(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }

    /// Names of the files in a directory.
    fn files(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join(name)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Exit code and standard error of `newshound annotate`.
    fn annotate(&self, args: &[&str]) -> (i32, String) {
        let model = self.model.path().to_str().unwrap();
        let done = newshound(&["annotate", "--model", model])
            .args(args)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        (
            done.status.code().unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    }

    fn spawn(&self, args: &[&str]) -> Child {
        Command::new(assert_cmd::cargo::cargo_bin!("newshound"))
            .args(["annotate", "--model", self.model.path().to_str().unwrap()])
            .args(args)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// JSONL of documents of words the tiny model knows, of many lengths; some are bad.
fn corpus(documents: usize, bad: bool) -> String {
    let document = |n: usize| {
        let words = (0..20 + n * 7 % 90).map(|w| format!("w{}", 5 + (n * 31 + w * 17) % 60));
        let text = words.collect::<Vec<_>>().join(" ");
        match bad && n % 50 == 7 {
            true => "{\"id\":\"bad\"}\n".to_owned(),
            false => json!({"id": format!("d{n}"), "day": n % 7, "text": text}).to_string() + "\n",
        }
    };
    (0..documents).map(document).collect()
}

/// Output of a run with the parts that tell the time taken out of the summary.
fn results(place: &Place, dir: &str) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| {
        let path = format!("{dir}/{name}");
        let bytes = match name.ends_with("summary.json") {
            true => {
                let mut summary = place.json(&path);
                summary["seconds"] = Value::Null;
                summary["words_per_second"] = Value::Null;
                summary.to_string().into_bytes()
            }
            false => place.read(&path),
        };
        (name, bytes)
    };
    place.files(dir).into_iter().map(read).collect()
}

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
        ["annotations.jsonl", "errors.jsonl", "summary.json"]
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
    let args = ["a.txt", "-o", "x.jsonl", "--min-score", "0.5", "--restart"];
    assert_eq!(place.annotate(&args).0, 0);
    assert_eq!(
        place.json("x.jsonl.summary.json")["run"]["options"]["--min-score"],
        "0.5"
    );
}

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
        let args = |out| {
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
        };
        assert_eq!(place.annotate(&args(&whole)).0, 1);
        let step = Duration::from_millis(40);
        let kills = kill_until_done(&place, &args(&killed), Duration::from_millis(20), step);
        assert!(kills >= 3, "{format}: only {kills} kills");
        let (whole, killed) = (format!("whole-{format}"), format!("killed-{format}"));
        assert_eq!(
            names(&results(&place, &killed)),
            names(&results(&place, &whole))
        );
        for (killed, whole) in results(&place, &killed).iter().zip(results(&place, &whole)) {
            assert!(
                *killed == whole,
                "{format}: {} differs after {kills} kills",
                whole.0
            );
        }
    }
}

fn names(results: &[(String, Vec<u8>)]) -> Vec<&str> {
    results.iter().map(|(name, _)| name.as_str()).collect()
}

/// Starts a run and ends it when it has noted a checkpoint.
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
    place.write("in.jsonl", corpus(3000, false));
    let args = ["in.jsonl", "-o", "out/", "-q", "--checkpoint", "16"];
    let mut child = begin(&place, &args, "out/journal", |child| child.kill().unwrap());
    child.wait().unwrap();
    assert_eq!(
        place.files("out"),
        ["annotations.jsonl.part", "errors.jsonl.part", "journal"]
    );
    let refused = |args: &[&str], reason: &str| {
        let (code, err) = place.annotate(args);
        assert_eq!(code, 2);
        assert!(err.contains(reason) && err.contains("--restart"), "{err}");
    };
    let other: Vec<&str> = args.into_iter().chain(["--labels", "PER"]).collect();
    refused(&other, "--labels was not given, now it is PER");
    let weights = place.model.path().join("model.safetensors");
    let kept = fs::read(&weights).unwrap();
    let mut changed = kept.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&weights, changed).unwrap();
    refused(&args, "the model was ");
    fs::write(&weights, kept).unwrap();
    place.write("in.jsonl", corpus(3001, false));
    refused(&args, "the input was 1 files of ");
    let restart: Vec<&str> = args.into_iter().chain(["--restart"]).collect();
    assert_eq!(place.annotate(&restart).0, 0);
    assert_eq!(place.text("out/annotations.jsonl").lines().count(), 3001);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_in_peace_and_goes_on_to_the_same_bytes() {
    let place = Place::new();
    place.write("in.jsonl", corpus(4000, false));
    let args = |out| ["in.jsonl", "-q", "--checkpoint", "16", "-o", out];
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
        ["x.jsonl.gz", "x.jsonl.gz.summary.json"]
    );
}

#[test]
fn standard_input_goes_on_only_with_the_documents_of_before() {
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
fn shards_are_merged_to_the_bytes_of_one_run() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(300, true));
    place.write("in/b.jsonl", corpus(200, false));
    let model = place.model.path().to_str().unwrap().to_owned();
    let merge = |args: &[&str]| {
        let done = newshound(&["merge", "-q"])
            .args(args)
            .current_dir(place.dir.path())
            .output();
        let done = done.unwrap();
        (
            done.status.code().unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    assert!(!model.is_empty());
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
    let done = newshound(&["merge", "part1/", "part2/", "-o", "merged/"])
        .current_dir(place.dir.path())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(place.files("merged/brat"), wanted);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_what_is_finished_is_kept() {
    let place = Place::new();
    place.write("a.txt", "w5");
    let (code, err) = place.annotate(&["a.txt", "-o", "a.txt/x.jsonl"]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot write a.txt"), "{err}");
    // A limit on file sizes stands in for the disk.
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
