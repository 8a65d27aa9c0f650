//! One JSON object a line; `docs/FORMAT.md` describes it.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{Record, Writer, rounded};
use crate::document::Stats;
use crate::reader::Metadata;
use crate::{Error, Name, OffsetCursor, OffsetUnit};

/// Writes JSONL.
pub struct Jsonl {
    unit: OffsetUnit,
    flat: bool,
}

#[derive(Serialize)]
struct Line<'d> {
    id: &'d str,
    offset_unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Fields<'d>>,
    entities: Vec<Entity<'d>>,
    names: Vec<Named<'d>>,
    topics: Vec<About<'d>>,
    stats: Stats,
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

#[derive(Serialize)]
struct Named<'d> {
    id: usize,
    label: &'d str,
    name: &'d str,
    mentions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'d str>,
}

#[derive(Serialize)]
struct At<'d> {
    geonames: u32,
    name: &'d str,
    country: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin1: Option<&'d str>,
    latitude: f64,
    longitude: f64,
    score: f64,
}

impl<'d> Named<'d> {
    fn new(name: &'d Name) -> Self {
        Self {
            id: name.id,
            label: &name.label,
            name: &name.name,
            mentions: name.mentions,
            place: name.place.as_ref().map(|place| At {
                geonames: place.geonames,
                name: &place.name,
                country: &place.country,
                admin1: place.admin1.as_deref(),
                latitude: place.latitude,
                longitude: place.longitude,
                score: rounded(place.score),
            }),
            country: name.country.as_deref(),
            link: name.link.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct About<'d> {
    code: &'d str,
    label: &'d str,
    score: f64,
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
    /// Offsets in `unit`.
    #[must_use]
    pub fn new(unit: OffsetUnit) -> Self {
        Self { unit, flat: false }
    }

    /// As rows of a table: metadata is a string that holds a JSON object.
    #[must_use]
    pub fn flat(unit: OffsetUnit) -> Self {
        Self { unit, flat: true }
    }
}

impl Writer for Jsonl {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        let mut cursor = OffsetCursor::new(&document.text, self.unit);
        let entities = document
            .spans
            .iter()
            .map(|span| Entity {
                start: cursor.position(span.start),
                end: cursor.position(span.end),
                text: document.surface(span),
                label: &span.label,
                score: rounded(span.score),
                entity: span.name,
            })
            .collect();
        let topics = document.topics.iter().map(|topic| About {
            code: &topic.code,
            label: &topic.label,
            score: rounded(topic.score),
        });
        let (fields, flat) = (record.metadata, self.flat);
        let line = Line {
            id: record.id,
            offset_unit: self.unit.name(),
            text: record.with_text.then_some(&document.text),
            metadata: (!fields.is_empty()).then_some(Fields { fields, flat }),
            entities,
            names: document.names.iter().map(Named::new).collect(),
            topics: topics.collect(),
            stats: document.stats,
        };
        json_line(out, &line)
    }

    fn failure(&mut self, out: &mut dyn Write, id: &str, error: &Error) -> io::Result<()> {
        let (kind, message) = (error.kind(), error.to_string());
        let error = Cause { kind, message };
        json_line(out, &Failure { id, error })
    }
}

/// One value on a line of its own.
pub(super) fn json_line(mut out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")
}
