//! Early exit: tokens that are surely in no name stop before the last layers. Other tokens still
//! attend to them, to the hidden states they stopped with (Li, Shao, Sun, Yan, Qiu and Huang,
//! "Accelerating BERT Inference for Sequence Labeling via Early-Exit", 2021).

use crate::kernels::Floats;
use crate::linear::Linear;
use crate::shapes::Shape;
use crate::weights::Weights;
use crate::{Architecture, Config, Error, Precision};

/// The prefix of the names of the tensors of exits.
const EXITS: &str = "exits.";

/// Whether a tensor of this name belongs to the early exits.
#[must_use]
pub fn is_exit(tensor: &str) -> bool {
    tensor.starts_with(EXITS)
}

/// Where tokens may stop, and the logits of those that do.
pub(crate) struct Exits {
    /// For each layer the gate before it, which scores tokens (hidden to 1); `None` where all pass.
    before: Vec<Option<Linear>>,
    /// The row of logits of every token that stopped.
    logits: Vec<Floats>,
}

impl Exits {
    /// Reads `exits.logits` and, for layers with a gate, `exits.{layer}.weight` (1 x hidden) and
    /// `exits.{layer}.bias`. `None` where the file has no `exits.logits`.
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
            // Its position bias takes rows for positions, so that no token may be missing.
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

    /// The gate before a layer, if there is one.
    pub(crate) fn before(&self, layer: usize) -> Option<&Linear> {
        self.before.get(layer).and_then(Option::as_ref)
    }

    /// The row of logits of every token that stopped.
    pub(crate) fn logits(&self) -> &[Floats] {
        &self.logits
    }
}

/// Whether a token with this score passes a gate, and its neighbours with it. NaN passes.
pub(crate) fn passes(score: f32) -> bool {
    score > 0.0 || score.is_nan()
}
