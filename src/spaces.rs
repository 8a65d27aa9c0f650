//! White space between words and inside names.

/// The byte order mark; inside a text it is a blank of no width.
pub(crate) const MARK: char = '\u{feff}';

/// Whether a character separates words. A byte order mark does: at the start of a text, and where
/// files were joined.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == MARK
}

/// The fewest letters that a word broken at a line's end has before its hyphen.
const SHORTEST_PART: usize = 3;

/// `text` with single blanks for runs of white space and none at its ends. Words that a hyphen breaks
/// at a line's end are joined.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    one_line_into(text, &mut line);
    line
}

/// Replaces the contents of `line` with [`one_line`] of `text`.
pub(crate) fn one_line_into(text: &str, line: &mut String) {
    line.clear();
    for part in text.split(['\n', '\r']) {
        let mut is_broken = breaks_word(line);
        for word in part.split(is_space).filter(|word| !word.is_empty()) {
            if is_broken && word.starts_with(char::is_lowercase) {
                line.pop();
            } else if !is_broken && !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            is_broken = false;
        }
    }
}

/// Whether a line ends with part of a broken word: "Cali-" does, "al-" is an article.
fn breaks_word(line: &str) -> bool {
    let word = line.rsplit(' ').next().unwrap_or_default();
    let part = word.strip_suffix('-').unwrap_or_default();
    part.chars().count() >= SHORTEST_PART && part.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_broken_at_a_lines_end_is_joined() {
        for (text, line) in [
            (" New \t York\r\nCity ", "New York City"),
            ("Inter-\r\n  national Fund", "International Fund"),
            ("Pittsburgh Post-\nGazette", "Pittsburgh Post-Gazette"),
            ("New York -\nlater", "New York - later"),
            ("Tora- Bora", "Tora- Bora"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }
}
