//! Reads JSONL with texts and their topics: `{"text": .., "topics": [..]}` on each line.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::not_json;
use crate::{Error, Result};

/// A text and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its id as JSON, where it has one.
    pub id: Option<String>,
    /// The text.
    pub text: String,
    /// Its topics, the main one first; there may be none.
    pub topics: Vec<String>,
}

/// Reads JSONL with topics: `topics` is an array of names, or `topic` a single one. Blank lines are
/// skipped.
///
/// # Errors
/// [`Error::Labelled`] with the number of a line that is no such row.
pub fn labelled(jsonl: &str) -> Result<Vec<Labelled>> {
    let rows = (1..)
        .zip(jsonl.lines())
        .filter(|(_, row)| !row.trim().is_empty());
    rows.map(|(line, row)| read(row, line).map_err(|message| Error::Labelled { line, message }))
        .collect()
}

/// Refuses rows with the id or text of an earlier row.
pub(super) fn distinct(rows: &[Labelled]) -> Result<()> {
    let mut ids = HashMap::new();
    let mut texts = HashMap::new();
    for row in rows {
        let wrong = |message| Error::Labelled {
            line: row.line,
            message,
        };
        if let Some(id) = &row.id
            && let Some(before) = ids.insert(id, row.line)
        {
            return Err(wrong(format!(
                "the id {id} stands in line {before} too; give each row its own"
            )));
        }
        if let Some(before) = texts.insert(row.text.trim(), row) {
            return Err(wrong(match before.topics == row.topics {
                true => format!(
                    "the same text stands in line {}; keep one of them",
                    before.line
                ),
                false => format!(
                    "the same text has the topics {:?} in line {} and {:?} here; keep one row \
                     with those that are right",
                    before.topics, before.line, row.topics
                ),
            }));
        }
    }
    Ok(())
}

fn read(row: &str, line: usize) -> Result<Labelled, String> {
    const SHAPE: &str = "each line must be an object like {\"text\":\"...\",\"topics\":[\"...\"]}";
    let row: Value = serde_json::from_str(row).map_err(|e| format!("{}; {SHAPE}", not_json(&e)))?;
    let id = match row.get("id") {
        None | Some(Value::Null) => None,
        Some(id @ (Value::String(_) | Value::Number(_))) => Some(id.to_string()),
        Some(_) => return Err("the field id is neither a string nor a number".to_owned()),
    };
    let text = row.get("text").and_then(Value::as_str);
    let text = text.ok_or_else(|| format!("there is no string text; {SHAPE}"))?;
    if text.trim().is_empty() {
        return Err("the text is empty; take the row out".to_owned());
    }
    let listed = match (row.get("topics"), row.get("topic")) {
        (Some(Value::Array(topics)), None) => topics.iter().collect(),
        (None, Some(topic)) => vec![topic],
        (Some(_), None) => return Err(format!("topics is not an array; {SHAPE}")),
        (Some(_), Some(_)) => return Err("there is both topics and topic; give one".to_owned()),
        (None, None) => return Err(format!("there is neither topics nor topic; {SHAPE}")),
    };
    let mut topics: Vec<String> = Vec::with_capacity(listed.len());
    for topic in listed {
        let name = topic.as_str().map(str::trim).unwrap_or_default();
        if name.is_empty() || name.contains(char::is_control) {
            return Err(format!("{topic} is no name of a topic"));
        }
        if topics.iter().any(|before| before == name) {
            return Err(format!("the topic {name:?} is named twice"));
        }
        topics.push(name.to_owned());
    }
    Ok(Labelled {
        line,
        id,
        text: text.to_owned(),
        topics,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_one_topic_or_several_or_none() {
        let jsonl = "{\"id\":1,\"text\":\"a\",\"topic\":\"x\"}\n\n{\"id\":\"1\",\"text\":\"b\",\"topics\":[\" y \",\"x\"]}\r\n{\"text\":\"c\",\"topics\":[]}\n";
        let rows = labelled(jsonl).unwrap();
        let topics: Vec<(usize, &[String])> = rows.iter().map(|r| (r.line, &*r.topics)).collect();
        let name = str::to_owned;
        assert_eq!(
            topics,
            [
                (1, &[name("x")][..]),
                (3, &[name("y"), name("x")]),
                (4, &[])
            ]
        );
    }

    #[test]
    fn bad_rows_are_named_with_their_line() {
        let good = "{\"id\":\"a\",\"text\":\"one\",\"topic\":\"x\"}\n";
        for (row, wanted) in [
            ("[", "line 2: not JSON"),
            ("[]", "line 2: there is no string text"),
            (
                "{\"text\":\" \",\"topic\":\"x\"}",
                "line 2: the text is empty",
            ),
            (
                "{\"text\":\"two\"}",
                "line 2: there is neither topics nor topic",
            ),
            (
                "{\"text\":\"two\",\"topics\":\"x\"}",
                "line 2: topics is not an array",
            ),
            (
                "{\"text\":\"two\",\"topic\":\"x\",\"topics\":[]}",
                "line 2: there is both",
            ),
            ("{\"text\":\"two\",\"topic\":7}", "line 2: 7 is no name"),
            (
                "{\"text\":\"two\",\"topics\":[\"x\",\"x\"]}",
                "\"x\" is named twice",
            ),
            (
                "{\"id\":[],\"text\":\"two\",\"topic\":\"x\"}",
                "neither a string nor a number",
            ),
            (
                "{\"id\":\"a\",\"text\":\"two\",\"topic\":\"x\"}",
                "the id \"a\" stands in line 1 too",
            ),
            (
                "{\"text\":\" one\",\"topic\":\"x\"}",
                "line 2: the same text stands in line 1",
            ),
            (
                "{\"text\":\"one\",\"topic\":\"y\"}",
                "line 2: the same text has the topics [\"x\"] in line 1 and [\"y\"] here",
            ),
        ] {
            let rows = labelled(&format!("{good}{row}"));
            let failed = rows
                .and_then(|rows| distinct(&rows))
                .unwrap_err()
                .to_string();
            assert!(failed.contains(wanted), "{failed}");
        }
    }
}
