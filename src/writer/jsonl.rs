//! One JSON object a line; `docs/FORMAT.md` describes it.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{Record, Writer, rounded};
use crate::document::{Document, Stats};
use crate::names::Name;
use crate::reader::Metadata;
use crate::{Error, OffsetCursor, OffsetUnit, Topic};

/// Writes JSONL.
pub struct Jsonl {
    unit: OffsetUnit,
    flat: bool,
}

/// A tagged document.
#[derive(Serialize)]
struct Line<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'d str>,
    offset_unit: OffsetUnit,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Fields<'d>>,
    entities: Entities<'d>,
    names: &'d [Name],
    topics: &'d [Topic],
    stats: Stats,
}

impl<'d> Line<'d> {
    /// The line of a document by itself: with its text, without id and metadata.
    fn of(document: &'d Document) -> Self {
        let unit = OffsetUnit::Byte;
        Self {
            id: None,
            offset_unit: unit,
            text: Some(&document.text),
            metadata: None,
            entities: Entities { document, unit },
            names: &document.names,
            topics: &document.topics,
            stats: document.stats,
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Line::of(self).serialize(serializer)
    }
}

/// Metadata as an object, or as a string that holds one, where columns need one type.
struct Fields<'d> {
    fields: &'d Metadata,
    flat: bool,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.flat {
            false => self.fields.serialize(serializer),
            true => serde_json::to_string(self.fields)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

/// The spans of a document with their texts.
struct Entities<'d> {
    document: &'d Document,
    unit: OffsetUnit,
}

#[derive(Serialize)]
struct Entity<'d> {
    start: usize,
    end: usize,
    text: &'d str,
    label: &'d str,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<usize>,
}

impl Serialize for Entities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = self.document;
        let mut cursor = OffsetCursor::new(&document.text, self.unit);
        serializer.collect_seq(document.spans.iter().map(|span| Entity {
            start: cursor.position(span.start),
            end: cursor.position(span.end),
            text: document.surface(span),
            label: &span.label,
            score: rounded(span.score),
            entity: span.name,
        }))
    }
}

#[derive(Serialize)]
struct Failure<'d> {
    id: &'d str,
    error: Cause,
}

#[derive(Serialize)]
struct Cause {
    kind: &'static str,
    message: String,
}

impl Jsonl {
    /// A writer with offsets in `unit`.
    #[must_use]
    pub fn new(unit: OffsetUnit) -> Self {
        Self { unit, flat: false }
    }

    /// A writer of rows of a table: metadata is a string that holds a JSON object.
    #[must_use]
    pub fn flat(unit: OffsetUnit) -> Self {
        Self { unit, flat: true }
    }
}

impl Writer for Jsonl {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let (document, unit) = (record.document, self.unit);
        let (fields, flat) = (record.metadata, self.flat);
        let line = Line {
            id: Some(record.id),
            offset_unit: unit,
            text: record.with_text.then_some(&document.text),
            metadata: (!fields.is_empty()).then_some(Fields { fields, flat }),
            entities: Entities { document, unit },
            ..Line::of(document)
        };
        json_line(out, &line)
    }

    fn failure(&mut self, out: &mut dyn Write, id: &str, error: &Error) -> io::Result<()> {
        let (kind, message) = (error.kind(), error.to_string());
        let error = Cause { kind, message };
        json_line(out, &Failure { id, error })
    }
}

/// Writes a value as JSON on a line of its own.
pub(crate) fn json_line(out: &mut (impl Write + ?Sized), value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
