//! Attention in `f32`.

use super::{QUERIES, Sequence, Shape};
use crate::kernels::{FloatPanels, FloatRows, Floats, Kernel, LANES, Lanes, product};
use crate::math::{behind, softmax};
use crate::relative_bias::RelativeBias;

/// Room for one head of one sequence.
#[derive(Default)]
pub(super) struct Room {
    /// Panels of sixteen keys.
    keys: Vec<Floats>,
    /// A row for each key.
    values: Vec<Floats>,
    /// A row for each query, a lane for each key.
    scores: Vec<Floats>,
    /// 1 / the sum of each row of scores.
    shares: Vec<f32>,
}

#[inline(always)]
pub(super) fn attend<K: Kernel>(
    kernel: K,
    shape: Shape,
    sequence: Sequence<'_>,
    bias: Option<&RelativeBias>,
    context: &mut [Floats],
    room: &mut Room,
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
    room.keys.resize(key_chunks * shape.width, Floats::ZERO);
    room.values.resize(tokens * head_chunks, Floats::ZERO);
    room.scores.resize(QUERIES * key_chunks, Floats::ZERO);
    let behind = behind(tokens);
    for (index, head) in heads.enumerate() {
        let at = index * head_chunks;
        // What is behind the last key has to be a number.
        if let Some(last) = room.keys.rchunks_mut(shape.width).next() {
            last.fill(Floats::ZERO);
        }
        let columns = at..at + head_chunks;
        let values = sequence.values(chunks, columns.clone());
        let rows = sequence.keys(chunks, columns).zip(values);
        for (key, (row, value)) in rows.enumerate() {
            let lanes = row.iter().flat_map(|chunk| &chunk.0);
            let panel = &mut room.keys[key / LANES * shape.width..][..shape.width];
            for (to, &lane) in panel.iter_mut().zip(lanes) {
                to.0[key % LANES] = lane;
            }
            room.values[key * head_chunks..][..head_chunks].copy_from_slice(value);
        }
        let keys = FloatPanels {
            data: &room.keys,
            panel_stride: shape.width,
            input_stride: 1,
            panels: key_chunks,
            inputs: shape.width,
        };
        let values = FloatPanels {
            data: &room.values,
            panel_stride: 1,
            input_stride: head_chunks,
            panels: head_chunks,
            inputs: tokens,
        };
        for first in queries.clone().step_by(QUERIES) {
            let count = QUERIES.min(queries.end - first);
            let rows = FloatRows {
                data: &sequence.joint[first * stride + at..],
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
                    l.store(score, &mut room.scores[row * key_chunks + panel]);
                },
            );
            room.shares.clear();
            for row in room.scores.chunks_exact_mut(key_chunks).take(count) {
                room.shares.push(softmax(l, row, &behind));
            }
            let powers = FloatRows {
                data: &room.scores,
                stride: key_chunks,
                count,
            };
            product(
                l,
                powers,
                values,
                #[inline(always)]
                |row, panel, sum| {
                    let share = l.splat(room.shares[row]);
                    let row = first - queries.start + row;
                    let to = &mut context[row * chunks + at + panel];
                    l.store(l.mul(sum, share), to);
                },
            );
        }
    }
}
