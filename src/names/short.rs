//! Whether a form of an organisation, place or other name is short for a longer one.

use super::acronym::is_small;
use super::country;
use super::form::{self, Form, Kind};
use crate::place;

/// Words after a company's, party's or club's own name, besides [`LEGAL`].
const BODIES: &[&str] = &[
    "s",
    "as",
    "party",
    "airlines",
    "airline",
    "airways",
    "air",
    "lines",
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

/// Legal forms and such, which end a company's name.
const LEGAL: &[&str] = &[
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
    "nv",
    "bv",
    "oy",
    "ab",
    "asa",
    "spa",
    "kft",
    "pty",
    "group",
    "holding",
    "holdings",
];

/// First words of many names, which are short for none.
const COMMON: &[&str] = &[
    "air",
    "american",
    "bank",
    "capital",
    "central",
    "china",
    "eastern",
    "federal",
    "first",
    "general",
    "global",
    "great",
    "international",
    "national",
    "new",
    "north",
    "northern",
    "public",
    "royal",
    "south",
    "southern",
    "standard",
    "state",
    "union",
    "united",
    "universal",
    "west",
    "western",
    "world",
];

/// Words of ministries, papers and branches, without a plural's s: these are not meant by the name that
/// they are called after.
const BRANCHES: &[&str] = &[
    "academy",
    "administration",
    "advocate",
    "agency",
    "alliance",
    "army",
    "authority",
    "battalion",
    "board",
    "brigade",
    "bulletin",
    "bureau",
    "campaign",
    "center",
    "centre",
    "chronicle",
    "command",
    "commission",
    "committee",
    "conference",
    "congress",
    "council",
    "courier",
    "court",
    "department",
    "dispatch",
    "examiner",
    "federation",
    "foundation",
    "fund",
    "gazette",
    "guard",
    "herald",
    "hospital",
    "house",
    "inquirer",
    "institute",
    "journal",
    "league",
    "media",
    "ministry",
    "museum",
    "music",
    "navy",
    "new",
    "news",
    "observer",
    "office",
    "parliament",
    "police",
    "post",
    "press",
    "research",
    "school",
    "senate",
    "sentinel",
    "service",
    "sport",
    "sports",
    "star",
    "studio",
    "telegraph",
    "time",
    "times",
    "tribune",
    "union",
    "wing",
];

/// Words after a place's own name.
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

/// Waters and lands that are called after countries and regions.
const CALLED_AFTER: &[&str] = &["sea", "ocean", "river", "desert", "peninsula", "strait"];

/// Kinds of states before a country's own name: `Islamic Republic of`.
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

/// Buildings and lines that go by their kind alone when it is clear which is meant.
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

/// Kinds of storms before a storm's name.
pub(super) const STORMS: &[&str] = &[
    "hurricane",
    "typhoon",
    "cyclone",
    "storm",
    "tropical",
    "superstorm",
];

/// Words before a ship's name.
const SHIPS: &[&str] = &["mv", "uss", "hms", "ss", "ms", "rms", "hmas"];

/// Kinds of regions that go by their name alone once they were named in full.
const DIVISIONS: &[&str] = &["county", "district", "parish", "province", "region"];

/// A word without a plural's s: `Railway` and `Railways` are the same.
pub(super) fn stem(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 4 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

/// Whether a short form starts and ends like a long one and lacks words between: `Calicut Airport` for
/// `Calicut International Airport`.
fn leaves_out(a: &[String], b: &[String]) -> bool {
    let mut left = b.iter();
    a.len() > 1
        && a.first() == b.first()
        && a.last() == b.last()
        && a.iter().all(|word| left.any(|other| word == other))
}

/// Whether a short form is a long one without the kind of body after it and words before it:
/// `Revolutionary Guards` for `Islamic Revolutionary Guard Corps`.
fn within(a: &[String], b: &[String]) -> bool {
    let same = |part: &[String]| part.iter().zip(a).all(|(x, y)| stem(x) == stem(y));
    let parts = b.windows(a.len()).enumerate().skip(1);
    a.len() > 1
        && parts.filter(|(_, part)| same(part)).any(|(at, _)| {
            let rest = &b[at + a.len()..];
            let bodies = rest.iter().all(is_body);
            !rest.is_empty() && bodies && !is_small(&b[at - 1])
        })
}

/// Whether a short form is a title up to its colon or comma.
fn is_main_title(short: &Form, long: &Form) -> bool {
    let main = |spelt: &str| {
        let (main, _) = spelt.split_once([':', ','])?;
        Some(form::folded_words(main))
    };
    let mut spellings = long.spellings.iter();
    spellings.any(|(spelt, _)| main(spelt).is_some_and(|main| main == short.words))
}

/// Whether a short form is the beginning of a company's name: `Juniper` for `Juniper Networks Inc.`
fn is_company(short: &Form, long: &Form) -> bool {
    let common = |word: &String| COMMON.contains(&word.as_str()) || place::is_people(word);
    let kind = long.words.last();
    kind.is_some_and(is_legal)
        && long.words.starts_with(&short.words)
        && !is_list(long)
        && !short.is_acronym()
        && !short.words.iter().all(common)
        && !is_place(short)
}

/// Whether an organisation of several words is meant by the beginning of its name: `Lockheed` by
/// `Lockheed Martin`. A ministry, paper or branch is not meant by what it is called after, and an
/// adjective means nothing by itself.
fn is_beginning(short: &Form, long: &Form) -> bool {
    let common = |word: &String| {
        let word = word.as_str();
        COMMON.contains(&word)
            || is_body(word)
            || is_branch(word)
            || country::is_part(word)
            || place::is_people(word)
            || word.ends_with("ic")
            || word.ends_with("al")
    };
    let Some(rest) = long.words.strip_prefix(&short.words[..]) else {
        return false;
    };
    let spelt = long
        .spellings
        .first()
        .map_or("", |(spelt, _)| spelt.as_str());
    // "Pfizer-BioNTech" is two.
    let parts: Vec<&str> = spelt.split(' ').take(short.words.len()).collect();
    !rest.first().is_none_or(|word| is_small(word))
        && !rest.iter().any(is_branch)
        && form::folded_words(&parts.join(" ")) == short.words
        && !is_list(long)
        && !short.is_acronym()
        && !short.words.iter().any(common)
        && country::alias(&short.words.concat()).is_none()
        && !is_place(short)
}

/// Whether a form means a place rather than what is called after it; what was taken for an
/// organisation means only a well-known one.
fn is_place(form: &Form) -> bool {
    match form.kind {
        Kind::Organisation => {
            let mut spellings = form.spellings.iter();
            spellings.any(|(spelt, _)| place::is_well_known(spelt))
        }
        _ => is_large(form),
    }
}

/// Whether a word says that an organisation is a branch of what it is called after, or serves it.
fn is_branch(word: impl AsRef<str>) -> bool {
    BRANCHES.contains(&stem(word.as_ref()))
}

/// Whether one of its spellings is the name of a large place.
fn is_large(form: &Form) -> bool {
    let mut spellings = form.spellings.iter();
    spellings.any(|(spelt, _)| place::is_large(spelt))
}

/// Whether a word is one of [`LEGAL`].
fn is_legal(word: impl AsRef<str>) -> bool {
    LEGAL.contains(&word.as_ref())
}

/// Whether a word is one of [`LEGAL`] or [`BODIES`].
fn is_body(word: impl AsRef<str>) -> bool {
    is_legal(&word) || BODIES.contains(&word.as_ref())
}

/// A name's words without the legal form at its end.
pub(super) fn without_legal(words: &[String]) -> &[String] {
    let legal = words.iter().rev();
    let legal = legal.take_while(|word| is_legal(word));
    &words[..words.len() - legal.count()]
}

/// Whether the last word of a name is a whole one, not part of a word with hyphens: `Mercedes` in
/// `McLaren-Mercedes`.
fn ends_in_whole_word(long: &Form) -> bool {
    let spelt = long.spellings.first();
    let last = spelt.and_then(|(spelt, _)| spelt.rsplit(' ').next());
    last.is_none_or(|last| !last.contains(['-', '‑', '–']))
}

/// Whether a name is a list of several: it has a comma before other words than legal forms.
fn is_list(form: &Form) -> bool {
    let legal = |part: &str| form::folded_words(part).iter().all(is_legal);
    let mut spellings = form.spellings.iter();
    spellings.any(|(spelt, _)| !spelt.split(", ").skip(1).all(legal))
}

/// How well a short form fits a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    Likely,
    Sure,
}

/// How well `short` fits as a short form of `long`, by the rules of the kind of `long`. Some rules do not
/// hold where `short` is mentioned below the headline before `long`.
pub(super) fn is_short_for(short: &Form, long: &Form) -> Fit {
    let (a, b) = (&short.words[..], &long.words[..]);
    if a.len() >= b.len() || a.is_empty() {
        return Fit::No;
    }
    let later = short.below > long.first();
    let one_of =
        |words: &[String], of: &[&str]| words.iter().all(|word| of.contains(&word.as_str()));
    let behind = b.strip_prefix(a);
    let before = b.strip_suffix(a);
    let inland = a.len() > 1 && b.iter().filter(|word| !country::is_part(word)).eq(a);
    let (sure, likely) = match long.kind {
        Kind::Person => (false, false),
        Kind::Organisation => {
            // "Labor" is short for the Australian Labor Party.
            let party = b.last().is_some_and(|word| word == "party");
            let national = |word: &str| country::is_part(word) || party && place::is_people(word);
            let own = b.iter().take_while(|word| national(word)).count();
            let behind = behind.or_else(|| b[own..].strip_prefix(a));
            let body = behind.is_some_and(|rest| rest.iter().all(is_body));
            let of = behind.is_some_and(|rest| {
                let skip = usize::from(rest.len() > 2 && is_body(&rest[0]));
                rest.len() > 1 && matches!(rest[skip].as_str(), "of" | "for" | "on")
            });
            let country = before.is_some_and(|rest| rest.iter().all(|word| country::is_part(word)));
            let last = before.is_some_and(|rest| {
                // The House is not the White House; an acronym is never part of a name.
                let joint = rest.last().is_some_and(|word| is_small(word) || word == "white");
                let seat = matches!(rest, [kind, of] if of == "of" && matches!(kind.as_str(), "university" | "college"));
                (later || a.len() > 1)
                    && (seat || !joint && !short.is_acronym())
                    && (a.len() > 1 || ends_in_whole_word(long))
            });
            let shorter = later && leaves_out(a, b);
            let company = later && (is_company(short, long) || is_beginning(short, long));
            (
                body || country || inland,
                of || last || shorter || company || later && within(a, b),
            )
        }
        Kind::Place => {
            // The Ohio River is not Ohio.
            let own = behind.is_some_and(|rest| {
                one_of(rest, PLACES) && !(one_of(rest, CALLED_AFTER) && is_large(short))
            });
            let is_building = |name: &[String]| {
                let kind = name.last();
                kind.is_some_and(|kind| BUILDINGS.contains(&kind.as_str()))
            };
            let building = later && before.is_some() && is_building(a);
            let bare = short.stands_at && behind.is_some_and(is_building);
            let division =
                |rest: &[String]| matches!(rest, [kind] if DIVISIONS.contains(&kind.as_str()));
            // "Los Angeles" is the city, whatever was said of Los Angeles County.
            let alone = later
                && behind.is_some_and(|rest| division(rest) || a.len() > 1 && is_building(rest))
                && !is_large(short);
            let shorter = is_building(b) && leaves_out(a, b);
            let state = before.is_some_and(|rest| {
                let rest = match rest {
                    [rest @ .., the] if the == "the" => rest,
                    rest => rest,
                };
                matches!(rest, [.., state, of] if of == "of" && STATES.contains(&state.as_str()))
            });
            (own || state, building || bare || alone || shorter)
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
            let title = later && a.len() > 1 && behind.is_some() && is_main_title(short, long);
            (
                storm || inland,
                edition || tribe || tail || of || title || number && before.is_some(),
            )
        }
    };
    match (sure, likely) {
        (true, _) => Fit::Sure,
        (_, true) => Fit::Likely,
        _ => Fit::No,
    }
}
