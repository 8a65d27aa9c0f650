//! Logistic regression with a quadratic penalty, for a few to some thousand examples.

use ndarray::{Array1, Array2, ArrayView1, Zip};

/// The most Newton steps; a few suffice.
const STEPS: usize = 50;

/// The search ends when the gradient is this small relative to the first one.
const TOLERANCE: f64 = 1e-5;

/// Weights and, last, the bias that minimise `½|w|² + cost · Σ ln(1 + exp(-y (w·x + b)))`,
/// for examples (rows of `x`, its last column all ones) and whether each is positive.
///
/// Newton's method, each step by conjugate gradients, as Lin, Weng and Keerthi (2008) do it,
/// with a line search in place of their trust region.
pub(super) fn fit(x: &Array2<f64>, positive: &[bool], cost: f64) -> Array1<f64> {
    let target: Array1<f64> = positive.iter().map(|&is| f64::from(u8::from(is))).collect();
    let mut penalty = Array1::ones(x.ncols());
    if let Some(bias) = penalty.last_mut() {
        *bias = 0.0;
    }
    let value = |w: &Array1<f64>| {
        let margins = x.dot(w);
        let losses = Zip::from(&margins)
            .and(&target)
            .fold(0.0, |sum, &m, &t| sum + softplus(m) - t * m);
        0.5 * (&penalty * w).dot(w) + cost * losses
    };
    let mut w = Array1::zeros(x.ncols());
    let mut first = None;
    for _ in 0..STEPS {
        let chances = x.dot(&w).mapv(|margin| 1.0 / (1.0 + (-margin).exp()));
        let gradient = &penalty * &w + x.t().dot(&(&chances - &target)) * cost;
        let size = norm(gradient.view());
        if size <= TOLERANCE * *first.get_or_insert(size) {
            break;
        }
        let curvature = chances.mapv(|p| (p * (1.0 - p)).max(1e-12) * cost);
        let step = conjugate_gradients(
            |v| &penalty * v + x.t().dot(&(&curvature * &x.dot(v))),
            &gradient,
        );
        let slope = gradient.dot(&step);
        let before = value(&w);
        let shrinking = std::iter::successors(Some(1.0), |length| Some(length * 0.5)).take(30);
        let better =
            |length: &f64| value(&(&w - &(&step * *length))) <= before - 1e-4 * length * slope;
        let Some(length) = shrinking.into_iter().find(better) else {
            break;
        };
        w.scaled_add(-length, &step);
    }
    w
}

/// Solves `product(v) = wanted` well enough for a Newton step.
fn conjugate_gradients(
    product: impl Fn(&Array1<f64>) -> Array1<f64>,
    wanted: &Array1<f64>,
) -> Array1<f64> {
    let mut v = Array1::zeros(wanted.len());
    let mut rest = wanted.clone();
    let mut direction = rest.clone();
    let mut size = rest.dot(&rest);
    let enough = 1e-2 * norm(wanted.view());
    for _ in 0..wanted.len().min(200) {
        let image = product(&direction);
        let length = size / direction.dot(&image);
        if !length.is_finite() {
            break;
        }
        v.scaled_add(length, &direction);
        rest.scaled_add(-length, &image);
        let next = rest.dot(&rest);
        if next.sqrt() <= enough {
            break;
        }
        direction = &rest + &(&direction * (next / size));
        size = next;
    }
    v
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn norm(v: ArrayView1<'_, f64>) -> f64 {
    v.dot(&v).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_weights_make_the_gradient_vanish() {
        let x = array![
            [2.0, 0.5, 1.0],
            [1.0, -1.0, 1.0],
            [-1.5, 0.3, 1.0],
            [-0.5, 2.0, 1.0],
            [0.2, 0.1, 1.0]
        ];
        let positive = [true, true, false, false, true];
        let w = fit(&x, &positive, 3.0);
        for column in 0..3 {
            let mut gradient = if column < 2 { w[column] } else { 0.0 };
            for (row, &is) in x.rows().into_iter().zip(&positive) {
                let chance = 1.0 / (1.0 + (-row.dot(&w)).exp());
                gradient += 3.0 * (chance - f64::from(u8::from(is))) * row[column];
            }
            assert!(gradient.abs() < 1e-3, "{gradient}");
        }
    }

    #[test]
    fn without_other_columns_the_bias_is_the_share_of_positives() {
        let x = Array2::ones((4, 1));
        let bias = fit(&x, &[true, false, false, false], 1.0)[0];
        assert!((bias - (1.0f64 / 3.0).ln()).abs() < 1e-4, "{bias}");
    }

    #[test]
    fn classes_that_can_be_told_apart_give_finite_weights() {
        let x = array![[100.0, 1.0], [-100.0, 1.0]];
        let w = fit(&x, &[true, false], 1e6);
        assert!(w.iter().all(|v| v.is_finite()) && w[0] > 0.0, "{w}");
    }
}
