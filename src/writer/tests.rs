//! Every format against a golden file; `UPDATE_GOLDEN=1` writes them anew.

use std::path::Path;

use super::*;
use crate::{OffsetUnit, Sentence, Span, Stats, Topic, Word};

/// A document with an emoji, CRLF, a name over a line break and a tab in a name.
fn document() -> Document {
    let text = "🚀 Mark\r\nRutte saw NATO.\r\n\r\n\"A\tB\" won in Łódź.";
    let at = |part: &str| {
        let start = text.find(part).unwrap();
        (start, start + part.len())
    };
    let word = |part| {
        let (start, end) = at(part);
        Word { start, end }
    };
    let words: Vec<Word> = [
        "🚀", "Mark", "Rutte", "saw", "NATO", ".", "A", "B", "won", "in", "Łódź",
    ]
    .map(word)
    .to_vec();
    let span = |part, label: &str, score| {
        let (start, end) = at(part);
        Span {
            start,
            end,
            label: label.into(),
            score,
        }
    };
    let sentence = |part, words, starts_paragraph| {
        let (start, end) = at(part);
        Sentence {
            start,
            end,
            words,
            starts_paragraph,
        }
    };
    let topic = |code: &str, label: &str, score| Topic {
        code: code.into(),
        label: label.into(),
        score,
    };
    Document {
        text: text.to_owned(),
        sentences: vec![
            sentence("🚀 Mark\r\nRutte saw NATO.", 0..6, true),
            sentence("\"A\tB\" won in Łódź.", 6..11, true),
        ],
        words,
        spans: vec![
            span("Mark\r\nRutte", "PER", 0.98765),
            span("NATO", "ORG", 1.0),
            span("A\tB", "MISC", 0.5),
            span("Łódź", "LOC", 0.33333),
        ],
        topics: vec![
            topic("medtop:11000000", "politics and government", 0.91234),
            topic("beats:war\troom", "war\troom", 0.5),
        ],
        stats: Stats {
            sentences: 2,
            words: 11,
            subwords: 14,
            windows: 1,
        },
    }
}

fn check(name: &str, write: impl FnOnce(&mut Vec<u8>)) {
    let mut out = Vec::new();
    write(&mut out);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &out).unwrap();
    }
    let kept = std::fs::read(&path).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        String::from_utf8(kept).unwrap(),
        "{name}"
    );
}

fn both(writer: &mut dyn Writer) {
    writer.document("a\tb.txt", &document()).unwrap();
    let error = Error::NotUtf8 {
        offset: 3,
        hint: "",
    };
    writer.failure("bad.txt", &error).unwrap();
    writer.document("c.txt", &document()).unwrap();
    writer.flush().unwrap();
}

#[test]
fn jsonl_is_as_the_format_says() {
    check("writer.jsonl", |out| {
        both(&mut Jsonl::new(&mut *out, OffsetUnit::Byte));
        both(&mut Jsonl::new(&mut *out, OffsetUnit::Char));
        both(&mut Jsonl::new(out, OffsetUnit::Utf16));
    });
}

#[test]
fn tsv_is_as_the_format_says() {
    check("writer.tsv", |out| {
        both(&mut Tsv::new(out, OffsetUnit::Char))
    });
}

#[test]
fn conll_is_as_the_format_says() {
    check("writer.conll", |out| both(&mut Conll::new(out)));
}

#[test]
fn the_view_is_plain_and_in_colour() {
    check("writer.view.txt", |out| {
        both(&mut View::new(&mut *out, false, true));
        both(&mut View::new(out, true, false));
    });
}
