//! What a run found: counts, the most frequent names, failures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::spaces::one_line;
use crate::{Document, Error};

/// Different names counted. Where there are more, counts are upper bounds.
const NAMES: usize = 4096;

/// Names of each label in the summary.
const TOP: usize = 20;

/// Counts over the documents of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Documents, the failed ones included.
    pub documents: u64,
    /// Sentences read.
    pub sentences: u64,
    /// Words read.
    pub words: u64,
    /// Names found, by label.
    pub entities: BTreeMap<String, u64>,
    /// Documents that failed, by kind of failure.
    pub failures: BTreeMap<String, u64>,
    names: Names,
}

impl Summary {
    /// Counts a tagged document.
    pub fn add(&mut self, document: &Document) {
        self.documents += 1;
        self.sentences += document.stats.sentences as u64;
        self.words += document.stats.words as u64;
        for span in &document.spans {
            *self.entities.entry(span.label.to_string()).or_default() += 1;
            if span.name.is_none() {
                let name = one_line(document.surface(span));
                self.names.add(format!("{}\t{name}", span.label), 1);
            }
        }
        for name in &document.names {
            let key = format!("{}\t{}", name.label, name.name);
            self.names.add(key, name.mentions as u64);
        }
    }

    /// Counts a failed document.
    pub fn fail(&mut self, error: &Error) {
        self.documents += 1;
        *self.failures.entry(error.kind().to_owned()).or_default() += 1;
    }

    /// Adds another part of the same corpus.
    pub fn merge(&mut self, other: &Self) {
        // Counts that were read from a file may be any number.
        self.documents = self.documents.saturating_add(other.documents);
        self.sentences = self.sentences.saturating_add(other.sentences);
        self.words = self.words.saturating_add(other.words);
        for (label, count) in &other.entities {
            add(&mut self.entities, label, *count);
        }
        for (kind, count) in &other.failures {
            add(&mut self.failures, kind, *count);
        }
        for (name, count) in &other.names.0 {
            self.names.add(name.clone(), *count);
        }
    }

    /// How many documents failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().copied().fold(0, u64::saturating_add)
    }

    /// As it is written to `summary.json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut names: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (label, name, count) in self.names.ordered() {
            let top = names.entry(label).or_default();
            if top.len() < TOP {
                top.push(json!({"name": name, "mentions": count}));
            }
        }
        json!({
            "documents": self.documents,
            "failed": self.failed(),
            "failures": self.failures,
            "sentences": self.sentences,
            "words": self.words,
            "entities": self.entities,
            "names": names,
        })
    }
}

fn add(counts: &mut BTreeMap<String, u64>, key: &str, more: u64) {
    let count = counts.entry(key.to_owned()).or_default();
    *count = count.saturating_add(more);
}

/// Counts of the most frequent of any number of names in bounded memory, by the
/// Space-Saving algorithm (Metwally, Agrawal and El Abbadi 2005): a new name takes the
/// place, and the count, of the least frequent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Names(BTreeMap<String, u64>);

impl Names {
    fn add(&mut self, name: String, mentions: u64) {
        if let Some(count) = self.0.get_mut(&name) {
            *count = count.saturating_add(mentions);
            return;
        }
        let mut inherited = 0;
        if self.0.len() >= NAMES {
            let least = self.0.iter().min_by_key(|(_, count)| **count);
            if let Some((least, count)) = least.map(|(name, count)| (name.clone(), *count)) {
                self.0.remove(&least);
                inherited = count;
            }
        }
        self.0.insert(name, inherited.saturating_add(mentions));
    }

    /// Label, name and count, most frequent first.
    fn ordered(&self) -> Vec<(&str, &str, u64)> {
        let entries = self.0.iter().filter_map(|(key, count)| {
            let (label, name) = key.split_once('\t')?;
            Some((label, name, *count))
        });
        let mut ordered: Vec<(&str, &str, u64)> = entries.collect();
        ordered.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_names_are_counted_right_among_any_number_of_rare_ones() {
        let mut names = Names::default();
        for n in 0..20_000 {
            names.add(format!("PER\tRare {n}"), 1);
            names.add("ORG\tNATO".to_owned(), 1);
            if n % 2 == 0 {
                names.add("LOC\tKyiv".to_owned(), 1);
            }
        }
        assert_eq!(names.0.len(), NAMES);
        let ordered = names.ordered();
        assert_eq!(ordered[0], ("ORG", "NATO", 20_000));
        assert_eq!(ordered[1], ("LOC", "Kyiv", 10_000));
    }

    #[test]
    fn counts_that_overflow_stay_at_the_maximum() {
        let counts = json!({"documents": u64::MAX, "sentences": 1, "words": u64::MAX,
            "entities": {"PER": u64::MAX}, "failures": {"read": u64::MAX, "nul": 1},
            "names": {"PER\tMark": u64::MAX}});
        let mut summary = Summary::deserialize(&counts).unwrap();
        let other = summary.clone();
        summary.merge(&other);
        let highest = [summary.documents, summary.words, summary.failed()];
        assert_eq!(highest, [u64::MAX; 3]);
        assert_eq!(summary.entities["PER"], u64::MAX);
        assert_eq!(summary.names.ordered(), [("PER", "Mark", u64::MAX)]);
        assert_eq!(summary.sentences, 2);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut whole = Summary::default();
        let mut parts = [Summary::default(), Summary::default()];
        for n in 0..10 {
            let error = Error::Nul { offset: n };
            whole.fail(&error);
            parts[n % 2].fail(&error);
            for summary in [&mut whole, &mut parts[n % 2]] {
                summary.names.add(format!("PER\t{}", n / 3), 1);
            }
        }
        let [mut first, second] = parts;
        first.merge(&second);
        assert_eq!(first, whole);
        assert_eq!(first.to_json()["failed"], 10);
    }
}
