//! What each architecture calls its tensors.

use crate::Architecture;

/// The layers of one block; full names are `{block}.{index}.{layer}`.
pub(crate) struct LayerNames {
    /// The name of all blocks, without an index.
    pub(crate) block: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) attention_output: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) output_norm: &'static str,
}

const BERT: LayerNames = LayerNames {
    block: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    output_norm: "output.LayerNorm",
};

const DISTILBERT: LayerNames = LayerNames {
    block: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    output_norm: "output_layer_norm",
};

const MPNET: LayerNames = LayerNames {
    query: "attention.attn.q",
    key: "attention.attn.k",
    value: "attention.attn.v",
    attention_output: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    ..BERT
};

impl Architecture {
    /// The prefix of the encoder's tensors (not the classifier's) in a token-classification file.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Bert => "bert.",
            Self::DistilBert => "distilbert.",
            Self::Roberta | Self::XlmRoberta => "roberta.",
            Self::Electra => "electra.",
            Self::MpNet => "mpnet.",
        }
    }

    pub(crate) fn layer_names(self) -> &'static LayerNames {
        match self {
            Self::Bert | Self::Roberta | Self::XlmRoberta | Self::Electra => &BERT,
            Self::DistilBert => &DISTILBERT,
            Self::MpNet => &MPNET,
        }
    }
}
