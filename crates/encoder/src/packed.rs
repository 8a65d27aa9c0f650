//! A batch without padding.

use std::ops::Range;

use crate::{Config, Error};

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

    /// Whether a model of this shape takes it.
    ///
    /// # Errors
    /// A sequence that is too long, or an id that the vocabulary does not have.
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

    /// Whether `tokens` are numbers of tokens of the pack, each above the one before.
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
    fn tokens_that_are_out_of_order_or_of_the_pack_are_refused() {
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
    fn an_empty_sequence_is_named() {
        let error = Packed::new(&[1, 2, 3], &[0, 2, 2, 3]).unwrap_err();
        assert!(matches!(error, Error::EmptySequence { sequence: 1 }));
    }
}
