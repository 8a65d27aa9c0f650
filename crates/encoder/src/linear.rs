//! The linear layer: rows times weights, in 8 bits or in `f32`.

use std::ops::Range;

use crate::kernels::{
    BytePanels, ByteRows, Bytes, FloatPanels, FloatRows, Floats, Ints, Kernel, LANES, Lanes,
    product,
};
use crate::matrix::Columns;
use crate::quantise::{Quantised, Row};
use crate::weights::{Table, Weights};
use crate::{Error, Precision};

/// y = x W^T + b for rows x.
///
/// A row of the result depends on the same row of the input alone, bit for bit.
pub(crate) struct Linear {
    panels: Panels,
    /// A chunk for each panel.
    bias: Vec<Floats>,
    /// Chunks of an input row.
    inputs: usize,
}

/// Weights in the kernels' layout: panels of sixteen output columns.
enum Panels {
    Int8 {
        data: Vec<Bytes>,
        sums: Vec<Ints>,
        scales: Vec<Floats>,
    },
    F32(Vec<Floats>),
}

/// Which weights to read, and how columns lie.
pub(crate) struct Shape<'a> {
    /// Layers whose outputs stand side by side.
    pub(crate) names: &'a [&'a str],
    pub(crate) inputs: Columns,
    /// Of each of the layers.
    pub(crate) outputs: Columns,
}

impl Linear {
    /// Reads `{name}.weight` (outputs x inputs) and `{name}.bias`.
    pub(crate) fn load(
        weights: &Weights<'_>,
        shape: &Shape<'_>,
        precision: Precision,
    ) -> Result<Self, Error> {
        let mut tables = Vec::new();
        let mut bias = Vec::new();
        for name in shape.names {
            let (outputs, inputs) = (shape.outputs.count(), shape.inputs.count());
            tables.push(weights.matrix(&format!("{name}.weight"), outputs, inputs)?);
            let values = weights.vector(&format!("{name}.bias"), outputs)?;
            bias.extend(shape.outputs.spread(&values));
        }
        let stored = tables.iter().all(|table| table.integers(0).is_some());
        let int8 = match precision {
            Precision::Auto => stored,
            Precision::F32 => false,
            Precision::Int8 => true,
        };
        let panels = if int8 {
            pack_int8(&tables, shape)
        } else {
            pack_f32(&tables, shape)
        };
        Ok(Self {
            panels,
            bias,
            inputs: shape.inputs.chunks(),
        })
    }

    /// Chunks of a row of the result.
    pub(crate) fn chunks(&self) -> usize {
        self.bias.len()
    }

    /// Chunks of a row that is multiplied.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Whether rows are rounded to 8 bits before they are multiplied.
    pub(crate) fn quantises(&self) -> bool {
        matches!(self.panels, Panels::Int8 { .. })
    }

    /// Multiplies rows of whole chunks; `finish` gets each sixteen results and their place in `out`.
    #[inline(always)]
    pub(crate) fn apply<K: Kernel>(
        &self,
        kernel: K,
        input: &[Floats],
        out: &mut [Floats],
        scratch: &mut Quantised,
        finish: impl Fn(<K::Lanes as Lanes>::F, &mut Floats),
    ) {
        if self.quantises() {
            scratch.fill(kernel, input, self.inputs);
        }
        let columns = 0..self.chunks();
        self.multiply(
            kernel,
            (input, scratch),
            columns,
            (out, self.chunks()),
            finish,
        );
    }

    /// Gives some of the columns of the product, `columns` in chunks, of rows that have been rounded
    /// where the layer [`quantises`](Self::quantises). They go to the start of each row of `out`, a
    /// slice and the length of its rows.
    #[inline(always)]
    pub(crate) fn multiply<K: Kernel>(
        &self,
        kernel: K,
        (input, quantised): (&[Floats], &Quantised),
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
            Panels::Int8 { data, sums, scales } => {
                let _session = kernel.session();
                let stride = self.inputs.div_ceil(4);
                let data = &data[columns.start * 16 * stride..columns.end * 16 * stride];
                let (sums, scales) = (&sums[columns.clone()], &scales[columns.clone()]);
                let mut found = [Ints::ZERO; 64];
                for first in (0..columns.len()).step_by(K::PANELS) {
                    let panels = K::PANELS.min(columns.len() - first);
                    let mut w = BytePanels {
                        data: &data[first * 16 * stride..],
                        sums: &sums[first..],
                        panels,
                        ahead: &[],
                    };
                    let next = &w.data[panels * 16 * stride..];
                    let mut ahead = next.chunks(16 * stride).take(K::PANELS);
                    let mut row = 0;
                    for left in (1..=rows.div_ceil(K::ROWS)).rev() {
                        w.ahead = ahead.next().unwrap_or(w.data);
                        let count = (rows - row).div_ceil(left).next_multiple_of(K::STEP);
                        let count = count.min(rows - row);
                        let a = ByteRows {
                            data: &quantised.bytes[row * stride..],
                            stride,
                            count,
                        };
                        kernel.tile(a, w, &mut found);
                        for (row, found) in (row..row + count).zip(found.chunks(panels)) {
                            let Row {
                                scale,
                                zero,
                                column,
                                apart,
                            } = quantised.rows[row];
                            let [scale, zero, apart] = [scale, -zero, apart].map(|x| l.splat(x));
                            let out = &mut out[row * out_stride + first..][..panels];
                            for (panel, (found, out)) in (first..).zip(found.iter().zip(out)) {
                                let sums = l.ints_to_floats(&sums[panel]);
                                let value = l.mul_add(sums, zero, l.ints_to_floats(found));
                                let group = &data[panel * 16 * stride + column / 4];
                                let weights = l.ints_to_floats(&group.column(column % 4));
                                let value = l.mul_add(weights, apart, l.mul(value, scale));
                                let bias = l.load(&bias[panel]);
                                finish(l.mul_add(value, l.load(&scales[panel]), bias), out);
                            }
                        }
                        row += count;
                    }
                }
            }
        }
    }
}

/// The table and row behind every output lane; none behind filling.
fn outputs<'t, 'a>(
    tables: &'t [Table<'a>],
    columns: Columns,
) -> Vec<Option<(&'t Table<'a>, usize)>> {
    let lanes = columns.chunks() * LANES;
    let mut found = vec![None; tables.len() * lanes];
    for (index, table) in tables.iter().enumerate() {
        for (row, lane) in columns.lanes().enumerate() {
            found[index * lanes + lane] = Some((table, row));
        }
    }
    found
}

fn pack_f32(tables: &[Table<'_>], shape: &Shape<'_>) -> Panels {
    let inputs = shape.inputs.chunks() * LANES;
    let outputs = outputs(tables, shape.outputs);
    let mut data = vec![Floats::ZERO; outputs.len() / LANES * inputs];
    for (rows, panel) in outputs.chunks(LANES).zip(data.chunks_mut(inputs)) {
        for (column, source) in rows.iter().enumerate() {
            let Some((table, row)) = source else { continue };
            for (lane, value) in shape.inputs.lanes().zip(table.row(*row)) {
                panel[lane].0[column] = value;
            }
        }
    }
    Panels::F32(data)
}

fn pack_int8(tables: &[Table<'_>], shape: &Shape<'_>) -> Panels {
    // Whole chunks of 64 inputs, so that rows of activations are whole cache lines.
    let inputs = shape.inputs.chunks().div_ceil(4) * 4 * LANES;
    let outputs = outputs(tables, shape.outputs);
    let panels = outputs.len() / LANES;
    let mut data = vec![Bytes::ZERO; panels * inputs / 4];
    let mut sums = vec![Ints::ZERO; panels];
    let mut scales = vec![Floats::ZERO; panels];
    let mut bytes = vec![0u8; LANES * inputs];
    for (index, (rows, panel)) in outputs
        .chunks(LANES)
        .zip(data.chunks_mut(inputs / 4))
        .enumerate()
    {
        let mut places = bytes.chunks_exact_mut(inputs);
        for (column, source) in rows.iter().enumerate() {
            let Some(place) = places.next() else { break };
            let Some((table, row)) = source else {
                place.fill(0);
                continue;
            };
            let scale = spread_row(table, *row, shape.inputs, place);
            scales[index].0[column] = scale;
            sums[index].0[column] = place.iter().map(|&x| i32::from(x.cast_signed())).sum();
        }
        transpose(&bytes, inputs, panel);
    }
    Panels::Int8 { data, sums, scales }
}

/// Writes a row as 8-bit integers to the lanes of its columns; gives the row's scale.
fn spread_row(table: &Table<'_>, row: usize, columns: Columns, to: &mut [u8]) -> f32 {
    match table.integers(row) {
        Some((stored, scale)) if columns.contiguous() => {
            to[..stored.len()].copy_from_slice(stored);
            scale
        }
        Some((stored, scale)) => {
            for (lane, &byte) in columns.lanes().zip(stored) {
                to[lane] = byte;
            }
            scale
        }
        None => {
            let values = table.row(row);
            let most = values.iter().fold(0f32, |most, x| most.max(x.abs()));
            let steps = if most > 0.0 { 127.0 / most } else { 0.0 };
            for (lane, &value) in columns.lanes().zip(&values) {
                to[lane] = ((value * steps).round_ties_even() as i8).cast_unsigned();
            }
            most / 127.0
        }
    }
}

/// Sixteen rows of `inputs` bytes to a panel: for every four inputs, those of all rows.
fn transpose(rows: &[u8], inputs: usize, panel: &mut [Bytes]) {
    for (column, row) in rows.chunks_exact(inputs).enumerate() {
        for (group, to) in row.as_chunks::<4>().0.iter().zip(panel.iter_mut()) {
            to.0.as_chunks_mut::<4>().0[column] = group.map(u8::cast_signed);
        }
    }
}
