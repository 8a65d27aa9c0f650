//! Joins places that are tagged as two because their name contains "and" or a comma: "Antigua and
//! Barbuda", "Bogotá, D.C."

use crate::document::Span;
use crate::place;

/// Joins two adjacent spans of places that together are the name of a country or region.
pub fn join(text: &str, spans: &mut Vec<Span>) {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match joined.last_mut() {
            Some(before) if are_one(text, before, &span) => {
                before.end = span.end;
                before.score = before.score.min(span.score);
            }
            _ => joined.push(span),
        }
    }
    *spans = joined;
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

    fn joined(text: &str, parts: &[&str]) -> Vec<String> {
        let mut spans: Vec<Span> = Vec::new();
        for part in parts {
            let from = spans.last().map_or(0, |span| span.end);
            let start = from + text[from..].find(part).unwrap();
            spans.push(Span {
                start,
                end: start + part.len(),
                label: "LOC".into(),
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
            assert_eq!(joined(text, &parts), [text]);
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
            assert_eq!(joined(text, &parts), parts);
        }
    }
}
