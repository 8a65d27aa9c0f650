//! Parquet: a row a document, its spans and names in lists of structs.
//!
//! A Parquet file ends with an index of all its parts and cannot be continued after a crash, so
//! rows are kept as lines of JSON ([`super::Jsonl::flat`]) until the last one is there and then
//! turned into columns in one go.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_schema::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Rows turned into columns at once.
const ROWS: usize = 1024;

/// Encoded bytes after which a row group is closed.
const GROUP_BYTES: usize = 64 << 20;

/// The columns. All runs have all of them, even where they are null throughout, so that files of
/// different runs can be read together.
fn schema() -> Schema {
    let field = |name: &str, kind| Field::new(name, kind, false);
    let nullable = |name: &str, kind| Field::new(name, kind, true);
    let text = || DataType::Utf8;
    let number = || DataType::Int64;
    let entity = Fields::from(vec![
        field("start", number()),
        field("end", number()),
        field("text", text()),
        field("label", text()),
        field("score", DataType::Float64),
        nullable("entity", number()),
    ]);
    let entity = Arc::new(field("element", DataType::Struct(entity)));
    let place = Fields::from(vec![
        field("geonames", number()),
        field("name", text()),
        field("country", text()),
        nullable("admin1", text()),
        field("latitude", DataType::Float64),
        field("longitude", DataType::Float64),
        field("score", DataType::Float64),
    ]);
    let name = Fields::from(vec![
        field("id", number()),
        field("label", text()),
        field("name", text()),
        field("mentions", number()),
        nullable("place", DataType::Struct(place)),
        nullable("country", text()),
        nullable("link", text()),
    ]);
    let name = Arc::new(field("element", DataType::Struct(name)));
    let topic = Fields::from(vec![
        field("code", text()),
        field("label", text()),
        field("score", DataType::Float64),
    ]);
    let topic = Arc::new(field("element", DataType::Struct(topic)));
    let stats = ["sentences", "words", "subwords", "windows"].map(|name| field(name, number()));
    let error = ["kind", "message"].map(|name| field(name, text()));
    Schema::new(vec![
        field("id", text()),
        nullable("offset_unit", text()),
        nullable("text", text()),
        nullable("metadata", text()),
        nullable("entities", DataType::List(entity)),
        nullable("names", DataType::List(name)),
        nullable("topics", DataType::List(topic)),
        nullable("stats", DataType::Struct(stats.into_iter().collect())),
        nullable("error", DataType::Struct(error.into_iter().collect())),
    ])
}

/// Turns lines of [`super::Jsonl::flat`] into a Parquet file.
///
/// # Errors
/// Those of `rows` and `out`, and `InvalidData` for lines that are no such rows.
pub fn from_jsonl(rows: impl BufRead, out: impl Write + Send) -> io::Result<()> {
    columns(schema(), rows, out)
}

/// Turns lines of `names.jsonl`, the names of a corpus, into a Parquet file.
///
/// # Errors
/// Those of `rows` and `out`, and `InvalidData` for lines that are no such rows.
pub fn names_from_jsonl(rows: impl BufRead, out: impl Write + Send) -> io::Result<()> {
    let field = |name: &str, kind| Field::new(name, kind, false);
    let nullable = |name: &str, kind| Field::new(name, kind, true);
    let (text, number, float) = (DataType::Utf8, DataType::Int64, DataType::Float64);
    let place = Fields::from(vec![
        field("geonames", number.clone()),
        field("name", text.clone()),
        field("country", text.clone()),
        nullable("admin1", text.clone()),
        field("latitude", float.clone()),
        field("longitude", float),
    ]);
    let document = Fields::from(vec![
        field("number", number.clone()),
        field("id", text.clone()),
        nullable("date", text.clone()),
    ]);
    let schema = Schema::new(vec![
        field("name", text.clone()),
        field("label", text.clone()),
        nullable("link", text.clone()),
        nullable("place", DataType::Struct(place)),
        nullable("country", text.clone()),
        field("documents", number.clone()),
        field("mentions", number),
        field("first", DataType::Struct(document.clone())),
        field("last", DataType::Struct(document)),
        nullable("from", text.clone()),
        nullable("to", text),
    ]);
    columns(schema, rows, out)
}

fn columns(schema: Schema, rows: impl BufRead, out: impl Write + Send) -> io::Result<()> {
    let schema = Arc::new(schema);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("newshound {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
    let batches = ReaderBuilder::new(schema)
        .with_batch_size(ROWS)
        .build(rows)
        .map_err(io::Error::other)?;
    for batch in batches {
        let batch = batch.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        writer.write(&batch)?;
        if writer.in_progress_size() > GROUP_BYTES {
            writer.flush()?;
        }
    }
    writer.close()?;
    Ok(())
}
