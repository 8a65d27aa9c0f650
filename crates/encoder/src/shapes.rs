//! The linear layers of a block: which weights make each of them, and how its columns lie.

use crate::Config;
use crate::kernels::{BYTES, LANES};
use crate::matrix::Columns;

/// Which weights to read, and how columns lie.
pub(crate) struct Shape {
    /// Layers whose outputs stand side by side.
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Columns,
    /// Of each of the layers.
    pub(crate) outputs: Columns,
}

/// Those of one block.
pub(crate) struct BlockShapes {
    /// Hidden to queries, keys and values.
    pub(crate) joint: Shape,
    /// Mixed values to hidden.
    pub(crate) output: Shape,
    pub(crate) up: Shape,
    pub(crate) down: Shape,
}

impl Shape {
    /// One layer without groups.
    pub(crate) fn plain(name: String, inputs: usize, outputs: usize) -> Self {
        Self {
            names: vec![name],
            inputs: Columns::plain(inputs),
            outputs: Columns::plain(outputs),
        }
    }

    /// Whether panels of 8-bit weights hold nothing but weights, in the order of the columns.
    pub(crate) fn whole(&self) -> bool {
        let (inputs, outputs) = (self.inputs, self.outputs);
        inputs.contiguous()
            && inputs.count().is_multiple_of(BYTES)
            && outputs.contiguous()
            && outputs.count().is_multiple_of(LANES)
    }
}

impl BlockShapes {
    pub(crate) fn new(config: &Config, block: &str) -> Self {
        let names = config.architecture.layer_names();
        let full = |name: &str| format!("{block}.{name}");
        let hidden = Columns::plain(config.hidden);
        let heads = Columns::grouped(config.heads, config.hidden / config.heads);
        Self {
            joint: Shape {
                names: [names.query, names.key, names.value].map(full).into(),
                inputs: hidden,
                outputs: heads,
            },
            output: Shape {
                names: vec![full(names.attention_output)],
                inputs: heads,
                outputs: hidden,
            },
            up: Shape::plain(full(names.up), config.hidden, config.intermediate),
            down: Shape::plain(full(names.down), config.intermediate, config.hidden),
        }
    }

    /// All of them, in the order in which a pass needs them.
    pub(crate) fn in_order(self) -> [Shape; 4] {
        [self.joint, self.output, self.up, self.down]
    }
}
