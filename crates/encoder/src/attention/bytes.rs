//! Attention in 8 bits. Queries, keys and values are quantised with a scale for each row of a head.
//! So are the exponentials of a query's scores, after each is multiplied by the scale of its value.

use super::{QUERIES, Sequence, Shape};
use crate::kernels::{
    Bytes, Floats, HeadroomOf, Ints, Kernel, LANES, Lanes, RowMut, byte_product, chunks_for,
    put_row,
};
use crate::math::{self, tail_mask};
use crate::quantise::{SMALLEST, symmetric};
use crate::relative_bias::RelativeBias;

/// Exponentials are quantised to 0..=STEPS and stored as bytes after OFFSET is subtracted.
const STEPS: f32 = 254.0;
const OFFSET: f32 = 127.0;

/// The sizes of a head of a sequence.
#[derive(Clone, Copy)]
struct Size {
    tokens: usize,
    /// Chunks of a row with a lane for each key, and with a byte for each key.
    key_chunks: usize,
    key_bytes: usize,
    /// Chunks of a query as `f32`, and as bytes.
    head_chunks: usize,
    head_bytes: usize,
}

/// Buffers for one head of one sequence.
#[derive(Default)]
pub(super) struct Scratch {
    queries: Queries,
    keys: Keys,
    values: Values,
    /// A row for each query, a lane for each key; then exponentials times the values' scales.
    scores: Vec<Floats>,
    /// For each query the highest score; then the highest scaled exponential.
    highest: Vec<f32>,
    /// The scaled exponentials quantised: a row for each query, a byte for each key.
    exponentials: Vec<Bytes>,
    /// For each query the factor from integer sums to weighted means of the values.
    mean_scales: Vec<f32>,
}

#[derive(Default)]
struct Queries {
    rows: Vec<Bytes>,
    /// One for each query.
    scales: Vec<f32>,
}

#[derive(Default)]
struct Keys {
    /// Sixteen keys in each panel.
    panels: Vec<Bytes>,
    /// The sum of each key's bytes, a lane for each key.
    sums: Vec<Ints>,
    /// A lane for each key.
    scales: Vec<Floats>,
}

#[derive(Default)]
struct Values {
    /// Sixteen columns in each panel; the inputs are the keys.
    panels: Vec<Bytes>,
    /// The sum of each column's bytes, a lane for each column.
    sums: Vec<Ints>,
    /// A lane for each key.
    scales: Vec<Floats>,
    /// The rows of four keys, before they are interleaved.
    four: Vec<Bytes>,
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
        scratch.keys.fill(l, keys, size);
        let values = sequence.values(chunks, columns.clone());
        scratch.values.fill(l, values, size);
        for first in queries.clone().step_by(most) {
            let count = most.min(queries.end - first);
            let rows = sequence.qkv.chunks_exact(3 * chunks);
            let these = rows
                .skip(first)
                .take(count)
                .map(|row| &row[columns.clone()]);
            scratch.queries.fill(kernel, these, size, scale);
            scratch.score(
                kernel,
                size,
                #[inline(always)]
                |row, panel, score| match bias {
                    Some(bias) => l.add(score, l.load(&bias.of(head, first + row, panel * LANES))),
                    None => score,
                },
            );
            scratch.weigh(kernel, size);
            let context = &mut context[(first - queries.start) * chunks + at..];
            scratch.mix(kernel, size, context, chunks);
        }
    }
}

impl Scratch {
    /// Fills the scores of all queries. `bias` gets the row and the panel of a vector of scores.
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

    /// Fills `exponentials` and `mean_scales` from the scores. Each step runs over all rows before
    /// the next step, because the steps of one row wait for each other's results.
    #[inline(always)]
    fn weigh<K: Kernel>(&mut self, kernel: K, size: Size) {
        let l = kernel.lanes();
        let Self {
            queries,
            values,
            scores,
            highest,
            exponentials,
            mean_scales,
            ..
        } = self;
        let mask = tail_mask(size.tokens);
        highest.clear();
        for row in scores.chunks_exact_mut(size.key_chunks) {
            highest.push(math::highest(l, row, &mask));
        }
        mean_scales.clear();
        for (row, high) in scores.chunks_exact_mut(size.key_chunks).zip(&mut *highest) {
            let mut most = l.splat(0.0);
            let sum = math::exponentials(
                l,
                row,
                *high,
                #[inline(always)]
                |x| math::near_exp(l, x),
                #[inline(always)]
                |chunk, exponentials| {
                    let scaled = l.mul(exponentials, l.load(&values.scales[chunk]));
                    most = l.magnitude(most, scaled);
                    scaled
                },
            );
            *high = l.highest_magnitude(most);
            mean_scales.push(1.0 / sum * (*high / STEPS));
        }
        let chunks = chunks_for::<K>(queries.scales.len(), size.key_bytes);
        exponentials.resize(chunks, Bytes::ZERO);
        let rows = scores.chunks_exact(size.key_chunks).zip(&*highest);
        for (number, (row, &most)) in rows.enumerate() {
            let to = &mut RowMut::new::<K>(exponentials, number, size.key_bytes);
            let steps = if most < SMALLEST { 0.0 } else { STEPS / most };
            put_row(
                kernel,
                row,
                to,
                #[inline(always)]
                |scaled| l.mul_add(scaled, l.splat(steps), l.splat(-OFFSET)),
            );
        }
    }

    /// Writes the weighted means of the values to `context`, whose rows are `stride` chunks apart.
    #[inline(always)]
    fn mix<K: Kernel>(&self, kernel: K, size: Size, context: &mut [Floats], stride: usize) {
        let l = kernel.lanes();
        let values = &self.values;
        byte_product(
            kernel,
            K::SHAPE,
            (&self.exponentials, self.mean_scales.len()),
            (&values.panels, &values.sums, HeadroomOf::default()),
            size.key_bytes,
            #[inline(always)]
            |row, first, found| {
                let scale = l.splat(self.mean_scales[row]);
                let places = values.sums[first..]
                    .iter()
                    .zip(&mut context[row * stride + first..]);
                for (found, (sums, to)) in found.iter().zip(places) {
                    let sums = l.ints_to_floats(sums);
                    let sum = l.mul_add(sums, l.splat(OFFSET), l.ints_to_floats(found));
                    l.store(l.mul(sum, scale), to);
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
        let chunks = chunks_for::<K>(rows.len(), size.head_bytes);
        self.rows.resize(chunks, Bytes::ZERO);
        self.scales.clear();
        for (number, row) in rows.enumerate() {
            let to = &mut RowMut::new::<K>(&mut self.rows, number, size.head_bytes);
            let own_scale = symmetric(
                kernel.lanes(),
                row,
                #[inline(always)]
                |chunk, bytes| to.put::<K>(chunk, bytes),
            );
            self.scales.push(own_scale * scale);
        }
    }
}

impl Keys {
    #[inline(always)]
    fn fill<'r, L: Lanes>(&mut self, l: L, rows: impl Iterator<Item = &'r [Floats]>, size: Size) {
        let panel_bytes = 16 * size.head_bytes;
        // The padding of each row must be zero, and the lanes past the last key must not be NaN.
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
            let scale = symmetric(
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
            self.scales[panel].0[lane] = scale;
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
                let scale = symmetric(
                    l,
                    row,
                    #[inline(always)]
                    |chunk, bytes| place[chunk] = bytes,
                );
                self.scales[key / LANES].0[key % LANES] = scale;
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

/// Interleaves four rows: for each of sixteen columns its four inputs, which are added to `sums`.
#[inline(always)]
fn interleave(four: [&[i8; LANES]; 4], group: &mut Bytes, sums: &mut Ints) {
    let places = group.0.as_chunks_mut().0.iter_mut().zip(&mut sums.0);
    for (column, (place, sum)) in places.enumerate() {
        let values = four.map(|row| row[column]);
        *sum += values.iter().map(|&x| i32::from(x)).sum::<i32>();
        // Written as arithmetic on a `u32`, which compilers vectorise.
        let [a, b, c, d] = values.map(|x| u32::from(x.cast_unsigned()));
        let bits: u32 = a | b << 8 | c << 16 | d << 24;
        *place = bits.to_le_bytes().map(u8::cast_signed);
    }
}
