//! Titles and other words before people's names, and what they tell of who is meant.

use std::collections::HashSet;

use ahash::RandomState;

use super::form::{Form, Kind, Map};
use super::given;

/// The most titles read before a name, from the nearest.
const NEAREST: usize = 4;

/// The most different titles kept of a name.
const RANKS: usize = 16;

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
    "kanzler",
    "taoiseach",
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
    "datuk",
    "tun",
    "shri",
    "smt",
    "maulana",
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

/// Abbreviated titles, written with or without a full stop, and the full ones.
const SHORT: &[(&str, &str)] = &[
    ("mr", "mr"),
    ("mrs", "mrs"),
    ("ms", "ms"),
    ("dr", "dr"),
    ("prof", "professor"),
    ("sen", "senator"),
    ("rep", "representative"),
    ("gov", "governor"),
    ("gen", "general"),
    ("col", "colonel"),
    ("maj", "major"),
    ("capt", "captain"),
    ("lt", "lieutenant"),
    ("sgt", "sergeant"),
    ("cpl", "cpl"),
    ("rev", "reverend"),
    ("st", "saint"),
    ("smt", "smt"),
];

/// Titles that everybody may have.
const COURTESY: &[&str] = &["mr", "mrs", "ms", "miss", "mx"];

const MEN: &[&str] = &[
    "mr",
    "sir",
    "lord",
    "king",
    "prince",
    "emperor",
    "pope",
    "congressman",
    "shri",
    "father",
    "son",
    "grandfather",
    "grandson",
    "husband",
    "widower",
    "brother",
];

const WOMEN: &[&str] = &[
    "mrs",
    "ms",
    "miss",
    "dame",
    "lady",
    "baroness",
    "queen",
    "princess",
    "congresswoman",
    "smt",
    "mother",
    "sister",
    "daughter",
    "grandmother",
    "granddaughter",
    "wife",
    "widow",
];

/// Relatives, who may share more than a surname.
const KIN: &[&str] = &[
    "mother",
    "father",
    "son",
    "daughter",
    "grandmother",
    "grandfather",
    "grandson",
    "granddaughter",
    "wife",
    "husband",
    "widow",
    "widower",
    "brother",
    "sister",
];

/// How many words at the start of a person's name are titles; never all of them.
pub(super) fn count(words: &[String]) -> usize {
    let titles = words.iter().take_while(|w| TITLES.contains(&w.as_str()));
    titles.count().min(words.len().saturating_sub(1))
}

/// Whether a word is a title that anyone may have: `Mr`, `Dr.`, `Sir`.
pub(super) fn is_courtesy(word: &str) -> bool {
    let word = word.strip_suffix('.').unwrap_or(word).to_lowercase();
    COURTESY.contains(&word.as_str())
        || matches!(
            word.as_str(),
            "dr" | "prof" | "professor" | "sir" | "dame" | "shri" | "smt"
        )
}

/// What the words before a person's mentions say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Titles {
    man: bool,
    woman: bool,
    /// A relative of someone: `her mother, Ann Bell`.
    pub(super) is_kin: bool,
    /// A relative not mentioned before: `a daughter, Ann`.
    pub(super) is_new: bool,
    /// A daughter or sister, who has the surname by birth.
    pub(super) is_born: bool,
    /// The titles themselves: `president`, `mr`.
    ranks: Vec<String>,
}

impl Titles {
    /// The titles of one mention: from the text before it, and the words of its form.
    pub(super) fn of(before: &str, words: &[String]) -> Self {
        let inside = words.iter().take(count(words)).map(String::as_str);
        let outside = titles_before(before);
        let mut titles = Self::default();
        titles.read(outside.iter().map(String::as_str).chain(inside));
        if let Some(kin) = relative(before) {
            titles.is_kin = true;
            titles.is_new = is_new(before);
            titles.is_born = matches!(kin, "daughter" | "granddaughter" | "sister");
            titles.man |= MEN.contains(&kin);
            titles.woman |= WOMEN.contains(&kin);
        }
        titles
    }

    /// The gender that a first name tells.
    pub(super) fn of_given(name: &str) -> Self {
        let gender = given::gender(name);
        Self {
            man: gender == Some(given::Gender::Man),
            woman: gender == Some(given::Gender::Woman),
            ..Self::default()
        }
    }

    fn read<'t>(&mut self, words: impl Iterator<Item = &'t str>) {
        let mut rank: Vec<&str> = Vec::new();
        for word in words {
            self.man |= MEN.contains(&word);
            self.woman |= WOMEN.contains(&word);
            if !KIN.contains(&word) && word != "former" {
                rank.push(in_full(word));
            }
        }
        if !rank.is_empty() {
            self.ranks.push(rank.join(" "));
        }
    }

    /// Adds the titles of other mentions.
    pub(super) fn add(&mut self, other: &Self) {
        self.man |= other.man;
        self.woman |= other.woman;
        self.is_kin |= other.is_kin;
        self.is_new |= other.is_new;
        self.is_born |= other.is_born;
        for rank in &other.ranks {
            if self.ranks.len() < RANKS && !self.ranks.contains(rank) {
                self.ranks.push(rank.clone());
            }
        }
    }

    /// Whether a man is meant, or a woman; `None` where the text says neither or both.
    pub(super) fn is_man(&self) -> Option<bool> {
        (self.man != self.woman).then_some(self.man)
    }

    /// Whether one is a man and the other a woman.
    pub(super) fn differ(&self, other: &Self) -> bool {
        matches!((self.is_man(), other.is_man()), (Some(a), Some(b)) if a != b)
    }

    /// Whether both are men, or both women.
    pub(super) fn agree(&self, other: &Self) -> bool {
        self.is_man().is_some() && self.is_man() == other.is_man()
    }

    /// Whether both have a title in common.
    pub(super) fn share(&self, other: &Self) -> bool {
        self.ranks.iter().any(|rank| other.ranks.contains(rank))
    }

    /// Whether a title stands before first names: `Sir John`.
    pub(super) fn knighted(&self) -> bool {
        let knight = |rank: &String| matches!(rank.as_str(), "sir" | "dame");
        self.ranks.iter().any(knight)
    }

    /// Whether a married woman is meant, whose husband may have the name too.
    pub(super) fn is_married(&self) -> bool {
        self.ranks.iter().any(|rank| rank == "mrs")
    }

    /// Whether a title says more than that someone is a man or a woman.
    pub(super) fn is_ranked(&self) -> bool {
        let mut ranks = self.ranks.iter();
        ranks.any(|rank| !COURTESY.contains(&rank.as_str()))
    }

    pub(super) fn is_saint(&self) -> bool {
        self.ranks.iter().any(|rank| rank == "saint")
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Single names whose mentions only the words before them tell apart: several people bear the name, or a
/// man and a woman do.
pub(super) fn contested(forms: &[Form]) -> HashSet<String, RandomState> {
    let mut seen: Map<&str, Seen> = Map::default();
    for form in forms.iter().filter(|form| form.kind == Kind::Person) {
        match form.names() {
            [name] => {
                let seen = seen.entry(name).or_default();
                seen.is_alone = true;
                seen.alone.add(&form.titles);
            }
            [first, .., last] => {
                seen.entry(first).or_default().bearers += 1;
                let seen = seen.entry(last).or_default();
                seen.bearers += 1;
                match form.titles.is_man() {
                    Some(_) => seen.bearing.add(&form.titles),
                    None => seen.bearing.add(&Titles::of_given(first)),
                }
            }
            [] => {}
        }
    }
    let contested = seen.into_iter().filter(|(_, seen)| seen.is_contested());
    contested.map(|(name, _)| name.to_owned()).collect()
}

/// What the document says of all bearers of a name.
#[derive(Default)]
struct Seen {
    /// Whether the name occurs by itself.
    is_alone: bool,
    /// Titles before the name by itself.
    alone: Titles,
    /// Full names that start or end with it.
    bearers: usize,
    /// Titles of those who bear it as a surname.
    bearing: Titles,
}

impl Seen {
    fn is_contested(&self) -> bool {
        let alone = &self.alone;
        let man = alone.man || self.bearing.man;
        let woman = alone.woman || self.bearing.woman;
        let titled = !alone.is_empty();
        let genders = (alone.man || alone.woman) && man && woman;
        let saint = alone.is_saint() && alone.ranks.len() > 1;
        self.is_alone && titled && (self.bearers > 1 || genders || saint || alone.is_new)
    }
}

/// The titles at the end of a text, in lower case.
fn titles_before(before: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut rest = before;
    while titles.len() < NEAREST
        && let Some(spaced) = rest.strip_suffix(' ')
    {
        let plain = spaced.strip_suffix('.');
        let word = last_word(plain.unwrap_or(spaced)).to_lowercase();
        // A full stop after a full title ends a sentence.
        let short = SHORT.iter().any(|(short, _)| *short == word);
        if !TITLES.contains(&word.as_str()) || plain.is_some() && !short {
            break;
        }
        let spaced = plain.unwrap_or(spaced);
        rest = spaced.strip_suffix(last_word(spaced)).unwrap_or(spaced);
        titles.push(word);
    }
    titles.reverse();
    titles
}

/// A title written in full.
fn in_full(title: &str) -> &str {
    let long = SHORT.iter().find(|(short, _)| *short == title);
    long.map_or(title, |(_, long)| long)
}

/// The word for a relative at the end of the text before a name.
fn relative(before: &str) -> Option<&'static str> {
    let word = last_word(without_comma(before));
    KIN.iter().find(|kin| **kin == word).copied()
}

/// Whether the relative has an indefinite article: `a daughter`.
fn is_new(before: &str) -> bool {
    let before = without_comma(before);
    let before = before.strip_suffix(last_word(before)).unwrap_or(before);
    let article = last_word(before.strip_suffix(' ').unwrap_or(before));
    matches!(article, "a" | "one" | "another")
}

/// The text before a name without a comma and blank at its end.
fn without_comma(before: &str) -> &str {
    let before = before.strip_suffix(' ').unwrap_or(before);
    before.strip_suffix(',').unwrap_or(before)
}

/// The word at the end of a text.
pub(super) fn last_word(text: &str) -> &str {
    let word = text.rsplit(|c: char| !c.is_alphabetic()).next();
    word.unwrap_or_default()
}
