//! What names of a list are compared by.

/// Writes `text` without white space at its ends and with single blanks for runs of it.
pub(super) fn spaced(text: &str, into: &mut String) {
    into.clear();
    for word in text.split_whitespace() {
        if !into.is_empty() {
            into.push(' ');
        }
        into.push_str(word);
    }
}

/// The bytes of `text` in lower case.
pub(super) fn lower(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.chars().flat_map(char::to_lowercase).flat_map(|c| {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        bytes.into_iter().take(length)
    })
}
