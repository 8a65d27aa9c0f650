//! Names of places to places, by their weights.

use std::collections::BTreeMap;

use super::candidates::{Candidate, LIES_THERE, candidates, is_site, says_region, wholes};
use super::context::{Join, Mention, Said, behind_comma, join, next_word, said_before};
use super::evidence::Evidence;
use super::gazetteer::{Gazetteer, Id, Kind};
use super::lists;

/// Weight of the places of a name that the gazetteer does not have: villages, rivers, islands.
pub(super) const UNKNOWN: f64 = 60_000.0;
/// The lowest score of a link.
pub(super) const THRESHOLD: f64 = 0.6;
/// The lowest score of a link that speaks for others.
const SURE: f64 = 0.85;

/// A name of a place: how it is written in the document.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    canonical: String,
    surfaces: BTreeMap<String, usize>,
}

impl Subject {
    /// A name by its canonical form.
    pub(super) fn new(canonical: &str) -> Self {
        Self {
            canonical: canonical.to_owned(),
            surfaces: BTreeMap::new(),
        }
    }

    /// Adds a mention.
    pub(super) fn mention(&mut self, surface: &str) {
        *self.surfaces.entry(surface.to_owned()).or_default() += 1;
    }

    /// Places that it may mean: by the canonical form, else by the most frequent other one
    /// that is known.
    fn candidates(&self, gazetteer: &Gazetteer<'static>) -> Vec<Candidate> {
        if is_site(&self.canonical) {
            return candidates(gazetteer, &self.canonical);
        }
        let mut surfaces: Vec<(&String, &usize)> = self.surfaces.iter().collect();
        surfaces.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let others = surfaces.into_iter().map(|(surface, _)| surface);
        let stopped = format!("{}.", self.canonical);
        let short = !self.surfaces.contains_key(&self.canonical);
        let canonical = match short && self.surfaces.contains_key(&stopped) {
            true => &stopped,
            false => &self.canonical,
        };
        std::iter::once(canonical)
            .chain(others)
            .map(|surface| candidates(gazetteer, surface))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }
}

/// Candidates of a name, each with its weight.
pub(super) type Weighed = Vec<(Candidate, f64)>;

/// The place of each name that has a sure one, and its score.
pub(super) fn link(
    gazetteer: &Gazetteer<'static>,
    text: &str,
    subjects: &BTreeMap<usize, Subject>,
    mentions: &[Mention],
    peoples: &[Id],
) -> BTreeMap<usize, (Id, f64)> {
    let mut weighed: BTreeMap<usize, Weighed> = BTreeMap::new();
    for (&name, subject) in subjects {
        let found = subject.candidates(gazetteer).into_iter();
        weighed.insert(name, found.map(|place| (place, place.prior)).collect());
    }
    look_behind(gazetteer, text, mentions, &mut weighed);
    lists::look_along(text, mentions, &mut weighed);
    let mut evidence = Evidence::default();
    for (at, &country) in peoples.iter().enumerate() {
        // Peoples are other witnesses than all names of places.
        evidence.people(usize::MAX - at, country);
    }
    // What is sure by itself speaks for what is not, and that for the rest.
    for _ in 0..2 {
        let found = decide(&weighed, &evidence, SURE);
        for (name, (place, _)) in found {
            evidence.place(name, &place);
        }
    }
    let found = decide(&weighed, &evidence, THRESHOLD);
    let ids = found.into_iter();
    ids.map(|(name, (place, score))| (name, (place.id, score)))
        .collect()
}

/// The best candidate of each name whose score is high enough.
fn decide(
    weighed: &BTreeMap<usize, Weighed>,
    evidence: &Evidence,
    least: f64,
) -> BTreeMap<usize, (Candidate, f64)> {
    let mut found = BTreeMap::new();
    for (&name, places) in weighed {
        let (mut sum, mut best) = (UNKNOWN, None);
        for (place, weight) in places {
            let weight = weight * evidence.of(name, place);
            sum += weight;
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((place, weight));
            }
        }
        if let Some((place, weight)) = best
            && weight / sum >= least
        {
            found.insert(name, (*place, weight / sum));
        }
    }
    found
}

/// What follows single mentions: "state", "County", ", Ala.".
fn look_behind(
    gazetteer: &Gazetteer<'static>,
    text: &str,
    mentions: &[Mention],
    weighed: &mut BTreeMap<usize, Weighed>,
) {
    for (at, mention) in mentions.iter().enumerate() {
        let Some(places) = weighed.get_mut(&mention.name) else {
            continue;
        };
        let word = next_word(text, mention);
        let region = says_region(&word.to_lowercase());
        let elsewhere = UNTOWNED.contains(&word.to_lowercase().as_str());
        if let Some(kind) = said_before(text, mention) {
            scale(places, |place| match (kind, place.record.kind) {
                (Said::Region, Kind::Region) | (Said::Town, Kind::Capital | Kind::Town) => 20.0,
                _ => 1.0,
            });
        }
        if region && places.iter().any(|(p, _)| p.record.kind == Kind::Region) {
            scale(places, |place| match place.record.kind {
                Kind::Region => 100.0,
                _ => 0.01,
            });
        } else if elsewhere {
            scale(places, |place| match place.is_whole() {
                true => 1.0,
                false => 0.01,
            });
        }
        let joined = mentions
            .get(at + 1)
            .is_some_and(|next| join(text, mention, next) != Join::None);
        if let Some(name) = behind_comma(text, mention).filter(|_| !joined) {
            let wholes = wholes(gazetteer, name);
            if !wholes.is_empty() {
                qualify(places, &wholes);
            }
        }
    }
}

/// Words behind a name that say it is no town's.
const UNTOWNED: [&str; 11] = [
    "county",
    "parish",
    "township",
    "river",
    "lake",
    "island",
    "islands",
    "sea",
    "peninsula",
    "mountains",
    "strait",
];

/// Weighs places by whether they lie in one of `wholes`.
pub(super) fn qualify(places: &mut Weighed, wholes: &[Candidate]) {
    scale(places, |place| {
        match wholes.iter().any(|whole| place.lies_in(whole)) {
            true => LIES_THERE,
            false if place.record.kind == Kind::Country => 1.0,
            false => 0.01,
        }
    });
}

pub(super) fn scale(places: &mut Weighed, factor: impl Fn(&Candidate) -> f64) {
    for (place, weight) in places {
        *weight *= factor(place);
    }
}
