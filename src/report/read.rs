//! Lines of results as documents, whose mentions can be found in their texts.

use std::collections::HashMap;

use crate::corpus::register::Found;
use crate::reader::Metadata;
use crate::results::{Entity, Line};
use crate::spaces::one_line;
use crate::{OffsetCursor, OffsetUnit, Topic};

/// A document, tagged or failed.
pub(super) struct Record {
    pub(super) id: String,
    pub(super) failed: bool,
    pub(super) text: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) names: Vec<Found>,
    pub(super) mentions: Vec<Mention>,
    pub(super) topics: Vec<Topic>,
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

impl From<Line> for Record {
    fn from(line: Line) -> Self {
        let named = |entity: &Entity| entity.entity.filter(|name| *name < line.names.len());
        let (names, of) = match line.names.is_empty() {
            false => (
                line.names.iter().map(Found::from).collect(),
                line.entities.iter().map(named).collect(),
            ),
            // Written by an older version, or with --no-names.
            true => by_surface(&line.entities),
        };
        let mentions = line.entities.into_iter().zip(of);
        let mentions = mentions.map(|(entity, name)| Mention {
            start: entity.start,
            end: entity.end,
            text: entity.text,
            name,
        });
        Self {
            id: line.id,
            failed: line.error.is_some(),
            text: line.text,
            metadata: line.metadata,
            names,
            mentions: mentions.collect(),
            topics: line.topics,
            words: line.stats.words as u64,
            unit: line.offset_unit.unwrap_or_default(),
        }
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

/// Names for results without any: mentions of one surface and label have one name.
fn by_surface(entities: &[Entity]) -> (Vec<Found>, Vec<Option<usize>>) {
    let (mut names, mut known) = (Vec::<Found>::new(), HashMap::new());
    let mut of = Vec::new();
    for entity in entities {
        let found = Found {
            label: entity.label.to_string(),
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
