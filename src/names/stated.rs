//! Joins names that the text itself says are the same: `Federal Security Service (FSB)`.

use super::acronym::{abbreviates, initials, spells};
use super::form::{Form, Kind, Map, folded_words};
use super::links::Links;
use super::titles::Titles;
use crate::Span;
use crate::dateline;
use crate::document::is_person;
use crate::spaces::one_line;

/// Bytes before an acronym in which its words must be.
const REACH: usize = 400;

/// The most words of a name that a short form explains.
const WORDS: usize = 16;

/// Words between a person's name and another name of theirs.
const ALSO: &[&str] = &[
    "known as",
    "also known as",
    "better known as",
    "best known as",
    "a.k.a",
    "aka",
];

/// Words before "known as" after which the first name is still in use.
const CALLED: &[&str] = &[
    "also",
    "best",
    "better",
    "commonly",
    "formerly",
    "generally",
    "now",
    "popularly",
    "previously",
    "widely",
];

/// Words between a person's name and their name as a peer.
const PEERS: &[&str] = &[
    ", Lord ",
    ", Lady ",
    ", Baron ",
    ", Baroness ",
    ", Viscount ",
];

/// The most names within an apposition.
const APPOSED: usize = 4;

/// Words between what someone is to somebody and who that is.
const OF: &[&str] = &["of", "to", "for", "with", "by", "under", "from"];

/// The most words that say what someone is called.
const NICKNAME: usize = 8;

/// The most acronyms that are read as speakers' initials.
const SPEAKERS: usize = 16;

/// The mentions of a text, in text order, and their forms.
#[derive(Clone, Copy)]
pub(super) struct Mentions<'a> {
    pub(super) text: &'a str,
    pub(super) spans: &'a [Span],
    pub(super) forms: &'a [Form],
    /// For each span the index of its form.
    pub(super) form_of: &'a [usize],
}

impl<'a> Mentions<'a> {
    /// Runs of `count` consecutive spans, each with their forms.
    fn runs(self, count: usize) -> impl Iterator<Item = (&'a [Span], &'a [usize])> {
        self.spans.windows(count).zip(self.form_of.windows(count))
    }

    /// The form of the name after the acronym at `at`, in the same brackets, if the acronym is made
    /// of its initials: `(PKK, Partiya Karkerên Kurdistan)`.
    fn spelt_out(self, at: usize) -> Option<usize> {
        let (short, long) = (self.spans.get(at)?, self.spans.get(at + 1)?);
        let form = *self.form_of.get(at + 1)?;
        let acronym = &self.forms.get(*self.form_of.get(at)?)?.acronym;
        let beside = matches!(self.text.get(short.end..long.start)?, ", " | "; ");
        let closed = self.text.get(long.end..)?.starts_with([')', ']']);
        let is_long = beside && closed && !acronym.is_empty();
        (is_long && initials(&self.forms.get(form)?.words).contains(acronym)).then_some(form)
    }
}

/// Joins two adjacent names, the second in brackets, where one abbreviates the other or is the other in
/// another script. For organisations and works any second name is joined, unless it stands after two
/// names or is a dateline's agency. Returns the second names that share no word with the first, such
/// as those in another language.
pub(super) fn link(mentions: Mentions<'_>, links: &mut Links) -> Vec<usize> {
    let Mentions {
        text,
        spans,
        forms,
        form_of,
    } = mentions;
    let mut asides = Vec::new();
    let mut guesses = Vec::new();
    let mut behind: Map<usize, Vec<usize>> = Map::default();
    for (at, pair) in spans.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let between = text.get(first.end..second.start).unwrap_or_default();
        let after = text.get(second.end..).unwrap_or_default();
        let closes = after.trim_start_matches(['"', '”', '\'', '’']);
        // "Kyiv (Ukrainian: Київ)".
        let language = between
            .trim()
            .strip_prefix('(')
            .and_then(|l| l.strip_suffix(':'));
        let language = language.is_some_and(|l| l.chars().all(char::is_alphabetic));
        let opens = language
            || matches!(
                between.trim(),
                "(" | "[" | "(\"" | "(“" | "(the" | "(the \""
            );
        // ("Acme" or the "Company")
        let other = between.ends_with(['"', '“']) && closes.starts_with(" or ");
        if !opens || !other && !closes.starts_with([')', ']', ';', ',']) {
            continue;
        }
        let (Some(&a), Some(&b)) = (form_of.get(at), form_of.get(at + 1)) else {
            continue;
        };
        let same_label = forms[a].label == forms[b].label;
        let stated = explains(&forms[a], &forms[b]) || explains(&forms[b], &forms[a]);
        let also = mentions.spelt_out(at + 1);
        let foreign = (closes.starts_with([')', ']']) || also.is_some())
            && (is_foreign(&forms[a], &forms[b]) || {
                let letters = forms[a].acronym.chars().count();
                letters == forms[b].words.len() && is_foreign(&forms[b], &forms[a])
            });
        let translated = forms[a]
            .words
            .iter()
            .chain(&forms[b].words)
            .next()
            .is_some()
            && is_latin(&forms[a]) != is_latin(&forms[b]);
        let called = matches!(between.trim(), "(" | "[")
            && closes.starts_with([')', ']'])
            && matches!(forms[a].kind, Kind::Organisation | Kind::Other)
            // "Barcelona (ESP)": an acronym that does not abbreviate the name says where it plays.
            && (forms[a].words.len() > 1 || !forms[b].is_acronym());
        if are_initials(&forms[a], &forms[b]) {
            links.join(a, b);
        }
        if !same_label {
            continue;
        }
        if stated || translated {
            links.join(a, b);
        }
        let body = closes.get(1..).unwrap_or_default();
        let dateline = dateline::DASHES.iter().any(|dash| body.starts_with(dash));
        if (foreign || called) && !dateline {
            behind.entry(b).or_default().push(a);
            guesses.push((a, b, called && !stated));
            asides.extend(also.filter(|_| foreign));
        }
    }
    for (a, b, called) in guesses {
        let names = behind.get(&b).into_iter().flatten().copied();
        if links.roots(names).len() > 1 {
            continue;
        }
        links.join(a, b);
        let apart = !forms[b].words.iter().any(|w| forms[a].words.contains(w));
        if called && apart && !forms[a].is_acronym() {
            asides.push(b);
        }
    }
    asides
}

/// Joins people with other names that the text gives them, `Day was born Doris Kappelhoff`, and other names
/// likewise, `Hon Hai, known as Foxconn`. Returns names of birth.
pub(super) fn renamed(mentions: Mentions<'_>, links: &mut Links) -> Vec<usize> {
    let Mentions {
        text,
        spans,
        forms,
        form_of,
    } = mentions;
    let mut born = Vec::new();
    for (at, (pair, ids)) in mentions.runs(2).enumerate() {
        let ([first, second], &[a, b]) = (pair, ids) else {
            continue;
        };
        let between = text.get(first.end..second.start).unwrap_or_default();
        let said = between.trim_matches(|c: char| !c.is_alphanumeric());
        let after = text.get(second.end..).unwrap_or_default();
        // "nicknamed the Messi of Kenya", "known as Ant and Dec".
        let goes_on = [" of ", " and "].iter().any(|word| after.starts_with(word));
        let nickname = !goes_on && is_nickname(said);
        if forms[b].kind == Kind::Person
            && (nickname || ALSO.contains(&said))
            && let Some(&owner) = apposed(text, spans, at).and_then(|at| form_of.get(at))
        {
            links.join(owner, b);
            continue;
        }
        if [a, b].iter().any(|&id| forms[id].kind != Kind::Person) {
            if forms[a].label == forms[b].label && is_called(between, said) {
                links.join(a, b);
            }
            continue;
        }
        let birth = matches!(said, "born" | "was born" | "née" | "né");
        if birth || nickname || ALSO.contains(&said) {
            links.join(a, b);
        }
        let is_listed = || is_listed(text, spans, at);
        if PEERS.contains(&between) && is_peer(&forms[a], &forms[b], is_listed) {
            links.join(a, b);
        }
        if birth {
            born.push(b);
        }
    }
    born
}

/// The person whose apposition holds the name at an index and goes on behind it: Zambada in `Zambada, the
/// Sinaloa cartel leader`, the son in `Ovidio Guzman, a son of Joaquin Guzman`.
fn apposed(text: &str, spans: &[Span], at: usize) -> Option<usize> {
    let (last, next) = (spans.get(at)?, spans.get(at + 1)?);
    let behind = text.get(last.end..next.start)?;
    for back in (at.saturating_sub(APPOSED)..=at).rev() {
        let span = spans.get(back)?;
        if !is_person(&span.label) {
            continue;
        }
        if back < at && is_apposition(text.get(span.end..last.end)?) {
            return Some(back);
        }
        // "the wife of Ann Bell", and not "the singer Ann Bell".
        let before = text.get(..span.start)?.trim_end();
        let word = before.rsplit(char::is_whitespace).next()?;
        if back != at || !OF.contains(&word) || behind.starts_with([',', '(']) {
            return None;
        }
    }
    None
}

/// Whether a text behind a name starts an apposition to it and does not end it.
fn is_apposition(text: &str) -> bool {
    let own = text.strip_prefix(", ").unwrap_or_default();
    let article = own.split(' ').next().unwrap_or_default();
    matches!(article, "a" | "an" | "the" | "one")
        && own.len() <= REACH
        && !own.contains([',', ';', ':', '?', '!', '(', ')', '\n'])
        // "the U.S. singer"
        && !own.split(' ').any(|word| word.ends_with('.') && !word.contains(char::is_uppercase))
}

/// Whether the second of two people may be the peer that the first is: it has a name of the
/// first, or only one, and no list goes on around it (`Judi Dench, Lady Antonia Fraser`).
fn is_peer(person: &Form, peer: &Form, is_listed: impl Fn() -> bool) -> bool {
    let mut titles = person.titles.clone();
    if titles.is_man().is_none()
        && let Some(given) = person.names().first()
    {
        titles.add(&Titles::of_given(given));
    }
    let mut names = peer.names().iter();
    let shared = names.any(|name| person.words.contains(name));
    !titles.differ(&peer.titles) && (shared || peer.names().len() == 1 && !is_listed())
}

/// Whether a person and the next one are not alone in a list of people.
fn is_listed(text: &str, spans: &[Span], at: usize) -> bool {
    let joined = |at: usize| {
        let Some([left, right]) = spans.get(at..at + 2) else {
            return false;
        };
        let between = text.get(left.end..right.start).unwrap_or_default();
        let mut words = between.split([' ', '\n']).filter(|word| !word.is_empty());
        // "and Sir", ", the Rev."
        let small = |word: &str| matches!(word, "," | ";" | "and" | "&" | "the");
        is_person(&left.label)
            && is_person(&right.label)
            && (between.starts_with([',', ';']) || between.starts_with(" and "))
            && words.all(|word| small(word) || word.starts_with(char::is_uppercase))
    };
    at.checked_sub(1).is_some_and(joined) || joined(at + 1)
}

/// Whether the words between two names say that the second is another name of the first: `, better
/// known as the`.
fn is_called(between: &str, said: &str) -> bool {
    let said = said.strip_suffix(" the").unwrap_or(said);
    let how = said.strip_suffix("known as").map(str::trim_end);
    let how = how.is_some_and(|how| how.is_empty() || CALLED.contains(&how));
    how && between.trim_start().starts_with([',', '('])
}

/// Whether the words between two people's names say that the second is a nickname of the first:
/// `nicknamed`, `known to fans as the`, `often referred to as "The`.
fn is_nickname(said: &str) -> bool {
    let mut words: Vec<&str> = said.split(' ').collect();
    words.pop_if(|word| {
        matches!(
            word.trim_start_matches(['"', '“', '\'', '‘']),
            "the" | "The"
        )
    });
    let plain = |word: &&str| word.chars().all(|c| c.is_alphabetic() || c == ',');
    if words.len() > NICKNAME || !words.iter().all(plain) {
        return false;
    }
    match words[..] {
        [.., "nicknamed" | "dubbed"] => true,
        [ref how @ .., "as"] => how.contains(&"known") || how.contains(&"referred"),
        _ => false,
    }
}

/// The expansions of acronyms in brackets, from the words before: the index of the acronym's form, and
/// the expansion.
pub(super) fn expansions(text: &str, spans: &[Span], forms: &[Form]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (id, form) in forms
        .iter()
        .enumerate()
        .filter(|(_, form)| form.is_acronym())
    {
        let letters: Vec<char> = form.acronym.chars().collect();
        let stated = form.mentions.iter().filter_map(|&at| spans.get(at));
        let long = stated
            .into_iter()
            .filter(|_| letters.len() > 2)
            .find_map(|span| {
                let after = text.get(span.end..)?;
                let before = text
                    .get(..span.start)?
                    .strip_suffix('(')
                    .filter(|_| after.starts_with(')'))?;
                expansion(&letters, before.trim_end())
            });
        found.extend(long.map(|long| (id, long)));
    }
    found
}

/// The last words of a text, the first and last with a capital, if an acronym abbreviates them.
fn expansion(letters: &[char], before: &str) -> Option<String> {
    // A limit keeps a text of a single line linear.
    let near = before.len().saturating_sub(REACH);
    let near = (near..=before.len()).find(|&at| before.is_char_boundary(at))?;
    let line = before.get(near..)?.rsplit('\n').next()?;
    let most = (letters.len() + 5).min(2 * letters.len());
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    let mut from = line.len();
    if !capital(line.rsplit(' ').next()?) {
        return None;
    }
    for _ in 0..most {
        from = line
            .get(..from)?
            .trim_end()
            .rfind(' ')
            .map_or(0, |at| at + 1);
        let long = line.get(from..)?;
        let words = folded_words(long);
        if words.len() > 1 && capital(long) && spells(letters, &words, 0) {
            return Some(one_line(long));
        }
        if from == 0 {
            return None;
        }
    }
    None
}

/// Joins a speaker's initials, in brackets before each turn of an interview, with the name of one word
/// that they abbreviate, if only one fits: `(WN)` with Wikinews.
pub(super) fn speakers(text: &str, spans: &[Span], forms: &[Form], links: &mut Links) {
    let bracketed = |span: &Span| {
        let before = text.get(..span.start).unwrap_or_default();
        let after = text.get(span.end..).unwrap_or_default();
        before.ends_with('(') && after.starts_with(')')
    };
    let speakers = forms.iter().enumerate().filter(|(_, form)| {
        let turns = form.mentions.iter().filter_map(|&at| spans.get(at));
        form.is_acronym() && turns.filter(|span| bracketed(span)).nth(1).is_some()
    });
    for (id, form) in speakers.take(SPEAKERS) {
        if links.root(id) != id {
            continue;
        }
        let letters: Vec<char> = form.acronym.chars().collect();
        let named = |&(at, other): &(usize, &Form)| {
            at != id
                && other.label == form.label
                && other.words.len() == 1
                && !other.is_acronym()
                && abbreviates(&letters, &other.words)
        };
        let found = forms.iter().enumerate().filter(named).map(|(at, _)| at);
        if let [one] = links.roots(found.collect::<Vec<_>>())[..] {
            links.join(one, id);
        }
    }
}

/// Whether an acronym, of any label, is a person's initials: `AMLO`.
fn are_initials(person: &Form, short: &Form) -> bool {
    person.kind == Kind::Person
        && short.acronym.chars().count() > 2
        && initials(&person.words).contains(&short.acronym)
}

/// Whether an acronym may stand for an organisation's name in another language: PKK for Kurdistan
/// Workers' Party.
fn is_foreign(long: &Form, short: &Form) -> bool {
    long.kind == Kind::Organisation && short.is_acronym() && long.words.len() > 1
}

/// Whether a short form of one word abbreviates a long one.
fn explains(short: &Form, long: &Form) -> bool {
    // In brackets it need not be in capitals: `Phivolcs`.
    let [word] = &short.words[..] else {
        return false;
    };
    let mut letters: Vec<char> = word.chars().collect();
    let joint = short.is_acronym() && has_inner_capital(long);
    let words = (2..=WORDS).contains(&long.words.len());
    let found = (words || joint) && abbreviates(&letters, &long.words);
    let [_, content] = initials(&long.words);
    let mut content: Vec<char> = content.chars().collect();
    letters.sort_unstable();
    content.sort_unstable();
    !letters.is_empty() && (found || letters == content)
}

/// Whether a name is several words written as one: `PricewaterhouseCoopers`.
fn has_inner_capital(form: &Form) -> bool {
    let spelt = form.spellings.first();
    let mut pairs = spelt
        .into_iter()
        .flat_map(|(spelt, _)| spelt.chars().zip(spelt.chars().skip(1)));
    form.words.len() == 1 && pairs.any(|(a, b)| a.is_lowercase() && b.is_uppercase())
}

/// Joins names with their form in another script, after the name of its language, whatever the labels:
/// `Minsk (Belarusian: Мінск)`. Returns the second ones.
pub(super) fn translations(mentions: Mentions<'_>, links: &mut Links) -> Vec<usize> {
    let Mentions { text, forms, .. } = mentions;
    let mut foreign = Vec::new();
    for (three, ids) in mentions.runs(3) {
        let ([first, language, second], &[a, _, b]) = (three, ids) else {
            continue;
        };
        let opens = text.get(first.end..language.start).map(str::trim) == Some("(");
        let says = text.get(language.end..second.start).map(str::trim) == Some(":");
        if opens && says && is_latin(&forms[a]) && !is_latin(&forms[b]) {
            links.join(a, b);
            foreign.push(b);
        }
    }
    foreign
}

/// Whether a name is in the Latin script.
fn is_latin(form: &Form) -> bool {
    form.words
        .iter()
        .all(|word| word.chars().all(|c| c.is_ascii() || c < '\u{250}'))
}
