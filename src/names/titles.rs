//! What stands before people's names, and what it tells of who is meant.

use std::collections::HashSet;

use ahash::RandomState;

use super::form::{Form, Kind, Map};
use super::given;

/// Titles read before a name, the nearest ones.
const NEAREST: usize = 4;

/// Titles of one name that are told apart.
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

/// Titles that are written short, with a full stop or without.
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

/// Relatives who may share more than a surname.
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

/// How many words of a person's name are titles before it.
pub(super) fn count(words: &[String]) -> usize {
    let titles = words.iter().take_while(|w| TITLES.contains(&w.as_str()));
    titles.count().min(words.len().saturating_sub(1))
}

/// Whether a word is a title that tells nothing of what a person is called: `Mr`, `Dr.`, `Sir`.
pub(super) fn is_courtesy(word: &str) -> bool {
    let word = word.strip_suffix('.').unwrap_or(word).to_lowercase();
    COURTESY.contains(&word.as_str())
        || matches!(
            word.as_str(),
            "dr" | "prof" | "professor" | "sir" | "dame" | "shri" | "smt"
        )
}

/// What the words before mentions say of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Titles {
    man: bool,
    woman: bool,
    /// Whether someone's relative: `her mother, Ann Bell`.
    pub(super) is_kin: bool,
    /// Whether a relative who was not spoken of before: `a daughter, Ann`.
    pub(super) is_new: bool,
    /// Whether someone's daughter or sister, who is called so by birth.
    pub(super) is_born: bool,
    /// The titles themselves: `president`, `mr`.
    ranks: Vec<String>,
}

impl Titles {
    /// Of one mention: from the text before it, and the words of its form.
    pub(super) fn of(before: &str, words: &[String]) -> Self {
        let inside = words.iter().take(count(words)).map(String::as_str);
        let outside = words_before(before);
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

    /// Of someone with this first name.
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

    /// Adds what stands before other mentions.
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

    /// Whether it is known that a man is meant, or a woman; not where the text says both.
    pub(super) fn is_man(&self) -> Option<bool> {
        (self.man != self.woman).then_some(self.man)
    }

    /// Whether one is of a man and the other of a woman.
    pub(super) fn differ(&self, other: &Self) -> bool {
        matches!((self.is_man(), other.is_man()), (Some(a), Some(b)) if a != b)
    }

    /// Whether both are of men, or of women.
    pub(super) fn agree(&self, other: &Self) -> bool {
        self.is_man().is_some() && self.is_man() == other.is_man()
    }

    /// Whether a title is the same.
    pub(super) fn share(&self, other: &Self) -> bool {
        self.ranks.iter().any(|rank| other.ranks.contains(rank))
    }

    /// Whether the title goes before a first name: `Sir John`.
    pub(super) fn knighted(&self) -> bool {
        let knight = |rank: &String| matches!(rank.as_str(), "sir" | "dame");
        self.ranks.iter().any(knight)
    }

    /// Whether a married woman is meant, whose husband may be called so.
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

/// Names by themselves that need what stands before each mention to tell whom it means: of
/// several people who bear them, or of a man and a woman.
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

/// What is said of all who bear a name.
#[derive(Default)]
struct Seen {
    is_alone: bool,
    /// Before the name by itself.
    alone: Titles,
    bearers: usize,
    /// Of those who bear it as a surname.
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

/// The titles at the end of a text, small.
fn words_before(before: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut rest = before;
    while titles.len() < NEAREST
        && let Some(spaced) = rest.strip_suffix(' ')
    {
        let plain = spaced.strip_suffix('.');
        let word = last_word(plain.unwrap_or(spaced)).to_lowercase();
        // A full stop behind a long title ends a sentence.
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

/// A title as it is written in full.
fn in_full(title: &str) -> &str {
    let long = SHORT.iter().find(|(short, _)| *short == title);
    long.map_or(title, |(_, long)| long)
}

/// The word for a relative at the end of what is before a name.
fn relative(before: &str) -> Option<&'static str> {
    let word = last_word(behind_comma(before));
    KIN.iter().find(|kin| **kin == word).copied()
}

/// Whether the relative is one of some who are not known: `a daughter`.
fn is_new(before: &str) -> bool {
    let before = behind_comma(before);
    let before = before.strip_suffix(last_word(before)).unwrap_or(before);
    let article = last_word(before.strip_suffix(' ').unwrap_or(before));
    matches!(article, "a" | "one" | "another")
}

fn behind_comma(before: &str) -> &str {
    let before = before.strip_suffix(' ').unwrap_or(before);
    before.strip_suffix(',').unwrap_or(before)
}

/// The word at the end of a text.
pub(super) fn last_word(text: &str) -> &str {
    let word = text.rsplit(|c: char| !c.is_alphabetic()).next();
    word.unwrap_or_default()
}
