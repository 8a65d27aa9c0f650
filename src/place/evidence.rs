//! Which countries and regions a document speaks of.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Candidate;
use super::gazetteer::{Id, Kind};

/// Names that speak for a country or region.
#[derive(Debug, Default)]
struct Witnesses {
    /// Names of it, its people or its regions.
    named: BTreeSet<usize>,
    /// Names of towns in it.
    towns: BTreeSet<usize>,
}

/// What the names of a document say of its places.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    wholes: BTreeMap<Id, Witnesses>,
    /// Names of regions, by their country.
    regions: BTreeMap<Id, BTreeSet<usize>>,
    /// Names of countries and peoples.
    countries: BTreeSet<usize>,
}

impl Evidence {
    /// A people is named.
    pub(super) fn people(&mut self, witness: usize, country: Id) {
        self.countries.insert(witness);
        self.named(witness, country);
    }

    /// A name surely means this place.
    pub(super) fn place(&mut self, witness: usize, place: &Candidate) {
        match place.record.kind {
            Kind::Country => {
                self.countries.insert(witness);
                self.named(witness, place.id);
            }
            Kind::Region => {
                let regions = self.regions.entry(place.record.country).or_default();
                regions.insert(witness);
                self.named(witness, place.id);
                self.named(witness, place.record.country);
            }
            _ => {
                for whole in [Some(place.record.country), place.record.region] {
                    let witnesses = whole.map(|whole| self.wholes.entry(whole).or_default());
                    if let Some(witnesses) = witnesses {
                        witnesses.towns.insert(witness);
                    }
                }
            }
        }
    }

    fn named(&mut self, witness: usize, whole: Id) {
        let witnesses = self.wholes.entry(whole).or_default();
        witnesses.named.insert(witness);
    }

    /// How much more likely a candidate of `name` is for what other names say.
    pub(super) fn of(&self, name: usize, candidate: &Candidate) -> f64 {
        let record = &candidate.record;
        let region = record.region.map_or((0, 0), |id| self.others(name, id));
        let country = self.others(name, record.country);
        let regions = self.regions.get(&record.country);
        let siblings = regions.map_or(0, |regions| but(regions, name));
        match (region, country) {
            ((1.., _), _) => 40.0,
            ((_, 1..), _) => 20.0,
            _ if record.kind == Kind::Region && siblings > 0 => 25.0,
            (_, (1.., _)) => 15.0,
            (_, (0, towns @ 1..)) => 1.0 + 4.0 * towns.min(3) as f64,
            // The document speaks of other countries.
            _ if record.kind == Kind::Town && but(&self.countries, name) > 0 => 0.4,
            _ => 1.0,
        }
    }

    /// How many names but this one speak for a whole: as named, through towns.
    fn others(&self, name: usize, whole: Id) -> (usize, usize) {
        let Some(witnesses) = self.wholes.get(&whole) else {
            return (0, 0);
        };
        (but(&witnesses.named, name), but(&witnesses.towns, name))
    }
}

/// How many there are without one.
fn but(witnesses: &BTreeSet<usize>, one: usize) -> usize {
    witnesses.len() - usize::from(witnesses.contains(&one))
}
