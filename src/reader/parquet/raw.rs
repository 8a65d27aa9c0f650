//! A column of strings as bytes. Files hold strings that are not UTF-8, for which the library refuses
//! the whole batch.

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::SchemaDescriptor;

use super::Pages;

pub(super) struct Raw {
    pub(super) name: String,
    file: SerializedFileReader<Pages>,
    /// Its index among the leaf columns.
    leaf: usize,
    nullable: bool,
    /// The index of the next row group.
    group: usize,
    column: Option<ColumnReaderImpl<ByteArrayType>>,
}

impl Raw {
    /// Opens a column; `None` for what is no plain column of bytes.
    pub(super) fn open(
        name: &str,
        schema: &SchemaDescriptor,
        file: Pages,
    ) -> Result<Option<Self>, ParquetError> {
        let leaf = schema.columns().iter().position(|column| {
            let plain = column.max_rep_level() == 0 && column.max_def_level() <= 1;
            let bytes = column.physical_type() == Type::BYTE_ARRAY;
            plain && bytes && column.path().parts() == [name]
        });
        let Some(leaf) = leaf else { return Ok(None) };
        Ok(Some(Self {
            name: name.to_owned(),
            file: SerializedFileReader::new(file)?,
            leaf,
            nullable: schema.column(leaf).max_def_level() > 0,
            group: 0,
            column: None,
        }))
    }

    /// Skips values.
    pub(super) fn skip(&mut self, mut values: usize) -> Result<(), ParquetError> {
        while values > 0 {
            let skipped = self.column()?.skip_records(values)?;
            values -= skipped;
            if skipped == 0 {
                self.column = None;
            }
        }
        Ok(())
    }

    /// The next values.
    pub(super) fn read(&mut self, values: usize) -> Result<Vec<Option<ByteArray>>, ParquetError> {
        let mut found = Vec::new();
        while found.len() < values {
            let (mut levels, mut bytes) = (Vec::new(), Vec::new());
            let nullable = self.nullable;
            let wanted = nullable.then_some(&mut levels);
            let left = values - found.len();
            let (read, ..) = self
                .column()?
                .read_records(left, wanted, None, &mut bytes)?;
            if read == 0 {
                self.column = None;
            }
            let mut bytes = bytes.into_iter();
            match nullable {
                true => found.extend(levels.iter().map(|&level| {
                    let there = level > 0;
                    there.then(|| bytes.next()).flatten()
                })),
                false => found.extend(bytes.map(Some)),
            }
        }
        Ok(found)
    }

    /// The column in the row group that is being read, or in the next one.
    fn column(&mut self) -> Result<&mut ColumnReaderImpl<ByteArrayType>, ParquetError> {
        let column = match self.column.take() {
            Some(column) => column,
            None if self.group < self.file.num_row_groups() => {
                let group = self.file.get_row_group(self.group)?;
                self.group += 1;
                match group.get_column_reader(self.leaf)? {
                    ColumnReader::ByteArrayColumnReader(column) => column,
                    _ => {
                        return Err(ParquetError::General(
                            "a column changes its type".to_owned(),
                        ));
                    }
                }
            }
            None => return Err(ParquetError::EOF("a column ends too early".to_owned())),
        };
        Ok(self.column.insert(column))
    }
}
