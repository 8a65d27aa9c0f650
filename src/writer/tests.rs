//! Every format against a golden file; `UPDATE_GOLDEN=1` writes them anew.

use std::path::Path;

use super::*;
use crate::{Name, OffsetUnit, Place, Sentence, Span, Stats, Topic, Word};

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
    let span = |part, label: &str, score, name| {
        let (start, end) = at(part);
        Span {
            start,
            end,
            label: label.into(),
            score,
            name: Some(name),
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
    let name = |id, label: &str, name: &str| Name {
        id,
        label: label.into(),
        name: name.to_owned(),
        mentions: 1,
        place: None,
        country: None,
        link: None,
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
            span("Mark\r\nRutte", "PER", 0.98765, 0),
            span("NATO", "ORG", 1.0, 1),
            span("A\tB", "MISC", 0.5, 2),
            span("Łódź", "LOC", 0.33333, 3),
        ],
        names: vec![
            name(0, "PER", "Mark Rutte"),
            Name {
                link: Some("org:7".to_owned()),
                ..name(1, "ORG", "North <Atlantic> \"Treaty\" Organization")
            },
            Name {
                country: Some("PL".to_owned()),
                ..name(2, "MISC", "A B")
            },
            Name {
                place: Some(Place {
                    geonames: 3_093_133,
                    name: "Łódź".to_owned(),
                    country: "PL".to_owned(),
                    admin1: Some("Łódź Voivodeship".to_owned()),
                    latitude: 51.77058,
                    longitude: 19.47395,
                    population: 700_982,
                    score: 0.98765,
                }),
                ..name(3, "LOC", "Łódź")
            },
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

fn both(out: &mut Vec<u8>, writer: &mut dyn Writer) {
    let document = document();
    let (none, mut metadata) = (Metadata::new(), Metadata::new());
    metadata.insert("date".to_owned(), "2026-11-25".into());
    metadata.insert("tags".to_owned(), vec!["a", "b"].into());
    metadata.insert("id".to_owned(), 7.into());
    let record = |id, metadata, with_text| Record {
        id,
        document: &document,
        metadata,
        with_text,
    };
    writer.begin(out).unwrap();
    let plain = record("a\tb.txt", &none, false);
    writer.document(out, &plain).unwrap();
    let error = Error::NotUtf8 {
        offset: 3,
        guess: None,
        can_decode: true,
    };
    writer.failure(out, "bad<\".txt", &error).unwrap();
    let full = record("https://news.example/c?d=1", &metadata, true);
    writer.document(out, &full).unwrap();
    writer.end(out).unwrap();
}

#[test]
fn jsonl_is_as_the_format_says() {
    check("writer.jsonl", |out| {
        both(out, &mut Jsonl::new(OffsetUnit::Byte));
        both(out, &mut Jsonl::new(OffsetUnit::Char));
        both(out, &mut Jsonl::new(OffsetUnit::Utf16));
        both(out, &mut Jsonl::flat(OffsetUnit::Byte));
    });
}

#[test]
fn tsv_is_as_the_format_says() {
    check("writer.tsv", |out| {
        both(out, &mut Tsv::new(OffsetUnit::Char));
    });
}

#[test]
fn csv_is_as_the_format_says() {
    check("writer.csv", |out| {
        both(out, &mut Csv::new(OffsetUnit::Utf16));
    });
}

#[test]
fn conll_is_as_the_format_says() {
    check("writer.conll", |out| both(out, &mut Conll));
}

/// What a writer makes of one document.
fn written(writer: &mut dyn Writer, document: &Document) -> String {
    let (mut out, metadata) = (Vec::new(), Metadata::new());
    let record = Record {
        id: "a",
        document,
        metadata: &metadata,
        with_text: false,
    };
    writer.document(&mut out, &record).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_line_break_or_tab_in_a_token_breaks_no_columns() {
    let text = "New\nYork\tCity";
    let word = Word {
        start: 0,
        end: text.len(),
    };
    let document = Document {
        text: text.to_owned(),
        sentences: vec![Sentence {
            start: 0,
            end: text.len(),
            words: 0..1,
            starts_paragraph: true,
        }],
        words: vec![word],
        ..Document::default()
    };
    let columns = written(&mut Conll, &document);
    assert_eq!(columns, "-DOCSTART-\tO\n\nNew York City\tO\n\n");
}

#[test]
fn spacy_is_as_the_format_says() {
    check("writer.spacy.jsonl", |out| both(out, &mut Spacy));
}

#[test]
fn topics_of_one_name_are_kept_apart_by_their_codes_in_spacy() {
    let topic = |code: &str, label: &str, score| Topic {
        code: code.into(),
        label: label.into(),
        score,
    };
    let document = Document {
        topics: vec![
            topic("medtop:15000000", "sport", 0.9),
            topic("medtop:11000000", "politics", 0.8),
            topic("beats:sport", "sport", 0.7),
        ],
        ..Document::default()
    };
    let line: serde_json::Value = serde_json::from_str(&written(&mut Spacy, &document)).unwrap();
    let wanted = serde_json::json!({"beats:sport": 0.7, "medtop:15000000": 0.9, "politics": 0.8});
    assert_eq!(line["cats"], wanted);
}

#[test]
fn web_annotations_are_as_the_format_says() {
    check("writer.webanno.jsonl", |out| both(out, &mut WebAnnotation));
}

#[test]
fn html_is_as_the_format_says() {
    check("writer.html", |out| both(out, &mut Html));
}

#[test]
fn brat_is_as_the_format_says() {
    check("writer.ann", |out| brat(out, &document()).unwrap());
}

#[test]
fn the_view_is_plain_and_in_colour() {
    check("writer.view.txt", |out| {
        both(out, &mut View::new(false, true));
        both(out, &mut View::new(true, false));
    });
}
