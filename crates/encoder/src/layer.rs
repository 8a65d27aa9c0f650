//! One transformer block: attention, then two linear layers, each with its residual and norm.

use std::ops::Range;

use crate::activation::Curve;
use crate::attention::{self, Attention, Sequence};
use crate::kernels::{Chosen, Floats, Kernel, Lanes};
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::matrix::Matrix;
use crate::relative_bias::RelativeBias;
use crate::rounded::Rounded;
use crate::shapes::BlockShapes;
use crate::share::{cuts, overlap};
use crate::standing::Group;
use crate::weights::Weights;
use crate::{Config, Error, Precision};

pub(crate) struct Layer {
    pub(crate) attention: Attention,
    pub(crate) attention_norm: LayerNorm,
    pub(crate) up: Linear,
    pub(crate) curve: Curve,
    pub(crate) down: Linear,
    pub(crate) output_norm: LayerNorm,
}

/// The input of a layer's attention for some sequences.
#[derive(Clone, Copy)]
pub(crate) struct LayerInput<'a> {
    pub(crate) group: &'a Group,
    pub(crate) bias: Option<&'a RelativeBias>,
    /// Queries, keys and values of live tokens, side by side in each row.
    pub(crate) qkv: &'a Matrix,
    /// Keys and values of stopped tokens.
    pub(crate) stopped: &'a Matrix,
}

/// One thread's buffers, kept from pass to pass.
#[derive(Default)]
pub(crate) struct Scratch {
    /// The output of the activation; if threads share columns, the thread's columns of any product.
    pub(crate) inner: Matrix,
    /// If threads share columns, keys and values of stopped tokens in the thread's heads.
    pub(crate) stopped: Matrix,
    /// If threads share columns, the attention output of the thread's heads.
    pub(crate) context: Matrix,
    pub(crate) rounded: Rounded,
    pub(crate) attention: attention::Scratch,
}

impl Layer {
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        index: usize,
        precision: Precision,
        kernel: Chosen,
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
        let shapes = BlockShapes::new(config, &block);
        let down = Linear::load(weights, &shapes.down, precision)?.for_kernel(kernel);
        Ok(Self {
            attention: Attention::load(weights, config, &shapes, precision, kernel)?,
            attention_norm: norm(names.attention_norm)?,
            up: Linear::load(weights, &shapes.up, precision)?.for_kernel(kernel),
            curve: config.activation.curve(down.eight_bit()),
            down,
            output_norm: norm(names.output_norm)?,
        })
    }

    /// The columns of queries, keys and values, in chunks.
    pub(crate) fn qkv_columns(&self) -> Range<usize> {
        0..self.attention.qkv.chunks()
    }

    /// The columns of keys and values alone, in chunks.
    pub(crate) fn kv_columns(&self) -> Range<usize> {
        self.attention.chunks()..self.attention.qkv.chunks()
    }

    /// Chunks of a row of attention output, before its linear layer.
    pub(crate) fn context_chunks(&self) -> usize {
        self.attention.chunks()
    }

    /// Fills `out` with some columns of the queries, keys and values for rows of `hidden`.
    pub(crate) fn project<K: Kernel>(
        &self,
        kernel: K,
        hidden: &[Floats],
        columns: &Range<usize>,
        out: &mut [Floats],
        rounded: &mut Rounded,
    ) {
        let l = kernel.lanes();
        let layer = &self.attention.qkv;
        let width = columns.len();
        for block in blocks(out.len() / width, K::BLOCK) {
            let input = &hidden[block.start * layer.inputs()..block.end * layer.inputs()];
            let out = &mut out[block.start * width..block.end * width];
            l.run(
                #[inline(always)]
                || {
                    layer.round(kernel, input, rounded);
                    layer.multiply(
                        kernel,
                        (input, rounded),
                        columns.clone(),
                        (out, width),
                        #[inline(always)]
                        |value, out| l.store(value, out),
                    );
                },
            );
        }
    }

    /// Replaces `hidden`, the `rows` of the group's live tokens, by the block's output. `context` is
    /// scratch space for their attention output.
    ///
    /// Rows go through the linear layers in blocks, so that the results between the layers stay in
    /// cache.
    pub(crate) fn finish<K: Kernel>(
        &self,
        kernel: K,
        input: LayerInput<'_>,
        rows: &Range<usize>,
        (hidden, context): (&mut [Floats], &mut [Floats]),
        scratch: &mut Scratch,
    ) {
        let l = kernel.lanes();
        let Scratch {
            inner,
            rounded,
            attention,
            ..
        } = scratch;
        let (width, context_width) = (self.output_norm.chunks(), self.attention.chunks());
        for sequence in &input.group.sequences {
            let range = sequence.live.clone();
            let here = overlap(&range, rows);
            if here.is_empty() {
                continue;
            }
            let sequence = Sequence {
                qkv: input.qkv.rows(range.clone()),
                stopped: input.stopped.rows(sequence.stopped.clone()),
                heads: self.attention.heads(),
                queries: here.start - range.start..here.end - range.start,
            };
            let at = here.start - rows.start..here.end - rows.start;
            let context = &mut context[at.start * context_width..at.end * context_width];
            l.run(
                #[inline(always)]
                || {
                    let layer = &self.attention;
                    layer.attend(kernel, sequence, input.bias, context, attention);
                },
            );
        }
        for block in blocks(rows.len(), K::BLOCK) {
            inner.reshape(block.len(), self.up.chunks());
            let between = inner.rows_mut(0..block.len());
            let context = &context[block.start * context_width..block.end * context_width];
            let hidden = &mut hidden[block.start * width..block.end * width];
            l.run(
                #[inline(always)]
                || {
                    let layer = &self.attention.output;
                    layer.apply(
                        kernel,
                        context,
                        hidden,
                        rounded,
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
                        rounded,
                        #[inline(always)]
                        |value, out| {
                            l.store(self.curve.apply(l, value), out);
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
                        rounded,
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

/// Splits `rows` into blocks of about equal size, none larger than `most`.
fn blocks(rows: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    cuts(rows, rows.div_ceil(most))
}
