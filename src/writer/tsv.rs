//! One span a line, tab separated, with a header line; topics are lines without offsets.

use std::io::{self, Write};

use super::{Record, Writer, rounded};
use crate::{OffsetCursor, OffsetUnit};

/// Writes tab-separated values. Tabs, line breaks and backslashes in a field are
/// written `\t`, `\n`, `\r` and `\\`.
pub struct Tsv {
    unit: OffsetUnit,
}

impl Tsv {
    /// A writer with offsets in `unit`.
    #[must_use]
    pub fn new(unit: OffsetUnit) -> Self {
        Self { unit }
    }
}

impl Writer for Tsv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let unit = self.unit;
        writeln!(
            out,
            "id\tstart_{unit}\tend_{unit}\tlabel\tscore\ttext\tname"
        )
    }

    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        let id = escape(record.id);
        for topic in &document.topics {
            writeln!(
                out,
                "{id}\t\t\t{}\t{:.4}\t{}\t",
                escape(&topic.code),
                rounded(topic.score),
                escape(&topic.label)
            )?;
        }
        let mut cursor = OffsetCursor::new(&document.text, self.unit);
        for span in &document.spans {
            let (start, end) = (cursor.position(span.start), cursor.position(span.end));
            writeln!(
                out,
                "{id}\t{start}\t{end}\t{}\t{:.4}\t{}\t{}",
                escape(&span.label),
                rounded(span.score),
                escape(document.surface(span)),
                escape(document.name(span).map_or("", |name| &name.name))
            )?;
        }
        Ok(())
    }
}

fn escape(field: &str) -> String {
    let mut escaped = String::with_capacity(field.len());
    for c in field.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    escaped
}
