//! A batch without padding.

use std::ops::Range;

use crate::Error;
use crate::share::cuts;

/// Token sequences laid end to end.
///
/// Sequence `i` is `ids[bounds[i]..bounds[i + 1]]`, special tokens included. A pack without
/// sequences (`bounds` is `[0]`) is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    ids: &'a [u32],
    bounds: &'a [usize],
}

impl<'a> Packed<'a> {
    /// Checks and wraps `ids` and the `bounds` that cut them: `bounds[0]` is 0, the last bound is
    /// `ids.len()`, and each is above the one before.
    ///
    /// # Errors
    /// [`Error::Bounds`] or [`Error::EmptySequence`].
    pub fn new(ids: &'a [u32], bounds: &'a [usize]) -> Result<Self, Error> {
        let wrong = |index| Error::Bounds {
            ids: ids.len(),
            index,
        };
        if bounds.first() != Some(&0) {
            return Err(wrong(0));
        }
        for (sequence, (start, end)) in bounds.iter().zip(bounds.iter().skip(1)).enumerate() {
            if start == end {
                return Err(Error::EmptySequence { sequence });
            }
            if start > end || *end > ids.len() {
                return Err(wrong(sequence + 1));
            }
        }
        if bounds.last() != Some(&ids.len()) {
            return Err(wrong(bounds.len() - 1));
        }
        Ok(Self { ids, bounds })
    }

    /// All token ids, sequence after sequence.
    pub fn ids(&self) -> &'a [u32] {
        self.ids
    }

    /// Where sequences start and end in [`ids`](Self::ids).
    pub fn bounds(&self) -> &'a [usize] {
        self.bounds
    }

    /// How many tokens the pack holds.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// The token range of each sequence.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let ends = self.bounds.iter().skip(1);
        self.bounds
            .iter()
            .zip(ends)
            .map(|(&start, &end)| start..end)
    }

    /// The ids of each sequence.
    pub fn sequences(&self) -> impl Iterator<Item = &'a [u32]> + use<'a> {
        let ids = self.ids;
        self.ranges().map(move |range| &ids[range])
    }

    /// Consecutive sequences in groups of about equal size: of `most` tokens, and of up to one
    /// sequence more or less.
    pub(crate) fn groups(&self, most: usize) -> Vec<Group<'a>> {
        let mut groups = Vec::new();
        let mut from = 0;
        for cut in cuts(self.tokens(), self.tokens().div_ceil(most)) {
            let to = self.bounds.partition_point(|&bound| bound < cut.end);
            let bounds = &self.bounds[from..=to];
            from = to;
            if let &[start, .., end] = bounds {
                groups.push(Group {
                    rows: start..end,
                    ids: &self.ids[start..end],
                    bounds: bounds.iter().map(|bound| bound - start).collect(),
                });
            }
        }
        groups
    }
}

/// Some of a pack's sequences.
pub(crate) struct Group<'a> {
    /// Its tokens' rows in the whole pack.
    pub(crate) rows: Range<usize>,
    ids: &'a [u32],
    bounds: Vec<usize>,
}

impl Group<'_> {
    pub(crate) fn packed(&self) -> Packed<'_> {
        Packed {
            ids: self.ids,
            bounds: &self.bounds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_whole_sequences_one_behind_the_other() {
        for lengths in [vec![], vec![7], vec![1; 50], vec![3, 90, 2, 2, 40, 1, 12]] {
            let ends = lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end)
            });
            let bounds: Vec<usize> = std::iter::once(0).chain(ends).collect();
            let ids: Vec<u32> = (0..lengths.iter().sum::<usize>() as u32).collect();
            let packed = Packed::new(&ids, &bounds).unwrap();
            for most in [1, 10, 20, 1000] {
                let groups = packed.groups(most);
                let mut found = Vec::new();
                for group in &groups {
                    let part = group.packed();
                    assert!(Packed::new(part.ids(), part.bounds()).is_ok());
                    assert_eq!(part.ids(), &ids[group.rows.clone()]);
                    let longest = part.ranges().map(|range| range.len()).max();
                    assert!(part.tokens() < most + longest.unwrap());
                    found.extend(part.sequences());
                }
                assert!(packed.sequences().eq(found), "{lengths:?}, {most}");
            }
        }
    }

    #[test]
    fn a_pack_gives_its_sequences_back() {
        let packed = Packed::new(&[5, 6, 7, 8], &[0, 3, 4]).unwrap();
        let sequences: Vec<_> = packed.sequences().collect();
        assert_eq!(sequences, [&[5, 6, 7][..], &[8][..]]);
        assert_eq!(packed.tokens(), 4);
        assert_eq!(Packed::new(&[], &[0]).unwrap().sequences().count(), 0);
    }

    #[test]
    fn bounds_that_do_not_cut_the_ids_are_refused() {
        let wrong: [(&[usize], usize); 6] = [
            (&[], 0),
            (&[1, 3], 0),
            (&[0], 0),
            (&[0, 2], 1),
            (&[0, 4], 1),
            (&[0, 2, 1, 3], 2),
        ];
        for (bounds, at) in wrong {
            let error = Packed::new(&[1, 2, 3], bounds).unwrap_err();
            assert!(
                matches!(error, Error::Bounds { ids: 3, index } if index == at),
                "{bounds:?}: {error}"
            );
        }
    }

    #[test]
    fn an_empty_sequence_is_named() {
        let error = Packed::new(&[1, 2, 3], &[0, 2, 2, 3]).unwrap_err();
        assert!(matches!(error, Error::EmptySequence { sequence: 1 }));
    }
}
