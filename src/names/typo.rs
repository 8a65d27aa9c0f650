//! Misspelt names: one letter more, less, another or two swapped.

use super::form::{Form, Kind, Map};
use super::links::Links;

/// Letters that a word needs to be the same with one of them wrong.
const LETTERS: usize = 6;

/// Longer words are not looked at: a word has as many variants as letters, each as long as it.
const LONGEST: usize = 40;

/// A misspelling is rare.
const MENTIONS: usize = 3;

/// Joins rare forms that are linked to no other with the one name of their label that they
/// misspell, and gives back those forms, in order. Two words that differ in one letter are the
/// same without it, which finds them in linear time (Mor and Fraenkel 1982).
pub(super) fn link(forms: &[Form], links: &mut Links) -> Vec<usize> {
    let mut misspelt = Vec::new();
    let mut members: Map<usize, usize> = Map::default();
    for id in 0..forms.len() {
        *members.entry(links.root(id)).or_default() += 1;
    }
    let mut near: Map<(Kind, String), Vec<usize>> = Map::default();
    for (id, form) in forms.iter().enumerate() {
        for key in keys(form) {
            for variant in variants(&key) {
                near.entry((form.kind, variant)).or_default().push(id);
            }
        }
    }
    for (id, form) in forms.iter().enumerate() {
        if form.mentions.len() > MENTIONS || members.get(&id) != Some(&1) {
            continue;
        }
        let mut found = Vec::new();
        for key in keys(form) {
            let others = variants(&key)
                .into_iter()
                .filter_map(|v| near.get(&(form.kind, v)));
            let others = others
                .filter(|others| others.len() <= 2 * MENTIONS)
                .flatten();
            found.extend(others.copied().filter(|&other| {
                other != id
                    && forms[other].label == form.label
                    && (form.words.len() == 1 || form.words.len() == forms[other].words.len())
                    && misspells(form, &forms[other])
            }));
        }
        if let [one] = links.roots(found)[..] {
            let mentions = |id: usize| forms.get(id).map_or(0, |form| form.mentions.len());
            if mentions(id) <= mentions(one) {
                misspelt.push(id);
            }
            links.join(one, id);
        }
    }
    misspelt
}

/// Whether the words are those of another name but for one letter.
fn misspells(form: &Form, other: &Form) -> bool {
    match &form.words[..] {
        [word] => other.words.iter().any(|right| one_off(word, right)),
        words => {
            let mut differ = words.iter().zip(&other.words).filter(|(a, b)| a != b);
            let first = differ.next();
            first.is_some_and(|(a, b)| one_off(a, b)) && differ.next().is_none()
        }
    }
}

/// Whether two words start alike and differ in one letter, or two that are swapped.
fn one_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.first() != b.first() || a == b || a.len().max(b.len()) < LETTERS {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    match (a, b) {
        ([_, rest @ ..], [_, other @ ..]) if rest == other => true,
        ([x, y, rest @ ..], [z, w, other @ ..]) if (x, y) == (w, z) && rest == other => true,
        (_, [_, other @ ..]) if a == other => true,
        ([_, rest @ ..], _) => rest == b,
        _ => false,
    }
}

/// The words that may be misspelt.
fn keys(form: &Form) -> Vec<String> {
    let long = |word: &&String| {
        (LETTERS - 1..=LONGEST).contains(&word.chars().count())
            && word.chars().all(char::is_alphabetic)
    };
    match form.kind {
        Kind::Person => form.words.iter().filter(long).cloned().collect(),
        Kind::Organisation if form.words.len() > 1 => {
            form.words.iter().filter(long).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// A word, and the word without each of its letters.
fn variants(word: &str) -> Vec<String> {
    let without = word.char_indices().map(|(at, c)| {
        let mut variant = word.to_owned();
        variant.replace_range(at..at + c.len_utf8(), "");
        variant
    });
    let mut variants: Vec<String> = without.chain([word.to_owned()]).collect();
    variants.sort_unstable();
    variants.dedup();
    variants
}
