//! Which sums of 8-bit products fit into 16 bits.

use std::ops::Range;

use super::Ints;

/// The result of [`Kernel::headroom`](super::Kernel::headroom) for panels of weights. Inputs are
/// numbered in groups of eight.
#[derive(Default)]
pub(crate) struct Headroom {
    /// For each column the sum of the magnitudes of its negative weights, a chunk for each panel.
    pub(super) below: Vec<Ints>,
    /// For each panel, first for its lower and then for its upper eight columns: the numbers of all
    /// groups of inputs, first those for which sums of four products fit into 16 bits.
    pub(super) order: Vec<u16>,
    /// For each panel, for its lower and its upper eight columns: how many groups fit.
    pub(super) fitting: Vec<[usize; 2]>,
}

/// The headroom of some of the panels; empty if it is not known.
#[derive(Clone, Copy, Default)]
pub(crate) struct HeadroomOf<'a> {
    pub(super) below: &'a [Ints],
    pub(super) order: &'a [u16],
    pub(super) fitting: &'a [[usize; 2]],
}

impl Headroom {
    /// The headroom of some panels.
    #[inline(always)]
    pub(crate) fn of(&self, panels: Range<usize>) -> HeadroomOf<'_> {
        let all = HeadroomOf {
            below: &self.below,
            order: &self.order,
            fitting: &self.fitting,
        };
        all.of(panels)
    }
}

impl HeadroomOf<'_> {
    /// The headroom of some of these panels.
    #[inline(always)]
    pub(super) fn of(self, panels: Range<usize>) -> Self {
        let Some(length) = self.order.len().checked_div(self.below.len()) else {
            return self;
        };
        Self {
            order: &self.order[panels.start * length..panels.end * length],
            below: &self.below[panels.clone()],
            fitting: &self.fitting[panels],
        }
    }

    /// Panics unless it belongs to panels for rows of `stride` chunks, or is empty.
    #[inline(always)]
    pub(super) fn check(self, stride: usize) {
        assert_eq!(self.order.len(), self.below.len() * 16 * stride);
    }
}
