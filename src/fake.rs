//! A tokenizer and a backend for unit tests, small enough to reason about.

use ndarray::Array2;
use newshound_encoder::Packed;

use crate::Result;
use crate::backend::Backend;
use crate::tokenize::Subwords;

/// WordPiece over a handful of words: `Kyiv` is two subwords, `based`, `UNHCR` and marks are one each,
/// everything else is unknown.
pub(crate) fn subwords() -> Subwords {
    Subwords::from_vocab(
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\nKy\n##iv\nbased\nUNHCR\n-\n,\n.\n(\n)\n\"",
        false,
    )
    .unwrap()
}

/// Tags by subword id alone: `Ky` starts a LOC, `UNHCR` an ORG, the rest is O.
pub(crate) struct FakeBackend;

impl Backend for FakeBackend {
    fn size(&self) -> usize {
        16
    }

    fn max_tokens(&self) -> usize {
        16
    }

    fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>> {
        let ids = packed.ids();
        let mut logits = Array2::zeros((ids.len(), 5));
        for (row, &id) in ids.iter().enumerate() {
            let tag = match id {
                4 => 1,
                7 => 3,
                _ => 0,
            };
            logits[[row, tag]] = 9.0;
        }
        Ok(logits)
    }

    /// A hidden state is the one-hot vector of its subword id.
    fn logits_and_hidden(&self, packed: Packed<'_>) -> Result<(Array2<f32>, Array2<f32>)> {
        let ids = packed.ids();
        let hidden = Array2::from_shape_fn((ids.len(), self.size()), |(row, column)| {
            f32::from(u8::from(
                ids.get(row).is_some_and(|&id| id as usize == column),
            ))
        });
        Ok((self.logits(packed)?, hidden))
    }
}
