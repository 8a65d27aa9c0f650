//! One span a line, tab separated, with a header line; topics are lines without offsets.

use std::io::{self, Write};

use super::{Writer, rounded};
use crate::{Document, OffsetCursor, OffsetUnit};

/// Writes tab-separated values. Tabs, line breaks and backslashes in a field are
/// written `\t`, `\n`, `\r` and `\\`.
pub struct Tsv<W> {
    out: W,
    unit: OffsetUnit,
    headed: bool,
}

impl<W: Write> Tsv<W> {
    /// Writes to `out`, offsets in `unit`.
    pub fn new(out: W, unit: OffsetUnit) -> Self {
        Self {
            out,
            unit,
            headed: false,
        }
    }

    fn head(&mut self) -> io::Result<()> {
        if !self.headed {
            self.headed = true;
            writeln!(
                self.out,
                "id\tstart_{0}\tend_{0}\tlabel\tscore\ttext",
                self.unit
            )?;
        }
        Ok(())
    }
}

impl<W: Write> Writer for Tsv<W> {
    fn document(&mut self, id: &str, document: &Document) -> io::Result<()> {
        self.head()?;
        let id = escape(id);
        for topic in &document.topics {
            writeln!(
                self.out,
                "{id}\t\t\t{}\t{:.4}\t{}",
                escape(&topic.code),
                rounded(topic.score),
                escape(&topic.label)
            )?;
        }
        let mut cursor = OffsetCursor::new(&document.text, self.unit);
        for span in &document.spans {
            let (start, end) = (cursor.position(span.start), cursor.position(span.end));
            writeln!(
                self.out,
                "{id}\t{start}\t{end}\t{}\t{:.4}\t{}",
                escape(&span.label),
                rounded(span.score),
                escape(document.surface(span))
            )?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.head()?;
        self.out.flush()
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
