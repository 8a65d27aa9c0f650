//! Which sums of products fit into 16 bits.

use std::ops::Range;

use super::Ints;

/// What [`Kernel::headroom`](super::Kernel::headroom) has found out about panels of weights that stay
/// as they are. Inputs are numbered in eights.
#[derive(Default)]
pub(crate) struct Headroom {
    /// A chunk for each panel: the sizes of each column's negative weights, added up.
    pub(super) below: Vec<Ints>,
    /// For each panel, for its lower and its upper eight columns: all inputs, first those where sums
    /// of four products fit.
    pub(super) order: Vec<u16>,
    /// For each panel: how many inputs those are.
    pub(super) fitting: Vec<[usize; 2]>,
}

/// The same for some of the panels; empty where nothing has been found out.
#[derive(Clone, Copy, Default)]
pub(crate) struct HeadroomOf<'a> {
    pub(super) below: &'a [Ints],
    pub(super) order: &'a [u16],
    pub(super) fitting: &'a [[usize; 2]],
}

impl Headroom {
    /// That of some panels.
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
    /// That of some of these panels.
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

    /// Panics if it is that of panels for rows of another length than `stride` chunks.
    #[inline(always)]
    pub(super) fn check(self, stride: usize) {
        assert_eq!(self.order.len(), self.below.len() * 16 * stride);
    }
}
