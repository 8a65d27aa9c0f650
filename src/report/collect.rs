//! The second pass over the documents: for each name those that mention it most.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::read::{Range, Record};
use super::snippet::snippet;
use super::texts::Texts;
use super::{Counts, Input, Options};
use crate::corpus::register::{Found, Row};
use crate::reader::{Date, Metadata};
use crate::{Error, Result, results};

/// Fields that hold a document's headline, and its address.
const TITLES: [&str; 3] = ["title", "headline", "name"];
const ADDRESSES: [&str; 3] = ["url", "link", "source_url"];

/// Longest headline shown, in characters.
const TITLE: usize = 160;

/// The names to show and their documents.
pub(super) struct Collected {
    pub(super) names: Vec<ShownName>,
    /// The documents shown with them, by number.
    pub(super) documents: BTreeMap<u64, Rc<ShownDocument>>,
}

/// A name and its documents.
pub(super) struct ShownName {
    pub(super) row: Row,
    pub(super) documents: Vec<Appearance>,
}

/// What is shown of a name in one document.
pub(super) struct Appearance {
    pub(super) mentions: u64,
    pub(super) number: u64,
    /// Text and mentions by turns; empty without text.
    pub(super) snippet: Vec<String>,
    document: Rc<ShownDocument>,
}

/// What is shown of a document.
pub(super) struct ShownDocument {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) date: Option<Date>,
    pub(super) address: Option<String>,
}

/// Indices of the names, by link and by label and spelling.
struct Lookup {
    linked: HashMap<String, usize>,
    unlinked: HashMap<String, usize>,
}

pub(super) fn collect(
    results: &Path,
    input: Option<&Input>,
    options: &Options,
    names: Vec<Row>,
    counts: &mut Counts,
) -> Result<Collected> {
    let lookup = Lookup::new(&names);
    let mut names: Vec<ShownName> = names.into_iter().map(ShownName::new).collect();
    let mut texts = input.map(|input| Texts::new(&input.walk, &input.reader));
    let mut lines = results::read(results)?;
    let mut number = 0;
    while let Some(line) = lines.next() {
        let mut record = Record::from(line?);
        let given = record.text.is_none();
        if let Some(texts) = texts.as_mut().filter(|_| given && !record.failed) {
            record.text = Some(texts.find(&record.id)?);
        }
        let ranges = record.text.as_deref().map(|text| record.ranges(text));
        match ranges {
            _ if record.failed => {}
            None => counts.made.without_text += 1,
            Some(None) if given => {
                let id = &record.id;
                return Err(Error::Option(format!(
                    "--text: {id:?} is not the text that was tagged; give the files as they were then, with the same options for reading"
                )));
            }
            Some(None) => return Err(lines.wrong("its entities are not in its text")),
            Some(Some(_)) => {}
        }
        let ranges = ranges.flatten().unwrap_or_default();
        add_document(&mut names, &lookup, &record, &ranges, number, options);
        number += 1;
    }
    if number != counts.made.documents {
        let message = format!(
            "it had {} documents when it was read first, and {number} the second time; give a file that \
             can be read twice and that no one writes",
            counts.made.documents
        );
        let path = results.to_owned();
        return Err(Error::Results { path, message });
    }
    let appearances = names.iter().flat_map(|name| &name.documents);
    let documents =
        appearances.map(|appearance| (appearance.number, Rc::clone(&appearance.document)));
    Ok(Collected {
        documents: documents.collect(),
        names,
    })
}

/// Adds a document to the names in it.
fn add_document(
    names: &mut [ShownName],
    lookup: &Lookup,
    record: &Record,
    ranges: &[Range],
    number: u64,
    options: &Options,
) {
    let mut shown = None;
    // By index of the name shown: its mentions, and its index in the document.
    let mut here: BTreeMap<usize, (u64, usize)> = BTreeMap::new();
    for (at, found) in record.names.iter().enumerate() {
        if let Some(name) = lookup.find(found) {
            here.entry(name).or_insert((0, at)).0 += found.mentions;
        }
    }
    for (name, (mentions, at)) in here {
        let Some(name) = names.get_mut(name) else {
            continue;
        };
        let full = name.documents.len() >= options.documents;
        if full
            && name
                .documents
                .last()
                .is_none_or(|least| least.mentions >= mentions)
        {
            continue;
        }
        let document = shown.get_or_insert_with(|| Rc::new(ShownDocument::new(record, options)));
        let text = record.text.as_deref().unwrap_or_default();
        name.documents.truncate(options.documents.saturating_sub(1));
        let before = name
            .documents
            .partition_point(|appearance| appearance.mentions >= mentions);
        let appearance = Appearance {
            mentions,
            number,
            snippet: snippet(text, ranges, at).unwrap_or_default(),
            document: Rc::clone(document),
        };
        name.documents.insert(before, appearance);
    }
}

impl Lookup {
    fn new(names: &[Row]) -> Self {
        let (mut linked, mut unlinked) = (HashMap::new(), HashMap::new());
        for (at, row) in names.iter().enumerate() {
            if let Some(target) = row.found.target() {
                linked.insert(target, at);
            }
            for alias in &row.aliases {
                unlinked.insert(alias.clone(), at);
            }
        }
        Self { linked, unlinked }
    }

    fn find(&self, found: &Found) -> Option<usize> {
        match found.target() {
            Some(target) => self.linked.get(&target).copied(),
            None => self.unlinked.get(&found.alias()).copied(),
        }
    }
}

impl ShownName {
    fn new(row: Row) -> Self {
        let documents = Vec::new();
        Self { row, documents }
    }
}

impl ShownDocument {
    fn new(record: &Record, options: &Options) -> Self {
        let title = first(&record.metadata, &TITLES);
        // A link of another kind could run a script when it is clicked.
        let web = |address: &String| {
            let start = address.get(..8).unwrap_or(address).to_ascii_lowercase();
            start.starts_with("https://") || start.starts_with("http://")
        };
        Self {
            id: record.id.clone(),
            title: title.map(|title| title.chars().take(TITLE).collect()),
            date: Date::of(&record.metadata, options.date_field.as_deref()),
            address: first(&record.metadata, &ADDRESSES).filter(web),
        }
    }
}

/// The first of several fields that holds text.
fn first(metadata: &Metadata, fields: &[&str]) -> Option<String> {
    let mut texts = fields
        .iter()
        .filter_map(|field| match metadata.get(*field) {
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
    texts.find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_with_other_documents_than_before_are_an_error() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.jsonl");
        let failed = "{\"id\":\"a\",\"error\":{\"kind\":\"read\",\"message\":\"no\"}}\n";
        std::fs::write(&path, failed.repeat(2)).unwrap();
        let collected = |documents| {
            let mut counts = Counts::default();
            counts.made.documents = documents;
            collect(&path, None, &Options::default(), Vec::new(), &mut counts)
        };
        assert!(collected(2).is_ok());
        let error = collected(3).err().unwrap().to_string();
        let wanted = "a.jsonl: it had 3 documents when it was read first, and 2 the second time";
        assert!(error.contains(wanted), "{error}");
    }
}
