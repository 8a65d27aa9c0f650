//! White space between words and inside names.

/// The byte order mark: a blank of no width where it is not read past.
pub(crate) const MARK: char = '\u{feff}';

/// Whether a character stands between words. A byte order mark does, at the start of a text and
/// where files were joined.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == MARK
}

/// Letters of a broken word that stand before its hyphen, at least.
const SHORTEST_PART: usize = 3;

/// `text` with single blanks for runs of white space, and none at its ends: a name may run over a
/// line break, and a word of it may be broken there.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    one_line_into(text, &mut line);
    line
}

/// The same into a buffer, in place of what it holds.
pub(crate) fn one_line_into(text: &str, line: &mut String) {
    line.clear();
    for part in text.split(['\n', '\r']) {
        let mut goes_on = breaks_word(line);
        for word in part.split(is_space).filter(|word| !word.is_empty()) {
            if goes_on && word.starts_with(char::is_lowercase) {
                line.pop();
            } else if !goes_on && !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            goes_on = false;
        }
    }
}

/// Whether a line ends with a hyphen within a word: "Cali-" goes on with "fornia", "al-" is an article.
fn breaks_word(line: &str) -> bool {
    let word = line.rsplit(' ').next().unwrap_or_default();
    let part = word.strip_suffix('-').unwrap_or_default();
    part.chars().count() >= SHORTEST_PART && part.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_line_break_divides_is_whole_again() {
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
