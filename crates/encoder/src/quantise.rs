//! Activations quantised to 8-bit integers, each row with its own scale and zero point.

use crate::kernels::{
    Bytes, Floats, Kernel, LANES, Lanes, RowMut, chunks_for, each_bytes, put_row,
};
use crate::math::in_fours;

/// A row with a smaller range counts as zero, so that `STEPS` / range is finite.
pub(crate) const SMALLEST: f32 = 1e-30;

/// Steps in a row's range. Kernels take bytes from -127 to 127, which are 254 steps; one is left for
/// rounding the zero point to a whole step.
const STEPS: f32 = 253.0;

/// Rows of 8-bit activations.
#[derive(Default)]
pub(crate) struct Quantised {
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) rows: Vec<Row>,
}

/// How to read the bytes of a row: as (byte - `zero_point`) * `scale`, except for one value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Row {
    pub(crate) scale: f32,
    pub(crate) zero_point: f32,
    /// The lane of the value with the largest magnitude. That value is kept in `f32`, because it would
    /// widen the range and leave few steps to the others (Dettmers et al. 2022).
    pub(crate) outlier_column: usize,
    pub(crate) outlier: f32,
}

impl Quantised {
    /// Quantises each row of `chunks` chunks.
    ///
    /// A row with a NaN or an infinity gets the scale NaN, which makes all its products NaN.
    #[inline(always)]
    pub(crate) fn fill<K: Kernel>(&mut self, kernel: K, rows: &[Floats], chunks: usize) {
        let (count, stride) = (rows.len() / chunks, chunks.div_ceil(4));
        self.bytes
            .resize(chunks_for::<K>(count, stride), Bytes::ZERO);
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
    // No early exit, so that the compiler can compare all lanes at once.
    let has_most =
        |values: &Floats| (values.0.iter()).fold(false, |any, x| any | (x.abs() == most));
    let chunk = row.iter().position(has_most).unwrap_or_default();
    let lane = row[chunk].0.iter().position(|x| x.abs() == most);
    let lane = lane.unwrap_or_default();
    let outlier = row[chunk].0[lane];
    let mut rest = row[chunk];
    rest.0[lane] = 0.0;
    // The range includes zero, which must be exact because it is also the padding.
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
    let zero_point = (-STEPS / 2.0 - low * steps).round_ties_even();
    put_row(
        kernel,
        row,
        bytes,
        #[inline(always)]
        |x| l.mul_add(x, l.splat(steps), l.splat(zero_point)),
    );
    bytes.chunk(chunk / 4).0[chunk % 4 * LANES + lane] = (zero_point as i8).wrapping_add(K::OFFSET);
    Row {
        scale: if most.is_finite() {
            range / STEPS
        } else {
            f32::NAN
        },
        zero_point,
        outlier_column: chunk * LANES + lane,
        outlier,
    }
}

/// Quantises a row with zero point 0 and returns its scale, NaN for a row with a NaN or an infinity.
/// `put` gets the index of each chunk and its bytes, the last chunk padded with zeros.
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
        fn values_are_kept_to_half_a_step_and_the_largest_exactly(
            mut values in prop::collection::vec(-3f32..5.0, 2..150),
            place in any::<prop::sample::Index>(),
            largest in prop::sample::select(vec![-40f32, 7.0, 1000.0]),
        ) {
            let place = place.index(values.len());
            values[place] = largest;
            let rows = row(&values);
            for (isa, kernel) in kernels() {
                let (found, bytes) = kernel.run(Round(&rows));
                prop_assert_eq!((found.outlier_column, found.outlier), (place, largest), "{}", isa);
                for (i, (&value, &byte)) in values.iter().zip(&bytes).enumerate() {
                    prop_assert!((-127..=127).contains(&byte));
                    let wanted = if i == place { 0.0 } else { value };
                    let back = (f32::from(byte) - found.zero_point) * found.scale;
                    prop_assert!((back - wanted).abs() <= 0.501 * found.scale, "{isa}: {back} {wanted}");
                }
            }
        }
    }

    #[test]
    fn zeros_stay_zeros_and_a_nan_or_infinity_spoils_its_row() {
        for (isa, kernel) in kernels() {
            let (found, bytes) = kernel.run(Round(&row(&[0.0; 20])));
            assert!(
                bytes
                    .iter()
                    .all(|&byte| f32::from(byte) == found.zero_point),
                "{isa}"
            );
            assert_eq!((found.scale, found.outlier), (0.0, 0.0), "{isa}");
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let (found, _) = kernel.run(Round(&row(&[1.0, bad, 2.0])));
                assert!(found.scale.is_nan(), "{isa}, {bad}");
            }
        }
    }

    #[test]
    fn the_weights_of_one_input_are_read_from_a_panel() {
        let chunk = Bytes(std::array::from_fn(|i| (i as i8 - 32) * 3));
        for input in 0..4 {
            let expected: [f32; 16] = std::array::from_fn(|i| f32::from(chunk.0[4 * i + input]));
            let found = chunk.column(input).0;
            assert_eq!(found.map(|x| x as f32 / Bytes::COLUMN_STEP), expected);
        }
    }
}
