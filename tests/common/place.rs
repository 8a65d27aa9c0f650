//! A directory with a model and a corpus, for tests of `newshound annotate`.

#![allow(dead_code, reason = "each test file uses some of these")]

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{newshound, tiny_model};

/// A directory to run in, with a model.
pub struct Place {
    pub dir: TempDir,
    pub model: TempDir,
}

impl Place {
    /// A new directory.
    pub fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            model: tiny_model(),
        }
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The bytes of a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// A file of one JSON value.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Whether there is such a file.
    pub fn exists(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }

    /// Names of the files in a directory.
    pub fn files(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join(name)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Exit code and standard error of newshound in the directory.
    pub fn run(&self, args: &[&str]) -> (i32, String) {
        let done = newshound(args)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        (
            done.status.code().unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    }

    /// Exit code and standard error of `newshound annotate`.
    pub fn annotate(&self, args: &[&str]) -> (i32, String) {
        let model = self.model.path().to_str().unwrap();
        self.run(&[&["annotate", "--model", model], args].concat())
    }

    /// Starts `newshound annotate`.
    pub fn spawn(&self, args: &[&str]) -> Child {
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
pub fn corpus(documents: usize, bad: bool) -> String {
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

/// Output of a run, with times removed from the summary.
pub fn results(place: &Place, dir: &str) -> Vec<(String, Vec<u8>)> {
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

/// Names of results.
pub fn names(results: &[(String, Vec<u8>)]) -> Vec<&str> {
    results.iter().map(|(name, _)| name.as_str()).collect()
}
