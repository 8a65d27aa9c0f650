//! Acronyms and what they stand for.

/// Words that an acronym may pass over.
pub(super) fn is_small(word: &str) -> bool {
    matches!(
        word,
        "of" | "the"
            | "and"
            | "for"
            | "in"
            | "on"
            | "at"
            | "to"
            | "a"
            | "an"
            | "by"
            | "with"
            | "de"
            | "la"
            | "le"
            | "les"
            | "des"
            | "du"
            | "del"
            | "der"
            | "die"
            | "das"
            | "und"
            | "et"
            | "y"
            | "e"
            | "i"
            | "da"
            | "do"
            | "van"
    )
}

/// The first letters of all words, and of those that are not small.
pub(super) fn initials(words: &[String]) -> [String; 2] {
    let of = |keep: fn(&str) -> bool| -> String {
        let words = words.iter().filter(|word| keep(word));
        words.filter_map(|word| word.chars().next()).collect()
    };
    [of(|_| true), of(|word| !is_small(word))]
}

/// Whether an acronym's letters are the beginnings of the words, in order: one letter or
/// several of each, at most `skips` words besides the small ones passed over.
pub(super) fn spells(letters: &[char], words: &[String], skips: usize) -> bool {
    let Some((word, rest)) = words.split_first() else {
        return letters.is_empty();
    };
    let shared = word
        .chars()
        .zip(letters)
        .take_while(|(a, b)| a == *b)
        .count();
    // The fewest letters first: most acronyms take one of each word.
    (1..=shared.min(4)).any(|taken| spells(&letters[taken..], rest, skips))
        || is_small(word) && spells(letters, rest, skips)
        || skips > 0 && !letters.is_empty() && spells(letters, rest, skips - 1)
}

/// Whether a short form stands for a long one beside which it is put in brackets: its letters
/// are in the long one, in order, the first at a word's start (Schwartz and Hearst 2003).
pub(super) fn abbreviates(letters: &[char], long: &[String]) -> bool {
    let Some((first, rest)) = letters.split_first() else {
        return false;
    };
    let starts = long.iter().enumerate();
    starts
        .filter(|(_, word)| word.starts_with(*first))
        .any(|(at, _)| {
            let mut left = long[at..].iter().flat_map(|word| word.chars()).skip(1);
            rest.iter().all(|letter| left.any(|c| c == *letter))
        })
}
