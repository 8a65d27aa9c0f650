//! Joins mentions with a doubtful label to names of another label: `Okafor` tagged as an organisation is
//! Ada Okafor, `Burisma` tagged as a person is Burisma Holdings.

use super::acronym::initials;
use super::country;
use super::form::{Form, Kind, Map};
use super::links::Links;
use super::short::{Fit, is_short_for};
use crate::Span;

/// A label is doubtful below this mean score of its mentions.
const SURE: f32 = 0.9;

/// A short form that more names share is not joined.
const SHARED: usize = 8;

/// Joins each form with a doubtful label to the name that it is, or is short for, if only one fits.
pub(super) fn link(spans: &[Span], forms: &[Form], links: &mut Links) {
    let known = Known::of(forms);
    let sizes = links.sizes();
    for (id, form) in forms.iter().enumerate() {
        if sizes.get(&id) != Some(&1) || !is_doubted(spans, form) {
            continue;
        }
        let readings = [
            known.of_same_letters(id, form),
            known.of_surname_or_acronym(form),
            known.longer(forms, form),
        ];
        for found in readings {
            if let [one] = links.roots(found)[..] {
                links.join(one, id);
                break;
            }
        }
    }
}

fn is_doubted(spans: &[Span], form: &Form) -> bool {
    let scores = form.mentions.iter().filter_map(|&at| spans.get(at));
    let sum: f32 = scores.map(|span| span.score).sum();
    sum < SURE * form.mentions.len() as f32
}

/// Forms by what their short forms are written with.
#[derive(Default)]
struct Known<'f> {
    by_letters: Map<String, Vec<usize>>,
    by_surname: Map<&'f str, Vec<usize>>,
    by_initials: Map<String, Vec<usize>>,
    by_first_word: Map<&'f str, Vec<usize>>,
}

impl<'f> Known<'f> {
    fn of(forms: &'f [Form]) -> Self {
        let mut known = Self::default();
        for (id, form) in forms.iter().enumerate() {
            let letters = form.words.concat();
            known.by_letters.entry(letters).or_default().push(id);
            match (form.kind, &form.words[..]) {
                (Kind::Person, [_, .., last]) => {
                    known.by_surname.entry(last).or_default().push(id);
                }
                (_, words @ [first, _, ..]) => {
                    let [_, content] = initials(words);
                    known.by_initials.entry(content).or_default().push(id);
                    known.by_first_word.entry(first).or_default().push(id);
                }
                _ => {}
            }
        }
        known
    }

    /// Forms with the same letters: `MarineTraffic` and `Marine Traffic`.
    fn of_same_letters(&self, id: usize, form: &Form) -> Vec<usize> {
        let found = few(self.by_letters.get(&form.words.concat()));
        found.iter().copied().filter(|&other| other != id).collect()
    }

    /// The bearers of a surname, or the names that an acronym stands for.
    fn of_surname_or_acronym(&self, form: &Form) -> Vec<usize> {
        let [name] = &form.words[..] else {
            return Vec::new();
        };
        let surname = self.by_surname.get(name.as_str());
        let found = match surname.filter(|_| form.kind != Kind::Person) {
            None if form.acronym.chars().count() > 2 => self.by_initials.get(&form.acronym),
            found => found,
        };
        few(found).to_vec()
    }

    /// The forms that a form is surely short for. An adjective does not mean a party, nor a country its
    /// army.
    fn longer(&self, forms: &[Form], form: &Form) -> Vec<usize> {
        let first = form.words.first();
        let Some(first) = first.filter(|_| country::alias(&form.words.concat()).is_none()) else {
            return Vec::new();
        };
        let found = few(self.by_first_word.get(first.as_str())).iter().copied();
        let long = |&id: &usize| {
            let long = &forms[id];
            long.label != form.label
                && long.words.last().is_none_or(|last| last != "party")
                && is_short_for(form, long) == Fit::Sure
        };
        found.filter(long).collect()
    }
}

/// The forms found, or none where they are too many to tell.
fn few(found: Option<&Vec<usize>>) -> &[usize] {
    let found = found.filter(|found| found.len() <= SHARED);
    found.map(Vec::as_slice).unwrap_or_default()
}
