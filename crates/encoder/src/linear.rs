//! The linear layer, in 8 bits, in bfloat16 or in `f32`.

use std::ops::Range;

use crate::kernels::{
    Bytes, Chosen, FloatPanels, FloatRows, Floats, Headroom, Job, Kernel, LANES, Lanes,
    byte_product, pair_product, product,
};
use crate::panels::{Panels, int8, pack_bf16, pack_f32};
use crate::quantise::Row;
use crate::rounded::Rounded;
use crate::shapes::Shape;
use crate::weights::{Table, Weights};
use crate::{Error, Precision};

/// y = x W^T + b for rows x.
///
/// A row of the result depends only on the same row of the input, bit for bit.
pub(crate) struct Linear {
    panels: Panels,
    headroom: Headroom,
    /// A chunk for each panel.
    bias: Vec<Floats>,
    /// The width of an input row, in chunks.
    inputs: usize,
}

/// The job of asking a kernel for the headroom of panels.
struct Measure<'a> {
    panels: &'a [Bytes],
    stride: usize,
}

impl Job for Measure<'_> {
    type Output = Headroom;

    fn run<K: Kernel>(self, kernel: K) -> Headroom {
        kernel.headroom(self.panels, self.stride)
    }
}

impl Linear {
    /// Reads `{name}.weight` (outputs x inputs) and `{name}.bias` for each name of the shape.
    pub(crate) fn load(
        weights: &Weights<'_>,
        shape: &Shape,
        precision: Precision,
    ) -> Result<Self, Error> {
        let mut tables = Vec::new();
        let mut bias = Vec::new();
        for name in &shape.names {
            let (outputs, inputs) = (shape.outputs.count(), shape.inputs.count());
            tables.push(weights.matrix(&format!("{name}.weight"), outputs, inputs)?);
            let values = weights.vector(&format!("{name}.bias"), outputs)?;
            bias.extend(shape.outputs.spread(&values));
        }
        let stored = tables.iter().all(Table::eight_bit);
        let panels = match precision {
            Precision::Auto if stored => int8(&tables, shape),
            Precision::Auto | Precision::F32 => pack_f32(&tables, shape),
            Precision::Bf16 => pack_bf16(&tables, shape),
            Precision::Int8 => int8(&tables, shape),
        };
        Ok(Self {
            panels,
            headroom: Headroom::default(),
            bias,
            inputs: shape.inputs.chunks(),
        })
    }

    /// The same layer, with the headroom that this kernel finds in its weights.
    pub(crate) fn for_kernel(mut self, kernel: Chosen) -> Self {
        if let Panels::Int8 { data, .. } = &self.panels {
            self.headroom = kernel.run(Measure {
                panels: data,
                stride: self.inputs.div_ceil(4),
            });
        }
        self
    }

    /// The width of a row of the result, in chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.bias.len()
    }

    /// The width of an input row, in chunks.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Whether it multiplies 8-bit integers.
    pub(crate) fn eight_bit(&self) -> bool {
        matches!(self.panels, Panels::Int8 { .. })
    }

    /// Rounds input rows to 8 bits or bfloat16, whichever this layer multiplies; not for `f32`.
    #[inline(always)]
    pub(crate) fn round<K: Kernel>(&self, kernel: K, rows: &[Floats], to: &mut Rounded) {
        match self.panels {
            Panels::F32(_) => {}
            Panels::Bf16(_) => to.paired.fill(rows, self.inputs, kernel.pair_shape().rows),
            Panels::Int8 { .. } => to.quantised.fill(kernel, rows, self.inputs),
        }
    }

    /// Rounds and multiplies `input`. `finish(results, place)` gets each sixteen results, bias
    /// included, and their chunk of `out`.
    #[inline(always)]
    pub(crate) fn apply<K: Kernel>(
        &self,
        kernel: K,
        input: &[Floats],
        out: &mut [Floats],
        rounded: &mut Rounded,
        finish: impl Fn(<K::Lanes as Lanes>::F, &mut Floats),
    ) {
        self.round(kernel, input, rounded);
        let columns = 0..self.chunks();
        self.multiply(
            kernel,
            (input, rounded),
            columns,
            (out, self.chunks()),
            finish,
        );
    }

    /// Computes the `columns` (in chunks) of the result for input rows, given also as
    /// [rounded](Self::round). They go to the start of each row of `out`, whose rows are `out_stride`
    /// chunks apart; `finish` as for [`apply`](Self::apply).
    #[inline(always)]
    pub(crate) fn multiply<K: Kernel>(
        &self,
        kernel: K,
        (input, rounded): (&[Floats], &Rounded),
        columns: Range<usize>,
        (out, out_stride): (&mut [Floats], usize),
        finish: impl Fn(<K::Lanes as Lanes>::F, &mut Floats),
    ) {
        let l = kernel.lanes();
        let rows = input.len() / self.inputs;
        let bias = &self.bias[columns.clone()];
        match &self.panels {
            Panels::F32(data) => {
                let inputs = self.inputs * LANES;
                let a = FloatRows {
                    data: input,
                    stride: self.inputs,
                    count: rows,
                };
                let b = FloatPanels {
                    data: &data[columns.start * inputs..],
                    panel_stride: inputs,
                    input_stride: 1,
                    panels: columns.len(),
                    inputs,
                };
                product(
                    l,
                    a,
                    b,
                    #[inline(always)]
                    |row, panel, sum| {
                        let value = l.add(sum, l.load(&bias[panel]));
                        finish(value, &mut out[row * out_stride + panel]);
                    },
                );
            }
            Panels::Bf16(data) => {
                let _session = kernel.session();
                let stride = self.inputs.div_ceil(2);
                let data = &data[columns.start * LANES * stride..columns.end * LANES * stride];
                pair_product(
                    kernel,
                    (&rounded.paired.data, rows),
                    (data, columns.len()),
                    stride,
                    #[inline(always)]
                    |row, first, found| {
                        let out = &mut out[row * out_stride + first..];
                        for ((found, bias), out) in found.iter().zip(&bias[first..]).zip(out) {
                            finish(l.add(l.load(found), l.load(bias)), out);
                        }
                    },
                );
            }
            Panels::Int8 {
                data,
                sums,
                float_sums,
                scales,
            } => {
                let _session = kernel.session();
                let stride = self.inputs.div_ceil(4);
                let data = &data[columns.start * 16 * stride..columns.end * 16 * stride];
                let (sums, scales) = (&sums[columns.clone()], &scales[columns.clone()]);
                let float_sums = &float_sums[columns.clone()];
                let headroom = self.headroom.of(columns);
                byte_product(
                    kernel,
                    K::shape(rows),
                    (&rounded.quantised.bytes, rows),
                    (data, sums, headroom),
                    stride,
                    #[inline(always)]
                    |row, first, found| {
                        let Row {
                            scale,
                            zero_point,
                            outlier_column,
                            outlier,
                        } = rounded.quantised.rows[row];
                        let outlier = outlier / Bytes::COLUMN_STEP;
                        let [scale, offset, outlier] =
                            [scale, -zero_point, outlier].map(|x| l.splat(x));
                        // Slices of one length, so that the loop has no bounds checks.
                        let panels = first..first + found.len();
                        let place = row * out_stride + first;
                        let out = &mut out[place..place + found.len()];
                        let (sums, scales) = (&float_sums[panels.clone()], &scales[panels.clone()]);
                        let bias = &bias[panels];
                        let group = first * 16 * stride + outlier_column / 4;
                        for panel in 0..found.len() {
                            let group = &data[group + panel * 16 * stride];
                            let weights = l.ints_to_floats(&group.column(outlier_column % 4));
                            let found = l.ints_to_floats(&found[panel]);
                            let value = l.mul_add(l.load(&sums[panel]), offset, found);
                            let value = l.mul_add(weights, outlier, l.mul(value, scale));
                            let value =
                                l.mul_add(value, l.load(&scales[panel]), l.load(&bias[panel]));
                            finish(value, &mut out[panel]);
                        }
                    },
                );
            }
        }
    }
}
