//! Elementary functions that compilers can vectorise: no branches, no calls, no tables.
//!
//! Each is tested against `f64` references over its whole range, to the bound it states.

/// Adding and taking away 1.5 * 2^23 rounds an `f32` to the nearest integer.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has few bits, so that its multiples are exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^x with a relative error below 2e-7, saturating outside -87 to 88.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to degree 7 (remainder below 6e-9),
/// 2^n by writing the exponent bits.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut series = 1.0 / 5040.0;
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        series = series * r + coefficient;
    }
    let biased = shifted
        .to_bits()
        .wrapping_add(127u32.wrapping_sub(ROUND.to_bits()));
    series * f32::from_bits(biased << 23)
}

/// The error function with an absolute error below 4e-7, exactly +-1 from +-4 on.
///
/// x P(x^2) / Q(x^2), both of degree 5, fitted on 0 to 4 by Lawson's iteration (least squares whose
/// weights grow where the error is largest), which gives 2.4e-8 before rounding to `f32`.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    const P: [f32; 5] = [
        2.857_042_4e-4,
        3.928_083_5e-3,
        5.324_012_8e-2,
        1.945_671_9e-1,
        std::f32::consts::FRAC_2_SQRT_PI,
    ];
    const Q: [f32; 5] = [
        1.196_667_7e-3,
        1.529_672_65e-2,
        1.157_753_3e-1,
        5.057_631e-1,
        1.0,
    ];
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let (mut p, mut q) = (1.980_627_8e-6, 3.741_601_5e-5);
    for (above, below) in P.into_iter().zip(Q) {
        p = p * square + above;
        q = q * square + below;
    }
    (x * p / q).clamp(-1.0, 1.0)
}

/// The hyperbolic tangent with an absolute error below 3e-7.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// How many partial sums run side by side: enough for two 128-bit or one 256-bit register.
const LANES: usize = 8;

/// The sum of `f` over `values`, in an order that depends on their number alone.
#[inline(always)]
pub(crate) fn sum_of(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f(value);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|&value| f(value)).sum::<f32>()
}

/// Replaces one row of attention scores by its softmax.
pub(crate) fn softmax(row: &mut [f32]) {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut highest = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (high, &value) in highest.iter_mut().zip(chunk) {
            *high = high.max(value);
        }
    }
    let highest = highest
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    for value in row.iter_mut() {
        *value = exp(*value - highest);
    }
    let share = 1.0 / sum_of(row, |value| value);
    for value in row {
        *value *= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `f32` between the ends would take minutes; this many, evenly spaced, take a moment.
    const STEPS: u32 = 400_000;

    fn grid(low: f32, high: f32) -> impl Iterator<Item = f32> {
        (0..=STEPS).map(move |i| low + (high - low) * (i as f32 / STEPS as f32))
    }

    #[test]
    fn exp_keeps_its_relative_bound() {
        let worst = grid(-87.0, 88.0)
            .chain(grid(-1.0, 1.0))
            .map(|x| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs())
            .fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst:e}");
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn exp_saturates_and_keeps_nan() {
        assert!(exp(f32::NEG_INFINITY) < 2e-38);
        assert_eq!(exp(1e30), exp(88.0));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn erf_keeps_its_absolute_bound() {
        let worst = grid(-6.0, 6.0)
            .chain(grid(-0.01, 0.01))
            .map(|x| (f64::from(erf(x)) - libm::erf(f64::from(x))).abs())
            .fold(0.0, f64::max);
        assert!(worst < 4e-7, "{worst:e}");
    }

    #[test]
    fn erf_ends_at_exactly_one() {
        assert_eq!(erf(4.0), 1.0);
        assert_eq!(erf(f32::NEG_INFINITY), -1.0);
        assert_eq!(erf(0.0), 0.0);
        assert!(erf(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_keeps_its_absolute_bound() {
        let worst = grid(-12.0, 12.0)
            .map(|x| (f64::from(tanh(x)) - f64::from(x).tanh()).abs())
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "{worst:e}");
        assert_eq!(tanh(1e30), 1.0);
        assert_eq!(tanh(-1e30), -1.0);
    }

    #[test]
    fn softmax_agrees_with_f64_for_every_tail_length() {
        for length in 1..40u32 {
            let scores: Vec<f32> = (0..length).map(|i| (i * 37 % 23) as f32 - 15.0).collect();
            let total: f64 = scores.iter().map(|&s| f64::from(s).exp()).sum();
            let mut row = scores.clone();
            softmax(&mut row);
            for (&share, &score) in row.iter().zip(&scores) {
                assert!((f64::from(share) - f64::from(score).exp() / total).abs() < 3e-7);
            }
        }
    }
}
