//! Parquet: rows as JSON objects, which are then read as JSONL is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_json::LineDelimitedWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::{Input, InputFormat, Opened};
use crate::Result;

/// Rows decoded at once.
const ROWS: usize = 256;

/// The rows as lines of JSON, so that a row's number is its line. Parquet is read from
/// its end; what is compressed or piped is put into a temporary file first.
pub(super) fn as_jsonl(input: &Input, mut opened: Opened) -> Result<Opened> {
    let failed = |e| input.failed(e);
    let plain = match input {
        Input::File(path) => File::open(path).ok().filter(is_plain),
        Input::Stdin => None,
    };
    let file = match plain {
        Some(file) => file,
        None => spooled(&mut opened.bytes).map_err(failed)?,
    };
    let size = file.metadata().map_err(failed)?.len();
    let rows = guarded(|| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        check(builder.metadata(), size)?;
        builder.with_batch_size(ROWS).build()
    })
    .map_err(failed)?;
    let lines = Lines {
        rows,
        line: io::Cursor::new(Vec::new()),
    };
    Ok(Opened {
        bytes: Box::new(BufReader::new(lines)),
        format: InputFormat::Jsonl,
        decoded: false,
    })
}

/// Runs the library, which panics on files that are damaged in some ways. What it leaves
/// behind then is not used again.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    let damaged = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|e| damaged(e.to_string())),
        Err(_) => Err(damaged("it is damaged".to_owned())),
    }
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
                batch.map(|batch| json(&batch)).transpose()
            })?;
            match next {
                None => return Ok(0),
                Some(lines) => self.line = io::Cursor::new(lines),
            }
        }
    }
}

fn json(batch: &RecordBatch) -> Result<Vec<u8>, ParquetError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}
