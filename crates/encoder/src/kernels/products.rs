//! Products of matrices, in the tiles of a kernel.

use super::shape::Tile;
use super::{
    BytePanels, ByteRows, Bytes, Floats, HeadroomOf, Ints, Kernel, LANES, PairPanels, PairRows,
    Pairs, TileShape,
};

/// Multiplies `count` rows and all panels of as many columns as there are `sums`, both of `stride`
/// chunks of inputs, and hands `finish` a row's number, that of a panel, and the sums of that panel
/// and some that follow.
///
/// There have to be rows of whole tiles, which are of a `shape` that the kernel has. The thread must
/// hold a session.
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
    let multiply = |tile: &Tile, found: &mut _| {
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
            ahead: &panels[tile.ahead.start * length..tile.ahead.end * length],
        };
        kernel.tile(a, w, found);
    };
    let tiles = shape.tiles(count, sums.len());
    in_tiles(tiles, [Ints::ZERO; 64], multiply, finish);
}

/// The same for bfloat16 and `width` panels.
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
        for (row, found) in tile.rows.zip(found.chunks(tile.panels.len())) {
            finish(row, tile.panels.start, found);
        }
    }
}
