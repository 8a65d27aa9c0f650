//! One transformer block: attention, then two linear layers, each with its residual and norm.

use ndarray::Array2;

use crate::attention::Attention;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::matrix::{values, values_mut};
use crate::relative_bias::RelativeBias;
use crate::weights::Weights;
use crate::{Activation, Config, Error, Packed};

pub(crate) struct Layer {
    attention: Attention,
    attention_norm: LayerNorm,
    up: Linear,
    activation: Activation,
    down: Linear,
    output_norm: LayerNorm,
}

/// Intermediate results, made once for all layers of a pass.
pub(crate) struct Scratch {
    joint: Array2<f32>,
    context: Array2<f32>,
    branch: Array2<f32>,
    inner: Array2<f32>,
}

impl Scratch {
    pub(crate) fn new(tokens: usize, config: &Config) -> Self {
        Self {
            joint: Array2::zeros((tokens, 3 * config.hidden)),
            context: Array2::zeros((tokens, config.hidden)),
            branch: Array2::zeros((tokens, config.hidden)),
            inner: Array2::zeros((tokens, config.intermediate)),
        }
    }
}

impl Layer {
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        index: usize,
    ) -> Result<Self, Error> {
        let names = config.architecture.layer_names();
        let block = format!("{}.{index}", names.block);
        let norm = |name: &str| {
            LayerNorm::load(
                weights,
                &format!("{block}.{name}"),
                config.hidden,
                config.layer_norm_eps,
            )
        };
        let linear = |name: &str, outputs, inputs| {
            Linear::load(weights, &format!("{block}.{name}"), outputs, inputs)
        };
        Ok(Self {
            attention: Attention::load(weights, config, names, &block)?,
            attention_norm: norm(names.attention_norm)?,
            up: linear(names.up, config.intermediate, config.hidden)?,
            activation: config.activation,
            down: linear(names.down, config.hidden, config.intermediate)?,
            output_norm: norm(names.output_norm)?,
        })
    }

    /// Replaces `hidden` (tokens x hidden) by the block's output.
    pub(crate) fn apply(
        &self,
        hidden: &mut Array2<f32>,
        packed: Packed<'_>,
        bias: Option<&RelativeBias>,
        scratch: &mut Scratch,
    ) {
        let Scratch {
            joint,
            context,
            branch,
            inner,
        } = scratch;
        self.attention.apply(
            hidden.view(),
            packed,
            bias,
            joint,
            context,
            branch.view_mut(),
        );
        self.attention_norm
            .add_and_apply(values_mut(hidden), values(branch));
        self.up.apply(hidden.view(), inner.view_mut());
        self.activation.apply(values_mut(inner));
        self.down.apply(inner.view(), branch.view_mut());
        self.output_norm
            .add_and_apply(values_mut(hidden), values(branch));
    }
}
