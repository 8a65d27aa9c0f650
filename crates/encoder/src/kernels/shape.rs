//! How a product is split into tiles.

use std::ops::Range;

/// The largest tile of a kernel.
#[derive(Clone, Copy)]
pub(crate) struct TileShape {
    /// The most rows.
    pub(crate) rows: usize,
    /// Rows are read in steps of this many, also in a last step with fewer rows.
    pub(crate) step: usize,
    /// The most panels.
    pub(crate) panels: usize,
}

/// A part of a product that a kernel computes in one go.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) rows: Range<usize>,
    pub(crate) panels: Range<usize>,
    /// The panels to prefetch into the cache: this tile's share of the next ones.
    pub(crate) ahead: Range<usize>,
}

impl TileShape {
    /// A shape with steps of one row.
    pub(crate) const fn of(rows: usize, panels: usize) -> Self {
        Self {
            rows,
            step: 1,
            panels,
        }
    }

    /// The tiles of a product: all rows for the first panels, then for the next, and so on. Their
    /// heights are about equal.
    pub(crate) fn tiles(self, rows: usize, panels: usize) -> impl Iterator<Item = Tile> {
        let heights = rows.div_ceil(self.rows);
        let share = self.panels.div_ceil(heights.max(1));
        (0..panels).step_by(self.panels).flat_map(move |first| {
            let end = panels.min(first + self.panels);
            let mut row = 0;
            (0..heights).map(move |index| {
                let height = (rows - row).div_ceil(heights - index);
                let height = height.next_multiple_of(self.step).min(rows - row);
                let start = row;
                row += height;
                let next = panels.min(end + self.panels);
                let ahead = next.min(end + index * share);
                Tile {
                    rows: start..row,
                    panels: first..end,
                    ahead: ahead..next.min(ahead + share),
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_a_product_once_and_prefetch_all_but_its_first_panels_once() {
        for (rows, step, panels) in [(32, 16, 2), (6, 1, 4), (4, 1, 1)] {
            let shape = TileShape { rows, step, panels };
            for (height, width) in [(1, 1), (17, 5), (33, 8), (100, 3), (0, 4), (5, 0)] {
                let mut seen = vec![0; height * width];
                let mut fetched = vec![0; width];
                for tile in shape.tiles(height, width) {
                    assert!((1..=rows).contains(&tile.rows.len()), "{tile:?}");
                    assert!((1..=panels).contains(&tile.panels.len()), "{tile:?}");
                    assert!(tile.rows.len() % step == 0 || tile.rows.end == height);
                    tile.ahead.clone().for_each(|panel| fetched[panel] += 1);
                    assert!(tile.ahead.is_empty() || tile.ahead.start >= tile.panels.end);
                    for row in tile.rows {
                        tile.panels.clone().for_each(|p| seen[row * width + p] += 1);
                    }
                }
                assert!(seen.iter().all(|&times| times == 1), "{height} x {width}");
                let once = |(panel, &times)| times == usize::from(height > 0 && panel >= panels);
                assert!(fetched.iter().enumerate().all(once), "{height} x {width}");
            }
        }
    }
}
