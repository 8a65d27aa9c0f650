//! Packed windows to logits and hidden states: the interface to what runs the model.
//!
//! [`Engine`] says which backend that is: our own encoder, or rust-bert's models on libtorch in
//! builds with the feature `rust-bert`.

mod engine;
mod native;
#[cfg(feature = "rust-bert")]
mod rust_bert;

use ndarray::{Array2, ArrayView2, Axis};
pub use newshound_encoder::Packed;

#[cfg(feature = "rust-bert")]
pub use self::rust_bert::RustBert;
pub use engine::{Device, Engine, Setup};
pub use native::Native;

use crate::Result;

/// Something that runs a token-classification model.
///
/// Implementations must give a sequence the same logits whatever else is in the pack: to the bit,
/// or to the last digits of an `f32` where they say so.
pub trait Backend: Send + Sync {
    /// Columns of the hidden states.
    fn size(&self) -> usize;

    /// The longest sequence it takes, special tokens included.
    fn max_tokens(&self) -> usize;

    /// Whether tokens that are surely in no name stop before the last layers; their hidden states are
    /// those of the layer that they stop at.
    fn early_exit(&self) -> bool {
        false
    }

    /// Whether a pass that begins now on a thread of a `rayon` pool is shared by all its threads.
    fn shares(&self) -> bool {
        false
    }

    /// Runs the model. The result has a row for each token of the pack, in order,
    /// and a column for each tag.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] where the model refuses the pack, [`crate::Error::Backend`]
    /// where it failed to run.
    fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>>;

    /// The logits and, of the same run, the last hidden states: a row for each token of the
    /// pack, [`size`](Self::size) columns.
    ///
    /// # Errors
    /// As for [`logits`](Self::logits).
    fn logits_and_hidden(&self, packed: Packed<'_>) -> Result<(Array2<f32>, Array2<f32>)>;

    /// Calls `read` with the [`logits_and_hidden`](Self::logits_and_hidden) of some tokens of the
    /// pack, a row for each. A backend may lend its own rows instead of copies, and need not compute
    /// other tokens' last rows.
    ///
    /// # Errors
    /// As for [`logits`](Self::logits), and where `tokens` are not in order or not in the pack.
    fn read(
        &self,
        packed: Packed<'_>,
        tokens: &[usize],
        read: &mut dyn FnMut(ArrayView2<'_, f32>, ArrayView2<'_, f32>),
    ) -> Result<()> {
        packed.check_tokens(tokens)?;
        let (logits, hidden) = self.logits_and_hidden(packed)?;
        // They are in order, so as many as in the pack are all of them.
        if tokens.len() == packed.tokens() {
            read(logits.view(), hidden.view());
            return Ok(());
        }
        let [logits, hidden] = [logits, hidden].map(|rows| rows.select(Axis(0), tokens));
        read(logits.view(), hidden.view());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeBackend;

    #[test]
    fn tokens_are_read_in_order_and_from_the_pack_only() {
        let packed = Packed::new(&[4, 7, 6], &[0, 2, 3]).unwrap();
        let (logits, hidden) = FakeBackend.logits_and_hidden(packed).unwrap();
        for tokens in [&[0, 1, 2][..], &[0, 2], &[]] {
            let mut calls = 0;
            let read = FakeBackend.read(packed, tokens, &mut |some, states| {
                calls += 1;
                assert_eq!(some, logits.select(Axis(0), tokens));
                assert_eq!(states, hidden.select(Axis(0), tokens));
            });
            assert!(read.is_ok() && calls == 1);
        }
        for tokens in [&[0, 2, 1][..], &[1, 2, 3]] {
            assert!(FakeBackend.read(packed, tokens, &mut |_, _| {}).is_err());
        }
    }
}
