//! Applies lists to a document's names: their canonical form, their id, and which are one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Entry, Found};
use crate::document::Span;
use crate::names::Name;

/// What two entries of the same name share: label, and id or else canonical name.
type Key<'l> = (&'l str, Option<&'l str>, &'l str);

/// The name of a span: listed, or as grouped before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target<'l> {
    Listed(Key<'l>),
    Grouped(usize),
}

fn key<'l>(entry: &Entry<'l>) -> Key<'l> {
    let canonical = match entry.id {
        Some(_) => "",
        None => entry.canonical,
    };
    (entry.label, entry.id, canonical)
}

/// Gives listed names their canonical form and id. Mentions of one id become one name, those of two
/// become two. Unlisted mentions of a name follow its listed ones where these are of one id.
pub(crate) fn settle(found: &[Found<'_>], spans: &mut [Span], names: &mut Vec<Name>) {
    if found.is_empty() {
        return;
    }
    let by_start: BTreeMap<usize, &Found<'_>> = found
        .iter()
        .map(|found| (found.span.start, found))
        .collect();
    let mut listed: BTreeMap<usize, BTreeSet<Key<'_>>> = BTreeMap::new();
    for span in spans.iter() {
        if let (Some(name), Some(found)) = (span.name, by_start.get(&span.start)) {
            listed.entry(name).or_default().insert(key(&found.entry));
        }
    }
    let mut first: BTreeMap<Key<'_>, &Found<'_>> = BTreeMap::new();
    for found in found {
        first.entry(key(&found.entry)).or_insert(found);
    }
    let mut ids: BTreeMap<Target<'_>, usize> = BTreeMap::new();
    let grouped = std::mem::take(names);
    for span in spans {
        let Some(group) = span.name else { continue };
        let only = listed.get(&group).filter(|keys| keys.len() == 1);
        let target = match (by_start.get(&span.start), only.and_then(BTreeSet::first)) {
            (Some(found), _) => Target::Listed(key(&found.entry)),
            (None, Some(only)) => Target::Listed(*only),
            (None, None) => Target::Grouped(group),
        };
        let entry = match target {
            Target::Listed(key) => first.get(&key),
            Target::Grouped(_) => None,
        };
        // The vote of a name's mentions on their label does not count against a list.
        if let Some(found) = entry {
            span.label = Arc::clone(&found.span.label);
        }
        if let Some(found) = by_start.get(&span.start) {
            span.score = found.span.score;
        }
        let id = *ids.entry(target).or_insert(names.len());
        if id == names.len() {
            let Some(grouped) = grouped.get(group) else {
                continue;
            };
            let mut name = Name {
                id,
                mentions: 0,
                ..grouped.clone()
            };
            if let Some(found) = entry {
                name.label = Arc::clone(&span.label);
                name.link = found.entry.id.map(str::to_owned);
                found.entry.canonical.clone_into(&mut name.name);
            }
            names.push(name);
        }
        if let Some(name) = names.get_mut(id) {
            name.mentions += 1;
        }
        span.name = Some(id);
    }
}
