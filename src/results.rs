//! Results in JSONL, as `newshound annotate` and [`crate::writer::Jsonl`] write them, read back.
//!
//! ```no_run
//! for line in newshound::results::read("tagged/annotations.jsonl")? {
//!     let line = line?;
//!     for entity in line.entities.iter().filter(|entity| &*entity.label == "ORG") {
//!         println!("{} {} {:.2}", line.id, entity.text, entity.score);
//!     }
//! }
//! # Ok::<(), newshound::Error>(())
//! ```

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::not_json;
use crate::fields::shared;
use crate::reader::{Input, Metadata, Reader};
use crate::{Error, Name, OffsetUnit, Result, Stats, Topic};

/// A document, tagged or failed; `docs/FORMAT.md` describes its fields. Fields that are missing or
/// null, as in the rows of a Parquet file, are empty.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// The document's id; empty for a [`Document`](crate::Document) that was serialised by itself.
    #[serde(default, deserialize_with = "or_empty")]
    pub id: String,
    /// What [`Entity::start`] and [`Entity::end`] count; `None` where the document failed.
    pub offset_unit: Option<OffsetUnit>,
    /// The text, where it was written.
    pub text: Option<String>,
    /// The record's other fields, from an object or from a string that holds one, as in Parquet.
    #[serde(default, deserialize_with = "metadata")]
    pub metadata: Metadata,
    /// Spans in text order, disjoint.
    #[serde(default, deserialize_with = "or_empty")]
    pub entities: Vec<Entity>,
    /// What the spans mention, in the order of their first mention.
    #[serde(default, deserialize_with = "or_empty")]
    pub names: Vec<Name>,
    /// What the document is about, the best first.
    #[serde(default, deserialize_with = "or_empty")]
    pub topics: Vec<Topic>,
    /// How much was read.
    #[serde(default, deserialize_with = "or_empty")]
    pub stats: Stats,
    /// Why the document failed; `None` where it is tagged.
    pub error: Option<Failure>,
}

/// A span and its text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entity {
    /// Where it starts, in the line's unit.
    pub start: usize,
    /// One past its end, in the line's unit.
    pub end: usize,
    /// Its text.
    pub text: String,
    /// Its label.
    #[serde(with = "shared")]
    pub label: Arc<str>,
    /// As [`crate::Span::score`], with four decimals.
    pub score: f32,
    /// The name it mentions: an index into [`Line::names`].
    pub entity: Option<usize>,
}

/// Why a document could not be read or tagged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// As [`Error::kind`].
    pub kind: String,
    /// For people.
    pub message: String,
}

/// The lines of a file of results. They go on after an invalid line, and end where the file cannot be read
/// on.
pub struct Lines {
    path: PathBuf,
    bytes: Box<dyn BufRead + Send>,
    line: usize,
    ended: bool,
}

/// Reads a file of results, plain or compressed, line by line.
///
/// # Errors
/// [`Error::Read`] or [`Error::Directory`], here and for each line, and [`Error::Results`] for an
/// invalid line.
pub fn read(path: impl AsRef<Path>) -> Result<Lines> {
    let path = path.as_ref();
    Ok(Lines {
        path: path.to_owned(),
        bytes: Reader::default().bytes(&Input::File(path.to_owned()))?,
        line: 0,
        ended: false,
    })
}

impl Lines {
    fn next_line(&mut self) -> Result<Option<Line>> {
        while !self.ended {
            let mut bytes = Vec::new();
            let read = self.bytes.read_until(b'\n', &mut bytes);
            self.ended = !matches!(read, Ok(1..));
            if read.map_err(|e| Error::reading(&self.path)(e))? == 0 {
                break;
            }
            self.line += 1;
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            return match serde_json::from_slice::<Line>(&bytes) {
                Ok(line) if line.error.is_none() && line.offset_unit.is_none() => {
                    Err(self.wrong("there is neither offset_unit nor error"))
                }
                Ok(line) => Ok(Some(line)),
                Err(error) => Err(self.wrong(&not_json(&error))),
            };
        }
        Ok(None)
    }

    /// An error of the line last read.
    pub(crate) fn wrong(&self, message: &str) -> Error {
        let line = self.line;
        Error::Results {
            path: self.path.clone(),
            message: format!(
                "line {line}: {message}; give the JSONL that newshound annotate writes"
            ),
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

fn metadata<'de, D: Deserializer<'de>>(from: D) -> Result<Metadata, D::Error> {
    let found = match Value::deserialize(from)? {
        Value::Null => Some(Metadata::new()),
        Value::Object(fields) => Some(fields),
        Value::String(text) => serde_json::from_str(&text).ok(),
        _ => None,
    };
    found.ok_or_else(|| {
        D::Error::custom("metadata is neither an object nor a string that holds one")
    })
}

/// Reads null as the default.
fn or_empty<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{Jsonl, Record, Writer};
    use crate::{Document, Span};

    fn document() -> Document {
        Document {
            text: "😀 NATO met.".to_owned(),
            spans: vec![Span {
                start: 5,
                end: 9,
                label: "ORG".into(),
                score: 0.5,
                name: Some(0),
            }],
            names: vec![Name {
                id: 0,
                label: "ORG".into(),
                name: "NATO".to_owned(),
                mentions: 1,
                place: None,
                country: None,
                link: Some("Q7184".to_owned()),
            }],
            topics: vec![Topic {
                code: "medtop:11000000".into(),
                label: "politics and government".into(),
                score: 0.75,
            }],
            ..Document::default()
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let document = document();
        let metadata = serde_json::json!({"date": "2026-11-03"});
        let metadata = metadata.as_object().unwrap();
        let record = Record {
            id: "a",
            document: &document,
            metadata,
            with_text: false,
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results.jsonl");
        let mut out = Vec::new();
        let mut writers = [Jsonl::new(OffsetUnit::Char), Jsonl::flat(OffsetUnit::Utf16)];
        for writer in &mut writers {
            writer.document(&mut out, &record).unwrap();
            writer
                .failure(&mut out, "b", &Error::Nul { offset: 3 })
                .unwrap();
        }
        std::fs::write(&path, out).unwrap();
        let lines: Vec<Line> = read(&path).unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(lines.len(), 4);
        for (line, ends) in [(&lines[0], (2, 6)), (&lines[2], (3, 7))] {
            let [entity] = &line.entities[..] else {
                panic!("{line:?}")
            };
            assert_eq!((entity.start, entity.end), ends);
            assert_eq!((&*entity.text, entity.entity), ("NATO", Some(0)));
            assert_eq!(
                (&line.names, &line.topics),
                (&document.names, &document.topics)
            );
            assert_eq!((&line.metadata, &line.error), (metadata, &None));
        }
        assert_eq!((&*lines[1].id, lines[1].offset_unit), ("b", None));
        assert_eq!(lines[1].error.as_ref().unwrap().kind, "not_text");
    }

    #[test]
    fn a_document_by_itself_is_a_line_with_its_text_and_without_id() {
        let document = document();
        let line: Line = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
        assert_eq!((&*line.id, line.text.as_ref()), ("", Some(&document.text)));
        assert_eq!(line.offset_unit, Some(OffsetUnit::Byte));
        let span: Span =
            serde_json::from_value(serde_json::to_value(&document.spans[0]).unwrap()).unwrap();
        assert_eq!(span, document.spans[0]);
        assert_eq!(
            (line.entities[0].start, line.entities[0].end),
            (span.start, span.end)
        );
        assert_eq!(line.names, document.names);
    }

    #[test]
    fn lines_go_on_after_an_invalid_one_and_end_where_the_file_cannot_be_read_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results.jsonl.gz");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        let line = "{\"id\":\"x\",\"offset_unit\":\"char\"}\n";
        std::io::Write::write_all(&mut gzip, format!("{{\n{line}").as_bytes()).unwrap();
        let mut bytes = gzip.finish().unwrap();
        bytes.truncate(bytes.len() - 9);
        std::fs::write(&path, bytes).unwrap();
        let lines: Vec<Result<Line>> = read(&path).unwrap().take(9).collect();
        let [Err(first), .., Err(last)] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert_eq!(first.kind(), "results");
        assert_eq!(last.kind(), "read");
        assert!(lines.len() < 9, "{lines:?}");
    }

    #[test]
    fn metadata_that_is_no_object_is_an_error_that_says_so() {
        let line = |metadata: &str| {
            let line = format!(r#"{{"offset_unit":"char","metadata":{metadata}}}"#);
            serde_json::from_str::<Line>(&line).map_err(|error| not_json(&error))
        };
        for wrong in ["[]", "7", "true", r#""""#, r#""a""#, r#""[1]""#] {
            let error = line(wrong).unwrap_err();
            let wanted = "metadata is neither an object nor a string that holds one at column ";
            assert!(error.starts_with(wanted), "{wrong}: {error}");
        }
        for right in [r#"{"a":1}"#, r#""{\"a\":1}""#] {
            assert_eq!(line(right).unwrap().metadata["a"], 1);
        }
    }

    #[test]
    fn rows_with_nulls_and_older_lines_are_read() {
        let row = r#"{"id":null,"offset_unit":null,"text":null,"metadata":null,"entities":null,"names":null,"topics":null,"stats":null,"error":{"kind":"read","message":"m"}}"#;
        let line: Line = serde_json::from_str(row).unwrap();
        assert_eq!((line.entities, line.stats), (Vec::new(), Stats::default()));
        assert_eq!((&*line.id, line.metadata), ("", Metadata::new()));
        let older = r#"{"id":"x","offset_unit":"char","entities":[]}"#;
        let line: Line = serde_json::from_str(older).unwrap();
        assert_eq!((line.names, line.error), (Vec::new(), None));
    }
}
