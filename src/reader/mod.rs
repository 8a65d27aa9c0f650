//! Bytes to texts with ids: files, directories and standard input in many formats,
//! compressed or not, in any encoding that is named.

mod conll;
mod csv;
mod date;
mod declared;
mod delimited;
mod dom;
mod encoding;
mod format;
mod html;
mod jsonl;
mod lines;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
mod text;
mod walk;

use std::fs::File;
use std::io::{self, BufRead, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

pub(crate) use conll::is_comment;
pub use date::{DATE_FIELDS, Date};
pub use encoding::{Encoding, Malformed};
pub use format::{Compression, InputFormat};
pub use open::Meter;
pub use walk::{Walk, same_file};

use crate::spaces::MARK;
use crate::{Error, Result, Text};
use open::Opened;
use text::utf8;

/// The byte order mark in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Fields of a document that newshound does not read and passes on.
pub type Metadata = Map<String, Value>;

/// Where documents come from.
///
/// ```
/// use newshound::reader::{Input, Reader};
///
/// let page = Input::bytes("story.html", "<html><p>NATO met in Kyiv on Tuesday, he said.</p>");
/// for source in Reader::default().documents(&page) {
///     assert!(source.text?.as_str().contains("NATO met"));
/// }
/// # Ok::<(), newshound::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// Bytes in memory, as a file would hold them.
    Bytes {
        /// The name in ids and messages; its end tells the format, as that of a file does.
        name: String,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
}

/// A document that was read, or why it could not be.
#[derive(Debug)]
pub struct Source {
    /// The file's name, the record's id, or file and line where it has none.
    pub id: String,
    /// The text.
    pub text: Result<Text>,
    /// Whether the text is made from the input (taken out of HTML, decoded, joined from
    /// tokens), so that its offsets mean nothing without it.
    pub derived: bool,
    /// Other fields of the record.
    pub metadata: Metadata,
}

/// How inputs are read; the default finds out their formats by name and content.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The inputs' format; `None` finds it out for each.
    pub format: Option<InputFormat>,
    /// The inputs' encoding; `None` is UTF-8, or what an HTML page declares.
    pub encoding: Option<Encoding>,
    /// Field or column that holds the text.
    pub text_field: String,
    /// Field or column that holds the id.
    pub id_field: String,
    /// Counts the bytes read.
    pub meter: Meter,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            format: None,
            encoding: None,
            text_field: "text".to_owned(),
            id_field: "id".to_owned(),
            meter: Meter::default(),
        }
    }
}

impl Input {
    /// Bytes in memory, under a name.
    pub fn bytes(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes {
            name: name.into(),
            bytes: bytes.as_ref().into(),
        }
    }

    /// The name in messages and ids: the path, `-`, or what it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }

    /// The path for errors that hold one, kept as it is even where it is not UTF-8.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Stdin => PathBuf::from("standard input"),
            Self::File(path) => path.clone(),
            Self::Bytes { name, .. } => name.into(),
        }
    }

    /// Reads the whole input, unpacked, as UTF-8; a byte order mark is no part of it.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Directory`], [`Error::NotUtf8`] or [`Error::Nul`]; [`Error::Record`]
    /// for an array of JSON objects, [`Error::NotBuilt`] for what this build cannot unpack.
    pub fn text(&self) -> Result<String> {
        let mut bytes = Vec::new();
        let mut open = Reader::default().bytes(self)?;
        open.read_to_end(&mut bytes).map_err(|e| self.failed(e))?;
        let mut text = utf8(bytes).map_err(|error| match error {
            Error::NotUtf8 { offset, guess, .. } => Error::NotUtf8 {
                offset,
                guess,
                can_decode: false,
            },
            error => error,
        })?;
        if text.starts_with(MARK) {
            text.drain(..MARK.len_utf8());
        }
        Ok(text)
    }

    fn raw(&self) -> Result<Box<dyn Read + Send>> {
        match self {
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::File(path) if path.is_dir() => Err(Error::Directory(path.clone())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(self.failed(source)),
            },
            Self::Bytes { bytes, .. } => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
        }
    }

    /// The error for a read of this input that failed; invalid bytes of its encoding have one of their own.
    pub(crate) fn failed(&self, source: io::Error) -> Error {
        if let Some(malformed) = source.get_ref().and_then(|e| e.downcast_ref::<Malformed>()) {
            return Error::Malformed(*malformed);
        }
        let path = self.path();
        Error::Read { path, source }
    }
}

impl Source {
    /// A document that could not be read.
    #[must_use]
    pub fn failed(id: String, error: Error) -> Self {
        Self {
            id,
            text: Err(error),
            derived: false,
            metadata: Metadata::new(),
        }
    }

    /// A failed document in the place of files that could not be listed.
    #[must_use]
    pub fn unlisted(error: Error) -> Self {
        let id = match &error {
            Error::Read { path, .. } => path.display().to_string(),
            _ => String::new(),
        };
        Self::failed(id, error)
    }

    /// Bytes that the metadata takes in memory, about.
    #[must_use]
    pub fn metadata_size(&self) -> usize {
        fields_size(&self.metadata)
    }
}

fn fields_size(fields: &Metadata) -> usize {
    let sizes = fields.iter().map(|(name, value)| name.len() + size(value));
    sizes.sum()
}

fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(size).sum(),
            Value::Object(fields) => fields_size(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

/// Documents of one input, read as they are asked for.
pub type Documents = Box<dyn Iterator<Item = Source> + Send>;

impl Reader {
    /// The documents of an input. Where it cannot be opened or read on, the last one is a failed
    /// document.
    pub fn documents(&self, input: &Input) -> Documents {
        let opened = match self.open(input) {
            Ok(opened) => opened,
            Err(error) => return one(Source::failed(input.name(), error)),
        };
        match opened.format {
            InputFormat::Text => one(text::document(input, opened)),
            InputFormat::Html => one(html::document(input, opened, self.encoding)),
            InputFormat::Lines => Box::new(lines::Lines::new(input, opened)),
            InputFormat::Jsonl => Box::new(jsonl::Records::new(self, input, opened)),
            InputFormat::Csv => Box::new(csv::Rows::new(self, input, opened, b',')),
            InputFormat::Tsv => Box::new(csv::Rows::new(self, input, opened, b'\t')),
            InputFormat::Conll => Box::new(conll::Columns::new(input, opened)),
            InputFormat::Parquet => self.parquet(input, opened),
        }
    }

    /// The bytes of an input, decompressed and decoded; those of Parquet as lines of JSON.
    pub(crate) fn bytes(&self, input: &Input) -> Result<Box<dyn BufRead + Send>> {
        let opened = self.open(input)?;
        #[cfg(feature = "parquet")]
        if opened.format == InputFormat::Parquet {
            return parquet::as_jsonl(input, opened);
        }
        Ok(opened.bytes)
    }

    #[cfg(feature = "parquet")]
    fn parquet(&self, input: &Input, opened: Opened) -> Documents {
        match parquet::Rows::new(self, input, opened) {
            Ok(rows) => Box::new(rows),
            Err(error) => one(Source::failed(input.name(), error)),
        }
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(&self, input: &Input, _: Opened) -> Documents {
        one(Source::failed(input.name(), Error::NotBuilt("parquet")))
    }
}

fn one(source: Source) -> Documents {
    Box::new(std::iter::once(source))
}

#[cfg(test)]
mod tests;
