//! Batches without padding.

use std::ops::Range;

use crate::{Config, Error};

/// Token sequences laid end to end, borrowed; [`Pack`] owns them.
///
/// Sequence `i` is `ids[bounds[i]..bounds[i + 1]]`, special tokens included. A pack without
/// sequences (`bounds` is `[0]`) is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    ids: &'a [u32],
    bounds: &'a [usize],
}

/// Token sequences laid end to end, owned and added one by one.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    ids: Vec<u32>,
    /// The end of each sequence in `ids`, after a 0; empty where there is no sequence.
    bounds: Vec<usize>,
}

impl Pack {
    /// Adds a sequence whose ids are those of `parts`, one after the other.
    pub fn push(&mut self, parts: &[&[u32]]) {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        parts
            .iter()
            .for_each(|part| self.ids.extend_from_slice(part));
        self.bounds.push(self.ids.len());
    }

    /// How many tokens the sequences have together.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Where each sequence starts, special tokens included, in the order of [`push`](Self::push).
    pub fn starts(&self) -> &[usize] {
        self.bounds.split_last().map_or(&[], |(_, starts)| starts)
    }

    /// The sequences as a batch.
    ///
    /// # Errors
    /// [`Error::EmptySequence`].
    pub fn packed(&self) -> Result<Packed<'_>, Error> {
        match self.bounds.as_slice() {
            [] => Packed::new(&[], &[0]),
            bounds => Packed::new(&self.ids, bounds),
        }
    }
}

impl<'a> Packed<'a> {
    /// Checks and wraps `ids` and their `bounds`: `bounds[0]` is 0, the last bound is `ids.len()`,
    /// and each bound is above the one before.
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

    /// Checks that a model of this shape can take the pack.
    ///
    /// # Errors
    /// [`Error::SequenceTooLong`] or [`Error::TokenOutOfRange`].
    pub fn check(self, config: &Config) -> Result<(), Error> {
        let (max, vocab_size) = (config.max_tokens(), config.vocab_size);
        for (sequence, ids) in self.sequences().enumerate() {
            if ids.len() > max {
                let tokens = ids.len();
                return Err(Error::SequenceTooLong {
                    sequence,
                    tokens,
                    max,
                });
            }
        }
        let mut ids = self.ids().iter().enumerate();
        match ids.find(|(_, id)| **id as usize >= vocab_size) {
            None => Ok(()),
            Some((position, &id)) => Err(Error::TokenOutOfRange {
                position,
                id,
                vocab_size,
            }),
        }
    }

    /// Checks that `tokens` are indexes into [`ids`](Self::ids), each above the one before.
    ///
    /// # Errors
    /// [`Error::Tokens`] where they are not.
    pub fn check_tokens(self, tokens: &[usize]) -> Result<(), Error> {
        let mut least = 0;
        for (index, &token) in tokens.iter().enumerate() {
            if token < least || token >= self.tokens() {
                let tokens = self.tokens();
                return Err(Error::Tokens { tokens, index });
            }
            least = token + 1;
        }
        Ok(())
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_gives_its_sequences_back() {
        let packed = Packed::new(&[5, 6, 7, 8], &[0, 3, 4]).unwrap();
        let sequences: Vec<_> = packed.sequences().collect();
        assert_eq!(sequences, [&[5, 6, 7][..], &[8][..]]);
        assert_eq!(packed.tokens(), 4);
        assert_eq!(Packed::new(&[], &[0]).unwrap().sequences().count(), 0);
    }

    #[test]
    fn bounds_that_do_not_split_the_ids_are_refused() {
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
    fn tokens_out_of_order_or_outside_the_pack_are_refused() {
        let packed = Packed::new(&[5, 6, 7], &[0, 2, 3]).unwrap();
        for tokens in [&[][..], &[2], &[0, 1, 2]] {
            packed.check_tokens(tokens).unwrap();
        }
        for (tokens, at) in [(&[3][..], 0), (&[0, 0], 1), (&[0, 2, 1], 2)] {
            let error = packed.check_tokens(tokens).unwrap_err();
            let as_said = matches!(error, Error::Tokens { tokens: 3, index } if index == at);
            assert!(as_said, "{tokens:?}: {error}");
        }
    }

    #[test]
    fn sequences_are_pushed_part_by_part() {
        let mut pack = Pack::default();
        assert_eq!(pack.packed().unwrap().bounds(), [0]);
        assert!(pack.starts().is_empty());
        pack.push(&[&[1], &[5, 6], &[2]]);
        pack.push(&[&[1], &[], &[2]]);
        assert_eq!(pack.packed().unwrap().ids(), [1, 5, 6, 2, 1, 2]);
        assert_eq!(pack.packed().unwrap().bounds(), [0, 4, 6]);
        assert_eq!((pack.starts(), pack.tokens()), (&[0, 4][..], 6));
        pack.push(&[]);
        assert!(matches!(
            pack.packed(),
            Err(Error::EmptySequence { sequence: 2 })
        ));
    }

    #[test]
    fn an_empty_sequence_is_named() {
        let error = Packed::new(&[1, 2, 3], &[0, 2, 2, 3]).unwrap_err();
        assert!(matches!(error, Error::EmptySequence { sequence: 1 }));
    }
}
