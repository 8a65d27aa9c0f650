//! Portable Rust: the reference that the other kernels are tested against.

use crate::math::ROUND;

use super::{BYTES, BytePanels, ByteRows, Floats, Ints, Kernel, LANES, Lanes, Sums, TileShape};

#[derive(Clone, Copy)]
pub(crate) struct Scalar;

type F = [f32; LANES];

#[inline(always)]
fn each(f: impl FnMut(usize) -> f32) -> F {
    std::array::from_fn(f)
}

impl Lanes for Scalar {
    type F = F;

    const PANELS: usize = 1;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; LANES]
    }

    #[inline(always)]
    fn load(self, from: &Floats) -> F {
        from.0
    }

    #[inline(always)]
    fn store(self, x: F, to: &mut Floats) {
        to.0 = x;
    }

    #[inline(always)]
    fn ints_to_floats(self, from: &Ints) -> F {
        from.0.map(|x| x as f32)
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        each(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        each(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        each(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        each(|i| a[i] / b[i])
    }

    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        let mut to = [0.0; LANES];
        for (i, to) in to.iter_mut().enumerate() {
            *to = if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
                a[i].mul_add(b[i], c[i])
            } else {
                mul_add(a[i], b[i], c[i])
            };
        }
        to
    }

    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        each(|i| a[i].max(b[i]))
    }

    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        each(|i| a[i].min(b[i]))
    }

    #[inline(always)]
    fn at_least(self, x: F, low: f32) -> F {
        x.map(|x| if x < low { low } else { x })
    }

    #[inline(always)]
    fn clamp(self, x: F, low: f32, high: f32) -> F {
        x.map(|x| x.clamp(low, high))
    }

    #[inline(always)]
    fn magnitude(self, so_far: F, x: F) -> F {
        each(|i| f32::from_bits(so_far[i].to_bits().max(x[i].abs().to_bits())))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: F) -> F {
        shifted.map(|x| f32::from_bits((x.to_bits() << 23).wrapping_add(1.0f32.to_bits())))
    }

    #[inline(always)]
    fn sum(self, mut x: F) -> f32 {
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                x[i] += x[i + half];
            }
            half /= 2;
        }
        x[0]
    }

    #[inline(always)]
    fn highest_magnitude(self, x: F) -> f32 {
        f32::from_bits(x.iter().fold(0, |most, x| most.max(x.to_bits())))
    }

    #[inline(always)]
    fn highest(self, x: F) -> f32 {
        x.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b))
    }

    #[inline(always)]
    fn to_bytes(self, x: F) -> [i8; LANES] {
        x.map(|x| (x + ROUND - ROUND) as i8)
    }

    #[inline(always)]
    fn halves(self, pairs: F) -> [F; 2] {
        [
            pairs.map(|x| f32::from_bits(x.to_bits() << 16)),
            pairs.map(|x| f32::from_bits(x.to_bits() & 0xffff_0000)),
        ]
    }
}

/// [`f32::mul_add`] without the function call that it compiles to where the target may lack the
/// instruction. The product is exact in `f64`. The sum is rounded to odd in `f64`, so that rounding it
/// again to `f32` is correct (Boldo and Melquiond 2008).
#[inline(always)]
fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // The exact rounding error of the sum (Knuth's TwoSum).
    let part = sum - product;
    let error = (product - (sum - part)) + (c - part);
    // Both comparisons are false for NaN, which is the error of a sum that is not finite.
    let inexact = u64::from((error > 0.0) | (error < 0.0));
    let bits = sum.to_bits();
    let inwards = (error.to_bits() ^ bits) >> 63;
    let even = 0u64.wrapping_sub(inexact & !bits & 1);
    f64::from_bits(bits.wrapping_add(1u64.wrapping_sub(2 * inwards) & even)) as f32
}

impl Kernel for Scalar {
    type Lanes = Self;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(48, 1);
    const BLOCK: usize = 48;

    fn lanes(self) -> Self {
        self
    }

    fn session(self) {}

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        rows.check(Self::SHAPE);
        w.check(Self::SHAPE, rows.stride);
        let sums = &mut sums[..rows.count];
        sums.fill(Ints::ZERO);
        let mut columns = [[0; BLOCK]; LANES];
        let mut inputs = [0; BLOCK];
        let panel = &w.data[..16 * rows.stride];
        for (block, groups) in panel.chunks(BLOCK / 4).enumerate() {
            for (at, group) in groups.iter().enumerate() {
                for (column, four) in columns.iter_mut().zip(group.0.as_chunks::<4>().0) {
                    column.as_chunks_mut().0[at] = four.map(i16::from);
                }
            }
            let count = 4 * groups.len();
            for (row, sums) in rows.data.chunks(rows.stride).zip(&mut *sums) {
                let places = inputs.as_chunks_mut().0.iter_mut();
                for (to, from) in places.zip(&row[block * BLOCK / BYTES..]) {
                    *to = from.0.map(i16::from);
                }
                for (sum, column) in sums.0.iter_mut().zip(&columns) {
                    *sum += dot(&inputs[..count], &column[..count]);
                }
            }
        }
    }
}

/// How many inputs are widened to 16 bits at a time.
const BLOCK: usize = 4 * BYTES;

/// The dot product. Products eight apart are added first, a pattern that compilers turn into `PMADDWD`
/// on SSE2 and its equivalents elsewhere.
#[inline(always)]
fn dot(a: &[i16], b: &[i16]) -> i32 {
    let mut sums = [0; 8];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let product = |i: usize| i32::from(a[i]) * i32::from(b[i]);
            *sum += product(i) + product(i + 8);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of any magnitude, whose products and sums sometimes lie halfway between two others.
    fn number() -> impl Strategy<Value = f32> {
        let near = (-40..40i32, -9..=9i32).prop_map(|(exponent, steps)| {
            (1.0 + steps as f32 * f32::EPSILON) * (exponent as f32).exp2()
        });
        let any = prop::num::f32::ANY;
        prop_oneof![near.clone(), near.prop_map(|x| -x), any]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn multiplying_and_adding_rounds_once(a in number(), b in number(), c in number()) {
            let (found, expected) = (mul_add(a, b, c), a.mul_add(b, c));
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            prop_assert!(same, "{a:e} * {b:e} + {c:e}: {found:e}, not {expected:e}");
        }
    }
}
