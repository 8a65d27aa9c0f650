//! Documents to output; one file a format.

#[cfg(feature = "parquet")]
pub mod parquet;

mod brat;
mod conll;
mod csv;
mod html;
mod jsonl;
mod spacy;
mod tsv;
mod view;
mod webanno;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

pub use brat::annotation as brat;
pub use conll::Conll;
pub use csv::Csv;
pub use html::Html;
pub(crate) use html::escape;
pub use jsonl::Jsonl;
pub(crate) use jsonl::json_line;
pub use spacy::Spacy;
pub use tsv::Tsv;
pub use view::View;
pub use webanno::WebAnnotation;

use crate::fields::rounded;
use crate::reader::Metadata;
use crate::spaces::one_line;
use crate::{Document, Error};

/// A tagged document and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'d> {
    /// The document's id.
    pub id: &'d str,
    /// Text and spans.
    pub document: &'d Document,
    /// Fields of the input to pass on.
    pub metadata: &'d Metadata,
    /// Whether to write the text also in formats that can do without.
    pub with_text: bool,
}

/// Writes documents one after another in one format. Writers buffer nothing, so that output can
/// be cut between documents and continued.
pub trait Writer: Send {
    /// Writes what stands before the first document.
    ///
    /// # Errors
    /// Those of `out`, as for all methods.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Writes a tagged document.
    ///
    /// # Errors
    /// Those of `out`.
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()>;

    /// Writes, in its place, that a document failed; nothing in formats that cannot say so.
    ///
    /// # Errors
    /// Those of `out`.
    fn failure(&mut self, _out: &mut dyn Write, _id: &str, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    /// Writes what stands after the last document.
    ///
    /// # Errors
    /// Those of `out`.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Headings for names, in order; other labels follow under their own name.
pub(crate) const HEADINGS: [(&str, &str); 4] = [
    ("PER", "People"),
    ("ORG", "Organisations"),
    ("LOC", "Places"),
    ("MISC", "Other names"),
];

/// The labels of a document's spans with their headings.
fn headings(document: &Document) -> Vec<(&str, &str)> {
    let mut all: Vec<(&str, &str)> = HEADINGS.to_vec();
    let mut there: BTreeSet<&str> = BTreeSet::new();
    for span in &document.spans {
        if there.insert(&span.label) && !all.iter().any(|(label, _)| *label == &*span.label) {
            all.push((&span.label, &span.label));
        }
    }
    all.retain(|(label, _)| there.contains(label));
    all
}

/// Names of a label with their mentions, most frequent first, then in the order of the text.
/// Where a document has no names, surfaces with single blanks are counted.
fn counted(document: &Document, label: &str) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut places: HashMap<(Option<usize>, String), usize> = HashMap::new();
    for span in document.spans.iter().filter(|span| &*span.label == label) {
        let name = match document.name(span) {
            Some(name) => name.name.clone(),
            None => one_line(document.surface(span)),
        };
        let place = *places
            .entry((span.name, name.clone()))
            .or_insert(names.len());
        match names.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    names
}

#[cfg(test)]
mod tests;
