//! What subcommands share to write their output.

use std::io::{self, BufWriter, Write};
use std::path::{self, Path};

use clap::ValueEnum;
use serde::Serialize;

use super::Stop;

/// Formats of figures and lists.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum To {
    /// For people
    Table,
    /// JSON
    Json,
}

/// Writes a line of JSON.
pub(crate) fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

/// Refuses a directory where a file is to be written.
pub(crate) fn check_file(path: &Path) -> Result<(), Stop> {
    let named = path.to_string_lossy().ends_with(path::is_separator);
    match named || path.is_dir() {
        false => Ok(()),
        true => Err(Stop::Fatal(format!(
            "cannot write {}: it is a directory; name a file",
            path.display()
        ))),
    }
}

/// When output is coloured.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether standard output is to be coloured.
    pub(crate) fn wanted(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }
}

/// Standard output, buffered by blocks; commands flush it when something is complete.
pub(crate) fn stdout() -> impl Write {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}
