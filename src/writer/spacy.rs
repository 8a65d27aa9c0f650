//! JSONL as spaCy, displaCy and Prodigy read it: `{"text": .., "ents": [..], "cats": {..}}` a line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::jsonl::json_line;
use super::{Record, Writer, rounded};
use crate::reader::Metadata;
use crate::{OffsetCursor, OffsetUnit, Topic};

/// Writes spaCy's JSONL. Offsets count code points, as Python does.
pub struct Spacy;

#[derive(Serialize)]
struct Line<'d> {
    text: &'d str,
    ents: Vec<Ent<'d>>,
    cats: BTreeMap<&'d str, f64>,
    meta: Meta<'d>,
}

#[derive(Serialize)]
struct Ent<'d> {
    start: usize,
    end: usize,
    label: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'d str>,
}

#[derive(Serialize)]
struct Meta<'d> {
    id: &'d str,
    #[serde(flatten)]
    fields: Fields<'d>,
}

/// Metadata without a field `id`, which the document's id takes the place of.
struct Fields<'d>(&'d Metadata);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter(|(name, _)| *name != "id"))
    }
}

/// Topics by name, or by code where two of different vocabularies have the same name.
fn cats(topics: &[Topic]) -> BTreeMap<&str, f64> {
    let cats = topics.iter().map(|topic| {
        let same = topics.iter().filter(|other| other.label == topic.label);
        let name = if same.count() > 1 {
            &topic.code
        } else {
            &topic.label
        };
        (&**name, rounded(topic.score))
    });
    cats.collect()
}

impl Writer for Spacy {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        let mut cursor = OffsetCursor::new(&document.text, OffsetUnit::Char);
        let ents = document.spans.iter().map(|span| Ent {
            start: cursor.position(span.start),
            end: cursor.position(span.end),
            label: &span.label,
            id: document.name(span).map(|name| &*name.name),
        });
        let line = Line {
            text: &document.text,
            ents: ents.collect(),
            cats: cats(&document.topics),
            meta: Meta {
                id: record.id,
                fields: Fields(record.metadata),
            },
        };
        json_line(out, &line)
    }
}
