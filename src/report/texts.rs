//! The texts of documents whose results do not hold them, from the input they were tagged in.

use crate::reader::{Documents, Input, Reader, Walk};
use crate::{Error, Result};

/// The documents of an input in order. Results are in the same order, so one pass is enough.
pub(super) struct Texts<'w> {
    inputs: Box<dyn Iterator<Item = Result<Input>> + Send + 'w>,
    reader: &'w Reader,
    open: Option<Documents>,
}

impl<'w> Texts<'w> {
    pub(super) fn new(walk: &'w Walk, reader: &'w Reader) -> Self {
        Self {
            inputs: Box::new(walk.inputs()),
            reader,
            open: None,
        }
    }

    /// Goes on to the next document of an id that can be read, and gives its text.
    ///
    /// # Errors
    /// Where there is no such document behind the last one that was asked for.
    pub(super) fn find(&mut self, id: &str) -> Result<String> {
        let mut failed = None;
        loop {
            if let Some(documents) = &mut self.open {
                for source in documents.by_ref().filter(|source| source.id == id) {
                    match source.text {
                        Ok(text) => return Ok(text.as_str().to_owned()),
                        Err(error) => failed = Some(error),
                    }
                }
                self.open = None;
            }
            match self.inputs.next() {
                Some(Ok(input)) => self.open = Some(self.reader.documents(&input)),
                Some(Err(_)) => {}
                None => {
                    return Err(Error::Option(match failed {
                        Some(error) => format!(
                            "--text: {id:?} cannot be read as it was when it was tagged: {error}"
                        ),
                        None => format!(
                            "--text: there is no document {id:?} in its place; give the files that were tagged, named as they were then, with the same options for reading (--no-ignore, --glob, ...), or run annotate --with-text"
                        ),
                    }));
                }
            }
        }
    }
}
