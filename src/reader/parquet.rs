//! Parquet: rows as JSON objects, which are then read as JSONL is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader, StringArray};
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::{Input, InputFormat, Opened};
use crate::{Result, guard};

mod maps;

use maps::Maps;

/// Rows decoded at once.
const ROWS: usize = 256;

/// The rows as lines of JSON, so that a row's number is its line. Parquet is read from
/// its end; what is compressed or piped is put into a temporary file first.
///
/// # Errors
/// What cannot be read, and where the first of `fields`, the text and the id, is no column.
pub(super) fn as_jsonl(
    input: &Input,
    mut opened: Opened,
    fields: Option<[&str; 2]>,
) -> Result<Opened> {
    let failed = |e| input.failed(e);
    let plain = match input {
        Input::File(path) => File::open(path).ok().filter(is_plain),
        Input::Stdin | Input::Bytes { .. } => None,
    };
    let file = match plain {
        Some(file) => file,
        None => spooled(&mut opened.bytes).map_err(failed)?,
    };
    let size = file.metadata().map_err(failed)?.len();
    let rows = guarded(|| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(Pages(file))?;
        check(builder.metadata(), size)?;
        builder.with_batch_size(ROWS).build()
    })
    .map_err(failed)?;
    let lines = Lines {
        rows,
        fields: fields.map(|fields| fields.map(str::to_owned)),
        line: io::Cursor::new(Vec::new()),
    };
    if let Some([wanted, _]) = fields {
        let schema = lines.rows.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        if !names.contains(&wanted) {
            let names = names.join(", ");
            return Err(failed(invalid(format!(
                "there is no column {wanted}; the columns are {names}; name the one with the text with --text-column"
            ))));
        }
    }
    Ok(Opened {
        bytes: Box::new(BufReader::new(lines)),
        format: InputFormat::Jsonl,
        decoded: false,
    })
}

/// Runs the library, which panics on files that are damaged in some ways. What it leaves
/// behind then is not used again.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    match guard::guarded(work) {
        Ok(done) => done.map_err(|e| invalid(e.to_string())),
        Err(_) => Err(invalid("it is damaged".to_owned())),
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Checks that all columns lie inside the file: room is made for them before they are read.
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

/// A file whose pages are not believed every size: room is made for a page before it is unpacked.
struct Pages(File);

/// Bytes that a page may be unpacked to in any case.
const PAGE: u64 = 64 << 20;

/// How much more a larger page may be than its packed bytes. gzip packs to a thousandth at best.
const PACKED: u64 = 1100;

impl Length for Pages {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Pages {
    type T = BufReader<File>;

    /// Reads on from the header of a page, or from the end's last bytes.
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
    /// An `i32` with the number after that of the field before.
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

/// Whether the file is Parquet as it stands.
fn is_plain(mut file: &File) -> bool {
    let mut magic = [0; 4];
    file.read_exact(&mut magic).is_ok() && magic == *b"PAR1"
}

fn spooled(bytes: &mut impl BufRead) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}

struct Lines {
    rows: ParquetRecordBatchReader,
    /// The columns with text and id.
    fields: Option<[String; 2]>,
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
                let batch = self.rows.next().transpose()?;
                let fields = self.fields.as_ref().map_or(&[][..], |fields| fields);
                batch.map(|batch| json(&batch, fields)).transpose()
            })?;
            match next {
                None => return Ok(0),
                Some(lines) => self.line = io::Cursor::new(lines),
            }
        }
    }
}

fn json(batch: &RecordBatch, fields: &[String]) -> Result<Vec<u8>, ParquetError> {
    let builder = WriterBuilder::new().with_encoder_factory(Arc::new(Maps));
    let mut writer = builder.build::<_, LineDelimited>(Vec::new());
    writer.write(&with_text(batch, fields)?)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

/// The batch with columns of bytes that are UTF-8 as text: writers need not mark them as such. In the
/// columns `fields` what is not UTF-8 is nothing.
fn with_text(batch: &RecordBatch, fields: &[String]) -> Result<RecordBatch, ParquetError> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let columns = names.zip(batch.columns()).map(|(name, column)| {
        let read = text_of(column.as_ref(), fields.iter().any(|field| field == name));
        (name, read.unwrap_or_else(|| Arc::clone(column)), true)
    });
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

fn text_of(column: &dyn Array, in_part: bool) -> Option<ArrayRef> {
    let rows: Box<dyn Iterator<Item = Option<&[u8]>>> = match column.data_type() {
        DataType::Binary => Box::new(column.as_binary_opt::<i32>()?.iter()),
        DataType::LargeBinary => Box::new(column.as_binary_opt::<i64>()?.iter()),
        DataType::BinaryView => Box::new(column.as_binary_view_opt()?.iter()),
        _ => return None,
    };
    let rows = rows.map(|row| row.map(str::from_utf8).transpose());
    let rows: StringArray = match in_part {
        true => rows.map(|row| row.unwrap_or(None)).collect(),
        false => rows.collect::<Result<Vec<_>, _>>().ok()?.into(),
    };
    Some(Arc::new(rows))
}
