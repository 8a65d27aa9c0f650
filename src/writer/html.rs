//! A web page with the names highlighted.

use std::io::{self, Write};

use super::{Record, Writer, rounded};
use crate::{Document, Error};

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Names in the news</title>
<style>
body { font: 1rem/1.6 serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }
h2 { font: bold 1rem sans-serif; overflow-wrap: anywhere }
article { border-top: 1px solid #ccc }
p { white-space: pre-wrap; overflow-wrap: anywhere }
mark { background: #eadcf5; border-radius: .2em; padding: 0 .15em }
mark::after { content: attr(data-label); font: .65em sans-serif; color: #444; margin-left: .3em }
mark[data-label=PER] { background: #d5ecd4 }
mark[data-label=ORG] { background: #d0e6f2 }
mark[data-label=LOC] { background: #f8ebbd }
.topics, .names { font: .8rem sans-serif; color: #444 }
.failed { color: #a00 }
</style>
";

/// Writes one page for all documents.
pub struct Html;

impl Writer for Html {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(HEAD.as_bytes())
    }

    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        let document = record.document;
        writeln!(out, "<article>\n<h2>{}</h2>", escape(record.id))?;
        if !document.topics.is_empty() {
            let names = document.topics.iter().map(|topic| escape(&topic.label));
            let names = names.collect::<Vec<_>>().join(" · ");
            writeln!(out, "<p class=\"topics\">{names}</p>")?;
        }
        names(out, document)?;
        out.write_all(b"<p>")?;
        let mut at = 0;
        for span in &document.spans {
            let between = document.text.get(at..span.start).unwrap_or_default();
            let name = document.name(span);
            let name = name.filter(|name| name.name != document.surface(span));
            let full = name.map(|name| format!("{}, ", escape(&name.name)));
            let full = full.unwrap_or_default();
            write!(
                out,
                "{}<mark data-label=\"{}\" title=\"{}{:.2}\">{}</mark>",
                escape(between),
                escape(&span.label),
                full,
                rounded(span.score),
                escape(document.surface(span))
            )?;
            at = span.end;
        }
        let rest = document.text.get(at..).unwrap_or_default();
        writeln!(out, "{}</p>\n</article>", escape(rest))
    }

    fn failure(&mut self, out: &mut dyn Write, id: &str, error: &Error) -> io::Result<()> {
        let (id, message) = (escape(id), escape(&error.to_string()));
        write!(
            out,
            "<article>\n<h2>{id}</h2>\n<p class=\"failed\">not read: {message}</p>\n</article>\n"
        )
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"</html>\n")
    }
}

/// A list of names for each label, the most mentioned first.
fn names(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    for (label, heading) in super::headings(document) {
        let named = super::counted(document, label);
        let named = named.iter().map(|(name, count)| match count {
            1 => escape(name),
            _ => format!("{} ({count})", escape(name)),
        });
        let named = named.collect::<Vec<_>>().join(", ");
        writeln!(
            out,
            "<p class=\"names\"><b>{}</b> {named}</p>",
            escape(heading)
        )?;
    }
    Ok(())
}

/// Text as character data or in a quoted attribute. Control characters that HTML does not
/// allow become replacement characters.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}
