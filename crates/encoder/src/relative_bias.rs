//! MPNet's learned bias on attention scores, by the distance of two tokens.

use crate::Error;
use crate::kernels::{Floats, LANES};
use crate::weights::Weights;

/// MPNet has 16 buckets for each direction and ignores what its configuration says about them.
const BUCKETS: usize = 32;

pub(crate) struct RelativeBias {
    /// For each head the bias of every distance, from `1 - longest` on.
    by_distance: Vec<Vec<f32>>,
    longest: usize,
}

impl RelativeBias {
    /// Reads `encoder.relative_attention_bias.weight` (buckets x heads) for sequences up to `longest`.
    pub(crate) fn load(weights: &Weights<'_>, heads: usize, longest: usize) -> Result<Self, Error> {
        let table = weights.matrix("encoder.relative_attention_bias.weight", BUCKETS, heads)?;
        let buckets: Vec<Vec<f32>> = (0..BUCKETS).map(|bucket| table.row(bucket)).collect();
        let at = |column: usize| bucket(column.abs_diff(longest - 1), column >= longest);
        let by_distance = (0..heads)
            .map(|head| {
                let biases = (0..2 * longest - 1).map(|column| buckets[at(column)][head]);
                // The last vector of keys may reach past the longest sequence.
                biases.chain([0.0; LANES]).collect()
            })
            .collect();
        Ok(Self {
            by_distance,
            longest,
        })
    }

    /// The bias in `head` for the scores of `query` with sixteen keys from `key` on.
    #[inline(always)]
    pub(crate) fn of(&self, head: usize, query: usize, key: usize) -> Floats {
        let biases = &self.by_distance[head][self.longest - 1 + key - query..];
        biases
            .first_chunk()
            .map_or(Floats::ZERO, |biases| Floats(*biases))
    }
}

/// The bucket of a key `distance` tokens away (Raffel et al. 2020, section 2.1): one for each of the
/// first eight distances, then each wider by the square root of two, up to 128 tokens.
fn bucket(distance: usize, key_is_later: bool) -> usize {
    let within = match distance {
        0..8 => distance,
        // 8 + floor(2 log2(distance / 8)), in integers.
        8..128 => 2 + (distance * distance).ilog2() as usize,
        _ => 15,
    };
    within + if key_is_later { BUCKETS / 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_exact_near_and_logarithmic_far() {
        let near: Vec<usize> = (0..8).map(|distance| bucket(distance, false)).collect();
        assert_eq!(near, [0, 1, 2, 3, 4, 5, 6, 7]);
        let starts = [
            (8, 8),
            (12, 9),
            (16, 10),
            (23, 11),
            (32, 12),
            (46, 13),
            (64, 14),
            (91, 15),
        ];
        for (distance, expected) in starts {
            assert_eq!(bucket(distance, false), expected);
            assert_eq!(bucket(distance - 1, true), expected + 15);
        }
        assert_eq!(bucket(100_000, true), 31);
    }

    #[test]
    fn a_query_sees_earlier_keys_in_the_first_half_of_the_buckets() {
        let longest = 5;
        let distances = (0..2 * longest - 1).map(|column| column as f32 - 4.0);
        let bias = RelativeBias {
            by_distance: vec![distances.chain([0.0; LANES]).collect()],
            longest,
        };
        assert_eq!(bias.of(0, 0, 0).0[..3], [0.0, 1.0, 2.0]);
        assert_eq!(bias.of(0, 2, 0).0[..3], [-2.0, -1.0, 0.0]);
        assert_eq!(bias.of(0, 4, 0).0[..5], [-4.0, -3.0, -2.0, -1.0, 0.0]);
    }
}
