//! Attention in `f32`.

use super::{QUERIES, Sequence, Shape};
use crate::kernels::{FloatPanels, FloatRows, Floats, Kernel, LANES, Lanes, product};
use crate::math::{softmax, tail_mask};
use crate::relative_bias::RelativeBias;

/// Buffers for one head of one sequence.
#[derive(Default)]
pub(super) struct Scratch {
    /// Panels of sixteen keys.
    keys: Vec<Floats>,
    /// A row for each key.
    values: Vec<Floats>,
    /// A row for each query, a lane for each key.
    scores: Vec<Floats>,
    /// 1 / the sum of the exponentials of each row of scores.
    inverse_sums: Vec<f32>,
}

#[inline(always)]
pub(super) fn attend<K: Kernel>(
    kernel: K,
    shape: Shape,
    sequence: Sequence<'_>,
    bias: Option<&RelativeBias>,
    context: &mut [Floats],
    scratch: &mut Scratch,
) {
    let l = kernel.lanes();
    let heads = sequence.heads.clone();
    let queries = sequence.queries.clone();
    let head_chunks = shape.head_chunks;
    let chunks = heads.len() * head_chunks;
    let stride = 3 * chunks;
    let tokens = sequence.tokens(chunks);
    let key_chunks = tokens.div_ceil(LANES);
    let scale = l.splat(1.0 / (shape.width as f32).sqrt());
    scratch.keys.resize(key_chunks * shape.width, Floats::ZERO);
    scratch.values.resize(tokens * head_chunks, Floats::ZERO);
    scratch.scores.resize(QUERIES * key_chunks, Floats::ZERO);
    let mask = tail_mask(tokens);
    for (index, head) in heads.enumerate() {
        let at = index * head_chunks;
        // The lanes past the last key must not be NaN.
        if let Some(last) = scratch.keys.rchunks_mut(shape.width).next() {
            last.fill(Floats::ZERO);
        }
        let columns = at..at + head_chunks;
        let values = sequence.values(chunks, columns.clone());
        let rows = sequence.keys(chunks, columns).zip(values);
        for (key, (row, value)) in rows.enumerate() {
            let lanes = row.iter().flat_map(|chunk| &chunk.0);
            let panel = &mut scratch.keys[key / LANES * shape.width..][..shape.width];
            for (to, &lane) in panel.iter_mut().zip(lanes) {
                to.0[key % LANES] = lane;
            }
            scratch.values[key * head_chunks..][..head_chunks].copy_from_slice(value);
        }
        let keys = FloatPanels {
            data: &scratch.keys,
            panel_stride: shape.width,
            input_stride: 1,
            panels: key_chunks,
            inputs: shape.width,
        };
        let values = FloatPanels {
            data: &scratch.values,
            panel_stride: 1,
            input_stride: head_chunks,
            panels: head_chunks,
            inputs: tokens,
        };
        for first in queries.clone().step_by(QUERIES) {
            let count = QUERIES.min(queries.end - first);
            let rows = FloatRows {
                data: &sequence.qkv[first * stride + at..],
                stride,
                count,
            };
            product(
                l,
                rows,
                keys,
                #[inline(always)]
                |row, panel, sum| {
                    let mut score = l.mul(sum, scale);
                    if let Some(bias) = bias {
                        let bias = bias.of(head, first + row, panel * LANES);
                        score = l.add(score, l.load(&bias));
                    }
                    l.store(score, &mut scratch.scores[row * key_chunks + panel]);
                },
            );
            scratch.inverse_sums.clear();
            for row in scratch.scores.chunks_exact_mut(key_chunks).take(count) {
                scratch.inverse_sums.push(softmax(l, row, &mask));
            }
            let exponentials = FloatRows {
                data: &scratch.scores,
                stride: key_chunks,
                count,
            };
            product(
                l,
                exponentials,
                values,
                #[inline(always)]
                |row, panel, sum| {
                    let inverse_sum = l.splat(scratch.inverse_sums[row]);
                    let row = first - queries.start + row;
                    let to = &mut context[row * chunks + at + panel];
                    l.store(l.mul(sum, inverse_sum), to);
                },
            );
        }
    }
}
