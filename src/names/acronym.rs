//! Acronyms and what they stand for.

use super::country;
use super::form::{self, Form, Map};
use super::links::Links;
use super::short::without_legal;

/// Words of the longest name that acronyms are made of.
const WORDS: usize = 16;

/// Names that start with the same letter as an acronym and are looked at.
const NEAR: usize = 256;

/// Letters from which on an acronym may be made of some words in a row of a name, and more
/// than which one is that is written like a word.
const RUN: usize = 3;

/// Words that an acronym may pass over.
pub(super) fn is_small(word: &str) -> bool {
    matches!(
        word,
        "of" | "the"
            | "and"
            | "for"
            | "in"
            | "on"
            | "at"
            | "to"
            | "a"
            | "an"
            | "by"
            | "with"
            | "de"
            | "la"
            | "le"
            | "les"
            | "des"
            | "du"
            | "del"
            | "der"
            | "die"
            | "das"
            | "und"
            | "et"
            | "y"
            | "e"
            | "i"
            | "da"
            | "do"
            | "van"
    )
}

/// The first letters of all words, and of those that are not small.
pub(super) fn initials(words: &[String]) -> [String; 2] {
    let of = |keep: fn(&str) -> bool| -> String {
        let words = words.iter().filter(|word| keep(word));
        words.filter_map(|word| word.chars().next()).collect()
    };
    [of(|_| true), of(|word| !is_small(word))]
}

/// Whether an acronym's letters are the beginnings of the words, in order: one letter or
/// several of each, at most `skips` words besides the small ones passed over.
pub(super) fn spells(letters: &[char], words: &[String], skips: usize) -> bool {
    let Some((word, rest)) = words.split_first() else {
        return letters.is_empty();
    };
    let shared = word
        .chars()
        .zip(letters)
        .take_while(|(a, b)| a == *b)
        .count();
    // The fewest letters first: most acronyms take one of each word.
    (1..=shared.min(4)).any(|taken| spells(&letters[taken..], rest, skips))
        || is_small(word) && spells(letters, rest, skips)
        || skips > 0 && !letters.is_empty() && spells(letters, rest, skips - 1)
}

/// Whether a short form stands for a long one beside which it is put in brackets: its letters
/// are in the long one, in order, the first at a word's start (Schwartz and Hearst 2003).
pub(super) fn abbreviates(letters: &[char], long: &[String]) -> bool {
    let Some((first, rest)) = letters.split_first() else {
        return false;
    };
    let starts = long.iter().enumerate();
    starts
        .filter(|(_, word)| word.starts_with(*first))
        .any(|(at, _)| {
            let mut left = long[at..].iter().flat_map(|word| word.chars()).skip(1);
            rest.iter().all(|letter| left.any(|c| c == *letter))
        })
}

/// Joins acronyms with the one name that they are made of.
pub(super) fn link(forms: &[Form], ids: &[usize], links: &mut Links) {
    let long = |id: &&usize| (2..=WORDS).contains(&forms[**id].words.len());
    let mut exact: Map<String, Vec<usize>> = Map::default();
    let mut by_letter: Map<char, Vec<usize>> = Map::default();
    let mut by_run: Map<[char; RUN], Vec<(usize, String)>> = Map::default();
    for &id in ids.iter().filter(long) {
        let words = &forms[id].words;
        let [all, content] = initials(words);
        let letters: Vec<char> = content.chars().collect();
        for run in letters.array_windows() {
            by_run.entry(*run).or_default().push((id, content.clone()));
        }
        let own = words
            .first()
            .filter(|word| country::is_part(word))
            .map(|_| initials(&words[1..])[1].clone());
        let mut keys = vec![all, content];
        let company = without_legal(words);
        if (2..words.len()).contains(&company.len()) {
            keys.extend(initials(company));
        }
        keys.extend(own.filter(|own| own.chars().count() > 1));
        keys.extend(
            words
                .first()
                .filter(|w| country::is_part(w))
                .map(|w| format!("{w}{}", initials(&words[1..])[1])),
        );
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            exact.entry(key).or_default().push(id);
        }
        by_letter
            .entry(words[0].chars().next().unwrap_or_default())
            .or_default()
            .push(id);
    }
    for &id in ids {
        let form = &forms[id];
        if !form.is_acronym() {
            // Some write what is spoken as a word like one: `Nasa`.
            if let [word] = &form.words[..]
                && word.chars().count() > RUN
                && let Some(found) = exact.get(word)
                && let [one] = links.roots(found.iter().copied())[..]
            {
                links.join(one, id);
            }
            continue;
        }
        let found = exact.get(&form.acronym).cloned().unwrap_or_default();
        let roots = links.roots(found);
        match roots[..] {
            [one] => links.join(one, id),
            [] => {
                let letters: Vec<char> = form.acronym.chars().collect();
                let skips = usize::from(letters.len() > 3);
                let first = letters.first().copied().unwrap_or_default();
                let near = by_letter.get(&first).filter(|near| near.len() <= NEAR);
                let near = near.into_iter().flatten().copied();
                let near = near.filter(|&other| {
                    letters.len() > 2 && spells(&letters, &forms[other].words, skips)
                });
                let mut near: Vec<usize> = near.collect();
                if near.is_empty()
                    && let Some(start) = letters.first_chunk()
                {
                    let with = by_run.get(start).filter(|with| with.len() <= NEAR);
                    let with = with.into_iter().flatten();
                    let within = with.filter(|(_, content)| content.contains(&form.acronym));
                    near.extend(within.map(|(other, _)| *other));
                }
                if let [one] = links.roots(near)[..] {
                    links.join(one, id);
                }
            }
            _ => {}
        }
    }
}

/// Joins `UC Berkeley` with the one `University of California, Berkeley`, and `Monaco GP` with the one
/// `Monaco Grand Prix`.
pub(super) fn link_partly(forms: &[Form], ids: &[usize], links: &mut Links) {
    let sorted = |letters: &str| -> String {
        let mut letters: Vec<char> = letters.chars().collect();
        letters.sort_unstable();
        letters.into_iter().collect()
    };
    let mut by_end: Map<(String, &str), Vec<usize>> = Map::default();
    let mut by_start: Map<(&str, String), Vec<usize>> = Map::default();
    for &id in ids {
        let words = &forms[id].words[..];
        if !(3..=WORDS).contains(&words.len()) {
            continue;
        }
        if let [head @ .., last] = words {
            let [_, content] = initials(head);
            by_end.entry((sorted(&content), last)).or_default().push(id);
        }
        if let [first, tail @ ..] = words {
            let [_, content] = initials(tail);
            by_start.entry((first, content)).or_default().push(id);
        }
    }
    for &id in ids {
        let [first, last] = &forms[id].words[..] else {
            continue;
        };
        let spelt = forms[id].spellings.first();
        let mut parts = spelt.into_iter().flat_map(|(spelt, _)| spelt.split(' '));
        let head = parts.next().map(form::acronym).unwrap_or_default();
        let tail = parts.next_back().map(form::acronym).unwrap_or_default();
        let by_head = by_end.get(&(sorted(&head), last.as_str()));
        let by_tail = by_start.get(&(first.as_str(), tail.clone()));
        let found = by_head.filter(|_| head.chars().count() > 1).into_iter();
        let found = found.chain(by_tail.filter(|_| tail.chars().count() > 1));
        if let [one] = links.roots(found.flatten().copied())[..] {
            links.join(one, id);
        }
    }
}
