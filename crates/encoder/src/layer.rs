//! One transformer block: attention, then two linear layers, each with its residual and norm.

use crate::attention::{Attention, Room};
use crate::kernels::{Kernel, Lanes};
use crate::layer_norm::LayerNorm;
use crate::linear::{Linear, Shape};
use crate::matrix::{Columns, Matrix};
use crate::quantise::Quantised;
use crate::relative_bias::RelativeBias;
use crate::weights::Weights;
use crate::{Activation, Config, Error, Packed, Precision};

pub(crate) struct Layer {
    attention: Attention,
    attention_norm: LayerNorm,
    up: Linear,
    activation: Activation,
    down: Linear,
    output_norm: LayerNorm,
}

/// Room for intermediate results, kept from pass to pass.
#[derive(Default)]
pub(crate) struct Scratch {
    joint: Matrix,
    context: Matrix,
    pub(crate) inner: Matrix,
    pub(crate) quantised: Quantised,
    attention: Room,
}

impl Layer {
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        index: usize,
        precision: Precision,
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
            let shape = Shape {
                names: &[&format!("{block}.{name}")],
                inputs: Columns::plain(inputs),
                outputs: Columns::plain(outputs),
            };
            Linear::load(weights, &shape, precision)
        };
        Ok(Self {
            attention: Attention::load(weights, config, names, &block, precision)?,
            attention_norm: norm(names.attention_norm)?,
            up: linear(names.up, config.intermediate, config.hidden)?,
            activation: config.activation,
            down: linear(names.down, config.hidden, config.intermediate)?,
            output_norm: norm(names.output_norm)?,
        })
    }

    /// Replaces the rows of `hidden` by the block's output.
    ///
    /// Tokens go through the linear layers some at a time, so that what is between these stays in
    /// cache while the weights pass by.
    pub(crate) fn apply<K: Kernel>(
        &self,
        kernel: K,
        hidden: &mut Matrix,
        packed: Packed<'_>,
        bias: Option<&RelativeBias>,
        scratch: &mut Scratch,
    ) {
        let l = kernel.lanes();
        let tokens = packed.tokens();
        let Scratch {
            joint,
            context,
            inner,
            quantised,
            attention,
        } = scratch;
        joint.reshape(tokens, self.attention.joint.chunks());
        context.reshape(tokens, self.attention.chunks());
        for block in blocks(tokens, K::BLOCK) {
            let (input, out) = (hidden.rows(block.clone()), joint.rows_mut(block));
            l.run(
                #[inline(always)]
                || {
                    let joint = &self.attention.joint;
                    joint.apply(
                        kernel,
                        input,
                        out,
                        quantised,
                        #[inline(always)]
                        |value, out| l.store(value, out),
                    );
                },
            );
        }
        for range in packed.ranges() {
            l.run(
                #[inline(always)]
                || {
                    let layer = &self.attention;
                    layer.attend(kernel, range, bias, joint, context, attention);
                },
            );
        }
        for block in blocks(tokens, K::BLOCK) {
            inner.reshape(block.len(), self.up.chunks());
            let between = inner.rows_mut(0..block.len());
            let context = context.rows(block.clone());
            let hidden = hidden.rows_mut(block);
            l.run(
                #[inline(always)]
                || {
                    let layer = &self.attention.output;
                    layer.apply(
                        kernel,
                        context,
                        hidden,
                        quantised,
                        #[inline(always)]
                        |value, out| {
                            l.store(l.add(l.load(out), value), out);
                        },
                    );
                    self.attention_norm.apply(l, hidden);
                },
            );
            l.run(
                #[inline(always)]
                || {
                    self.up.apply(
                        kernel,
                        hidden,
                        between,
                        quantised,
                        #[inline(always)]
                        |value, out| {
                            l.store(self.activation.apply(l, value), out);
                        },
                    );
                },
            );
            l.run(
                #[inline(always)]
                || {
                    self.down.apply(
                        kernel,
                        between,
                        hidden,
                        quantised,
                        #[inline(always)]
                        |value, out| {
                            l.store(l.add(l.load(out), value), out);
                        },
                    );
                    self.output_norm.apply(l, hidden);
                },
            );
        }
    }
}

/// `rows` in blocks of about equal size, none above `most`.
fn blocks(rows: usize, most: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let count = rows.div_ceil(most);
    (0..count).map(move |block| rows * block / count..rows * (block + 1) / count)
}
