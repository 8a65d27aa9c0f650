//! A view for people: what the text is about, the text with its names marked, then who
//! and where.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Record, Writer, counted, headings};
use crate::{Document, Error};

/// Writes the view. In colour a name is set off by its label's colour, otherwise as
/// `[NATO ORG]`.
pub struct View {
    colour: bool,
    titled: bool,
    written: usize,
}

impl View {
    /// `titled` puts each document's id above it.
    #[must_use]
    pub fn new(colour: bool, titled: bool) -> Self {
        Self {
            colour,
            titled,
            written: 0,
        }
    }

    fn title(&mut self, out: &mut dyn Write, id: &str) -> io::Result<()> {
        if self.written > 0 {
            writeln!(out)?;
        }
        self.written += 1;
        if self.titled {
            self.styled(out, Style::new().bold(), &format!("== {} ==", visible(id)))?;
            writeln!(out, "\n")?;
        }
        Ok(())
    }

    fn styled(&self, out: &mut dyn Write, style: Style, text: &str) -> io::Result<()> {
        if self.colour {
            write!(out, "{style}{text}{style:#}")
        } else {
            out.write_all(text.as_bytes())
        }
    }

    fn topics(&self, out: &mut dyn Write, document: &Document) -> io::Result<()> {
        if document.topics.is_empty() {
            return Ok(());
        }
        self.styled(out, Style::new().bold(), &format!("{:<14}", "Topics"))?;
        let topics = document.topics.iter().map(|topic| {
            let label = visible(&topic.label);
            format!("{label} ({:.0} %)", 100.0 * topic.score)
        });
        writeln!(out, " {}\n", topics.collect::<Vec<_>>().join(" · "))
    }

    fn marked(&self, out: &mut dyn Write, document: &Document) -> io::Result<()> {
        let mut at = 0;
        for span in &document.spans {
            let between = document.text.get(at..span.start).unwrap_or_default();
            write!(out, "{}", visible(between))?;
            let surface = visible(document.surface(span));
            if self.colour {
                let colour = colour(&span.label);
                self.styled(out, colour.bold(), &surface)?;
                self.styled(out, colour.dimmed(), &format!(" {}", span.label))?;
            } else {
                write!(out, "[{surface} {}]", span.label)?;
            }
            at = span.end;
        }
        let rest = document.text.get(at..).unwrap_or_default();
        writeln!(out, "{}", visible(rest.trim_end()))
    }

    fn summary(&self, out: &mut dyn Write, document: &Document) -> io::Result<()> {
        for (label, heading) in headings(document) {
            let names = counted(document, label);
            let heading = visible(heading);
            self.styled(out, colour(label).bold(), &format!("{heading:<14}"))?;
            let list: Vec<String> = names
                .iter()
                .map(|(name, count)| match count {
                    1 => visible(name),
                    _ => format!("{} ({count})", visible(name)),
                })
                .collect();
            writeln!(out, " {}", list.join(", "))?;
        }
        let stats = document.stats;
        let line = format!(
            "{}, {}, {}",
            plural(stats.sentences, "sentence"),
            plural(stats.words, "word"),
            plural(document.spans.len(), "mention")
        );
        let line = match document.names.len() {
            0 => line,
            names => format!("{line} of {}", plural(names, "name")),
        };
        self.styled(out, Style::new().dimmed(), &line)?;
        writeln!(out)
    }
}

impl Writer for View {
    fn document(&mut self, out: &mut dyn Write, record: &Record<'_>) -> io::Result<()> {
        self.title(out, record.id)?;
        self.topics(out, record.document)?;
        self.marked(out, record.document)?;
        writeln!(out)?;
        self.summary(out, record.document)
    }

    fn failure(&mut self, out: &mut dyn Write, id: &str, error: &Error) -> io::Result<()> {
        if self.titled {
            self.title(out, id)?;
            writeln!(out, "not read: {}", visible(&error.to_string()))?;
        }
        Ok(())
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn colour(label: &str) -> Style {
    let colour = match label {
        "PER" => AnsiColor::Green,
        "ORG" => AnsiColor::Cyan,
        "LOC" => AnsiColor::Yellow,
        _ => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// The text with control characters made visible, so that a document cannot command
/// the terminal it is shown on.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => shown.push('\n'),
            '\0'..='\x1F' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7F' => shown.push('\u{2421}'),
            '\u{80}'..='\u{9F}' => shown.push('\u{FFFD}'),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn control_characters_of_a_document_do_not_reach_the_terminal() {
        assert_eq!(visible("a\x1B[31mb\r\nc\u{9B}"), "a␛[31mb\nc\u{FFFD}");
    }

    #[test]
    fn names_are_counted_across_line_breaks() {
        let text = "Mark\nRutte, NATO, Mark Rutte";
        let span = |start, end, label: &str| Span {
            start,
            end,
            label: label.into(),
            score: 1.0,
            name: None,
        };
        let document = Document {
            text: text.to_owned(),
            spans: vec![span(0, 10, "PER"), span(12, 16, "ORG"), span(18, 28, "PER")],
            ..Document::default()
        };
        let mut out = Vec::new();
        let record = Record {
            id: "x",
            document: &document,
            metadata: &Default::default(),
            with_text: false,
        };
        let mut view = View::new(false, false);
        view.document(&mut out, &record).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(
            shown.starts_with("[Mark\nRutte PER], [NATO ORG], [Mark Rutte PER]\n"),
            "{shown}"
        );
        assert!(
            shown.contains("People         Mark Rutte (2)\nOrganisations  NATO\n"),
            "{shown}"
        );
    }
}
