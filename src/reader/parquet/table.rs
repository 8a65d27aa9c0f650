//! An open Parquet file, and its rows batch by batch.

use std::fs::File;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, RecordBatchReader, StringArray};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;

use super::super::{Input, Opened};
use super::raw::Raw;
use super::{Pages, ROWS, check, guarded, is_plain, spool};
use crate::Result;

pub(super) struct Table {
    batches: ParquetRecordBatchReader,
    /// Columns of strings that are not in `batches`, and whether their bytes are kept as they are.
    raw: Vec<(Raw, bool)>,
    pub(super) rows: u64,
    /// Number of rows read.
    read: usize,
    /// Bytes of the file that were not counted when it was opened.
    pub(super) uncounted: u64,
    file: File,
    metadata: ArrowReaderMetadata,
}

impl Table {
    /// Opens a file. Parquet is read from its end; what is compressed or piped is put into a temporary
    /// file first.
    pub(super) fn open(input: &Input, mut opened: Opened) -> Result<Self> {
        let failed = |e| input.failed(e);
        let plain = match input {
            // A pipe that is opened again would wait, or lose what was read of it.
            Input::File(path) if path.is_file() => File::open(path).ok().filter(is_plain),
            Input::File(_) | Input::Stdin | Input::Bytes { .. } => None,
        };
        let spooled = plain.is_none();
        let file = match plain {
            Some(file) => file,
            None => spool(&mut opened.bytes).map_err(failed)?,
        };
        let size = file.metadata().map_err(failed)?.len();
        guarded(|| {
            let pages = Pages(file.try_clone()?);
            let metadata = ArrowReaderMetadata::load(&pages, ArrowReaderOptions::new())?;
            check(metadata.metadata(), size)?;
            let rows = metadata.metadata().file_metadata().num_rows();
            Ok(Self {
                batches: builder(&file, &metadata)?.build()?,
                raw: Vec::new(),
                read: 0,
                rows: u64::try_from(rows).unwrap_or_default(),
                uncounted: match spooled {
                    true => 0,
                    false => size.saturating_sub(opened.read.bytes()),
                },
                file,
                metadata,
            })
        })
        .map_err(failed)
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<&str> {
        let fields = self.metadata.schema().fields().iter();
        fields.map(|field| field.name().as_str()).collect()
    }

    /// The next rows.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        let batch = match self.raw.is_empty() {
            true => self.batches.next().transpose()?,
            false => self.next_raw()?,
        };
        self.read += batch.as_ref().map_or(0, RecordBatch::num_rows);
        Ok(batch)
    }

    /// From the next row on reads columns of strings as bytes: those of `fields`, text and id, are kept as
    /// they are, others get replacement characters for what is not UTF-8. False where there are no such
    /// columns or they are read so already.
    pub(super) fn read_strings_raw(&mut self, fields: [&str; 2]) -> Result<bool, ParquetError> {
        let descriptor = self.metadata.parquet_schema();
        let (mut raw, mut others) = (Vec::new(), Vec::new());
        for (at, field) in self.metadata.schema().fields().iter().enumerate() {
            let pages = Pages(self.file.try_clone()?);
            let opened = match is_string(field.data_type()) {
                true => Raw::open(field.name(), descriptor, pages)?,
                false => None,
            };
            match opened {
                Some(column) => raw.push((column, fields.contains(&field.name().as_str()))),
                None => others.push(at),
            }
        }
        if raw.is_empty() || !self.raw.is_empty() {
            return Ok(false);
        }
        for (column, _) in &mut raw {
            column.skip(self.read)?;
        }
        let projection = ProjectionMask::roots(descriptor, others);
        let builder = builder(&self.file, &self.metadata)?.with_projection(projection);
        self.batches = builder.with_offset(self.read).build()?;
        self.raw = raw;
        Ok(true)
    }

    fn next_raw(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let rest = rows.saturating_sub(self.read).min(ROWS);
        let others = match self.batches.schema().fields().is_empty() {
            true => None,
            false => self.batches.next().transpose()?,
        };
        let rows = others.as_ref().map_or(rest, RecordBatch::num_rows);
        if rows == 0 {
            return Ok(None);
        }
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (column, as_it_is) in &mut self.raw {
            let values = column.read(rows)?;
            let values = values
                .iter()
                .map(|value| value.as_ref().map(ByteArray::data));
            let values: ArrayRef = match as_it_is {
                true => Arc::new(values.collect::<BinaryArray>()),
                false => {
                    let marked = values.map(|value| value.map(String::from_utf8_lossy));
                    Arc::new(marked.collect::<StringArray>())
                }
            };
            columns.push((column.name.clone(), values));
        }
        if let Some(others) = &others {
            let schema = others.schema();
            let names = schema.fields().iter().map(|field| field.name().clone());
            columns.extend(names.zip(others.columns().iter().cloned()));
        }
        let order = self.names();
        columns.sort_by_key(|(name, _)| order.iter().position(|other| other == name));
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        Ok(Some(RecordBatch::try_from_iter_with_nullable(columns)?))
    }
}

/// Whether the library demands UTF-8 in such a column.
fn is_string(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_string(value),
        _ => false,
    }
}

fn builder(
    file: &File,
    metadata: &ArrowReaderMetadata,
) -> Result<ParquetRecordBatchReaderBuilder<Pages>, ParquetError> {
    let pages = Pages(file.try_clone()?);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(pages, metadata.clone());
    Ok(builder.with_batch_size(ROWS))
}
