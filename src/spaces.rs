//! White space between words and inside names.

/// The byte order mark: a blank of no width where it is not read past.
pub(crate) const MARK: char = '\u{feff}';

/// Whether a character stands between words. A byte order mark does, at the start of a text and
/// where files were joined.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == MARK
}

/// `text` with single blanks for runs of white space, and none at its ends: a name may run over a
/// line break.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    one_line_into(text, &mut line);
    line
}

/// The same into a buffer, in place of what it holds.
pub(crate) fn one_line_into(text: &str, line: &mut String) {
    line.clear();
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
}
