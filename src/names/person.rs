//! People: full names, surnames, first names, titles and initials.

use std::collections::HashSet;

use ahash::RandomState;

use super::form::{Form, Map};
use super::links::Links;

/// Names with one word in common that are compared; a word that more people share tells
/// nothing.
const SHARED: usize = 64;

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "dame",
    "lord",
    "lady",
    "baroness",
    "president",
    "vice",
    "prime",
    "minister",
    "premier",
    "chancellor",
    "secretary",
    "senator",
    "sen",
    "rep",
    "representative",
    "congressman",
    "congresswoman",
    "gov",
    "governor",
    "mayor",
    "judge",
    "justice",
    "gen",
    "general",
    "col",
    "colonel",
    "maj",
    "major",
    "capt",
    "captain",
    "lt",
    "lieutenant",
    "sgt",
    "sergeant",
    "cpl",
    "admiral",
    "king",
    "queen",
    "prince",
    "princess",
    "emperor",
    "sultan",
    "sheikh",
    "pope",
    "cardinal",
    "archbishop",
    "bishop",
    "rev",
    "reverend",
    "father",
    "sister",
    "ayatollah",
    "imam",
    "rabbi",
    "saint",
    "st",
    "first",
    "former",
];

const SUFFIXES: &[&str] = &[
    "jr", "sr", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xiv", "xvi",
];

/// Surnames that stand first, as in `Kim Jong-un`.
const FAMILIES: &[&str] = &[
    "bui", "chen", "cho", "choi", "dang", "gao", "guo", "han", "he", "hoang", "hu", "huang",
    "jang", "jung", "kang", "kim", "lee", "li", "lim", "lin", "liu", "luo", "ma", "nguyen", "park",
    "pham", "phan", "shin", "sun", "tran", "vo", "vu", "wang", "wu", "xu", "yang", "yoon", "zhang",
    "zhao", "zheng", "zhou", "zhu",
];

/// How many words of a person's name are titles before it.
pub(super) fn titles(words: &[String]) -> usize {
    let titles = words.iter().take_while(|w| TITLES.contains(&w.as_str()));
    titles.count().min(words.len().saturating_sub(1))
}

/// A person's form without titles.
struct Person<'f> {
    form: usize,
    names: &'f [String],
    suffix: Option<&'f str>,
    is_kin: bool,
    /// Whether a title or number says that it may be a first name alone.
    reigns: bool,
}

impl<'f> Person<'f> {
    fn of(id: usize, form: &'f Form) -> Self {
        let words = &form.words[..];
        let from = titles(words);
        let mut names = words.get(from..).unwrap_or_default();
        let mut suffix = None;
        if let [rest @ .., last] = names
            && !rest.is_empty()
            && SUFFIXES.contains(&last.as_str())
        {
            (names, suffix) = (rest, Some(last.as_str()));
        }
        Self {
            form: id,
            names,
            suffix,
            is_kin: form.is_kin,
            reigns: form.reigns || numeral(suffix),
        }
    }

    /// Whether someone of this first name alone, who reigns, may be the other.
    fn may_reign(&self, other: &Self) -> bool {
        let numbered = numeral(self.suffix);
        other.reigns && (!numbered || self.suffix == other.suffix || other.names.len() == 1)
    }

    fn clashes(&self, other: &Self) -> bool {
        matches!((self.suffix, other.suffix), (Some(a), Some(b)) if a != b)
    }
}

/// Whether a suffix is a monarch's or pope's number.
fn numeral(suffix: Option<&str>) -> bool {
    suffix.is_some_and(|suffix| !matches!(suffix, "jr" | "sr"))
}

/// Joins the forms of one person. What may mean several people goes to `open`.
pub(super) fn link(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    let people = ids.iter().map(|&id| Person::of(id, &forms[id]));
    let mut people: Vec<Person<'_>> = people.filter(|p| !p.names.is_empty()).collect();
    people.sort_by_key(|p| (std::cmp::Reverse(p.names.len()), p.form));
    let mut same: Map<(&[String], Option<&str>), usize> = Map::default();
    let mut with: Map<&str, Vec<usize>> = Map::default();
    let mut by_initials: Map<String, Vec<usize>> = Map::default();
    for (at, person) in people.iter().enumerate() {
        let first = *same.entry((person.names, person.suffix)).or_insert(at);
        links.join(people[first].form, person.form);
        if first == at && (person.names.len() > 1 || person.suffix.is_some()) {
            for name in person.names {
                with.entry(name).or_default().push(at);
            }
            let initials = person.names.iter().filter_map(|n| n.chars().next());
            by_initials.entry(initials.collect()).or_default().push(at);
        }
    }
    let shared = |name: &String| {
        let found = with.get(name.as_str()).map(Vec::as_slice);
        found
            .filter(|found| found.len() <= SHARED)
            .unwrap_or_default()
    };
    for (at, person) in people.iter().enumerate() {
        let [first, .., last] = person.names else {
            continue;
        };
        let fuller = shared(last).iter().chain(shared(first)).copied();
        let fuller = fuller.filter(|&other| other != at && fuller_name(person, &people[other]));
        let found: Vec<usize> = fuller.map(|other| people[other].form).collect();
        match &links.roots(found)[..] {
            [] => {}
            [one] => links.join(*one, person.form),
            several => open.push((person.form, several.to_vec())),
        }
    }
    let reigning = people.iter().filter(|p| p.names.len() == 1 && p.reigns);
    let reigning: HashSet<&[String], RandomState> = reigning.map(|p| p.names).collect();
    for person in &people {
        let [name] = person.names else { continue };
        let reigns = reigning.contains(person.names);
        // "Trump and his wife, Melania Trump": a surname before a relative's is another's.
        let before = forms[links.root(person.form)].below;
        let others = |p: &Person<'_>| p.is_kin && before < forms[p.form].first();
        let found = shared(name).iter().map(|&at| &people[at]);
        let found = found.filter(|p| p.form != person.form && !p.clashes(person) && !others(p));
        let found = found.filter(|p| !reigns || person.may_reign(p));
        let mut found: Vec<&Person<'_>> = found.collect();
        let suffixed = |p: &&Person<'_>| p.suffix.is_some() && p.suffix == person.suffix;
        if found.iter().any(suffixed) {
            found.retain(suffixed);
        }
        let last = found.iter().filter(|p| p.names.last() == Some(name));
        let surname = links.roots(last.map(|p| p.form));
        let anywhere = links.roots(found.iter().map(|p| p.form));
        let mut first = found.iter().map(|p| p.names.first());
        let family = FAMILIES.contains(&name.as_str()) && first.all(|n| n == Some(name));
        let acronym = &forms[person.form].acronym;
        match (&surname[..], &anywhere[..]) {
            ([one], _) | ([], [one]) => links.join(*one, person.form),
            ([], []) if !acronym.is_empty() => {
                let found = by_initials.get(acronym).into_iter().flatten();
                if let [one] = links.roots(found.map(|&at| people[at].form).collect::<Vec<_>>())[..]
                {
                    links.join(one, person.form);
                }
            }
            ([], []) => {}
            ([], _) if !family => {}
            ([], several) | (several, _) => open.push((person.form, several.to_vec())),
        }
    }
}

/// Whether `full` is the same name with more words, or with words for initials: `John Smith`
/// or `J. A. Smith` for `John A. Smith`. Someone's mother is another with more names.
fn fuller_name(short: &Person<'_>, full: &Person<'_>) -> bool {
    let longer = short.names.len() < full.names.len();
    if short.clashes(full)
        || short.names.len() > full.names.len()
        || longer && full.is_kin && !short.is_kin
    {
        return false;
    }
    let mut left = full.names.iter();
    let mut spelt = 0;
    for (at, name) in short.names.iter().enumerate() {
        let first = at == 0;
        let found = left.find(|other| {
            name == *other
                || initial(name, other)
                || initial(other, name)
                || first && pet(name, other)
        });
        match found {
            Some(other) => spelt += usize::from(other == name && name.chars().count() > 1),
            None => return false,
        }
    }
    spelt > 0 && (longer || spelt < short.names.len())
}

/// Whether a word is the initial of another.
fn initial(short: &str, long: &str) -> bool {
    short.chars().count() == 1 && long.starts_with(short)
}

/// Whether a first name is the start of another (`Mitch`, `Mitchell`).
fn pet(short: &str, long: &str) -> bool {
    short.chars().count() >= 3 && long.starts_with(short)
}
