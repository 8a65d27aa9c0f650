//! Rows of activations, rounded for a linear layer.

use crate::bf16::PairedRows;
use crate::quantise::Quantised;

/// Rounded rows. A layer fills and reads `quantised` or `paired`, depending on its precision.
#[derive(Default)]
pub(crate) struct Rounded {
    pub(crate) quantised: Quantised,
    pub(crate) paired: PairedRows,
}
