//! The names of one document: which mentions mean the same person, organisation or place.

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
    let (forms, form_of) = form::forms(text, spans);
    let mut links = Links::new(forms.len());
    let mut open = Vec::new();
    stated::link(text, spans, &forms, &form_of, &mut links);
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
    let group_of = settle(&form_of, &mut links, &open);
    named(&forms, spans, &form_of, &group_of)
}

/// `Boeing's` is Boeing where that is there too; `McDonald's` is itself.
fn possessives(forms: &[Form], ids: &[usize], links: &mut Links) {
    let by_key: Map<String, usize> = ids
        .iter()
        .map(|&id| (forms[id].words.concat(), id))
        .collect();
    for &id in ids {
        let owner = forms[id]
            .spellings
            .first()
            .and_then(|(spelt, _)| form::possessive(spelt));
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
            let capitals = spelt
                .split(' ')
                .filter(|w| w.starts_with(char::is_uppercase))
                .count();
            let owner = form::possessive(spelt).is_none();
            let letters = spelt.chars().filter(|c| c.is_alphanumeric()).count();
            let letters = if form.is_acronym() { 0 } else { letters };
            (owner, letters, !spelt.is_ascii(), *mentions, capitals)
        });
        (
            form,
            best.map(|(spelt, _)| spelt.as_str()).unwrap_or_default(),
        )
    });
    let best = spelt.max_by_key(|(form, spelt)| {
        let letters = spelt.chars().count();
        (
            form::possessive(spelt).is_none(),
            !form.is_acronym(),
            if form.is_acronym() { 0 } else { letters },
            form.mentions.len(),
            std::cmp::Reverse(form.first()),
        )
    });
    best.map(|(_, spelt)| spelt.to_owned()).unwrap_or_default()
}
