//! Mentions that were taken for something else: `Kosiec` tagged as an organisation is
//! Monika Kosiec.

use super::form::{Form, Kind, Map};
use super::links::Links;
use crate::Span;

/// The score from which on a label is not doubted.
const SURE: f32 = 0.9;

/// People with a surname in common that are looked at.
const SHARED: usize = 8;

/// Joins surnames that were given another label, doubtfully, with the one person that bears
/// them.
pub(super) fn link(spans: &[Span], forms: &[Form], links: &mut Links) {
    let mut bearers: Map<&str, Vec<usize>> = Map::default();
    for (id, form) in forms.iter().enumerate() {
        if let (Kind::Person, [_, .., last]) = (form.kind, &form.words[..]) {
            bearers.entry(last).or_default().push(id);
        }
    }
    let mut members: Map<usize, usize> = Map::default();
    for id in 0..forms.len() {
        *members.entry(links.root(id)).or_default() += 1;
    }
    for (id, form) in forms.iter().enumerate() {
        let [name] = &form.words[..] else { continue };
        let alone = members.get(&id) == Some(&1);
        let scores = form.mentions.iter().filter_map(|&at| spans.get(at));
        if form.kind == Kind::Person || !alone || scores.into_iter().any(|s| s.score >= SURE) {
            continue;
        }
        let found = bearers
            .get(name.as_str())
            .filter(|found| found.len() <= SHARED);
        let found = found.into_iter().flatten().copied();
        if let [one] = links.roots(found)[..] {
            links.join(one, id);
        }
    }
}
