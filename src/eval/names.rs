//! Scoring of names: which mentions mean the same, and what each name is called.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::scores::{Count, percent};
use crate::spaces::one_line;

/// A mention, gold or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention<'a> {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Its text.
    pub surface: &'a str,
    /// Its label; gold mentions of the same name with different labels mean different things.
    pub label: &'a str,
    /// The full name it stands for.
    pub name: &'a str,
    /// Which of the document's names it belongs to; unused in gold mentions.
    pub id: usize,
}

/// Counts over documents. Mentions are paired with each other within a document: a pair is
/// right when both sides say that the two mean the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameScores {
    /// Pairs of mentions that stand on both sides.
    pub pairs: Count,
    /// Those of them whose surfaces differ, which a comparison of texts does not find.
    pub differing: Count,
    /// Pairs of all mentions: those that one side lacks count as missed or wrong.
    pub end_to_end: Count,
    /// Mentions on both sides.
    pub mentions: u64,
    /// Those whose name is right.
    pub named: u64,
    /// Gold mentions whose surface is not the full name.
    pub short: u64,
    /// Those that were found.
    pub short_found: u64,
    /// Those whose name is right.
    pub short_named: u64,
}

impl NameScores {
    /// Counts a document. Mentions may be in any order. Of several that were found at the same place
    /// the last counts; gold ones count each.
    pub fn add(&mut self, gold: &[Mention<'_>], found: &[Mention<'_>]) {
        let at = |m: &Mention<'_>| (m.start, m.end);
        let by_place: BTreeMap<(usize, usize), &Mention<'_>> =
            found.iter().map(|m| (at(m), m)).collect();
        let both: Vec<(&Mention<'_>, &Mention<'_>)> = gold
            .iter()
            .filter_map(|m| Some((m, *by_place.get(&at(m))?)))
            .collect();
        let gold_key = |m: &Mention<'_>| (m.label.to_owned(), one_line(m.name));
        let surface = |m: &Mention<'_>| one_line(m.surface);
        let correct = pairs(both.iter().map(|(g, f)| (gold_key(g), f.id)));
        let all = Count {
            correct,
            gold: pairs(both.iter().map(|(g, _)| gold_key(g))),
            predicted: pairs(both.iter().map(|(_, f)| f.id)),
        };
        let same = Count {
            correct: pairs(both.iter().map(|(g, f)| (gold_key(g), f.id, surface(g)))),
            gold: pairs(both.iter().map(|(g, _)| (gold_key(g), surface(g)))),
            predicted: pairs(both.iter().map(|(g, f)| (f.id, surface(g)))),
        };
        self.pairs.add(all);
        self.differing.add(Count {
            correct: all.correct - same.correct,
            gold: all.gold - same.gold,
            predicted: all.predicted - same.predicted,
        });
        self.end_to_end.add(Count {
            correct,
            gold: pairs(gold.iter().map(gold_key)),
            predicted: pairs(found.iter().map(|m| m.id)),
        });
        let is_short = |m: &Mention<'_>| surface(m) != one_line(m.name);
        self.short += gold.iter().filter(|m| is_short(m)).count() as u64;
        for (gold, found) in both {
            let (short, right) = (is_short(gold), one_line(gold.name) == one_line(found.name));
            self.mentions += 1;
            self.named += u64::from(right);
            self.short_found += u64::from(short);
            self.short_named += u64::from(short && right);
        }
    }

    /// Percent of the mentions on both sides whose name is right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        percent(self.named, self.mentions)
    }

    /// Percent of the short mentions that were found whose name is right.
    #[must_use]
    pub fn short_accuracy(&self) -> f64 {
        percent(self.short_named, self.short_found)
    }

    /// Writes the counts as a table under `heading`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, heading: &str, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{heading:<28} precision  recall      F1     gold    found  correct"
        )?;
        for (name, count) in [
            ("  pairs", self.pairs),
            ("  pairs, surfaces differ", self.differing),
            ("  pairs, end to end", self.end_to_end),
        ] {
            writeln!(
                out,
                "{name:<28} {:>9.2} {:>7.2} {:>7.2} {:>8} {:>8} {:>8}",
                count.precision(),
                count.recall(),
                count.f1(),
                count.gold,
                count.predicted,
                count.correct
            )?;
        }
        for (name, percent, right, whole) in [
            (
                "  full name right",
                self.accuracy(),
                self.named,
                self.mentions,
            ),
            (
                "  of short mentions",
                self.short_accuracy(),
                self.short_named,
                self.short_found,
            ),
        ] {
            writeln!(out, "{name:<28} {percent:>9.2} %  ({right} of {whole})")?;
        }
        let missed = self.short - self.short_found;
        if missed > 0 {
            writeln!(out, "{missed} short mentions were not found")?;
        }
        Ok(())
    }
}

impl Serialize for NameScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, count) in [
            ("pairs", self.pairs),
            ("pairs_surfaces_differ", self.differing),
            ("pairs_end_to_end", self.end_to_end),
        ] {
            map.serialize_entry(key, &count)?;
        }
        for (key, number) in [
            ("mentions", self.mentions),
            ("named", self.named),
            ("short", self.short),
            ("short_found", self.short_found),
            ("short_named", self.short_named),
        ] {
            map.serialize_entry(key, &number)?;
        }
        map.serialize_entry("accuracy", &self.accuracy())?;
        map.serialize_entry("short_accuracy", &self.short_accuracy())?;
        map.end()
    }
}

/// How many pairs have the same key.
fn pairs<K: Ord>(keys: impl Iterator<Item = K>) -> u64 {
    let mut counts: BTreeMap<K, u64> = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts.values().map(|n| n * (n - 1) / 2).sum()
}
