//! What names end with: words with a full stop (`Robert Downey Jr.`, `Apple Inc.`), letters of honours
//! (`Karim Khan KC`), and where a second name begins behind it.

use super::{WordSpan, gap};
use crate::document::is_person;
use crate::place;
use crate::tokenize::Tokenized;

const ORGANISATION: &str = "ORG";
const PLACE: &str = "LOC";

const PEOPLE: &[&str] = &["Jnr", "Jr", "Snr", "Sr"];

const COMPANIES: &[&str] = &["Co", "Corp", "Inc", "Ltd"];

/// What of an organisation's name may follow such a word: "Samsung Electronics Co. Ltd.". "Co." is a
/// county, too: "Jefferson Co. Sheriff".
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

/// States and streets. "Ill", "La", "Miss" and their like are words as well.
const PLACES: &[&str] = &[
    "Ala", "Ariz", "Ark", "Ave", "Blvd", "Calif", "Colo", "Conn", "Fla", "Ga", "Kan", "Ky", "Md",
    "Mich", "Minn", "Neb", "Nev", "Okla", "Ont", "Pa", "Rd", "Tenn", "Tex", "Va", "Vt", "Wis",
    "Wyo",
];

/// Letters behind people's names that stand for honours, offices and degrees: no part of the name.
const HONOURS: &[&str] = &[
    "AC", "AM", "AO", "CB", "CBE", "CH", "CMG", "CVO", "DBE", "DSO", "FRS", "GBE", "KBE", "KC",
    "KCB", "KCMG", "LVO", "MBE", "MEP", "MLA", "MP", "MS", "MSP", "OBE", "OM", "PhD", "QC", "SAN",
    "SC", "TD",
];

/// Where in `rows` a second name begins within one of the spans over them: "Robert Downey Jr. Scarlett
/// Johansson", "the U.S. Germany", "posted on X. J.D. Vance", "#London #Paris".
pub(super) fn starts(
    text: &str,
    document: &Tokenized,
    rows: &[usize],
    spans: &[WordSpan],
) -> Vec<usize> {
    let borders = Borders {
        text,
        document,
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
    rows: &'a [usize],
}

impl<'a> Borders<'a> {
    fn surface(self, at: usize) -> Option<&'a str> {
        let word = self.document.words.get(*self.rows.get(at)?)?;
        self.text.get(word.start..word.end)
    }

    /// The text of the words from one to the last.
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
        if !self.apart(at)? || word == "#" {
            return Some(word == "#" && self.apart(at)?);
        }
        if self.surface(at - 1)? != "." || !word.starts_with(char::is_uppercase) {
            return Some(false);
        }
        let stopped = at
            .checked_sub(2)
            .filter(|&stopped| stopped >= span.words.start)?;
        if self.apart(at - 1)? {
            return Some(false);
        }
        Some(
            self.is_behind_suffix(span, stopped, word)
                || is_initial(self.surface(stopped)?) && self.opens_sentence(at)
                || &*span.label == PLACE && self.is_behind_letters(span, stopped)?,
        )
    }

    fn is_behind_suffix(self, span: &WordSpan, stopped: usize, next: &str) -> bool {
        let goes_on = !is_person(&span.label) && MORE.contains(&next);
        let suffix = self.surface(stopped).filter(|_| stopped > span.words.start);
        !goes_on && suffix.is_some_and(|word| joining(&span.label).contains(&word))
    }

    /// Whether the segmenter ends a sentence before a word.
    fn opens_sentence(self, at: usize) -> bool {
        let sentences = &self.document.sentences;
        let found = |row| sentences.binary_search_by_key(row, |sentence| sentence.words.start);
        self.rows.get(at).is_some_and(|row| found(row).is_ok())
    }

    /// Whether a letter with its stop ends a short form ("U.S."), and another place stands behind it
    /// that is none together with it ("U.S. Virgin Islands").
    fn is_behind_letters(self, span: &WordSpan, letter: usize) -> Option<bool> {
        let letters = self.between(span.words.start, letter)?;
        let place = self.between(letter + 2, span.words.end - 1)?;
        let is_place = |name: &str| place::is_whole(name) || place::is_large(name);
        let whole = self.between(span.words.start, span.words.end - 1)?;
        Some(is_dotted(letters) && is_place(place) && !is_place(whole))
    }
}

/// Whether it is one capital letter.
fn is_initial(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
}

/// Words that end names of a label, and behind which another name may begin.
fn joining(label: &str) -> &'static [&'static str] {
    match label {
        ORGANISATION => COMPANIES,
        _ if is_person(label) => PEOPLE,
        _ => &[],
    }
}

/// The end of a name with the full stop that belongs to its last word.
pub(super) fn with_stop(text: &str, (start, end): (usize, usize), label: &str) -> usize {
    let name = text.get(start..end).unwrap_or_default();
    let rest = text.get(end..).unwrap_or_default();
    let known = match label {
        PLACE => PLACES,
        _ => joining(label),
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
    word.contains('.') && word.split('.').all(is_initial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::subwords;

    #[test]
    fn a_name_begins_behind_the_suffix_of_another() {
        let starts = |text: &str, label: &str| {
            let document = subwords().tokenize(text).unwrap();
            let rows: Vec<usize> = (0..document.words.len()).collect();
            let span = WordSpan {
                words: 0..rows.len(),
                label: label.into(),
                score: 1.0,
            };
            starts(text, &document, &rows, &[span])
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
