//! Bytes with delimiters to records: RFC 4180, and what news data makes of it.
//!
//! A field is quoted where its closing quote stands right before a delimiter, a line break or
//! the end. Any other field that begins with a quote is taken as it stands, so that it does not swallow
//! the records behind it. Such fields are ordinary in TSV; in CSV they make a record invalid.

use std::io::{self, BufRead, ErrorKind};

use super::BYTE_ORDER_MARK;

const QUOTE: u8 = b'"';

/// Bytes of a quoted field, at most; a longer one counts as never closed.
const LONGEST: usize = 1 << 26;

/// Consumed bytes are dropped when they are more than these, and more than half of the buffer.
const KEPT: usize = 1 << 16;

/// The records of a table, without its blank lines.
pub(super) struct Delimited<R> {
    source: R,
    delimiter: u8,
    bytes: Vec<u8>,
    /// Where in `bytes` the next record begins.
    at: usize,
    /// The line that it begins on, from 1.
    line: usize,
    ended: bool,
}

/// A row of the table, on one line or several.
pub(super) struct Record {
    /// The line it starts on, from 1.
    pub(super) line: usize,
    pub(super) fields: Vec<Vec<u8>>,
    /// Whether a field begins with a quote that does not enclose it.
    pub(super) broken: bool,
}

impl<R: BufRead> Delimited<R> {
    pub(super) fn new(source: R, delimiter: u8) -> Self {
        Self {
            source,
            delimiter,
            bytes: Vec::new(),
            at: 0,
            line: 0,
            ended: false,
        }
    }

    /// The next record that is no blank line.
    pub(super) fn record(&mut self) -> io::Result<Option<Record>> {
        if self.line == 0 {
            self.line = 1;
            let mark = BYTE_ORDER_MARK;
            if self.byte(mark.len() - 1)?.is_some() && self.bytes.starts_with(mark) {
                self.at = mark.len();
            }
        }
        while self.line_break(self.at)?.is_some() {
            self.skip_line_break()?;
        }
        if self.byte(self.at)?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let (mut fields, mut broken) = (Vec::new(), false);
        loop {
            let quoted = match self.byte(self.at)? {
                Some(QUOTE) => self.quoted()?,
                _ => None,
            };
            broken |= quoted.is_none() && self.byte(self.at)? == Some(QUOTE);
            let (field, end) = match quoted {
                Some(quoted) => quoted,
                None => self.plain()?,
            };
            let passed = self.bytes.get(self.at..end).unwrap_or_default();
            self.line += line_breaks(passed);
            fields.push(field);
            self.at = end;
            if self.byte(end)? != Some(self.delimiter) {
                break;
            }
            self.at = end + 1;
        }
        self.skip_line_break()?;
        if self.at > KEPT.max(self.bytes.len() / 2) {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        Ok(Some(Record {
            line,
            fields,
            broken,
        }))
    }

    /// The field that begins at the current position, as it stands, and its end.
    fn plain(&mut self) -> io::Result<(Vec<u8>, usize)> {
        let mut end = self.at;
        while !self.is_end(end)? {
            end += 1;
        }
        let field = self.bytes.get(self.at..end).unwrap_or_default();
        Ok((field.to_vec(), end))
    }

    /// The quoted field that begins at the current position, and its end; `None` if its quotes do not
    /// enclose it.
    fn quoted(&mut self) -> io::Result<Option<(Vec<u8>, usize)>> {
        let mut field = Vec::new();
        let mut at = self.at + 1;
        while field.len() < LONGEST {
            match self.byte(at)? {
                None => break,
                Some(QUOTE) if self.byte(at + 1)? == Some(QUOTE) => {
                    field.push(QUOTE);
                    at += 2;
                }
                Some(QUOTE) => return Ok(self.is_end(at + 1)?.then_some((field, at + 1))),
                Some(byte) => {
                    field.push(byte);
                    at += 1;
                }
            }
        }
        Ok(None)
    }

    /// Whether a field may end at `at`.
    fn is_end(&mut self, at: usize) -> io::Result<bool> {
        Ok(match self.byte(at)? {
            Some(byte) => byte == self.delimiter || matches!(byte, b'\n' | b'\r'),
            None => true,
        })
    }

    /// Bytes of the line break at `at`.
    fn line_break(&mut self, at: usize) -> io::Result<Option<usize>> {
        Ok(match self.byte(at)? {
            Some(b'\n') => Some(1),
            Some(b'\r') if self.byte(at + 1)? == Some(b'\n') => Some(2),
            Some(b'\r') => Some(1),
            _ => None,
        })
    }

    fn skip_line_break(&mut self) -> io::Result<()> {
        if let Some(length) = self.line_break(self.at)? {
            self.at += length;
            self.line += 1;
        }
        Ok(())
    }

    /// The byte at `at`; reads on where necessary.
    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        while at >= self.bytes.len() && !self.ended {
            let read = match self.source.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let length = read.len();
            self.ended = length == 0;
            self.bytes.extend_from_slice(read);
            self.source.consume(length);
        }
        Ok(self.bytes.get(at).copied())
    }
}

/// Number of line breaks in the bytes.
fn line_breaks(bytes: &[u8]) -> usize {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    let ends = |(byte, next): &(&u8, Option<&u8>)| {
        **byte == b'\n' || **byte == b'\r' && *next != Some(&b'\n')
    };
    bytes.iter().zip(next).filter(ends).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(text: &[u8], delimiter: u8) -> Vec<(usize, Vec<String>)> {
        let mut table = Delimited::new(io::BufReader::with_capacity(3, text), delimiter);
        std::iter::from_fn(|| table.record().unwrap())
            .map(|record| {
                let fields = record.fields.into_iter();
                let fields = fields.map(|field| String::from_utf8_lossy(&field).into_owned());
                (record.line, fields.collect())
            })
            .collect()
    }

    fn record(line: usize, fields: &[&str]) -> (usize, Vec<String>) {
        (
            line,
            fields.iter().map(|field| (*field).to_owned()).collect(),
        )
    }

    #[test]
    fn lines_are_counted_however_they_end_and_blank_ones_are_passed_over() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "\u{FEFF}a,b\n\n\n1,\"x\ny\"\n2,\n\n3,z".replace('\n', end);
            let wanted = [
                record(1, &["a", "b"]),
                record(4, &["1", &format!("x{end}y")]),
                record(6, &["2", ""]),
                record(8, &["3", "z"]),
            ];
            assert_eq!(records(text.as_bytes(), b','), wanted, "{end:?}");
        }
        assert!(records(b"", b',').is_empty() && records(b"\xEF\xBB\xBF\n\n", b',').is_empty());
        assert_eq!(records(b"\"\"\n", b','), [record(1, &[""])]);
    }

    #[test]
    fn quotes_that_do_not_enclose_a_field_are_part_of_it() {
        for (line, wanted) in [
            ("\"NATO\" met\tx", ["\"NATO\" met", "x"]),
            ("\"NATO\"\t\"x\t\"\"y\"\"\"", ["NATO", "x\t\"y\""]),
            ("\"Kyiv fell\tx", ["\"Kyiv fell", "x"]),
            ("5'10\"\t\"\"x\"\"", ["5'10\"", "\"\"x\"\""]),
            ("\"\t\"\"", ["\"", ""]),
        ] {
            let text = format!("{line}\nParis\tLondon\nan \"inch\"\ty\n");
            let rest = [
                record(2, &["Paris", "London"]),
                record(3, &["an \"inch\"", "y"]),
            ];
            let found = records(text.as_bytes(), b'\t');
            assert_eq!(found[0], record(1, &wanted));
            assert_eq!(found[1..], rest, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_as_csv_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\t\r\n é]{0,6}", 2..=2), 0..6),
            delimiter in prop::sample::select(vec![b',', b'\t']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let found = records(&writer.into_inner().unwrap(), delimiter);
            let found: Vec<Vec<String>> = found.into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(found, rows);
        }
    }
}
