//! Places: names of places to entries of GeoNames, where it is clear which is meant.
//!
//! A name has candidates: the places called so, each with a weight. That starts as the number
//! of its inhabitants, more for countries and capitals, less where the place only has the name
//! as another one. What the document says multiplies it:
//!
//! | evidence | times |
//! |---|---|
//! | "Tyler, Texas", "Selma, Ala.", "Tyler in Texas": the place lies there; Texas, where it holds the other | 300; 30 |
//! | ... and it does not | 0.01 |
//! | "Washington state": it is a region; otherwise | 100; 0.01 |
//! | "the city of", "Senator from", "Doug Collins of", "Governor" behind it: it is a town or region as said | 20 |
//! | "New York Attorney General": it is a town | 0.05 |
//! | "WASHINGTON (AP) —": it is a region, and a capital or a town in it is called so | 0.05; the rest goes to that town |
//! | "Jefferson County": it is a town | 0.01 |
//! | named in a list with other regions of its country, and it is one; with other countries | 50 |
//! | other names mean its region and no, one, two towns in it | 100, 400, 550 |
//! | other names mean one, two, ... towns of its region | 50, 75, ... |
//! | it is a region, and another name means one of its country | 15 |
//! | it is a region, and another name means it ("Ga.") | 30 |
//! | it is a region, and other names mean one, two, ... towns in it | 20, 40, ... |
//! | parties of its country are named and nothing from abroad, and it is a region or capital | 40 |
//! | another name means its country, or a people or such parties of it; towns in it | 12; 5 to 15 |
//! | the document speaks of other countries only, and it is a town | 0.4 |
//! | the document is about another region, the more names mean that | 1 to 0.1 |
//!
//! What other names mean is only known as far as what they mean is. So all names are weighed at
//! once: each by the shares that the places of all others have, five times over. Names of
//! countries and regions within those of organisations count, too ("Ontario Provincial Police").
//!
//! The score of the best candidate is its share of all weights, to which 60,000 is added for the
//! places that GeoNames' towns of 15,000 people do not have, up to 75 times as many where the
//! text is about another region than the candidate's. Below 0.6 there is no link: a wrong one is
//! worse than none.
//!
//! The gazetteer is made by `data/places/build.py`; its places are © GeoNames (CC BY 4.0), its
//! names of countries and peoples in part from mledoze/countries (ODbL 1.0).

mod apart;
mod candidates;
mod context;
mod evidence;
mod fold;
mod gazetteer;
mod home;
mod link;
mod lists;
mod table;

use std::collections::BTreeMap;

pub use apart::set_apart;

use crate::document::{Span, is_person};
use crate::names::{Name, Place};
use context::Mention;
use gazetteer::{Gazetteer, Kind};
use link::{Beside, Subject};

/// Labels of places.
const PLACES: [&str; 2] = ["LOC", "GPE"];
/// Labels of peoples.
const PEOPLES: [&str; 2] = ["MISC", "NORP"];
/// Inhabitants of places of one name from which on organisations are hardly called so.
const WELL_KNOWN: u64 = 200_000;

/// Whether a place of this name is so large that the name by itself means it rather than one
/// that the gazetteer lacks.
pub(crate) fn is_large(name: &str) -> bool {
    let gazetteer = Gazetteer::embedded();
    let hits = gazetteer.named(&fold::fold(name));
    let mut places = hits
        .main()
        .chain(hits.other())
        .filter_map(|id| gazetteer.record(id));
    places.any(|place| place.population as f64 >= link::UNKNOWN)
}

/// Whether so many people live in places of this name that it means one of them even where it was
/// taken for an organisation.
pub(crate) fn is_well_known(name: &str) -> bool {
    let gazetteer = Gazetteer::embedded();
    let places = gazetteer.named(&fold::fold(name)).main();
    let people = places.filter_map(|id| gazetteer.record(id)).map(|place| {
        let share = if place.kind == Kind::Region { 5 } else { 1 };
        place.population / share
    });
    people.sum::<u64>() >= WELL_KNOWN
}

/// A name with a point of the compass in full, where that is known: South Korea for `S.Korea`.
pub(crate) fn in_full(name: &str) -> Option<String> {
    candidates::in_full(&Gazetteer::embedded(), name)
}

/// Whether a label is that of places.
pub(crate) fn is_label(label: &str) -> bool {
    PLACES.contains(&label)
}

/// Whether a country or region is called so.
pub(crate) fn is_whole(name: &str) -> bool {
    let gazetteer = Gazetteer::embedded();
    !candidates::wholes(&gazetteer, name).is_empty()
}

/// Whether a word, folded, is of a people or country: `australian`.
pub(crate) fn is_people(word: &str) -> bool {
    Gazetteer::embedded().people(word).is_some()
}

/// Gives a document's names of places their [`Place`], and peoples and adjectives
/// ("Ukrainian") their country.
pub fn link(text: &str, spans: &[Span], names: &mut [Name]) {
    let gazetteer = Gazetteer::embedded();
    let mut subjects: BTreeMap<usize, Subject> = BTreeMap::new();
    let (places, mentions) = mentions(spans, names);
    let mut peoples = Vec::new();
    let mut organisations = Vec::new();
    for name in names.iter() {
        if is_label(&name.label) {
            subjects.insert(name.id, Subject::new(&name.name));
        } else if &*name.label == "ORG" {
            organisations.push(&*name.name);
        } else if PEOPLES.contains(&&*name.label)
            && let Some(country) = people(&gazetteer, &name.name)
        {
            peoples.push((name.id, country));
        }
    }
    for span in places.into_iter().filter_map(|at| spans.get(at)) {
        let subject = span.name.and_then(|name| subjects.get_mut(&name));
        if let Some(subject) = subject {
            subject.mention(written(&gazetteer, text, span));
        }
    }
    let countries: Vec<_> = peoples.iter().map(|(_, country)| *country).collect();
    let beside = Beside {
        peoples: &countries,
        organisations: &organisations,
        home: home::country(&gazetteer, text, names),
    };
    let found = link::link(&gazetteer, text, &subjects, &mentions, &beside);
    for name in names.iter_mut() {
        if let Some((id, score)) = found.get(&name.id) {
            name.place = place(&gazetteer, *id, *score);
        }
    }
    for (id, country) in peoples {
        if let Some(name) = names.get_mut(id) {
            name.country = gazetteer.record(country).map(|c| c.code.to_owned());
        }
    }
}

/// The country of a people or adjective.
fn people(gazetteer: &Gazetteer<'static>, name: &str) -> Option<gazetteer::Id> {
    gazetteer.people(&fold::fold(name)).or_else(|| {
        let full = candidates::in_full(gazetteer, name)?;
        gazetteer.people(&fold::fold(&full))
    })
}

/// The mentions of places, and the span of each.
fn mentions(spans: &[Span], names: &[Name]) -> (Vec<usize>, Vec<Mention>) {
    let (mut places, mut mentions) = (Vec::new(), Vec::new());
    let mut person = None;
    for (at, span) in spans.iter().enumerate() {
        if is_person(&span.label) {
            person = Some(span.end);
        }
        let named = span.name.and_then(|name| names.get(name));
        if let Some(name) = named.filter(|name| is_label(&name.label)) {
            places.push(at);
            mentions.push(Mention {
                name: name.id,
                bytes: span.start..span.end,
                person,
            });
        }
    }
    (places, mentions)
}

/// What a mention is written as, with the full stop of a short form (`Calif.`), which spans
/// leave out. `LA` at the end of a sentence is none.
fn written<'t>(gazetteer: &Gazetteer<'_>, text: &'t str, span: &Span) -> &'t str {
    let surface = text.get(span.start..span.end).unwrap_or_default();
    let stopped = text.get(span.start..span.end.saturating_add(1));
    let stopped = stopped.filter(|stopped| {
        stopped.ends_with('.')
            && surface.contains(char::is_lowercase)
            && gazetteer
                .short(&fold::fold(surface))
                .main()
                .next()
                .is_some()
    });
    stopped.unwrap_or(surface)
}

fn place(gazetteer: &Gazetteer<'_>, id: gazetteer::Id, score: f64) -> Option<Place> {
    let record = gazetteer.record(id)?;
    let region = record.region.and_then(|region| gazetteer.record(region));
    Some(Place {
        geonames: record.geonames,
        name: record.name.to_owned(),
        country: record.code.to_owned(),
        admin1: region.map(|region| region.name.to_owned()),
        latitude: record.latitude,
        longitude: record.longitude,
        population: record.population,
        score: score as f32,
    })
}

#[cfg(test)]
mod tests;
