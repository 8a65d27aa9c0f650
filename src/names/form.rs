//! Groups mentions into forms: written the same way but for case, accents and marks.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use unicode_normalization::UnicodeNormalization;

use super::country;
use super::titles::{self, Titles, last_word};
use crate::Span;
use crate::document::is_person;
use crate::letters;
use crate::place;
use crate::spaces::{MARK, one_line};

pub(super) type Map<K, V> = HashMap<K, V, RandomState>;

/// The most bytes of an acronym.
const ACRONYM: usize = 12;

/// The most bytes of a headline.
const HEADLINE: usize = 200;

/// Titles of people who go by their first name.
const REIGNING: &[&str] = &[
    "pope", "king", "queen", "prince", "princess", "emperor", "empress",
];

/// The most spellings kept of a form.
const SPELLINGS: usize = 32;

/// The kind of thing that a label means, which decides the rules for its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Person,
    Organisation,
    Place,
    Other,
}

impl Kind {
    fn of(label: &str) -> Self {
        match label {
            label if is_person(label) => Self::Person,
            "ORG" => Self::Organisation,
            "LOC" | "GPE" | "FAC" => Self::Place,
            _ => Self::Other,
        }
    }
}

/// The mentions of one label that are written the same way.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) label: Arc<str>,
    pub(super) kind: Kind,
    /// Its words, folded; countries within names of organisations as one word
    /// ([`country::shortened`]).
    pub(super) words: Vec<String>,
    /// The letters of an acronym in lower case; empty for other forms.
    pub(super) acronym: String,
    /// Whether `at` stands before a mention and `in` before none, as with buildings and not towns.
    pub(super) stands_at: bool,
    /// The titles before its mentions, where it is a person's.
    pub(super) titles: Titles,
    /// Whether it has only the mentions with the same titles; those with others are another form.
    pub(super) is_contested: bool,
    /// Whether a title in it or before a mention is of someone who reigns: `Pope Francis`.
    pub(super) reigns: bool,
    /// The index of its first span below the headline, in which short forms come before long ones;
    /// `usize::MAX` where there is none.
    pub(super) below: usize,
    /// Indices of its spans, in text order.
    pub(super) mentions: Vec<usize>,
    /// Each spelling, white space as single blanks, with its number of mentions; 0 where the text only
    /// gives it as an explanation.
    pub(super) spellings: Vec<(String, usize)>,
}

impl Form {
    fn new(label: Arc<str>, kind: Kind, words: Vec<String>, acronym: String) -> Self {
        Self {
            label,
            kind,
            words,
            acronym,
            stands_at: false,
            titles: Titles::default(),
            is_contested: false,
            reigns: false,
            below: usize::MAX,
            mentions: Vec::new(),
            spellings: Vec::new(),
        }
    }

    /// Its words without leading titles.
    pub(super) fn names(&self) -> &[String] {
        let from = titles::count(&self.words);
        self.words.get(from..).unwrap_or_default()
    }

    /// Adds the mention of span `at`.
    fn mention(&mut self, at: usize, is_below: bool) {
        self.mentions.push(at);
        if is_below {
            self.below = self.below.min(at);
        }
    }

    /// The index of a spelling, added if new; the last one's where there are too many.
    fn spell(&mut self, spelt: String) -> usize {
        let place = self.spellings.iter().position(|(s, _)| *s == spelt);
        place.unwrap_or_else(|| {
            if self.spellings.len() < SPELLINGS {
                self.spellings.push((spelt, 0));
            }
            self.spellings.len() - 1
        })
    }

    /// Reads the words before its mentions.
    fn read_around(&mut self, text: &str, spans: &[Span]) {
        let starts = self.mentions.iter().filter_map(|&at| spans.get(at));
        let before = starts.filter_map(|span| text.get(..span.start));
        if self.kind == Kind::Person {
            for before in before.clone() {
                self.titles.add(&Titles::of(before, &self.words));
                let word = last_word(before.strip_suffix(' ').unwrap_or(before));
                self.reigns |= is_reigning(word);
            }
            self.reigns |= self.words.iter().any(|word| is_reigning(word));
        }
        self.stands_at = before.clone().any(|before| before.ends_with(" at "))
            && !before.clone().any(|before| before.ends_with(" in "));
    }

    /// The index of its first span.
    pub(super) fn first(&self) -> usize {
        self.mentions.first().copied().unwrap_or_default()
    }

    /// Whether it is an acronym.
    pub(super) fn is_acronym(&self) -> bool {
        !self.acronym.is_empty()
    }
}

/// The forms of all spans, in the order of their first mention, and for each span the index of its form.
/// A name that only its titles tell apart has a form for each.
pub(super) fn forms(text: &str, spans: &[Span]) -> (Vec<Form>, Vec<usize>) {
    let (mut forms, mut form_of) = grouped(text, spans);
    let contested = titles::contested(&forms);
    if contested.is_empty() {
        return (forms, form_of);
    }
    let apart = |form: Form| match form.names() {
        [name] if form.kind == Kind::Person && contested.contains(name) => {
            by_titles(text, spans, &form)
        }
        _ => vec![form],
    };
    forms = forms.into_iter().flat_map(apart).collect();
    forms.sort_by_key(Form::first);
    for (id, form) in forms.iter().enumerate() {
        for &at in &form.mentions {
            form_of[at] = id;
        }
    }
    (forms, form_of)
}

/// The forms of all spans, whatever titles stand before them.
fn grouped(text: &str, spans: &[Span]) -> (Vec<Form>, Vec<usize>) {
    let mut forms: Vec<Form> = Vec::new();
    let mut by_surface: Map<(&str, &str), (usize, usize)> = Map::default();
    let mut by_key: Map<(Arc<str>, String), usize> = Map::default();
    let mut form_of = Vec::with_capacity(spans.len());
    let headline = headline(text);
    for (at, span) in spans.iter().enumerate() {
        let surface = span.surface(text);
        let known = by_surface.get(&(&*span.label, surface)).copied();
        let (form, spelling) = known.unwrap_or_else(|| {
            let kind = Kind::of(&span.label);
            let spelt = spelling(kind, surface);
            let words = words(kind, &spelt);
            let key = (Arc::clone(&span.label), key(kind, &words, &spelt));
            let form = *by_key.entry(key).or_insert_with(|| {
                let label = Arc::clone(&span.label);
                forms.push(Form::new(label, kind, words, acronym(&spelt)));
                forms.len() - 1
            });
            let place = forms[form].spell(spelt);
            by_surface.insert((&*span.label, surface), (form, place));
            (form, place)
        });
        forms[form].mention(at, span.start >= headline);
        forms[form].spellings[spelling].1 += 1;
        form_of.push(form);
    }
    for form in &mut forms {
        form.read_around(text, spans);
    }
    (forms, form_of)
}

/// Splits a form by the titles before its mentions.
fn by_titles(text: &str, spans: &[Span], form: &Form) -> Vec<Form> {
    let headline = headline(text);
    let mut known: Map<Titles, usize> = Map::default();
    let mut apart: Vec<Form> = Vec::new();
    for &at in &form.mentions {
        let Some(span) = spans.get(at) else { continue };
        let before = text.get(..span.start).unwrap_or_default();
        let surface = span.surface(text);
        let titles = Titles::of(before, &form.words);
        let own = *known.entry(titles).or_insert_with(|| {
            let label = Arc::clone(&form.label);
            let acronym = form.acronym.clone();
            let own = Form::new(label, form.kind, form.words.clone(), acronym);
            apart.push(Form {
                is_contested: true,
                ..own
            });
            apart.len() - 1
        });
        let own = &mut apart[own];
        own.mention(at, span.start >= headline);
        let spelling = own.spell(spelling(form.kind, surface));
        own.spellings[spelling].1 += 1;
    }
    for own in &mut apart {
        own.read_around(text, spans);
    }
    apart
}

/// The length in bytes of the headline: a first line that is short and no sentence.
fn headline(text: &str) -> usize {
    let line = text
        .split_once('\n')
        .map_or("", |(line, _)| line.trim_end());
    match line.len() <= HEADLINE && !line.ends_with(['.', '!', ':', '"', '”']) {
        true => line.len(),
        false => 0,
    }
}

fn is_reigning(word: &str) -> bool {
    REIGNING
        .iter()
        .any(|title| title.eq_ignore_ascii_case(word))
}

/// Whether a character is invisible and no part of any name: soft hyphens, word joiners and such.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | MARK)
}

/// A mention with white space as single blanks and no leading `the`; a person's name without a possessive.
fn spelling(kind: Kind, surface: &str) -> String {
    let surface = match surface.contains(is_invisible) {
        true => &surface.replace(is_invisible, ""),
        false => surface,
    };
    // Joiners and direction marks at a name's ends are not part of it.
    let is_joiner = |c: char| matches!(c, '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}');
    let spelt = one_line(surface.trim_matches(is_joiner));
    let spelt = match spelt.strip_prefix("the ") {
        Some(name) => name.to_owned(),
        None => spelt,
    };
    match possessive(&spelt) {
        Some(owner) if kind == Kind::Person => owner.to_owned(),
        _ => spelt,
    }
}

/// The name before a possessive `'s`, if there is one.
pub(super) fn possessive(name: &str) -> Option<&str> {
    ["'s", "’s", "'S", "’S"]
        .iter()
        .find_map(|mark| name.strip_suffix(mark))
        .filter(|owner| !owner.is_empty())
}

/// The key that all spellings of a form share.
fn key(kind: Kind, words: &[String], spelt: &str) -> String {
    let key: String = match kind {
        Kind::Person => words.concat(),
        // "Dolce&Gabbana", "Dolce and Gabbana".
        _ => words
            .iter()
            .filter(|word| *word != "and")
            .map(String::as_str)
            .collect(),
    };
    if key.is_empty() {
        // A name of nothing but marks is compared by its spelling.
        return format!("\0{spelt}");
    }
    key
}

/// The words that a form is compared by.
fn words(kind: Kind, spelt: &str) -> Vec<String> {
    let full = match kind {
        Kind::Place | Kind::Other => place::in_full(spelt),
        _ => None,
    };
    let spelt = full.as_deref().unwrap_or(spelt);
    let mut words = match kind {
        Kind::Person => folded_words(spelt),
        _ => folded_words(&spelt.replace(" & ", " and ")),
    };
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    if matches!(kind, Kind::Person | Kind::Place) {
        for article in words.iter_mut().filter(|word| *word == "el") {
            *article = "al".to_owned();
        }
    }
    match kind {
        Kind::Person => words,
        Kind::Place if country::alias(&words.concat()).is_some() => words,
        _ => country::shortened(words),
    }
}

/// The words of a name, folded, without those of nothing but marks.
pub(super) fn folded_words(name: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '.' | '&') || is_mark(c);
    name.split(|c| !inside(c) && !is_invisible(c))
        .map(folded)
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether a mark belongs to the letter before it, such as vowel signs of Indian scripts.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && unicode_normalization::char::is_combining_mark(c)
}

/// A word in small letters without accents and marks.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        return letters.map(|c| c.to_ascii_lowercase()).collect();
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfd().flat_map(char::to_lowercase) {
        if let Some(letters) = letters::plain(c) {
            folded.push_str(letters);
            continue;
        }
        match c {
            '\u{300}'..='\u{36F}' => {}
            c if c.is_alphanumeric() || is_mark(c) => folded.push(c),
            _ => {}
        }
    }
    folded
}

/// The letters of an acronym in lower case: one word, mostly capitals, with at least two of them or one
/// and a digit. Empty for other words.
pub(super) fn acronym(spelt: &str) -> String {
    if spelt.contains(char::is_whitespace) || spelt.len() > ACRONYM {
        return String::new();
    }
    let body = spelt.strip_suffix('s').unwrap_or(spelt);
    let letters = body.chars().filter(|c| c.is_alphanumeric());
    let capitals = letters.clone().filter(|c| c.is_uppercase()).count();
    let small = letters.clone().filter(|c| c.is_lowercase()).count();
    let digits = letters.clone().filter(char::is_ascii_digit).count();
    if capitals < 2 && !(capitals == 1 && digits == 1 && small == 0) || small > capitals {
        return String::new();
    }
    letters.flat_map(char::to_lowercase).collect()
}
