//! Tags to chunks: which runs of tokens are names.

use super::Tag;
use crate::model::Part;

/// How a tag that does not fit the one before it is read.
///
/// Both readings agree on every well-formed IOB2, BIOES and BILOU column. They differ
/// on an *orphan*: an `I-`, `E-` or `L-` at the start of a sentence, after `O`, after a
/// name that is closed (`E-`, `L-`, `S-`, `U-`), or after another label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// An orphan starts a name: an `I-` without `B-` reads as `B-`, an `E-` without
    /// `B-` as `S-`. This reads IOB1 as well.
    ///
    /// These are the rules of `conlleval.pl` (E. Tjong Kim Sang and S. Buchholz, CoNLL
    /// 2000; version of 2004-01-26). That script knows `B`, `I`, `E` and `O`, but has
    /// no `S-` and lets `B-` after `E-` of the same label run on; here both start a
    /// name, as in the port `conlleval` 0.2 for Python, and `L-` and `U-` are read as
    /// `E-` and `S-`.
    #[default]
    Conlleval,
    /// An orphan is not in a name, and neither is what would continue it. An IOB1
    /// column thus loses every name that does not start with `B-`.
    ///
    /// On IOB2 this finds what seqeval 1.2.2 finds with `mode="strict"`. On BIOES and
    /// BILOU seqeval goes further and also drops a name that is never closed by `E-`
    /// or `L-` (`B-PER I-PER O` has none there, one here); and it refuses columns
    /// that mix schemes.
    Strict,
}

/// A name: half-open token indices and a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chunk<'a> {
    /// First token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
    /// Its label.
    pub label: &'a str,
}

/// The names in one sentence, in order and disjoint. `B-` and `S-` always start one;
/// `I-` and `E-` continue an open one of the same label, otherwise see [`Reading`].
#[must_use]
pub fn chunks<'a>(tags: impl IntoIterator<Item = Tag<'a>>, reading: Reading) -> Vec<Chunk<'a>> {
    let mut found: Vec<Chunk<'a>> = Vec::new();
    let mut open = false;
    for (at, tag) in tags.into_iter().enumerate() {
        let inner = matches!(tag.part, Part::Inside | Part::End);
        let last = found
            .last_mut()
            .filter(|last| open && inner && last.label == tag.label);
        let named = match last {
            Some(last) => {
                last.end = at + 1;
                true
            }
            None => {
                let starts = tag.part != Part::Outside && (!inner || reading == Reading::Conlleval);
                found.extend(starts.then_some(Chunk {
                    start: at,
                    end: at + 1,
                    label: tag.label,
                }));
                starts
            }
        };
        open = named && !matches!(tag.part, Part::End | Part::Single);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(tags: &str, reading: Reading) -> Vec<(usize, usize, &str)> {
        let tags = tags.split(' ').map(|t| Tag::parse(t).unwrap());
        chunks(tags, reading)
            .iter()
            .map(|c| (c.start, c.end, c.label))
            .collect()
    }

    fn both(tags: &str) -> Vec<(usize, usize, &str)> {
        let found = read(tags, Reading::Conlleval);
        assert_eq!(found, read(tags, Reading::Strict), "{tags}");
        found
    }

    #[test]
    fn well_formed_columns_read_the_same_in_both_readings() {
        assert_eq!(
            both("B-X I-X O B-Y B-Y"),
            [(0, 2, "X"), (3, 4, "Y"), (4, 5, "Y")]
        );
        assert_eq!(
            both("S-X B-X I-X E-X S-Y"),
            [(0, 1, "X"), (1, 4, "X"), (4, 5, "Y")]
        );
        assert_eq!(
            both("U-X B-X L-X B-X L-X"),
            [(0, 1, "X"), (1, 3, "X"), (3, 5, "X")]
        );
        assert_eq!(both("O O"), []);
    }

    #[test]
    fn an_orphan_inside_starts_a_name_only_in_conllevals_reading() {
        let tags = "I-X I-X O B-Y I-X I-X B-X";
        assert_eq!(
            read(tags, Reading::Conlleval),
            [(0, 2, "X"), (3, 4, "Y"), (4, 6, "X"), (6, 7, "X")]
        );
        assert_eq!(read(tags, Reading::Strict), [(3, 4, "Y"), (6, 7, "X")]);
    }

    #[test]
    fn a_label_does_not_come_back_after_another_one_broke_in() {
        let tags = "B-X I-Y I-X";
        assert_eq!(
            read(tags, Reading::Conlleval),
            [(0, 1, "X"), (1, 2, "Y"), (2, 3, "X")]
        );
        assert_eq!(read(tags, Reading::Strict), [(0, 1, "X")]);
    }

    #[test]
    fn a_closed_name_is_not_continued() {
        for tags in ["S-X I-X E-X", "B-X E-X I-X E-X", "U-X E-X", "B-X L-X E-X"] {
            let strict = read(tags, Reading::Strict);
            let relaxed = read(tags, Reading::Conlleval);
            assert_eq!((strict.len(), relaxed.len()), (1, 2), "{tags}");
            assert_eq!(strict[0], relaxed[0], "{tags}");
        }
    }

    #[test]
    fn a_name_that_is_never_closed_is_a_name() {
        assert_eq!(both("B-X I-X O S-X"), [(0, 2, "X"), (3, 4, "X")]);
        assert_eq!(both("B-X I-X"), [(0, 2, "X")]);
    }

    proptest! {
        #[test]
        fn chunks_are_sorted_disjoint_and_hold_their_own_label(
            tags in prop::collection::vec((0..5_usize, 0..3_usize), 0..30)
        ) {
            use Part::{Begin, End, Inside, Outside, Single};
            let tags: Vec<Tag<'_>> = tags
                .iter()
                .map(|&(part, label)| match [Outside, Begin, Inside, End, Single][part] {
                    Outside => Tag::OUTSIDE,
                    part => Tag { part, label: ["X", "Y", "Z"][label] },
                })
                .collect();
            let relaxed = chunks(tags.iter().copied(), Reading::Conlleval);
            let strict = chunks(tags.iter().copied(), Reading::Strict);
            let mut at = 0;
            for chunk in &relaxed {
                prop_assert!(at <= chunk.start && chunk.start < chunk.end);
                // Every token between chunks is outside of names.
                prop_assert!(tags[at..chunk.start].iter().all(|t| t.part == Outside));
                prop_assert!(tags[chunk.start..chunk.end].iter().all(|t| t.label == chunk.label));
                at = chunk.end;
            }
            prop_assert!(tags[at..].iter().all(|t| t.part == Outside));
            // Strict keeps those that start with B- or S-, and only those.
            let kept: Vec<_> = relaxed
                .iter()
                .filter(|c| matches!(tags[c.start].part, Begin | Single))
                .collect();
            prop_assert_eq!(strict.iter().collect::<Vec<_>>(), kept);
        }
    }
}
