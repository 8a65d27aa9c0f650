//! Datelines: the place that opens a report, as in `BOSTON (AP) — The Celtics won again for Boston.`

use std::ops::Range;
use std::sync::Arc;

use crate::document::Span;
use crate::place;
use crate::spaces::MARK;

/// Dashes between a dateline and its text.
pub(crate) const DASHES: &[&str] = &[" - ", " -- ", " – ", " — "];

/// Bytes after a place within which the dash of its dateline must come.
const REACH: usize = 60;

/// The label of organisations; a club named after its town is tagged as one.
const TEAM: &str = "ORG";

/// Gives organisations that open a dateline and have the name of a large place the label of places, if
/// `labels` has that.
pub fn places(text: &str, spans: &mut [Span], labels: &[Arc<str>]) {
    let Some(label) = place::label_in(labels) else {
        return;
    };
    let teams = spans.iter_mut().filter(|span| &*span.label == TEAM);
    for span in teams.filter(|span| is_dateline(text, span.start..span.end)) {
        if place::is_large(span.surface(text)) {
            span.label = Arc::clone(label);
        }
    }
}

/// Whether the name at some bytes is in capitals and opens a line, and a dateline's dash follows it.
pub(crate) fn is_dateline(text: &str, name: Range<usize>) -> bool {
    let before = text.get(..name.start).unwrap_or_default();
    let after = text.get(name.end..).unwrap_or_default();
    let surface = text.get(name).unwrap_or_default();
    let near = after.get(..after.floor_char_boundary(REACH));
    let near = near.and_then(|near| near.split('\n').next());
    let near = near.unwrap_or_default();
    surface.contains(char::is_uppercase)
        && !surface.contains(char::is_lowercase)
        && (before.is_empty() || before.ends_with(['\n', MARK]))
        && (near.starts_with([',', '(', ' ']))
        && DASHES.iter().any(|dash| {
            let place = near.split_once(dash);
            place.is_some_and(|(between, _)| {
                between.is_empty() || between.trim_start().starts_with([',', '('])
            })
        })
}

#[cfg(all(test, feature = "embedded-model"))]
mod tests {
    use super::*;

    const PLACE: &str = "LOC";

    #[test]
    fn an_organisation_that_opens_a_dateline_is_a_place_if_a_large_place_has_its_name() {
        let label = |text: &str, length: usize| {
            let start = text.len() - text.trim_start_matches(MARK).len();
            let mut spans = [Span {
                start,
                end: start + length,
                label: TEAM.into(),
                score: 0.9,
                name: None,
            }];
            places(text, &mut spans, &[PLACE.into(), TEAM.into()]);
            spans[0].label.to_string()
        };
        for text in [
            "BOSTON (AP) — Boston won.",
            "BOSTON, Nov. 3 -- They won.",
            "BOSTON – They won.",
            "\u{FEFF}BOSTON (AP) — Boston won.",
        ] {
            assert_eq!(label(text, 6), PLACE, "{text}");
        }
        for text in [
            "Boston (AP) — Boston won.",
            "BOSTON won, 3-1.",
            "BOSTON's team — they won.",
        ] {
            assert_eq!(label(text, 6), TEAM, "{text}");
        }
        assert_eq!(label("NASA (AP) — It rose.", 4), TEAM);
    }
}
