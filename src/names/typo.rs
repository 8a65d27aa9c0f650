//! Joins misspelt names: with one letter added, missing or wrong, or two swapped.

use super::form::{Form, Kind, Map};
use super::links::Links;

/// The fewest letters of a word that may have a wrong one.
const LETTERS: usize = 6;

/// The same for a surname by itself that misspells that of a full name.
const SURNAME: usize = 5;

/// The same for a place: more places than people have names that differ in one letter.
const PLACE: usize = 8;

/// Longer words are not compared: a word has as many variants as letters, each about as long as it.
const LONGEST: usize = 40;

/// The most mentions of a misspelling.
const MENTIONS: usize = 3;

/// Joins rare forms that are joined to no other with the name of their label that they misspell, if only
/// one fits. Returns the misspelt forms. Two words that differ in one letter are the same without it,
/// which finds them in linear time (Mor and Fraenkel 1982).
pub(super) fn link(forms: &[Form], links: &mut Links) -> Vec<usize> {
    let mut misspelt = Vec::new();
    let sizes = links.sizes();
    let variants: Vec<Vec<String>> = forms.iter().map(variants).collect();
    let mut near: Map<(Kind, &str), Vec<usize>> = Map::default();
    for (id, (form, variants)) in forms.iter().zip(&variants).enumerate() {
        for variant in variants {
            near.entry((form.kind, variant)).or_default().push(id);
        }
    }
    for (id, (form, variants)) in forms.iter().zip(&variants).enumerate() {
        if form.mentions.len() > MENTIONS || sizes.get(&id) != Some(&1) {
            continue;
        }
        let others = variants.iter().filter_map(|v| near.get(&(form.kind, &**v)));
        let others = others.filter(|others| others.len() <= 2 * MENTIONS);
        let found = others.flatten().copied().filter(|&other| {
            other != id
                && forms[other].label == form.label
                && (form.words.len() == 1 || form.words.len() == forms[other].words.len())
                && misspells(form, &forms[other])
        });
        if let [one] = links.roots(found.collect::<Vec<_>>())[..] {
            let mentions = |id: usize| forms.get(id).map_or(0, |form| form.mentions.len());
            if mentions(id) <= mentions(one) {
                misspelt.push(id);
            }
            links.join(one, id);
        }
    }
    misspelt
}

/// Whether a form misspells another in one word.
fn misspells(form: &Form, other: &Form) -> bool {
    match (&form.words[..], &other.words[..]) {
        // `Antarctic` does not misspell `Antarctica`.
        ([word], [right]) if form.kind == Kind::Place => {
            one_off(word, right, PLACE) && !word.starts_with(right) && !right.starts_with(word)
        }
        ([_], _) if form.kind == Kind::Place => false,
        ([word], [_, .., right]) if form.kind == Kind::Person && one_off(word, right, SURNAME) => {
            true
        }
        ([word], words) => words.iter().any(|right| one_off(word, right, LETTERS)),
        (words, others) => {
            let mut differ = words.iter().zip(others).filter(|(a, b)| a != b);
            let first = differ.next();
            first.is_some_and(|(a, b)| one_off(a, b, LETTERS)) && differ.next().is_none()
        }
    }
}

/// Whether two words start with the same letter and differ in one, or in two that are swapped. The longer
/// one must have at least `letters`.
fn one_off(a: &str, b: &str, letters: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.first() != b.first() || a == b || a.len().max(b.len()) < letters {
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

/// The words that may be misspelt, whole and with each letter left out in turn.
fn variants(form: &Form) -> Vec<String> {
    let shortest = match (form.kind, form.words.len()) {
        (Kind::Person, _) | (Kind::Organisation, 2..) => SURNAME - 1,
        (Kind::Place, 1) => PLACE - 1,
        _ => return Vec::new(),
    };
    let words = form.words.iter().filter(|word| {
        (shortest..=LONGEST).contains(&word.chars().count())
            && word.chars().all(char::is_alphabetic)
    });
    let mut variants: Vec<String> = Vec::new();
    for word in words {
        variants.extend(word.char_indices().map(|(at, c)| {
            let mut variant = word.clone();
            variant.replace_range(at..at + c.len_utf8(), "");
            variant
        }));
        variants.push(word.clone());
    }
    variants.sort_unstable();
    variants.dedup();
    variants
}
