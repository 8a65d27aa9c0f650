//! Joins forms of organisations, places and works.

use super::acronym::{self, is_small};
use super::country;
use super::flight;
use super::form::{Form, Kind, Map};
use super::links::Links;
use super::short::{Fit, STORMS, is_short_for, stem, without_legal};

/// The most names that share a word and are compared; a word of more names is ignored.
const SHARED: usize = 64;

/// Joins the forms of each name. Ambiguous forms go to `open`, with the forms that they may mean.
pub(super) fn link(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    aliases(forms, ids, links);
    same_words(forms, ids, links);
    cut_words(forms, ids, links);
    companies(forms, ids, links);
    storms(forms, ids, links);
    acronym::link(forms, ids, links);
    acronym::link_partly(forms, ids, links);
    flight::link(forms, ids, links);
    contained(forms, ids, links, open);
}

/// Joins `UK` and `Britain`.
fn aliases(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut same: Map<&str, usize> = Map::default();
    for &id in ids {
        if let Some(alias) = country::alias(&forms[id].words.concat()) {
            links.join(*same.entry(alias).or_insert(id), id);
        }
    }
}

/// Joins `US Department of State`, `Department of State` and `State Department`.
fn same_words(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut same: Map<Vec<&str>, usize> = Map::default();
    let mut bare: Map<Vec<&str>, Vec<usize>> = Map::default();
    for &id in ids.iter().filter(|&&id| forms[id].kind != Kind::Place) {
        let mut words = content(&forms[id]);
        if words.len() > 1 {
            links.join(*same.entry(words.clone()).or_insert(id), id);
            let all = words.len();
            words.retain(|word| !country::is_part(word));
            if words.len() < all && words.len() > 1 {
                bare.entry(words).or_default().push(id);
            }
        }
    }
    for &id in ids {
        let countries = bare
            .get(&content(&forms[id]))
            .into_iter()
            .flatten()
            .copied();
        if let [one] = links.roots(countries)[..] {
            links.join(one, id);
        }
    }
}

/// `Man Utd`, `Dept of State` and the one name of as many words that has theirs in full; `Fed` and the one
/// `Federal Reserve`.
fn cut_words(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut near: Map<(usize, String), Vec<usize>> = Map::default();
    let mut order: Vec<usize> = ids.to_vec();
    order.retain(|&id| matches!(forms[id].kind, Kind::Organisation | Kind::Other));
    for &id in &order {
        let words = &forms[id].words;
        if words.len() > 1 {
            let [initials, _] = acronym::initials(words);
            near.entry((words.len(), initials)).or_default().push(id);
        }
        // One word may be short for two, by the letter of the first.
        if let [first, _] = &words[..] {
            let initial = first.chars().take(1).collect();
            near.entry((1, initial)).or_default().push(id);
        }
    }
    let letters = |id: usize| forms[id].words.iter().map(String::len).sum::<usize>();
    order.sort_by_key(|&id| (std::cmp::Reverse(letters(id)), id));
    for id in order {
        let form = &forms[id];
        let [initials, _] = acronym::initials(&form.words);
        let Some(near) = near.get(&(form.words.len(), initials)) else {
            continue;
        };
        if near.len() > SHARED || form.words.len() < 2 && form.is_acronym() {
            continue;
        }
        let found = near.iter().copied().filter(|&other| {
            let long = &forms[other].words;
            let mut pairs = form.words.iter().zip(long);
            letters(id) < letters(other)
                && match form.words.len() {
                    1 => pairs.all(|(a, b)| b.starts_with(a.as_str()) && is_cut(a, b)),
                    _ => pairs.all(|(a, b)| a == b || is_cut(a, b) || is_cut(b, a)),
                }
        });
        if let [one] = links.roots(found.collect::<Vec<_>>())[..] {
            links.join(one, id);
        }
    }
}

/// Whether a word is short for another: less than half of it, its beginning (`Fed`) or letters of it with the
/// first and the last (`Dept`); `Utd` has half.
fn is_cut(short: &str, long: &str) -> bool {
    let mut left = long.chars();
    let contracted = short.chars().all(|letter| left.any(|c| c == letter));
    let last = |word: &str| word.chars().next_back();
    let ends = short.chars().next() == long.chars().next() && last(short) == last(long);
    let twice = 2 * short.len();
    short.len() > 2
        && (twice < long.len() && long.starts_with(short)
            || twice <= long.len() && contracted && ends)
}

/// Joins `Marks and Spencer` with `Marks & Spencer Group plc`, if only one fits.
fn companies(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut bare: Map<&[String], Vec<usize>> = Map::default();
    for &id in ids {
        let words = &forms[id].words;
        let own = without_legal(words);
        if (2..words.len()).contains(&own.len()) {
            bare.entry(own).or_default().push(id);
        }
    }
    for &id in ids {
        let found = bare.get(&forms[id].words[..]).into_iter().flatten();
        if let [one] = links.roots(found.copied())[..] {
            links.join(one, id);
        }
    }
}

/// The words of a name that are not small, in alphabetical order.
fn content(form: &Form) -> Vec<&str> {
    let words = form.words.iter().map(|word| match form.kind {
        Kind::Organisation => country_of(stem(word)),
        _ => word.as_str(),
    });
    let mut words: Vec<&str> = words.filter(|word| !is_small(word)).collect();
    words.sort_unstable();
    words
}

/// Joins `Tropical Storm Ida` and `Hurricane Ida`.
fn storms(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut same: Map<&[String], usize> = Map::default();
    for &id in ids {
        let words = &forms[id].words[..];
        let kind = words
            .iter()
            .take_while(|word| STORMS.contains(&word.as_str()))
            .count();
        if kind > 0 && kind < words.len() {
            links.join(*same.entry(&words[kind..]).or_insert(id), id);
        }
    }
}

/// The country of an adjective, near enough to compare by: `Iraq` for `Iraqi`, `Tunisia` for `Tunisian`.
fn country_of(adjective: &str) -> &str {
    let country = adjective
        .strip_suffix('i')
        .or_else(|| adjective.strip_suffix('n').filter(|c| c.ends_with('a')));
    country.filter(|c| c.len() > 3).unwrap_or(adjective)
}

/// Joins each form with the longer form that it is short for; several equally good ones make it
/// ambiguous.
fn contained(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    let mut with: Map<&str, Vec<usize>> = Map::default();
    for &id in ids {
        let mut words: Vec<&str> = forms[id].words.iter().map(|word| stem(word)).collect();
        words.sort_unstable();
        words.dedup();
        for word in words {
            with.entry(word).or_default().push(id);
        }
    }
    let mut order = ids.to_vec();
    order.sort_by_key(|&id| (std::cmp::Reverse(forms[id].words.len()), id));
    for id in order {
        let short = &forms[id];
        let rarest = short
            .words
            .iter()
            .filter_map(|word| with.get(stem(word)))
            .min_by_key(|ids| ids.len());
        let Some(near) = rarest.filter(|near| near.len() <= SHARED) else {
            continue;
        };
        let fits = near
            .iter()
            .map(|&other| (is_short_for(short, &forms[other]), other));
        let fits: Vec<(Fit, usize)> = fits.filter(|(fit, _)| *fit != Fit::No).collect();
        let best = fits.iter().map(|(fit, _)| *fit).max().unwrap_or(Fit::No);
        let found = fits
            .iter()
            .filter(|(fit, _)| *fit == best)
            .map(|(_, other)| *other);
        match &links.roots(found)[..] {
            [] => {}
            [one] => links.join(*one, id),
            several => open.push((id, several.to_vec())),
        }
    }
}
