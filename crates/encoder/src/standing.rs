//! Which tokens of a pack still go through the layers, and which have stopped.

use std::ops::Range;

use crate::Packed;
use crate::share::cuts;

/// The tokens of a pack, those that go on and those that have stopped, each kind sequence by sequence.
/// A token has a number in the pack, and a row among those of its kind.
pub(crate) struct Standing {
    live: Rows,
    stopped: Rows,
}

/// Tokens of one kind.
#[derive(Default)]
struct Rows {
    /// The number of each.
    tokens: Vec<usize>,
    /// Where each sequence's begin, and the last one's end.
    bounds: Vec<usize>,
}

impl Rows {
    fn range(&self, sequence: usize) -> Range<usize> {
        self.bounds[sequence]..self.bounds[sequence + 1]
    }
}

/// Where the state of a token that has stopped lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// At this row of those that had stopped before.
    Stopped(usize),
    /// At this row of those that went on.
    Live(usize),
}

/// What happens to rows where some tokens stop.
pub(crate) struct Moves {
    /// The rows, in order, of tokens that go on.
    pub(crate) kept: Vec<usize>,
    /// Where each of those that have stopped comes from.
    pub(crate) stopped: Vec<From>,
}

impl Standing {
    /// All tokens go on.
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

    /// The numbers of the tokens that go on, in order.
    pub(crate) fn live(&self) -> &[usize] {
        &self.live.tokens
    }

    /// The numbers of those that have stopped, a row each.
    pub(crate) fn stopped(&self) -> &[usize] {
        &self.stopped.tokens
    }

    /// Has tokens stop but for those of rows that are `open`, and the tokens right before and behind
    /// them, unless they have stopped already.
    pub(crate) fn stop_apart(&mut self, open: impl Fn(usize) -> bool) -> Moves {
        let mut near = Vec::with_capacity(self.live.tokens.len());
        for sequence in 1..self.live.bounds.len() {
            let range = self.live.range(sequence - 1);
            near.extend(range.clone().map(|row| {
                let token = self.live.tokens[row];
                let near = range.start.max(row.saturating_sub(1))..range.end.min(row + 2);
                let mut near = near.filter(|&other| self.live.tokens[other].abs_diff(token) <= 1);
                near.any(&open)
            }));
        }
        self.stop(|row, _| near[row])
    }

    /// Has tokens stop but for `tokens`, which are in order.
    pub(crate) fn stop_but(&mut self, tokens: &[usize]) -> Moves {
        let mut wanted = vec![false; self.live.tokens.len() + self.stopped.tokens.len()];
        tokens.iter().for_each(|&token| wanted[token] = true);
        self.stop(|_, token| wanted[token])
    }

    /// Has tokens stop. `stays` says of the row of each that went on, and of its number, whether it
    /// still does so.
    fn stop(&mut self, stays: impl Fn(usize, usize) -> bool) -> Moves {
        let (mut live, mut stopped) = (Rows::default(), Rows::default());
        let (mut kept, mut from) = (Vec::new(), Vec::new());
        live.bounds.push(0);
        stopped.bounds.push(0);
        for sequence in 1..self.live.bounds.len() {
            for row in self.stopped.range(sequence - 1) {
                stopped.tokens.push(self.stopped.tokens[row]);
                from.push(From::Stopped(row));
            }
            let range = self.live.range(sequence - 1);
            for row in range {
                let token = self.live.tokens[row];
                if stays(row, token) {
                    live.tokens.push(token);
                    kept.push(row);
                } else {
                    stopped.tokens.push(token);
                    from.push(From::Live(row));
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

    /// All sequences together.
    pub(crate) fn whole(&self) -> Group {
        self.group(0..self.live.bounds.len() - 1)
    }

    /// Consecutive sequences in groups of about as many tokens that go on: of `most`, and of up to
    /// one sequence's more or less. A sequence without any is in none, or beside others.
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

/// Some of a pack's sequences.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its rows among those of tokens that go on.
    pub(crate) live: Range<usize>,
    /// Its rows among those of tokens that have stopped.
    pub(crate) stopped: Range<usize>,
    pub(crate) sequences: Vec<Sequence>,
}

/// The rows of a sequence, counted from its group's first.
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
    fn groups_are_whole_sequences_one_behind_the_other() {
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
    fn the_tokens_right_beside_one_that_goes_on_go_on_with_it() {
        let packed = Packed::new(&[0; 9], &[0, 4, 9]).unwrap();
        let mut standing = Standing::new(packed);
        // The last token of the first sequence, and one within the second.
        standing.stop_apart(|row| row == 3 || row == 6);
        assert_eq!(standing.live(), [2, 3, 5, 6, 7]);
        // Token 3 is no neighbour of token 5.
        standing.stop_apart(|row| row == 2);
        assert_eq!(standing.live(), [5, 6]);
        assert_eq!(standing.stopped(), [0, 1, 2, 3, 4, 8, 7]);
        standing.stop_but(&[0, 6]);
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
            // The state of a token is its number.
            let (mut live, mut stopped): (Vec<usize>, Vec<usize>) = ((0..ids.len()).collect(), vec![]);
            for stop in stops {
                let moves = standing.stop_apart(|row| stop[row]);
                let from = |from| match from {
                    From::Stopped(row) => stopped[row],
                    From::Live(row) => live[row],
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
