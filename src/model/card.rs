//! The fields of a model card, a README.md with YAML before its text.

use crate::spaces::MARK;

/// Licence and languages, as far as the card names them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) licence: Option<String>,
    pub(super) languages: Vec<String>,
}

impl Card {
    /// Reads the fields `license`, `license_name` and `language` of a card. These are a word or a
    /// list of words; other YAML than that is passed over.
    pub(super) fn parse(text: &str) -> Self {
        let mut name = None;
        let mut card = Self::default();
        let mut languages = false;
        let lines = text.strip_prefix(MARK).unwrap_or(text).lines();
        let mut lines = lines.map(str::trim_end);
        if lines.next() != Some("---") {
            return card;
        }
        for line in lines.take_while(|line| *line != "---") {
            if let Some(item) = line.trim_start().strip_prefix("- ").filter(|_| languages) {
                card.languages.extend(words(item));
            } else if let Some((key, value)) = line.split_once(':') {
                languages = key == "language";
                match key {
                    "license" => card.licence = words(value).next(),
                    "license_name" => name = words(value).next(),
                    "language" => card.languages = words(value).collect(),
                    _ => {}
                }
            }
        }
        // The hub's way to name a licence it does not list.
        if let Some(name) = name.filter(|_| card.licence.as_deref() == Some("other")) {
            card.licence = Some(name);
        }
        card
    }
}

/// The words of a value: `en`, `"en"`, `[en, de]`, with a comment perhaps.
fn words(value: &str) -> impl Iterator<Item = String> {
    let value = value.split(" #").next().unwrap_or_default();
    let value = value.trim().trim_matches(['[', ']']);
    let words = value.split(',').map(|w| w.trim().trim_matches(['"', '\'']));
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> (Option<String>, String) {
        let card = Card::parse(text);
        (card.licence, card.languages.join(" "))
    }

    #[test]
    fn fields_are_read_in_each_way_they_are_written() {
        let mit = Some("mit".to_owned());
        let texts = [
            "---\nlicense: mit\nlanguage: en\n---\n",
            "---\r\nlanguage:\r\n- en\r\ntags:\r\n- x\r\nlicense: 'mit'\r\n---\r\n",
            "---\nlanguage: [\"en\"]\nlicense: mit # free\n---\n",
            "\u{FEFF}---\nlicense: other\nlicense_name: mit\nlanguage:\n  - en\n---\n",
        ];
        for text in texts {
            assert_eq!(card(text), (mit.clone(), "en".to_owned()), "{text:?}");
        }
        let text = "---\nlanguage: [en, de]\n---\nlicense: mit\n";
        assert_eq!(card(text), (None, "en de".to_owned()));
    }

    #[test]
    fn a_card_without_fields_says_nothing() {
        for text in [
            "",
            "# Title\nlicense: mit\n",
            "---\n",
            "---\n---\n",
            "---\n:\n- \n---",
        ] {
            assert_eq!(Card::parse(text), Card::default(), "{text:?}");
        }
    }
}
