//! Products of `f32` matrices, for all instruction sets.

use super::{Floats, LANES, Lanes};

/// Rows of a tile.
const ROWS: usize = 6;

/// The right factor of a product: for each input, panels of sixteen columns.
#[derive(Clone, Copy)]
pub(crate) struct FloatPanels<'a> {
    pub(crate) data: &'a [Floats],
    /// The distance from a panel to the next, in chunks.
    pub(crate) panel_stride: usize,
    /// The distance from an input to the next, in chunks.
    pub(crate) input_stride: usize,
    pub(crate) panels: usize,
    pub(crate) inputs: usize,
}

/// The left factor: rows with a value for each input of the right factor.
#[derive(Clone, Copy)]
pub(crate) struct FloatRows<'a> {
    pub(crate) data: &'a [Floats],
    /// The distance from a row to the next, in chunks.
    pub(crate) stride: usize,
    pub(crate) count: usize,
}

/// Multiplies; `finish(row, panel, sums)` gets every sixteen sums.
///
/// Terms are added in the order of the inputs, so that sums do not depend on the tile.
#[inline(always)]
pub(crate) fn product<L: Lanes>(
    l: L,
    a: FloatRows<'_>,
    b: FloatPanels<'_>,
    mut finish: impl FnMut(usize, usize, L::F),
) {
    if a.count == 0 || b.panels == 0 || b.inputs == 0 {
        return;
    }
    assert!((a.count - 1) * a.stride + b.inputs.div_ceil(LANES) <= a.data.len());
    assert!((b.panels - 1) * b.panel_stride + (b.inputs - 1) * b.input_stride < b.data.len());
    let tiles = a.count.div_ceil(ROWS);
    let mut panel = 0;
    while panel < b.panels {
        let wide = b.panels - panel >= L::PANELS;
        let mut row = 0;
        for left in (1..=tiles).rev() {
            let height = (a.count - row).div_ceil(left);
            let at = (row, panel);
            match (L::PANELS, wide) {
                (4, true) => tall::<L, 4>(l, a, b, at, height, &mut finish),
                (2, true) => tall::<L, 2>(l, a, b, at, height, &mut finish),
                _ => tall::<L, 1>(l, a, b, at, height, &mut finish),
            }
            row += height;
        }
        panel += if wide { L::PANELS } else { 1 };
    }
}

/// A tile of `height` rows and `P` panels.
#[inline(always)]
fn tall<L: Lanes, const P: usize>(
    l: L,
    a: FloatRows<'_>,
    b: FloatPanels<'_>,
    at: (usize, usize),
    height: usize,
    finish: &mut impl FnMut(usize, usize, L::F),
) {
    match height {
        1 => tile::<L, 1, P>(l, a, b, at, finish),
        2 => tile::<L, 2, P>(l, a, b, at, finish),
        3 => tile::<L, 3, P>(l, a, b, at, finish),
        4 => tile::<L, 4, P>(l, a, b, at, finish),
        5 => tile::<L, 5, P>(l, a, b, at, finish),
        _ => tile::<L, ROWS, P>(l, a, b, at, finish),
    }
}

/// Multiplies `R` rows and `P` panels, starting at (row, panel) `at`.
#[inline(always)]
fn tile<L: Lanes, const R: usize, const P: usize>(
    l: L,
    a: FloatRows<'_>,
    b: FloatPanels<'_>,
    at: (usize, usize),
    finish: &mut impl FnMut(usize, usize, L::F),
) {
    let (row, panel) = at;
    assert!(row + R <= a.count && panel + P <= b.panels);
    let mut sums = [[l.splat(0.0); P]; R];
    for input in 0..b.inputs {
        let mut weights = [l.splat(0.0); P];
        for (p, weights) in weights.iter_mut().enumerate() {
            let place = (panel + p) * b.panel_stride + input * b.input_stride;
            // SAFETY: `product` checked the last panel and input against the length of `data`.
            *weights = l.load(unsafe { b.data.get_unchecked(place) });
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: `product` checked that the last row has a value for every input.
            let chunk = unsafe { a.data.get_unchecked((row + r) * a.stride + input / LANES) };
            let x = l.splat(chunk.0[input % LANES]);
            for (sum, &w) in sums.iter_mut().zip(&weights) {
                *sum = l.mul_add(x, w, *sum);
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (p, sum) in sums.into_iter().enumerate() {
            finish(row + r, panel + p, sum);
        }
    }
}
