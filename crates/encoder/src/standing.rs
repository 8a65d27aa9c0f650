//! Which tokens of a pack are live, going through the layers, and which have stopped.

use std::ops::Range;

use crate::Packed;
use crate::share::cuts;

/// The live and the stopped tokens of a pack, each kind in the order of the sequences. A token has an
/// index in the pack, and a row among the tokens of its kind.
pub(crate) struct Standing {
    live: Rows,
    stopped: Rows,
}

/// Tokens of one kind.
#[derive(Default)]
struct Rows {
    /// For each row the token's index in the pack.
    tokens: Vec<usize>,
    /// The row where each sequence starts, and the end of the last.
    bounds: Vec<usize>,
}

impl Rows {
    fn range(&self, sequence: usize) -> Range<usize> {
        self.bounds[sequence]..self.bounds[sequence + 1]
    }
}

/// Where the hidden state of a stopped token is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In this row of the tokens that had stopped before.
    Stopped(usize),
    /// In this row of the tokens that were live.
    Live(usize),
}

/// How rows move when tokens stop.
pub(crate) struct Moves {
    /// The old rows of tokens that stay live, in order.
    pub(crate) kept: Vec<usize>,
    /// For each new row of stopped tokens, where it comes from.
    pub(crate) stopped: Vec<Origin>,
}

impl Standing {
    /// All tokens are live.
    pub(crate) fn new(packed: Packed<'_>) -> Self {
        Self {
            live: Rows {
                tokens: (0..packed.tokens()).collect(),
                bounds: packed.bounds().to_vec(),
            },
            stopped: Rows {
                tokens: Vec::new(),
                bounds: vec![0; packed.bounds().len()],
            },
        }
    }

    /// The indexes of live tokens, by row and rising.
    pub(crate) fn live(&self) -> &[usize] {
        &self.live.tokens
    }

    /// The indexes of stopped tokens, by row.
    pub(crate) fn stopped(&self) -> &[usize] {
        &self.stopped.tokens
    }

    /// Stops the live tokens except those whose rows `passed`, and their direct neighbours in the
    /// sequence.
    pub(crate) fn keep_near(&mut self, passed: impl Fn(usize) -> bool) -> Moves {
        let mut near = Vec::with_capacity(self.live.tokens.len());
        for sequence in 1..self.live.bounds.len() {
            let range = self.live.range(sequence - 1);
            near.extend(range.clone().map(|row| {
                let token = self.live.tokens[row];
                let near = range.start.max(row.saturating_sub(1))..range.end.min(row + 2);
                let mut near = near.filter(|&other| self.live.tokens[other].abs_diff(token) <= 1);
                near.any(&passed)
            }));
        }
        self.stop(|row, _| near[row])
    }

    /// Stops the live tokens except `tokens`.
    pub(crate) fn keep_only(&mut self, tokens: &[usize]) -> Moves {
        let mut wanted = vec![false; self.live.tokens.len() + self.stopped.tokens.len()];
        tokens.iter().for_each(|&token| wanted[token] = true);
        self.stop(|_, token| wanted[token])
    }

    /// Stops the live tokens for which `stays(row, token)` is false.
    fn stop(&mut self, stays: impl Fn(usize, usize) -> bool) -> Moves {
        let (mut live, mut stopped) = (Rows::default(), Rows::default());
        let (mut kept, mut from) = (Vec::new(), Vec::new());
        live.bounds.push(0);
        stopped.bounds.push(0);
        for sequence in 1..self.live.bounds.len() {
            for row in self.stopped.range(sequence - 1) {
                stopped.tokens.push(self.stopped.tokens[row]);
                from.push(Origin::Stopped(row));
            }
            let range = self.live.range(sequence - 1);
            for row in range {
                let token = self.live.tokens[row];
                if stays(row, token) {
                    live.tokens.push(token);
                    kept.push(row);
                } else {
                    stopped.tokens.push(token);
                    from.push(Origin::Live(row));
                }
            }
            live.bounds.push(live.tokens.len());
            stopped.bounds.push(stopped.tokens.len());
        }
        *self = Self { live, stopped };
        Moves {
            kept,
            stopped: from,
        }
    }

    /// All sequences as one group.
    pub(crate) fn whole(&self) -> Group {
        self.group(0..self.live.bounds.len() - 1)
    }

    /// Groups of consecutive sequences, each with `most` live tokens, give or take one sequence. A
    /// sequence without live tokens may be in no group.
    pub(crate) fn groups(&self, most: usize) -> Vec<Group> {
        let (count, bounds) = (self.live.tokens.len(), &self.live.bounds);
        let mut groups = Vec::new();
        let mut from = 0;
        for cut in cuts(count, count.div_ceil(most)) {
            let to = bounds.partition_point(|&bound| bound < cut.end);
            if bounds[from] < bounds[to] {
                groups.push(self.group(from..to));
            }
            from = to;
        }
        groups
    }

    fn group(&self, sequences: Range<usize>) -> Group {
        let rows = |rows: &Rows| rows.bounds[sequences.start]..rows.bounds[sequences.end];
        let (live, stopped) = (rows(&self.live), rows(&self.stopped));
        let within = |rows: &Rows, sequence: usize, first: usize| {
            let range = rows.range(sequence);
            range.start - first..range.end - first
        };
        let sequences = sequences.map(|sequence| Sequence {
            live: within(&self.live, sequence, live.start),
            stopped: within(&self.stopped, sequence, stopped.start),
        });
        Group {
            sequences: sequences.collect(),
            live,
            stopped,
        }
    }
}

/// Consecutive sequences of a pack.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its rows of live tokens.
    pub(crate) live: Range<usize>,
    /// Its rows of stopped tokens.
    pub(crate) stopped: Range<usize>,
    pub(crate) sequences: Vec<Sequence>,
}

/// The rows of a sequence, counted from the first rows of its group.
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) live: Range<usize>,
    pub(crate) stopped: Range<usize>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bounds(lengths: &[usize]) -> Vec<usize> {
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    }

    #[test]
    fn groups_are_consecutive_whole_sequences() {
        for lengths in [vec![], vec![7], vec![1; 50], vec![3, 90, 2, 2, 40, 1, 12]] {
            let bounds = bounds(&lengths);
            let ids = vec![0; lengths.iter().sum()];
            let standing = Standing::new(Packed::new(&ids, &bounds).unwrap());
            for most in [1, 10, 20, 1000] {
                let groups = standing.groups(most);
                let mut found = Vec::new();
                for group in &groups {
                    assert_eq!(group.live.start, found.iter().sum::<usize>());
                    let longest = group.sequences.iter().map(|s| s.live.len()).max();
                    assert!(group.live.len() < most + longest.unwrap());
                    found.extend(group.sequences.iter().map(|s| s.live.len()));
                    assert!(group.stopped.is_empty());
                }
                assert_eq!(found, lengths, "{most}");
            }
        }
    }

    #[test]
    fn a_token_that_passes_keeps_its_neighbours_live() {
        let packed = Packed::new(&[0; 9], &[0, 4, 9]).unwrap();
        let mut standing = Standing::new(packed);
        // The last token of the first sequence, and the third of the second.
        standing.keep_near(|row| row == 3 || row == 6);
        assert_eq!(standing.live(), [2, 3, 5, 6, 7]);
        // Token 3 is no neighbour of token 5.
        standing.keep_near(|row| row == 2);
        assert_eq!(standing.live(), [5, 6]);
        assert_eq!(standing.stopped(), [0, 1, 2, 3, 4, 8, 7]);
        standing.keep_only(&[0, 6]);
        assert_eq!(standing.live(), [6]);
        assert_eq!(standing.stopped(), [0, 1, 2, 3, 4, 8, 7, 5]);
    }

    proptest! {
        #[test]
        fn tokens_stay_with_their_sequence_and_states_with_their_token(
            lengths in prop::collection::vec(1usize..9, 0..6),
            stops in prop::collection::vec(prop::collection::vec(any::<bool>(), 54), 0..4),
            most in 1usize..20,
        ) {
            let bounds = bounds(&lengths);
            let ids = vec![0; lengths.iter().sum()];
            let packed = Packed::new(&ids, &bounds).unwrap();
            let mut standing = Standing::new(packed);
            // The state of a token is its index.
            let (mut live, mut stopped): (Vec<usize>, Vec<usize>) = ((0..ids.len()).collect(), vec![]);
            for stop in stops {
                let moves = standing.keep_near(|row| stop[row]);
                let from = |from| match from {
                    Origin::Stopped(row) => stopped[row],
                    Origin::Live(row) => live[row],
                };
                let next = moves.stopped.into_iter().map(from).collect();
                live = moves.kept.into_iter().map(|row| live[row]).collect();
                stopped = next;
                prop_assert_eq!(standing.live(), &live);
                prop_assert_eq!(standing.stopped(), &stopped);
            }
            let whole = standing.whole();
            prop_assert_eq!(whole.sequences.len(), lengths.len());
            for (sequence, range) in whole.sequences.iter().zip(packed.ranges()) {
                let mut tokens = live[sequence.live.clone()].to_vec();
                tokens.extend(&stopped[sequence.stopped.clone()]);
                tokens.sort_unstable();
                prop_assert_eq!(tokens, range.collect::<Vec<_>>());
            }
            let mut rows = 0;
            for group in standing.groups(most) {
                prop_assert_eq!(group.live.start, rows);
                rows = group.live.end;
                for sequence in &group.sequences {
                    let own = &stopped[group.stopped.clone()][sequence.stopped.clone()];
                    let all = live[group.live.clone()][sequence.live.clone()].iter().chain(own);
                    let starts: Vec<_> = all.map(|&token| bounds.partition_point(|&b| b <= token)).collect();
                    prop_assert!(starts.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", starts);
                }
            }
            prop_assert_eq!(rows, live.len());
        }
    }
}
