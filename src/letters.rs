//! Letters that do not come apart into a letter and a mark.

/// What a small letter is written as where only the plain alphabet counts: `ł` is `l`.
pub(crate) fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'ħ' => "h",
        'ŋ' => "n",
        'ə' => "a",
        _ => return None,
    })
}
