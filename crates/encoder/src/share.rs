//! How the threads of a pool share a pass.
//!
//! Many rows are cut into parts that go through the layers side by side; threads wait for each
//! other only before attention, which looks at whole sequences, and behind it. With few rows the
//! time goes into reading the weights, so there each thread takes some columns of every matrix and
//! reads no other's ([`columns`](crate::columns)). Either way a value is computed by the same
//! sequence of roundings as on one thread.

use std::ops::Range;

use rayon::prelude::*;

/// The speed-up by columns, however many the threads: a tenth of the work is done by one of them.
const BEST_BY_COLUMNS: usize = 10;

/// Threads that share columns, at most: more would find little left.
const MOST_BY_COLUMNS: usize = 16;

/// What each thread takes of a pass, and how many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    Rows(usize),
    Columns(usize),
}

impl Split {
    /// How `threads` share a pass of `tokens` rows; for fewer than `worth` it is not worth reading
    /// the weights once more.
    pub(crate) fn of(tokens: usize, threads: usize, worth: usize) -> Self {
        let parts = threads.min(tokens / worth).max(1);
        let by_columns = threads.min(MOST_BY_COLUMNS);
        // 1 / parts > 1 / by_columns + 1 / BEST_BY_COLUMNS
        if parts * (by_columns + BEST_BY_COLUMNS) < by_columns * BEST_BY_COLUMNS && tokens > 0 {
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

/// `0..count` in `parts` of about equal size, or fewer so that none is empty.
pub(crate) fn cuts(count: usize, parts: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let parts = parts.min(count);
    (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts)
}

/// What two ranges have in common; nothing is a range of length 0.
pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// Does `work` on each of the parts, on a thread of the current pool each.
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
    fn ranges_overlap_where_both_are() {
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
