//! The non-linearity between the two linear layers of a block.

use crate::kernels::Lanes;
use crate::math::{erf, near_gelu, tanh};

/// An activation function, as `config.json` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `gelu`: x Phi(x) with the exact normal distribution (Hendrycks and Gimpel 2016).
    Gelu,
    /// `gelu_new` or `gelu_pytorch_tanh`: the same with the paper's tanh approximation.
    GeluTanh,
    /// `relu`: max(x, 0).
    Relu,
}

impl Activation {
    pub(crate) const SUPPORTED: &'static str = "gelu, gelu_new, gelu_pytorch_tanh, relu";

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Self::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            "relu" => Some(Self::Relu),
            _ => None,
        }
    }

    /// How to compute it; less exactly if the result is then rounded to 8 bits.
    pub(crate) fn curve(self, eight_bit: bool) -> Curve {
        match self {
            Self::Gelu if eight_bit => Curve::NearGelu,
            Self::Gelu => Curve::Gelu,
            Self::GeluTanh => Curve::GeluTanh,
            Self::Relu => Curve::Relu,
        }
    }
}

/// An activation function as it is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    Gelu,
    /// GELU to about a hundredth of a step of 8 bits.
    NearGelu,
    GeluTanh,
    Relu,
}

impl Curve {
    #[inline(always)]
    pub(crate) fn apply<L: Lanes>(self, l: L, x: L::F) -> L::F {
        match self {
            Self::Gelu => gelu(l, x),
            Self::NearGelu => near_gelu(l, x),
            Self::GeluTanh => gelu_tanh(l, x),
            Self::Relu => l.at_least(x, 0.0),
        }
    }
}

#[inline(always)]
fn gelu<L: Lanes>(l: L, x: L::F) -> L::F {
    let half = l.mul(x, l.splat(0.5));
    let erf = erf(l, l.mul(x, l.splat(std::f32::consts::FRAC_1_SQRT_2)));
    l.mul_add(half, erf, half)
}

#[inline(always)]
fn gelu_tanh<L: Lanes>(l: L, x: L::F) -> L::F {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    let half = l.mul(x, l.splat(0.5));
    let cube = l.mul(l.mul(x, x), l.mul(x, l.splat(0.044_715)));
    let tanh = tanh(l, l.mul(l.add(x, cube), l.splat(SQRT_2_OVER_PI)));
    l.mul_add(half, tanh, half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::{Chosen, Floats, Job, Kernel};
    use crate::matrix::Columns;

    struct Apply<'a>(Curve, &'a mut [Floats]);

    impl Job for Apply<'_> {
        type Output = ();

        fn run<K: Kernel>(self, kernel: K) {
            let l = kernel.lanes();
            l.run(
                #[inline(always)]
                || {
                    for chunk in self.1 {
                        l.store(self.0.apply(l, l.load(chunk)), chunk);
                    }
                },
            );
        }
    }

    fn apply(curve: Curve, values: &[f32]) -> Vec<f32> {
        let mut results = Isa::available().into_iter().map(|isa| {
            let mut row = Columns::plain(values.len()).spread(values);
            Chosen::new(isa).unwrap().run(Apply(curve, &mut row));
            row.iter()
                .flat_map(|chunk| chunk.0)
                .take(values.len())
                .collect::<Vec<f32>>()
        });
        let first = results.next().unwrap();
        let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
        assert!(results.all(|other| other.iter().zip(&first).all(same)));
        first
    }

    /// The largest error relative to the input; absolute for inputs below 1.
    fn worst(curve: Curve, reference: impl Fn(f64) -> f64) -> f64 {
        let inputs: Vec<f32> = (-80_000..80_003).map(|i| i as f32 * 1e-4).collect();
        inputs
            .iter()
            .zip(apply(curve, &inputs))
            .map(|(&x, y)| {
                (f64::from(y) - reference(f64::from(x))).abs() / f64::from(x).abs().max(1.0)
            })
            .inspect(|error| assert!(error.is_finite(), "{error}"))
            .fold(0.0, f64::max)
    }

    fn exact(x: f64) -> f64 {
        0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()))
    }

    #[test]
    fn gelu_is_exact_to_three_ten_millionths() {
        let difference = worst(Curve::Gelu, exact);
        assert!(difference < 3e-7, "{difference:e}");
    }

    #[test]
    fn near_gelu_keeps_its_absolute_bound_and_zero() {
        let inputs: Vec<f32> = (-80_000..80_003).map(|i| i as f32 * 1e-4).collect();
        for (&x, y) in inputs.iter().zip(apply(Curve::NearGelu, &inputs)) {
            let difference = (f64::from(y) - exact(f64::from(x))).abs();
            assert!(difference < 1.2e-4, "{x}: {difference:e}");
        }
        let found = apply(Curve::NearGelu, &[0.0, -0.0, -1e12, 1e12, f32::NAN]);
        assert_eq!((found[0], found[1]), (0.0, 0.0));
        assert!(found[2].abs() < 1.2e-4 && found[3] == 1e12 && found[4].is_nan());
    }

    #[test]
    fn gelu_tanh_follows_its_formula_to_three_ten_millionths() {
        let scale = (2.0 / std::f64::consts::PI).sqrt();
        let formula = |x: f64| 0.5 * x * (1.0 + (scale * (x + 0.044715 * x.powi(3))).tanh());
        let difference = worst(Curve::GeluTanh, formula);
        assert!(difference < 3e-7, "{difference:e}");
    }

    #[test]
    fn large_inputs_stay_finite() {
        for curve in [Curve::Gelu, Curve::GeluTanh, Curve::Relu] {
            let values = apply(curve, &[-1e12, -50.0, 50.0, 1e12]);
            assert_eq!(values, [0.0, 0.0, 50.0, 1e12], "{curve:?}");
        }
    }
}
