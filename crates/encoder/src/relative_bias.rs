//! MPNet's learned bias on attention scores, by how far apart two tokens are.

use ndarray::{Array2, ArrayViewMut2};

use crate::Error;
use crate::weights::Weights;

/// MPNet has 16 buckets for each direction and ignores what its configuration says about them.
const BUCKETS: usize = 32;

pub(crate) struct RelativeBias {
    /// heads x distances; the column of distance 0 is `longest - 1`.
    by_distance: Array2<f32>,
    longest: usize,
}

impl RelativeBias {
    /// Reads `encoder.relative_attention_bias.weight` (buckets x heads) for sequences up to `longest`.
    pub(crate) fn load(weights: &Weights<'_>, heads: usize, longest: usize) -> Result<Self, Error> {
        let table = weights.matrix("encoder.relative_attention_bias.weight", BUCKETS, heads)?;
        let by_distance = Array2::from_shape_fn((heads, 2 * longest - 1), |(head, column)| {
            table[[
                bucket(column.abs_diff(longest - 1), column >= longest),
                head,
            ]]
        });
        Ok(Self {
            by_distance,
            longest,
        })
    }

    /// Sets the score of each query (row) and key (column) of a sequence to the bias of `head`.
    pub(crate) fn fill(&self, head: usize, mut scores: ArrayViewMut2<'_, f32>) {
        let biases = self.by_distance.row(head);
        for ((query, key), score) in scores.indexed_iter_mut() {
            *score = biases[self.longest - 1 + key - query];
        }
    }
}

/// The bucket of a key `distance` tokens away (Raffel et al. 2020, section 2.1): the first eight
/// distances have their own, then buckets widen by the square root of two, up to 128 tokens.
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
        let by_distance = Array2::from_shape_fn((1, 2 * longest - 1), |(_, c)| c as f32 - 4.0);
        let bias = RelativeBias {
            by_distance,
            longest,
        };
        let mut scores = Array2::zeros((3, 3));
        bias.fill(0, scores.view_mut());
        assert_eq!(
            scores,
            ndarray::arr2(&[[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]])
        );
    }
}
