//! Links names of places to entries of GeoNames, where it is clear which one is meant.
//!
//! A name has candidates: the places of that name, each with a weight. It starts as the number of
//! inhabitants, more for countries and capitals, less where it is not the place's main name. Evidence
//! in the document multiplies it:
//!
//! | evidence | factor |
//! |---|---|
//! | "Tyler, Texas", "Selma, Ala.", "Tyler in Texas": Tyler, where it lies in a Texas; Texas, where a Tyler lies in it | 300; 30 |
//! | the same, but it does not lie there | 0.01 |
//! | "Washington state": it is a region; it is not | 100; 0.01 |
//! | "the city of", "Senator from", "Doug Collins of", "Governor" after it: it is a town or region as said | 20 |
//! | "New York Attorney General": it is a town | 0.05 |
//! | "WASHINGTON (AP) —": it is a region, and a capital or a town in it has the same name; the rest goes to that town | 0.05 |
//! | "Jefferson County": it is a town | 0.01 |
//! | named in a list with other regions of its country, and it is a region; with other countries, and it is a country | 50 |
//! | other names mean its region and no, one, two towns in it | 100, 400, 550 |
//! | other names mean one, two, ... towns of its region | 50, 75, ... |
//! | it is a region, and another name means one of its country | 15 |
//! | it is a region, and another name means it ("Ga.") | 30 |
//! | it is a region, and other names mean one, two, ... towns in it | 20, 40, ... |
//! | the text is about the domestic politics of its country, and it is a region or capital | 40 |
//! | another name means its country or people, or the text is about its domestic politics; other names mean towns in it | 12; 5 to 15 |
//! | the document is about other countries only, and it is a town | 0.4 |
//! | the document is about another region: the more names mean that region, the lower | 1 to 0.1 |
//!
//! What other names mean is itself uncertain. So all names are weighed at once, five times over: each by
//! the shares that the places of all others have. Names of countries and regions within those of
//! organisations count too ("Ontario Provincial Police").
//!
//! The score of the best candidate is its share of the sum of all weights and of 60,000 for places that
//! the gazetteer lacks, which has towns of 15,000 people and more. Where the text is about another
//! region than the candidate's, that is up to 75 times as much. Below 0.6 there is no link: a wrong one
//! is worse than none.
//!
//! The gazetteer is made by `data/places/build.py`; its places are © GeoNames (CC BY 4.0), its
//! names of countries and peoples in part from mledoze/countries (ODbL 1.0).

mod apart;
mod candidates;
mod codes;
mod context;
mod enumerations;
mod evidence;
mod fold;
mod gazetteer;
mod home;
mod link;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

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

/// Whether a place of this name is so large that the name alone means it rather than one that the
/// gazetteer lacks.
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

/// The label `LOC`, if it is among `labels`.
pub(crate) fn label_in(labels: &[Arc<str>]) -> Option<&Arc<str>> {
    labels.iter().find(|label| ***label == *PLACES[0])
}

/// Whether it is the name of a country or region.
pub(crate) fn is_whole(name: &str) -> bool {
    let gazetteer = Gazetteer::embedded();
    !candidates::wholes(&gazetteer, name).is_empty()
}

/// Whether it is a country's code of three letters: `HUN`.
pub(crate) fn is_code(word: &str) -> bool {
    codes::country(word).is_some()
}

/// Whether a folded word is a people or a country's adjective: `australian`.
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

/// The mentions of places: the index of the span of each, and the mentions.
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

/// The text of a mention, including the full stop of a short form (`Calif.`), which spans leave out. `LA`
/// at the end of a sentence has none.
fn written<'t>(gazetteer: &Gazetteer<'_>, text: &'t str, span: &Span) -> &'t str {
    let surface = span.surface(text);
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
