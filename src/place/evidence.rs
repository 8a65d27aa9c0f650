//! Which countries and regions a document speaks of.
//!
//! A name of a place speaks for what may be meant by it, by the share that each of these places
//! has. Shares of one name add up to 1 at most, and a name says nothing of itself.

use std::collections::BTreeMap;

use super::candidates::Candidate;
use super::gazetteer::{Id, Kind};

/// How much more likely a place is meant whose country is named.
pub(super) const COUNTRY: f64 = 12.0;
/// ... and one of the country whose own politics are told.
const HOME: f64 = 40.0;
/// How much more likely a region is meant for each town in it that is named.
const TOWNS: f64 = 20.0;
/// How much more likely a region is meant that another name means: Georgia beside "Athens, Ga."
const SAME: f64 = 30.0;
/// Names from which on a text cannot be more local, not counting the first.
const LOCAL: f64 = 3.0;

/// How far names speak for a country or region, in names.
#[derive(Debug, Default, Clone, Copy)]
struct Witnesses {
    /// Names of it, its people or its regions.
    named: f64,
    /// Names of towns in it.
    towns: f64,
    /// Names of its regions, where it is a country.
    regions: f64,
    /// Whether its own politics are told.
    home: bool,
    /// Whether it is a region.
    region: bool,
}

/// What names say of the countries and regions of a document.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    wholes: BTreeMap<Id, Witnesses>,
    /// Names of countries and peoples.
    countries: f64,
}

impl Evidence {
    /// A people is named.
    pub(super) fn people(&mut self, country: Id) {
        self.countries += 1.0;
        self.whole(country).named += 1.0;
    }

    /// The text tells of the politics of a country.
    pub(super) fn home(&mut self, country: Id) {
        self.people(country);
        self.whole(country).home = true;
    }

    /// A name means this place, as far as `share` says.
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

    /// What another one says, too.
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

    fn whole(&mut self, id: Id) -> &mut Witnesses {
        self.wholes.entry(id).or_default()
    }
}

/// What all names but one say.
#[derive(Debug)]
pub(super) struct Others<'e> {
    all: &'e Evidence,
    /// What the one says.
    own: &'e Evidence,
    countries: f64,
    /// The region that is spoken of most, and how local the text is: from 0 to [`LOCAL`].
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

    fn of_whole(&self, id: Id) -> Witnesses {
        let all = self.all.wholes.get(&id).copied().unwrap_or_default();
        let own = self.own.wholes.get(&id).copied().unwrap_or_default();
        Witnesses {
            named: (all.named - own.named).max(0.0),
            towns: (all.towns - own.towns).max(0.0),
            regions: (all.regions - own.regions).max(0.0),
            home: all.home,
            region: all.region,
        }
    }

    /// How local a text is that speaks of another region than a place's.
    fn elsewhere(&self, place: &Candidate) -> f64 {
        match self.local {
            Some((id, local)) if place.record.region != Some(id) && place.id != id => local,
            _ => 0.0,
        }
    }

    /// How much more likely a place is meant.
    pub(super) fn weigh(&self, place: &Candidate) -> f64 {
        let record = &place.record;
        let region = record.region.map(|id| self.of_whole(id));
        let region = region.unwrap_or_default();
        let country = self.of_whole(record.country);
        let abroad = match record.kind {
            Kind::Country | Kind::Region => 1.0,
            _ => 0.4, // The document speaks of other countries.
        };
        let mut weight = 1.0 - (1.0 - abroad) * self.countries.min(1.0);
        weight /= 1.0 + self.elsewhere(place).powi(2);
        weight = towards(weight, 1.0 + 4.0 * country.towns.min(3.5), country.towns);
        weight = towards(weight, COUNTRY, country.named);
        // Towns are as little known there as elsewhere.
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

    /// How much more likely a place is meant that the gazetteer does not have than this one: one
    /// of the region that the text speaks of, where nothing speaks for this one's country.
    pub(super) fn unknown(&self, place: &Candidate) -> f64 {
        if place.is_whole() {
            return 1.0;
        }
        let elsewhere = self.elsewhere(place);
        1.0 + 25.0 * elsewhere * (1.0 - self.speak_for(place.record.country))
    }

    /// How far anything speaks for a country, 1 at most.
    pub(super) fn speak_for(&self, country: Id) -> f64 {
        let whole = self.of_whole(country);
        (whole.named + whole.towns).min(1.0)
    }
}

/// From a weight to a higher one, as far as there are witnesses for it.
fn towards(weight: f64, higher: f64, witnesses: f64) -> f64 {
    weight + (higher - weight).max(0.0) * witnesses.min(1.0)
}
