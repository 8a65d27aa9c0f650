//! A linear layer with a logistic output: a vector to independent probabilities.

use ndarray::{Array1, Array2, ArrayView1};

/// The weights and biases of topics.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    pub(super) weight: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

impl Linear {
    /// A layer of weights (topics x vector) and biases (topics). `None` where their sizes
    /// differ.
    pub(super) fn new(weight: Array2<f32>, bias: Array1<f32>) -> Option<Self> {
        (weight.nrows() == bias.len()).then_some(Self { weight, bias })
    }

    /// The length of the vectors it takes.
    pub(super) fn inputs(&self) -> usize {
        self.weight.ncols()
    }

    /// Its weights, topics x vector, and biases.
    pub(super) fn parts(&self) -> (&Array2<f32>, &Array1<f32>) {
        (&self.weight, &self.bias)
    }

    /// The probability of each topic for a vector.
    pub(super) fn scores(&self, vector: ArrayView1<'_, f32>) -> Array1<f32> {
        (self.weight.dot(&vector) + &self.bias).mapv_into(logistic)
    }
}

/// `1 / (1 + exp(-x))`, without overflow.
pub(super) fn logistic(x: f32) -> f32 {
    let small = (-x.abs()).exp();
    (if x < 0.0 { small } else { 1.0 }) / (1.0 + small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn scores_are_logistic_and_do_not_overflow() {
        let linear = Linear::new(
            array![[1.0, 0.0], [0.0, 1000.0], [0.0, -1000.0]],
            array![0.0, 0.0, 0.0],
        );
        let scores = linear.unwrap().scores(array![1.0, 1.0].view());
        assert!((scores[0] - 0.731_058_6).abs() < 1e-6);
        assert_eq!((scores[1], scores[2]), (1.0, 0.0));
        assert!(Linear::new(array![[1.0]], array![0.0, 0.0]).is_none());
    }
}
