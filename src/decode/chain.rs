//! What a sequence of tags is worth: the model's tags weighed by what is known of names.
//!
//! All numbers here were chosen on development sets; `docs/ACCURACY.md` has what each gives.

use crate::model::{Calibration, Labels, Part, Scheme};

/// What a sequence is worth in which a name follows one of the same label with neither a mark nor
/// a line break between, against one without: "Pam Butler" is one person. Of names that are
/// read in news and web text, fewer than one in 200 follow another so.
pub(super) const SIDE_BY_SIDE: f64 = 0.05;

/// The same for a name that follows one of another label.
pub(super) const OTHER_BESIDE: f64 = 0.25;

/// Where one tag stands after another, and what that is worth.
#[derive(Clone, Copy)]
struct Step {
    from: usize,
    /// Where a line or a sentence ends between the two.
    apart: f64,
    adjoining: f64,
}

/// Which tags may follow which, with their worth.
pub(super) struct Chain {
    /// For each tag those that may stand before it.
    before: Vec<Vec<Step>>,
    /// What each tag is worth at the start of a paragraph.
    pub(super) first: Vec<f64>,
    /// Whether a paragraph may end with the tag.
    pub(super) last: Vec<bool>,
    /// The tags that begin and that go on with each label, where names always have both.
    pairs: Vec<(usize, usize)>,
}

impl Chain {
    pub(super) fn new(labels: &Labels, calibration: &Calibration) -> Self {
        let tags = 0..labels.count();
        let opens = |from, to| match labels.label(to) {
            Some(label) if labels.starts(from, to) => calibration.weight(label),
            _ => 1.0,
        };
        let step = |from, to| {
            let beside = match labels.label(from) {
                Some(label) if labels.starts(Some(from), to) => {
                    let same = labels.label(to) == Some(label);
                    if same { SIDE_BY_SIDE } else { OTHER_BESIDE }
                }
                _ => 1.0,
            };
            let apart = opens(Some(from), to);
            let adjoining = apart * beside;
            Step {
                from,
                apart,
                adjoining,
            }
        };
        let before = |to: usize| {
            let from = tags.clone();
            let from = from.filter(|&from| labels.allowed(Some(from), Some(to)));
            from.map(|from| step(from, to)).collect()
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

    /// The tags that may stand before a tag, and what each pair is worth.
    pub(super) fn before(&self, to: usize, adjoins: bool) -> impl Iterator<Item = (usize, f64)> {
        let steps = self.before[to].iter();
        steps.map(move |step| {
            let worth = if adjoins { step.adjoining } else { step.apart };
            (step.from, worth)
        })
    }

    /// Makes the first word of a column begin the name that the model lets it go on with: it knows nothing of
    /// columns.
    pub(super) fn begin(&self, row: &mut [f64]) {
        for &(begin, inside) in &self.pairs {
            row[begin] += row[inside];
        }
    }

    /// Of the probabilities of a word's tags makes their weights. Tags know nothing of each other:
    /// where a word that adjoins a name of its label is said to begin one, mostly it goes on with it.
    pub(super) fn carry_on(&self, row: &mut [f64], adjoins: bool) {
        if adjoins {
            for &(begin, inside) in &self.pairs {
                row[inside] += (1.0 - SIDE_BY_SIDE) * row[begin];
            }
        }
    }
}
