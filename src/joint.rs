//! Joins names that are tagged as two: places with "and" or a comma in their name ("Antigua and Barbuda",
//! "Bogotá, D.C."), parties with their wing in brackets ("JD(U)").

use crate::document::Span;
use crate::place;

/// Signs in brackets that are no wing of a party.
const MARKS: [&str; 4] = ["C", "R", "SM", "TM"];

/// A party's wing has at most this many letters.
const WING: usize = 3;

/// Joins two adjacent spans of places that together are the name of a country or region, and extends a party
/// over its wing in brackets.
pub fn join(text: &str, spans: &mut Vec<Span>) {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for mut span in spans.drain(..) {
        if let Some(end) = with_wing(text, &span) {
            span.end = end;
        }
        match joined.last_mut() {
            Some(before) if span.start < before.end || are_one(text, before, &span) => {
                before.end = before.end.max(span.end);
                before.score = before.score.min(span.score);
            }
            _ => joined.push(span),
        }
    }
    *spans = joined;
}

/// The end of a party with the wing in brackets right behind it: "JD(U)", "CPI(ML)", "Congress(I)". "European
/// Union(EU)" is a name and its short form.
fn with_wing(text: &str, span: &Span) -> Option<usize> {
    let is_capitals = |word: &str| !word.is_empty() && word.chars().all(char::is_uppercase);
    let name = text
        .get(span.start..span.end)
        .filter(|_| &*span.label == "ORG")?;
    let (party, opened) = name.rsplit_once('(').unwrap_or((name, ""));
    let rest = text.get(span.start + party.len()..)?;
    let wing = rest.strip_prefix('(')?.split_once(')')?.0;
    let last = party.rsplit(char::is_whitespace).next()?;
    let closes = !opened.contains(')') && wing.starts_with(opened);
    let is_wing = is_capitals(wing) && wing.chars().count() <= WING && !MARKS.contains(&wing);
    let end = span.start + party.len() + wing.len() + 2;
    let is_word = !text.get(end..)?.starts_with(char::is_alphanumeric);
    let of_party = is_capitals(last) || wing.chars().count() == 1 && !last.is_empty();
    (closes && is_wing && is_word && of_party).then_some(end)
}

fn are_one(text: &str, left: &Span, right: &Span) -> bool {
    let between = text.get(left.end..right.start).unwrap_or_default();
    let name = || text.get(left.start..right.end).unwrap_or_default();
    place::is_label(&left.label)
        && left.label == right.label
        && between.matches('\n').count() < 2
        && match between.trim() {
            "and" | "and the" => place::is_whole(name()),
            "&" => place::is_whole(&name().replace('&', "and")),
            // "Paris, Texas" is two places.
            "," if is_district(right.surface(text)) => {
                // The gazetteer has this district as District of Columbia.
                left.surface(text).eq_ignore_ascii_case("washington") || place::is_whole(name())
            }
            _ => false,
        }
}

/// Whether it is "D.C." or "D.F.": the district of a capital.
fn is_district(surface: &str) -> bool {
    matches!(surface.replace('.', "").as_str(), "DC" | "DF")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str, label: &str, parts: &[&str]) -> Vec<String> {
        let mut spans: Vec<Span> = Vec::new();
        for part in parts {
            let from = spans.last().map_or(0, |span| span.end);
            let start = from + text[from..].find(part).unwrap();
            spans.push(Span {
                start,
                end: start + part.len(),
                label: label.into(),
                score: 0.9,
                name: None,
            });
        }
        join(text, &mut spans);
        let surfaces = spans
            .iter()
            .map(|span| text[span.start..span.end].to_owned());
        surfaces.collect()
    }

    #[test]
    fn a_country_with_and_in_its_name_is_one_place() {
        for (text, parts) in [
            ("Antigua and Barbuda", ["Antigua", "Barbuda"]),
            ("Trinidad & Tobago", ["Trinidad", "Tobago"]),
            ("São Tomé and\nPríncipe", ["São Tomé", "Príncipe"]),
            (
                "St. Vincent and the Grenadines",
                ["St. Vincent", "Grenadines"],
            ),
            ("Bogotá, D.C.", ["Bogotá", "D.C."]),
            ("Washington, D.C.", ["Washington", "D.C."]),
        ] {
            assert_eq!(joined(text, "LOC", &parts), [text]);
        }
    }

    #[test]
    fn a_party_and_its_wing_in_brackets_are_one() {
        for (text, parts) in [
            ("JD(U) won", ["JD", "U"]),
            ("CPI(ML)", ["CPI", "ML"]),
            ("Congress(I)", ["Congress", "I"]),
            ("PML(N)", ["PML(N", ")"]),
        ] {
            assert_eq!(joined(text, "ORG", &parts), [text.trim_end_matches(" won")]);
        }
        for (text, parts) in [
            ("European Union(EU)", ["European Union", "EU"]),
            ("NATO (UN)", ["NATO", "UN"]),
            ("Apple(AAPL)", ["Apple", "AAPL"]),
            ("IBM(R) U.S", ["IBM", "U.S"]),
        ] {
            assert_eq!(joined(text, "ORG", &parts), parts);
        }
    }

    #[test]
    fn two_places_stay_two() {
        for (text, parts) in [
            ("Trinidad or Tobago", ["Trinidad", "Tobago"]),
            ("Kenya and Uganda", ["Kenya", "Uganda"]),
            ("Paris, Texas", ["Paris", "Texas"]),
            ("Lima, D.C.", ["Lima", "D.C."]),
            ("Trinidad\n\nand Tobago", ["Trinidad", "Tobago"]),
        ] {
            assert_eq!(joined(text, "LOC", &parts), parts);
        }
    }
}
