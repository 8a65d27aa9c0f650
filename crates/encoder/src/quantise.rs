//! Activations as 8-bit integers, each row with its own range.

use crate::kernels::{Bytes, Floats, Kernel, LANES, Lanes, RowMut, each_bytes, put_row, room_for};
use crate::math::in_fours;

/// Rows below this are taken as zero: `STEPS` / a range must be finite.
pub(crate) const SMALLEST: f32 = 1e-30;

/// Steps of a row's range. Bytes are from -127 to 127, as kernels want them; one step is left for
/// zero, which lies on a step.
const STEPS: f32 = 253.0;

/// Rows of 8-bit activations.
#[derive(Default)]
pub(crate) struct Quantised {
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) rows: Vec<Row>,
}

/// What the bytes of a row stand for: (byte - zero) * scale, but for one value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Row {
    pub(crate) scale: f32,
    pub(crate) zero: f32,
    /// The lane of the row's largest value, which is kept apart as its range would leave few
    /// steps to the others (Dettmers and others 2022).
    pub(crate) column: usize,
    pub(crate) apart: f32,
}

impl Quantised {
    /// Rounds each row of `chunks` chunks.
    ///
    /// A row with a NaN or an infinity gets a scale that makes all its products NaN.
    #[inline(always)]
    pub(crate) fn fill<K: Kernel>(&mut self, kernel: K, rows: &[Floats], chunks: usize) {
        let (count, stride) = (rows.len() / chunks, chunks.div_ceil(4));
        self.bytes.resize(room_for::<K>(count, stride), Bytes::ZERO);
        self.rows.clear();
        for (number, values) in rows.chunks_exact(chunks).enumerate() {
            let bytes = &mut RowMut::new::<K>(&mut self.bytes, number, stride);
            self.rows.push(quantise(kernel, values, bytes));
        }
    }
}

#[inline(always)]
fn quantise<K: Kernel>(kernel: K, row: &[Floats], bytes: &mut RowMut<'_>) -> Row {
    let l = kernel.lanes();
    let mut most = l.splat(0.0);
    for values in row {
        most = l.magnitude(most, l.load(values));
    }
    let most = l.highest_magnitude(most);
    // All lanes are looked at, so that the compiler can do it at once.
    let here = |values: &Floats| (values.0.iter()).fold(false, |any, x| any | (x.abs() == most));
    let chunk = row.iter().position(here).unwrap_or_default();
    let lane = row[chunk].0.iter().position(|x| x.abs() == most);
    let lane = lane.unwrap_or_default();
    let apart = row[chunk].0[lane];
    let mut rest = row[chunk];
    rest.0[lane] = 0.0;
    // Zero is within the range, for it has to be exact: rows may be filled up with it.
    let none = l.splat(0.0);
    let mut ends = [(none, none); 4];
    for part in [&[rest], &row[..chunk], &row[chunk + 1..]] {
        ends = in_fours(
            ends,
            part,
            #[inline(always)]
            |(low, high), values| {
                let values = l.load(values);
                (l.min(low, values), l.max(high, values))
            },
        );
    }
    let [(low, high), others @ ..] = ends;
    let low = others.iter().fold(low, |low, end| l.min(low, end.0));
    let high = others.iter().fold(high, |high, end| l.max(high, end.1));
    let (low, high) = (-l.highest(l.sub(none, low)), l.highest(high));
    let range = high - low;
    let steps = if range < SMALLEST { 0.0 } else { STEPS / range };
    let zero = (-STEPS / 2.0 - low * steps).round_ties_even();
    put_row(
        kernel,
        row,
        bytes,
        #[inline(always)]
        |x| l.mul_add(x, l.splat(steps), l.splat(zero)),
    );
    bytes.chunk(chunk / 4).0[chunk % 4 * LANES + lane] = (zero as i8).wrapping_add(K::OFFSET);
    Row {
        scale: if most.is_finite() {
            range / STEPS
        } else {
            f32::NAN
        },
        zero,
        column: chunk * LANES + lane,
        apart,
    }
}

/// Rounds a row with one step for both signs. `put` gets the number of each chunk and its bytes, the
/// last one filled up with zeros; gives the size of a step, NaN for a row with a NaN or an infinity.
#[inline(always)]
pub(crate) fn symmetric<L: Lanes>(l: L, row: &[Floats], put: impl FnMut(usize, Bytes)) -> f32 {
    const LARGEST: f32 = 127.0;
    let mut most = l.splat(0.0);
    for values in row {
        most = l.magnitude(most, l.load(values));
    }
    let most = l.highest_magnitude(most);
    let steps = if most < SMALLEST { 0.0 } else { LARGEST / most };
    each_bytes(
        l,
        row,
        #[inline(always)]
        |x| l.mul(x, l.splat(steps)),
        put,
    );
    if most.is_finite() {
        most / LARGEST
    } else {
        f32::NAN
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::Job;
    use crate::kernels::tests::kernels;

    struct Round<'a>(&'a [Floats]);

    impl Job for Round<'_> {
        type Output = (Row, Vec<i8>);

        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            let mut found = Quantised::default();
            found.fill(kernel, self.0, self.0.len());
            let mut row = RowMut::new::<K>(&mut found.bytes, 0, self.0.len().div_ceil(4));
            let bytes: Vec<Bytes> = (0..self.0.len().div_ceil(4))
                .map(|i| *row.chunk(i))
                .collect();
            let bytes = bytes
                .iter()
                .flat_map(|bytes| bytes.0.map(|x| x.wrapping_sub(K::OFFSET)));
            (found.rows[0], bytes.take(16 * self.0.len()).collect())
        }
    }

    fn row(values: &[f32]) -> Vec<Floats> {
        let chunks = values.chunks(LANES);
        chunks
            .map(|chunk| {
                Floats(std::array::from_fn(|i| {
                    chunk.get(i).copied().unwrap_or(0.0)
                }))
            })
            .collect()
    }

    proptest! {
        #[test]
        fn values_come_back_within_half_a_step_and_the_largest_as_it_was(
            mut values in prop::collection::vec(-3f32..5.0, 2..150),
            place in any::<prop::sample::Index>(),
            largest in prop::sample::select(vec![-40f32, 7.0, 1000.0]),
        ) {
            let place = place.index(values.len());
            values[place] = largest;
            let rows = row(&values);
            for (isa, kernel) in kernels() {
                let (found, bytes) = kernel.run(Round(&rows));
                prop_assert_eq!((found.column, found.apart), (place, largest), "{}", isa);
                for (i, (&value, &byte)) in values.iter().zip(&bytes).enumerate() {
                    prop_assert!((-127..=127).contains(&byte));
                    let wanted = if i == place { 0.0 } else { value };
                    let back = (f32::from(byte) - found.zero) * found.scale;
                    prop_assert!((back - wanted).abs() <= 0.501 * found.scale, "{isa}: {back} {wanted}");
                }
            }
        }
    }

    #[test]
    fn zeros_stay_zeros_and_what_is_not_a_number_spoils_its_row() {
        for (isa, kernel) in kernels() {
            let (found, bytes) = kernel.run(Round(&row(&[0.0; 20])));
            assert!(
                bytes.iter().all(|&byte| f32::from(byte) == found.zero),
                "{isa}"
            );
            assert_eq!((found.scale, found.apart), (0.0, 0.0), "{isa}");
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let (found, _) = kernel.run(Round(&row(&[1.0, bad, 2.0])));
                assert!(found.scale.is_nan(), "{isa}, {bad}");
            }
        }
    }

    #[test]
    fn the_weights_of_one_input_are_read_out_of_a_panel() {
        let chunk = Bytes(std::array::from_fn(|i| (i as i8 - 32) * 3));
        for input in 0..4 {
            let expected: [f32; 16] = std::array::from_fn(|i| f32::from(chunk.0[4 * i + input]));
            let found = chunk.column(input).0;
            assert_eq!(found.map(|x| x as f32 / Bytes::COLUMN_STEP), expected);
        }
    }
}
