//! Organisations, places and other names: short forms of long ones.

use super::acronym::{self, is_small};
use super::country;
use super::flight;
use super::form::{Form, Kind, Map};
use super::links::Links;

/// Names with a word in common that are compared; a word in more of them tells nothing.
const SHARED: usize = 64;

/// Words behind a company's, party's or club's own name.
const BODIES: &[&str] = &[
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "llp",
    "plc",
    "ag",
    "gmbh",
    "se",
    "sa",
    "s",
    "nv",
    "bv",
    "oy",
    "ab",
    "as",
    "asa",
    "spa",
    "kft",
    "pty",
    "group",
    "holding",
    "holdings",
    "party",
    "airlines",
    "airline",
    "airways",
    "air",
    "us",
    "corps",
    "force",
    "motor",
    "motors",
    "entertainment",
    "society",
    "institution",
    "usa",
    "international",
    "technologies",
    "systems",
    "pictures",
    "records",
    "industries",
    "enterprises",
    "partners",
    "fc",
    "afc",
    "cf",
    "club",
    "united",
    "city",
    "government",
    "organisation",
    "organization",
    "association",
    "university",
    "college",
    "a",
    "movement",
    "samithi",
];

/// Words behind a place's own name.
const PLACES: &[&str] = &[
    "sea",
    "ocean",
    "islands",
    "mountains",
    "mountain",
    "river",
    "desert",
    "peninsula",
    "strait",
    "dc",
];

/// Words before a place's own name: `Islamic Republic of`.
const STATES: &[&str] = &[
    "republic",
    "kingdom",
    "commonwealth",
    "sultanate",
    "emirate",
    "principality",
    "duchy",
    "federation",
];

/// Buildings and lines that are named by their kind alone when it is clear which is meant.
const BUILDINGS: &[&str] = &[
    "embassy",
    "hall",
    "station",
    "underground",
    "airport",
    "palace",
    "stadium",
    "cathedral",
    "mosque",
    "hospital",
    "prison",
    "bridge",
    "tower",
    "museum",
    "channel",
    "canal",
    "capitol",
];

const STORMS: &[&str] = &[
    "hurricane",
    "typhoon",
    "cyclone",
    "storm",
    "tropical",
    "superstorm",
];

/// Words before a ship's name.
const SHIPS: &[&str] = &["mv", "uss", "hms", "ss", "ms", "rms", "hmas"];

/// Joins the forms of one name. What may mean several goes to `open`.
pub(super) fn link(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    aliases(forms, ids, links);
    same_words(forms, ids, links);
    storms(forms, ids, links);
    acronym::link(forms, ids, links);
    acronym::link_partly(forms, ids, links);
    flight::link(forms, ids, links);
    contained(forms, ids, links, open);
}

/// `UK` and `Britain`.
fn aliases(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut same: Map<&str, usize> = Map::default();
    for &id in ids {
        if let Some(alias) = country::alias(&forms[id].words.concat()) {
            links.join(*same.entry(alias).or_insert(id), id);
        }
    }
}

/// `US Department of State`, `Department of State` and `State Department`.
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

/// The words of a name that are not small, in alphabetical order.
fn content(form: &Form) -> Vec<&str> {
    let words = form.words.iter().map(|word| match form.kind {
        Kind::Organisation => land(stem(word)),
        _ => word.as_str(),
    });
    let mut words: Vec<&str> = words.filter(|word| !is_small(word)).collect();
    words.sort_unstable();
    words
}

/// `Tropical Storm Ida` and `Hurricane Ida`.
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

/// The land that an adjective is of, near enough to compare by: `Iraqi`, `Tunisian`.
fn land(word: &str) -> &str {
    let land = word
        .strip_suffix('i')
        .or_else(|| word.strip_suffix('n').filter(|l| l.ends_with('a')));
    land.filter(|land| land.len() > 3).unwrap_or(word)
}

fn contained(
    forms: &[Form],
    ids: &[usize],
    links: &mut Links,
    open: &mut Vec<(usize, Vec<usize>)>,
) {
    let mut with: Map<&str, Vec<usize>> = Map::default();
    for &id in ids {
        let mut words: Vec<&str> = forms[id].words.iter().map(String::as_str).collect();
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
            .filter_map(|word| with.get(word.as_str()))
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

/// A word without a plural's s, so that `Railway` and `Railways` are the same.
fn stem(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 4 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

/// Whether a short form starts and ends as a long one does and lacks words between:
/// `Calicut Airport` for `Calicut International Airport`.
fn leaves_out(a: &[String], b: &[String]) -> bool {
    let mut left = b.iter();
    a.len() > 1
        && a.first() == b.first()
        && a.last() == b.last()
        && a.iter().all(|word| left.any(|other| word == other))
}

/// How well a short form fits a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    Likely,
    Sure,
}

pub(super) fn is_short_for(short: &Form, long: &Form) -> Fit {
    let (a, b) = (&short.words[..], &long.words[..]);
    if a.len() >= b.len() || a.is_empty() {
        return Fit::No;
    }
    let later = short.first() > long.first();
    let one_of =
        |words: &[String], of: &[&str]| words.iter().all(|word| of.contains(&word.as_str()));
    let behind = b.strip_prefix(a);
    let before = b.strip_suffix(a);
    let inland = a.len() > 1 && b.iter().filter(|word| !country::is_part(word)).eq(a);
    let (sure, likely) = match long.kind {
        Kind::Person => (false, false),
        Kind::Organisation => {
            let own = b.iter().take_while(|word| country::is_part(word)).count();
            let behind = behind.or_else(|| b[own..].strip_prefix(a));
            let body = behind.is_some_and(|rest| one_of(rest, BODIES));
            let of = behind.is_some_and(|rest| {
                let skip = usize::from(rest.len() > 2 && BODIES.contains(&rest[0].as_str()));
                rest.len() > 1 && matches!(rest[skip].as_str(), "of" | "for" | "on")
            });
            let country = before.is_some_and(|rest| rest.iter().all(|word| country::is_part(word)));
            let last = before.is_some_and(|rest| {
                // The House is not the White House; an acronym is whole as it is.
                let joint = rest.last().is_some_and(|word| is_small(word) || word == "white");
                let seat = matches!(rest, [kind, of] if of == "of" && matches!(kind.as_str(), "university" | "college"));
                (later || a.len() > 1) && (seat || !joint && !short.is_acronym())
            });
            let shorter = later && leaves_out(a, b);
            (body || country || inland, of || last || shorter)
        }
        Kind::Place => {
            let own = behind.is_some_and(|rest| one_of(rest, PLACES));
            let is_building = |name: &[String]| {
                let kind = name.last();
                kind.is_some_and(|kind| BUILDINGS.contains(&kind.as_str()))
            };
            let building = later && before.is_some() && is_building(a);
            let bare = short.stands_at && behind.is_some_and(is_building);
            let shorter = is_building(b) && leaves_out(a, b);
            let state = before.is_some_and(|rest| {
                let rest = match rest {
                    [rest @ .., the] if the == "the" => rest,
                    rest => rest,
                };
                matches!(rest, [.., state, of] if of == "of" && STATES.contains(&state.as_str()))
            });
            (own || state, building || bare || shorter)
        }
        Kind::Other => {
            let year = |rest: &[String]| matches!(rest, [year] if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()));
            let people = ["tribe", "nation", "people"];
            let tribe = later && behind.is_some_and(|rest| one_of(rest, &people));
            let number = later && a[0].starts_with(|c: char| c.is_ascii_digit());
            let storm = before.is_some_and(|rest| one_of(rest, STORMS) || one_of(rest, SHIPS));
            let edition = behind.or(before).is_some_and(year);
            let tail = later && a.len() > 1 && before.is_some();
            let of = later
                && a.len() > 1
                && behind.is_some_and(|rest| matches!(rest[0].as_str(), "of" | "at"));
            (
                storm || inland,
                edition || tribe || tail || of || number && before.is_some(),
            )
        }
    };
    match (sure, likely) {
        (true, _) => Fit::Sure,
        (_, true) => Fit::Likely,
        _ => Fit::No,
    }
}
