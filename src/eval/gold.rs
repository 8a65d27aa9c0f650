//! Reader of JSONL with gold spans: `{"text": .., "entities": [{"start", "end", "label"}]}`
//! a line; an entity may also have the full `name` that it stands for.

use serde_json::Value;

use super::{Error, Relabel};
use crate::document::{Document, Span};
use crate::error::not_json;
use crate::{OffsetCursor, OffsetUnit, names};

/// A text and its gold spans: byte offsets, half-open, and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gold {
    /// Line number, from 1.
    pub line: usize,
    /// The row's `id`, as JSON where it is no string; empty where there is none.
    pub id: String,
    /// The text.
    pub text: String,
    /// The spans, in the order of the text.
    pub spans: Vec<(usize, usize, String)>,
    /// For each span the full name that it stands for, where the row gives one.
    pub names: Vec<Option<String>>,
}

impl Gold {
    /// A document with the gold spans under their new labels, grouped into names.
    #[must_use]
    pub fn document(&self, labels: &Relabel) -> Document {
        let spans = self.spans.iter().filter_map(|(start, end, label)| {
            Some(Span {
                start: *start,
                end: *end,
                label: labels.apply(label)?.into(),
                score: 1.0,
                name: None,
            })
        });
        let mut spans: Vec<Span> = spans.collect();
        let names = names::find(&self.text, &mut spans);
        Document {
            text: self.text.clone(),
            spans,
            names,
            ..Document::default()
        }
    }
}

/// Reads JSONL with gold spans. A row's `offset_unit` says what its offsets count;
/// rows without one count in `unit`. An entity that gives its `text` is checked
/// against the slice its offsets name. Blank lines are passed over.
///
/// # Errors
/// [`Error::Gold`] with the line number for a line that is not such a row.
pub fn gold(jsonl: &str, unit: OffsetUnit) -> Result<Vec<Gold>, Error> {
    jsonl
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(row, line)| read(row, line, unit).map_err(|message| Error::Gold { line, message }))
        .collect()
}

fn read(row: &str, line: usize, unit: OffsetUnit) -> Result<Gold, String> {
    let row: Value = serde_json::from_str(row).map_err(|e| not_json(&e))?;
    let text = row.get("text").and_then(Value::as_str).ok_or(
        "there is no string text; each line must be {\"text\":\"...\",\"entities\":[...]}",
    )?;
    let unit = match row.get("offset_unit") {
        None => unit,
        Some(name) => {
            let name = name.as_str().unwrap_or_default();
            name.parse()
                .map_err(|e: crate::Error| format!("offset_unit: {e}"))?
        }
    };
    let entities = row
        .get("entities")
        .and_then(Value::as_array)
        .ok_or("there is no array entities; write [] for a text without names")?;
    let mut spans = Vec::with_capacity(entities.len());
    for entity in entities {
        let number = |field| entity.get(field).and_then(Value::as_u64);
        let number = |field| number(field).and_then(|n| usize::try_from(n).ok());
        let label = entity.get("label").and_then(Value::as_str);
        let (Some(start), Some(end), Some(label)) = (number("start"), number("end"), label) else {
            return Err(format!("{entity} lacks start, end or label"));
        };
        spans.push((
            start,
            end,
            label,
            entity.get("text").and_then(Value::as_str),
            entity.get("name").and_then(Value::as_str),
        ));
    }
    spans.sort_unstable();
    let mut cursor = OffsetCursor::new(text, unit);
    let spans = spans.into_iter().map(|(start, end, label, surface, name)| {
        // Spans may overlap, so the end has a cursor of its own.
        let found = cursor
            .byte(start)
            .and_then(|a| Some((a, cursor.clone().byte(end)?)));
        let slice = found
            .and_then(|(a, b)| text.get(a..b))
            .filter(|slice| !slice.is_empty());
        match (found, slice, surface) {
            (Some((a, b)), Some(slice), surface) if surface.is_none_or(|s| s == slice) => {
                Ok(((a, b, label.to_owned()), name.map(str::to_owned)))
            }
            (_, slice, surface) => Err(format!(
                "the entity {:?} at {start}..{end} has offsets, read as {unit}, that {}; give the \
                 row an offset_unit (byte, char or utf16) or use --offsets",
                surface.unwrap_or(label),
                slice.map_or("name no part of the text".to_owned(), |s| format!(
                    "name {s:?}"
                ))
            )),
        }
    });
    let (spans, names) = spans.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let id = match row.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(id) => id.to_string(),
        None => String::new(),
    };
    Ok(Gold {
        line,
        id,
        spans,
        names,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"text":"😀 Kyiv, Ukraine","entities":[{"start":8,"end":15,"label":"GPE"},{"start":2,"end":6,"label":"GPE","text":"Kyiv"}]}"#;

    #[test]
    fn spans_come_in_bytes_whatever_they_count_in_the_row() {
        let read = gold(ROW, OffsetUnit::Char).unwrap();
        assert_eq!(
            read[0].spans,
            [(5, 9, "GPE".to_owned()), (11, 18, "GPE".to_owned())]
        );
        let row = ROW.replace("\"text\":\"😀", "\"offset_unit\":\"char\",\"text\":\"😀");
        assert_eq!(gold(&row, OffsetUnit::Byte).unwrap(), read);
    }

    #[test]
    fn rows_have_their_line_and_an_id_of_any_kind() {
        let row = |id: &str| format!("{{{id}\"text\":\"x\",\"entities\":[]}}\n");
        let rows = ["\"id\":\"a\",", "\"id\":7,", ""].map(row).join("\n");
        let read = gold(&rows, OffsetUnit::Byte).unwrap();
        let read: Vec<(usize, &str)> = read.iter().map(|row| (row.line, &*row.id)).collect();
        assert_eq!(read, [(1, "a"), (3, "7"), (5, "")]);
    }

    #[test]
    fn wrong_offsets_are_named_with_the_way_out() {
        let error = |row: &str, unit| gold(&format!("\n{row}"), unit).unwrap_err().to_string();
        let failed = error(ROW, OffsetUnit::Utf16);
        assert!(
            failed.starts_with("line 2: the entity \"Kyiv\" at 2..6"),
            "{failed}"
        );
        assert!(
            failed.contains("read as utf16, that name \" Kyi\"; give the row"),
            "{failed}"
        );
        let failed = error(ROW, OffsetUnit::Byte);
        assert!(failed.contains("name no part of the text"), "{failed}");
        for (row, wanted) in [
            ("[]", "no string text"),
            ("{\"text\":\"x\"}", "no array entities"),
            (
                "{\"text\":\"x\",\"entities\":[{\"start\":0}]}",
                "lacks start, end or label",
            ),
            (
                "{\"text\":\"x\",\"entities\":[],\"offset_unit\":7}",
                "unknown offset unit",
            ),
            ("{", "not JSON"),
        ] {
            let failed = error(row, OffsetUnit::Byte);
            assert!(failed.contains(wanted), "{failed}");
        }
    }
}
