//! Token ids to the vectors that enter the first block.

use std::ops::Range;

use crate::config::positions;
use crate::kernels::{Floats, Kernel, Lanes};
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::matrix::{Columns, Matrix};
use crate::rounded::Rounded;
use crate::shapes::Shape;
use crate::share::overlap;
use crate::weights::{Table, Weights};
use crate::{Config, Error, Packed, Precision};

pub(crate) struct Embedding {
    /// Vocabulary x embedding, as stored; a row is widened when its token is looked up.
    words: Table<'static>,
    /// A row for each position: its vector plus that of token type 0.
    positions: Vec<Floats>,
    columns: Columns,
    first_position: usize,
    pad_token_id: u32,
    norm: LayerNorm,
    /// ELECTRA's projection from the embedding size to the hidden size.
    project: Option<Linear>,
}

impl Embedding {
    pub(crate) fn load(weights: &Weights<'_>, config: &Config) -> Result<Self, Error> {
        let size = config.embedding_size;
        let columns = Columns::plain(size);
        let words = weights.matrix("embeddings.word_embeddings.weight", config.vocab_size, size)?;
        let table = weights.matrix(
            "embeddings.position_embeddings.weight",
            config.max_positions,
            size,
        )?;
        let types = if config.type_vocab > 0 {
            let name = "embeddings.token_type_embeddings.weight";
            weights.matrix(name, config.type_vocab, size)?.row(0)
        } else {
            vec![0.0; size]
        };
        let mut positions = Vec::new();
        for position in 0..config.max_positions {
            let row = table.row(position);
            let sums: Vec<f32> = row.iter().zip(&types).map(|(a, b)| a + b).collect();
            positions.extend(columns.spread(&sums));
        }
        let norm = LayerNorm::load(weights, "embeddings.LayerNorm", size, config.layer_norm_eps)?;
        let project = if size == config.hidden {
            None
        } else {
            let shape = Shape::plain("embeddings_project".to_owned(), size, config.hidden);
            Some(Linear::load(weights, &shape, Precision::F32)?)
        };
        Ok(Self {
            words: words.into_static(),
            positions,
            columns,
            first_position: config.first_position(),
            pad_token_id: config.pad_token_id,
            norm,
            project,
        })
    }

    /// Fills `hidden` with a row for each of the tokens `rows` of a pack, which
    /// [`Packed::check`] has accepted. `embedded` and `rounded` are scratch space.
    pub(crate) fn apply<K: Kernel>(
        &self,
        kernel: K,
        packed: Packed<'_>,
        rows: Range<usize>,
        hidden: &mut [Floats],
        embedded: &mut Matrix,
        rounded: &mut Rounded,
    ) {
        let l = kernel.lanes();
        let Some(project) = &self.project else {
            return l.run(
                #[inline(always)]
                || self.look_up(l, packed, rows, hidden),
            );
        };
        embedded.reshape(rows.len(), self.columns.chunks());
        l.run(
            #[inline(always)]
            || {
                let embedded = embedded.rows_mut(0..rows.len());
                self.look_up(l, packed, rows.clone(), embedded);
                project.apply(
                    kernel,
                    embedded,
                    hidden,
                    rounded,
                    #[inline(always)]
                    |value, out| l.store(value, out),
                );
            },
        );
    }

    #[inline(always)]
    fn look_up<L: Lanes>(
        &self,
        l: L,
        packed: Packed<'_>,
        rows: Range<usize>,
        embedded: &mut [Floats],
    ) {
        let chunks = self.columns.chunks();
        let mut embedded = embedded.chunks_exact_mut(chunks);
        for range in packed.ranges() {
            let here = overlap(&range, &rows);
            let ids = &packed.ids()[range.clone()];
            let positions = positions(self.first_position, self.pad_token_id, ids);
            let tokens = ids.iter().zip(positions);
            let tokens = tokens.skip(here.start - range.start).take(here.len());
            for ((&id, position), row) in tokens.zip(&mut embedded) {
                // The padding may hold values of an earlier pass.
                row[chunks - 1] = Floats::ZERO;
                let lanes = row.iter_mut().flat_map(|chunk| &mut chunk.0);
                self.words.widen(id as usize, lanes);
                let position = position * chunks;
                for (values, more) in row.iter_mut().zip(&self.positions[position..]) {
                    l.store(l.add(l.load(values), l.load(more)), values);
                }
                self.norm.apply(l, row);
            }
        }
    }
}
