//! Abbreviations: words with a full stop of their own.

/// What a full stop after an abbreviation says about the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abbreviation {
    /// Something always follows: "Gen.", "e.g.", an initial before a name.
    Inside,
    /// An abbreviation before a number, else a plain word: "No."
    BeforeNumber,
    /// May end a sentence: "U.S.", "Inc.", "p.m."; the next word decides.
    Anywhere,
}

/// Titles and other words that stand before a name.
const TITLES: &[&str] = &[
    "Adm", "Ald", "Alh", "Amb", "Archbp", "Asst", "Atty", "Bp", "Brig", "Capt", "Cdr", "Cllr",
    "Cmdr", "Cmsr", "Col", "Cpl", "Cpt", "Dep", "Det", "Dr", "Dra", "Drs", "Engr", "Ens", "Fr",
    "Ft", "Gen", "Gov", "Hon", "Hr", "Insp", "Lieut", "Lt", "Ltc", "Ltg", "Maj", "Mdm", "Messrs",
    "Mgr", "Mlle", "Mme", "Mohd", "Mons", "Mr", "Mrs", "Ms", "Msgr", "Mt", "Mx", "Ofc", "Pfc",
    "Pres", "Prof", "Pte", "Pvt", "Rep", "Reps", "Rev", "Sec", "Sen", "Sens", "Sgt", "Shri", "Smt",
    "Spc", "Sra", "Srta", "Ste", "Supt", "Thos", "Treas", "Ven", "Wm",
];

/// Small words that something always follows.
const SMALL: &[&str] = &[
    "al", "approx", "bzw", "c.f", "ca", "cf", "e.g", "eg", "est", "i.e", "ie", "incl", "rel", "v",
    "viz", "vs",
];

/// Abbreviations only before a number; "No" and "Art" are words as well.
const BEFORE_NUMBER: &[&str] = &[
    "Abs", "Art", "Ch", "Fig", "Figs", "No", "Nos", "Nr", "Para", "Rs", "Sect", "Vol", "Vols",
];

/// Companies, months, states, suffixes of names and others that may end a sentence.
const ANYWHERE: &[&str] = &[
    "Ala", "Apr", "Ariz", "Ark", "Assn", "Aug", "Ave", "Blvd", "Bros", "Calif", "Cie", "Co",
    "Colo", "Conn", "Corp", "Cos", "Dec", "Del", "Dept", "Dist", "Esq", "Etc", "Feb", "Fla", "Fri",
    "Ga", "Gmbh", "Govt", "Hwy", "Ill", "Inc", "Ind", "Intl", "Jan", "Jr", "Jul", "Jun", "Kan",
    "Ky", "La", "Ltd", "Ltda", "Md", "Mass", "Mich", "Minn", "Miss", "Mo", "Mon", "Mont", "Natl",
    "Neb", "Nev", "Nov", "Oct", "Okla", "Ont", "Ore", "Pa", "Ph.D", "Pty", "Que", "Rd", "Ret",
    "Retd", "Rtd", "Sept", "Sep", "Snr", "Sr", "St", "Tenn", "Tex", "Thu", "Thurs", "Tue", "Tues",
    "Univ", "Va", "Vt", "Vs", "Wash", "Wed", "Wis", "Wyo",
];

/// Words that open a sentence far more often than they follow an abbreviation inside one.
const STARTERS: &[&str] = &[
    "a", "about", "after", "all", "although", "an", "and", "another", "any", "as", "at", "because",
    "before", "both", "but", "by", "despite", "during", "each", "even", "every", "few", "five",
    "for", "four", "from", "he", "her", "here", "his", "how", "however", "i", "if", "in",
    "instead", "it", "its", "last", "later", "many", "more", "most", "my", "neither", "nobody",
    "none", "not", "nothing", "now", "on", "once", "one", "only", "other", "others", "our", "she",
    "since", "so", "some", "still", "such", "that", "the", "their", "then", "there", "these",
    "they", "this", "those", "three", "though", "through", "to", "today", "two", "unlike", "until",
    "we", "what", "when", "where", "whether", "which", "while", "who", "why", "with", "without",
    "yet", "you", "your",
];

/// Words after which a single letter is a name, not an initial: "Group B."
const LETTERED: &[&str] = &[
    "Class",
    "Grade",
    "Group",
    "Hepatitis",
    "Plan",
    "Serie",
    "Vitamin",
    "Zone",
    "hepatitis",
    "vitamin",
];

/// Words after which X is the platform: "posted on X."
const POSTED: &[&str] = &["from", "left", "on", "platform", "quit", "to", "via"];

/// Russian initials of two letters, which may also be words or names.
const LONG_INITIALS: &[&str] = &["Ya", "Ye", "Yu"];

/// The kind of abbreviation that the word before a full stop is, if any. `cased` is false for text
/// without capitals, where "gen" is read as "Gen".
pub(super) fn classify(before: &str, cased: bool) -> Option<Abbreviation> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '.';
    let word = before
        .rsplit(|c| !part_of_word(c))
        .next()
        .unwrap_or_default();
    // "AT&T" is no initial.
    if before
        .strip_suffix(word)
        .is_some_and(|head| head.ends_with('&'))
    {
        return None;
    }
    let word = word.trim_start_matches('.');
    if SMALL.contains(&word) {
        return Some(Abbreviation::Inside);
    }
    let small = word.starts_with(char::is_lowercase);
    // Longer than any entry: "Messrs", "Archbp".
    let known = if (cased && small) || word.len() > 8 {
        String::new()
    } else {
        title_case(word)
    };
    let known = known.as_str();
    if TITLES.contains(&known) {
        Some(Abbreviation::Inside)
    } else if BEFORE_NUMBER.contains(&known) || matches!(word, "p" | "pp") {
        Some(Abbreviation::BeforeNumber)
    } else if ANYWHERE.contains(&known)
        || matches!(word, "etc" | "ret" | "retd" | "rtd")
        || is_dotted(word)
        || is_clipped(word)
    {
        Some(Abbreviation::Anywhere)
    } else {
        None
    }
}

/// Whether the text begins with a word that usually opens a sentence.
pub(super) fn is_starter(next: &str) -> bool {
    let end = next.find(|c: char| !c.is_alphanumeric());
    let (word, rest) = next.split_at(end.unwrap_or(next.len()));
    // Neither the initial of "A. Smith" nor "All-Star".
    let whole = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ',' | '\'' | '’'));
    whole && word.len() <= 9 && STARTERS.contains(&word.to_lowercase().as_str())
}

/// Whether a single letter before a full stop is a name, not an initial, by the word before it.
pub(super) fn is_letter(word: &str, letter: &str) -> bool {
    letter.len() == 1 && (LETTERED.contains(&word) || letter == "X" && POSTED.contains(&word))
}

/// Whether a word is a party and a state, as they follow a politician's name: "D-N.Y", "R-Pa".
pub(super) fn ends_aside(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    ["D-", "R-", "I-"]
        .iter()
        .any(|party| word.starts_with(party))
}

/// "J", "U.S", "a.m": letters with stops between them.
fn is_dotted(word: &str) -> bool {
    !word.is_empty()
        && word.split('.').all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
        })
}

/// "Th", "Dm", "Sk", "Rt": two consonants, which are no word.
fn is_clipped(word: &str) -> bool {
    let consonant = |c: u8| c.is_ascii_alphabetic() && !b"aeiouy".contains(&c.to_ascii_lowercase());
    match word.as_bytes() {
        b"Ng" => false,
        &[first, second] => {
            first.is_ascii_uppercase()
                && second.is_ascii_lowercase()
                && consonant(first)
                && consonant(second)
        }
        _ => false,
    }
}

/// Whether a word before a full stop is an initial, as another initial beside it shows: "Yu. V.
/// Ushakov".
pub(super) fn is_among_initials(word: &str, before: &str, next: &str) -> bool {
    let opens_with_initial = |text: &str| {
        let mut letters = text.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next() == Some('.')
    };
    LONG_INITIALS.contains(&word) && (opens_with_initial(before) || opens_with_initial(next))
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.flat_map(char::to_lowercase)).collect()
}
