//! Suffixes with a full stop that end names: `Robert Downey Jr.`, `Apple Inc.`

use super::{WordSpan, gap};
use crate::document::is_person;
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

/// Indices into `rows` where a second name begins within a span, after the suffix of the first: "Robert
/// Downey Jr. Scarlett Johansson".
pub(super) fn starts(
    text: &str,
    document: &Tokenized,
    rows: &[usize],
    spans: &[WordSpan],
) -> Vec<usize> {
    let surface = |row: usize| {
        let word = document.words.get(*rows.get(row)?)?;
        Some(word.surface(text))
    };
    let blank = |row: usize| {
        let between = gap(text, document, *rows.get(row)?, *rows.get(row + 1)?)?;
        Some(!between.is_empty() && between.trim().is_empty())
    };
    let starts = |label: &str, at: usize| {
        let (word, next) = (surface(at)?, surface(at + 2)?);
        let continues = !is_person(label) && MORE.contains(&next);
        let ends = surface(at + 1)? == "." && !blank(at)? && blank(at + 1)?;
        let starts = ends && !continues && next.starts_with(char::is_uppercase);
        (starts && suffixes(label).contains(&word)).then_some(at + 2)
    };
    let of_span = |span: &WordSpan| {
        let label = span.label.clone();
        let last = span.words.end.saturating_sub(2);
        (span.words.start + 1..last).filter_map(move |at| starts(&label, at))
    };
    spans.iter().flat_map(of_span).collect()
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

/// "S.A", "U.S", "D.C".
fn is_dotted(word: &str) -> bool {
    let is_letter = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
    };
    word.contains('.') && word.split('.').all(is_letter)
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
            starts(text, &document, &rows, &[span])
        };
        assert_eq!(starts("Robert Downey Jr. Scarlett Johansson", "PER"), [4]);
        assert_eq!(starts("PepsiCo, Inc. Coke", "ORG"), [4]);
        for (text, label) in [
            ("Martin Luther King Jr. Memorial", "LOC"),
            ("Samsung Electronics Co. Ltd.", "ORG"),
            ("Aluminum Co. of America", "ORG"),
            ("Jefferson Co. Sheriff", "ORG"),
            ("Wrigley Jr. Company", "ORG"),
            ("Inc. Magazine", "ORG"),
            ("Jr. Walker", "PER"),
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
}
