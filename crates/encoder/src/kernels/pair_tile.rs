//! Products of bfloat16 for all instruction sets that have no instruction for them.

use super::{FloatSums, LANES, Lanes, PairPanels, PairRows, TileShape};

/// The largest tile whose sums fit into registers.
pub(super) const fn shape<L: Lanes>() -> TileShape {
    TileShape::of(if L::PANELS == 4 { 6 } else { 4 }, L::PANELS)
}

/// Fills `sums[row * w.panels + panel]` in the order of AVX-512 (`VDPBF16PS`): pairs in the order of
/// the inputs, the second product of each pair first, every product added with one rounding.
#[inline(always)]
pub(super) fn portable<L: Lanes>(
    l: L,
    rows: PairRows<'_>,
    w: PairPanels<'_>,
    sums: &mut FloatSums,
) {
    rows.check(shape::<L>());
    w.check(shape::<L>(), rows.stride);
    match (L::PANELS, w.panels) {
        (4, 4) => tall::<L, 4>(l, rows, w, 0, sums),
        _ => (0..w.panels).for_each(
            #[inline(always)]
            |panel| tall::<L, 1>(l, rows, w, panel, sums),
        ),
    }
}

#[inline(always)]
fn tall<L: Lanes, const P: usize>(
    l: L,
    rows: PairRows<'_>,
    w: PairPanels<'_>,
    panel: usize,
    sums: &mut FloatSums,
) {
    match (shape::<L>().rows, rows.count) {
        (_, 1) => tile::<L, 1, P>(l, rows, w, panel, sums),
        (_, 2) => tile::<L, 2, P>(l, rows, w, panel, sums),
        (_, 3) => tile::<L, 3, P>(l, rows, w, panel, sums),
        (4, _) | (_, 4) => tile::<L, 4, P>(l, rows, w, panel, sums),
        (_, 5) => tile::<L, 5, P>(l, rows, w, panel, sums),
        _ => tile::<L, 6, P>(l, rows, w, panel, sums),
    }
}

/// Multiplies `R` rows and `P` panels from `panel` on. [`portable`] has checked the lengths.
#[inline(always)]
fn tile<L: Lanes, const R: usize, const P: usize>(
    l: L,
    rows: PairRows<'_>,
    w: PairPanels<'_>,
    panel: usize,
    sums: &mut FloatSums,
) {
    assert!(R <= rows.count && panel + P <= w.panels);
    let pairs = LANES * rows.stride;
    let mut found = [[l.splat(0.0); P]; R];
    for pair in 0..pairs {
        let mut weights = [[l.splat(0.0); 2]; P];
        for (p, weights) in weights.iter_mut().enumerate() {
            // SAFETY: `portable` checked that each panel has a chunk for every pair.
            let chunk = unsafe { w.data.get_unchecked((panel + p) * pairs + pair) };
            *weights = l.halves(l.load(chunk.as_floats()));
        }
        for (r, found) in found.iter_mut().enumerate() {
            // SAFETY: `portable` checked that each row has `stride` chunks.
            let chunk = unsafe { rows.data.get_unchecked(r * rows.stride + pair / LANES) };
            let [first, second] = l.halves(l.splat(f32::from_bits(chunk.0[pair % LANES])));
            for (sum, weights) in found.iter_mut().zip(weights) {
                *sum = l.mul_add(first, weights[0], l.mul_add(second, weights[1], *sum));
            }
        }
    }
    for (r, found) in found.into_iter().enumerate() {
        for (p, sum) in found.into_iter().enumerate() {
            l.store(sum, &mut sums[r * w.panels + panel + p]);
        }
    }
}
