//! What mentions that are joined by commas and "and" say of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Candidate;
use super::context::{Join, Mention, join, runs};
use super::gazetteer::{Id, Kind};
use super::link::{Weighed, qualify, scale};

/// Weighs the places of names that stand in a row: "Tyler, Texas" and "Georgia, Ohio and Utah".
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

/// Mentions in a row, and what is thought of them so far.
struct Row<'r> {
    text: &'r str,
    run: &'r [Mention],
    /// Whether there is an "and", so that it is a list for sure.
    list: bool,
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
                self.part(at, left, right, weighed);
            } else if self.is_part_of_next(at + 1) || self.is_address(at) || self.is_aside(right) {
                // "Rachel, Nevada": another Rachel than those that are known.
                if let Some(places) = weighed.get_mut(&left.name) {
                    qualify(places, &self.wholes(at + 1));
                }
                if let Some(places) = weighed.get_mut(&right.name) {
                    scale(places, |whole| if whole.is_whole() { 5.0 } else { 1.0 });
                }
            }
        }
        if !parts {
            self.agree(weighed);
        }
    }

    /// The left one lies in the right one.
    fn part(
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
                let holds = inner.iter().any(|(place, _)| place.lies_in(whole));
                if holds { 30.0 } else { 1.0 }
            });
        }
    }

    /// Countries and regions that a mention may mean.
    fn wholes(&self, at: usize) -> Vec<Candidate> {
        let places = self.before.get(at).into_iter().flatten();
        let places = places.map(|(place, _)| *place);
        places.filter(Candidate::is_whole).collect()
    }

    /// Whether a mention surely lies in the one behind it. "Delaware, Ohio" and "Mexico, Missouri"
    /// are towns, "Delaware, Ohio and Utah" are states, "Benin, Nigeria" countries.
    fn is_part_of_next(&self, at: usize) -> bool {
        let (Some(inner), Some(outer)) = (self.before.get(at), self.before.get(at + 1)) else {
            return false;
        };
        if self.is_long() && !regions(inner).is_disjoint(&regions(outer)) {
            return false;
        }
        let country = has_country(inner) && (self.is_long() || has_country(outer));
        let wholes = self.wholes(at + 1);
        inner.iter().any(|(place, _)| {
            (place.is_whole() || !country) && wholes.iter().any(|whole| place.lies_in(whole))
        })
    }

    /// Whether there are just a town and a country or region. "Peru, Indiana" has no country.
    fn is_address(&self, at: usize) -> bool {
        let (Some(left), Some(right)) = (self.before.get(at), self.before.get(at + 1)) else {
            return false;
        };
        let towns = left.iter().all(|(place, _)| !place.is_whole());
        let namesake =
            has_country(left) && !has_country(right) && regions(left).is_disjoint(&regions(right));
        !self.is_long() && (towns || namesake) && !self.wholes(at + 1).is_empty()
    }

    /// Whether there is more than what may be a place and where it lies.
    fn is_long(&self) -> bool {
        self.list || self.run.len() > 2
    }

    /// Whether two mentions and a mark behind them say where the first one is: "Esperanza,
    /// Sultan Kudarat, announced".
    fn is_aside(&self, right: &Mention) -> bool {
        let behind = self.text.get(right.bytes.end..).unwrap_or_default();
        !self.is_long() && (behind.is_empty() || behind.starts_with([',', '.', ';', ')']))
    }

    /// Members of a list are of a kind: "Georgia, Michigan and Ohio", "Russia, Georgia and Iran".
    fn agree(&self, weighed: &mut BTreeMap<usize, Weighed>) {
        let members: BTreeMap<usize, (BTreeSet<Id>, bool)> = self
            .run
            .iter()
            .zip(self.before)
            .map(|(mention, places)| (mention.name, (regions(places), has_country(places))))
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

/// Countries of the regions that a name may mean.
fn regions(places: &Weighed) -> BTreeSet<Id> {
    let regions = places.iter().filter(|(p, _)| p.record.kind == Kind::Region);
    regions.map(|(place, _)| place.record.country).collect()
}
