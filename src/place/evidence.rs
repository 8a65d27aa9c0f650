//! Which countries and regions a document is about.
//!
//! A name of a place is evidence for each place that it may mean, by that place's share. The shares of
//! one name add up to 1 at most, and a name is no evidence for itself.

use std::collections::BTreeMap;

use super::candidates::Candidate;
use super::gazetteer::{Id, Kind};

/// The factor on the weight of a place whose country is named.
pub(super) const COUNTRY: f64 = 12.0;
/// The same for a region or capital of the country whose domestic politics the text is about.
const HOME: f64 = 40.0;
/// The same for a region, for each town in it that is named.
const TOWNS: f64 = 20.0;
/// The same for a region that another name means: Georgia beside "Athens, Ga."
const SAME: f64 = 30.0;
/// How local a text is at most: the number of names of its main region, not counting the first.
const LOCAL: f64 = 3.0;

/// The evidence for a country or region, in numbers of names.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    /// Names of it, its people or its regions.
    named: f64,
    /// Names of towns in it.
    towns: f64,
    /// Names of its regions, where it is a country.
    regions: f64,
    /// Whether the text is about its domestic politics.
    home: bool,
    /// Whether it is a region.
    region: bool,
}

/// The evidence of names for countries and regions.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    wholes: BTreeMap<Id, Counts>,
    /// Names of countries and peoples.
    countries: f64,
}

impl Evidence {
    /// Adds the name of a people.
    pub(super) fn people(&mut self, country: Id) {
        self.countries += 1.0;
        self.whole(country).named += 1.0;
    }

    /// Adds that the text is about a country's domestic politics.
    pub(super) fn home(&mut self, country: Id) {
        self.people(country);
        self.whole(country).home = true;
    }

    /// Adds a name that means this place with probability `share`.
    pub(super) fn place(&mut self, place: &Candidate, share: f64) {
        let record = &place.record;
        match record.kind {
            Kind::Country => {
                self.countries += share;
                self.whole(place.id).named += share;
            }
            Kind::Region => {
                let region = self.whole(place.id);
                region.named += share;
                region.region = true;
                let country = self.whole(record.country);
                country.named += share;
                country.regions += share;
            }
            _ => {
                self.whole(record.country).towns += share;
                if let Some(id) = record.region {
                    let region = self.whole(id);
                    region.towns += share;
                    region.region = true;
                }
            }
        }
    }

    /// Adds other evidence.
    pub(super) fn add(&mut self, other: &Self) {
        self.countries += other.countries;
        for (&id, more) in &other.wholes {
            let whole = self.whole(id);
            whole.named += more.named;
            whole.towns += more.towns;
            whole.regions += more.regions;
            whole.home |= more.home;
            whole.region |= more.region;
        }
    }

    fn whole(&mut self, id: Id) -> &mut Counts {
        self.wholes.entry(id).or_default()
    }
}

/// The evidence of all names but one.
#[derive(Debug)]
pub(super) struct Others<'e> {
    all: &'e Evidence,
    /// The evidence of that one.
    own: &'e Evidence,
    /// Names of countries and peoples among the others.
    countries: f64,
    /// The region with most evidence, and how local the text is: from 0 to [`LOCAL`].
    local: Option<(Id, f64)>,
}

impl<'e> Others<'e> {
    pub(super) fn new(all: &'e Evidence, own: &'e Evidence) -> Self {
        let mut others = Self {
            all,
            own,
            countries: (all.countries - own.countries).max(0.0),
            local: None,
        };
        let (mut sum, mut most) = (others.countries, None);
        for (&id, _) in all.wholes.iter().filter(|(_, whole)| whole.region) {
            let whole = others.of_whole(id);
            let names = whole.named.min(1.0) + whole.towns;
            sum += names;
            if most.is_none_or(|(_, before)| names > before) {
                most = Some((id, names));
            }
        }
        others.local = most.filter(|(_, names)| *names > 0.0).map(|(id, names)| {
            let beyond = (names - 1.0).clamp(0.0, LOCAL);
            (id, beyond * (names / sum).sqrt())
        });
        others
    }

    fn of_whole(&self, id: Id) -> Counts {
        let all = self.all.wholes.get(&id).copied().unwrap_or_default();
        let own = self.own.wholes.get(&id).copied().unwrap_or_default();
        Counts {
            named: (all.named - own.named).max(0.0),
            towns: (all.towns - own.towns).max(0.0),
            regions: (all.regions - own.regions).max(0.0),
            home: all.home,
            region: all.region,
        }
    }

    /// How local the text is, if its main region is not that of `place`; else 0.
    fn elsewhere(&self, place: &Candidate) -> f64 {
        match self.local {
            Some((id, local)) if place.record.region != Some(id) && place.id != id => local,
            _ => 0.0,
        }
    }

    /// The factor on the weight of a place.
    pub(super) fn weigh(&self, place: &Candidate) -> f64 {
        let record = &place.record;
        let region = record.region.map(|id| self.of_whole(id));
        let region = region.unwrap_or_default();
        let country = self.of_whole(record.country);
        let abroad = match record.kind {
            Kind::Country | Kind::Region => 1.0,
            _ => 0.4, // The document is about other countries.
        };
        let mut weight = 1.0 - (1.0 - abroad) * self.countries.min(1.0);
        weight /= 1.0 + self.elsewhere(place).powi(2);
        weight = towards(weight, 1.0 + 4.0 * country.towns.min(3.5), country.towns);
        weight = towards(weight, COUNTRY, country.named);
        // Not towns: they are no better known at home.
        if country.home && matches!(record.kind, Kind::Region | Kind::Capital) {
            weight = weight.max(HOME);
        }
        if record.kind == Kind::Region {
            weight = towards(weight, 15.0, country.regions);
            let own = self.of_whole(place.id);
            weight = towards(weight, TOWNS * own.towns.max(1.0), own.towns);
            weight = towards(weight, SAME, own.named);
        }
        weight = towards(weight, 25.0 * (1.0 + region.towns), region.towns);
        let named = 100.0 * (1.0 + 3.0 * region.towns.min(1.5));
        towards(weight, named, region.named)
    }

    /// The factor on the weight of a place that the gazetteer lacks, against this one: higher where the
    /// text is about another region and has no evidence for this one's country.
    pub(super) fn unknown(&self, place: &Candidate) -> f64 {
        if place.is_whole() {
            return 1.0;
        }
        let elsewhere = self.elsewhere(place);
        1.0 + 25.0 * elsewhere * (1.0 - self.evidence_for(place.record.country))
    }

    /// The evidence for a country, at most 1.
    pub(super) fn evidence_for(&self, country: Id) -> f64 {
        let whole = self.of_whole(country);
        (whole.named + whole.towns).min(1.0)
    }
}

/// Moves a weight towards a higher one, by the evidence: all the way for 1 name.
fn towards(weight: f64, higher: f64, evidence: f64) -> f64 {
    weight + (higher - weight).max(0.0) * evidence.min(1.0)
}
