//! Gold text in another case, to test a tagger where capitals carry no information.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::Gold;
use crate::{OffsetCursor, OffsetUnit};

/// A case to put text in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// ALL CAPITALS.
    Upper,
    /// all lower case.
    Lower,
    /// A Capital Before Every Word; the other letters stay.
    Title,
}

impl Case {
    /// The text in this case, character for character: one that would become two (`ß`) stays.
    #[must_use]
    pub fn apply(self, text: &str) -> String {
        let mut inside = false;
        text.chars()
            .map(|c| {
                let starts = !inside;
                inside = c.is_alphanumeric()
                    || matches!(c, '\'' | '’')
                    || c.general_category_group() == GeneralCategoryGroup::Mark;
                match self {
                    Self::Lower => single(c.to_lowercase(), c),
                    Self::Title if !starts => c,
                    Self::Upper | Self::Title => single(c.to_uppercase(), c),
                }
            })
            .collect()
    }

    /// A row with its text in this case, and its spans around the same characters.
    #[must_use]
    pub fn apply_gold(self, gold: &Gold) -> Gold {
        let text = self.apply(&gold.text);
        let spans = gold.spans.iter().filter_map(|(start, end, label)| {
            // Spans may overlap, so each is looked up from the start.
            let mut before = OffsetCursor::new(&gold.text, OffsetUnit::Char);
            let (start, end) = (before.position(*start), before.position(*end));
            let mut after = OffsetCursor::new(&text, OffsetUnit::Char);
            Some((after.byte(start)?, after.byte(end)?, label.clone()))
        });
        let names = gold.names.iter();
        Gold {
            spans: spans.collect(),
            names: names.map(|name| Some(self.apply(name.as_ref()?))).collect(),
            text,
            line: gold.line,
            id: gold.id.clone(),
        }
    }
}

fn single(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_start_with_a_capital_and_keep_their_other_letters() {
        let title = |text| Case::Title.apply(text);
        assert_eq!(title("the UN's peace-talks"), "The UN's Peace-Talks");
        assert_eq!(title("e\u{301}lysée 3rd"), "E\u{301}lysée 3rd");
        assert_eq!(Case::Upper.apply("Straße ﬁ é"), "STRAßE ﬁ É");
        assert_eq!(Case::Lower.apply("KYIV İstanbul"), "kyiv İstanbul");
    }

    proptest! {
        #[test]
        fn spans_hold_the_same_characters_in_any_case(text in "\\PC{1,40}", from in 0usize..40, len in 1usize..9) {
            let chars: Vec<(usize, char)> = text.char_indices().collect();
            let from = from % chars.len();
            let to = (from + len).min(chars.len());
            let byte = |at: usize| chars.get(at).map_or(text.len(), |c| c.0);
            let span = (byte(from), byte(to), "LOC".to_owned());
            let gold = Gold { line: 1, id: String::new(), text: text.clone(), spans: vec![span], names: vec![None] };
            for case in [Case::Upper, Case::Lower, Case::Title] {
                let other = case.apply_gold(&gold);
                let (start, end, _) = &other.spans[0];
                prop_assert_eq!(other.text.chars().count(), chars.len());
                prop_assert_eq!(other.text[..*start].chars().count(), from);
                prop_assert_eq!(other.text[*start..*end].chars().count(), to - from);
            }
        }
    }
}
