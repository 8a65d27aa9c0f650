//! How the threads of a pool share a pass.
//!
//! Many rows are split into parts, one for each thread. Threads wait for each other only before and
//! after attention, which needs whole sequences. With few rows, reading the weights takes most of the
//! time, so each thread computes some columns of every product and reads only its part of the
//! weights ([`columns`](crate::columns)). Either way each value is computed by the same sequence of
//! roundings as on one thread.

use std::ops::Range;

use rayon::prelude::*;

/// The largest speed-up by columns with any number of threads: one thread does a tenth of the work.
const MAX_SPEEDUP_BY_COLUMNS: usize = 10;

/// The most threads that share columns; more would gain little.
const MAX_THREADS_BY_COLUMNS: usize = 16;

/// How a pass is shared, and by how many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    Rows(usize),
    Columns(usize),
}

impl Split {
    /// How `threads` share a pass of `tokens` rows. A thread for fewer than `min_rows` rows does not
    /// pay, because every thread reads all weights.
    pub(crate) fn of(tokens: usize, threads: usize, min_rows: usize) -> Self {
        let parts = threads.min(tokens / min_rows).max(1);
        let by_columns = threads.min(MAX_THREADS_BY_COLUMNS);
        // 1 / parts > 1 / by_columns + 1 / MAX_SPEEDUP_BY_COLUMNS
        if parts * (by_columns + MAX_SPEEDUP_BY_COLUMNS) < by_columns * MAX_SPEEDUP_BY_COLUMNS
            && tokens > 0
        {
            Self::Columns(by_columns)
        } else {
            Self::Rows(parts)
        }
    }

    pub(crate) fn parts(self) -> usize {
        let (Self::Rows(parts) | Self::Columns(parts)) = self;
        parts
    }
}

/// Splits `0..count` into `parts` ranges of about equal size, or into fewer so that none is empty.
pub(crate) fn cuts(count: usize, parts: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let parts = parts.min(count);
    (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts)
}

/// The intersection of two ranges, maybe empty.
pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// Calls `work` on each of the parts, each on its own thread of the current pool.
pub(crate) fn share<T: Send>(parts: impl IntoIterator<Item = T>, work: impl Fn(T) + Send + Sync) {
    let mut parts: Vec<T> = parts.into_iter().collect();
    if parts.len() > 1 {
        parts.into_par_iter().with_max_len(1).for_each(work);
    } else if let Some(part) = parts.pop() {
        work(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_shared_by_columns_and_many_by_rows() {
        assert_eq!(Split::of(25, 1, 24), Split::Rows(1));
        assert_eq!(Split::of(25, 2, 24), Split::Columns(2));
        assert_eq!(Split::of(48, 2, 24), Split::Rows(2));
        assert_eq!(Split::of(48, 8, 24), Split::Columns(8));
        assert_eq!(Split::of(120, 64, 24), Split::Columns(16));
        assert_eq!(Split::of(1000, 64, 24), Split::Rows(41));
        assert_eq!(Split::of(0, 8, 24), Split::Rows(1));
    }

    #[test]
    fn parts_are_of_about_equal_size_and_none_is_empty() {
        let found: Vec<_> = cuts(10, 4).collect();
        assert_eq!(found, [0..2, 2..5, 5..7, 7..10]);
        assert_eq!(cuts(3, 8).count(), 3);
        assert_eq!(cuts(0, 8).count(), 0);
    }

    #[test]
    fn ranges_overlap_where_they_intersect() {
        assert_eq!(overlap(&(2..7), &(5..9)), 5..7);
        assert!(overlap(&(2..7), &(8..9)).is_empty() && overlap(&(8..9), &(2..7)).is_empty());
    }

    #[test]
    fn all_parts_are_worked_on() {
        let mut parts = [0; 7];
        share(parts.iter_mut().enumerate(), |(at, part)| *part = at + 1);
        assert_eq!(parts, [1, 2, 3, 4, 5, 6, 7]);
    }
}
