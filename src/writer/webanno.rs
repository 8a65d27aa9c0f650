//! W3C Web Annotation (<https://www.w3.org/TR/annotation-model/>) as JSON-LD, an
//! annotation page for each document, a line each.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::jsonl::json_line;
use super::{Record, Writer, rounded};
use crate::{Document, OffsetCursor, OffsetUnit, Span};

/// Characters quoted before and after a name, so that it can be found again in a text that has
/// changed.
const CONTEXT: usize = 32;

/// Writes Web Annotations. Positions count code points, as the standard has it.
pub struct WebAnnotation;

#[derive(Serialize)]
struct Page<'d> {
    #[serde(rename = "@context")]
    context: Value,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "startIndex")]
    start: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'d str>,
    items: Vec<Value>,
}

impl Writer for WebAnnotation {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        let source = iri(record.id);
        let mut cursor = OffsetCursor::new(&document.text, OffsetUnit::Char);
        let items = document.spans.iter().enumerate().map(|(at, span)| {
            let (before, after) = around(document, span.start, span.end);
            json!({
                "id": format!("{source}#name-{at}"),
                "type": "Annotation",
                "motivation": "tagging",
                "body": body(document, span),
                "target": {
                    "source": source,
                    "selector": [
                        {
                            "type": "TextPositionSelector",
                            "start": cursor.position(span.start),
                            "end": cursor.position(span.end),
                        },
                        {
                            "type": "TextQuoteSelector",
                            "exact": document.surface(span),
                            "prefix": before,
                            "suffix": after,
                        },
                    ],
                },
            })
        });
        let topics = document.topics.iter().enumerate().map(|(at, topic)| {
            json!({
                "id": format!("{source}#topic-{at}"),
                "type": "Annotation",
                "motivation": "classifying",
                "body": {
                    "type": "TextualBody",
                    "purpose": "classifying",
                    "value": &*topic.label,
                    "newshound:code": &*topic.code,
                    "newshound:score": rounded(topic.score),
                },
                "target": source,
            })
        });
        let page = Page {
            context: json!(["http://www.w3.org/ns/anno.jsonld", {"newshound": "urn:newshound:"}]),
            items: topics.chain(items).collect(),
            id: format!("{source}#names"),
            kind: "AnnotationPage",
            start: 0,
            text: record.with_text.then_some(&document.text),
        };
        json_line(out, &page)
    }
}

/// The label, and the name where there is one.
fn body(document: &Document, span: &Span) -> Value {
    let label = json!({
        "type": "TextualBody",
        "purpose": "tagging",
        "value": &*span.label,
        "newshound:score": rounded(span.score),
    });
    let Some(name) = document.name(span) else {
        return label;
    };
    let name = json!({
        "type": "TextualBody",
        "purpose": "identifying",
        "value": name.name,
        "newshound:entity": name.id,
    });
    json!([label, name])
}

/// The text just before and after a range.
fn around(document: &Document, start: usize, end: usize) -> (&str, &str) {
    let before = document.text.get(..start).unwrap_or_default();
    let after = document.text.get(end..).unwrap_or_default();
    let from = before.char_indices().rev().nth(CONTEXT - 1);
    let to = after.char_indices().nth(CONTEXT);
    (
        before
            .get(from.map_or(0, |(at, _)| at)..)
            .unwrap_or_default(),
        after
            .get(..to.map_or(after.len(), |(at, _)| at))
            .unwrap_or_default(),
    )
}

/// The id itself where it is an address, otherwise a URN made from it.
fn iri(id: &str) -> String {
    let address = ["http://", "https://", "urn:"].iter();
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`#".contains(c);
    if address.clone().any(|scheme| id.starts_with(scheme)) && id.chars().all(plain) {
        return id.to_owned();
    }
    let mut urn = "urn:newshound:".to_owned();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                urn.push(char::from(byte));
            }
            _ => urn.push_str(&format!("%{byte:02X}")),
        }
    }
    urn
}
