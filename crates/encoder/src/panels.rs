//! Weights in the layout of the kernels.

use std::borrow::Cow;

use crate::bf16::round;
use crate::kernels::{Bytes, Floats, Ints, LANES, Pairs};
use crate::matrix::Columns;
use crate::shapes::Shape;
use crate::weights::Table;

/// Weights in panels of sixteen output columns.
pub(crate) enum Panels {
    Int8 {
        data: Cow<'static, [Bytes]>,
        /// For each column the sum of its weights, and the same as `f32`.
        sums: Vec<Ints>,
        float_sums: Vec<Floats>,
        scales: Vec<Floats>,
    },
    Bf16(Vec<Pairs>),
    F32(Vec<Floats>),
}

/// For every output lane the table and row with its weights; `None` for padding.
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

/// Panels of `f32`, as stored.
pub(crate) fn pack_f32(tables: &[Table<'_>], shape: &Shape) -> Panels {
    let inputs = shape.inputs.chunks() * LANES;
    let data = pack(
        tables,
        shape,
        inputs,
        Floats::ZERO,
        |panel, lane, column, value| {
            panel[lane].0[column] = value;
        },
    );
    Panels::F32(data)
}

/// Panels of bfloat16.
pub(crate) fn pack_bf16(tables: &[Table<'_>], shape: &Shape) -> Panels {
    // Padded to 32 inputs, so that rows of activations are whole cache lines.
    let pairs = shape.inputs.chunks().div_ceil(2) * LANES;
    let data = pack(
        tables,
        shape,
        pairs,
        Pairs::ZERO,
        |panel, lane, column, value| {
            let upper = round(value);
            panel[lane / 2].0[column] |= if lane % 2 == 0 { upper >> 16 } else { upper };
        },
    );
    Panels::Bf16(data)
}

/// Panels of `length` chunks. `put(panel, lane, column, weight)` stores the weight of an input lane
/// and an output column.
fn pack<T: Copy>(
    tables: &[Table<'_>],
    shape: &Shape,
    length: usize,
    zero: T,
    put: impl Fn(&mut [T], usize, usize, f32),
) -> Vec<T> {
    let outputs = outputs(tables, shape.outputs);
    let mut data = vec![zero; outputs.len() / LANES * length];
    for (rows, panel) in outputs.chunks(LANES).zip(data.chunks_mut(length)) {
        for (column, source) in rows.iter().enumerate() {
            let Some((table, row)) = source else { continue };
            for (lane, value) in shape.inputs.lanes().zip(table.row(*row)) {
                put(panel, lane, column, value);
            }
        }
    }
    data
}

/// Panels of 8-bit integers, as stored, or quantised with a scale for each output. Borrowed if they
/// are stored as panels in `'static` bytes.
pub(crate) fn int8(tables: &[Table<'_>], shape: &Shape) -> Panels {
    in_place(tables, shape).unwrap_or_else(|| pack_int8(tables, shape))
}

fn in_place(tables: &[Table<'_>], shape: &Shape) -> Option<Panels> {
    let stored = Table::panels_of(tables).filter(|_| shape.whole())?;
    let sums = tables.iter().flat_map(Table::sums).copied();
    let sums: Vec<i32> = sums.collect();
    let sums: Vec<Ints> = sums.as_chunks().0.iter().copied().map(Ints).collect();
    let scales = tables.iter().flat_map(|t| shape.outputs.spread(t.scales()));
    Some(Panels::Int8 {
        data: Cow::Borrowed(Bytes::slice_of(stored)?),
        float_sums: floats(&sums),
        sums,
        scales: scales.collect(),
    })
}

fn pack_int8(tables: &[Table<'_>], shape: &Shape) -> Panels {
    // Padded to 64 inputs, so that rows of activations are whole cache lines.
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
    Panels::Int8 {
        data: Cow::Owned(data),
        float_sums: floats(&sums),
        sums,
        scales,
    }
}

fn floats(sums: &[Ints]) -> Vec<Floats> {
    let sums = sums.iter().map(|sums| Floats(sums.0.map(|sum| sum as f32)));
    sums.collect()
}

/// Writes a row as 8-bit integers to the lanes of its columns; returns the row's scale.
fn spread_row(table: &Table<'_>, row: usize, columns: Columns, to: &mut [u8]) -> f32 {
    match table.integers(row) {
        Some((stored, scale)) if columns.contiguous() => {
            to[..stored.len()].copy_from_slice(&stored);
            scale
        }
        Some((stored, scale)) => {
            for (lane, &byte) in columns.lanes().zip(&*stored) {
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

/// Writes sixteen rows of `inputs` bytes to a panel: for every four inputs, those of all rows.
fn transpose(rows: &[u8], inputs: usize, panel: &mut [Bytes]) {
    for (column, row) in rows.chunks_exact(inputs).enumerate() {
        for (group, to) in row.as_chunks::<4>().0.iter().zip(panel.iter_mut()) {
            to.0.as_chunks_mut::<4>().0[column] = group.map(u8::cast_signed);
        }
    }
}
