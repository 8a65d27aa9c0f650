//! Parquet: rows as JSON objects, which are then read as JSONL is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};

use arrow_array::RecordBatch;
use arrow_json::LineDelimitedWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

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
    let rows = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(ROWS).build())
        .map_err(|e| failed(invalid(&e)))?;
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

fn invalid(error: &dyn std::error::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
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
            match self.rows.next() {
                None => return Ok(0),
                Some(batch) => self.line = io::Cursor::new(json(&batch.map_err(|e| invalid(&e))?)?),
            }
        }
    }
}

fn json(batch: &RecordBatch) -> io::Result<Vec<u8>> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch).map_err(|e| invalid(&e))?;
    writer.finish().map_err(|e| invalid(&e))?;
    Ok(writer.into_inner())
}
