//! Sentence to words: runs of letters and digits, or single marks.
//!
//! The borders are those of BERT's pre-tokenizer (Devlin et al. 2019,
//! `BasicTokenizer`), so `US-brokered` is three words, with two refinements that
//! keep what a reader sees together: a combining mark, soft hyphen or joiner
//! belongs to the word it follows, and an emoji sequence is one word.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use crate::document::Word;
use crate::spaces::is_space;

#[derive(PartialEq, Clone, Copy)]
enum Class {
    /// Continues a run of letters and digits.
    Letter,
    /// A character that is a word of its own (CJK ideographs, as in BERT).
    Ideograph,
    /// Continues whatever it follows.
    Mark,
    Space,
    /// Punctuation, symbols, emoji.
    Sign,
}

fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2CEAF
        | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}

fn class(c: char) -> Class {
    if c.is_ascii_alphanumeric() {
        return Class::Letter;
    }
    if is_space(c) {
        return Class::Space;
    }
    if c.is_ascii_graphic() {
        return Class::Sign;
    }
    if is_ideograph(c) {
        return Class::Ideograph;
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => Class::Letter,
        GeneralCategoryGroup::Mark => Class::Mark,
        _ if c.general_category() == GeneralCategory::Format => Class::Mark,
        _ => Class::Sign,
    }
}

/// The words of `text[start..end]`, in order and disjoint, as byte offsets into `text`. Together they
/// cover every character but white space.
#[must_use]
pub fn words(text: &str, start: usize, end: usize) -> Vec<Word> {
    let mut found = Vec::new();
    let Some(part) = text.get(start..end) else {
        return found;
    };
    let mut open: Option<(usize, Class)> = None;
    let mut skip_to = 0;
    for (at, c) in part.char_indices() {
        if at < skip_to {
            continue;
        }
        let class = class(c);
        let continues = match open {
            Some((_, Class::Letter | Class::Mark)) => matches!(class, Class::Letter | Class::Mark),
            Some(_) => class == Class::Mark,
            None => false,
        };
        if continues {
            if let Some((from, Class::Mark)) = open {
                open = Some((from, class));
            }
            continue;
        }
        if let Some((from, _)) = open.take() {
            found.push(Word {
                start: start + from,
                end: start + at,
            });
        }
        match class {
            Class::Space => {}
            Class::Sign if !c.is_ascii() => {
                // An emoji with modifiers, joiners or variation selectors.
                let cluster = part.get(at..).and_then(|rest| rest.graphemes(true).next());
                skip_to = at + cluster.map_or(c.len_utf8(), str::len);
                open = Some((at, class));
            }
            _ => open = Some((at, class)),
        }
    }
    if let Some((from, _)) = open {
        found.push(Word {
            start: start + from,
            end,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        words(text, 0, text.len())
            .iter()
            .map(|w| &text[w.start..w.end])
            .collect()
    }

    #[test]
    fn punctuation_marks_are_words_of_their_own() {
        assert_eq!(
            split("US-brokered, AP/Dan  (U.S.)"),
            [
                "US", "-", "brokered", ",", "AP", "/", "Dan", "(", "U", ".", "S", ".", ")"
            ]
        );
    }

    #[test]
    fn combining_marks_and_soft_hyphens_stay_in_their_word() {
        assert_eq!(
            split("Sa\u{303}o Kra\u{AD}kow"),
            ["Sa\u{303}o", "Kra\u{AD}kow"]
        );
    }

    #[test]
    fn a_byte_order_mark_is_a_blank() {
        let text = "\u{FEFF}Kyiv,\u{FEFF}Lviv\n\u{FEFF}Odesa";
        assert_eq!(split(text), ["Kyiv", ",", "Lviv", "Odesa"]);
    }

    #[test]
    fn an_emoji_sequence_is_one_word() {
        assert_eq!(
            split("go👩\u{200D}🚀\u{FE0F}now❤\u{FE0F}"),
            ["go", "👩\u{200D}🚀\u{FE0F}", "now", "❤\u{FE0F}"]
        );
        assert_eq!(split("🇺🇦🇵🇱"), ["🇺🇦", "🇵🇱"]);
    }

    #[test]
    fn ideographs_stand_alone_and_scripts_without_spaces_are_runs() {
        assert_eq!(split("北京 Київ東"), ["北", "京", "Київ", "東"]);
    }

    proptest! {
        #[test]
        fn words_cover_everything_but_white_space(text in any::<String>()) {
            let found = words(&text, 0, text.len());
            let mut covered = vec![false; text.len()];
            let mut last = 0;
            for w in &found {
                prop_assert!(last <= w.start && w.start < w.end);
                last = w.end;
                prop_assert!(!text[w.start..w.end].contains(is_space));
                covered[w.start..w.end].fill(true);
            }
            for (at, c) in text.char_indices() {
                prop_assert_eq!(covered[at], !is_space(c));
            }
        }
    }
}
