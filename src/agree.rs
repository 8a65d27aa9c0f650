//! One name, one label: mentions with the same surface vote on it within a document.
//!
//! An article that calls SpaceX an organisation five times means one the sixth time too, even
//! where the sentence alone leaves room for doubt. But England may be a team here and a place
//! there, hence a clear majority. `docs/ACCURACY.md` says what that gains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::{Span, is_person};
use crate::spaces::one_line;

/// Another label replaces a mention's own where its sum of scores is more than this many times the
/// own label's.
const MAJORITY: f32 = 1.5;

/// Scores of the mentions of one surface, by label.
#[derive(Default)]
struct Votes {
    mentions: u32,
    labels: BTreeMap<Arc<str>, f32>,
}

/// Gives spans of the same surface the label with the highest sum of scores, where that is more than
/// 1.5 times the sum of their own label. A person tagged by surname keeps the label: Lloyd Austin
/// may speak in Austin. A span that changes its label gets that sum divided by the number of all its
/// mentions, those of other labels included.
pub fn agree(text: &str, spans: &mut [Span]) {
    let mut votes: BTreeMap<String, Votes> = BTreeMap::new();
    for span in spans.iter() {
        let votes = votes.entry(one_line(span.surface(text))).or_default();
        votes.mentions += 1;
        *votes.labels.entry(Arc::clone(&span.label)).or_default() += span.score;
    }
    votes.retain(|_, votes| votes.labels.len() > 1);
    if votes.is_empty() {
        return;
    }
    let people = spans.iter().filter(|span| is_person(&span.label));
    let names = people.map(|span| one_line(span.surface(text)));
    let surnames = names.filter_map(|name| Some(name.rsplit_once(' ')?.1.to_owned()));
    let surnames: BTreeSet<String> = surnames.collect();
    for span in spans {
        let surface = one_line(span.surface(text));
        let Some(votes) = votes.get(&surface) else {
            continue;
        };
        if is_person(&span.label) && surnames.contains(&surface) {
            continue;
        }
        let own = votes.labels.get(&span.label).copied().unwrap_or_default();
        let mut best = (&span.label, MAJORITY * own);
        for (label, &sum) in &votes.labels {
            if *label != span.label && sum > best.1 {
                best = (label, sum);
            }
        }
        if *best.0 != span.label {
            span.score = best.1 / votes.mentions as f32;
            span.label = Arc::clone(best.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str, given: &[(&str, &str, f32)]) -> Vec<Span> {
        let mut at = 0;
        let mut spans = Vec::new();
        for (surface, label, score) in given {
            let start = at + text[at..].find(surface).unwrap();
            at = start + surface.len();
            spans.push(Span {
                start,
                end: at,
                label: Arc::from(*label),
                score: *score,
                name: None,
            });
        }
        agree(text, &mut spans);
        spans
    }

    #[test]
    fn the_label_with_the_highest_sum_of_scores_wins() {
        let text = "SpaceX won. SpaceX\n of SpaceX in Kyiv";
        let found = spans(
            text,
            &[
                ("SpaceX", "ORG", 0.9),
                ("SpaceX", "MISC", 0.5),
                ("SpaceX", "ORG", 0.6),
                ("Kyiv", "LOC", 0.4),
            ],
        );
        let labels: Vec<&str> = found.iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["ORG", "ORG", "ORG", "LOC"]);
        assert_eq!(found[1].score, 0.5);
        assert_eq!((found[0].score, found[3].score), (0.9, 0.4));
    }

    #[test]
    fn a_person_with_the_name_of_a_place_stays_one() {
        let found = spans(
            "Lloyd Austin spoke in Austin. Austin said so in Austin.",
            &[
                ("Lloyd Austin", "PER", 0.9),
                ("Austin", "LOC", 0.9),
                ("Austin", "PER", 0.6),
                ("Austin", "LOC", 0.9),
            ],
        );
        let labels: Vec<&str> = found.iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["PER", "LOC", "PER", "LOC"]);
    }

    #[test]
    fn labels_of_similar_sums_both_stay_and_a_line_break_counts_as_a_blank() {
        let text = "Rada, Rada; Verkhovna Rada, Verkhovna\r\nRada";
        let found = spans(
            text,
            &[
                ("Rada", "ORG", 0.7),
                ("Rada", "LOC", 0.5),
                ("Verkhovna Rada", "ORG", 0.8),
                ("Verkhovna\r\nRada", "LOC", 0.5),
            ],
        );
        let labels: Vec<&str> = found.iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["ORG", "LOC", "ORG", "ORG"]);
        assert_eq!(found[3].score, 0.4);
    }
}
