//! One span a record, comma separated, with a header line (RFC 4180).

use std::io::{self, Write};

use super::{Record, Writer, rounded};
use crate::{OffsetCursor, OffsetUnit};

/// Writes comma-separated values. Fields that hold a comma, quote or line break are quoted.
pub struct Csv {
    unit: OffsetUnit,
}

impl Csv {
    /// A writer with offsets in `unit`.
    #[must_use]
    pub fn new(unit: OffsetUnit) -> Self {
        Self { unit }
    }
}

impl Writer for Csv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let unit = self.unit;
        writeln!(out, "id,start_{unit},end_{unit},label,score,text,name")
    }

    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        let mut rows = csv::Writer::from_writer(out);
        for topic in &document.topics {
            let score = format!("{:.4}", rounded(topic.score));
            rows.write_record([record.id, "", "", &topic.code, &score, &topic.label, ""])?;
        }
        let mut cursor = OffsetCursor::new(&document.text, self.unit);
        for span in &document.spans {
            rows.write_record([
                record.id,
                &cursor.position(span.start).to_string(),
                &cursor.position(span.end).to_string(),
                &span.label,
                &format!("{:.4}", rounded(span.score)),
                document.surface(span),
                document.name(span).map_or("", |name| &name.name),
            ])?;
        }
        rows.flush()
    }
}
