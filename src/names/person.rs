//! People: full names, surnames, first names, titles and initials.

use std::cmp::Reverse;
use std::collections::HashSet;

use ahash::RandomState;

use super::form::{Form, Map, folded_words};
use super::given;
use super::links::Links;
use super::titles::Titles;

/// The most people that share a word and are compared; a word of more people is ignored.
const SHARED: usize = 64;

const SUFFIXES: &[&str] = &[
    "jr", "sr", "i", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xii", "xiii", "xiv", "xv",
    "xvi",
];

/// Regnal numbers that are also parts of ordinary names: `Malcolm X`.
const NUMBERS: &[&str] = &["v", "x", "xi"];

/// Words between a name and the father's.
const SON_OF: &[&str] = &["bin", "ibn", "ben", "bint"];

/// The most letters of an article that a hyphen joins with a surname: `al-Assad`.
const JOINER: usize = 2;

/// Police ranks in capitals, which are no initials.
const POLICE: &[&str] = &["pc", "wpc", "dc", "ds", "di", "dci"];

/// Latin spellings of single Cyrillic letters.
const DIGRAPHS: &[&str] = &["yu", "ya", "ye", "zh", "ch", "sh", "kh", "ts"];

/// Surnames that stand before the first name: `Kim Jong-un`.
const FAMILIES: &[&str] = &[
    "bui", "chen", "cho", "choi", "dang", "gao", "guo", "han", "he", "hoang", "hu", "huang",
    "jang", "jung", "kang", "kim", "lee", "li", "lim", "lin", "liu", "luo", "ma", "nguyen", "park",
    "pham", "phan", "shin", "sun", "tran", "vo", "vu", "wang", "wu", "xu", "yang", "yoon", "zhang",
    "zhao", "zheng", "zhou", "zhu",
];

/// A person's form without titles.
struct Person<'f> {
    form: usize,
    of: &'f Form,
    names: &'f [String],
    suffix: Option<&'f str>,
    /// Whether a title or number says that the person reigns and so goes by a first name alone.
    reigns: bool,
}

impl<'f> Person<'f> {
    fn of(id: usize, form: &'f Form) -> Self {
        let mut names = form.names();
        let mut suffix = None;
        if let [rest @ .., last] = names
            && !rest.is_empty()
            && (SUFFIXES.contains(&last.as_str())
                || form.reigns && NUMBERS.contains(&last.as_str()))
        {
            (names, suffix) = (rest, Some(last.as_str()));
        }
        Self {
            form: id,
            of: form,
            names,
            suffix,
            reigns: form.reigns || is_numeral(suffix),
        }
    }

    /// Whether someone who reigns, with only this first name, may be the other.
    fn may_reign(&self, other: &Self) -> bool {
        let numbered = is_numeral(self.suffix);
        other.reigns && (!numbered || self.suffix == other.suffix || other.names.len() == 1)
    }

    /// Whether the two have different suffixes.
    fn clashes(&self, other: &Self) -> bool {
        matches!((self.suffix, other.suffix), (Some(a), Some(b)) if a != b)
    }

    /// The key that only forms of one person share: names, suffix and, for contested names, titles.
    fn key(&self) -> Key<'f> {
        let titles = self.of.is_contested.then_some(&self.of.titles);
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        // "Ishiba Shigeru" is "Shigeru Ishiba", but James Scott is not Scott James.
        if !self.is_of_given_names() {
            names.sort_unstable();
        } else if self.is_turned() {
            names.rotate_left(1);
        }
        (names, self.suffix, titles)
    }

    /// Whether it has two names that may both be first names, so that their order matters.
    fn is_of_given_names(&self) -> bool {
        let mut names = self.names.iter();
        self.names.len() == 2 && names.all(|name| given::gender(name).is_some())
    }

    /// Whether a comma follows the first of its names: `Scott, James`.
    fn is_turned(&self) -> bool {
        let (first, _) = self.spelt().split_once(", ").unwrap_or_default();
        matches!(self.names, [surname, _] if folded_words(first) == [surname.as_str()])
    }

    /// Whether a name is the last one, and neither part of a surname nor a father's.
    fn has_surname(&self, name: &str) -> bool {
        match self.names {
            [_, .., son, last] if last == name => {
                !SON_OF.contains(&son.as_str()) && !self.is_compound(name)
            }
            [.., last] => last == name && !self.is_compound(name),
            [] => false,
        }
    }

    /// Whether a name is the father's alone: `Salman` in `Mohammed bin Salman`.
    fn is_fathers(&self, name: &str) -> bool {
        let mut before = "";
        self.names.iter().all(|own| {
            let is_fathers = own != name || SON_OF.contains(&before);
            before = own;
            is_fathers
        })
    }

    /// Whether a name is the first one, or one in quotes.
    fn has_first_name(&self, name: &str) -> bool {
        // "Trump Jr." has no first name, "Charles III" has one.
        let has_first = self.names.len() > 1 || is_numeral(self.suffix);
        let first = has_first && self.names.first().is_some_and(|first| first == name);
        let quotes = ['"', '“', '”', '\'', '‘', '’'];
        let mut parts = self
            .spelt()
            .split(' ')
            .filter(|part| part.starts_with(quotes) || part.ends_with(quotes));
        let quoted = parts.any(|part| folded_words(part) == [name]);
        (first || quoted) && !self.is_compound(name)
    }

    /// Its first spelling.
    fn spelt(&self) -> &'f str {
        let spelt = self.of.spellings.first();
        spelt.map_or("", |(spelt, _)| spelt.as_str())
    }

    /// Whether a hyphen joins a name with another one: `Hall` in `Dewsbury-Hall`.
    fn is_compound(&self, name: &str) -> bool {
        let parts = self.spelt().split(' ');
        let mut parts = parts.filter(|part| part.contains(['-', '‑', '–']));
        parts.any(|part| {
            let parts = folded_words(part);
            let others = || parts.iter().filter(|part| *part != name);
            parts.iter().any(|part| part == name)
                && others().any(|other| other.chars().count() > JOINER)
        })
    }

    /// Initials and surname, of a name with nothing else: `J. A. Root`, `JA Root`, `Root J.A.`.
    fn initials(&self) -> Option<(Vec<String>, &'f str)> {
        let (surname, others) = match self.names {
            [last] | [.., last] if self.names.len() < 2 || !self.is_initials(last) => {
                self.names.split_last()?
            }
            _ => self.names.split_first()?,
        };
        if others.is_empty() || !others.iter().all(|name| self.is_initials(name)) {
            return None;
        }
        let initials = others
            .iter()
            .flat_map(|name| match DIGRAPHS.contains(&name.as_str()) {
                true => vec![name.clone()],
                false => name.chars().map(String::from).collect(),
            });
        Some((initials.collect(), surname))
    }

    /// Whether a name is a single letter, or a few in capitals in a spelling with small letters.
    fn is_initials(&self, name: &str) -> bool {
        let letters = name.chars().count();
        let spelt = self.spelt();
        let mut parts = spelt.split(' ').filter(|part| folded_words(part) == [name]);
        letters == 1
            || letters <= 3
                && !POLICE.contains(&name)
                && spelt.contains(char::is_lowercase)
                && parts.any(|part| {
                    !part.contains(char::is_lowercase)
                        || DIGRAPHS.contains(&name) && part.ends_with('.')
                })
    }

    /// Whether initials and a surname abbreviate this full name; either may have more first names.
    fn is_abbreviated_by(&self, initials: &[String], surname: &str) -> bool {
        let [given @ .., last] = self.names else {
            return false;
        };
        let mut pairs = initials.iter().zip(given);
        last == surname
            && !given.is_empty()
            && pairs.all(|(initial, name)| name.starts_with(initial.as_str()))
    }
}

/// Names in a comparable order, suffix and titles.
type Key<'f> = (Vec<&'f str>, Option<&'f str>, Option<&'f Titles>);

/// Whether a suffix is a monarch's or pope's number.
fn is_numeral(suffix: Option<&str>) -> bool {
    suffix.is_some_and(|suffix| !matches!(suffix, "jr" | "sr"))
}

/// What all forms of a full name say of the person.
#[derive(Clone, Default)]
struct Bearer {
    titles: Titles,
    /// The index of the first span.
    first: usize,
}

/// Joins the forms of each person. Ambiguous forms go to `open`, with the forms that they may mean.
pub(super) fn link(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    let people = ids.iter().map(|&id| Person::of(id, &forms[id]));
    let mut people: Vec<Person<'_>> = people.filter(|p| !p.names.is_empty()).collect();
    people.sort_by_key(|p| (Reverse(p.names.len()), p.form));
    let mut same: Map<Key<'_>, usize> = Map::default();
    let mut with: Map<&str, Vec<usize>> = Map::default();
    let mut by_initials: Map<String, Vec<usize>> = Map::default();
    for (at, person) in people.iter().enumerate() {
        let first = *same.entry(person.key()).or_insert(at);
        links.join(people[first].form, person.form);
        let is_new = first == at || people[first].names != person.names;
        if is_new && (person.names.len() > 1 || person.suffix.is_some()) {
            for name in person.names {
                with.entry(name).or_default().push(at);
            }
            let initials = person.names.iter().filter_map(|n| n.chars().next());
            by_initials.entry(initials.collect()).or_default().push(at);
        }
    }
    let shared = |name: &str| {
        let found = with.get(name).map(Vec::as_slice);
        found
            .filter(|found| found.len() <= SHARED)
            .unwrap_or_default()
    };
    full_names(&people, shared, links, open);
    let bearers = bearers(&people, links);
    let singles = || people.iter().filter(|p| p.names.len() == 1);
    let reigning = singles().filter(|p| p.reigns);
    let reigning: HashSet<&[String], RandomState> = reigning.map(|p| p.names).collect();
    let ranked = singles().filter(|p| p.of.titles.is_ranked());
    let ranked: HashSet<&[String], RandomState> = ranked.map(|p| p.names).collect();
    let mut below: Map<&[String], usize> = Map::default();
    for person in singles() {
        let first = below.entry(person.names).or_insert(usize::MAX);
        *first = forms[links.root(person.form)].below.min(*first);
    }
    let mixed = mixed(&people);
    let mut alone: Vec<&Person<'_>> = Vec::new();
    for person in singles() {
        let [name] = person.names else { continue };
        let titles = &person.of.titles;
        let reigns = reigning.contains(person.names);
        let is_ranked = ranked.contains(person.names);
        // "Trump and his wife, Melania Trump": a surname mentioned before a relative is not hers.
        let before = below.get(person.names).copied().unwrap_or(usize::MAX);
        let others = |at: usize| {
            let known = &bearers[at];
            let first = people[at].of.first();
            let is_hers =
                person.of.is_contested && known.titles.agree(titles) && first < person.of.below;
            people[at].of.titles.is_kin && before < first && !is_hers
        };
        let mut found: Vec<usize> = shared(name).to_vec();
        found.retain(|&at| {
            let p = &people[at];
            // "King Salman" is the father of Mohammed bin Salman.
            let is_child = is_ranked && p.is_fathers(name);
            p.form != person.form
                && !is_child
                && !p.clashes(person)
                && !others(at)
                && (!reigns || person.may_reign(p))
                && !bearers[at].titles.differ(titles)
                // "She is survived by a daughter, Jane": a new person, not one named before.
                && !(titles.is_new && bearers[at].first < person.of.first())
        });
        prefer(&mut found, |at| {
            person.suffix.is_some() && people[at].suffix == person.suffix
        });
        prefer(&mut found, |at| bearers[at].titles.share(titles));
        if titles.is_married() {
            prefer(&mut found, |at| !bearers[at].titles.is_born);
        }
        let surname = |p: &Person<'_>| p.has_surname(name);
        let first = |p: &Person<'_>| p.has_first_name(name);
        let is_family = FAMILIES.contains(&name.as_str());
        let is_family = is_family
            && found
                .iter()
                .all(|&at| people[at].names.first() == Some(name));
        // "Sir" stands before a first name.
        if titles.knighted() {
            prefer(&mut found, |at| first(&people[at]));
        }
        prefer(&mut found, |at| surname(&people[at]));
        let is_surname = found.iter().any(|&at| surname(&people[at]));
        prefer(&mut found, |at| first(&people[at]));
        let is_mixed = mixed.contains(name.as_str()) && titles.is_man().is_some();
        if is_mixed {
            prefer(&mut found, |at| bearers[at].titles.agree(titles));
        }
        let is_any = found.iter().all(|&at| bearers[at].titles.agree(titles));
        let acronym = &person.of.acronym;
        match &links.roots(found.iter().map(|&at| people[at].form))[..] {
            [one] => links.join(*one, person.form),
            [_, ..] if is_mixed && !is_any => alone.push(person),
            several @ [_, ..] if is_surname || is_family => {
                open.push((person.form, several.to_vec()));
            }
            [_, ..] => {}
            [] if !acronym.is_empty() => {
                let found = by_initials.get(acronym).into_iter().flatten();
                if let [one] = links.roots(found.map(|&at| people[at].form).collect::<Vec<_>>())[..]
                {
                    links.join(one, person.form);
                }
            }
            [] if person.of.is_contested => alone.push(person),
            [] => {}
        }
    }
    join_alone(&alone, links, open);
}

/// Joins full names with fuller ones, and initials with full names.
fn full_names<'p>(
    people: &[Person<'p>],
    shared: impl Fn(&str) -> &'p [usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    let initials: Vec<_> = people.iter().map(Person::initials).collect();
    for (at, person) in people.iter().enumerate() {
        let [first, .., last] = person.names else {
            continue;
        };
        let spelt = initials[at].iter().flat_map(|(letters, surname)| {
            let found = shared(surname).iter().copied();
            found.filter(|&other| {
                let full = &people[other];
                initials[other].is_none()
                    && full.is_abbreviated_by(letters, surname)
                    && !person.clashes(full)
                    && !person.of.titles.differ(&full.of.titles)
            })
        });
        let mut found: Vec<usize> = spelt.collect();
        if found.is_empty() {
            let fuller = shared(last).iter().chain(shared(first)).copied();
            let fuller = fuller.filter(|&other| {
                // Initials may stand for several people.
                let is_full = initials[at].is_some() || initials[other].is_none();
                other != at && is_full && fuller_name(person, &people[other])
            });
            found.extend(fuller);
        }
        match &links.roots(found.into_iter().map(|other| people[other].form))[..] {
            [] => {}
            [one] => links.join(*one, person.form),
            several => open.push((person.form, several.to_vec())),
        }
    }
}

/// The [`Bearer`] of each form; empty for forms of one word.
fn bearers(people: &[Person<'_>], links: &mut Links) -> Vec<Bearer> {
    let full = |p: &&Person<'_>| p.names.len() > 1;
    let mut known: Map<usize, Bearer> = Map::default();
    for person in people.iter().filter(full) {
        let first = person.of.first();
        let bearer = known.entry(links.root(person.form)).or_insert(Bearer {
            titles: Titles::default(),
            first,
        });
        bearer.first = bearer.first.min(first);
        bearer.titles.add(&person.of.titles);
    }
    for person in people.iter().filter(full) {
        if let Some(bearer) = known.get_mut(&links.root(person.form))
            && bearer.titles.is_man().is_none()
            && let Some(given) = person.names.first()
        {
            bearer.titles.add(&Titles::of_given(given));
        }
    }
    let mut of = |person: &Person<'_>| known.get(&links.root(person.form)).cloned();
    people.iter().map(|p| of(p).unwrap_or_default()).collect()
}

/// Single names that stand for both a man and a woman.
fn mixed<'p>(people: &[Person<'p>]) -> HashSet<&'p str, RandomState> {
    let mut men: HashSet<&str, RandomState> = HashSet::default();
    let mut women = men.clone();
    for person in people {
        if let [name] = person.names {
            match person.of.titles.is_man() {
                Some(true) => men.insert(name),
                Some(false) => women.insert(name),
                None => false,
            };
        }
    }
    men.retain(|name| women.contains(name));
    men
}

/// Keeps only those that fit, if any do.
fn prefer(found: &mut Vec<usize>, fits: impl Fn(usize) -> bool) {
    if found.iter().any(|&at| fits(at)) {
        found.retain(|&at| fits(at));
    }
}

/// Joins forms of the same single name that match no full name: men with men, women with women, saints
/// with saints, and the others with the man or woman, if there is only one.
fn join_alone(alone: &[&Person<'_>], links: &mut Links, open: &mut Vec<(usize, Vec<usize>)>) {
    let mut groups: Map<_, [Vec<usize>; 4]> = Map::default();
    for person in alone {
        let titles = &person.of.titles;
        let group = match titles.is_man() {
            Some(true) => 0,
            Some(false) => 1,
            None if titles.is_saint() => 3,
            None => 2,
        };
        let key = (person.names, person.suffix);
        groups.entry(key).or_default()[group].push(person.form);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_unstable();
    for group in groups {
        for pair in group.iter().flat_map(|group| group.windows(2)) {
            if let [a, b] = pair {
                links.join(*a, *b);
            }
        }
        let [men, women, others, _] = group;
        match (men.first(), women.first(), others.first()) {
            (Some(&man), Some(&woman), Some(_)) => {
                open.extend(others.into_iter().map(|form| (form, vec![man, woman])));
            }
            (Some(&one), None, Some(&other)) | (None, Some(&one), Some(&other)) => {
                links.join(one, other);
            }
            _ => {}
        }
    }
}

/// Whether `full` is the same name with more words, or with words for initials: `John Smith` or `J. A.
/// Smith` for `John A. Smith`. A relative with more names is someone else.
fn fuller_name(short: &Person<'_>, full: &Person<'_>) -> bool {
    let longer = short.names.len() < full.names.len();
    if short.clashes(full)
        || short.of.titles.differ(&full.of.titles)
        || short.names.len() > full.names.len()
        || longer && full.of.titles.is_kin && !short.of.titles.is_kin
    {
        return false;
    }
    let mut left = full.names.iter();
    let mut spelt = 0;
    for (at, name) in short.names.iter().enumerate() {
        let first = at == 0;
        let found = left.find(|other| {
            name == *other
                || is_initial(name, other)
                || is_initial(other, name)
                || first && is_pet_name(name, other)
        });
        match found {
            Some(other) => spelt += usize::from(other == name && name.chars().count() > 1),
            None => return false,
        }
    }
    spelt > 0 && (longer || spelt < short.names.len())
}

/// Whether a word is the initial of another.
fn is_initial(short: &str, long: &str) -> bool {
    short.chars().count() == 1 && long.starts_with(short)
}

/// Whether a first name is the start of another (`Mitch`, `Mitchell`).
fn is_pet_name(short: &str, long: &str) -> bool {
    short.chars().count() >= 3 && long.starts_with(short)
}
