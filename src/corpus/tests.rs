//! The stages between reading and files, with a fake model.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

use ndarray::Array2;
use tempfile::TempDir;

use super::feed::Numbered;
use super::*;
use crate::TaggerBuilder;
use crate::backend::{Backend, Packed};
use crate::fake::{FakeBackend, subwords};
use crate::model::{Labels, Model};
use crate::reader::{Metadata, Source};

/// The fake backend, which first calls a function for each pack that holds the subword `based`.
struct Picky(fn() -> crate::Result<()>);

impl Backend for Picky {
    fn size(&self) -> usize {
        FakeBackend.size()
    }

    fn max_tokens(&self) -> usize {
        FakeBackend.max_tokens()
    }

    fn logits(&self, packed: Packed<'_>) -> crate::Result<Array2<f32>> {
        if packed.ids().contains(&6) {
            (self.0)()?;
        }
        FakeBackend.logits(packed)
    }

    fn logits_and_hidden(&self, packed: Packed<'_>) -> crate::Result<(Array2<f32>, Array2<f32>)> {
        self.logits(packed)?;
        FakeBackend.logits_and_hidden(packed)
    }
}

fn tagger(based: fn() -> crate::Result<()>) -> Tagger {
    let tags = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
    let labels = Labels::new(&tags.map(str::to_owned)).unwrap();
    let model = Model::from_parts("picky", labels, subwords(), Box::new(Picky(based)));
    let threads = 2.try_into().unwrap();
    Tagger::builder()
        .model(model)
        .threads(threads)
        .build()
        .unwrap()
}

/// A tagger of the fake model with other settings.
fn with(settings: impl FnOnce(TaggerBuilder) -> TaggerBuilder) -> Tagger {
    let tags = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
    let labels = Labels::new(&tags.map(str::to_owned)).unwrap();
    let model = Model::from_parts("fake", labels, subwords(), Box::new(FakeBackend));
    settings(Tagger::builder().model(model)).build().unwrap()
}

/// Reads a file to JSONL.
fn job(path: &Path) -> Job {
    Job {
        walk: Walk {
            paths: vec![path.to_owned()],
            ..Walk::default()
        },
        reader: Reader::default(),
        format: OutputFormat::Jsonl,
        unit: OffsetUnit::Byte,
        with_text: false,
        names: true,
        date_field: None,
        shard: None,
        checkpoint: 1 << 16,
    }
}

/// A folder with a text, and the job to tag it.
fn small_corpus() -> (TempDir, Job) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.txt");
    fs::write(&path, "UNHCR in Kyiv").unwrap();
    let job = job(&path);
    (dir, job)
}

#[test]
fn a_run_with_other_settings_of_the_tagger_is_another_run() {
    let (dir, job) = small_corpus();
    let list = dir.path().join("names.tsv");
    fs::write(&list, "surface\tlabel\nKyiv\tLOC\n").unwrap();
    let files = Output::new(dir.path().join("out.jsonl"), None).unwrap();
    let run = |tagger: &Tagger| annotate(tagger, &job, &files, false, &Progress::default());
    let finished = |ended: Result<Outcome, Error>| match ended {
        Ok(Outcome::Finished(finished)) => finished.before,
        other => panic!("{other:?}"),
    };
    assert!(!finished(run(&with(|builder| builder))));
    let threads = 3.try_into().unwrap();
    assert!(finished(run(&with(|builder| builder.threads(threads)))));
    let lists = crate::lists::Lists::open(&[&list]).unwrap();
    for (other, wanted) in [
        (
            with(|b| b.labels(["LOC"])),
            "--labels was not given, now it is LOC",
        ),
        (
            with(|b| b.min_score(0.5)),
            "--min-score was 0, now it is 0.5",
        ),
        (
            with(TaggerBuilder::no_names),
            "--no-names was not given, now it is given",
        ),
        (with(|b| b.lists(lists)), "--gazetteer was not given"),
    ] {
        let refused = run(&other).unwrap_err().to_string();
        assert!(refused.contains(wanted), "{refused}");
    }
    let names = files.clone().with_names(dir.path().join("names.jsonl"));
    let elsewhere = annotate(
        with(|b| b),
        &job,
        &names.unwrap(),
        false,
        &Progress::default(),
    );
    let refused = elsewhere.unwrap_err().to_string();
    assert!(refused.contains("--names was not given"), "{refused}");
}

#[test]
fn a_job_that_makes_no_sense_is_refused() {
    let (dir, good) = small_corpus();
    let tagger = with(|builder| builder);
    let brat = Output::new(dir.path(), Some(OutputFormat::Brat)).unwrap();
    let jsonl = Output::new(dir.path().join("x.jsonl"), None).unwrap();
    let shard = |number, of| Job {
        shard: Some(Shard { number, of }),
        ..good.clone()
    };
    let mut glob = good.clone();
    glob.walk.globs = vec!["[".to_owned()];
    for (job, files, wanted) in [
        (&good, &brat, "to write jsonl, and its output is for brat"),
        (&glob, &jsonl, "--glob [: "),
        (&shard(1, 0), &jsonl, "\"1/0\" is no part"),
        (&shard(0, 4), &jsonl, "\"0/4\" is no part"),
    ] {
        let refused = annotate(&tagger, job, files, false, &Progress::default());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(wanted), "{refused}");
    }
    let parquet = Job {
        format: OutputFormat::Parquet,
        ..good.clone()
    };
    for (job, wanted) in [
        (&parquet, "parquet cannot be written to standard output"),
        (&glob, "--glob [: "),
        (&shard(5, 4), "\"5/4\" is no part"),
    ] {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let refused = filter(&tagger, job, &mut out, &mut errors, &Progress::default());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(wanted) && out.is_empty(), "{refused}");
    }
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is written"
    );
}

#[test]
fn a_name_that_contradicts_the_format_is_refused() {
    let new = |name: &str, format| Output::new(name, Some(format));
    for (name, format) in [
        ("x.jsonl", OutputFormat::Csv),
        ("x.csv.gz", OutputFormat::Jsonl),
        ("x.jsonld", OutputFormat::Spacy),
        ("x.html", OutputFormat::Brat),
    ] {
        let refused = new(name, format).unwrap_err().to_string();
        let wanted = format!(", and the format is {format}; ");
        assert!(refused.contains(&wanted), "{refused}");
    }
    for (name, format) in [
        ("x.jsonl", OutputFormat::Spacy),
        ("x.ndjson.gz", OutputFormat::WebAnnotation),
        ("x.txt", OutputFormat::Csv),
        ("x.jsonl/", OutputFormat::Csv),
    ] {
        assert_eq!(new(name, format).unwrap().format, format);
    }
}

#[test]
fn formats_are_read_as_they_are_written() {
    for format in OutputFormat::ALL {
        assert_eq!(format.to_string().parse::<OutputFormat>().unwrap(), format);
    }
    let refused = "xml".parse::<OutputFormat>().unwrap_err().to_string();
    assert!(
        refused.contains("\"xml\"; use one of jsonl, conll"),
        "{refused}"
    );
}

fn numbered(ordinal: u64, text: &str) -> Numbered {
    Numbered {
        ordinal,
        after: Position::default(),
        input: String::new(),
        source: Source {
            id: ordinal.to_string(),
            text: Ok(text.to_owned().into()),
            derived: false,
            metadata: Metadata::new(),
        },
    }
}

#[test]
fn documents_come_out_in_order_and_a_bad_one_takes_no_other_with_it() {
    let tagger = tagger(|| Err(crate::Error::NotFinite));
    let feed = (0..5000).map(|n| Ok(numbered(n, if n % 100 == 3 { "based" } else { "Kyiv" })));
    let mut next = 0;
    let write = |batch: Vec<Done>| {
        for (numbered, document) in batch {
            assert_eq!(numbered.ordinal, next);
            assert_eq!(document.is_err(), next % 100 == 3);
            next += 1;
        }
        Ok(())
    };
    pipeline::run(&tagger, feed, &AtomicBool::new(false), write).unwrap();
    assert_eq!(next, 5000);
}

/// The most documents that are read and not yet written at once.
fn held(tagger: &Tagger, texts: impl Iterator<Item = String> + Send) -> usize {
    let (read, most, mut written) = (AtomicUsize::new(0), AtomicUsize::new(0), 0);
    let feed = (0..).zip(texts).map(|(n, text)| {
        read.fetch_add(1, Ordering::SeqCst);
        Ok(numbered(n, &text))
    });
    let write = |batch: Vec<Done>| {
        most.fetch_max(read.load(Ordering::SeqCst) - written, Ordering::SeqCst);
        written += batch.len();
        Ok(())
    };
    pipeline::run(tagger, feed, &AtomicBool::new(false), write).unwrap();
    most.into_inner()
}

#[test]
fn only_a_few_batches_are_held_however_long_the_input() {
    let text = "Kyiv ".repeat(4000);
    let most = held(&tagger(|| Ok(())), (0..200).map(|_| text.clone()));
    assert!(most <= 40, "{most} of 200 documents were held at once");
}

#[test]
fn little_metadata_is_held_however_short_the_texts() {
    let read = AtomicUsize::new(0);
    let feed = (0..500).map(|n| {
        read.fetch_add(1, Ordering::SeqCst);
        let mut numbered = numbered(n, "Kyiv");
        let page = vec!["x".repeat(1 << 15); 8];
        numbered
            .source
            .metadata
            .insert("page".to_owned(), page.into());
        Ok(numbered)
    });
    let (mut most, mut written) = (0, 0);
    let write = |batch: Vec<Done>| {
        most = most.max(read.load(Ordering::SeqCst) - written);
        written += batch.len();
        Ok(())
    };
    pipeline::run(&tagger(|| Ok(())), feed, &AtomicBool::new(false), write).unwrap();
    assert!(most <= 50, "{most} of 500 documents were held at once");
}

#[test]
fn documents_behind_a_slow_one_do_not_pile_up() {
    let slow = tagger(|| {
        thread::sleep(Duration::from_millis(500));
        Ok(())
    });
    let texts = (0..50_000).map(|n| if n == 0 { "based" } else { "Kyiv" }.to_owned());
    let most = held(&slow, texts);
    assert!(most <= 1500, "{most} of 50000 documents were held at once");
}

#[test]
fn a_panic_while_tagging_ends_the_run() {
    let tagger = tagger(|| panic!("on purpose"));
    let feed = (0..).map(|n| Ok(numbered(n, if n == 300 { "based" } else { "Kyiv" })));
    let ended = pipeline::run(&tagger, feed, &AtomicBool::new(false), |_| Ok(()));
    assert!(matches!(ended, Err(Error::Panicked)));
}

#[test]
fn an_error_of_the_output_ends_the_run() {
    let feed = (0..).map(|n| Ok(numbered(n, "Kyiv")));
    let full = || {
        Err(Error::writing(Path::new("x"))(
            io::ErrorKind::StorageFull.into(),
        ))
    };
    let tagger = tagger(|| Ok(()));
    let ended = pipeline::run(&tagger, feed, &AtomicBool::new(false), |_| full());
    assert!(matches!(ended, Err(Error::Write { .. })));
}

/// Takes nothing, as a pipe that no one reads any more.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_filter_writes_all_results_where_no_one_reads_its_errors() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.jsonl");
    fs::write(
        &path,
        "{\"text\":\"Kyiv\"}\n{\"no\":\"text\"}\n".repeat(500),
    )
    .unwrap();
    let (tagger, job, progress) = (with(|builder| builder), job(&path), Progress::default());
    let mut out = Vec::new();
    let summary = filter(&tagger, &job, &mut out, &mut Closed, &progress).unwrap();
    assert_eq!((summary.documents, summary.failed()), (1000, 500));
    assert_eq!(out.split(|&byte| byte == b'\n').count(), 1001);
    let ended = filter(&tagger, &job, &mut Closed, &mut Vec::new(), &progress);
    assert!(matches!(ended, Err(Error::Write { .. })));
}

/// Ids from a position on.
fn ids(walk: &Walk, from: &Position) -> Result<Vec<String>, Error> {
    let reader = Reader::default();
    let feed = Feed::new(walk, &reader, None, from.clone());
    feed.map(|numbered| Ok(numbered?.source.id)).collect()
}

#[test]
fn a_feed_goes_on_from_any_position_but_only_with_the_same_documents() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let row = |id: u32| format!("{{\"id\":{id},\"text\":\"x\"}}\n");
    write("a.jsonl", &(row(0) + &row(1) + "bad\n"));
    write("b.txt", "x");
    write("c.jsonl", &(row(4) + &row(5)));
    let walk = Walk {
        paths: vec![dir.path().to_owned()],
        ..Walk::default()
    };
    let all = ids(&walk, &Position::default()).unwrap();
    assert_eq!(all.len(), 6);
    let reader = Reader::default();
    let feed = Feed::new(&walk, &reader, None, Position::default());
    let places: Vec<Position> = feed.map(|numbered| numbered.unwrap().after).collect();
    for (at, place) in places.iter().enumerate() {
        assert_eq!(place.ordinal, at as u64 + 1);
        assert_eq!(ids(&walk, place).unwrap(), all[at + 1..]);
    }
    write("a.jsonl", &(row(0) + &row(9) + "bad\n"));
    assert!(matches!(ids(&walk, &places[1]), Err(Error::Differs)));
    assert!(ids(&walk, &places[0]).is_ok());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_a_failed_document() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.jsonl");
    fs::write(&path, "{\"id\":1,\"text\":\"x\"}\n").unwrap();
    let walk = Walk {
        paths: vec![path.clone()],
        ..Walk::default()
    };
    let reader = Reader::default();
    let mut feed = Feed::new(&walk, &reader, None, Position::default());
    assert_eq!(feed.next().unwrap().unwrap().source.id, "1");
    fs::write(&path, "").unwrap();
    let last = feed.next().unwrap().unwrap();
    assert!(matches!(last.source.text, Err(crate::Error::Changed)));
    assert!(feed.next().is_none());
}
