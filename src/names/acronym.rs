//! Acronyms and what they stand for.

use super::country;
use super::form::{self, Form, Map};
use super::links::Links;
use super::short::without_legal;

/// The most words of a name that an acronym stands for.
const WORDS: usize = 16;

/// An acronym is compared with names of the same first letters only where they are at most this many.
const NEAR: usize = 256;

/// An acronym of at least this many letters may stand for consecutive words within a name; one written
/// like a word (`Nasa`) needs more.
const RUN: usize = 3;

/// Whether a word is one that acronyms may skip.
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

/// Whether an acronym's letters are the beginnings of the words, in order: one letter or several of
/// each. Small words and at most `skips` others may be skipped.
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

/// Whether the letters of a short form in brackets occur in the long form beside it, in order, the
/// first at a word's start (Schwartz and Hearst 2003).
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

/// Long names, found by the acronyms that may stand for them.
#[derive(Default)]
struct LongNames {
    /// By their acronyms of one letter for each word, with and without small words.
    exact: Map<String, Vec<usize>>,
    /// By their first letter.
    by_letter: Map<char, Vec<usize>>,
    /// By each run of initials, with the initials of all words that are not small.
    by_run: Map<[char; RUN], Vec<(usize, String)>>,
}

impl LongNames {
    fn add(&mut self, id: usize, words: &[String]) {
        let Some((first, rest)) = words.split_first() else {
            return;
        };
        let [all, content] = initials(words);
        let letters: Vec<char> = content.chars().collect();
        for run in letters.array_windows() {
            self.by_run
                .entry(*run)
                .or_default()
                .push((id, content.clone()));
        }
        let mut acronyms = vec![all, content];
        let company = without_legal(words);
        if (2..words.len()).contains(&company.len()) {
            acronyms.extend(initials(company));
        }
        if country::is_part(first) {
            let [_, own] = initials(rest);
            acronyms.push(format!("{first}{own}"));
            acronyms.extend(Some(own).filter(|own| own.chars().count() > 1));
        }
        acronyms.sort_unstable();
        acronyms.dedup();
        for acronym in acronyms {
            self.exact.entry(acronym).or_default().push(id);
        }
        let letter = first.chars().next().unwrap_or_default();
        self.by_letter.entry(letter).or_default().push(id);
    }

    /// The names that an acronym spells in another way: with several letters of a word, without a word,
    /// or with the initials of consecutive words only.
    fn spelt(&self, acronym: &str, forms: &[Form]) -> Vec<usize> {
        let letters: Vec<char> = acronym.chars().collect();
        let skips = usize::from(letters.len() > 3);
        let first = letters.first().copied().unwrap_or_default();
        let near = self.by_letter.get(&first);
        let near = near.filter(|near| near.len() <= NEAR && letters.len() > 2);
        let near = near.into_iter().flatten().copied();
        let spelt: Vec<usize> = near
            .filter(|&id| spells(&letters, &forms[id].words, skips))
            .collect();
        let Some(start) = letters.first_chunk::<RUN>().filter(|_| spelt.is_empty()) else {
            return spelt;
        };
        let with = self.by_run.get(start).filter(|with| with.len() <= NEAR);
        let within = with.into_iter().flatten();
        let within = within.filter(|(_, content)| content.contains(acronym));
        within.map(|(id, _)| *id).collect()
    }
}

/// Joins each acronym with the name that it stands for, if only one fits.
pub(super) fn link(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut names = LongNames::default();
    for &id in ids {
        let words = &forms[id].words;
        if (2..=WORDS).contains(&words.len()) {
            names.add(id, words);
        }
    }
    for &id in ids {
        let form = &forms[id];
        let acronym = match &form.words[..] {
            _ if form.is_acronym() => &form.acronym,
            // An acronym written like a word: `Nasa`.
            [word] if word.chars().count() > RUN => word,
            _ => continue,
        };
        let exact = names.exact.get(acronym).into_iter().flatten().copied();
        let mut found = links.roots(exact);
        if found.is_empty() && form.is_acronym() {
            found = links.roots(names.spelt(acronym, forms));
        }
        if let [one] = found[..] {
            links.join(one, id);
        }
    }
}

/// Joins `UC Berkeley` with `University of California, Berkeley`, and `Monaco GP` with `Monaco Grand Prix`,
/// if only one name fits.
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
