//! The non-linearity between the two linear layers of a block.

use crate::math::{erf, tanh};

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

    pub(crate) fn apply(self, values: &mut [f32]) {
        match self {
            Self::Gelu => values.iter_mut().for_each(|x| *x = gelu(*x)),
            Self::GeluTanh => values.iter_mut().for_each(|x| *x = gelu_tanh(*x)),
            Self::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
        }
    }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    0.5 * x * (1.0 + tanh(SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error in units of the input, or of 1 for inputs below.
    fn worst(activation: Activation, reference: impl Fn(f64) -> f64) -> f64 {
        let inputs: Vec<f32> = (-80_000..80_003).map(|i| i as f32 * 1e-4).collect();
        let mut outputs = inputs.clone();
        activation.apply(&mut outputs);
        inputs
            .iter()
            .zip(&outputs)
            .map(|(&x, &y)| {
                (f64::from(y) - reference(f64::from(x))).abs() / f64::from(x).abs().max(1.0)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn gelu_is_exact_to_three_ten_millionths() {
        let exact = |x: f64| 0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()));
        let difference = worst(Activation::Gelu, exact);
        assert!(difference < 3e-7, "{difference:e}");
    }

    #[test]
    fn gelu_tanh_follows_its_formula_to_three_ten_millionths() {
        let scale = (2.0 / std::f64::consts::PI).sqrt();
        let formula = |x: f64| 0.5 * x * (1.0 + (scale * (x + 0.044715 * x.powi(3))).tanh());
        let difference = worst(Activation::GeluTanh, formula);
        assert!(difference < 3e-7, "{difference:e}");
    }

    #[test]
    fn large_inputs_stay_finite() {
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
            let mut values = [-1e12, -50.0, 50.0, 1e12];
            activation.apply(&mut values);
            assert_eq!(values, [0.0, 0.0, 50.0, 1e12], "{activation:?}");
        }
    }
}
