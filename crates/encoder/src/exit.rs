//! Early exit: tokens that are surely in no name stop before the last layers, and only lend what they
//! have become by then to the attention of others (Li, Shao, Sun, Yan, Qiu and Huang, "Accelerating
//! BERT Inference for Sequence Labeling via Early-Exit", 2021).

use crate::kernels::Floats;
use crate::linear::Linear;
use crate::shapes::Shape;
use crate::weights::Weights;
use crate::{Architecture, Config, Error, Precision};

/// What the names of its tensors begin with.
const EXITS: &str = "exits.";

/// Whether a tensor of this name says which tokens may stop early.
#[must_use]
pub fn is_exit(tensor: &str) -> bool {
    tensor.starts_with(EXITS)
}

/// Which tokens stop where, and what is said of them.
pub(crate) struct Exits {
    /// For each layer, what decides which tokens go through it and on.
    before: Vec<Option<Linear>>,
    /// The row of logits of a token that stopped.
    logits: Vec<Floats>,
}

impl Exits {
    /// Reads `exits.logits` and, of the layers that have one, `exits.{layer}.weight` (1 x hidden)
    /// and `exits.{layer}.bias`. `None` where the file has none.
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        labels: &Shape,
    ) -> Result<Option<Self>, Error> {
        let logits = format!("{EXITS}logits");
        if !weights.contains(&logits) {
            return Ok(None);
        }
        if config.architecture == Architecture::MpNet {
            // Its attention counts on the order of the tokens.
            return Err(Error::NoExits {
                model_type: config.architecture.model_type(),
            });
        }
        let gate = |layer: usize| {
            let name = format!("{EXITS}{layer}");
            if !weights.contains(&format!("{name}.weight")) {
                return Ok(None);
            }
            let shape = Shape::plain(name, config.hidden, 1);
            Linear::load(weights, &shape, Precision::F32).map(Some)
        };
        let logits = weights.vector(&logits, labels.outputs.count())?;
        Ok(Some(Self {
            before: (0..config.layers).map(gate).collect::<Result<_, _>>()?,
            logits: labels.outputs.spread(&logits),
        }))
    }

    /// What decides before a layer.
    pub(crate) fn before(&self, layer: usize) -> Option<&Linear> {
        self.before.get(layer).and_then(Option::as_ref)
    }

    /// The row of logits of a token that stopped.
    pub(crate) fn logits(&self) -> &[Floats] {
        &self.logits
    }
}

/// Whether a token of this score goes on, and its neighbours with it; one that is no number does.
pub(crate) fn open(score: f32) -> bool {
    score > 0.0 || score.is_nan()
}
