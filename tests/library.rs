//! Guarantees for programs that use the library.

#![cfg(feature = "embedded-model")]

use std::error::Error;
use std::sync::Arc;
use std::{io, thread};

use newshound::lists::Lists;
use newshound::reader::{Documents, Encoding, Input, InputFormat, Reader};
use newshound::topic::Learned;
use newshound::{Document, Model, Tagger, TaggerBuilder, corpus, results};

#[test]
fn taggers_and_their_results_can_go_to_other_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn sent<T: Send>() {}
    shared::<Tagger>();
    shared::<TaggerBuilder>();
    shared::<Model>();
    shared::<Lists>();
    shared::<Learned>();
    shared::<Document>();
    shared::<newshound::Error>();
    shared::<corpus::Error>();
    shared::<corpus::Job>();
    sent::<Documents>();
    sent::<results::Lines>();
}

#[test]
fn threads_that_share_a_tagger_get_what_each_would_get_alone() {
    let tagger = Arc::new(Tagger::builder().source("newshound-small").build().unwrap());
    let text = |n: usize| format!("Mark Rutte met {n} ministers in Kyiv. ").repeat(n);
    let tagged = (1..9).map(|n| {
        let tagger = Arc::clone(&tagger);
        thread::spawn(move || tagger.tag(&text(n)).unwrap())
    });
    for (n, tagged) in (1..9).zip(tagged.collect::<Vec<_>>()) {
        assert_eq!(tagged.join().unwrap(), tagger.tag(&text(n)).unwrap());
    }
}

#[test]
fn errors_give_the_systems_error_as_their_source() {
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let errors: [Box<dyn Error>; 4] = [
        Box::new(newshound::Error::Report(full())),
        Box::new(newshound::Error::Temporary(full())),
        Box::new(corpus::Error::Threads(full())),
        Box::new(corpus::Error::Stage(newshound::Error::Report(full()))),
    ];
    for error in errors {
        let source = error.source().and_then(|e| e.downcast_ref::<io::Error>());
        assert_eq!(
            source.unwrap().kind(),
            io::ErrorKind::StorageFull,
            "{error}"
        );
    }
}

#[test]
fn bytes_in_memory_are_read_as_files_are() {
    let read =
        |reader: &Reader, name: &str, bytes: &[u8]| -> Vec<(String, Result<String, String>)> {
            let documents = reader.documents(&Input::bytes(name, bytes));
            let text = |text: newshound::Text| text.as_str().to_owned();
            documents
                .map(|source| (source.id, source.text.map(text).map_err(|e| e.to_string())))
                .collect()
        };
    let plain = Reader::default();
    let rows = b"{\"id\":\"a\",\"text\":\"NATO\"}\n{\"text\":\"Kyiv\"}\n";
    let ids = |name: &str| read(&plain, name, rows).into_iter().map(|(id, _)| id);
    assert!(ids("feed.jsonl").eq(["a", "feed.jsonl:2"]));
    assert!(ids("feed").eq(["a", "feed:2"]));
    let page = "<html><body><article><p>NATO met in Kyiv on Tuesday, its chief said there.";
    let html = Reader {
        format: Some(InputFormat::Html),
        ..Reader::default()
    };
    let found = read(&html, "https://news.example/1.txt", page.as_bytes());
    assert!(
        found[0].1.as_ref().unwrap().starts_with("NATO met"),
        "{found:?}"
    );
    let latin = Reader {
        encoding: Encoding::of_label(b"windows-1252"),
        ..Reader::default()
    };
    assert_eq!(
        read(&latin, "x", b"caf\xE9")[0].1.as_deref(),
        Ok("caf\u{e9}")
    );
    assert!(
        read(&plain, "x", b"caf\xE9")[0]
            .1
            .as_ref()
            .unwrap_err()
            .contains("byte 3")
    );
}

#[test]
fn lists_in_memory_are_called_by_their_name_where_a_row_is_wrong() {
    let list = |rows: &str| Lists::read(&[Input::bytes("companies", rows)]);
    assert_eq!(list("surface\tlabel\nAcme\tORG\n").unwrap().len(), 1);
    let wrong = list("surface\tlabel\nAcme\n").unwrap_err().to_string();
    assert!(wrong.starts_with("companies: line 2: "), "{wrong}");
}
