//! CSV and TSV with a header line; each record is a document.

use std::io::BufRead;

use serde_json::Value;

use super::delimited::{Delimited, Record};
use super::{Input, Metadata, Opened, Reader, Source, utf8};
use crate::{Error, Result};

/// The documents of a CSV input.
pub(super) struct Rows {
    input: Input,
    rows: Delimited<Box<dyn BufRead + Send>>,
    /// Whether it is TSV, where a cell may begin with a quotation.
    tabs: bool,
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
            rows: Delimited::new(opened.bytes, delimiter),
            tabs: delimiter == b'\t',
            columns: None,
            text_column: reader.text_field.clone(),
            id_column: reader.id_field.clone(),
            decoded: opened.decoded,
            ended: false,
        }
    }

    /// Reads the header line.
    fn header(&mut self) -> Result<Columns> {
        let header = self.rows.record().map_err(|e| self.input.failed(e))?;
        let (line, header) = header.map_or((1, Vec::new()), |header| (header.line, header.fields));
        let name = |name| utf8(name).map_err(|e| wrong(line, &e.to_string()));
        let names: Vec<String> = header.into_iter().map(name).collect::<Result<_>>()?;
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let text = find(&self.text_column).ok_or_else(|| {
            let (wanted, there) = (&self.text_column, names.join(", "));
            if names.is_empty() {
                return wrong(line, &format!("there is nothing in it; the first line names the columns, one of them {wanted}"));
            }
            wrong(
                line,
                &format!("there is no column {wanted}; the columns are {there}; name the one with the text with --text-column"),
            )
        })?;
        Ok(Columns {
            text,
            id: find(&self.id_column),
            names,
        })
    }

    fn row(&self, columns: &Columns, record: Record) -> Source {
        let Record {
            line,
            mut fields,
            broken,
        } = record;
        let place = format!("{}:{line}", self.input.name());
        if broken && !self.tabs {
            let message = "a field begins with a quote that does not enclose it; close it, and write \
                           quotes within it twice";
            return Source::failed(place, wrong(line, message));
        }
        let (there, wanted) = (fields.len(), columns.names.len());
        if there != wanted {
            let message = format!(
                "found {there} fields where the header has {wanted}; quote fields that hold the \
                 delimiter, quotes or line breaks"
            );
            return Source::failed(place, wrong(line, &message));
        }
        let mut named = |at: usize| {
            let cell = fields.get_mut(at).map(std::mem::take).unwrap_or_default();
            utf8(cell).map_err(|e| wrong(line, &e.to_string()))
        };
        let id = columns.id.map(&mut named).transpose();
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
        let source = match self.rows.record() {
            Ok(row) => row.map(|row| self.row(&columns, row)),
            Err(error) => {
                self.ended = true;
                Some(Source::failed(self.input.name(), self.input.failed(error)))
            }
        };
        self.columns = Some(columns);
        source
    }
}
