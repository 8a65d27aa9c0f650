//! The linear layer: the one place that knows how weights are laid out and multiplied.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::Error;
use crate::matrix::block_mut;
use crate::weights::Weights;

/// y = x W^T + b for rows x.
///
/// A row of the result depends on the same row of the input alone, bit for bit: the product adds the
/// terms of each element in the same order whatever the number of rows.
pub(crate) struct Linear {
    /// inputs x outputs, so that the product reads it along its rows.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

impl Linear {
    /// Reads `{name}.weight` (outputs x inputs) and `{name}.bias`.
    pub(crate) fn load(
        weights: &Weights<'_>,
        name: &str,
        outputs: usize,
        inputs: usize,
    ) -> Result<Self, Error> {
        Self::load_side_by_side(weights, &[name], outputs, inputs)
    }

    /// Reads layers of the same shape as one layer that gives their outputs side by side.
    pub(crate) fn load_side_by_side(
        weights: &Weights<'_>,
        names: &[&str],
        outputs: usize,
        inputs: usize,
    ) -> Result<Self, Error> {
        let mut parts = Vec::new();
        for name in names {
            let weight = weights.matrix(&format!("{name}.weight"), outputs, inputs)?;
            parts.push((weight, weights.vector(&format!("{name}.bias"), outputs)?));
        }
        let mut weight = Array2::zeros((inputs, outputs * parts.len()));
        let mut bias = Vec::new();
        let mut first = 0;
        for (part, part_bias) in &parts {
            // Some rows at a time: transposing whole columns would miss the cache at every step.
            for rows in part.axis_chunks_iter(Axis(0), 16) {
                let columns = first..first + rows.nrows();
                first = columns.end;
                block_mut(&mut weight, 0..inputs, columns).assign(&rows.t());
            }
            bias.extend_from_slice(part_bias);
        }
        Ok(Self {
            weight,
            bias: bias.into(),
        })
    }

    /// The number of columns of the result.
    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Fills `out` (rows x outputs) from `input` (rows x inputs).
    pub(crate) fn apply(&self, input: ArrayView2<'_, f32>, mut out: ArrayViewMut2<'_, f32>) {
        out.assign(&self.bias);
        // Both factors must stay 1: with another, the product rounds the rows of a last, partly filled
        // tile differently from those of a full one.
        general_mat_mul(1.0, &input, &self.weight, 1.0, &mut out);
    }
}
