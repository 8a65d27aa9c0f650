//! Products of 8-bit matrices, in the tiles of a kernel.

use super::{BytePanels, ByteRows, Bytes, Ints, Kernel};

/// Multiplies `count` rows and all panels of as many columns as there are `sums`, both of `stride`
/// chunks of inputs, and hands `finish` a row's number, that of a panel, and the sums of that panel
/// and some that follow.
///
/// There have to be rows of whole tiles. The thread must hold a session.
#[inline(always)]
pub(crate) fn byte_product<K: Kernel>(
    kernel: K,
    (rows, count): (&[Bytes], usize),
    (panels, sums): (&[Bytes], &[Ints]),
    stride: usize,
    mut finish: impl FnMut(usize, usize, &[Ints]),
) {
    let mut found = [Ints::ZERO; 64];
    for tile in K::SHAPE.tiles(count, sums.len()) {
        let a = ByteRows {
            data: &rows[tile.rows.start * stride..],
            stride,
            count: tile.rows.len(),
        };
        let panel = |index: usize| index * 16 * stride;
        let w = BytePanels {
            data: &panels[panel(tile.panels.start)..],
            sums: &sums[tile.panels.clone()],
            panels: tile.panels.len(),
            ahead: &panels[panel(tile.ahead.start)..panel(tile.ahead.end)],
        };
        kernel.tile(a, w, &mut found);
        for (row, found) in tile.rows.zip(found.chunks(tile.panels.len())) {
            finish(row, tile.panels.start, found);
        }
    }
}
