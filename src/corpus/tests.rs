//! The stages between reading and files, with a model that costs nothing.

use std::fs;
use std::sync::atomic::AtomicUsize;

use ndarray::Array2;
use tempfile::TempDir;

use super::feed::Numbered;
use super::*;
use crate::backend::{Backend, Packed};
use crate::fake::{FakeBackend, subwords};
use crate::model::{Labels, Model};
use crate::reader::{Metadata, Source};

/// Tags as the fake does, but refuses every pack that holds the subword `based`.
struct Picky;

impl Backend for Picky {
    fn size(&self) -> usize {
        FakeBackend.size()
    }

    fn max_tokens(&self) -> usize {
        FakeBackend.max_tokens()
    }

    fn logits(&self, packed: Packed<'_>) -> crate::Result<Array2<f32>> {
        match packed.ids().contains(&6) {
            true => Err(crate::Error::NotFinite),
            false => FakeBackend.logits(packed),
        }
    }

    fn logits_and_hidden(&self, packed: Packed<'_>) -> crate::Result<(Array2<f32>, Array2<f32>)> {
        self.logits(packed)?;
        FakeBackend.logits_and_hidden(packed)
    }
}

fn tagger() -> Tagger {
    let tags = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
    let labels = Labels::new(&tags.map(str::to_owned)).unwrap();
    let model = Model::from_parts("picky", labels, subwords(), Box::new(Picky));
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
    pipeline::run(&tagger(), feed, &AtomicBool::new(false), write).unwrap();
    assert_eq!(next, 5000);
}

#[test]
fn only_a_few_batches_are_held_however_long_the_input() {
    let (read, most, mut written) = (AtomicUsize::new(0), AtomicUsize::new(0), 0);
    let text = "Kyiv ".repeat(4000);
    let feed = (0..200).map(|n| {
        read.fetch_add(1, Ordering::SeqCst);
        Ok(numbered(n, &text))
    });
    let write = |batch: Vec<Done>| {
        most.fetch_max(read.load(Ordering::SeqCst) - written, Ordering::SeqCst);
        written += batch.len();
        Ok(())
    };
    pipeline::run(&tagger(), feed, &AtomicBool::new(false), write).unwrap();
    let most = most.into_inner();
    assert!(most <= 40, "{most} of 200 documents were held at once");
}

#[test]
fn an_error_of_the_output_ends_the_run() {
    let feed = (0..).map(|n| Ok(numbered(n, "Kyiv")));
    let full = || {
        Err(Error::writing(Path::new("x"))(
            io::ErrorKind::StorageFull.into(),
        ))
    };
    let ended = pipeline::run(&tagger(), feed, &AtomicBool::new(false), |_| full());
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
