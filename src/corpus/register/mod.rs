//! The names of a whole corpus: in how many documents each is, how often, from when to when.
//!
//! While a run goes on, each document's names are noted ([`Note`]) in a file that grows with the
//! results. At the end the notes are added up by [`Register`], on the disk where they do not fit
//! into memory.
//!
//! What is linked to the same place or id is one name, whatever it is called. What is not
//! linked is one name where label and spelling are the same, upper and lower case aside. It
//! is added to the linked name of that label and spelling where there is just one: with
//! links to Paris in France and Paris in Texas, a Paris without a link stays by itself.

mod sorted;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::names::{Name, Place};
use crate::reader::Date;
use crate::spaces::one_line;
pub(crate) use sorted::{Sorted, Sorter};
pub(super) use write::write;

/// Spellings kept with a linked name, at most, to find it by where a document has no link.
const ALIASES: usize = 64;

/// A document's names, a line of the notes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    #[serde(flatten)]
    pub(crate) document: At,
    pub(crate) names: Vec<Found>,
}

/// A document of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct At {
    /// Its number, from 0.
    pub(crate) number: u64,
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<Date>,
}

/// A name as a document has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) mentions: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Spot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

/// A place of GeoNames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spot {
    pub(crate) geonames: u32,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) admin1: Option<String>,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// A name of the corpus, or a part of it that is to be added to others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) found: Found,
    pub(crate) documents: u64,
    pub(crate) first: At,
    pub(crate) last: At,
    #[serde(default)]
    pub(crate) from: Option<Date>,
    #[serde(default)]
    pub(crate) to: Option<Date>,
    /// The link of the name that a row without link belongs to.
    #[serde(default)]
    joined: Option<String>,
    /// Labels and folded spellings of what was found without link.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
}

/// A line of `names.jsonl`.
#[derive(Serialize)]
pub(super) struct Line<'r> {
    name: &'r str,
    label: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'r Spot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'r str>,
    documents: u64,
    mentions: u64,
    first: &'r At,
    last: &'r At,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
}

impl Found {
    /// What it is linked to: an id of the user's own, or a place.
    pub(crate) fn target(&self) -> Option<String> {
        let place = self.place.as_ref();
        let place = || place.map(|place| format!("geonames:{}", place.geonames));
        self.link.clone().or_else(place)
    }

    /// The key of a name without link: its label and its name in lower case.
    pub(crate) fn alias(&self) -> String {
        format!("{}\t{}", self.label, one_line(&self.name).to_lowercase())
    }
}

impl From<&Name> for Found {
    fn from(name: &Name) -> Self {
        Self {
            label: name.label.to_string(),
            name: name.name.clone(),
            mentions: name.mentions as u64,
            place: name.place.as_ref().map(Spot::from),
            country: name.country.clone(),
            link: name.link.clone(),
        }
    }
}

impl From<&Place> for Spot {
    fn from(place: &Place) -> Self {
        Self {
            geonames: place.geonames,
            name: place.name.clone(),
            country: place.country.clone(),
            admin1: place.admin1.clone(),
            latitude: place.latitude,
            longitude: place.longitude,
        }
    }
}

impl Note {
    /// A document's names, each of them once.
    pub(crate) fn new(document: At, names: impl IntoIterator<Item = Found>) -> Self {
        let (linked, unlinked): (Vec<Found>, Vec<Found>) = names
            .into_iter()
            .partition(|found| found.target().is_some());
        // By link, or by label and spelling; a spelling leads to the link it came with.
        let mut once: BTreeMap<String, Found> = BTreeMap::new();
        let mut links: BTreeMap<String, String> = BTreeMap::new();
        for found in linked.into_iter().chain(unlinked) {
            let alias = found.alias();
            let key = match found.target() {
                Some(target) => {
                    links.entry(alias).or_insert_with(|| target.clone());
                    target
                }
                None => links.get(&alias).cloned().unwrap_or(alias),
            };
            match once.get_mut(&key) {
                Some(held) => held.mentions = held.mentions.saturating_add(found.mentions),
                None => drop(once.insert(key, found)),
            }
        }
        let names = once.into_values().collect();
        Self { document, names }
    }
}

impl Row {
    fn new(found: Found, document: &At) -> Self {
        Self {
            found,
            documents: 1,
            first: document.clone(),
            last: document.clone(),
            from: document.date,
            to: document.date,
            joined: None,
            aliases: Vec::new(),
        }
    }

    /// Adds other documents of the same name. The sum does not depend on the order.
    fn merge(&mut self, other: Self) {
        self.documents += other.documents;
        self.found.mentions = self.found.mentions.saturating_add(other.found.mentions);
        self.from = self.from.into_iter().chain(other.from).min();
        self.to = self.to.into_iter().chain(other.to).max();
        if other.first.number < self.first.number {
            self.first = other.first;
            self.found.place = other.found.place.or(self.found.place.take());
            self.found.country = other.found.country.or(self.found.country.take());
        } else {
            self.found.place = self.found.place.take().or(other.found.place);
            self.found.country = self.found.country.take().or(other.found.country);
        }
        if other.last.number > self.last.number {
            self.last = other.last;
        }
    }

    /// Bytes of memory that it takes, roughly.
    fn size(&self) -> usize {
        let texts = [
            &self.found.label,
            &self.found.name,
            &self.first.id,
            &self.last.id,
        ];
        let texts = texts.map(String::len).iter().sum::<usize>();
        size_of::<Self>() + texts + 128
    }

    /// The key that all rows of a name share.
    fn key(&self) -> String {
        let target = self.found.target().or_else(|| self.joined.clone());
        target.unwrap_or_else(|| self.found.alias())
    }

    pub(super) fn line(&self) -> Line<'_> {
        Line {
            name: &self.found.name,
            label: &self.found.label,
            link: self.found.link.as_deref(),
            place: self.found.place.as_ref(),
            country: self.found.country.as_deref(),
            documents: self.documents,
            mentions: self.found.mentions,
            first: &self.first,
            last: &self.last,
            from: self.from,
            to: self.to,
        }
    }
}

/// Adds up the notes of all documents, in any order.
pub(crate) struct Register {
    dir: std::path::PathBuf,
    rows: Sorter,
}

impl Register {
    /// `dir` holds what does not fit into memory.
    pub(crate) fn new(dir: &Path) -> Self {
        let (rows, dir) = (Sorter::new(dir), dir.to_owned());
        Self { dir, rows }
    }

    /// Adds a document.
    pub(crate) fn add(&mut self, note: Note) -> io::Result<()> {
        for found in note.names {
            let target = found.target().unwrap_or_default();
            let country = found.country.as_deref().unwrap_or_default();
            let place = found.place.as_ref().map(|place| place.geonames);
            let place = place.unwrap_or_default();
            let key = format!(
                "{}\0{target}\0{country}\0{place}\0{}",
                found.alias(),
                found.name
            );
            self.rows.add(key, Row::new(found, &note.document))?;
        }
        Ok(())
    }

    /// The names: those in most documents first, then by name.
    pub(crate) fn names(self) -> io::Result<Sorted> {
        let mut joined = Sorter::new(&self.dir);
        for_each_group(
            self.rows.sorted()?,
            |row| row.found.alias(),
            |group| {
                for row in join(group) {
                    let linked = row.found.target().is_some();
                    let key = format!(
                        "{}\0{}\0{}\0{linked}",
                        row.key(),
                        row.found.name,
                        row.found.label
                    );
                    joined.add(key, row)?;
                }
                Ok(())
            },
        )?;
        let mut names = Sorter::new(&self.dir);
        for_each_group(joined.sorted()?, Row::key, |group| match sum(group) {
            None => Ok(()),
            Some(row) => {
                let rank = u64::MAX - row.documents;
                let key = format!(
                    "{rank:020}\0{}\0{}\0{}",
                    row.found.name,
                    row.found.label,
                    row.key()
                );
                names.add(key, row)
            }
        })?;
        names.sorted()
    }
}

/// Calls `take` with each group of consecutive rows of one key.
fn for_each_group(
    rows: Sorted,
    key: impl Fn(&Row) -> String,
    mut take: impl FnMut(Vec<Row>) -> io::Result<()>,
) -> io::Result<()> {
    let (mut group, mut of) = (Vec::new(), String::new());
    for row in rows {
        let (_, row) = row?;
        let next = key(&row);
        if next != of && !group.is_empty() {
            take(std::mem::take(&mut group))?;
        }
        of = next;
        group.push(row);
    }
    take(group)
}

/// Rows of one label and spelling: those without link get the link of the others, if they
/// all have the same.
fn join(mut group: Vec<Row>) -> Vec<Row> {
    let mut targets = group.iter().filter_map(|row| row.found.target());
    let only = targets.next();
    let only = only.filter(|only| targets.all(|target| target == *only));
    for row in &mut group {
        if row.found.target().is_none() {
            row.joined.clone_from(&only);
            row.aliases = vec![row.found.alias()];
        }
    }
    group
}

/// Adds up the rows of one name, under its spelling in most documents.
fn sum(group: Vec<Row>) -> Option<Row> {
    let best = |row: &Row| (row.documents, row.found.mentions);
    let best = group.iter().rev().max_by_key(|row| best(row))?;
    let (name, label) = (best.found.name.clone(), best.found.label.clone());
    let mut aliases: Vec<String> = group.iter().flat_map(|row| row.aliases.clone()).collect();
    aliases.dedup();
    aliases.truncate(ALIASES);
    let link = group.iter().find_map(|row| row.found.link.clone());
    let mut rows = group.into_iter();
    let mut sum = rows.next()?;
    rows.for_each(|row| sum.merge(row));
    sum.found.name = name;
    sum.found.label = label;
    sum.found.link = link;
    sum.aliases = aliases;
    Some(sum)
}
