//! Products of matrices, tile by tile.

use super::shape::Tile;
use super::{
    BytePanels, ByteRows, Bytes, Floats, HeadroomOf, Ints, Kernel, LANES, PairPanels, PairRows,
    Pairs, TileShape,
};

/// Multiplies `count` rows by as many panels as there are `sums`, both with `stride` chunks of
/// inputs. `finish(row, panel, results)` gets the results of a row for `panel` and the panels after
/// it in the tile.
///
/// `rows` must have [`chunks_for`](super::chunks_for) chunks, and `shape` must be one of the kernel's.
/// The thread must hold a session.
#[inline(always)]
pub(crate) fn byte_product<K: Kernel>(
    kernel: K,
    shape: TileShape,
    (rows, count): (&[Bytes], usize),
    (panels, sums, headroom): (&[Bytes], &[Ints], HeadroomOf<'_>),
    stride: usize,
    finish: impl FnMut(usize, usize, &[Ints]),
) {
    let length = 16 * stride;
    let prefetches = K::PREFETCHES_FEW_ROWS || count > shape.rows;
    let factors = |tile: &Tile| {
        let ahead = if prefetches { tile.ahead.clone() } else { 0..0 };
        let a = ByteRows {
            data: &rows[tile.rows.start * stride..],
            stride,
            count: tile.rows.len(),
        };
        let w = BytePanels {
            data: &panels[tile.panels.start * length..],
            sums: &sums[tile.panels.clone()],
            headroom: headroom.of(tile.panels.clone()),
            panels: tile.panels.len(),
            ahead: &panels[ahead.start * length..ahead.end * length],
        };
        (a, w)
    };
    let tiles = shape.tiles(count, sums.len());
    if K::OVERLAPS {
        return overlapped(kernel, tiles, factors, finish);
    }
    let multiply = |tile: &Tile, found: &mut _| {
        let (a, w) = factors(tile);
        kernel.tile(a, w, found);
    };
    in_tiles(tiles, [Ints::ZERO; 64], multiply, finish);
}

/// Finishes each tile while the next one is multiplied.
#[inline(always)]
fn overlapped<'a, K: Kernel>(
    kernel: K,
    tiles: impl Iterator<Item = Tile>,
    factors: impl Fn(&Tile) -> (ByteRows<'a>, BytePanels<'a>),
    mut finish: impl FnMut(usize, usize, &[Ints]),
) {
    let (mut first, mut second) = ([Ints::ZERO; 64], [Ints::ZERO; 64]);
    let (mut found, mut before) = (&mut first, &mut second);
    let mut last = Tile::default();
    for tile in tiles {
        let (a, w) = factors(&tile);
        {
            let each = last.rows.len().div_ceil(a.stride);
            let mut rows = rows_of(&last, before);
            kernel.tile_beside(
                a,
                w,
                found,
                #[inline(always)]
                || {
                    for (row, found) in rows.by_ref().take(each) {
                        finish(row, last.panels.start, found);
                    }
                },
            );
        }
        last = tile;
        std::mem::swap(&mut found, &mut before);
    }
    for (row, found) in rows_of(&last, before) {
        finish(row, last.panels.start, found);
    }
}

/// The rows of a tile, each with its results.
#[inline(always)]
fn rows_of<'f, S>(tile: &Tile, found: &'f [S; 64]) -> impl Iterator<Item = (usize, &'f [S])> {
    let found = found.chunks_exact(tile.panels.len().max(1));
    tile.rows.clone().zip(found)
}

/// As [`byte_product`], for bfloat16 and `width` panels.
#[inline(always)]
pub(crate) fn pair_product<K: Kernel>(
    kernel: K,
    (rows, count): (&[Pairs], usize),
    (panels, width): (&[Pairs], usize),
    stride: usize,
    finish: impl FnMut(usize, usize, &[Floats]),
) {
    let length = LANES * stride;
    let multiply = |tile: &Tile, found: &mut _| {
        let a = PairRows {
            data: &rows[tile.rows.start * stride..],
            stride,
            count: tile.rows.len(),
        };
        let w = PairPanels {
            data: &panels[tile.panels.start * length..],
            panels: tile.panels.len(),
            ahead: &panels[tile.ahead.start * length..tile.ahead.end * length],
        };
        kernel.pair_tile(a, w, found);
    };
    let tiles = kernel.pair_shape().tiles(count, width);
    in_tiles(tiles, [Floats::ZERO; 64], multiply, finish);
}

#[inline(always)]
fn in_tiles<S>(
    tiles: impl Iterator<Item = Tile>,
    mut found: [S; 64],
    multiply: impl Fn(&Tile, &mut [S; 64]),
    mut finish: impl FnMut(usize, usize, &[S]),
) {
    for tile in tiles {
        multiply(&tile, &mut found);
        for (row, found) in rows_of(&tile, &found) {
            finish(row, tile.panels.start, found);
        }
    }
}
