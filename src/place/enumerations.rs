//! What mentions joined by commas and "and" say of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Candidate;
use super::context::{Join, Mention, join, runs};
use super::gazetteer::{Id, Kind};
use super::link::{Weighed, qualify, scale};

/// Weighs the places of names in a row: "Tyler, Texas" and "Georgia, Ohio and Utah".
pub(super) fn look_along(text: &str, mentions: &[Mention], weighed: &mut BTreeMap<usize, Weighed>) {
    for (run, list) in runs(text, mentions) {
        let before: Vec<Weighed> = run
            .iter()
            .map(|mention| weighed.get(&mention.name).cloned().unwrap_or_default())
            .collect();
        let row = Row {
            text,
            run,
            list,
            before: &before,
        };
        row.look(weighed);
    }
}

/// Mentions in a row.
struct Row<'r> {
    text: &'r str,
    run: &'r [Mention],
    /// Whether an "and" shows that it is certainly a list.
    list: bool,
    /// For each mention, the places weighed so far.
    before: &'r [Weighed],
}

impl Row<'_> {
    fn look(&self, weighed: &mut BTreeMap<usize, Weighed>) {
        let mut parts = false;
        for (at, pair) in self.run.windows(2).enumerate() {
            let [left, right] = pair else { continue };
            if join(self.text, left, right) != Join::Comma || left.name == right.name {
                continue;
            }
            if self.is_part_of_next(at) {
                parts = true;
                self.weigh_part(at, left, right, weighed);
            } else if self.is_part_of_next(at + 1) || self.is_address(at) || self.is_aside(right) {
                // "Rachel, Nevada" may be a Rachel that the gazetteer lacks.
                if let Some(places) = weighed.get_mut(&left.name) {
                    qualify(places, &self.wholes(at + 1));
                }
                if let Some(places) = weighed.get_mut(&right.name) {
                    scale(places, |whole| if whole.is_whole() { 5.0 } else { 1.0 });
                }
            }
        }
        if !parts {
            self.favour_kind(weighed);
        }
    }

    /// Weighs a mention that lies in the next one, and that one.
    fn weigh_part(
        &self,
        at: usize,
        left: &Mention,
        right: &Mention,
        weighed: &mut BTreeMap<usize, Weighed>,
    ) {
        if let Some(places) = weighed.get_mut(&left.name) {
            qualify(places, &self.wholes(at + 1));
        }
        if let Some(places) = weighed.get_mut(&right.name) {
            let inner = self.before.get(at).map_or(&[][..], |inner| inner);
            scale(places, |whole| {
                let contains = inner.iter().any(|(place, _)| place.lies_in(whole));
                if contains { 30.0 } else { 1.0 }
            });
        }
    }

    /// Countries and regions that a mention may mean.
    fn wholes(&self, at: usize) -> Vec<Candidate> {
        let places = self.before.get(at).into_iter().flatten();
        let places = places.map(|(place, _)| *place);
        places.filter(Candidate::is_whole).collect()
    }

    /// Whether a mention certainly lies in the next one. "Delaware, Ohio" and "Mexico, Missouri" are towns,
    /// "Delaware, Ohio and Utah" are states, "Benin, Nigeria" countries.
    fn is_part_of_next(&self, at: usize) -> bool {
        let (Some(inner), Some(outer)) = (self.before.get(at), self.before.get(at + 1)) else {
            return false;
        };
        if self.is_long() && !countries_of_regions(inner).is_disjoint(&countries_of_regions(outer))
        {
            return false;
        }
        let country = has_country(inner) && (self.is_long() || has_country(outer));
        let wholes = self.wholes(at + 1);
        inner.iter().any(|(place, _)| {
            (place.is_whole() || !country) && wholes.iter().any(|whole| place.lies_in(whole))
        })
    }

    /// Whether the row is just a town and a country or region. In "Peru, Indiana" Peru is no country.
    fn is_address(&self, at: usize) -> bool {
        let (Some(left), Some(right)) = (self.before.get(at), self.before.get(at + 1)) else {
            return false;
        };
        let towns = left.iter().all(|(place, _)| !place.is_whole());
        let namesake = has_country(left)
            && !has_country(right)
            && countries_of_regions(left).is_disjoint(&countries_of_regions(right));
        !self.is_long() && (towns || namesake) && !self.wholes(at + 1).is_empty()
    }

    /// Whether the row is more than a place and where it lies.
    fn is_long(&self) -> bool {
        self.list || self.run.len() > 2
    }

    /// Whether a mark follows two mentions, so that the second says where the first lies: "Esperanza,
    /// Sultan Kudarat, announced".
    fn is_aside(&self, right: &Mention) -> bool {
        let after = self.text.get(right.bytes.end..).unwrap_or_default();
        !self.is_long() && (after.is_empty() || after.starts_with([',', '.', ';', ')']))
    }

    /// Favours places of the same kind as the other members of a list: "Georgia, Michigan and Ohio",
    /// "Russia, Georgia and Iran".
    fn favour_kind(&self, weighed: &mut BTreeMap<usize, Weighed>) {
        let members: BTreeMap<usize, (BTreeSet<Id>, bool)> = self
            .run
            .iter()
            .zip(self.before)
            .map(|(mention, places)| {
                (
                    mention.name,
                    (countries_of_regions(places), has_country(places)),
                )
            })
            .collect();
        for name in members.keys() {
            let others = members.iter().filter(|(other, _)| *other != name);
            let others: Vec<&(BTreeSet<Id>, bool)> = others.map(|(_, kinds)| kinds).collect();
            let most = others.len().div_ceil(2).max(1);
            if let Some(places) = weighed.get_mut(name) {
                scale(places, |place| {
                    let alike =
                        others
                            .iter()
                            .filter(|(regions, country)| match place.record.kind {
                                Kind::Region => regions.contains(&place.record.country),
                                Kind::Country => *country,
                                _ => false,
                            });
                    if alike.count() >= most { 50.0 } else { 1.0 }
                });
            }
        }
    }
}

fn has_country(places: &Weighed) -> bool {
    let mut places = places.iter();
    places.any(|(place, _)| place.record.kind == Kind::Country)
}

/// The countries of the regions that a name may mean.
fn countries_of_regions(places: &Weighed) -> BTreeSet<Id> {
    let regions = places.iter().filter(|(p, _)| p.record.kind == Kind::Region);
    regions.map(|(place, _)| place.record.country).collect()
}
