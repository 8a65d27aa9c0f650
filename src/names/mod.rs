//! Groups the mentions of one document into names of people, organisations and places.
//!
//! | step | what it joins |
//! |---|---|
//! | `form` | the same words, whatever their case, accents and marks |
//! | `stated` | names that the text says are the same: `Federal Security Service (FSB)`, `known as` |
//! | `titles`, `given` | nothing; they read titles and who is a man or a woman |
//! | `person` | surnames, initials and unambiguous first names with full names |
//! | `rules`, `short` | acronyms, flight codes, short and other forms of organisations, places and works |
//! | `typo`, `across` | misspelt names, and short forms with another label |
//! | `settle`, `dateline` | forms that may mean several names; they also settle labels that disagree |
//! | `fullest` | nothing; it chooses what a name is called |
//!
//! Every step takes time linear in the mentions: forms are looked up by their words, and a word that too
//! many forms share is ignored.

mod acronym;
mod across;
mod country;
mod dateline;
mod flight;
mod form;
mod fullest;
mod given;
mod links;
mod name;
mod person;
mod rules;
mod settle;
mod short;
mod stated;
mod titles;
mod typo;

use std::sync::Arc;

pub use name::{Name, Place};

use crate::Span;
use form::{Form, Kind, Map};
use links::Links;
use stated::Mentions;

/// Finds the names that the spans of a text mention, in the order of their first mention, and sets
/// [`Span::name`]. Mentions of a name whose labels disagree get the label with the highest sum of
/// scores.
pub fn find(text: &str, spans: &mut [Span]) -> Vec<Name> {
    let (mut forms, form_of) = form::forms(text, spans);
    for (id, long) in stated::expansions(text, spans, &forms) {
        forms[id].spellings.push((long, 0));
    }
    let mut links = Links::new(forms.len());
    let mentions = Mentions {
        text,
        spans,
        forms: &forms,
        form_of: &form_of,
    };
    let mut asides = stated::link(mentions, &mut links);
    asides.extend(stated::translations(mentions, &mut links));
    asides.extend(stated::renamed(mentions, &mut links));
    let open = link_each_label(&forms, &mut links);
    asides.extend(typo::link(&forms, &mut links));
    asides.sort_unstable();
    stated::speakers(text, spans, &forms, &mut links);
    across::link(spans, &forms, &mut links);
    let mut set_of = settle::sets(&forms, &form_of, &mut links, &open);
    let apart = dateline::set_apart(text, spans, &forms, &form_of, &mut set_of);
    settle::vote(spans, &forms, &form_of, &set_of);
    dateline::put_back(spans, &mut set_of, &apart);
    names_of_sets(&forms, &asides, spans, &form_of, &set_of)
}

/// Joins forms of the same label. Returns ambiguous forms, each with the forms that it may mean.
fn link_each_label(forms: &[Form], links: &mut Links) -> Vec<(usize, Vec<usize>)> {
    let mut labels: Vec<(&Arc<str>, Vec<usize>)> = Vec::new();
    for (id, form) in forms.iter().enumerate() {
        match labels.iter_mut().find(|(label, _)| **label == form.label) {
            Some((_, ids)) => ids.push(id),
            None => labels.push((&form.label, vec![id])),
        }
    }
    let mut open = Vec::new();
    for (_, ids) in &labels {
        possessives(forms, ids, links);
        match ids.first().map(|&id| forms[id].kind) {
            Some(Kind::Person) => person::link(forms, ids, links, &mut open),
            _ => rules::link(forms, ids, links, &mut open),
        }
    }
    open
}

/// Joins `Boeing's` with `Boeing` where both occur; `McDonald's` stays by itself.
fn possessives(forms: &[Form], ids: &[usize], links: &mut Links) {
    let by_words = ids.iter().map(|&id| (forms[id].words.concat(), id));
    let by_words: Map<String, usize> = by_words.collect();
    for &id in ids {
        let spelt = forms[id].spellings.first();
        let owner = spelt.and_then(|(spelt, _)| form::possessive(spelt));
        let owner = owner.map(|owner| form::folded_words(owner).concat());
        if let Some(&owner) = owner.and_then(|owner| by_words.get(&owner)) {
            links.join(owner, id);
        }
    }
}

/// Makes a name of each set of spans.
fn names_of_sets(
    forms: &[Form],
    asides: &[usize],
    spans: &mut [Span],
    form_of: &[usize],
    set_of: &[usize],
) -> Vec<Name> {
    let mut ids: Map<usize, usize> = Map::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, (span, set)) in spans.iter_mut().zip(set_of).enumerate() {
        let id = *ids.entry(*set).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[id].push(at);
        span.name = Some(id);
    }
    let name = |(id, members): (usize, &Vec<usize>)| {
        let mut own: Vec<usize> = members.iter().map(|&at| form_of[at]).collect();
        own.sort_unstable();
        own.dedup();
        Name {
            id,
            label: Arc::clone(&spans[members[0]].label),
            name: fullest::name(forms, &own, asides),
            mentions: members.len(),
            place: None,
            country: None,
            link: None,
        }
    };
    members.iter().enumerate().map(name).collect()
}

/// Joins names of one label that are linked to the same place, such as `Calif.` and `California`. They are
/// called by the name with the most mentions that is no short form.
pub(crate) fn join_places(spans: &mut [Span], names: &mut Vec<Name>) {
    let mut of_place: Map<(u32, Arc<str>), usize> = Map::default();
    let mut joined: Vec<usize> = (0..names.len()).collect();
    let mut called = joined.clone();
    let rank = |name: &Name| (!name.name.ends_with('.') && !is_cut(name), name.mentions);
    for (id, name) in names.iter().enumerate() {
        if let Some(place) = name.place.as_ref().filter(|_| name.link.is_none()) {
            let key = (place.geonames, Arc::clone(&name.label));
            let first = *of_place.entry(key).or_insert(id);
            joined[id] = first;
            if rank(name) > rank(&names[called[first]]) {
                called[first] = id;
            }
        }
    }
    if joined.iter().enumerate().all(|(id, &first)| id == first) {
        return;
    }
    for (id, &best) in called.iter().enumerate().filter(|(id, best)| id != *best) {
        names[id].name = names[best].name.clone();
    }
    for span in spans.iter_mut() {
        span.name = span.name.and_then(|id| joined.get(id).copied());
    }
    recount(spans, names);
}

/// Whether a name is cut from its place's name within a word: `Okla` for Oklahoma.
fn is_cut(name: &Name) -> bool {
    let place = name.place.as_ref().map_or("", |place| &place.name);
    let rest = place.strip_prefix(name.name.as_str());
    rest.is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}

/// Renumbers names and recounts their mentions after spans were removed or reassigned; names without
/// mentions are dropped.
pub(crate) fn recount(spans: &mut [Span], names: &mut Vec<Name>) {
    let mut old: Vec<Option<Name>> = std::mem::take(names).into_iter().map(Some).collect();
    let mut ids: Vec<Option<usize>> = vec![None; old.len()];
    for span in spans {
        let Some(before) = span.name.take() else {
            continue;
        };
        let (Some(id), Some(name)) = (ids.get_mut(before), old.get_mut(before)) else {
            continue;
        };
        if let Some(name) = name.take() {
            *id = Some(names.len());
            names.push(Name {
                id: names.len(),
                mentions: 0,
                ..name
            });
        }
        span.name = *id;
        if let Some(name) = id.and_then(|id| names.get_mut(id)) {
            name.mentions += 1;
        }
    }
}

#[cfg(test)]
mod tests;
