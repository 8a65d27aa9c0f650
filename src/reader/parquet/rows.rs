//! Rows as documents: one column is the text, the others become metadata by way of JSON.

use std::io;
use std::vec;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::errors::ParquetError;
use serde_json::Value;

use super::super::{Input, Metadata, Meter, Opened, Reader, Source, jsonl, utf8};
use super::{Table, bytes_of, guarded, invalid, with_text, written};
use crate::{Error, Result, Text};

/// The documents of a Parquet file.
pub(in crate::reader) struct Rows {
    input: Input,
    table: Table,
    text_field: String,
    id_field: String,
    meter: Meter,
    /// Rows that were decoded and not yet given out.
    batch: vec::IntoIter<Row>,
    /// The number of the row last given out, from 1.
    row: usize,
    /// Number of rows decoded.
    decoded: u64,
    /// Bytes counted for them.
    counted: u64,
    ended: bool,
}

/// A row: its text, if its column holds texts, and its other columns as a JSON object, or why they are
/// none.
struct Row {
    text: Option<Cell>,
    fields: Result<String, String>,
}

enum Cell {
    Null,
    Bytes(Vec<u8>),
}

impl Rows {
    /// Opens a file.
    ///
    /// # Errors
    /// For a file that cannot be read or has no column with the text.
    pub(in crate::reader) fn new(reader: &Reader, input: &Input, opened: Opened) -> Result<Self> {
        let table = Table::open(input, opened)?;
        let wanted = &reader.text_field;
        let names = table.names();
        if !names.contains(&wanted.as_str()) {
            let names = names.join(", ");
            return Err(input.failed(invalid(format!(
                "there is no column {wanted}; the columns are {names}; name the one with the text with --text-column"
            ))));
        }
        Ok(Self {
            input: input.clone(),
            table,
            text_field: wanted.clone(),
            id_field: reader.id_field.clone(),
            meter: reader.meter.clone(),
            batch: Vec::new().into_iter(),
            row: 0,
            decoded: 0,
            counted: 0,
            ended: false,
        })
    }

    /// Decodes the next rows, if there are any.
    fn decode(&mut self) -> Result<bool> {
        let fields @ [text, id] = [self.text_field.as_str(), &self.id_field];
        let mut batch = guarded(|| self.table.next());
        if batch.is_err() && guarded(|| self.table.read_strings_raw(fields)).unwrap_or(false) {
            batch = guarded(|| self.table.next());
        }
        let Some(batch) = batch.map_err(|e| self.input.failed(e))? else {
            self.count(self.table.rows);
            return Ok(false);
        };
        let before = self.decoded;
        self.decoded += batch.num_rows() as u64;
        // The table has moved past these rows: they cannot be read again.
        let rows = guarded(|| rows(&batch, text, id)).map_err(|e| {
            let (first, last) = (before + 1, self.decoded);
            let reason = format!("rows {first} to {last}: {e}");
            self.input.failed(invalid(reason))
        })?;
        self.count(self.decoded);
        self.batch = rows.into_iter();
        Ok(true)
    }

    /// Counts the share of the file that the first `rows` rows make up: the library does not read in order.
    fn count(&mut self, rows: u64) {
        let (all, most) = (
            u128::from(self.table.rows),
            u128::from(self.table.uncounted),
        );
        let share = (most * u128::from(rows)).checked_div(all).unwrap_or(most);
        let share = u64::try_from(share.min(most)).unwrap_or(self.counted);
        self.meter.skip(share.saturating_sub(self.counted));
        self.counted = share.max(self.counted);
    }

    fn document(&self, row: Row) -> Source {
        let place = || format!("{}:{}", self.input.name(), self.row);
        match self.parse(row) {
            Ok((id, text, metadata)) => Source {
                id: id.unwrap_or_else(place),
                text,
                derived: false,
                metadata,
            },
            Err(error) => Source::failed(place(), error),
        }
    }

    fn parse(&self, row: Row) -> Result<(Option<String>, Result<Text>, Metadata)> {
        let (text, id) = (&self.text_field, &self.id_field);
        let line = row.fields.map_err(|reason| self.wrong(reason))?;
        let fields = serde_json::from_str(&line);
        let mut fields: Metadata =
            fields.map_err(|e| self.wrong(format!("its columns make no JSON: {e}")))?;
        let id = jsonl::id(&mut fields, &line, id).map_err(|reason| {
            self.wrong(format!(
                "the column {id} is {reason}; name another with --id-column"
            ))
        })?;
        let found = match (row.text, fields.shift_remove(text)) {
            (Some(Cell::Bytes(bytes)), _) => self.text(bytes),
            (None, Some(Value::String(found))) => self.text(found.into_bytes()),
            (Some(Cell::Null), _) | (None, None | Some(Value::Null)) => {
                Err(self.wrong(format!(
                    "the column {text} is null; leave out rows without text, or name the column that has it with --text-column"
                )))
            }
            (None, Some(_)) => Err(self.wrong(format!(
                "the column {text} is no text; name the one that is with --text-column"
            ))),
        };
        Ok((id, found, fields))
    }

    fn text(&self, bytes: Vec<u8>) -> Result<Text> {
        let column = &self.text_field;
        let text = utf8(bytes).map_err(|error| match error {
            Error::NotUtf8 { offset, .. } => self.wrong(format!(
                "the column {column} is not UTF-8 at byte {offset}; decode it before it is written, or leave the row out"
            )),
            Error::Nul { offset } => self.wrong(format!(
                "the column {column} has a NUL byte at byte {offset}; take it out before it is written, or leave the row out"
            )),
            other => other,
        })?;
        Ok(text.into())
    }

    fn wrong(&self, message: String) -> Error {
        Error::Row {
            path: self.input.path(),
            row: self.row,
            message,
        }
    }
}

impl Iterator for Rows {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        loop {
            if let Some(row) = self.batch.next() {
                self.row += 1;
                return Some(self.document(row));
            }
            if self.ended {
                return None;
            }
            match self.decode() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    self.count(self.table.rows);
                    return Some(Source::failed(self.input.name(), error));
                }
            }
        }
    }
}

/// The rows of a batch. A text is taken as it is, not by way of JSON.
fn rows(batch: &RecordBatch, text: &str, id: &str) -> Result<Vec<Row>, ParquetError> {
    let column = batch.column_by_name(text).map(texts).transpose()?.flatten();
    let mut others = batch.clone();
    if column.is_some()
        && let Ok(at) = batch.schema().index_of(text)
    {
        others.remove_column(at);
    }
    let objects = match others.num_columns() {
        0 => vec![Ok("{}".to_owned()); batch.num_rows()],
        _ => objects(&with_text(&others, Some(id))?),
    };
    let mut cells = column.unwrap_or_default().into_iter();
    let row = |fields| Row {
        text: cells.next(),
        fields,
    };
    Ok(objects.into_iter().map(row).collect())
}

/// Each row as a JSON object. Where the batch cannot be written as JSON its rows are tried one by one, so
/// that only some fail.
fn objects(batch: &RecordBatch) -> Vec<Result<String, String>> {
    let rows = batch.num_rows();
    match lines(batch) {
        Ok(lines) if lines.lines().count() == rows => {
            lines.lines().map(|line| Ok(line.to_owned())).collect()
        }
        _ => (0..rows).map(|row| object(&batch.slice(row, 1))).collect(),
    }
}

/// A row as a JSON object, or which of its columns cannot be written as JSON, and why.
fn object(row: &RecordBatch) -> Result<String, String> {
    let whole = lines(row).map(|line| line.trim_end().to_owned());
    whole.map_err(|error| {
        let column = |at: usize| row.project(&[at]);
        let fails = |at: &usize| column(*at).is_ok_and(|column| lines(&column).is_err());
        let at = (0..row.num_columns()).find(fails);
        match at.and_then(|at| row.schema().fields().get(at).cloned()) {
            Some(field) => {
                let name = field.name();
                format!("the column {name} makes no JSON: {error}; leave the column out")
            }
            None => format!("its columns make no JSON: {error}"),
        }
    })
}

fn lines(batch: &RecordBatch) -> io::Result<String> {
    guarded(|| {
        let lines = written(batch)?;
        String::from_utf8(lines).map_err(|e| ParquetError::External(Box::new(e)))
    })
}

/// The values of a column of text, or of bytes that may be text; `None` for other types.
fn texts(column: &ArrayRef) -> Result<Option<Vec<Cell>>, ParquetError> {
    let plain = match column.data_type() {
        DataType::Dictionary(_, value) => cast(column, value)?,
        _ => column.clone(),
    };
    let cell = |value: Option<&[u8]>| value.map_or(Cell::Null, |bytes| Cell::Bytes(bytes.to_vec()));
    let text = |value: Option<&str>| cell(value.map(str::as_bytes));
    Ok(match plain.data_type() {
        DataType::Utf8 => plain
            .as_string_opt::<i32>()
            .map(|c| c.iter().map(text).collect()),
        DataType::LargeUtf8 => plain
            .as_string_opt::<i64>()
            .map(|c| c.iter().map(text).collect()),
        DataType::Utf8View => plain
            .as_string_view_opt()
            .map(|c| c.iter().map(text).collect()),
        _ => bytes_of(plain.as_ref()).map(|values| values.map(cell).collect()),
    })
}
