//! Layer normalisation (Ba, Kiros and Hinton 2016) over the columns of each token.

use crate::Error;
use crate::kernels::{Floats, LANES, Lanes};
use crate::math::in_fours;
use crate::matrix::Columns;
use crate::weights::Weights;

pub(crate) struct LayerNorm {
    gain: Vec<Floats>,
    bias: Vec<Floats>,
    columns: usize,
    epsilon: f32,
}

impl LayerNorm {
    /// Reads `{name}.weight` and `{name}.bias`, or `gamma` and `beta` as in the oldest checkpoints.
    pub(crate) fn load(
        weights: &Weights<'_>,
        name: &str,
        columns: usize,
        epsilon: f32,
    ) -> Result<Self, Error> {
        let read = |new: &str, old: &str| {
            let (new, old) = (format!("{name}.{new}"), format!("{name}.{old}"));
            let found = if !weights.contains(&new) && weights.contains(&old) {
                old
            } else {
                new
            };
            weights.vector(&found, columns)
        };
        Ok(Self::new(
            &read("weight", "gamma")?,
            &read("bias", "beta")?,
            epsilon,
        ))
    }

    fn new(gain: &[f32], bias: &[f32], epsilon: f32) -> Self {
        let columns = Columns::plain(gain.len());
        Self {
            gain: columns.spread(gain),
            bias: columns.spread(bias),
            columns: gain.len(),
            epsilon,
        }
    }

    /// The width of a row, in chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.gain.len()
    }

    /// Normalises each row of `values` in place.
    #[inline(always)]
    pub(crate) fn apply<L: Lanes>(&self, l: L, values: &mut [Floats]) {
        for row in values.chunks_exact_mut(self.gain.len()) {
            self.apply_row(l, row);
        }
    }

    #[inline(always)]
    fn apply_row<L: Lanes>(&self, l: L, row: &mut [Floats]) {
        let columns = self.columns as f32;
        let total = sum(
            l,
            row,
            #[inline(always)]
            |sum, values| l.add(sum, values),
        );
        let mean = l.splat(l.sum(total) / columns);
        let (whole, rest) = row.split_at(self.columns / LANES);
        let mut squares = sum(
            l,
            whole,
            #[inline(always)]
            |squares, values| {
                let difference = l.sub(values, mean);
                l.mul_add(difference, difference, squares)
            },
        );
        if let Some(values) = rest.first() {
            let mut difference = Floats::ZERO;
            l.store(l.sub(l.load(values), mean), &mut difference);
            difference.0[self.columns % LANES..].fill(0.0);
            let difference = l.load(&difference);
            squares = l.mul_add(difference, difference, squares);
        }
        let scale = l.splat(1.0 / (l.sum(squares) / columns + self.epsilon).sqrt());
        for ((values, gain), bias) in row.iter_mut().zip(&self.gain).zip(&self.bias) {
            let x = l.mul(l.sub(l.load(values), mean), scale);
            l.store(l.mul_add(x, l.load(gain), l.load(bias)), values);
        }
    }
}

/// Folds the row's chunks with `add` in four accumulators, and adds these: a partial sum in each lane.
#[inline(always)]
fn sum<L: Lanes>(l: L, row: &[Floats], add: impl Fn(L::F, L::F) -> L::F) -> L::F {
    let [a, b, c, d] = in_fours(
        [l.splat(0.0); 4],
        row,
        #[inline(always)]
        |sum, values| add(sum, l.load(values)),
    );
    l.add(l.add(a, b), l.add(c, d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::{Chosen, Job, Kernel};

    struct Apply<'a>(&'a LayerNorm, &'a mut [Floats]);

    impl Job for Apply<'_> {
        type Output = ();

        fn run<K: Kernel>(self, kernel: K) {
            let l = kernel.lanes();
            l.run(
                #[inline(always)]
                || self.0.apply(l, self.1),
            );
        }
    }

    #[test]
    fn a_row_gets_the_bias_as_mean_and_the_gain_as_deviation() {
        for columns in [1, 7, 8, 16, 19, 64] {
            let norm = LayerNorm::new(&vec![2.0; columns], &vec![0.5; columns], 1e-12);
            let values: Vec<f32> = (0..columns).map(|i| 100.0 + (i * i % 13) as f32).collect();
            let mut results = Vec::new();
            for isa in Isa::available() {
                let mut row = Columns::plain(columns).spread(&values);
                Chosen::new(isa).unwrap().run(Apply(&norm, &mut row));
                let row: Vec<f32> = row.iter().flat_map(|chunk| chunk.0).collect();
                let (row, filling) = row.split_at(columns);
                assert!(filling.iter().all(|&x| x == 0.0), "{columns}");
                let mean = row.iter().sum::<f32>() / columns as f32;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / columns as f32;
                assert!((mean - 0.5).abs() < 1e-5, "{columns}: {mean}");
                if columns > 1 {
                    assert!((variance - 4.0).abs() < 1e-4, "{columns}: {variance}");
                }
                results.push(row.to_vec());
            }
            assert!(
                results.windows(2).all(|pair| pair[0] == pair[1]),
                "{columns}"
            );
        }
    }
}
