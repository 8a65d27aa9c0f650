//! Mentions that were taken for something else: `Okafor` tagged as an organisation is
//! Ada Okafor.

use super::acronym::initials;
use super::form::{Form, Kind, Map};
use super::links::Links;
use crate::Span;

/// The score from which on a label is not doubted.
const SURE: f32 = 0.9;

/// Names that a short form may be of that are looked at.
const SHARED: usize = 8;

/// Joins surnames and acronyms that were given another label, doubtfully, with the one name
/// that they are short for.
pub(super) fn link(spans: &[Span], forms: &[Form], links: &mut Links) {
    let mut bearers: Map<&str, Vec<usize>> = Map::default();
    let mut spelt_out: Map<String, Vec<usize>> = Map::default();
    for (id, form) in forms.iter().enumerate() {
        match (form.kind, &form.words[..]) {
            (Kind::Person, [_, .., last]) => bearers.entry(last).or_default().push(id),
            (_, words @ [_, _, ..]) => {
                let [_, content] = initials(words);
                spelt_out.entry(content).or_default().push(id);
            }
            _ => {}
        }
    }
    let mut members: Map<usize, usize> = Map::default();
    for id in 0..forms.len() {
        *members.entry(links.root(id)).or_default() += 1;
    }
    for (id, form) in forms.iter().enumerate() {
        let [name] = &form.words[..] else { continue };
        let mut scores = form.mentions.iter().filter_map(|&at| spans.get(at));
        if members.get(&id) != Some(&1) || scores.any(|span| span.score >= SURE) {
            continue;
        }
        let surname = bearers.get(name.as_str());
        let found = match surname.filter(|_| form.kind != Kind::Person) {
            None if form.acronym.chars().count() > 2 => spelt_out.get(&form.acronym),
            found => found,
        };
        let found = found.filter(|found| found.len() <= SHARED);
        if let [one] = links.roots(found.into_iter().flatten().copied())[..] {
            links.join(one, id);
        }
    }
}
