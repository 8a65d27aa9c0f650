//! Splits text into paragraphs at line breaks.
//!
//! A blank line is always a border. A single line break is one too, unless the line is wrapped: so full
//! that the next line's first word would not have fitted, unlike a headline, byline or list item.

use std::ops::Range;

/// Wider lines are whole paragraphs.
const WIDEST_WRAP: usize = 120;
/// Narrower lines are prose only where their block ends like prose; else they are a table or a poem.
const NARROW: usize = 40;
/// Within a sentence a wrapped line may fall short of the margin by 1/EVEN of the width, besides the
/// next word.
const EVEN: usize = 12;
/// A word counts as at most this many characters.
const LONG_WORD: usize = 30;

/// A line with something on it.
struct Line<'t> {
    start: usize,
    /// The line without white space around it.
    text: &'t str,
    /// Characters of white space before it.
    indent: usize,
    /// Characters up to its end, indent included.
    width: usize,
    /// A blank line or a paragraph separator comes before it.
    after_blank: bool,
}

impl Line<'_> {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The paragraphs of a text in order, without white space around them.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let lines = lines(text);
    let wrap = wrap_width(&lines);
    let mut found: Vec<Range<usize>> = Vec::new();
    for block in lines.chunk_by(|_, next| !next.after_blank) {
        let prose = block.last().is_some_and(|line| ends_like_prose(line.text));
        let mut previous: Option<&Line> = None;
        for line in block {
            let joins = match (previous, wrap) {
                (Some(above), _) if breaks_word(above, line) => true,
                (Some(above), Some(wrap)) => is_wrapped(above, line, wrap, prose),
                _ => false,
            };
            match found.last_mut() {
                Some(paragraph) if joins => paragraph.end = line.range().end,
                _ => found.push(line.range()),
            }
            previous = Some(line);
        }
    }
    found
}

/// Whether a hyphen at a line's end stands within a word, broken or not: "Cali-", "fornia".
fn breaks_word(above: &Line, line: &Line) -> bool {
    let before = above.text.strip_suffix('-');
    before.is_some_and(|before| before.ends_with(char::is_alphabetic))
        && line.text.starts_with(char::is_lowercase)
}

/// Whether the break between two lines is a wrap inside a paragraph.
fn is_wrapped(above: &Line, line: &Line, wrap: usize, prose: bool) -> bool {
    let item_above = item(above.text).is_some();
    if above.width > WIDEST_WRAP || (line.indent > above.indent && !item_above) {
        return false;
    }
    let word = line.text.split_whitespace().next().unwrap_or_default();
    let word = word.chars().take(LONG_WORD).count();
    // Some programs wrap before the margin to get lines of similar length.
    let marker = item(line.text);
    let even = prose && marker.is_none() && !ends_like_prose(above.text);
    let slack = if even { wrap / EVEN } else { 0 };
    let full = above.width + 1 + word + slack > wrap && (wrap >= NARROW || prose);
    match marker {
        Some(Item::Certain) => return false,
        // A wrapped line may happen to start with a dash or a number.
        Some(Item::Possible) if !full || item_above || ends_like_prose(above.text) => return false,
        _ => {}
    }
    // Ragged lines, wrapped by hand.
    let runs_on = prose && line.text.starts_with(char::is_lowercase) && 2 * above.width >= wrap;
    full || runs_on
}

/// The width at which the lines are wrapped, or none where lines are paragraphs.
fn wrap_width(lines: &[Line]) -> Option<usize> {
    let mut widths: Vec<usize> = lines.iter().map(|line| line.width).collect();
    widths.sort_unstable();
    let fit = widths.partition_point(|&width| width <= WIDEST_WRAP);
    if 4 * (widths.len() - fit) > widths.len() {
        return None;
    }
    // Not the maximum: one address or table row must not hide the margin.
    widths.truncate(fit);
    widths
        .get((fit * 9 / 10).min(fit.saturating_sub(1)))
        .copied()
}

/// The lines that are not blank.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut after_blank = false;
    let mut rest = text;
    let mut start = 0;
    while !rest.is_empty() {
        let (raw, line_break) = match rest.find(is_break) {
            Some(at) => {
                let (raw, tail) = rest.split_at(at);
                let crlf = usize::from(tail.starts_with("\r\n"));
                let length = crlf + tail.chars().next().map_or(0, char::len_utf8);
                (raw, tail.get(..length).unwrap_or_default())
            }
            None => (rest, ""),
        };
        let line = raw.trim();
        if line.is_empty() {
            after_blank |= !found.is_empty();
        } else {
            let before = raw.len() - raw.trim_start().len();
            let indent = raw.chars().take_while(|c| c.is_whitespace()).count();
            let width = indent + line.chars().count();
            found.push(Line {
                start: start + before,
                text: line,
                indent,
                width,
                after_blank,
            });
            after_blank = false;
        }
        after_blank |= matches!(line_break, "\u{2029}" | "\u{C}");
        let taken = raw.len() + line_break.len();
        start += taken;
        rest = rest.get(taken..).unwrap_or_default();
    }
    found
}

/// LF, CR, vertical tab, form feed, NEL, line and paragraph separator.
fn is_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Whether a line ends with a terminator or a colon, closing marks aside.
fn ends_like_prose(line: &str) -> bool {
    let open = line.trim_end_matches(super::is_closer);
    open.ends_with(|c| super::is_terminator(c) || matches!(c, ':' | ';'))
}

/// How sure it is that a line starts with the marker of a list item.
enum Item {
    Certain,
    Possible,
}

fn item(line: &str) -> Option<Item> {
    let marker = line.split_whitespace().next()?;
    let inner = marker.trim_start_matches('(').trim_end_matches([')', '.']);
    let numbered = inner.len() < marker.len() && inner.bytes().all(|b| b.is_ascii_digit());
    let lettered = marker.ends_with(')') && inner.len() == 1;
    match marker {
        "*" | "•" | "◦" | "‣" | "▪" | "●" | "○" | "■" | "►" | "·" | "→" | "✓" => {
            Some(Item::Certain)
        }
        "-" | "--" | "–" | "—" | "+" | "o" => Some(Item::Possible),
        _ if lettered || (numbered && (1..=3).contains(&inner.len())) => Some(Item::Possible),
        _ => None,
    }
}
