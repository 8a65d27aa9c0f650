//! The model types of rust-bert behind one interface.

use std::collections::HashMap;

use newshound_encoder::{Activation, Architecture, Config, Tensors};
use rust_bert::RustBertError;
use rust_bert::bert::{BertConfig, BertForTokenClassification};

use rust_bert::distilbert::{DistilBertConfig, DistilBertForTokenClassification};
use rust_bert::electra::{ElectraConfig, ElectraForTokenClassification};
use rust_bert::roberta::RobertaForTokenClassification;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor, no_grad};

/// A token-classification model of rust-bert.
pub(super) enum Network {
    Bert(BertForTokenClassification),
    DistilBert(DistilBertForTokenClassification),
    /// XLM-R too: it differs in its tokenizer only.
    Roberta(RobertaForTokenClassification),
    Electra(ElectraForTokenClassification),
}

/// Sequences, padded: each tensor has a row for a sequence.
pub(super) struct Batch {
    pub(super) ids: Tensor,
    pub(super) positions: Tensor,
    /// 1 for tokens, 0 for padding.
    pub(super) mask: Tensor,
}

/// The result of a pass: sequences x longest x tags, and sequences x longest x hidden.
pub(super) struct Output {
    pub(super) logits: Tensor,
    pub(super) hidden: Tensor,
}

/// A model's tensors by name, on the device they are used on.
pub(super) struct Weights(Vec<(String, Tensor)>);

impl Weights {
    pub(super) fn new(tensors: &Tensors<'_>, device: Device) -> Result<Self, String> {
        let one = |name: &str| {
            let tensor = tensors.get(name).map_err(|e| e.to_string())?;
            let shape: Vec<i64> = tensor.shape.iter().map(|&n| n as i64).collect();
            Tensor::f_from_slice(&tensor.values)
                .and_then(|values| values.f_view(&shape[..])?.f_to_device(device))
                .map(|values| (name.to_owned(), values))
                .map_err(|e| e.to_string())
        };
        Ok(Self(tensors.names().map(one).collect::<Result<_, _>>()?))
    }

    fn get(&self, name: &str) -> Option<&Tensor> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, tensor)| tensor)
    }
}

impl Network {
    /// A network on the weights, which all networks share.
    pub(super) fn new(
        config: &Config,
        tags: usize,
        weights: &Weights,
        device: Device,
    ) -> Result<Self, String> {
        let mut store = VarStore::new(device);
        let network = Self::build(&store, config, tags)?;
        store.freeze();
        for (name, mut variable) in store.variables() {
            let tensor = weights.get(&name).ok_or_else(|| {
                format!("model.safetensors has no tensor `{name}`, which rust-bert wants")
            })?;
            if variable.size() != tensor.size() {
                return Err(format!(
                    "rust-bert wants {:?} for the tensor `{name}` of model.safetensors, which has \
                     {:?}; use --backend native",
                    variable.size(),
                    tensor.size()
                ));
            }
            no_grad(|| variable.f_set_data(tensor)).map_err(|e| e.to_string())?;
        }
        Ok(network)
    }

    fn build(store: &VarStore, config: &Config, tags: usize) -> Result<Self, String> {
        let path = store.root();
        let network = match config.architecture {
            Architecture::Bert => {
                BertForTokenClassification::new(path, &bert(config, tags)).map(Self::Bert)
            }
            Architecture::Roberta | Architecture::XlmRoberta => {
                RobertaForTokenClassification::new(path, &bert(config, tags)).map(Self::Roberta)
            }
            Architecture::DistilBert => {
                DistilBertForTokenClassification::new(path, &distilbert(config, tags))
                    .map(Self::DistilBert)
            }
            Architecture::Electra => {
                ElectraForTokenClassification::new(path, &electra(config, tags)).map(Self::Electra)
            }
            Architecture::MpNet => {
                return Err("rust-bert has no mpnet model; use --backend native".to_owned());
            }
        };
        network.map_err(|e| e.to_string())
    }

    /// Runs the model on a batch. libtorch panics where it fails.
    pub(super) fn run(&self, batch: &Batch) -> Result<Output, String> {
        let Batch {
            ids,
            positions,
            mask,
        } = batch;
        let (ids, positions) = (Some(ids), Some(positions));
        let (logits, hidden) = match self {
            Self::Bert(model) => {
                let output = model.forward_t(ids, Some(mask), None, positions, None, false);
                (output.logits, output.all_hidden_states)
            }
            Self::Roberta(model) => {
                let output = model.forward_t(ids, Some(mask), None, positions, None, false);
                (output.logits, output.all_hidden_states)
            }
            Self::Electra(model) => {
                let added = (mask.ones_like() - mask).to_kind(Kind::Float) * -10_000.0;
                let output = model.forward_t(ids, Some(&added), None, positions, None, false);
                (output.logits, output.all_hidden_states)
            }
            Self::DistilBert(model) => {
                let output = model.forward_t(ids, Some(mask), None, false);
                let output = output.map_err(|e: RustBertError| e.to_string())?;
                (output.logits, output.all_hidden_states)
            }
        };
        let hidden = hidden.and_then(|mut layers| layers.pop());
        let hidden = hidden.ok_or("the model gave no hidden states")?;
        Ok(Output { logits, hidden })
    }
}

/// rust-bert counts a model's tags by their names.
fn names(tags: usize) -> Option<HashMap<i64, String>> {
    Some((0..tags).map(|tag| (tag as i64, tag.to_string())).collect())
}

fn activation(activation: Activation) -> rust_bert::Activation {
    match activation {
        Activation::Gelu => rust_bert::Activation::gelu,
        Activation::GeluTanh => rust_bert::Activation::gelu_new,
        Activation::Relu => rust_bert::Activation::relu,
    }
}

fn bert(config: &Config, tags: usize) -> BertConfig {
    BertConfig {
        hidden_act: activation(config.activation),
        hidden_size: config.hidden as i64,
        intermediate_size: config.intermediate as i64,
        max_position_embeddings: config.max_positions as i64,
        num_attention_heads: config.heads as i64,
        num_hidden_layers: config.layers as i64,
        type_vocab_size: config.type_vocab as i64,
        vocab_size: config.vocab_size as i64,
        output_hidden_states: Some(true),
        id2label: names(tags),
        ..BertConfig::default()
    }
}

fn distilbert(config: &Config, tags: usize) -> DistilBertConfig {
    DistilBertConfig {
        activation: activation(config.activation),
        dim: config.hidden as i64,
        hidden_dim: config.intermediate as i64,
        max_position_embeddings: config.max_positions as i64,
        n_heads: config.heads as i64,
        n_layers: config.layers as i64,
        vocab_size: config.vocab_size as i64,
        output_hidden_states: Some(true),
        id2label: names(tags),
        ..DistilBertConfig::default()
    }
}

fn electra(config: &Config, tags: usize) -> ElectraConfig {
    ElectraConfig {
        hidden_act: activation(config.activation),
        embedding_size: config.embedding_size as i64,
        hidden_size: config.hidden as i64,
        intermediate_size: config.intermediate as i64,
        layer_norm_eps: Some(f64::from(config.layer_norm_eps)),
        max_position_embeddings: config.max_positions as i64,
        num_attention_heads: config.heads as i64,
        num_hidden_layers: config.layers as i64,
        type_vocab_size: config.type_vocab as i64,
        vocab_size: config.vocab_size as i64,
        output_hidden_states: Some(true),
        id2label: names(tags),
        ..ElectraConfig::default()
    }
}
