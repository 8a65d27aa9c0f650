//! Results of `newshound annotate` back to documents.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::corpus::register::Found;
use crate::reader::{Input, Metadata, Reader};
use crate::spaces::one_line;
use crate::{Error, OffsetCursor, OffsetUnit, Result};

/// A document as it was written. Fields are null in Parquet where JSONL has none.
#[derive(Deserialize)]
struct Line {
    id: String,
    offset_unit: Option<String>,
    text: Option<String>,
    metadata: Option<Value>,
    entities: Option<Vec<Entity>>,
    names: Option<Vec<Found>>,
    topics: Option<Vec<About>>,
    stats: Option<Stats>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Entity {
    start: usize,
    end: usize,
    text: String,
    label: String,
    entity: Option<usize>,
}

/// A topic of a document.
#[derive(Deserialize)]
pub(super) struct About {
    pub(super) code: String,
    pub(super) label: String,
}

#[derive(Deserialize)]
struct Stats {
    words: u64,
}

/// A document, tagged or failed.
pub(super) struct Record {
    pub(super) id: String,
    pub(super) failed: bool,
    pub(super) text: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) names: Vec<Found>,
    pub(super) mentions: Vec<Mention>,
    pub(super) topics: Vec<About>,
    pub(super) words: u64,
    unit: OffsetUnit,
}

/// A span in the unit of the results.
pub(super) struct Mention {
    start: usize,
    end: usize,
    text: String,
    /// Index of its name, if it has one.
    name: Option<usize>,
}

/// A span in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) name: usize,
}

/// The documents of a file of results.
pub(super) struct Records {
    path: PathBuf,
    lines: Box<dyn BufRead + Send>,
    line: usize,
}

impl Records {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            lines: Reader::default().bytes(&Input::File(path.to_owned()))?,
            line: 0,
        })
    }

    fn next_record(&mut self) -> Result<Option<Record>> {
        loop {
            let mut bytes = Vec::new();
            let read = self.lines.read_until(b'\n', &mut bytes);
            let read = read.map_err(|source| Error::Read {
                path: self.path.clone(),
                source,
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if !bytes.trim_ascii().is_empty() {
                return match serde_json::from_slice::<Line>(&bytes) {
                    Ok(line) => self.record(line).map(Some),
                    Err(error) => Err(self.wrong(&error.to_string())),
                };
            }
        }
    }

    /// The error of the line last read.
    pub(super) fn wrong(&self, message: &str) -> Error {
        let line = self.line;
        Error::Results {
            path: self.path.clone(),
            message: format!(
                "line {line}: {message}; a report needs the JSONL that newshound annotate writes"
            ),
        }
    }

    fn record(&self, line: Line) -> Result<Record> {
        let unit = line
            .offset_unit
            .as_deref()
            .map(str::parse::<OffsetUnit>)
            .transpose();
        let entities = line.entities.unwrap_or_default();
        if line.error.is_none() && line.offset_unit.is_none() {
            return Err(self.wrong("there is neither offset_unit nor error"));
        }
        let (names, of) = match line.names {
            Some(names) if !names.is_empty() => {
                let of = entities
                    .iter()
                    .map(|e| e.entity.filter(|n| *n < names.len()));
                let of = of.collect();
                (names, of)
            }
            // Written by an older version, or with --no-names.
            _ => by_surface(&entities),
        };
        let mentions = entities.into_iter().zip(of).map(|(entity, name)| Mention {
            start: entity.start,
            end: entity.end,
            text: entity.text,
            name,
        });
        Ok(Record {
            id: line.id,
            failed: line.error.is_some(),
            text: line.text,
            metadata: metadata(line.metadata),
            names,
            mentions: mentions.collect(),
            topics: line.topics.unwrap_or_default(),
            words: line.stats.map_or(0, |stats| stats.words),
            unit: unit
                .map_err(|e| self.wrong(&e.to_string()))?
                .unwrap_or_default(),
        })
    }
}

impl Iterator for Records {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

impl Record {
    /// The mentions in bytes of `text`; `None` where the text is not the one that was tagged.
    pub(super) fn ranges(&self, text: &str) -> Option<Vec<Range>> {
        let mut cursor = OffsetCursor::new(text, self.unit);
        let mut ranges = Vec::new();
        for mention in &self.mentions {
            let (start, end) = (cursor.byte(mention.start)?, cursor.byte(mention.end)?);
            if text.get(start..end)? != mention.text {
                return None;
            }
            if let Some(name) = mention.name {
                ranges.push(Range { start, end, name });
            }
        }
        Some(ranges)
    }
}

/// An object, or a string that holds one, as in Parquet.
fn metadata(value: Option<Value>) -> Metadata {
    match value {
        Some(Value::Object(fields)) => fields,
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
        _ => Metadata::new(),
    }
}

/// Names of results that have none: mentions of one surface and label.
fn by_surface(entities: &[Entity]) -> (Vec<Found>, Vec<Option<usize>>) {
    let (mut names, mut known) = (Vec::<Found>::new(), HashMap::new());
    let mut of = Vec::new();
    for entity in entities {
        let found = Found {
            label: entity.label.clone(),
            name: one_line(&entity.text),
            mentions: 0,
            place: None,
            country: None,
            link: None,
        };
        let at = *known.entry(found.alias()).or_insert(names.len());
        if at == names.len() {
            names.push(found);
        }
        if let Some(name) = names.get_mut(at) {
            name.mentions += 1;
        }
        of.push(Some(at));
    }
    (names, of)
}
