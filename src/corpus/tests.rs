//! The stages between reading and files, with a model that costs nothing.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

use ndarray::Array2;
use tempfile::TempDir;

use super::feed::Numbered;
use super::*;
use crate::backend::{Backend, Packed};
use crate::fake::{FakeBackend, subwords};
use crate::model::{Labels, Model};
use crate::reader::{Metadata, Source};

/// Tags as the fake does, after it did something more for a pack that holds the subword `based`.
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
fn what_comes_behind_a_document_that_takes_long_is_not_piled_up() {
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

/// Ids from a position on.
fn ids(walk: &Walk, from: &Position) -> Result<Vec<String>, Error> {
    let reader = Reader::default();
    let feed = Feed::new(walk, &reader, None, from.clone());
    feed.map(|numbered| Ok(numbered?.source.id)).collect()
}

#[test]
fn a_feed_goes_on_from_any_place_and_only_with_the_same_documents() {
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
