//! Attention in 8 bits. Queries, keys and values are rounded, each row of a head with a step of its
//! own, and so are the powers of a query's scores, multiplied by the steps of the values.

use super::{QUERIES, Sequence, Shape};
use crate::kernels::{
    Bytes, Floats, HeadroomOf, Ints, Kernel, LANES, Lanes, RowMut, byte_product, put_row, room_for,
};
use crate::math::{self, behind};
use crate::quantise::{SMALLEST, symmetric};
use crate::relative_bias::RelativeBias;

/// A power is from 0 to this many steps, and a byte this many less than it.
const STEPS: f32 = 254.0;
const DOWN: f32 = 127.0;

/// How much there is of a head of a sequence.
#[derive(Clone, Copy)]
struct Size {
    tokens: usize,
    /// Chunks of a row of scores, and of one of powers.
    key_chunks: usize,
    key_bytes: usize,
    /// Chunks of a query as `f32`, and as bytes.
    head_chunks: usize,
    head_bytes: usize,
}

/// Room for one head of one sequence.
#[derive(Default)]
pub(super) struct Room {
    queries: Queries,
    keys: Keys,
    values: Values,
    /// A row for each query, a lane for each key; then powers, weighed.
    scores: Vec<Floats>,
    /// For each query the highest score; then the highest power, weighed.
    highest: Vec<f32>,
    /// A row for each query, a byte for each key.
    powers: Vec<Bytes>,
    /// What makes means of the products of powers and values, for each query.
    shares: Vec<f32>,
}

#[derive(Default)]
struct Queries {
    rows: Vec<Bytes>,
    /// For each query.
    scales: Vec<f32>,
}

#[derive(Default)]
struct Keys {
    /// Sixteen keys each.
    panels: Vec<Bytes>,
    /// For each key, and so are the scales.
    sums: Vec<Ints>,
    scales: Vec<Floats>,
}

#[derive(Default)]
struct Values {
    /// Sixteen columns each.
    panels: Vec<Bytes>,
    /// For each column.
    sums: Vec<Ints>,
    /// For each key.
    scales: Vec<Floats>,
    /// Rows of four keys.
    four: Vec<Bytes>,
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
    let _session = kernel.session();
    let heads = sequence.heads.clone();
    let queries = sequence.queries.clone();
    let chunks = heads.len() * shape.head_chunks;
    let tokens = sequence.tokens(chunks);
    let size = Size {
        tokens,
        key_chunks: tokens.div_ceil(LANES),
        key_bytes: tokens.div_ceil(4 * LANES),
        head_chunks: shape.head_chunks,
        head_bytes: shape.head_chunks.div_ceil(4),
    };
    let scale = 1.0 / (shape.width as f32).sqrt();
    let most = QUERIES.next_multiple_of(K::SHAPE.rows);
    for (index, head) in heads.enumerate() {
        let at = index * size.head_chunks;
        let columns = at..at + size.head_chunks;
        let keys = sequence.keys(chunks, columns.clone());
        room.keys.fill(l, keys, size);
        let values = sequence.values(chunks, columns.clone());
        room.values.fill(l, values, size);
        for first in queries.clone().step_by(most) {
            let count = most.min(queries.end - first);
            let rows = sequence.joint.chunks_exact(3 * chunks);
            let these = rows
                .skip(first)
                .take(count)
                .map(|row| &row[columns.clone()]);
            room.queries.fill(kernel, these, size, scale);
            room.score(
                kernel,
                size,
                #[inline(always)]
                |row, panel, score| match bias {
                    Some(bias) => l.add(score, l.load(&bias.of(head, first + row, panel * LANES))),
                    None => score,
                },
            );
            room.weigh(kernel, size);
            let context = &mut context[(first - queries.start) * chunks + at..];
            room.mix(kernel, size, context, chunks);
        }
    }
}

impl Room {
    /// Fills the scores of all queries; `bias` gets a score's row and panel.
    #[inline(always)]
    fn score<K: Kernel>(
        &mut self,
        kernel: K,
        size: Size,
        bias: impl Fn(usize, usize, <K::Lanes as Lanes>::F) -> <K::Lanes as Lanes>::F,
    ) {
        let l = kernel.lanes();
        let Self {
            queries,
            keys,
            scores,
            ..
        } = self;
        let count = queries.scales.len();
        scores.resize(count * size.key_chunks, Floats::ZERO);
        byte_product(
            kernel,
            K::SHAPE,
            (&queries.rows, count),
            (&keys.panels, &keys.sums, HeadroomOf::default()),
            size.head_bytes,
            #[inline(always)]
            |row, first, found| {
                let scale = l.splat(queries.scales[row]);
                let to = &mut scores[row * size.key_chunks + first..];
                let places = keys.scales[first..].iter().zip(to);
                for (panel, (found, (key, to))) in (first..).zip(found.iter().zip(places)) {
                    let score = l.mul(l.mul(l.ints_to_floats(found), scale), l.load(key));
                    l.store(bias(row, panel, score), to);
                }
            },
        );
    }

    /// Fills powers and shares from the scores. What is done to a row takes long to come out of the
    /// processor; so each thing is done to all rows before the next.
    #[inline(always)]
    fn weigh<K: Kernel>(&mut self, kernel: K, size: Size) {
        let l = kernel.lanes();
        let Self {
            queries,
            values,
            scores,
            highest,
            powers,
            shares,
            ..
        } = self;
        let behind = behind(size.tokens);
        highest.clear();
        for row in scores.chunks_exact_mut(size.key_chunks) {
            highest.push(math::highest(l, row, &behind));
        }
        shares.clear();
        for (row, high) in scores.chunks_exact_mut(size.key_chunks).zip(&mut *highest) {
            let mut most = l.splat(0.0);
            let sum = math::powers(
                l,
                row,
                *high,
                #[inline(always)]
                |x| math::near_exp(l, x),
                #[inline(always)]
                |chunk, power| {
                    let power = l.mul(power, l.load(&values.scales[chunk]));
                    most = l.magnitude(most, power);
                    power
                },
            );
            *high = l.highest_magnitude(most);
            shares.push(1.0 / sum * (*high / STEPS));
        }
        let room = room_for::<K>(queries.scales.len(), size.key_bytes);
        powers.resize(room, Bytes::ZERO);
        let rows = scores.chunks_exact(size.key_chunks).zip(&*highest);
        for (number, (row, &most)) in rows.enumerate() {
            let to = &mut RowMut::new::<K>(powers, number, size.key_bytes);
            let steps = if most < SMALLEST { 0.0 } else { STEPS / most };
            put_row(
                kernel,
                row,
                to,
                #[inline(always)]
                |power| l.mul_add(power, l.splat(steps), l.splat(-DOWN)),
            );
        }
    }

    /// Mixes the values into `context`, whose rows are `stride` chunks apart.
    #[inline(always)]
    fn mix<K: Kernel>(&self, kernel: K, size: Size, context: &mut [Floats], stride: usize) {
        let l = kernel.lanes();
        let values = &self.values;
        byte_product(
            kernel,
            K::SHAPE,
            (&self.powers, self.shares.len()),
            (&values.panels, &values.sums, HeadroomOf::default()),
            size.key_bytes,
            #[inline(always)]
            |row, first, found| {
                let share = l.splat(self.shares[row]);
                let places = values.sums[first..]
                    .iter()
                    .zip(&mut context[row * stride + first..]);
                for (found, (sums, to)) in found.iter().zip(places) {
                    let sums = l.ints_to_floats(sums);
                    let sum = l.mul_add(sums, l.splat(DOWN), l.ints_to_floats(found));
                    l.store(l.mul(sum, share), to);
                }
            },
        );
    }
}

impl Queries {
    #[inline(always)]
    fn fill<'r, K: Kernel>(
        &mut self,
        kernel: K,
        rows: impl ExactSizeIterator<Item = &'r [Floats]>,
        size: Size,
        scale: f32,
    ) {
        let room = room_for::<K>(rows.len(), size.head_bytes);
        self.rows.resize(room, Bytes::ZERO);
        self.scales.clear();
        for (number, row) in rows.enumerate() {
            let to = &mut RowMut::new::<K>(&mut self.rows, number, size.head_bytes);
            let step = symmetric(
                kernel.lanes(),
                row,
                #[inline(always)]
                |chunk, bytes| to.put::<K>(chunk, bytes),
            );
            self.scales.push(step * scale);
        }
    }
}

impl Keys {
    #[inline(always)]
    fn fill<'r, L: Lanes>(&mut self, l: L, rows: impl Iterator<Item = &'r [Floats]>, size: Size) {
        let panel_bytes = 16 * size.head_bytes;
        // What is behind a row's last chunk has to be zero, and what is behind the last key a number.
        self.panels.clear();
        self.panels
            .resize(size.key_chunks * panel_bytes, Bytes::ZERO);
        self.sums.resize(size.key_chunks, Ints::ZERO);
        self.scales.clear();
        self.scales.resize(size.key_chunks, Floats::ZERO);
        for (key, row) in rows.enumerate() {
            let (panel, lane) = (key / LANES, key % LANES);
            let groups = &mut self.panels[panel * panel_bytes..][..panel_bytes];
            let mut sum = 0;
            let step = symmetric(
                l,
                row,
                #[inline(always)]
                |chunk, bytes| {
                    sum += bytes.0.iter().map(|&x| i32::from(x)).sum::<i32>();
                    let groups = &mut groups.as_chunks_mut::<LANES>().0[chunk];
                    for (four, group) in bytes.0.as_chunks::<4>().0.iter().zip(groups) {
                        group.0.as_chunks_mut().0[lane] = *four;
                    }
                },
            );
            self.sums[panel].0[lane] = sum;
            self.scales[panel].0[lane] = step;
        }
    }
}

impl Values {
    #[inline(always)]
    fn fill<'r, L: Lanes>(&mut self, l: L, rows: impl Iterator<Item = &'r [Floats]>, size: Size) {
        let panel_bytes = 16 * size.key_bytes;
        self.panels.clear();
        self.panels
            .resize(size.head_chunks * panel_bytes, Bytes::ZERO);
        self.sums.clear();
        self.sums.resize(size.head_chunks, Ints::ZERO);
        self.scales.clear();
        self.scales.resize(size.key_chunks, Floats::ZERO);
        self.four.resize(4 * size.head_bytes, Bytes::ZERO);
        let mut rows = rows.enumerate();
        for group in 0..size.tokens.div_ceil(4) {
            self.four.fill(Bytes::ZERO);
            let places = self.four.chunks_exact_mut(size.head_bytes);
            for (place, (key, row)) in places.zip(&mut rows) {
                let step = symmetric(
                    l,
                    row,
                    #[inline(always)]
                    |chunk, bytes| place[chunk] = bytes,
                );
                self.scales[key / LANES].0[key % LANES] = step;
            }
            for (chunk, sums) in self.sums.iter_mut().enumerate() {
                let four = [0, 1, 2, 3].map(|key| {
                    let row = &self.four[key * size.head_bytes + chunk / 4];
                    &row.0.as_chunks().0[chunk % 4]
                });
                let to = &mut self.panels[chunk * panel_bytes + group];
                interleave(four, to, sums);
            }
        }
    }
}

/// Four rows as four inputs of sixteen columns, which are added up.
#[inline(always)]
fn interleave(four: [&[i8; LANES]; 4], group: &mut Bytes, sums: &mut Ints) {
    let places = group.0.as_chunks_mut().0.iter_mut().zip(&mut sums.0);
    for (column, (place, sum)) in places.enumerate() {
        let values = four.map(|row| row[column]);
        *sum += values.iter().map(|&x| i32::from(x)).sum::<i32>();
        // As one number, which compilers know how to do for many columns at once.
        let [a, b, c, d] = values.map(|x| u32::from(x.cast_unsigned()));
        let bits: u32 = a | b << 8 | c << 16 | d << 24;
        *place = bits.to_le_bytes().map(u8::cast_signed);
    }
}
