//! Parquet: its rows as documents, or as lines of JSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::open::PARQUET;
use super::{Input, Opened};
use crate::{Result, guard};

mod maps;
mod raw;
mod rows;
mod table;

use maps::Maps;
pub(super) use rows::Rows;
use table::Table;

/// Rows decoded at once.
const ROWS: usize = 256;

/// Bytes that any page may unpack to.
const PAGE: u64 = 64 << 20;

/// How many times its packed size a page may unpack to beyond that. gzip packs to a thousandth at best.
const PACKED: u64 = 1100;

/// The rows as lines of JSON.
pub(super) fn as_jsonl(input: &Input, opened: Opened) -> Result<Box<dyn BufRead + Send>> {
    let lines = Lines {
        table: Table::open(input, opened)?,
        line: io::Cursor::new(Vec::new()),
    };
    Ok(Box::new(BufReader::new(lines)))
}

/// Runs the library, which panics on some damaged files. After a panic its objects are not used
/// again.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    match guard::guarded(work) {
        Ok(done) => done.map_err(|e| invalid(e.to_string())),
        Err(_) => Err(invalid("it is damaged".to_owned())),
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Checks that all columns lie inside the file: the library allocates them before it reads them.
fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), ParquetError> {
    let groups = metadata.row_groups().iter();
    for column in groups.flat_map(|group| group.columns()) {
        let dictionary = column.dictionary_page_offset();
        let start = dictionary.unwrap_or(column.data_page_offset());
        let end = start.checked_add(column.compressed_size());
        let inside = start >= 0
            && column.compressed_size() >= 0
            && end.is_some_and(|end| u64::try_from(end).is_ok_and(|end| end <= size));
        if !inside {
            let path = column.column_path();
            let message = format!("the column {path} lies outside of the file; it is damaged");
            return Err(ParquetError::General(message));
        }
    }
    Ok(())
}

/// A file whose pages' claimed sizes are checked: the library allocates a page before it unpacks it.
struct Pages(File);

impl Length for Pages {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Pages {
    type T = BufReader<File>;

    /// Reads from the header of a page, or from the last bytes of the file.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut read = self.0.get_read(start)?;
        match sizes(read.fill_buf()?) {
            Some((size, packed)) if size > PAGE.saturating_add(packed.saturating_mul(PACKED)) => {
                let message = format!(
                    "a page of {packed} bytes says that it is {size} when unpacked; it is damaged"
                );
                Err(ParquetError::General(message))
            }
            _ => Ok(read),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0.get_bytes(start, length)
    }
}

/// Unpacked and packed size, the second and third field of a page's header in Thrift's
/// compact protocol.
fn sizes(header: &[u8]) -> Option<(u64, u64)> {
    /// The type byte of an `i32` whose field number is one above that of the field before.
    const NEXT_INTEGER: u8 = 0x15;
    let mut bytes = header.iter();
    let mut field = || {
        if *bytes.next()? != NEXT_INTEGER {
            return None;
        }
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = *bytes.next()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number >> 1);
            }
        }
        None
    };
    field()?;
    Some((field()?, field()?))
}

/// Whether the file is Parquet without compression around it.
fn is_plain(mut file: &File) -> bool {
    let mut magic = [0; 4];
    file.read_exact(&mut magic).is_ok() && magic == *PARQUET
}

fn spool(bytes: &mut impl BufRead) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}

struct Lines {
    table: Table,
    line: io::Cursor<Vec<u8>>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.line.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let next = guarded(|| {
                let batch = self.table.next()?;
                let lines = |batch| written(&with_text(&batch, None)?);
                batch.map(lines).transpose()
            })?;
            match next {
                None => return Ok(0),
                Some(lines) => self.line = io::Cursor::new(lines),
            }
        }
    }
}

/// The rows of a batch as lines of JSON.
fn written(batch: &RecordBatch) -> Result<Vec<u8>, ParquetError> {
    let builder = WriterBuilder::new().with_encoder_factory(Arc::new(Maps));
    let mut writer = builder.build::<_, LineDelimited>(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

/// The batch with columns of bytes as text where they are UTF-8: writers need not mark them as text. In the
/// column `id` values that are not UTF-8 become null.
fn with_text(batch: &RecordBatch, id: Option<&str>) -> Result<RecordBatch, ParquetError> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let columns = names.zip(batch.columns()).map(|(name, column)| {
        let read = text_of(column.as_ref(), id == Some(name));
        (name, read.unwrap_or_else(|| Arc::clone(column)), true)
    });
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

fn text_of(column: &dyn Array, invalid_as_null: bool) -> Option<ArrayRef> {
    let rows = bytes_of(column)?.map(|row| row.map(str::from_utf8).transpose());
    let rows: StringArray = match invalid_as_null {
        true => rows.map(|row| row.unwrap_or(None)).collect(),
        false => rows.collect::<Result<Vec<_>, _>>().ok()?.into(),
    };
    Some(Arc::new(rows))
}

/// The values of a column of bytes.
fn bytes_of(column: &dyn Array) -> Option<Box<dyn Iterator<Item = Option<&[u8]>> + '_>> {
    Some(match column.data_type() {
        DataType::Binary => Box::new(column.as_binary_opt::<i32>()?.iter()),
        DataType::LargeBinary => Box::new(column.as_binary_opt::<i64>()?.iter()),
        DataType::BinaryView => Box::new(column.as_binary_view_opt()?.iter()),
        DataType::FixedSizeBinary(_) => Box::new(column.as_fixed_size_binary_opt()?.iter()),
        _ => return None,
    })
}
