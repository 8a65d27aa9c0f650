//! Rounding to bfloat16: `f32` without the lower half of its bits.

use crate::kernels::{Floats, LANES, Pairs};

/// The bits of 2^-56. Smaller magnitudes are rounded to zero. Products, and sums of them, are then
/// multiples of 2^-126, so that no denormal number occurs, which processors treat differently.
const LEAST: u32 = (127 - 56) << 23;

/// Rows of bfloat16 activations.
#[derive(Default)]
pub(crate) struct PairedRows {
    pub(crate) data: Vec<Pairs>,
}

impl PairedRows {
    /// Rounds each row of `chunks` chunks. Leaves space for `more` rows, since a tile may read past the
    /// last row.
    #[inline(always)]
    pub(crate) fn fill(&mut self, rows: &[Floats], chunks: usize, more: usize) {
        let stride = chunks.div_ceil(2);
        let count = rows.len() / chunks;
        self.data.resize((count + more) * stride, Pairs::ZERO);
        for (row, places) in rows.chunks_exact(chunks).zip(self.data.chunks_mut(stride)) {
            for (two, place) in row.chunks(2).zip(places) {
                let (first, second) = place.0.split_at_mut(LANES / 2);
                pairs(&two[0], first);
                pairs(two.get(1).unwrap_or(&Floats::ZERO), second);
            }
        }
    }
}

#[inline(always)]
fn pairs(values: &Floats, to: &mut [u32]) {
    for (two, to) in values.0.as_chunks::<2>().0.iter().zip(to) {
        *to = pair(two[0], two[1]);
    }
}

/// Two values rounded, the first in the lower half of the bits.
#[inline(always)]
fn pair(first: f32, second: f32) -> u32 {
    round(first) >> 16 | round(second)
}

/// The nearest bfloat16, ties to even, as the bits of an `f32` whose lower half is zero. NaN stays
/// NaN; what is nearer to infinity than to the largest bfloat16 becomes infinite.
#[inline(always)]
pub(crate) fn round(x: f32) -> u32 {
    let bits = x.to_bits();
    let size = bits & 0x7fff_ffff;
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    let rounded = if x.is_nan() {
        bits | 0x0040_0000
    } else {
        nearest
    };
    if size < LEAST {
        0
    } else {
        rounded & 0xffff_0000
    }
}

#[cfg(test)]
mod tests {
    use half::bf16;
    use proptest::prelude::*;

    use super::*;

    fn rounded(x: f32) -> f32 {
        f32::from_bits(round(x))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn all_but_the_smallest_round_as_in_the_half_crate(bits in any::<u32>()) {
            let x = f32::from_bits(bits);
            let found = rounded(x);
            prop_assert_eq!(found.to_bits() & 0xffff, 0);
            if x.is_nan() {
                prop_assert!(found.is_nan());
            } else if x.abs() < 2f32.powi(-56) {
                prop_assert_eq!(found.to_bits(), 0);
            } else {
                prop_assert_eq!(found.to_bits(), bf16::from_f32(x).to_f32().to_bits());
            }
        }

        #[test]
        fn no_bfloat16_is_nearer(x in 1e-3f32..1e3, negative in any::<bool>()) {
            let x = if negative { -x } else { x };
            let found = rounded(x);
            let error = (f64::from(found) - f64::from(x)).abs();
            prop_assert!(error <= f64::from(x.abs()) / 256.0);
            for step in [0x1_0000i32, -0x1_0000] {
                let other = f32::from_bits(found.to_bits().wrapping_add_signed(step));
                prop_assert!((f64::from(other) - f64::from(x)).abs() >= error);
            }
        }

        #[test]
        fn a_bfloat16_stays_as_it_is(bits in 0x2380u16..0x7f81, negative in any::<bool>()) {
            let x = bf16::from_bits(bits | u16::from(negative) << 15).to_f32();
            prop_assert_eq!(rounded(x).to_bits(), x.to_bits());
        }
    }

    #[test]
    fn ties_go_to_even_and_the_ends_of_the_range_are_kept() {
        let at = |bits: u32| rounded(f32::from_bits(bits)).to_bits();
        assert_eq!(at(0x3f80_8000), 0x3f80_0000);
        assert_eq!(at(0x3f81_8000), 0x3f82_0000);
        assert_eq!(at(0x3f80_8001), 0x3f81_0000);
        assert_eq!(rounded(f32::MAX), f32::INFINITY);
        assert_eq!(rounded(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(rounded(f32::from_bits(0x7f80_0001)).is_nan());
        assert!(rounded(f32::from_bits(0xffff_ffff)).is_nan());
        assert_eq!(rounded(2f32.powi(-56)), 2f32.powi(-56));
        assert_eq!(rounded(-f32::from_bits(1)).to_bits(), 0);
    }

    #[test]
    fn a_row_is_padded_with_zeros_in_a_used_buffer() {
        let chunk = |first: u16| Floats(std::array::from_fn(|i| f32::from(first + i as u16)));
        let mut rows = PairedRows::default();
        rows.fill(&[chunk(1); 20], 20, 3);
        rows.fill(&[chunk(1), chunk(17), chunk(33)], 3, 2);
        assert_eq!(rows.data.len(), 3 * 2);
        let values = |pairs: &Pairs| -> Vec<f32> {
            let halves = |pair: &u32| [pair << 16, pair & 0xffff_0000].map(f32::from_bits);
            pairs.0.iter().flat_map(halves).collect()
        };
        let first: Vec<f32> = (1..33).map(|x: u16| f32::from(x)).collect();
        let second: Vec<f32> = (33..49).map(|x: u16| f32::from(x)).collect();
        assert_eq!(values(&rows.data[0]), first);
        assert_eq!(values(&rows.data[1])[..16], second);
        assert_eq!(values(&rows.data[1])[16..], [0.0; 16]);
    }
}
