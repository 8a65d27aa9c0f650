//! JSONL: one `{"id": .., "text": ..}` a line.

use std::io::BufRead;

use serde_json::Value;

use super::{Input, Source, utf8};
use crate::{Error, Result};

/// The documents of a JSONL input. Blank lines are passed over.
pub(super) struct Lines {
    input: Input,
    open: Box<dyn BufRead>,
    line: usize,
    failed: bool,
}

impl Lines {
    pub(super) fn new(input: Input, open: Box<dyn BufRead>) -> Self {
        Self {
            input,
            open,
            line: 0,
            failed: false,
        }
    }

    fn read(&self, bytes: Vec<u8>) -> Source {
        let place = || format!("{}:{}", self.input.name(), self.line);
        match self.parse(bytes) {
            Ok((id, text)) => Source {
                id: id.unwrap_or_else(place),
                text,
            },
            Err(error) => Source {
                id: place(),
                text: Err(error),
            },
        }
    }

    fn parse(&self, bytes: Vec<u8>) -> Result<(Option<String>, Result<String>)> {
        let wrong = |message: String| Error::JsonLine {
            line: self.line,
            message: format!(
                "{message}; each line must be an object like {{\"id\":\"a1\",\"text\":\"...\"}}"
            ),
        };
        let line = utf8(bytes).map_err(|e| wrong(e.to_string()))?;
        let value: Value =
            serde_json::from_str(line.trim_end()).map_err(|e| wrong(format!("not JSON: {e}")))?;
        let id = match value.get("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            Some(_) => {
                return Err(wrong(
                    "the field id is neither a string nor a number".into(),
                ));
            }
        };
        let text = match value.get("text") {
            Some(Value::String(text)) => utf8(text.clone().into_bytes()),
            Some(_) => Err(wrong("the field text is not a string".into())),
            None => Err(wrong("there is no field text".into())),
        };
        Ok((id, text))
    }
}

impl Iterator for Lines {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        while !self.failed {
            let mut bytes = Vec::new();
            self.line += 1;
            match self.open.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                Ok(_) => return Some(self.read(bytes)),
                Err(source) => {
                    self.failed = true;
                    return Some(Source {
                        id: self.input.name(),
                        text: Err(self.input.failed(source)),
                    });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(bytes: &'static [u8]) -> Vec<(String, Result<String, String>)> {
        Lines::new(Input::Stdin, Box::new(Cursor::new(bytes)))
            .map(|s| (s.id, s.text.map_err(|e| e.to_string())))
            .collect()
    }

    #[test]
    fn each_line_is_a_document_and_bad_ones_keep_their_place() {
        let found = read(
            b"{\"id\":\"a\",\"text\":\"x\"}\r\n\n{\"id\":7,\"text\":\"y\"}\n{\"text\":\"z\"}\n{\"id\":\"b\"}\n[1]\n\xFF\n{\"text\":\"w",
        );
        let ids: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        assert_eq!(ids, ["a", "7", "-:4", "b", "-:6", "-:7", "-:8"]);
        let good: Vec<bool> = found.iter().map(|f| f.1.is_ok()).collect();
        assert_eq!(good, [true, true, true, false, false, false, false]);
        let message = |at: usize| found[at].1.clone().unwrap_err();
        assert!(
            message(3).starts_with("line 5: there is no field text;"),
            "{}",
            message(3)
        );
        assert!(
            message(4).contains("line 6: there is no field text"),
            "{}",
            message(4)
        );
        assert!(
            message(5).contains("invalid UTF-8 at byte 0"),
            "{}",
            message(5)
        );
        assert!(message(6).contains("not JSON: EOF"), "{}", message(6));
    }
}
