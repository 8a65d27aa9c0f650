//! Keeps places of datelines places where all other mentions of the name are of a team.

use std::sync::Arc;

use super::form::{Form, Kind, Map};
use crate::Span;
use crate::dateline::is_dateline;

/// Moves places of datelines out of their sets, each form into a set of its own, so that they do not vote
/// with the others. Returns each moved span with its former set.
pub(super) fn set_apart(
    text: &str,
    spans: &[Span],
    forms: &[Form],
    form_of: &[usize],
    set_of: &mut [usize],
) -> Vec<(usize, usize)> {
    let mut apart = Vec::new();
    for (at, (span, &form)) in spans.iter().zip(form_of).enumerate() {
        if forms[form].kind == Kind::Place && is_dateline(text, span.start..span.end) {
            apart.push((at, set_of[at]));
            set_of[at] = forms.len() + form;
        }
    }
    apart
}

/// Moves places of datelines back into their former sets where these are of places too.
pub(super) fn put_back(spans: &[Span], set_of: &mut [usize], apart: &[(usize, usize)]) {
    let mut labels: Map<usize, Arc<str>> = Map::default();
    for (span, &set) in spans.iter().zip(set_of.iter()) {
        labels.insert(set, Arc::clone(&span.label));
    }
    for &(at, set) in apart {
        if labels
            .get(&set)
            .is_some_and(|label| *label == spans[at].label)
        {
            set_of[at] = set;
        }
    }
}
