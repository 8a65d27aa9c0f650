//! Short forms that the text itself explains: `Federal Security Service (FSB)`.

use super::acronym::{abbreviates, initials, spells};
use super::form::{Form, Kind, Map, folded_words};
use super::links::Links;
use super::titles::Titles;
use crate::Span;
use crate::dateline;
use crate::document::is_person;
use crate::spaces::one_line;

/// Bytes before an acronym in which its words are looked for.
const REACH: usize = 400;

/// Words of the longest name that is explained.
const WORDS: usize = 16;

/// Words between a person's name and another of theirs.
const ALSO: &[&str] = &[
    "known as",
    "also known as",
    "better known as",
    "best known as",
    "a.k.a",
    "aka",
];

/// Words before "known as" that leave the name in use.
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

/// Words between a person's name and a peer's.
const PEERS: &[&str] = &[
    ", Lord ",
    ", Lady ",
    ", Baron ",
    ", Baroness ",
    ", Viscount ",
];

/// Names within an apposition that are looked past.
const APPOSED: usize = 4;

/// Words between what someone is to somebody and who that is.
const OF: &[&str] = &["of", "to", "for", "with", "by", "under", "from"];

/// Words of the longest way to say that someone is called something.
const NICKNAME: usize = 8;

/// Acronyms that may be the initials of who speaks.
const SPEAKERS: usize = 16;

/// Joins names that stand beside each other, the second in brackets, where one abbreviates
/// the other, or is the other in another script, and organisations and works whatever the
/// second is: what is in brackets there is the same in other words, unless it stands behind two
/// names, or is the agency in a dateline. Gives back those that
/// have no word in common with what they are of, as those in another language.
pub(super) fn link(
    text: &str,
    spans: &[Span],
    forms: &[Form],
    form_of: &[usize],
    links: &mut Links,
) -> Vec<usize> {
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
        let also = spelt_out(text, spans, forms, form_of, at + 1);
        let foreign = (closes.starts_with([')', ']']) || also.is_some())
            && (foreign(&forms[a], &forms[b]) || {
                let letters = forms[a].acronym.chars().count();
                letters == forms[b].words.len() && foreign(&forms[b], &forms[a])
            });
        let translated = forms[a]
            .words
            .iter()
            .chain(&forms[b].words)
            .next()
            .is_some()
            && latin(&forms[a]) != latin(&forms[b]);
        let called = matches!(between.trim(), "(" | "[")
            && closes.starts_with([')', ']'])
            && matches!(forms[a].kind, Kind::Organisation | Kind::Other)
            // "Barcelona (ESP)": letters that are not the name's are of where it plays.
            && (forms[a].words.len() > 1 || !forms[b].is_acronym());
        if initialled(&forms[a], &forms[b]) {
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

/// Joins people with who they are also said to be: `Day was born Doris Kappelhoff`, and others with what
/// they are also said to be called: `Hon Hai, known as Foxconn`. Gives back names of birth.
pub(super) fn renamed(
    text: &str,
    spans: &[Span],
    forms: &[Form],
    form_of: &[usize],
    links: &mut Links,
) -> Vec<usize> {
    let mut born = Vec::new();
    for (at, (pair, ids)) in spans.windows(2).zip(form_of.windows(2)).enumerate() {
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

/// Whether words between two names say that the second is what the first is also called:
/// `, better known as the`.
fn is_called(between: &str, said: &str) -> bool {
    let said = said.strip_suffix(" the").unwrap_or(said);
    let how = said.strip_suffix("known as").map(str::trim_end);
    let how = how.is_some_and(|how| how.is_empty() || CALLED.contains(&how));
    how && between.trim_start().starts_with([',', '('])
}

/// Whether words between two people say that the second is what the first is called:
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

/// What the text says before the brackets that acronyms stand in, where no span has it.
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

/// The last words of a text that an acronym abbreviates, the first and last with a capital.
fn expansion(letters: &[char], before: &str) -> Option<String> {
    // Looking no further back keeps a text of one line linear.
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

/// Joins the initials of who speaks, in brackets before each turn of an interview, with the
/// one name of their label that they can be short for: `(WN)` with Wikinews.
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

/// Whether an acronym is of a person's initials, whatever it was taken for: `AMLO`.
fn initialled(person: &Form, short: &Form) -> bool {
    person.kind == Kind::Person
        && short.acronym.chars().count() > 2
        && initials(&person.words).contains(&short.acronym)
}

/// Whether an acronym may be of an organisation's name in another language: the PKK of the
/// Kurdistan Workers' Party.
fn foreign(long: &Form, short: &Form) -> bool {
    long.kind == Kind::Organisation && short.is_acronym() && long.words.len() > 1
}

fn explains(short: &Form, long: &Form) -> bool {
    // In brackets `Phivolcs` explains itself, whatever its case.
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

/// Whether words were joined into one, as in `PricewaterhouseCoopers`.
fn has_inner_capital(form: &Form) -> bool {
    let spelt = form.spellings.first();
    let mut pairs = spelt
        .into_iter()
        .flat_map(|(spelt, _)| spelt.chars().zip(spelt.chars().skip(1)));
    form.words.len() == 1 && pairs.any(|(a, b)| a.is_lowercase() && b.is_uppercase())
}

/// The form in the same brackets as an acronym, behind it, that it is made of: `(PKK, Partiya
/// Karkerên Kurdistan)`.
fn spelt_out(
    text: &str,
    spans: &[Span],
    forms: &[Form],
    form_of: &[usize],
    at: usize,
) -> Option<usize> {
    let (short, long) = (spans.get(at)?, spans.get(at + 1)?);
    let form = *form_of.get(at + 1)?;
    let acronym = &forms.get(*form_of.get(at)?)?.acronym;
    let beside = matches!(text.get(short.end..long.start)?, ", " | "; ");
    let closed = text.get(long.end..)?.starts_with([')', ']']);
    let is_long = beside && closed && !acronym.is_empty();
    (is_long && initials(&forms.get(form)?.words).contains(acronym)).then_some(form)
}

/// Joins names with those in another script behind the language that these are in, whatever
/// their labels: `Minsk (Belarusian: Мінск)`. Gives back the second ones.
pub(super) fn translations(
    text: &str,
    spans: &[Span],
    forms: &[Form],
    form_of: &[usize],
    links: &mut Links,
) -> Vec<usize> {
    let mut foreign = Vec::new();
    for (three, ids) in spans.windows(3).zip(form_of.windows(3)) {
        let ([first, language, second], &[a, _, b]) = (three, ids) else {
            continue;
        };
        let opens = text.get(first.end..language.start).map(str::trim) == Some("(");
        let says = text.get(language.end..second.start).map(str::trim) == Some(":");
        if opens && says && latin(&forms[a]) && !latin(&forms[b]) {
            links.join(a, b);
            foreign.push(b);
        }
    }
    foreign
}

/// Whether a name is in the Latin script.
fn latin(form: &Form) -> bool {
    form.words
        .iter()
        .all(|word| word.chars().all(|c| c.is_ascii() || c < '\u{250}'))
}
