//! Word states to one vector for a document, by attention over all of its words.

use ndarray::{Array1, Array2, ArrayView2, Axis};

/// The scale of positions, in words: a position counts as `ln(1 + position / LEAD)`.
const LEAD: f32 = 50.0;

/// Queries that each take a weighted mean over the words of a document.
///
/// A word's weight is `exp(query · state - decline · ln(1 + position / 50))`, so that a query
/// may prefer the lead, where news says what it is about. A query of zeros takes the plain
/// mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Queries x columns of a word's state.
    queries: Array2<f32>,
    /// How fast each query's weights fall with the distance from the start.
    decline: Array1<f32>,
}

/// The queries' weighted sums over some words of a document. Pools of its windows can be
/// [merged](Pool::merge), by the running softmax of Milakov and Gimelshein (2018).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pool {
    /// For each query, the highest log-weight.
    highest: Array1<f32>,
    /// For each query, the sum of the weights relative to the highest one.
    total: Array1<f32>,
    /// The sum of the words' states times these relative weights, queries x columns.
    sum: Array2<f32>,
}

impl Attention {
    /// Attention with given queries. `None` where there are not as many declines as queries.
    pub(super) fn new(queries: Array2<f32>, decline: Array1<f32>) -> Option<Self> {
        (queries.nrows() == decline.len()).then_some(Self { queries, decline })
    }

    /// The plain mean over the words' states, for models without a head for topics.
    pub(crate) fn mean(size: usize) -> Self {
        Self {
            queries: Array2::zeros((1, size)),
            decline: Array1::zeros(1),
        }
    }

    /// Columns of a state.
    #[must_use]
    pub fn size(&self) -> usize {
        self.queries.ncols()
    }

    /// Length of a document's vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.queries.len()
    }

    /// Pools words with the given `states` (words x columns) and `positions` in the document, counted in
    /// words.
    pub(crate) fn pool(&self, states: ArrayView2<'_, f32>, positions: &[usize]) -> Pool {
        let mut weights = self.queries.dot(&states.t());
        let mut highest = Array1::from_elem(self.queries.nrows(), f32::NEG_INFINITY);
        let mut total = Array1::zeros(self.queries.nrows());
        for (at, mut row) in weights.rows_mut().into_iter().enumerate() {
            for (weight, &position) in row.iter_mut().zip(positions) {
                *weight -= self.decline[at] * (position as f32 / LEAD).ln_1p();
                highest[at] = highest[at].max(*weight);
            }
            row.mapv_inplace(|weight| (weight - highest[at]).exp());
            total[at] = row.sum();
        }
        Pool {
            highest,
            total,
            sum: weights.dot(&states),
        }
    }

    /// A pool of no words.
    pub(crate) fn empty(&self) -> Pool {
        Pool {
            highest: Array1::from_elem(self.queries.nrows(), f32::NEG_INFINITY),
            total: Array1::zeros(self.queries.nrows()),
            sum: Array2::zeros(self.queries.dim()),
        }
    }
}

impl Pool {
    /// Adds a pool of other words of the same document.
    pub(crate) fn merge(&mut self, other: &Self) {
        for query in 0..self.total.len() {
            let highest = self.highest[query].max(other.highest[query]);
            if highest == f32::NEG_INFINITY {
                continue;
            }
            let ours = (self.highest[query] - highest).exp();
            let theirs = (other.highest[query] - highest).exp();
            self.highest[query] = highest;
            self.total[query] = self.total[query] * ours + other.total[query] * theirs;
            let mut sum = self.sum.row_mut(query);
            sum *= ours;
            sum.scaled_add(theirs, &other.sum.row(query));
        }
    }

    /// The document's vector: the queries' weighted means, one after the other. `None` where there were
    /// no words.
    pub(crate) fn vector(&self) -> Option<Array1<f32>> {
        let some = self.total.iter().all(|&total| total > 0.0);
        let means = &self.sum / &self.total.view().insert_axis(Axis(1));
        some.then(|| means.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Slice, array};
    use proptest::prelude::*;

    #[test]
    fn a_query_of_zeros_takes_the_mean_and_others_prefer_similar_states() {
        let states = array![[1.0, 0.0], [3.0, 2.0]];
        let mean = Attention::mean(2).pool(states.view(), &[0, 1]);
        assert_eq!(mean.vector().unwrap(), array![2.0, 1.0]);
        let queries = array![[20.0, 0.0], [0.0, -20.0]];
        let attention = Attention::new(queries, array![0.0, 0.0]).unwrap();
        let vector = attention.pool(states.view(), &[0, 1]).vector().unwrap();
        assert_eq!((vector.len(), attention.dim()), (4, 4));
        assert!(
            (&vector - &array![3.0, 2.0, 1.0, 0.0])
                .iter()
                .all(|d| d.abs() < 1e-5),
            "{vector}"
        );
    }

    #[test]
    fn a_declining_query_prefers_the_lead() {
        let attention = Attention::new(array![[0.0]], array![1.0]).unwrap();
        let vector = attention
            .pool(array![[0.0], [1.0]].view(), &[0, 50])
            .vector()
            .unwrap();
        assert!((vector[0] - 1.0 / 3.0).abs() < 1e-6, "{vector}");
    }

    #[test]
    fn no_words_give_no_vector() {
        let attention = Attention::mean(3);
        assert_eq!(attention.empty().vector(), None);
        assert_eq!(
            attention.pool(Array2::zeros((0, 3)).view(), &[]).vector(),
            None
        );
        assert!(Attention::new(array![[0.0]], array![]).is_none());
    }

    proptest! {
        #[test]
        fn pools_of_windows_merge_to_the_pool_of_the_document(
            values in prop::collection::vec(-30.0f32..30.0, 1..60), cut in 0usize..60,
        ) {
            let words = values.len();
            let states = Array2::from_shape_fn((words, 2), |(row, column)| if column == 0 { values[row] } else { 1.0 });
            let attention = Attention::new(array![[1.0, 0.5], [-0.3, 0.0]], array![0.7, 0.0]).unwrap();
            let positions: Vec<usize> = (0..words).collect();
            let whole = attention.pool(states.view(), &positions).vector().unwrap();
            let cut = cut.min(words);
            let mut merged = attention.empty();
            merged.merge(&attention.pool(states.slice_axis(Axis(0), Slice::from(..cut)), &positions[..cut]));
            merged.merge(&attention.pool(states.slice_axis(Axis(0), Slice::from(cut..)), &positions[cut..]));
            let merged = merged.vector().unwrap();
            prop_assert!((&whole - &merged).iter().all(|d| d.abs() < 1e-3), "{} {}", whole, merged);
        }
    }
}
