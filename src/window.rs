//! Subwords to windows that fit the encoder, and windows to packs.
//!
//! Nothing is ever cut off. Consecutive sentences share a window, since context
//! helps; a sentence longer than a window is split with overlap, and every word is
//! read in the window where it stands furthest from an edge.

use std::ops::Range;

use crate::tokenize::Tokenized;

/// A window: a range of a document's subword ids.
pub type Window = Range<usize>;

/// Cuts a document into windows of at most `limit` subwords, special tokens not counted. Windows start
/// and end between words; every subword is in at least one, except those beyond the first `limit` of a
/// longer word.
#[must_use]
pub fn windows(document: &Tokenized, limit: usize) -> Vec<Window> {
    let mut found = Vec::new();
    let mut open: Window = 0..0;
    for sentence in &document.sentences {
        let pieces = document.sentence_pieces(sentence);
        if pieces.is_empty() {
            continue;
        }
        if !open.is_empty() && pieces.end - open.start <= limit {
            open.end = pieces.end;
            continue;
        }
        if !open.is_empty() {
            found.push(open.clone());
        }
        open = pieces.clone();
        if pieces.len() > limit {
            let words = document.pieces.get(sentence.words.clone());
            found.extend(split(words.unwrap_or_default(), limit));
            open = 0..0;
        }
    }
    if !open.is_empty() {
        found.push(open);
    }
    found
}

/// Splits one long sentence, given by its words' subwords, into windows that
/// overlap by about a quarter.
fn split(words: &[Range<usize>], limit: usize) -> Vec<Window> {
    let mut found: Vec<Window> = Vec::new();
    let mut first = 0;
    while let Some(start) = words.get(first).map(|w| w.start) {
        let fits = |w: &Range<usize>| w.end - start <= limit;
        let next = first + words[first..].partition_point(fits).max(1);
        // Only a model with very few positions has words longer than a window; their
        // first subwords decide.
        let end = words[next - 1].end.min(start + limit);
        if start < end {
            found.push(start..end);
        }
        if next >= words.len() {
            break;
        }
        let keep = end.saturating_sub(limit / 4);
        first = (first + words[first..next].partition_point(|w| w.start < keep)).max(first + 1);
        // The next word must fit after the overlap, or the next window would end no later.
        let overlong = |w: &Range<usize>| words[next].end - w.start > limit;
        first += words[first..next].partition_point(overlong);
    }
    found
}

/// The window to read a subword in: the one where it is furthest from an edge.
/// Windows must be in order; returns an index into them.
#[must_use]
pub fn owner(windows: &[Window], subword: usize) -> Option<usize> {
    // Windows are sorted by start and by end, so those that contain the subword are adjacent.
    let from = windows.partition_point(|w| w.end <= subword);
    let margin = |w: &Window| (subword - w.start).min(w.end - 1 - subword);
    windows
        .iter()
        .enumerate()
        .skip(from)
        .take_while(|(_, w)| w.start <= subword)
        .max_by_key(|(at, w)| (margin(w), std::cmp::Reverse(*at)))
        .map(|(at, _)| at)
}

/// Groups windows into packs of at most `budget` subwords, or of one longer window. `lengths` are the
/// windows' lengths; the result has indices into it, windows of similar length together.
#[must_use]
pub fn packs(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    let length = |at: usize| lengths.get(at).copied().unwrap_or_default();
    order.sort_by_key(|&at| std::cmp::Reverse(length(at)));
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut filled = budget;
    for at in order {
        match found.last_mut() {
            Some(pack) if filled + length(at) <= budget => {
                pack.push(at);
                filled += length(at);
            }
            _ => {
                found.push(vec![at]);
                filled = length(at);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Sentence, Word};
    use proptest::prelude::*;

    /// A document of sentences of words of the given subword counts.
    fn document(sentences: &[Vec<usize>]) -> Tokenized {
        let mut out = Tokenized::default();
        for sentence in sentences {
            let from = out.words.len();
            for &n in sentence {
                let at = out.ids.len();
                out.ids.resize(at + n, 7);
                out.pieces.push(at..at + n);
                out.words.push(Word {
                    start: at,
                    end: at + n,
                });
            }
            out.sentences.push(Sentence {
                start: 0,
                end: 0,
                words: from..out.words.len(),
                starts_paragraph: false,
            });
        }
        out
    }

    #[test]
    fn sentences_share_a_window_while_they_fit() {
        let text = document(&[vec![2, 2], vec![3], vec![4]]);
        assert_eq!(windows(&text, 8), [0..7, 7..11]);
        assert_eq!(windows(&text, 100), vec![0..11; 1]);
    }

    #[test]
    fn a_long_sentence_is_split_with_overlap_between_words() {
        let text = document(&[vec![3], vec![1; 20], vec![2]]);
        assert_eq!(windows(&text, 8), [0..3, 3..11, 9..17, 15..23, 23..25]);
    }

    #[test]
    fn the_overlap_shrinks_for_a_word_that_would_not_fit_after_it() {
        let text = document(&[vec![3, 1, 10, 2]]);
        assert_eq!(windows(&text, 4), [0..4, 4..8, 14..16]);
        let text = document(&[vec![2, 2, 4, 1]]);
        assert_eq!(windows(&text, 5), [0..4, 4..9]);
    }

    #[test]
    fn a_word_is_read_where_it_is_furthest_from_an_edge() {
        let w = [0..8, 6..14, 12..20];
        assert_eq!(owner(&w, 6), Some(0));
        assert_eq!(owner(&w, 7), Some(1));
        assert_eq!(owner(&w, 19), Some(2));
        assert_eq!(owner(&w, 20), None);
    }

    #[test]
    fn packs_keep_to_the_budget() {
        assert_eq!(
            packs(&[5, 9, 2, 30, 4], 12),
            [vec![3], vec![1], vec![0, 4, 2]]
        );
        assert_eq!(packs(&[], 12), Vec::<Vec<usize>>::new());
    }

    proptest! {
        #[test]
        fn every_subword_is_read_and_no_word_is_cut(
            sentences in prop::collection::vec(prop::collection::vec(0usize..6, 0..40), 0..12),
            limit in 1usize..30,
        ) {
            let text = document(&sentences);
            let w = windows(&text, limit);
            prop_assert!(w.iter().all(|w| !w.is_empty() && w.len() <= limit));
            prop_assert!(w.windows(2).all(|p| p[0].start < p[1].start && p[0].end < p[1].end));
            for word in text.pieces.iter().filter(|p| !p.is_empty()) {
                let at = owner(&w, word.start).expect("a window for every word");
                prop_assert!(w[at].start <= word.start && word.end.min(word.start + limit) <= w[at].end);
            }
        }

        #[test]
        fn every_window_is_in_one_pack(lengths in prop::collection::vec(1usize..200, 0..50), budget in 1usize..400) {
            let mut all: Vec<usize> = packs(&lengths, budget).concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        }
    }
}
