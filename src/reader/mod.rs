//! Bytes to texts with ids: plain text files and JSONL.

mod jsonl;
mod text;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub use text::utf8;

use crate::{Error, Result};

/// Where documents come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// How documents lie in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputFormat {
    /// The whole input is one document of plain UTF-8 text.
    #[default]
    Text,
    /// Each line is a JSON object with a string `text` and, if it likes, an `id`.
    Jsonl,
}

/// A document that was read, or why it could not be.
#[derive(Debug)]
pub struct Source {
    /// The file's name, the JSONL record's `id`, or file and line where it has none.
    pub id: String,
    /// The text.
    pub text: Result<String>,
}

impl Input {
    /// The name in messages and ids: the path, or `-`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Opens the input.
    ///
    /// # Errors
    /// [`Error::Read`], or [`Error::Directory`] for a directory.
    pub fn open(&self) -> Result<Box<dyn BufRead>> {
        match self {
            Self::Stdin => Ok(Box::new(BufReader::new(io::stdin()))),
            Self::File(path) if path.is_dir() => Err(Error::Directory(path.clone())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(BufReader::new(file))),
                Err(source) => Err(self.failed(source)),
            },
        }
    }

    /// Reads the whole input as UTF-8.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Directory`], [`Error::NotUtf8`] or [`Error::Nul`].
    pub fn text(&self) -> Result<String> {
        let mut bytes = Vec::new();
        let mut open = self.open()?;
        open.read_to_end(&mut bytes).map_err(|e| self.failed(e))?;
        utf8(bytes)
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = match self {
            Self::Stdin => Path::new("standard input").to_owned(),
            Self::File(path) => path.clone(),
        };
        Error::Read { path, source }
    }
}

/// The documents of an input, read as they are asked for.
pub fn documents(input: &Input, format: InputFormat) -> Box<dyn Iterator<Item = Source>> {
    let whole = |text| -> Box<dyn Iterator<Item = Source>> {
        let id = input.name();
        Box::new(std::iter::once(Source { id, text }))
    };
    match format {
        InputFormat::Text => whole(input.text()),
        InputFormat::Jsonl => match input.open() {
            Ok(open) => Box::new(jsonl::Lines::new(input.clone(), open)),
            Err(error) => whole(Err(error)),
        },
    }
}
