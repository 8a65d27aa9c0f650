//! Documents to output; one file a format.

mod conll;
mod jsonl;
mod tsv;
mod view;

use std::io;

pub use conll::Conll;
pub use jsonl::Jsonl;
pub use tsv::Tsv;
pub use view::View;

use crate::{Document, Error};

/// Writes documents one after another.
pub trait Writer {
    /// Writes a tagged document.
    ///
    /// # Errors
    /// What the output says.
    fn document(&mut self, id: &str, document: &Document) -> io::Result<()>;

    /// Writes, in its place, that a document failed. Formats without room for that
    /// write nothing.
    ///
    /// # Errors
    /// What the output says.
    fn failure(&mut self, _id: &str, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    /// Flushes what is still held back.
    ///
    /// # Errors
    /// What the output says.
    fn flush(&mut self) -> io::Result<()>;
}

/// A score as it is written: four decimals, which is more than the model knows and
/// fewer than processors differ in.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests;
