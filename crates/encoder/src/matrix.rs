//! Views of the matrices that this crate makes.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

const ROW_MAJOR: &str = "matrices made in this crate are row-major";

/// The elements, row after row.
pub(crate) fn values(matrix: &Array2<f32>) -> &[f32] {
    matrix.as_slice().expect(ROW_MAJOR)
}

pub(crate) fn values_mut(matrix: &mut Array2<f32>) -> &mut [f32] {
    matrix.as_slice_mut().expect(ROW_MAJOR)
}

/// Some rows and columns. (`ndarray::s!` expands to an `allow(unsafe_code)`, which cannot stand here.)
pub(crate) fn block(
    matrix: &Array2<f32>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> ArrayView2<'_, f32> {
    let mut view = matrix.view();
    view.slice_axis_inplace(Axis(0), rows.into());
    view.slice_axis_inplace(Axis(1), columns.into());
    view
}

pub(crate) fn block_mut(
    matrix: &mut Array2<f32>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> ArrayViewMut2<'_, f32> {
    let mut view = matrix.view_mut();
    view.slice_axis_inplace(Axis(0), rows.into());
    view.slice_axis_inplace(Axis(1), columns.into());
    view
}
