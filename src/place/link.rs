//! Links names to places, by the weights of these.

use std::collections::BTreeMap;

use super::candidates::{Candidate, LIES_THERE, candidates, is_site, says_region, wholes};
use super::context::{
    Join, Mention, Said, after_comma, is_inside, is_of_region, join, next_word, said_after,
    said_before,
};
use super::enumerations;
use super::evidence::{COUNTRY, Evidence, Others};
use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind};
use crate::dateline::is_dateline;

/// The weight of places that the gazetteer lacks: villages, rivers, islands.
pub(super) const UNKNOWN: f64 = 60_000.0;
/// The most words of a country's or region's name within an organisation's.
const LONGEST: usize = 3;
/// The lowest score of a link.
pub(super) const THRESHOLD: f64 = 0.6;
/// How often each name is weighed by what the others may mean.
const ROUNDS: usize = 5;
/// The limits of a weight.
const LEAST: f64 = 1e-30;
const MOST: f64 = 1e30;
/// How much the name of a country or region within an organisation's counts as evidence, in names.
const WITHIN: f64 = 0.7;
/// Counties of England that are larger than the towns named after them elsewhere; the gazetteer has no
/// counties.
const COUNTIES: [&str; 11] = [
    "cornwall",
    "cumberland",
    "devon",
    "dorset",
    "essex",
    "kent",
    "norfolk",
    "somerset",
    "suffolk",
    "surrey",
    "sussex",
];
/// The weight of such a county.
const COUNTY: f64 = 1e6;
/// Words after a name that say it is no town's.
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

/// A name of a place, as it is written in the document.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    canonical: String,
    /// The number of mentions of each surface.
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

    /// The places that it may mean: by the canonical form, else by the most frequent surface that is
    /// known.
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

/// What else a document has besides names of places.
#[derive(Debug)]
pub(super) struct Beside<'d> {
    /// The countries of its peoples.
    pub(super) peoples: &'d [Id],
    /// The names of its organisations.
    pub(super) organisations: &'d [&'d str],
    /// The country whose domestic politics it is about.
    pub(super) home: Option<Id>,
}

/// The place of each name, and its score, where that is at least [`THRESHOLD`].
pub(super) fn link(
    gazetteer: &Gazetteer<'static>,
    text: &str,
    subjects: &BTreeMap<usize, Subject>,
    mentions: &[Mention],
    beside: &Beside<'_>,
) -> BTreeMap<usize, (Id, f64)> {
    let mut weighed: BTreeMap<usize, Weighed> = BTreeMap::new();
    for (&name, subject) in subjects {
        let found = subject.candidates(gazetteer).into_iter();
        weighed.insert(name, found.map(|place| (place, place.prior)).collect());
    }
    look_around(gazetteer, text, mentions, &mut weighed);
    enumerations::look_along(text, mentions, &mut weighed);
    let mut names: Vec<Ambiguous> = Vec::with_capacity(weighed.len());
    for (number, places) in weighed {
        let subject = subjects.get(&number);
        let county = subject.filter(|subject| COUNTIES.contains(&&*fold(&subject.canonical)));
        let county = county.and_then(|_| gazetteer.named("united kingdom").main().next());
        names.push(Ambiguous {
            number: Some(number),
            places,
            county,
        });
    }
    for organisation in beside.organisations {
        let places = within(gazetteer, organisation);
        names.extend(places.map(|places| Ambiguous {
            number: None,
            places,
            county: None,
        }));
    }
    let shares = shares(&names, beside);
    let mut found = BTreeMap::new();
    for (name, shares) in names.iter().zip(shares) {
        let places = name.places.iter().map(|(place, _)| place.id);
        let best = places
            .zip(shares)
            .reduce(|best, next| match next.1 > best.1 {
                true => next,
                false => best,
            });
        if let (Some(number), Some((id, score))) = (name.number, best)
            && score >= THRESHOLD
        {
            found.insert(number, (id, score));
        }
    }
    found
}

/// A name, and the places that it may mean, weighed by the text around its mentions.
#[derive(Debug)]
struct Ambiguous {
    /// Its number; `None` for a name within an organisation's.
    number: Option<usize>,
    places: Weighed,
    /// The country of a county of that name, for [`COUNTIES`].
    county: Option<Id>,
}

/// The share of each place of each name, each weighed by what all others may mean.
fn shares(names: &[Ambiguous], beside: &Beside<'_>) -> Vec<Vec<f64>> {
    let mut shares: Vec<Vec<f64>> = names
        .iter()
        .map(|name| {
            let sum: f64 = name.places.iter().map(|(_, weight)| weight).sum();
            let places = name.places.iter();
            places.map(|(_, weight)| weight / (UNKNOWN + sum)).collect()
        })
        .collect();
    for _ in 0..ROUNDS {
        let mut all = Evidence::default();
        for &country in beside.peoples {
            all.people(country);
        }
        if let Some(country) = beside.home {
            all.home(country);
        }
        let mut owns = Vec::with_capacity(names.len());
        for (name, shares) in names.iter().zip(&shares) {
            let factor = if name.number.is_some() { 1.0 } else { WITHIN };
            let mut own = Evidence::default();
            for ((place, _), share) in name.places.iter().zip(shares) {
                own.place(place, share * factor);
            }
            all.add(&own);
            owns.push(own);
        }
        for ((name, own), shares) in names.iter().zip(&owns).zip(&mut shares) {
            *shares = name.shares(&Others::new(&all, own));
        }
    }
    shares
}

impl Ambiguous {
    /// The share of each place, weighed by the evidence of other names.
    fn shares(&self, others: &Others<'_>) -> Vec<f64> {
        let weighed = self.places.iter();
        let weights: Vec<f64> = weighed
            .map(|(place, weight)| weight * others.weigh(place))
            .collect();
        let county = |country| COUNTY * (1.0 + COUNTRY * others.evidence_for(country));
        let sum = weights.iter().sum::<f64>() + self.county.map_or(0.0, county);
        let places = self.places.iter().zip(weights);
        places
            .map(|((place, _), weight)| weight / (sum + UNKNOWN * others.unknown(place)))
            .collect()
    }
}

/// The countries and regions named within an organisation's name: Ontario in "Ontario Provincial
/// Police".
fn within(gazetteer: &Gazetteer<'static>, organisation: &str) -> impl Iterator<Item = Weighed> {
    let words: Vec<&str> = organisation.split_whitespace().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = (1..=LONGEST).rev().find_map(|count| {
            let name = words.get(at..at + count)?.join(" ");
            let places = wholes(gazetteer, &name);
            (!places.is_empty()).then_some((count, places))
        });
        let Some((count, places)) = longest else {
            at += 1;
            continue;
        };
        found.push(places.iter().map(|place| (*place, place.prior)).collect());
        at += count;
    }
    found.into_iter()
}

/// Weighs places by the words before and after their mentions: "city of", "state", "County", ", Ala.".
fn look_around(
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
        if let Some(kind) = said_before(text, mention).or_else(|| said_after(word)) {
            scale(places, |place| match (kind, place.record.kind) {
                (Said::Region, Kind::Region) | (Said::Town, Kind::Capital | Kind::Town) => 20.0,
                _ => 1.0,
            });
        }
        if is_of_region(text, mention) {
            scale(places, |place| match place.record.kind {
                Kind::Capital | Kind::Town | Kind::Quarter => 0.05,
                _ => 1.0,
            });
        }
        if is_dateline(text, mention.bytes.clone()) {
            mean_towns(places);
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
        let next = mentions.get(at + 1);
        if let Some(next) = next.filter(|next| is_inside(text, mention, next)) {
            look_inside(gazetteer, text, next, places);
        }
        let joined = next.is_some_and(|next| join(text, mention, next) != Join::None);
        if let Some(name) = after_comma(text, mention).filter(|_| !joined) {
            let wholes = wholes(gazetteer, text.get(name).unwrap_or_default());
            if !wholes.is_empty() {
                qualify(places, &wholes);
            }
        }
    }
}

/// Moves the weight of regions to the towns of their name in them: a report comes from a town.
fn mean_towns(places: &mut Weighed) {
    let is_town = |place: &Candidate| matches!(place.record.kind, Kind::Capital | Kind::Town);
    let capital = places
        .iter()
        .any(|(place, _)| place.record.kind == Kind::Capital);
    let regions: Vec<(Candidate, f64)> = places
        .iter()
        .filter(|(place, _)| place.record.kind == Kind::Region)
        .copied()
        .collect();
    for (region, said) in regions {
        let holds = |place: &Candidate| is_town(place) && place.lies_in(&region);
        let has_town = places.iter().any(|(place, _)| holds(place));
        for (place, weight) in places.iter_mut() {
            if holds(place) {
                *weight += said;
            } else if place.id == region.id && (has_town || capital) {
                *weight *= 0.05;
            }
        }
    }
}

/// Weighs places that are said to lie in the next one: "Birmingham in Alabama". Not "Niger in Nigeria",
/// which may be the country.
fn look_inside(gazetteer: &Gazetteer<'static>, text: &str, next: &Mention, places: &mut Weighed) {
    let outer = text.get(next.bytes.clone()).unwrap_or_default();
    let wholes = wholes(gazetteer, outer);
    let lies = |place: &Candidate| wholes.iter().any(|whole| place.lies_in(whole));
    let mut own = places.iter().map(|(place, _)| place);
    let country = own.clone().any(|place| place.record.kind == Kind::Country);
    if !country && own.any(lies) {
        qualify(places, &wholes);
    }
}

/// Weighs places by whether they lie in one of `wholes`.
pub(super) fn qualify(places: &mut Weighed, wholes: &[Candidate]) {
    let country = wholes.iter().any(|w| w.record.kind == Kind::Country);
    scale(places, |place| {
        match wholes.iter().any(|whole| place.lies_in(whole)) {
            true => LIES_THERE,
            false if place.record.kind != Kind::Country => 0.01,
            false if country => 1.0,
            false => 1e-5, // "Mexico, Missouri"
        }
    });
}

/// Multiplies the weight of each place.
pub(super) fn scale(places: &mut Weighed, factor: impl Fn(&Candidate) -> f64) {
    for (place, weight) in places {
        // A long text may repeat the same evidence a thousand times.
        *weight = (*weight * factor(place)).clamp(LEAST, MOST);
    }
}
