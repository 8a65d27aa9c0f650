//! Multi-head self-attention (Vaswani et al. 2017), each sequence of a pack on its own.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::linear::Linear;
use crate::math::softmax;
use crate::matrix::{block, block_mut, values_mut};
use crate::names::LayerNames;
use crate::relative_bias::RelativeBias;
use crate::weights::Weights;
use crate::{Config, Error, Packed};

pub(crate) struct Attention {
    /// hidden to queries, keys and values side by side.
    joint: Linear,
    output: Linear,
    heads: usize,
}

impl Attention {
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        names: &LayerNames,
        block: &str,
    ) -> Result<Self, Error> {
        let [query, key, value, output] =
            [names.query, names.key, names.value, names.attention_output]
                .map(|name| format!("{block}.{name}"));
        let hidden = config.hidden;
        Ok(Self {
            joint: Linear::load_side_by_side(weights, &[&query, &key, &value], hidden, hidden)?,
            output: Linear::load(weights, &output, hidden, hidden)?,
            heads: config.heads,
        })
    }

    /// Fills `out` (tokens x hidden); `joint` (tokens x 3 hidden) and `context` (tokens x hidden) are
    /// room to work in.
    pub(crate) fn apply(
        &self,
        input: ArrayView2<'_, f32>,
        packed: Packed<'_>,
        bias: Option<&RelativeBias>,
        joint: &mut Array2<f32>,
        context: &mut Array2<f32>,
        out: ArrayViewMut2<'_, f32>,
    ) {
        self.joint.apply(input, joint.view_mut());
        for range in packed.ranges() {
            self.attend(range, bias, joint, context);
        }
        self.output.apply(context.view(), out);
    }

    fn attend(
        &self,
        range: Range<usize>,
        bias: Option<&RelativeBias>,
        joint: &Array2<f32>,
        context: &mut Array2<f32>,
    ) {
        let hidden = context.ncols();
        let width = hidden / self.heads;
        let scale = 1.0 / (width as f32).sqrt();
        let mut scores = Array2::zeros((range.len(), range.len()));
        for head in 0..self.heads {
            let part = |index: usize| {
                let first = index * hidden + head * width;
                block(joint, range.clone(), first..first + width)
            };
            let keep = if let Some(bias) = bias {
                bias.fill(head, scores.view_mut());
                1.0
            } else {
                0.0
            };
            general_mat_mul(scale, &part(0), &part(1).t(), keep, &mut scores);
            values_mut(&mut scores)
                .chunks_exact_mut(range.len())
                .for_each(softmax);
            let columns = head * width..(head + 1) * width;
            let mut mixed = block_mut(context, range.clone(), columns);
            general_mat_mul(1.0, &scores, &part(2), 0.0, &mut mixed);
        }
    }
}
