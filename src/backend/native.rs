//! Our own encoder as a backend.

use ndarray::{Array2, ArrayView2};
use newshound_encoder::{Encoder, Packed};

use super::Backend;
use crate::Result;

/// Runs a model on the CPU with [`newshound_encoder`].
pub struct Native {
    encoder: Encoder,
}

impl Native {
    /// Wraps a loaded encoder.
    #[must_use]
    pub fn new(encoder: Encoder) -> Self {
        Self { encoder }
    }
}

impl Backend for Native {
    fn size(&self) -> usize {
        self.encoder.config().hidden
    }

    fn max_tokens(&self) -> usize {
        self.encoder.max_tokens()
    }

    fn early_exit(&self) -> bool {
        self.encoder.early_exit()
    }

    fn shares(&self) -> bool {
        self.encoder.idle()
    }

    fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>> {
        Ok(self.encoder.logits(packed)?)
    }

    fn logits_and_hidden(&self, packed: Packed<'_>) -> Result<(Array2<f32>, Array2<f32>)> {
        Ok(self.encoder.logits_and_hidden(packed)?)
    }

    fn read(
        &self,
        packed: Packed<'_>,
        tokens: &[usize],
        read: &mut dyn FnMut(ArrayView2<'_, f32>, ArrayView2<'_, f32>),
    ) -> Result<()> {
        Ok(self.encoder.read(packed, tokens, read)?)
    }
}
