//! The text around mentions of places.

use std::ops::Range;

/// Bytes read before a mention; all that is looked for there is shorter.
const BEFORE: usize = 64;
/// The most bytes of white space after a comma.
const BLANKS: usize = 16;

/// A mention of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// The number of its name.
    pub(super) name: usize,
    /// Its bytes in the text.
    pub(super) bytes: Range<usize>,
    /// Where the last mention of a person before it ends.
    pub(super) person: Option<usize>,
}

/// How two consecutive mentions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// "Tyler, Texas", "Aleppo (Syria)", or a list.
    Comma,
    /// "Texas and Ohio": certainly a list.
    And,
    /// Not joined.
    None,
}

/// How a mention is joined to the next one.
pub(super) fn join(text: &str, left: &Mention, right: &Mention) -> Join {
    let between = text.get(left.bytes.end..right.bytes.start);
    let between = between.unwrap_or_default();
    if between.len() > 16 {
        return Join::None;
    }
    match between.trim() {
        "," | "(" | ", (" | ", the" => Join::Comma,
        "and" | ", and" | "and the" | ", and the" | "or" | ", or" | "&" | "/" => Join::And,
        _ => Join::None,
    }
}

/// Whether a mention is said to lie in the next one: "Birmingham in Alabama".
pub(super) fn is_inside(text: &str, left: &Mention, right: &Mention) -> bool {
    let between = text.get(left.bytes.end..right.bytes.start);
    let words = between.map(|between| between.split_whitespace().collect::<Vec<_>>());
    matches!(words.as_deref(), Some(["in"] | ["in", "the"]))
}

/// Runs of at least two joined mentions, each with whether it is certainly a list.
pub(super) fn runs<'m>(text: &str, mentions: &'m [Mention]) -> Vec<(&'m [Mention], bool)> {
    let mut runs = Vec::new();
    let joined = |left: &Mention, right: &Mention| join(text, left, right) != Join::None;
    for run in mentions.chunk_by(joined) {
        if run.len() > 1 {
            let mut pairs = run.iter().zip(run.iter().skip(1));
            let list = pairs.any(|(left, right)| join(text, left, right) == Join::And);
            runs.push((run, list));
        }
    }
    runs
}

/// The word after a mention, empty if there is none: "state" in "Washington state".
pub(super) fn next_word<'t>(text: &'t str, mention: &Mention) -> &'t str {
    let after = text.get(mention.bytes.end..).unwrap_or_default();
    let Some(word) = after.strip_prefix(' ') else {
        return "";
    };
    let end = word.find(|c: char| !c.is_alphanumeric());
    word.get(..end.unwrap_or(word.len())).unwrap_or_default()
}

/// What the words around a mention say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Region,
    Town,
}

/// What the words right before a mention say it is: "the city of", "Senator from", "the state of", and
/// "Doug Collins of", as of members of parliaments.
pub(super) fn said_before(text: &str, mention: &Mention) -> Option<Said> {
    let before = text.get(..mention.bytes.start)?.trim_end();
    if let Some(end) = mention.person
        && before.get(end..) == Some(" of")
    {
        return Some(Said::Region);
    }
    let start = before.ceil_char_boundary(before.len().saturating_sub(BEFORE));
    let mut words = before.get(start..)?.rsplit(char::is_whitespace);
    let (mut last, mut kind) = (words.next()?, words.next()?);
    if last == "the" {
        (last, kind) = (kind, words.next()?);
    }
    if !["of", "from", "in"].contains(&last) {
        return None;
    }
    match kind.to_lowercase().as_str() {
        "city" | "town" | "village" | "port" | "suburb" | "downtown" => Some(Said::Town),
        "state" | "province" | "senator" | "senators" | "governor" | "representative"
        | "congressman" | "congresswoman" => Some(Said::Region),
        _ => None,
    }
}

/// What the word after a mention says it is: "New York Gov. Kathy Hochul", "New York Mayor".
pub(super) fn said_after(word: &str) -> Option<Said> {
    match word.to_lowercase().as_str() {
        "governor" | "gov" | "senator" | "sen" | "rep" | "congressman" | "congresswoman" => {
            Some(Said::Region)
        }
        "mayor" => Some(Said::Town),
        _ => None,
    }
}

/// Offices and bodies behind a name that say it is no town's: "New York Attorney General".
const OF_REGIONS: [&str; 9] = [
    "attorney general",
    "lieutenant governor",
    "lieutenant gov",
    "lt governor",
    "lt gov",
    "secretary of state",
    "comptroller",
    "lawmakers",
    "legislature",
];

/// Bytes behind a mention that are looked at for one of them.
const BEHIND: usize = 32;

/// Whether an office or body of states, and of no town, stands behind a mention.
pub(super) fn is_of_region(text: &str, mention: &Mention) -> bool {
    let behind = text.get(mention.bytes.end..).unwrap_or_default();
    let near = behind.get(..behind.floor_char_boundary(BEHIND));
    let near = near.unwrap_or_default();
    let own = ["'s ", "’s ", " "]
        .iter()
        .find_map(|mark| near.strip_prefix(mark));
    let Some(own) = own.filter(|own| own.starts_with(char::is_alphabetic)) else {
        return false;
    };
    let said = own.replace('.', "").to_lowercase();
    OF_REGIONS.iter().any(|office| {
        let rest = said.strip_prefix(office);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// The bytes of the word after a mention and a comma: `Ala.` in "Selma, Ala., on Sunday".
pub(super) fn after_comma(text: &str, mention: &Mention) -> Option<Range<usize>> {
    let after = text.get(mention.bytes.end..)?.strip_prefix(',')?;
    let outer = skip_blanks(after);
    if outer.is_empty() || outer.len() == after.len() {
        return None;
    }
    let end = outer.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')'));
    let start = text.len() - outer.len();
    Some(start..start + end.unwrap_or(outer.len()))
}

/// The text after white space with at most one line break; empty after more than [`BLANKS`].
fn skip_blanks(text: &str) -> &str {
    let rest = text.trim_start_matches(char::is_whitespace);
    let blanks = text.get(..text.len() - rest.len()).unwrap_or_default();
    match blanks.len() <= BLANKS && blanks.matches('\n').count() < 2 {
        true => rest,
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(text: &str, names: &[&str]) -> Vec<Mention> {
        let find = |(name, surface): (usize, &&str)| {
            let start = text.find(*surface).unwrap();
            Mention {
                name,
                bytes: start..start + surface.len(),
                person: None,
            }
        };
        names.iter().enumerate().map(find).collect()
    }

    #[test]
    fn commas_join_and_lists_are_recognised() {
        let text = "In Tyler, Texas, he met Ohio, Utah and the Bahamas of Aleppo (Syria).";
        let found = mentions(
            text,
            &[
                "Tyler", "Texas", "Ohio", "Utah", "Bahamas", "Aleppo", "Syria",
            ],
        );
        let runs = runs(text, &found);
        let lengths: Vec<(usize, bool)> = runs.iter().map(|(r, list)| (r.len(), *list)).collect();
        assert_eq!(lengths, [(2, false), (3, true), (2, false)]);
    }

    #[test]
    fn words_before_a_mention_are_read_across_any_white_space() {
        let said = |text: &str| said_before(text, &mentions(text, &["X"])[0]);
        assert_eq!(said("in the city\u{a0}of X"), Some(Said::Town));
        let long = format!("{} province of X", "é".repeat(40));
        assert_eq!(said(&long), Some(Said::Region));
        assert_eq!(said("the\tstate\tof the\tX"), Some(Said::Region));
    }

    #[test]
    fn words_after_a_mention_are_read() {
        let text = "Selma, Ala., in Washington state";
        let found = mentions(text, &["Selma", "Washington"]);
        assert_eq!(after_comma(text, &found[0]).map(|b| &text[b]), Some("Ala."));
        assert_eq!(after_comma(text, &found[1]), None);
        assert_eq!(next_word(text, &found[1]), "state");
        assert_eq!(next_word(text, &found[0]), "");
        let text = "Selma,\r\nAla., and Selma,\n\nAla.";
        assert_eq!(after_comma(text, &found[0]).map(|b| &text[b]), Some("Ala."));
        let found = mentions(&text[18..], &["Selma"]);
        assert_eq!(after_comma(&text[18..], &found[0]), None);
    }
}
