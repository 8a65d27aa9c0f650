//! Matrices whose rows are whole chunks of sixteen values.

use std::ops::Range;

use ndarray::{ArrayView2, s};

use crate::kernels::{Floats, LANES};

/// The layout of columns: groups of equal width (the heads of attention, or one group of all). Each
/// group starts at a new chunk; its last chunk is padded with zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    groups: usize,
    width: usize,
}

impl Columns {
    /// One group.
    pub(crate) fn plain(width: usize) -> Self {
        Self { groups: 1, width }
    }

    pub(crate) fn grouped(groups: usize, width: usize) -> Self {
        Self { groups, width }
    }

    /// The number of columns, without padding.
    pub(crate) fn count(self) -> usize {
        self.groups * self.width
    }

    /// Chunks of a group.
    pub(crate) fn group_chunks(self) -> usize {
        self.width.div_ceil(LANES)
    }

    /// Chunks of a row.
    pub(crate) fn chunks(self) -> usize {
        self.groups * self.group_chunks()
    }

    /// For each column its lane in a row.
    pub(crate) fn lanes(self) -> impl Iterator<Item = usize> {
        (0..self.groups).flat_map(move |group| {
            let first = group * self.group_chunks() * LANES;
            first..first + self.width
        })
    }

    /// Whether column `i` is lane `i`.
    pub(crate) fn contiguous(self) -> bool {
        self.groups == 1 || self.width.is_multiple_of(LANES)
    }

    /// A row with these values in its columns.
    pub(crate) fn spread(self, values: &[f32]) -> Vec<Floats> {
        let mut row = vec![Floats::ZERO; self.chunks()];
        for (lane, &value) in self.lanes().zip(values) {
            row[lane / LANES].0[lane % LANES] = value;
        }
        row
    }
}

/// A matrix grows by multiples of this many rows.
const GROWTH: usize = 64;

/// Rows of activations.
#[derive(Default)]
pub(crate) struct Matrix {
    data: Vec<Floats>,
    chunks: usize,
}

impl Matrix {
    /// Changes the size to `rows` rows of `chunks` chunks. Their values are unspecified.
    pub(crate) fn reshape(&mut self, rows: usize, chunks: usize) {
        self.chunks = chunks;
        let length = rows * chunks;
        if length > self.data.capacity() {
            // Nothing to copy: every value will be overwritten. Packs are of similar sizes, so that
            // a small reserve is enough.
            self.data = Vec::new();
            self.data
                .reserve_exact(rows.next_multiple_of(GROWTH) * chunks);
        }
        self.data.resize(length, Floats::ZERO);
    }

    /// Chunks of a row.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks
    }

    /// The number of rows.
    pub(crate) fn count(&self) -> usize {
        self.data.len() / self.chunks.max(1)
    }

    pub(crate) fn rows(&self, rows: Range<usize>) -> &[Floats] {
        &self.data[rows.start * self.chunks..rows.end * self.chunks]
    }

    pub(crate) fn rows_mut(&mut self, rows: Range<usize>) -> &mut [Floats] {
        &mut self.data[rows.start * self.chunks..rows.end * self.chunks]
    }

    /// All rows.
    pub(crate) fn all(&self) -> &[Floats] {
        &self.data
    }

    pub(crate) fn all_mut(&mut self) -> &mut [Floats] {
        &mut self.data
    }

    /// Splits off ranges of rows, which must rise and not overlap.
    pub(crate) fn split_mut(
        &mut self,
        ranges: impl Iterator<Item = Range<usize>>,
    ) -> impl Iterator<Item = &mut [Floats]> {
        let mut rest = self.data.as_mut_slice();
        let chunks = self.chunks;
        let mut at = 0;
        ranges.map(move |range| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut((range.end - at) * chunks);
            let part = &mut part[(range.start - at) * chunks..];
            (rest, at) = (after, range.end);
            part
        })
    }

    /// Keeps only these rows, which must rise.
    pub(crate) fn keep(&mut self, rows: &[usize]) {
        for (to, &from) in rows.iter().enumerate() {
            self.copy(from, to);
        }
        self.data.truncate(rows.len() * self.chunks);
    }

    /// Changes the size to `count` rows and moves row i to `places[i]`; `places` must rise. The values
    /// of other rows are unspecified.
    pub(crate) fn spread(&mut self, places: &[usize], count: usize) {
        self.data.resize(count * self.chunks, Floats::ZERO);
        for (from, &to) in places.iter().enumerate().rev() {
            self.copy(from, to);
        }
    }

    fn copy(&mut self, from: usize, to: usize) {
        let row = from * self.chunks..(from + 1) * self.chunks;
        self.data.copy_within(row, to * self.chunks);
    }

    /// The first `columns` lanes of every row.
    pub(crate) fn view(&self, columns: usize) -> ArrayView2<'_, f32> {
        let shape = (self.count(), self.chunks * LANES);
        let rows = ArrayView2::from_shape(shape, Floats::lanes(&self.data));
        let rows = rows.expect("rows are whole chunks");
        rows.slice_move(s![.., ..columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_and_spread_in_place() {
        let mut matrix = Matrix::default();
        matrix.reshape(5, 2);
        for (at, chunk) in matrix.all_mut().iter_mut().enumerate() {
            chunk.0[0] = at as f32;
        }
        let first = |matrix: &Matrix| -> Vec<f32> {
            let rows = matrix.all().chunks(2);
            rows.map(|row| row[0].0[0] + row[1].0[0]).collect()
        };
        assert_eq!(first(&matrix), [1.0, 5.0, 9.0, 13.0, 17.0]);
        matrix.keep(&[1, 2, 4]);
        assert_eq!(first(&matrix), [5.0, 9.0, 17.0]);
        matrix.spread(&[0, 3, 4], 6);
        let found = first(&matrix);
        assert_eq!([found[0], found[3], found[4]], [5.0, 9.0, 17.0]);
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn a_group_starts_at_a_new_chunk() {
        let heads = Columns::grouped(2, 18);
        assert_eq!((heads.count(), heads.chunks()), (36, 4));
        let lanes: Vec<usize> = heads.lanes().collect();
        assert_eq!((lanes[17], lanes[18], lanes[35]), (17, 32, 49));
        let row = heads.spread(&[1.0; 36]);
        assert_eq!((row[1].0[1], row[1].0[2], row[2].0[0]), (1.0, 0.0, 1.0));
        assert!(!heads.contiguous() && Columns::grouped(12, 64).contiguous());
    }
}
