//! Plain text, a document a line, and the line reading that formats share.

use std::io;

use super::{BYTE_ORDER_MARK, Input, Metadata, Opened, Source, utf8};
use crate::Error;

/// Numbered lines of an input, without their line ends.
pub(super) struct Numbered {
    opened: Opened,
    /// Number of the line last read, from 1.
    pub(super) line: usize,
}

impl Numbered {
    pub(super) fn new(opened: Opened) -> Self {
        Self { opened, line: 0 }
    }

    /// The next line, without a byte order mark before the first. There is none after an error.
    pub(super) fn next_line(&mut self) -> Option<io::Result<Vec<u8>>> {
        let mut bytes = Vec::new();
        match self.opened.bytes.read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                self.opened.bytes = Box::new(io::empty());
                return Some(Err(error));
            }
        }
        self.line += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            bytes.pop_if(|last| *last == b'\r');
        }
        if self.line == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Some(Ok(bytes))
    }

    /// An error of the current line.
    pub(super) fn wrong(&self, error: &Error) -> Error {
        Error::Record {
            line: self.line,
            message: error.to_string(),
        }
    }

    /// Whether the text was decoded from another encoding than UTF-8.
    pub(super) fn decoded(&self) -> bool {
        self.opened.decoded
    }

    /// The id of a document on the current line that has none of its own.
    pub(super) fn place(&self, input: &Input) -> String {
        format!("{}:{}", input.name(), self.line)
    }
}

/// Documents of plain text, one a line. An empty line is an empty document, so that
/// results can be counted off against lines.
pub(super) struct Lines {
    input: Input,
    lines: Numbered,
}

impl Lines {
    pub(super) fn new(input: &Input, opened: Opened) -> Self {
        Self {
            input: input.clone(),
            lines: Numbered::new(opened),
        }
    }
}

impl Iterator for Lines {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        Some(match self.lines.next_line()? {
            Ok(bytes) => Source {
                id: self.lines.place(&self.input),
                text: utf8(bytes)
                    .map(Into::into)
                    .map_err(|e| self.lines.wrong(&e)),
                // Offsets count from the line's start, which other tools may not know.
                derived: true,
                metadata: Metadata::new(),
            },
            Err(error) => Source::failed(self.input.name(), self.input.failed(error)),
        })
    }
}
