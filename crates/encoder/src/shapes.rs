//! The linear layers of a block: the weights of each, and the layout of its columns.

use crate::Config;
use crate::kernels::{BYTES, LANES};
use crate::matrix::Columns;

/// A linear layer: its weights and the layout of its columns.
pub(crate) struct Shape {
    /// The tensors, without `.weight` and `.bias`, whose outputs lie side by side.
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Columns,
    /// The outputs of each of `names`.
    pub(crate) outputs: Columns,
}

/// The linear layers of one block.
pub(crate) struct BlockShapes {
    /// Hidden states to queries, keys and values.
    pub(crate) qkv: Shape,
    /// Attention output to hidden states.
    pub(crate) output: Shape,
    pub(crate) up: Shape,
    pub(crate) down: Shape,
}

impl Shape {
    /// One tensor, with columns in one group.
    pub(crate) fn plain(name: String, inputs: usize, outputs: usize) -> Self {
        Self {
            names: vec![name],
            inputs: Columns::plain(inputs),
            outputs: Columns::plain(outputs),
        }
    }

    /// Whether panels of 8-bit weights need no padding and keep the order of the columns.
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
            qkv: Shape {
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

    /// All of them, in the order of a pass.
    pub(crate) fn in_order(self) -> [Shape; 4] {
        [self.qkv, self.output, self.up, self.down]
    }
}
