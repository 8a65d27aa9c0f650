//! brat's standoff format (<https://brat.nlplab.org/standoff.html>): an `.ann` file
//! beside each text.

use std::io::{self, Write};

use crate::{Document, OffsetCursor, OffsetUnit};

/// Writes the annotations of a document whose text is in a `.txt` file of its own.
/// Offsets count code points. brat shows text a line at a time, so a name that crosses a
/// line break is written in fragments. The full name of a short form is a note.
///
/// # Errors
/// Those of `out`.
pub fn annotation(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mut cursor = OffsetCursor::new(&document.text, OffsetUnit::Char);
    for (at, span) in document.spans.iter().enumerate() {
        let mut places = Vec::new();
        let mut texts = Vec::new();
        let mut start = span.start;
        for line in document.surface(span).split_inclusive(['\n', '\r']) {
            let text = line.trim_matches(['\n', '\r']);
            if !text.is_empty() {
                let (from, to) = (cursor.position(start), cursor.position(start + text.len()));
                places.push(format!("{from} {to}"));
                texts.push(text);
            }
            start += line.len();
        }
        let (places, text) = (places.join(";"), texts.join(" "));
        // Types are words in brat; other models' labels may hold blanks.
        let label = span.label.replace(char::is_whitespace, "_");
        let id = at + 1;
        writeln!(out, "T{id}\t{label} {places}\t{text}")?;
        // A note with the same text would say nothing.
        let name = document.name(span).filter(|name| name.name != text);
        if let Some(name) = name {
            writeln!(out, "#{id}\tAnnotatorNotes T{id}\t{}", name.name)?;
        }
    }
    Ok(())
}
