//! Words in capitals that tell a model nothing: whole SENTENCES IN CAPITALS, the place that opens a
//! report (NEW YORK, July 2 —) and the speaker in a transcript (ANDERSON COOPER, HOST:). They are read
//! as headline case.

use crate::document::Word;

/// Words in capitals that make a sentence one in capitals; "NATO" or "IBM AG" alone is a name.
const ENOUGH: usize = 3;

/// Capital letters that a dateline's place or a speaker needs; NATO may open a sentence too.
const LETTERS: usize = 5;

/// Most words in capitals that a dateline's place has.
const PLACE: usize = 4;

/// Words within which a dateline's dash must come.
const DATELINE: usize = 20;

/// Marks within the name of a place.
const INNER: [&str; 4] = ["-", "'", "’", "/"];

/// Words within which the colon after a speaker must come.
const SPEAKER: usize = 12;

/// The byte up to which a sentence's capitals carry no information: the end of the sentence, of its
/// dateline's place or of its speaker; else 0.
pub(crate) fn uninformative_until(text: &str, words: &[Word]) -> usize {
    let uninformative = match shouted(text, words) {
        true => Some(words),
        false => dateline(text, words).or_else(|| speaker(text, words)),
    };
    uninformative
        .and_then(<[Word]>::last)
        .map_or(0, |word| word.end)
}

/// Whether a sentence has no small letter and at least three words of two capitals or more.
fn shouted(text: &str, words: &[Word]) -> bool {
    let surfaces = || words.iter().map(|word| word.surface(text));
    let capitals = |word: &&str| word.chars().filter(|c| c.is_uppercase()).count() > 1;
    !surfaces().any(|word| word.contains(char::is_lowercase))
        && surfaces().filter(capitals).nth(ENOUGH - 1).is_some()
}

/// The place of a report: the words in capitals that open a sentence, if a comma, bracket or dash
/// follows and a dash between blanks comes within [`DATELINE`] words.
fn dateline<'w>(text: &str, words: &'w [Word]) -> Option<&'w [Word]> {
    let surface = |word: &Word| word.surface(text);
    let in_capitals = |word: &Word| surface(word).chars().all(char::is_uppercase);
    // WINSTON-SALEM, O'FALLON, ST. LOUIS.
    let joins = |at: usize| match words.get(at - 1..at + 2) {
        Some([before, mark, next]) if before.end == mark.start && in_capitals(next) => {
            surface(mark) == "." || INNER.contains(&surface(mark)) && mark.end == next.start
        }
        _ => false,
    };
    let passes = |&at: &usize| words.get(at).is_some_and(in_capitals) || at > 0 && joins(at);
    let place = (0..words.len()).take_while(passes).count();
    let (place, rest) = words.split_at_checked(place)?;
    let capitals = || place.iter().filter(|word| in_capitals(word));
    let letters: usize = capitals().map(|word| surface(word).chars().count()).sum();
    if capitals().count() > PLACE || letters < LETTERS {
        return None;
    }
    let is_dash = |pair: &[Word]| {
        let apart = |before: &Word, word: &Word| before.end < word.start;
        matches!(pair, [before, word] if apart(before, word) && matches!(surface(word), "-" | "–" | "—"))
    };
    let from = place.len() - 1;
    let marked = matches!(rest.first().map(surface), Some("," | "("))
        || words.get(from..from + 2).is_some_and(is_dash);
    let near = words.get(from..words.len().min(DATELINE))?;
    (marked && near.windows(2).any(is_dash)).then_some(place)
}

/// The speaker: the words that open a sentence up to a colon, if they have no small letter.
fn speaker<'w>(text: &str, words: &'w [Word]) -> Option<&'w [Word]> {
    let surface = |word: &Word| word.surface(text);
    // The colons of a time stamp, "[00:10:32]", end no name.
    let named = words
        .iter()
        .position(|word| surface(word).contains(char::is_alphabetic))?;
    let mut spoken = words.iter().skip(named).take(SPEAKER);
    let end = named + spoken.position(|word| surface(word) == ":")?;
    let opening = words.get(..end)?;
    let letters = || opening.iter().flat_map(|word| surface(word).chars());
    let capitals = letters().filter(|c| c.is_uppercase()).count();
    (capitals >= LETTERS && !letters().any(char::is_lowercase)).then_some(opening)
}

/// The text in headline case: only the first letter of each run of letters stays a capital. Letters
/// whose small form has another byte length stay, so that no offset changes.
pub(crate) fn lowered(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .map(|c| {
            let starts = !inside;
            inside = c.is_alphanumeric() || matches!(c, '\'' | '’');
            let mut small = c.to_lowercase();
            match (small.next(), small.next()) {
                (Some(small), None) if !starts && small.len_utf8() == c.len_utf8() => small,
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;
    use proptest::prelude::*;

    fn is_shouted(text: &str) -> bool {
        shouted(text, &words(text, 0, text.len()))
    }

    #[test]
    fn three_words_in_capitals_and_no_small_letter_make_a_sentence_in_capitals() {
        assert!(is_shouted("SOCCER - KYIV HOLD BENFICA 1-1"));
        for text in [
            "NATO",
            "IBM AG (U.S.)",
            "NATO AND THE EU met",
            "1-1 2-0 3-0",
            "",
        ] {
            assert!(!is_shouted(text), "{text}");
        }
    }

    #[test]
    fn datelines_and_speakers_in_capitals_are_found_and_other_openings_are_not() {
        for (text, place) in [
            ("SEATTLE — The strike ended.", "SEATTLE"),
            ("SÃO PAULO (Harbour Press) - A court ruled.", "SÃO PAULO"),
            (
                "CAPE CANAVERAL, Fla. -- The start was late.",
                "CAPE CANAVERAL",
            ),
            ("MANDALAY, March 30 (HP) – A palace fell.", "MANDALAY"),
            ("WINSTON-SALEM, N.C. — It rained.", "WINSTON-SALEM"),
            ("O’FALLON, Mo. (AP) — It rained.", "O’FALLON"),
            ("ST. LOUIS (AP) — It rained.", "ST. LOUIS"),
            ("LONDON/NEW YORK, Nov 3 - It rained.", "LONDON/NEW YORK"),
            (
                "ANDERSON COOPER, CNN HOST: Did he?",
                "ANDERSON COOPER, CNN HOST",
            ),
            ("MR. SPICER: No.", "MR. SPICER"),
            ("[00:10:32] MARIA ODOM: No.", "[00:10:32] MARIA ODOM"),
            ("(10:32) MARIA ODOM: No.", "(10:32) MARIA ODOM"),
            ("NATO: Rutte warns Russia", ""),
            ("10:45 Kyiv: rain", ""),
            ("WHO, the U.N. agency - which met - agreed.", ""),
            ("UNESCO-listed ruins - all of them - fell.", ""),
            ("NASDAQ, the exchange, opened late.", ""),
            ("Paris — The strike ended.", ""),
            ("", ""),
        ] {
            let words = words(text, 0, text.len());
            assert_eq!(&text[..uninformative_until(text, &words)], place, "{text}");
        }
    }

    #[test]
    fn words_keep_their_first_capital() {
        assert_eq!(
            lowered("KYIV'S U.S.-BACKED ŁÓDŹ 4TH"),
            "Kyiv's U.S.-Backed Łódź 4th"
        );
    }

    proptest! {
        #[test]
        fn every_character_keeps_its_place(text in "\\PC{0,40}") {
            let places = |t: &str| t.char_indices().map(|c| c.0).collect::<Vec<_>>();
            prop_assert_eq!(places(&lowered(&text)), places(&text));
        }
    }
}
