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
            if self.holds(at) {
                parts = true;
                self.part(at, left, right, weighed);
            } else if self.holds(at + 1) || self.is_address(at) || self.is_aside(right) {
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

    /// Whether a mention surely lies in the one behind it. "Delaware, Ohio" is a town,
    /// "Delaware, Ohio and Utah" are states, "Benin, Nigeria" countries.
    fn holds(&self, at: usize) -> bool {
        let (Some(inner), Some(outer)) = (self.before.get(at), self.before.get(at + 1)) else {
            return false;
        };
        if (self.list || self.run.len() > 2) && !regions(inner).is_disjoint(&regions(outer)) {
            return false;
        }
        let country = inner.iter().any(|(p, _)| p.record.kind == Kind::Country);
        let wholes = self.wholes(at + 1);
        inner.iter().any(|(place, _)| {
            (place.is_whole() || !country) && wholes.iter().any(|whole| place.lies_in(whole))
        })
    }

    /// Whether there are just a town and a country or region.
    fn is_address(&self, at: usize) -> bool {
        let town = |(place, _): &(Candidate, f64)| !place.is_whole();
        let towns = self
            .before
            .get(at)
            .is_some_and(|left| left.iter().all(town));
        self.run.len() == 2 && !self.list && towns && !self.wholes(at + 1).is_empty()
    }

    /// Whether two mentions and a comma behind them say where the first one is: "Esperanza,
    /// Sultan Kudarat, announced".
    fn is_aside(&self, right: &Mention) -> bool {
        let behind = self.text.get(right.bytes.end..).unwrap_or_default();
        self.run.len() == 2 && !self.list && behind.starts_with(',')
    }

    /// Members of a list are of a kind: "Georgia, Michigan and Ohio".
    fn agree(&self, weighed: &mut BTreeMap<usize, Weighed>) {
        let members: BTreeMap<usize, BTreeSet<Id>> = self
            .run
            .iter()
            .zip(self.before)
            .map(|(mention, places)| (mention.name, regions(places)))
            .collect();
        for name in members.keys() {
            let others = members.iter().filter(|(other, _)| *other != name);
            let others: Vec<&BTreeSet<Id>> = others.map(|(_, regions)| regions).collect();
            let most = others.len().div_ceil(2).max(1);
            if let Some(places) = weighed.get_mut(name) {
                scale(places, |place| {
                    let alike = others.iter().filter(|o| o.contains(&place.record.country));
                    match place.record.kind == Kind::Region && alike.count() >= most {
                        true => 50.0,
                        false => 1.0,
                    }
                });
            }
        }
    }
}

/// Countries of the regions that a name may mean.
fn regions(places: &Weighed) -> BTreeSet<Id> {
    let regions = places.iter().filter(|(p, _)| p.record.kind == Kind::Region);
    regions.map(|(place, _)| place.record.country).collect()
}
