//! Token ids to the vectors that enter the first block.

use ndarray::Array2;

use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::matrix::values_mut;
use crate::weights::Weights;
use crate::{Config, Error, Packed};

pub(crate) struct Embedding {
    /// vocabulary x embedding.
    words: Array2<f32>,
    /// positions x embedding, with the vector of token type 0 added.
    positions: Array2<f32>,
    first_position: usize,
    pad_token_id: u32,
    norm: LayerNorm,
    /// ELECTRA's step from the embedding size to the hidden size.
    project: Option<Linear>,
}

impl Embedding {
    pub(crate) fn load(weights: &Weights<'_>, config: &Config) -> Result<Self, Error> {
        let size = config.embedding_size;
        let words = weights.matrix("embeddings.word_embeddings.weight", config.vocab_size, size)?;
        let mut positions = weights.matrix(
            "embeddings.position_embeddings.weight",
            config.max_positions,
            size,
        )?;
        if config.type_vocab > 0 {
            let types = weights.matrix(
                "embeddings.token_type_embeddings.weight",
                config.type_vocab,
                size,
            )?;
            positions += &types.row(0);
        }
        let norm = LayerNorm::load(weights, "embeddings.LayerNorm", size, config.layer_norm_eps)?;
        let project = if size == config.hidden {
            None
        } else {
            Some(Linear::load(
                weights,
                "embeddings_project",
                config.hidden,
                size,
            )?)
        };
        Ok(Self {
            words,
            positions,
            first_position: config.first_position(),
            pad_token_id: config.pad_token_id,
            norm,
            project,
        })
    }

    /// tokens x hidden, for a pack whose ids and lengths have been checked.
    pub(crate) fn apply(&self, packed: Packed<'_>) -> Array2<f32> {
        let columns = self.words.ncols();
        let mut embedded = Array2::zeros((packed.tokens(), columns));
        let mut rows = embedded.rows_mut().into_iter();
        for ids in packed.sequences() {
            let mut next = self.first_position;
            for (&id, mut row) in ids.iter().zip(&mut rows) {
                row.assign(&self.words.row(id as usize));
                row += &self.positions.row(self.position(id, &mut next));
            }
        }
        self.norm.apply(values_mut(&mut embedded));
        match &self.project {
            None => embedded,
            Some(project) => {
                let mut hidden = Array2::zeros((packed.tokens(), project.outputs()));
                project.apply(embedded.view(), hidden.view_mut());
                hidden
            }
        }
    }

    /// Models that count from the padding id do not count padding tokens: these get its own row.
    fn position(&self, id: u32, next: &mut usize) -> usize {
        if self.first_position > 0 && id == self.pad_token_id {
            return self.first_position - 1;
        }
        *next += 1;
        *next - 1
    }
}
