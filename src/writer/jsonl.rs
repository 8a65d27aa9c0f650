//! One JSON object a line; `docs/FORMAT.md` describes it.

use std::io::{self, Write};

use serde::Serialize;

use super::{Writer, rounded};
use crate::document::Stats;
use crate::{Document, Error, OffsetCursor, OffsetUnit};

/// Writes JSONL.
pub struct Jsonl<W> {
    out: W,
    unit: OffsetUnit,
}

#[derive(Serialize)]
struct Record<'d> {
    id: &'d str,
    offset_unit: &'static str,
    entities: Vec<Entity<'d>>,
    topics: Vec<About<'d>>,
    stats: Stats,
}

#[derive(Serialize)]
struct Entity<'d> {
    start: usize,
    end: usize,
    text: &'d str,
    label: &'d str,
    score: f64,
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

impl<W: Write> Jsonl<W> {
    /// Writes to `out`, offsets in `unit`.
    pub fn new(out: W, unit: OffsetUnit) -> Self {
        Self { out, unit }
    }

    fn line(&mut self, record: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, record)?;
        self.out.write_all(b"\n")
    }
}

impl<W: Write> Writer for Jsonl<W> {
    fn document(&mut self, id: &str, document: &Document) -> io::Result<()> {
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
            })
            .collect();
        let topics = document.topics.iter().map(|topic| About {
            code: &topic.code,
            label: &topic.label,
            score: rounded(topic.score),
        });
        self.line(&Record {
            id,
            offset_unit: self.unit.name(),
            entities,
            topics: topics.collect(),
            stats: document.stats,
        })
    }

    fn failure(&mut self, id: &str, error: &Error) -> io::Result<()> {
        self.line(&Failure {
            id,
            error: Cause {
                kind: error.kind(),
                message: error.to_string(),
            },
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
