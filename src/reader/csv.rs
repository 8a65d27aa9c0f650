//! CSV and TSV with a header line; each record is a document.

use std::io::BufRead;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use serde_json::Value;

use super::{Input, Metadata, Opened, Reader, Source, utf8};
use crate::{Error, Result};

/// The documents of a CSV input.
pub(super) struct Rows {
    input: Input,
    rows: csv::Reader<Box<dyn BufRead + Send>>,
    columns: Option<Columns>,
    text_column: String,
    id_column: String,
    decoded: bool,
    ended: bool,
}

/// Names of the columns, and which hold id and text.
struct Columns {
    names: Vec<String>,
    text: usize,
    id: Option<usize>,
}

impl Rows {
    pub(super) fn new(reader: &Reader, input: &Input, opened: Opened, delimiter: u8) -> Self {
        Self {
            input: input.clone(),
            rows: ReaderBuilder::new()
                .delimiter(delimiter)
                .from_reader(opened.bytes),
            columns: None,
            text_column: reader.text_field.clone(),
            id_column: reader.id_field.clone(),
            decoded: opened.decoded,
            ended: false,
        }
    }

    /// Reads the header line.
    fn header(&mut self) -> Result<Columns> {
        let header = self.rows.byte_headers().cloned();
        let header = header.map_err(|e| self.failed(e))?;
        let mut names = Vec::with_capacity(header.len());
        for name in &header {
            let name = utf8(name.to_vec()).map_err(|e| wrong(1, &e.to_string()))?;
            names.push(name);
        }
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let text = find(&self.text_column).ok_or_else(|| {
            let (wanted, there) = (&self.text_column, names.join(", "));
            wrong(
                1,
                &format!("there is no column {wanted}; the columns are {there}; name the one with the text with --text-column"),
            )
        })?;
        Ok(Columns {
            text,
            id: find(&self.id_column),
            names,
        })
    }

    fn row(&self, columns: &Columns, row: &ByteRecord) -> Source {
        let line = row.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        let place = format!("{}:{line}", self.input.name());
        let cell = |at: usize| utf8(row.get(at).unwrap_or_default().to_vec());
        let named = |at: usize| cell(at).map_err(|e| wrong(line, &e.to_string()));
        let id = columns.id.map(named).transpose();
        let id = match id.map(|id| id.filter(|id| !id.is_empty())) {
            Ok(id) => id.unwrap_or(place),
            Err(error) => return Source::failed(place, error),
        };
        let mut metadata = Metadata::new();
        for (at, name) in columns.names.iter().enumerate() {
            if at != columns.text && Some(at) != columns.id {
                match named(at) {
                    Ok(value) => metadata.insert(name.clone(), Value::String(value)),
                    Err(error) => return Source::failed(id, error),
                };
            }
        }
        Source {
            id,
            text: named(columns.text).map(Into::into),
            derived: self.decoded,
            metadata,
        }
    }

    /// An error of the reader. Only rows of the wrong length can be read past.
    fn failed(&mut self, error: csv::Error) -> Error {
        let line = error.position().map_or(1, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        match error.into_kind() {
            ErrorKind::Io(source) => {
                self.ended = true;
                self.input.failed(source)
            }
            ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => wrong(
                line,
                &format!(
                    "found {len} fields where the header has {expected_len}; quote fields that \
                     hold the delimiter, quotes or line breaks"
                ),
            ),
            other => wrong(line, &format!("{other:?}")),
        }
    }
}

fn wrong(line: usize, message: &str) -> Error {
    Error::Record {
        line,
        message: message.to_owned(),
    }
}

impl Iterator for Rows {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        if self.ended {
            return None;
        }
        let columns = match self.columns.take().map_or_else(|| self.header(), Ok) {
            Ok(columns) => columns,
            Err(error) => {
                self.ended = true;
                return Some(Source::failed(self.input.name(), error));
            }
        };
        let mut row = ByteRecord::new();
        let source = match self.rows.read_byte_record(&mut row) {
            Ok(true) => Some(self.row(&columns, &row)),
            Ok(false) => {
                self.ended = true;
                None
            }
            Err(error) => {
                let error = self.failed(error);
                let id = match &error {
                    Error::Record { line, .. } => format!("{}:{line}", self.input.name()),
                    _ => self.input.name(),
                };
                Some(Source::failed(id, error))
            }
        };
        self.columns = Some(columns);
        source
    }
}
