//! What a name is called: its fullest form in the document, in its best spelling.

use std::cmp::Reverse;

use super::country;
use super::form::{self, Form, Kind};
use super::person;

/// The name of the set that the forms `own` make up; one of `asides` where it has no other.
pub(super) fn name(forms: &[Form], own: &[usize], asides: &[usize]) -> String {
    let right = |id: &&usize| asides.binary_search(id).is_err();
    let any = own.iter().any(|id| right(&id));
    let own = own.iter().filter(|id| !any || right(id));
    let mut kinds = own.clone().filter_map(|&id| forms.get(id));
    let people = kinds.all(|form| form.kind == Kind::Person);
    let spelt = own.filter_map(|&id| {
        let form = forms.get(id)?;
        Some((form, spelling(form)?))
    });
    let best = spelt.max_by_key(|(form, spelt)| {
        let first = form.words.first().map(String::as_str);
        let titles = person::titles(&form.words);
        let names = form.words.len().saturating_sub(titles);
        let informal =
            form.is_acronym() && !spelt.contains(' ') || country::is_informal(&form.words);
        (
            is_whole(spelt),
            form::possessive(spelt).is_none(),
            // A title does not make a name fuller.
            people.then_some((names, Reverse(titles))),
            // A storm is called by the most that it became.
            !matches!(first, Some("tropical" | "storm")),
            if informal { 0 } else { spelt.chars().count() },
            form.mentions.len(),
            Reverse(form.first()),
        )
    });
    best.map(|(_, spelt)| spelt.to_owned()).unwrap_or_default()
}

/// Whether all brackets are closed: one that is not was cut.
fn is_whole(spelt: &str) -> bool {
    let count = |bracket: char| spelt.matches(bracket).count();
    count('(') == count(')') && count('[') == count(']')
}

/// The best spelling of a form: no possessive and not in capitals where there is another, the
/// longest, with accents, the most frequent.
fn spelling(form: &Form) -> Option<&str> {
    let small = |(spelt, _): &(String, usize)| spelt.contains(char::is_lowercase);
    let any = form.spellings.iter().any(small);
    let spellings = form.spellings.iter().filter(|s| !any || small(s));
    let best = spellings.max_by_key(|(spelt, mentions)| {
        let letters = spelt.chars().filter(|c| c.is_alphanumeric()).count();
        let words = spelt.split(' ');
        let explained = *mentions == 0;
        (
            form::possessive(spelt).is_none(),
            if form.is_acronym() && !explained {
                0
            } else {
                letters
            },
            !spelt.is_ascii(),
            *mentions,
            words.filter(|w| w.starts_with(char::is_uppercase)).count(),
        )
    });
    best.map(|(spelt, _)| spelt.as_str())
}
