//! The names of one document: which mentions mean the same person, organisation or place.

mod across;
mod acronym;
mod country;
mod form;
mod links;
mod name;
mod person;
mod rules;
mod stated;

use std::sync::Arc;

pub use name::{Name, Place};

use crate::Span;
use form::{Form, Kind, Map};
use links::Links;

/// Readings of an ambiguous form that are weighed against each other at most.
const READINGS: usize = 8;

/// Finds the names that the spans of a text mention, and points each span at its name. The
/// names are in the order of their first mention.
pub fn find(text: &str, spans: &mut [Span]) -> Vec<Name> {
    let (mut forms, form_of) = form::forms(text, spans);
    let mut links = Links::new(forms.len());
    let mut open = Vec::new();
    stated::link(text, spans, &forms, &form_of, &mut links);
    let explained = stated::expansions(text, spans, &forms);
    for (id, long) in explained {
        forms[id].spellings.push((long, 0));
    }
    let mut labels: Vec<(&Arc<str>, Vec<usize>)> = Vec::new();
    for (id, form) in forms.iter().enumerate() {
        match labels.iter_mut().find(|(label, _)| **label == form.label) {
            Some((_, ids)) => ids.push(id),
            None => labels.push((&form.label, vec![id])),
        }
    }
    for (_, ids) in &labels {
        possessives(&forms, ids, &mut links);
        match ids.first().map(|&id| forms[id].kind) {
            Some(Kind::Person) => person::link(&forms, ids, &mut links, &mut open),
            _ => rules::link(&forms, ids, &mut links, &mut open),
        }
    }
    stated::speakers(text, spans, &forms, &mut links);
    let d: f32 = std::env::var("DOUBT").ok().and_then(|d| d.parse().ok()).unwrap_or(0.0);
    across::link(spans, &forms, d, &mut links);
    let group_of = settle(&form_of, &mut links, &open);
    if std::env::var("NOVOTE").is_err() { vote(spans, &group_of); }
    named(&forms, spans, &form_of, &group_of)
}

/// Gives the mentions of one name the label with the highest sum of scores.
fn vote(spans: &mut [Span], group_of: &[usize]) {
    let mut sums: Map<usize, Vec<(Arc<str>, f32, usize)>> = Map::default();
    for (span, group) in spans.iter().zip(group_of) {
        let sums = sums.entry(*group).or_default();
        match sums.iter_mut().find(|(label, ..)| *label == span.label) {
            Some((_, sum, mentions)) => (*sum, *mentions) = (*sum + span.score, *mentions + 1),
            None => sums.push((Arc::clone(&span.label), span.score, 1)),
        }
    }
    for (span, group) in spans.iter_mut().zip(group_of) {
        let Some(sums) = sums.get(group).filter(|sums| sums.len() > 1) else {
            continue;
        };
        let mentions: usize = sums.iter().map(|(_, _, mentions)| mentions).sum();
        let best = sums.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((label, sum, _)) = best.filter(|(label, ..)| *label != span.label) {
            span.label = Arc::clone(label);
            span.score = sum / mentions as f32;
        }
    }
}


/// `Boeing's` is Boeing where that is there too; `McDonald's` is itself.
fn possessives(forms: &[Form], ids: &[usize], links: &mut Links) {
    let by_key: Map<String, usize> = ids.iter().map(|&id| (forms[id].words.concat(), id)).collect();
    for &id in ids {
        let owner = forms[id].spellings.first().and_then(|(spelt, _)| form::possessive(spelt));
        let owner = owner.map(|owner| form::folded_words(owner).concat());
        if let Some(&owner) = owner.and_then(|owner| by_key.get(&owner)) {
            links.join(owner, id);
        }
    }
}

/// For each span the set it belongs to. An ambiguous form means whoever of those that it may
/// mean was mentioned most before it; where none was, it stays apart.
fn settle(form_of: &[usize], links: &mut Links, open: &[(usize, Vec<usize>)]) -> Vec<usize> {
    let mut readings: Map<usize, Vec<usize>> = Map::default();
    for (form, sets) in open {
        let sets = links.roots(sets.iter().copied());
        if sets.len() <= READINGS {
            readings.insert(*form, sets);
        }
    }
    let mut counts: Map<usize, usize> = Map::default();
    let mut group_of = Vec::with_capacity(form_of.len());
    for &form in form_of {
        let sets = readings.get(&form).into_iter().flatten();
        // Of as many mentions the first in the text counts more.
        let known = sets.filter_map(|set| Some((*counts.get(set)?, std::cmp::Reverse(*set))));
        let set = match known.max() {
            Some((_, set)) => set.0,
            None => links.root(form),
        };
        *counts.entry(set).or_default() += 1;
        group_of.push(set);
    }
    group_of
}

/// Names from the sets of spans.
fn named(forms: &[Form], spans: &mut [Span], form_of: &[usize], group_of: &[usize]) -> Vec<Name> {
    let mut ids: Map<usize, usize> = Map::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, group) in group_of.iter().enumerate() {
        let id = *ids.entry(*group).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[id].push(at);
        spans[at].name = Some(id);
    }
    let name = |(id, members): (usize, &Vec<usize>)| {
        let mut own: Vec<usize> = members.iter().map(|&at| form_of[at]).collect();
        own.sort_unstable();
        own.dedup();
        Name {
            id,
            label: Arc::clone(&spans[members[0]].label),
            name: fullest(own.iter().map(|&form| &forms[form])),
            mentions: members.len(),
            place: None,
            country: None,
            link: None,
        }
    };
    members.iter().enumerate().map(name).collect()
}

/// The fullest form, in its best spelling.
fn fullest<'f>(forms: impl Iterator<Item = &'f Form>) -> String {
    let spelt = forms.map(|form| {
        let lower = |(spelt, _): &&(String, usize)| spelt.contains(char::is_lowercase);
        let any = form.spellings.iter().any(|s| lower(&s));
        let spellings = form.spellings.iter().filter(|s| !any || lower(s));
        let best = spellings.max_by_key(|(spelt, mentions)| {
            let capitals = spelt.split(' ').filter(|w| w.starts_with(char::is_uppercase)).count();
            let owner = form::possessive(spelt).is_none();
            let letters = spelt.chars().filter(|c| c.is_alphanumeric()).count();
            let explained = *mentions == 0;
            let letters = if form.is_acronym() && !explained { 0 } else { letters };
            (owner, letters, !spelt.is_ascii(), *mentions, capitals)
        });
        (form, best.map(|(spelt, _)| spelt.as_str()).unwrap_or_default())
    });
    let best = spelt.max_by_key(|(form, spelt)| {
        let letters = spelt.chars().count();
        let brief = form.is_acronym() && !spelt.contains(' ') || form.words.concat() == "america";
        (
            form::possessive(spelt).is_none(),
            // A storm is called by the most that it became.
            form.words.first().is_none_or(|word| !matches!(word.as_str(), "tropical" | "storm")),
            if brief { 0 } else { letters },
            form.mentions.len(),
            std::cmp::Reverse(form.first()),
        )
    });
    best.map(|(_, spelt)| spelt.to_owned()).unwrap_or_default()
}
