//! Settles ambiguous forms, and labels that disagree within a name.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use ahash::RandomState;

use super::form::{Form, Kind, Map};
use super::links::Links;
use crate::Span;

/// The most names that an ambiguous form may mean; one that may mean more stays by itself.
const READINGS: usize = 8;

/// For each span the set it belongs to. An ambiguous form means the one of its possible names with the
/// most mentions before it or, if none was mentioned yet, in the document. Where two names tie in the
/// document it means the one that the same words mean next, as a surname in a headline does; where they
/// mean none it stays by itself.
pub(super) fn sets(
    forms: &[Form],
    form_of: &[usize],
    links: &mut Links,
    open: &[(usize, Vec<usize>)],
) -> Vec<usize> {
    let mut readings: Map<usize, Vec<usize>> = Map::default();
    for (form, sets) in open {
        let sets = links.roots(sets.iter().copied());
        if sets.len() <= READINGS {
            readings.insert(*form, sets);
        }
    }
    let mut all: Map<usize, usize> = Map::default();
    for form in form_of.iter().filter(|form| !readings.contains_key(form)) {
        *all.entry(links.root(*form)).or_default() += 1;
    }
    let mut mentions: Map<usize, usize> = Map::default();
    let mut set_of = Vec::with_capacity(form_of.len());
    let mut tied = Vec::new();
    for (at, &form) in form_of.iter().enumerate() {
        let sets = readings.get(&form).map(Vec::as_slice).unwrap_or_default();
        // Of equally frequent names the earlier one.
        let known = sets
            .iter()
            .filter_map(|set| Some((*mentions.get(set)?, Reverse(*set))));
        let set = match known.max() {
            Some((_, Reverse(set))) => set,
            None => most(sets, &all).unwrap_or_else(|| {
                tied.extend((!sets.is_empty()).then_some(at));
                links.root(form)
            }),
        };
        *mentions.entry(set).or_default() += 1;
        set_of.push(set);
    }
    if let Some(&first) = tied.first() {
        let mut next: Map<&[String], usize> = Map::default();
        for (at, &form) in form_of.iter().enumerate().skip(first).rev() {
            let words = forms[form].names();
            if tied.last() != Some(&at) {
                next.insert(words, set_of[at]);
                continue;
            }
            tied.pop();
            let sets = readings.get(&form);
            let meant = next
                .get(words)
                .filter(|set| sets.is_some_and(|s| s.contains(set)));
            if let Some(&set) = meant {
                set_of[at] = set;
            }
        }
    }
    set_of
}

/// The set with the most mentions, unless two tie.
fn most(sets: &[usize], mentions: &Map<usize, usize>) -> Option<usize> {
    let count = |set: &usize| mentions.get(set).copied().unwrap_or_default();
    let most = sets.iter().copied().max_by_key(count)?;
    let mut equals = sets.iter().filter(|set| count(set) == count(&most));
    equals.nth(1).is_none().then_some(most)
}

/// The mentions in a set: their number, and the sum of scores by label in text order.
#[derive(Default)]
struct Votes {
    mentions: u32,
    labels: Vec<(Arc<str>, f32)>,
}

/// Gives spans of the same set the label with the highest sum of scores, however close: unlike a surface
/// ([`crate::agree`]), a name has one label. Where a form of several words is a person's, forms of one
/// word have no vote.
pub(super) fn vote(spans: &mut [Span], forms: &[Form], form_of: &[usize], set_of: &[usize]) {
    let short = |form: usize| forms[form].words.len() < 2;
    let of = || form_of.iter().copied().zip(set_of);
    let full = of().filter(|&(form, _)| forms[form].kind == Kind::Person && !short(form));
    let people: HashSet<&usize, RandomState> = full.map(|(_, set)| set).collect();
    let mut votes: Map<usize, Votes> = Map::default();
    for (span, (form, set)) in spans.iter().zip(of()) {
        if short(form) && people.contains(set) {
            continue;
        }
        let votes = votes.entry(*set).or_default();
        votes.mentions += 1;
        match votes.labels.iter_mut().find(|(l, _)| *l == span.label) {
            Some((_, sum)) => *sum += span.score,
            None => votes.labels.push((Arc::clone(&span.label), span.score)),
        }
    }
    for (span, set) in spans.iter_mut().zip(set_of) {
        let Some(votes) = votes.get(set) else {
            continue;
        };
        // Of equal sums the label that comes first in the text.
        let best = votes.labels.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((label, sum)) = best.filter(|(label, _)| *label != span.label) {
            span.label = Arc::clone(label);
            span.score = sum / votes.mentions as f32;
        }
    }
}
