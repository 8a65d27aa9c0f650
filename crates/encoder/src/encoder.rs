//! The whole model: embeddings, blocks, classifier.

use ndarray::Array2;

use crate::embed::Embedding;
use crate::layer::{Layer, Scratch};
use crate::linear::Linear;
use crate::relative_bias::RelativeBias;
use crate::weights::Weights;
use crate::{Architecture, Config, Error, Packed};

/// A token-classification model, ready to run. Methods take `&self` and may run on many threads.
pub struct Encoder {
    config: Config,
    embedding: Embedding,
    relative_bias: Option<RelativeBias>,
    layers: Vec<Layer>,
    classifier: Linear,
}

impl Encoder {
    /// Loads a model from the bytes of `config.json` and of `model.safetensors`.
    ///
    /// The names of the encoder's tensors may start with the architecture's prefix (`bert.` and so
    /// on) or not. The number of labels is that of the classifier's rows.
    ///
    /// # Errors
    /// A configuration that is not supported, a corrupt file, or a tensor that is missing or has the
    /// wrong shape or type.
    pub fn load(config: &[u8], weights: &[u8]) -> Result<Self, Error> {
        let config = Config::parse(config)?;
        let weights = Weights::open(weights, config.architecture.prefix())?;
        let embedding = Embedding::load(&weights, &config)?;
        let relative_bias = match config.architecture {
            Architecture::MpNet => Some(RelativeBias::load(
                &weights,
                config.heads,
                config.max_tokens(),
            )?),
            _ => None,
        };
        let mut layers = Vec::new();
        for index in 0..config.layers {
            layers.push(Layer::load(&weights, &config, index)?);
        }
        let labels = weights.rows("classifier.bias")?.max(1);
        let classifier = Linear::load(&weights, "classifier", labels, config.hidden)?;
        Ok(Self {
            config,
            embedding,
            relative_bias,
            layers,
            classifier,
        })
    }

    /// The model's shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many labels the classifier tells apart: the columns of [`logits`](Self::logits).
    pub fn labels(&self) -> usize {
        self.classifier.outputs()
    }

    /// The longest sequence, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.config.max_tokens()
    }

    /// The last hidden states, tokens x hidden, in the order of the pack.
    ///
    /// # Errors
    /// [`Error::TokenOutOfRange`] or [`Error::SequenceTooLong`].
    pub fn hidden(&self, packed: Packed<'_>) -> Result<Array2<f32>, Error> {
        self.check(packed)?;
        let mut hidden = self.embedding.apply(packed);
        let mut scratch = Scratch::new(packed.tokens(), &self.config);
        for layer in &self.layers {
            layer.apply(
                &mut hidden,
                packed,
                self.relative_bias.as_ref(),
                &mut scratch,
            );
        }
        Ok(hidden)
    }

    /// Scores before softmax, tokens x labels, in the order of the pack.
    ///
    /// # Errors
    /// As for [`hidden`](Self::hidden).
    pub fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>, Error> {
        let hidden = self.hidden(packed)?;
        let mut logits = Array2::zeros((packed.tokens(), self.labels()));
        self.classifier.apply(hidden.view(), logits.view_mut());
        Ok(logits)
    }

    fn check(&self, packed: Packed<'_>) -> Result<(), Error> {
        let max = self.max_tokens();
        for (sequence, ids) in packed.sequences().enumerate() {
            if ids.len() > max {
                let tokens = ids.len();
                return Err(Error::SequenceTooLong {
                    sequence,
                    tokens,
                    max,
                });
            }
        }
        let vocab_size = self.config.vocab_size;
        match packed
            .ids()
            .iter()
            .position(|&id| id as usize >= vocab_size)
        {
            None => Ok(()),
            Some(position) => Err(Error::TokenOutOfRange {
                position,
                id: packed.ids()[position],
                vocab_size,
            }),
        }
    }
}
