//! White space inside names.

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
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
}
