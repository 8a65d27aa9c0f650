//! Rows as a linear layer multiplies them.

use crate::bf16::PairedRows;
use crate::quantise::Quantised;

/// Rounded rows, in 8 bits or in bfloat16: a layer has one of them filled and reads that one.
#[derive(Default)]
pub(crate) struct Rounded {
    pub(crate) quantised: Quantised,
    pub(crate) paired: PairedRows,
}
