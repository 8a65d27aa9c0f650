//! Chooses what a name is called: its fullest form in the document, in its best spelling.

use std::cmp::Reverse;

use super::country;
use super::form::{self, Form, Kind};
use super::titles;

/// The name of the set of forms `own`. Forms among `asides` count only where it has no others.
pub(super) fn name(forms: &[Form], own: &[usize], asides: &[usize]) -> String {
    let is_proper = |id: &&usize| asides.binary_search(id).is_err();
    let any = own.iter().any(|id| is_proper(&id));
    let own = own.iter().filter(|id| !any || is_proper(id));
    let mut kinds = own.clone().filter_map(|&id| forms.get(id));
    let people = kinds.all(|form| form.kind == Kind::Person);
    let spelt = own.filter_map(|&id| {
        let form = forms.get(id)?;
        Some((form, spelling(form)?))
    });
    let best = spelt.max_by_key(|(form, spelt)| {
        let first = form.words.first().map(String::as_str);
        let titles = titles::count(&form.words);
        let small = is_small(spelt);
        let less = titles + usize::from(small) + initials(spelt);
        let names = form.words.len().saturating_sub(less);
        let informal =
            form.is_acronym() && !spelt.contains(' ') || country::is_informal(&form.words);
        (
            is_whole(spelt),
            form::possessive(spelt).is_none(),
            // A title does not make a name fuller.
            people.then_some((names, !small, !is_turned(spelt), Reverse(titles))),
            // A storm is called by the strongest kind that it became.
            !matches!(first, Some("tropical" | "storm")),
            if informal { 0 } else { spelt.chars().count() },
            form.mentions.len(),
            Reverse(form.first()),
        )
    });
    match best {
        Some((_, spelt)) if people => without_courtesy(spelt).to_owned(),
        best => best.map(|(_, spelt)| spelt.to_owned()).unwrap_or_default(),
    }
}

/// The number of initials in a name that starts or ends with them: `Joe Root` is fuller than `J. A.
/// Root`.
fn initials(spelt: &str) -> usize {
    let initial = |part: &str| part.ends_with('.') && part.chars().count() <= 3;
    let parts = spelt.split(' ');
    match is_turned(spelt) || parts.clone().next().is_some_and(initial) {
        true => parts.filter(|part| initial(part)).count(),
        false => 0,
    }
}

/// Whether the surname stands first, before a comma: `Root, Joe`.
fn is_turned(spelt: &str) -> bool {
    spelt
        .split(' ')
        .next()
        .is_some_and(|first| first.ends_with(','))
}

/// Whether a small word stands before two others or more: `bt A. de Minaur`.
fn is_small(spelt: &str) -> bool {
    spelt.starts_with(char::is_lowercase) && spelt.split(' ').nth(2).is_some()
}

/// A person's name without courtesy titles, where at least two words are left.
fn without_courtesy(spelt: &str) -> &str {
    match spelt.split_once(' ') {
        Some((title, name)) if titles::is_courtesy(title) && name.contains(' ') => {
            without_courtesy(name)
        }
        _ => spelt,
    }
}

/// Whether all brackets are closed; a name with an open one was cut.
fn is_whole(spelt: &str) -> bool {
    let count = |bracket: char| spelt.matches(bracket).count();
    count('(') == count(')') && count('[') == count(']')
}

/// The best spelling of a form: not in capitals and no possessive where there is another, then the
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
