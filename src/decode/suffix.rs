//! What ends a name: suffixes with a full stop (`Robert Downey Jr.`, `Apple Inc.`), letters of honours
//! (`Karim Khan KC`). Also where a second name begins within a span.

use std::collections::HashSet;

use super::{WordSpan, gap};
use crate::document::is_person;
use crate::place;
use crate::tokenize::Tokenized;

const ORGANISATION: &str = "ORG";
const PLACE: &str = "LOC";

const PEOPLE: &[&str] = &["Jnr", "Jr", "Snr", "Sr"];

const COMPANIES: &[&str] = &["Co", "Corp", "Inc", "Ltd"];

/// Words that continue an organisation's name after such a suffix: "Samsung Electronics Co. Ltd.". "Co."
/// also stands for a county: "Jefferson Co. Sheriff".
const MORE: &[&str] = &[
    "Board",
    "Circuit",
    "Commission",
    "Council",
    "Court",
    "Department",
    "Dept",
    "District",
    "Fire",
    "Foundation",
    "Fund",
    "Group",
    "Health",
    "Holding",
    "Holdings",
    "Inc",
    "International",
    "LLC",
    "LP",
    "Library",
    "Ltd",
    "PLC",
    "Plc",
    "Police",
    "Public",
    "School",
    "Schools",
    "Sheriff",
    "Superior",
    "Trust",
];

/// States and streets, without those that are words as well: "Ill", "La", "Miss".
const PLACES: &[&str] = &[
    "Ala", "Ariz", "Ark", "Ave", "Blvd", "Calif", "Colo", "Conn", "Fla", "Ga", "Kan", "Ky", "Md",
    "Mich", "Minn", "Neb", "Nev", "Okla", "Ont", "Pa", "Rd", "Tenn", "Tex", "Va", "Vt", "Wis",
    "Wyo",
];

/// Honours, offices and degrees after people's names, which are no part of the name.
const HONOURS: &[&str] = &[
    "AC", "AM", "AO", "CB", "CBE", "CH", "CMG", "CVO", "DBE", "DSO", "FRS", "GBE", "KBE", "KC",
    "KCB", "KCMG", "LVO", "MBE", "MEP", "MLA", "MP", "MS", "MSP", "OBE", "OM", "PhD", "QC", "SAN",
    "SC", "TD",
];

/// Indices into `rows` where a second name begins within a span: "Robert Downey Jr. Scarlett Johansson", "the
/// U.S. Germany", "posted on X. J.D. Vance", "#London #Paris".
pub(super) fn starts(
    text: &str,
    document: &Tokenized,
    opens: &HashSet<usize>,
    rows: &[usize],
    spans: &[WordSpan],
) -> Vec<usize> {
    let borders = Borders {
        text,
        document,
        opens,
        rows,
    };
    let of_span = |span: &WordSpan| {
        let span = span.clone();
        (span.words.start + 1..span.words.end)
            .filter(move |&at| borders.starts(&span, at).unwrap_or(false))
    };
    spans.iter().flat_map(of_span).collect()
}

/// Finds where a second name begins within a span.
#[derive(Clone, Copy)]
struct Borders<'a> {
    text: &'a str,
    document: &'a Tokenized,
    /// The first word of every sentence.
    opens: &'a HashSet<usize>,
    rows: &'a [usize],
}

impl<'a> Borders<'a> {
    fn surface(self, at: usize) -> Option<&'a str> {
        let word = self.document.words.get(*self.rows.get(at)?)?;
        Some(word.surface(self.text))
    }

    /// The text from one word to the end of another.
    fn between(self, from: usize, last: usize) -> Option<&'a str> {
        let word = |at: usize| self.document.words.get(*self.rows.get(at)?);
        self.text.get(word(from)?.start..word(last)?.end)
    }

    /// Whether white space stands before a word, and nothing else.
    fn apart(self, at: usize) -> Option<bool> {
        let (before, word) = (self.rows.get(at.checked_sub(1)?)?, self.rows.get(at)?);
        let between = gap(self.text, self.document, *before, *word)?;
        Some(!between.is_empty() && between.trim().is_empty())
    }

    /// Whether a name begins at the word `at`, within a span.
    fn starts(self, span: &WordSpan, at: usize) -> Option<bool> {
        let word = self.surface(at)?;
        if !self.apart(at)? {
            return Some(false);
        }
        if word == "#" {
            return Some(true);
        }
        let stopped = at.checked_sub(2)?;
        if stopped < span.words.start
            || self.surface(at - 1)? != "."
            || self.apart(at - 1)?
            || !word.starts_with(char::is_uppercase)
        {
            return Some(false);
        }
        Some(
            self.follows_suffix(span, stopped, word)
                || self.follows_letter(stopped)? && self.opens_sentence(at)
                || &*span.label == PLACE && self.follows_letters(span, stopped)?,
        )
    }

    fn follows_suffix(self, span: &WordSpan, stopped: usize, next: &str) -> bool {
        let continues = !is_person(&span.label) && MORE.contains(&next);
        let suffix = self.surface(stopped).filter(|_| stopped > span.words.start);
        !continues && suffix.is_some_and(|word| suffixes(&span.label).contains(&word))
    }

    /// Whether the word is a single letter: "on X.", not "William.S.".
    fn follows_letter(self, stopped: usize) -> Option<bool> {
        let stands_alone = stopped == 0 || self.apart(stopped)?;
        Some(stands_alone && is_capital(self.surface(stopped)?))
    }

    /// Whether the segmenter ends a sentence before a word.
    fn opens_sentence(self, at: usize) -> bool {
        self.rows
            .get(at)
            .is_some_and(|row| self.opens.contains(row))
    }

    /// Whether the letter ends a dotted short form ("U.S.") and the rest of the span is another place. "U.S.
    /// Virgin Islands" is one place.
    fn follows_letters(self, span: &WordSpan, letter: usize) -> Option<bool> {
        let letters = self.between(span.words.start, letter)?;
        let place = self.between(letter + 2, span.words.end - 1)?;
        let is_place = |name: &str| place::is_whole(name) || place::is_large(name);
        let whole = self.between(span.words.start, span.words.end - 1)?;
        Some(is_dotted(letters) && is_place(place) && !is_place(whole))
    }
}

/// Whether a word is a single capital letter.
fn is_capital(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
}

/// Suffixes that end names of a label, and after which another name may begin.
fn suffixes(label: &str) -> &'static [&'static str] {
    match label {
        ORGANISATION => COMPANIES,
        _ if is_person(label) => PEOPLE,
        _ => &[],
    }
}

/// The end of a name, including the full stop that belongs to its last word.
pub(super) fn with_stop(text: &str, (start, end): (usize, usize), label: &str) -> usize {
    let name = text.get(start..end).unwrap_or_default();
    let rest = text.get(end..).unwrap_or_default();
    let known = match label {
        PLACE => PLACES,
        _ => suffixes(label),
    };
    let word = name.rsplit(char::is_whitespace).next().unwrap_or_default();
    // Neither "Inc..." nor "inc.com".
    let after = rest.strip_prefix('.');
    let stops =
        after.is_some_and(|after| !after.starts_with(|c: char| c == '.' || c.is_alphanumeric()));
    match stops && (known.contains(&word) || is_dotted(word)) {
        true => end + 1,
        false => end,
    }
}

/// The end of a person's name without letters of honours behind two words or more.
pub(super) fn without_honours(text: &str, (start, end): (usize, usize), label: &str) -> usize {
    let name = text.get(start..end).unwrap_or_default();
    let named = |name: &str| {
        let words = name.split_whitespace();
        words
            .filter(|word| word.contains(char::is_lowercase))
            .nth(1)
            .is_some()
    };
    let mut kept = name;
    while is_person(label)
        && let Some((before, word)) = kept.rsplit_once(char::is_whitespace)
        && HONOURS.contains(&word)
        && named(before)
    {
        kept = before.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
    }
    start + kept.len()
}

/// "S.A", "U.S", "D.C".
fn is_dotted(word: &str) -> bool {
    word.contains('.') && word.split('.').all(is_capital)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::subwords;

    #[test]
    fn a_name_begins_after_the_suffix_of_another() {
        let starts = |text: &str, label: &str| {
            let document = subwords().tokenize(text).unwrap();
            let rows: Vec<usize> = (0..document.words.len()).collect();
            let span = WordSpan {
                words: 0..rows.len(),
                label: label.into(),
                score: 1.0,
            };
            let opens = document.sentences.iter().map(|s| s.words.start).collect();
            starts(text, &document, &opens, &rows, &[span])
        };
        assert_eq!(starts("Robert Downey Jr. Scarlett Johansson", "PER"), [4]);
        assert_eq!(starts("PepsiCo, Inc. Coke", "ORG"), [4]);
        assert_eq!(starts("London #Paris", "LOC"), [1]);
        assert_eq!(starts("on X. J.D. Vance", "PER"), [3]);
        for (text, label) in [
            ("Martin Luther King Jr. Memorial", "LOC"),
            ("Samsung Electronics Co. Ltd.", "ORG"),
            ("Aluminum Co. of America", "ORG"),
            ("Jefferson Co. Sheriff", "ORG"),
            ("Wrigley Jr. Company", "ORG"),
            ("Inc. Magazine", "ORG"),
            ("Jr. Walker", "PER"),
            ("Samuel L. Jackson", "PER"),
            ("Sergeant William.S. Marks", "PER"),
        ] {
            assert!(starts(text, label).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_full_stop_of_an_abbreviation_belongs_to_the_name() {
        for (text, end, label, with_stop) in [
            ("Apple Inc. It rose.", 9, "ORG", 10),
            ("Nestlé S.A. It rose.", 11, "ORG", 12),
            ("Robert Downey Jr.", 16, "PER", 17),
            ("Tulsa, Okla.", 11, "LOC", 12),
            ("the U.S.", 7, "LOC", 8),
            ("Apple. It rose.", 5, "ORG", 5),
            ("Apple Inc...", 9, "ORG", 9),
            ("Apple Inc.com", 9, "ORG", 9),
            ("Malcolm X. He", 9, "PER", 9),
        ] {
            assert_eq!(super::with_stop(text, (0, end), label), with_stop, "{text}");
        }
    }

    #[test]
    fn letters_of_honours_are_no_part_of_a_name() {
        for (text, name, label) in [
            ("Karim Khan KC", "Karim Khan", "PER"),
            ("Femi Falana, SAN", "Femi Falana", "PER"),
            ("Judi Dench CBE FRS", "Judi Dench", "PER"),
            ("Khan KC", "Khan KC", "PER"),
            ("KAREN BASS MP", "KAREN BASS MP", "PER"),
            ("Martin Luther King II", "Martin Luther King II", "PER"),
            ("Royal Bank QC", "Royal Bank QC", "ORG"),
        ] {
            let end = without_honours(text, (0, text.len()), label);
            assert_eq!(&text[..end], name);
        }
    }
}
