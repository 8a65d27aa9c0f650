//! Layer normalisation (Ba, Kiros and Hinton 2016) over the columns of each token.

use crate::Error;
use crate::math::sum_of;
use crate::weights::Weights;

pub(crate) struct LayerNorm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl LayerNorm {
    /// Reads `{name}.weight` and `{name}.bias`, or `gamma` and `beta` as the oldest checkpoints say.
    pub(crate) fn load(
        weights: &Weights<'_>,
        name: &str,
        columns: usize,
        epsilon: f32,
    ) -> Result<Self, Error> {
        let read = |new: &str, old: &str| {
            let (new, old) = (format!("{name}.{new}"), format!("{name}.{old}"));
            let found = if !weights.contains(&new) && weights.contains(&old) {
                old
            } else {
                new
            };
            weights.vector(&found, columns)
        };
        Ok(Self {
            gain: read("weight", "gamma")?,
            bias: read("bias", "beta")?,
            epsilon,
        })
    }

    /// Normalises each row of `values` in place; rows are as long as the gain.
    pub(crate) fn apply(&self, values: &mut [f32]) {
        for row in values.chunks_exact_mut(self.gain.len()) {
            self.apply_row(row);
        }
    }

    /// `values = norm(values + branch)`.
    pub(crate) fn add_and_apply(&self, values: &mut [f32], branch: &[f32]) {
        let columns = self.gain.len();
        for (row, branch) in values
            .chunks_exact_mut(columns)
            .zip(branch.chunks_exact(columns))
        {
            for (value, &more) in row.iter_mut().zip(branch) {
                *value += more;
            }
            self.apply_row(row);
        }
    }

    fn apply_row(&self, row: &mut [f32]) {
        let columns = row.len() as f32;
        let mean = sum_of(row, |value| value) / columns;
        let variance = sum_of(row, |value| (value - mean) * (value - mean)) / columns;
        let scale = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, &gain), &bias) in row.iter_mut().zip(&self.gain).zip(&self.bias) {
            *value = (*value - mean) * scale * gain + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gets_the_mean_of_its_bias_and_the_spread_of_its_gain() {
        for columns in [1, 7, 8, 19, 64] {
            let norm = LayerNorm {
                gain: vec![2.0; columns],
                bias: vec![0.5; columns],
                epsilon: 1e-12,
            };
            let mut row: Vec<f32> = (0..columns).map(|i| 100.0 + (i * i % 13) as f32).collect();
            norm.apply(&mut row);
            let mean = row.iter().sum::<f32>() / columns as f32;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / columns as f32;
            assert!((mean - 0.5).abs() < 1e-5, "{columns}: {mean}");
            if columns > 1 {
                assert!((variance - 4.0).abs() < 1e-4, "{columns}: {variance}");
            }
        }
    }
}
