//! JSONL: one `{"id": .., "text": ..}` a line.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::lines::Numbered;
use super::{Input, Metadata, Opened, Reader, Source, utf8};
use crate::error::not_json;
use crate::{Error, Result, Text};

/// The documents of a JSONL input, without its blank lines.
pub(super) struct Records {
    input: Input,
    lines: Numbered,
    text_field: String,
    id_field: String,
}

/// A record's id, text and other fields.
type Parsed = (Option<String>, Result<Text>, Metadata);

impl Records {
    pub(super) fn new(reader: &Reader, input: &Input, opened: Opened) -> Self {
        Self {
            input: input.clone(),
            lines: Numbered::new(opened),
            text_field: reader.text_field.clone(),
            id_field: reader.id_field.clone(),
        }
    }

    fn read(&self, bytes: Vec<u8>) -> Source {
        let place = || self.lines.place(&self.input);
        match self.parse(bytes) {
            Ok((id, text, metadata)) => Source {
                id: id.unwrap_or_else(place),
                text,
                derived: self.lines.decoded(),
                metadata,
            },
            Err(error) => Source::failed(place(), error),
        }
    }

    fn parse(&self, bytes: Vec<u8>) -> Result<Parsed> {
        let wrong = |message: String| Error::Record {
            line: self.lines.line,
            message: format!(
                "{message}; each line must be an object like {{\"{}\":\"a1\",\"{}\":\"...\"}} \
                 (other names with --id-field and --text-field)",
                self.id_field, self.text_field
            ),
        };
        let line = utf8(bytes).map_err(|e| wrong(e.to_string()))?;
        let value = serde_json::from_str(&line).map_err(|e| wrong(not_json(&e)))?;
        let Value::Object(mut fields) = value else {
            return Err(wrong("not an object".to_owned()));
        };
        let id = id(&mut fields, &line, &self.id_field)
            .map_err(|reason| wrong(format!("the field {} is {reason}", self.id_field)))?;
        let text = match fields.shift_remove(&self.text_field) {
            Some(Value::String(text)) => utf8(text.into_bytes())
                .map(Into::into)
                .map_err(|e| self.lines.wrong(&e)),
            Some(_) => Err(wrong(format!(
                "the field {} is not a string",
                self.text_field
            ))),
            None => Err(wrong(format!("there is no field {}", self.text_field))),
        };
        Ok((id, text, fields))
    }
}

/// Removes the id, if there is one, from the fields of an object. The error says what is wrong with it.
pub(super) fn id(
    fields: &mut Metadata,
    object: &str,
    field: &str,
) -> Result<Option<String>, &'static str> {
    match fields.shift_remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        // A number that does not fit into 64 bits has lost digits.
        Some(Value::Number(id)) if id.is_f64() => Ok(digits(object, field)),
        Some(Value::Number(id)) => Ok(Some(id.to_string())),
        Some(_) => Err("neither a string nor a number"),
    }
}

/// The field of an object, as it is written in the JSON.
fn digits(object: &str, field: &str) -> Option<String> {
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(object).ok()?;
    fields.get(field).map(|value| value.get().to_owned())
}

impl Iterator for Records {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        loop {
            match self.lines.next_line()? {
                Ok(bytes) if bytes.trim_ascii().is_empty() => {}
                Ok(bytes) => return Some(self.read(bytes)),
                Err(error) => {
                    let error = self.input.failed(error);
                    return Some(Source::failed(self.input.name(), error));
                }
            }
        }
    }
}
