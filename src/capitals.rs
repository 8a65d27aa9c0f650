//! SENTENCES IN CAPITALS, which hide what capitals tell a model: they are read as headline case.

use crate::document::Word;

/// Words in capitals that make a sentence one; a lone "NATO" or "IBM AG" is a name.
const ENOUGH: usize = 3;

/// Whether a sentence has no small letter and at least three words of two capitals or more.
pub(crate) fn shouted(text: &str, words: &[Word]) -> bool {
    let surfaces = || words.iter().filter_map(|w| text.get(w.start..w.end));
    let capitals = |word: &&str| word.chars().filter(|c| c.is_uppercase()).count() > 1;
    !surfaces().any(|word| word.contains(char::is_lowercase))
        && surfaces().filter(capitals).nth(ENOUGH - 1).is_some()
}

/// The text with only the first letter of a run of letters as a capital, byte for byte as long:
/// letters whose small form has another length stay.
pub(crate) fn lowered(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .map(|c| {
            let starts = !inside;
            inside = c.is_alphanumeric() || matches!(c, '\'' | '’');
            let mut small = c.to_lowercase();
            match (small.next(), small.next()) {
                (Some(small), None) if !starts && small.len_utf8() == c.len_utf8() => small,
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;
    use proptest::prelude::*;

    fn is_shouted(text: &str) -> bool {
        shouted(text, &words(text, 0, text.len()))
    }

    #[test]
    fn three_words_in_capitals_and_no_small_letter_make_a_sentence_in_capitals() {
        assert!(is_shouted("SOCCER - KYIV HOLD BENFICA 1-1"));
        for text in [
            "NATO",
            "IBM AG (U.S.)",
            "NATO AND THE EU met",
            "1-1 2-0 3-0",
            "",
        ] {
            assert!(!is_shouted(text), "{text}");
        }
    }

    #[test]
    fn words_keep_their_first_capital() {
        assert_eq!(
            lowered("KYIV'S U.S.-BACKED ŁÓDŹ 4TH"),
            "Kyiv's U.S.-Backed Łódź 4th"
        );
    }

    proptest! {
        #[test]
        fn every_character_keeps_its_place(text in "\\PC{0,40}") {
            let places = |t: &str| t.char_indices().map(|c| c.0).collect::<Vec<_>>();
            prop_assert_eq!(places(&lowered(&text)), places(&text));
        }
    }
}
