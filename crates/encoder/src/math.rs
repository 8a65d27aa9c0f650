//! Elementary functions on sixteen values: no branches, no tables.
//!
//! Each is tested against `f64` references over its whole range, to the bound it states.

use crate::kernels::{Floats, LANES, Lanes};

/// Adding and subtracting 1.5 * 2^23 rounds an `f32` to the nearest integer.
pub(crate) const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has few bits, so that its multiples are exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// The value of a polynomial, its highest coefficient first.
#[inline(always)]
fn polynomial<L: Lanes>(l: L, x: L::F, coefficients: &[f32]) -> L::F {
    let mut value = l.splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        value = l.mul_add(value, x, l.splat(coefficient));
    }
    value
}

/// Folds a row into four independent accumulators (chunk i into i % 4), so that a step need not wait
/// for the one before.
#[inline(always)]
pub(crate) fn in_fours<S: Copy>(
    mut states: [S; 4],
    row: &[Floats],
    step: impl Fn(S, &Floats) -> S,
) -> [S; 4] {
    let (fours, rest) = row.as_chunks::<4>();
    for values in fours {
        for (state, values) in states.iter_mut().zip(values) {
            *state = step(*state, values);
        }
    }
    for (state, values) in states.iter_mut().zip(rest) {
        *state = step(*state, values);
    }
    states
}

/// e^x with a relative error below 2e-7, saturating outside -87 to 88.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to degree 7 (remainder below 6e-9),
/// 2^n by writing the exponent bits.
#[inline(always)]
pub(crate) fn exp<L: Lanes>(l: L, x: L::F) -> L::F {
    const SERIES: [f32; 8] = [
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let x = l.clamp(x, -87.0, 88.0);
    let shifted = l.mul_add(x, l.splat(std::f32::consts::LOG2_E), l.splat(ROUND));
    let n = l.sub(shifted, l.splat(ROUND));
    let r = l.mul_add(n, l.splat(-LN_2_HIGH), x);
    let r = l.mul_add(n, l.splat(-LN_2_LOW), r);
    l.mul(polynomial(l, r, &SERIES), l.power_of_two(shifted))
}

/// e^x for x from -87 to 0 with a relative error below 3.2e-6, exactly 1 at 0; saturates below.
///
/// As [`exp`], but with a series of degree 4, fitted by Lawson's iteration, in place of Taylor's.
#[inline(always)]
pub(crate) fn near_exp<L: Lanes>(l: L, x: L::F) -> L::F {
    const SERIES: [f32; 5] = [0.041_513_68, 0.167_875_92, 0.500_030_2, 0.999_966_8, 1.0];
    let x = l.at_least(x, -87.0);
    let shifted = l.mul_add(x, l.splat(std::f32::consts::LOG2_E), l.splat(ROUND));
    let n = l.sub(shifted, l.splat(ROUND));
    let r = l.mul_add(n, l.splat(-std::f32::consts::LN_2), x);
    l.mul(polynomial(l, r, &SERIES), l.power_of_two(shifted))
}

/// x Phi(x), where Phi is the normal distribution, to an absolute error below 1.2e-4; exactly 0 at 0.
///
/// max(x, 0) + b Q(b), where b = max(-|x|, -3.9) and Q is of degree 7, fitted by Lawson's iteration.
#[inline(always)]
pub(crate) fn near_gelu<L: Lanes>(l: L, x: L::F) -> L::F {
    const Q: [f32; 8] = [
        -3.251_359_5e-5,
        -1.208_224_5e-3,
        -1.390_983_1e-2,
        -7.222_138e-2,
        -1.698_634_5e-1,
        -7.600_681_5e-2,
        3.727_712e-1,
        4.969_637_7e-1,
    ];
    let positive = l.at_least(x, 0.0);
    let b = l.mul_add(positive, l.splat(-2.0), x);
    let b = l.at_least(b, -3.9);
    l.mul_add(b, polynomial(l, b, &Q), positive)
}

/// The error function with an absolute error below 4e-7, exactly +-1 from +-4 on.
///
/// x P(x^2) / Q(x^2), both of degree 5, fitted on 0 to 4 by Lawson's iteration (least squares whose
/// weights grow where the error is largest). Its error is 2.4e-8 before rounding to `f32`.
#[inline(always)]
pub(crate) fn erf<L: Lanes>(l: L, x: L::F) -> L::F {
    const P: [f32; 6] = [
        1.980_627_8e-6,
        2.857_042_4e-4,
        3.928_083_5e-3,
        5.324_012_8e-2,
        1.945_671_9e-1,
        std::f32::consts::FRAC_2_SQRT_PI,
    ];
    const Q: [f32; 6] = [
        3.741_601_5e-5,
        1.196_667_7e-3,
        1.529_672_65e-2,
        1.157_753_3e-1,
        5.057_631e-1,
        1.0,
    ];
    let x = l.clamp(x, -4.0, 4.0);
    let square = l.mul(x, x);
    let p = l.mul(x, polynomial(l, square, &P));
    l.clamp(l.div(p, polynomial(l, square, &Q)), -1.0, 1.0)
}

/// The hyperbolic tangent with an absolute error below 3e-7.
#[inline(always)]
pub(crate) fn tanh<L: Lanes>(l: L, x: L::F) -> L::F {
    let one = l.splat(1.0);
    let power = exp(l, l.add(x, x));
    l.sub(one, l.div(l.splat(2.0), l.add(power, one)))
}

/// Replaces the scores of a row by e^(score - highest score); returns 1 / their sum. `mask` is the
/// row's [`tail_mask`].
#[inline(always)]
pub(crate) fn softmax<L: Lanes>(l: L, row: &mut [Floats], mask: &Floats) -> f32 {
    let highest = highest(l, row, mask);
    1.0 / exponentials(
        l,
        row,
        highest,
        #[inline(always)]
        |x| exp(l, x),
        #[inline(always)]
        |_, exponentials| exponentials,
    )
}

/// The highest score of a row, after its [`tail_mask`] is added.
#[inline(always)]
pub(crate) fn highest<L: Lanes>(l: L, row: &mut [Floats], mask: &Floats) -> f32 {
    if let Some(last) = row.last_mut() {
        l.store(l.add(l.load(last), l.load(mask)), last);
    }
    let mut highest = l.splat(f32::NEG_INFINITY);
    for scores in &*row {
        highest = l.max(highest, l.load(scores));
    }
    l.highest(highest)
}

/// Replaces the scores of a row by `weigh(chunk, exp(score - highest))`; returns the sum of the
/// exponentials. `weigh` gets the index of the chunk.
#[inline(always)]
pub(crate) fn exponentials<L: Lanes>(
    l: L,
    row: &mut [Floats],
    highest: f32,
    exp: impl Fn(L::F) -> L::F,
    mut weigh: impl FnMut(usize, L::F) -> L::F,
) -> f32 {
    let highest = l.splat(highest);
    let mut sum = l.splat(0.0);
    for (chunk, scores) in row.iter_mut().enumerate() {
        let exponentials = exp(l.sub(l.load(scores), highest));
        sum = l.add(sum, exponentials);
        l.store(weigh(chunk, exponentials), scores);
    }
    l.sum(sum)
}

/// What to add to the last chunk of a row of `count` scores to set the padding lanes to minus
/// infinity. They must not hold NaN or infinity.
pub(crate) fn tail_mask(count: usize) -> Floats {
    let mut mask = Floats::ZERO;
    if let lanes @ 1.. = count % LANES {
        mask.0[lanes..].fill(f32::NEG_INFINITY);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::{Chosen, Job, Kernel, LANES};

    /// Test every function at this many evenly spaced inputs; all `f32` would take minutes.
    const STEPS: u32 = 400_000;

    fn grid(low: f32, high: f32) -> impl Iterator<Item = f32> {
        (0..=STEPS).map(move |i| low + (high - low) * (i as f32 / STEPS as f32))
    }

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        NearExp,
        Erf,
        Tanh,
    }

    struct Apply<'a>(Function, &'a [f32]);

    impl Job for Apply<'_> {
        type Output = Vec<f32>;

        fn run<K: Kernel>(self, kernel: K) -> Vec<f32> {
            let l = kernel.lanes();
            let mut out = Vec::new();
            for chunk in self.1.chunks(LANES) {
                let mut lanes = Floats::ZERO;
                lanes.0[..chunk.len()].copy_from_slice(chunk);
                l.run(
                    #[inline(always)]
                    || {
                        let x = l.load(&lanes);
                        let y = match self.0 {
                            Function::Exp => exp(l, x),
                            Function::NearExp => near_exp(l, x),
                            Function::Erf => erf(l, x),
                            Function::Tanh => tanh(l, x),
                        };
                        l.store(y, &mut lanes);
                    },
                );
                out.extend_from_slice(&lanes.0[..chunk.len()]);
            }
            out
        }
    }

    /// The function's values. Asserts that they are the same bits on every instruction set.
    fn values(function: Function, inputs: &[f32]) -> Vec<f32> {
        let reference = Chosen::SCALAR.run(Apply(function, inputs));
        for isa in Isa::available() {
            let found = Chosen::new(isa).unwrap().run(Apply(function, inputs));
            for ((a, b), x) in found.iter().zip(&reference).zip(inputs) {
                assert!(
                    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
                    "{isa}: {x}"
                );
            }
        }
        reference
    }

    fn worst(function: Function, inputs: Vec<f32>, error: impl Fn(f64, f64) -> f64) -> f64 {
        let outputs = values(function, &inputs);
        inputs
            .iter()
            .zip(outputs)
            .map(|(&x, y)| error(f64::from(x), f64::from(y)))
            .inspect(|error| assert!(error.is_finite(), "{error}"))
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_keeps_its_relative_bound() {
        let inputs = grid(-87.0, 88.0).chain(grid(-1.0, 1.0)).collect();
        let worst = worst(Function::Exp, inputs, |x, y| (y / x.exp() - 1.0).abs());
        assert!(worst < 2e-7, "{worst:e}");
    }

    #[test]
    fn exp_saturates_and_keeps_nan() {
        let found = values(
            Function::Exp,
            &[0.0, f32::NEG_INFINITY, 1e30, 88.0, f32::NAN],
        );
        assert_eq!(found[0], 1.0);
        assert!(found[1] < 2e-38);
        assert_eq!(found[2], found[3]);
        assert!(found[4].is_nan());
    }

    #[test]
    fn near_exp_keeps_its_relative_bound_and_is_1_at_0() {
        let inputs = grid(-87.0, 0.0).chain(grid(-1.0, 0.0)).collect();
        let worst = worst(Function::NearExp, inputs, |x, y| (y / x.exp() - 1.0).abs());
        assert!(worst < 3.2e-6, "{worst:e}");
        let found = values(
            Function::NearExp,
            &[0.0, -1e30, f32::NEG_INFINITY, f32::NAN],
        );
        assert_eq!(found[0], 1.0);
        assert!(found[1] < 2e-38 && found[2] < 2e-38 && found[3].is_nan());
    }

    #[test]
    fn erf_keeps_its_absolute_bound() {
        let inputs = grid(-6.0, 6.0).chain(grid(-0.01, 0.01)).collect();
        let worst = worst(Function::Erf, inputs, |x, y| (y - libm::erf(x)).abs());
        assert!(worst < 4e-7, "{worst:e}");
    }

    #[test]
    fn erf_ends_at_exactly_one() {
        let found = values(Function::Erf, &[4.0, f32::NEG_INFINITY, 0.0, f32::NAN]);
        assert_eq!(found[..3], [1.0, -1.0, 0.0]);
        assert!(found[3].is_nan());
    }

    #[test]
    fn tanh_keeps_its_absolute_bound() {
        let inputs = grid(-12.0, 12.0).collect();
        let worst = worst(Function::Tanh, inputs, |x, y| (y - x.tanh()).abs());
        assert!(worst < 3e-7, "{worst:e}");
        assert_eq!(values(Function::Tanh, &[1e30, -1e30]), [1.0, -1.0]);
    }

    struct Softmax<'a>(&'a mut [Floats], usize);

    impl Job for Softmax<'_> {
        type Output = f32;

        fn run<K: Kernel>(self, kernel: K) -> f32 {
            let l = kernel.lanes();
            l.run(
                #[inline(always)]
                || softmax(l, self.0, &tail_mask(self.1)),
            )
        }
    }

    #[test]
    fn softmax_agrees_with_f64_for_every_tail_length() {
        for length in 1..40u32 {
            let scores: Vec<f32> = (0..length).map(|i| (i * 37 % 23) as f32 - 15.0).collect();
            let total: f64 = scores.iter().map(|&s| f64::from(s).exp()).sum();
            for isa in Isa::available() {
                // The padding lanes hold something higher than the scores.
                let mut row = vec![Floats([99.0; LANES]); scores.len().div_ceil(LANES)];
                for (i, &score) in scores.iter().enumerate() {
                    row[i / LANES].0[i % LANES] = score;
                }
                let inverse_sum = Chosen::new(isa)
                    .unwrap()
                    .run(Softmax(&mut row, scores.len()));
                for (exponential, &score) in row.iter().flat_map(|chunk| chunk.0).zip(&scores) {
                    let wanted = f64::from(score).exp() / total;
                    let found = f64::from(exponential * inverse_sum);
                    assert!((found - wanted).abs() < 3e-7, "{isa}");
                }
            }
        }
    }
}
