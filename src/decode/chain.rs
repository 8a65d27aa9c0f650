//! The weights of sequences of tags, by what is known of names.
//!
//! All numbers here were chosen on development sets; `docs/ACCURACY.md` says what each gains.

use crate::model::{Calibration, Labels, Part, Scheme};

/// Relative weight of a tag sequence in which a name directly follows another of the same label, with
/// no mark or line break between: "Pam Butler" is one person. In news and web text fewer than one name
/// in 200 follows another so.
pub(super) const SIDE_BY_SIDE: f64 = 0.05;

/// The same for a name that directly follows one of another label.
pub(super) const OTHER_BESIDE: f64 = 0.25;

/// The weight of a pair of tags, by the first one.
#[derive(Clone, Copy)]
struct Transition {
    from: usize,
    /// Its weight where a line or a sentence ends between the two words.
    apart: f64,
    /// Its weight where the words adjoin.
    adjoining: f64,
}

/// Which tags may follow which, and the weight of each pair.
pub(super) struct Chain {
    /// For each tag, the transitions to it.
    before: Vec<Vec<Transition>>,
    /// The weight of each tag at the start of a paragraph.
    pub(super) first: Vec<f64>,
    /// Whether a paragraph may end with the tag.
    pub(super) last: Vec<bool>,
    /// The `B-` and `I-` tag of each label, in schemes where each name starts with `B-`.
    pairs: Vec<(usize, usize)>,
}

impl Chain {
    pub(super) fn new(labels: &Labels, calibration: &Calibration) -> Self {
        let tags = 0..labels.count();
        let opens = |from, to| match labels.label(to) {
            Some(label) if labels.starts(from, to) => calibration.weight(label),
            _ => 1.0,
        };
        let transition = |from, to| {
            let beside = match labels.label(from) {
                Some(label) if labels.starts(Some(from), to) => {
                    let same = labels.label(to) == Some(label);
                    if same { SIDE_BY_SIDE } else { OTHER_BESIDE }
                }
                _ => 1.0,
            };
            let apart = opens(Some(from), to);
            let adjoining = apart * beside;
            Transition {
                from,
                apart,
                adjoining,
            }
        };
        let before = |to: usize| {
            let from = tags.clone();
            let from = from.filter(|&from| labels.allowed(Some(from), Some(to)));
            from.map(|from| transition(from, to)).collect()
        };
        let first = |to: usize| match labels.allowed(None, Some(to)) {
            true => opens(None, to),
            false => 0.0,
        };
        let inside = |begin: usize| {
            let mut tags = tags.clone();
            tags.find(|&tag| labels.continues(begin, tag))
        };
        let begins = tags
            .clone()
            .filter(|&t| labels.scheme() == Scheme::Iob2 && labels.part(t) == Part::Begin);
        Self {
            before: tags.clone().map(before).collect(),
            first: tags.clone().map(first).collect(),
            pairs: begins
                .filter_map(|begin| Some((begin, inside(begin)?)))
                .collect(),
            last: tags.map(|t| labels.allowed(Some(t), None)).collect(),
        }
    }

    /// The tags that may stand before a tag, and the weight of each pair.
    pub(super) fn before(&self, to: usize, adjoins: bool) -> impl Iterator<Item = (usize, f64)> {
        let transitions = self.before[to].iter();
        transitions.map(move |transition| match adjoins {
            true => (transition.from, transition.adjoining),
            false => (transition.from, transition.apart),
        })
    }

    /// Lets the first word of a column begin a name where the model, which knows no columns, has it
    /// continue one.
    pub(super) fn begin(&self, row: &mut [f64]) {
        for &(begin, inside) in &self.pairs {
            row[begin] += row[inside];
        }
    }

    /// Turns the probabilities of a word's tags into weights. The model tags each word by itself: where
    /// it has a word begin a name right after one of the same label, that mostly continues it.
    pub(super) fn favour_inside(&self, row: &mut [f64], adjoins: bool) {
        if adjoins {
            for &(begin, inside) in &self.pairs {
                row[inside] += (1.0 - SIDE_BY_SIDE) * row[begin];
            }
        }
    }
}
