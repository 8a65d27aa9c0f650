//! `config.json` of a Hugging Face directory.

use serde::Deserialize;

use crate::{Activation, Error};

/// The family of models a configuration belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `bert` (Devlin et al. 2019).
    Bert,
    /// `distilbert` (Sanh et al. 2019).
    DistilBert,
    /// `roberta` (Liu et al. 2019).
    Roberta,
    /// `xlm-roberta` (Conneau et al. 2020).
    XlmRoberta,
    /// `electra` (Clark et al. 2020).
    Electra,
    /// `mpnet` (Song et al. 2020).
    MpNet,
}

impl Architecture {
    /// All that are supported.
    pub const ALL: [Self; 6] = [
        Self::Bert,
        Self::DistilBert,
        Self::Roberta,
        Self::XlmRoberta,
        Self::Electra,
        Self::MpNet,
    ];

    /// The value of `model_type`.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::DistilBert => "distilbert",
            Self::Roberta => "roberta",
            Self::XlmRoberta => "xlm-roberta",
            Self::Electra => "electra",
            Self::MpNet => "mpnet",
        }
    }

    /// Whether positions count from one past the padding id.
    fn counts_from_padding(self) -> bool {
        matches!(self, Self::Roberta | Self::XlmRoberta | Self::MpNet)
    }

    fn default_pad_token_id(self) -> u32 {
        u32::from(self.counts_from_padding())
    }

    fn default_type_vocab(self) -> usize {
        match self {
            Self::DistilBert | Self::MpNet => 0,
            Self::Roberta | Self::XlmRoberta => 1,
            Self::Bert | Self::Electra => 2,
        }
    }
}

/// The shape of a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The family.
    pub architecture: Architecture,
    /// Token ids are below this.
    pub vocab_size: usize,
    /// Columns of the word embeddings; only ELECTRA's differ from `hidden`.
    pub embedding_size: usize,
    /// Columns of the hidden states.
    pub hidden: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Attention heads; they divide `hidden`.
    pub heads: usize,
    /// Columns between the two feed-forward layers of a block.
    pub intermediate: usize,
    /// Rows of the position table.
    pub max_positions: usize,
    /// Rows of the token type table, 0 where there is none.
    pub type_vocab: usize,
    /// Added to the variance in layer normalisation.
    pub layer_norm_eps: f32,
    /// The non-linearity of the blocks.
    pub activation: Activation,
    /// The id of the padding token.
    pub pad_token_id: u32,
}

/// The keys of the file. DistilBERT has its own names for some.
#[derive(Deserialize)]
struct Raw {
    model_type: Option<String>,
    vocab_size: Option<usize>,
    embedding_size: Option<usize>,
    hidden_size: Option<usize>,
    dim: Option<usize>,
    num_hidden_layers: Option<usize>,
    n_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    n_heads: Option<usize>,
    intermediate_size: Option<usize>,
    hidden_dim: Option<usize>,
    max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    hidden_act: Option<String>,
    activation: Option<String>,
    pad_token_id: Option<u32>,
    position_embedding_type: Option<String>,
}

impl Config {
    /// The index of the block that a tensor belongs to, from 0, by its full name. It may be beyond
    /// [`layers`](Self::layers). `None` for tensors outside the blocks.
    #[must_use]
    pub fn block(&self, tensor: &str) -> Option<usize> {
        let tensor = tensor.strip_prefix(self.architecture.prefix());
        let tensor = tensor?.strip_prefix(self.architecture.layer_names().block)?;
        tensor.strip_prefix('.')?.split('.').next()?.parse().ok()
    }

    /// Reads the bytes of `config.json`.
    ///
    /// # Errors
    /// Not JSON, a missing or senseless value, or a model type, activation or position embedding
    /// that is not supported.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let raw: Raw = serde_json::from_slice(json).map_err(Error::ConfigJson)?;
        let architecture = architecture(raw.model_type.as_deref().unwrap_or_default())?;
        let need = |key: &'static str, value: Option<usize>| match value {
            None => Err(Error::MissingKey {
                model_type: architecture.model_type(),
                key,
            }),
            Some(0) => Err(invalid(key, 0, "it must be at least 1")),
            Some(value) => Ok(value),
        };
        let distil = architecture == Architecture::DistilBert;
        let pick = |usual: (&'static str, Option<usize>), own: (&'static str, Option<usize>)| {
            let (key, value) = if distil { own } else { usual };
            need(key, value)
        };

        let hidden = pick(("hidden_size", raw.hidden_size), ("dim", raw.dim))?;
        let embedding_size = match raw.embedding_size {
            Some(size) if architecture == Architecture::Electra => {
                need("embedding_size", Some(size))?
            }
            _ => hidden,
        };
        let (activation_key, name) = if distil {
            ("activation", raw.activation)
        } else {
            ("hidden_act", raw.hidden_act)
        };
        let config = Self {
            architecture,
            vocab_size: need("vocab_size", raw.vocab_size)?,
            embedding_size,
            hidden,
            layers: pick(
                ("num_hidden_layers", raw.num_hidden_layers),
                ("n_layers", raw.n_layers),
            )?,
            heads: pick(
                ("num_attention_heads", raw.num_attention_heads),
                ("n_heads", raw.n_heads),
            )?,
            intermediate: pick(
                ("intermediate_size", raw.intermediate_size),
                ("hidden_dim", raw.hidden_dim),
            )?,
            max_positions: need("max_position_embeddings", raw.max_position_embeddings)?,
            type_vocab: match architecture.default_type_vocab() {
                0 => 0,
                usual => need("type_vocab_size", raw.type_vocab_size.or(Some(usual)))?,
            },
            layer_norm_eps: raw.layer_norm_eps.unwrap_or(1e-12),
            activation: activation(activation_key, name.as_deref().unwrap_or("gelu"))?,
            pad_token_id: raw
                .pad_token_id
                .unwrap_or(architecture.default_pad_token_id()),
        };
        absolute(raw.position_embedding_type)?;
        config.check()?;
        Ok(config)
    }

    /// The position of a sequence's first token: its row in the position table.
    pub(crate) fn first_position(&self) -> usize {
        if self.architecture.counts_from_padding() {
            (self.pad_token_id as usize).saturating_add(1)
        } else {
            0
        }
    }

    /// The position of each token of a sequence: its row in the position table.
    pub fn positions<'a>(&self, ids: &'a [u32]) -> impl Iterator<Item = usize> + use<'a> {
        positions(self.first_position(), self.pad_token_id, ids)
    }

    /// The length of the longest sequence, in tokens, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_positions.saturating_sub(self.first_position())
    }

    fn check(&self) -> Result<(), Error> {
        if !self.hidden.is_multiple_of(self.heads) {
            let key = if self.architecture == Architecture::DistilBert {
                "n_heads"
            } else {
                "num_attention_heads"
            };
            let must = format!("it must divide the hidden size {}", self.hidden);
            return Err(invalid(key, self.heads, must));
        }
        if self.max_tokens() == 0 {
            let must = format!("positions start at {}", self.first_position());
            return Err(invalid("max_position_embeddings", self.max_positions, must));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps >= 0.0) {
            let must = "it must be a small number above 0";
            return Err(invalid("layer_norm_eps", self.layer_norm_eps, must));
        }
        Ok(())
    }
}

/// The position of each token. In models that count from the padding id, padding tokens do not count
/// and have that id as their position.
#[inline(always)]
pub(crate) fn positions(
    first: usize,
    pad_token_id: u32,
    ids: &[u32],
) -> impl Iterator<Item = usize> {
    let mut next = first;
    ids.iter().map(
        #[inline(always)]
        move |&id| {
            if first > 0 && id == pad_token_id {
                return first - 1;
            }
            next += 1;
            next - 1
        },
    )
}

fn invalid(key: &'static str, value: impl ToString, must: impl Into<String>) -> Error {
    Error::InvalidValue {
        key,
        value: value.to_string(),
        must: must.into(),
    }
}

fn architecture(model_type: &str) -> Result<Architecture, Error> {
    Architecture::ALL
        .into_iter()
        .find(|architecture| architecture.model_type() == model_type)
        .ok_or_else(|| Error::Unsupported {
            key: "model_type",
            value: model_type.to_owned(),
            supported: Architecture::ALL.map(Architecture::model_type).join(", "),
        })
}

fn activation(key: &'static str, name: &str) -> Result<Activation, Error> {
    Activation::from_name(name).ok_or_else(|| Error::Unsupported {
        key,
        value: name.to_owned(),
        supported: Activation::SUPPORTED.to_owned(),
    })
}

fn absolute(position_embedding_type: Option<String>) -> Result<(), Error> {
    match position_embedding_type {
        Some(value) if value != "absolute" => Err(Error::Unsupported {
            key: "position_embedding_type",
            value,
            supported: "absolute".to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bert() -> Value {
        json!({
            "model_type": "bert", "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 40,
        })
    }

    fn parse_with(key: &str, value: Value) -> Result<Config, Error> {
        let mut config = bert();
        config[key] = value;
        Config::parse(config.to_string().as_bytes())
    }

    #[test]
    fn keys_left_out_get_the_values_of_their_architecture() {
        let config = parse_with("pad_token_id", Value::Null).unwrap();
        assert_eq!((config.type_vocab, config.pad_token_id), (2, 0));
        assert_eq!(
            (config.activation, config.max_tokens()),
            (Activation::Gelu, 40)
        );
        let config = parse_with("model_type", json!("roberta")).unwrap();
        assert_eq!((config.type_vocab, config.pad_token_id), (1, 1));
        assert_eq!(config.max_tokens(), 38);
    }

    #[test]
    fn distilbert_has_its_own_key_names() {
        let json = json!({
            "model_type": "distilbert", "vocab_size": 50, "dim": 32, "n_layers": 3, "n_heads": 4,
            "hidden_dim": 64, "max_position_embeddings": 40, "activation": "relu",
        });
        let config = Config::parse(json.to_string().as_bytes()).unwrap();
        assert_eq!((config.hidden, config.layers, config.heads), (32, 3, 4));
        assert_eq!(
            (config.intermediate, config.activation),
            (64, Activation::Relu)
        );
        let message = parse_with("model_type", json!("distilbert"))
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "config.json of a distilbert model lacks `dim`; add it"
        );
    }

    #[test]
    fn an_unsupported_value_is_named_with_the_supported_ones() {
        let cases = [
            ("model_type", "deberta-v2", "mpnet"),
            ("hidden_act", "swish", "gelu_new"),
            ("position_embedding_type", "relative_key", "absolute"),
        ];
        for (key, value, way_out) in cases {
            let message = parse_with(key, json!(value)).unwrap_err().to_string();
            for part in [key, value, way_out] {
                assert!(message.contains(part), "{message}");
            }
        }
        assert!(matches!(
            parse_with("model_type", Value::Null),
            Err(Error::Unsupported { .. })
        ));
    }

    #[test]
    fn senseless_values_are_refused() {
        let cases = [
            ("hidden_size", json!(0)),
            ("num_attention_heads", json!(5)),
            ("layer_norm_eps", json!(-1.0)),
            ("layer_norm_eps", json!(1e300)),
        ];
        for (key, value) in cases {
            let error = parse_with(key, value).unwrap_err();
            assert!(
                matches!(&error, Error::InvalidValue { key: k, .. } if *k == key),
                "{error}"
            );
        }
        for value in [json!(-3), json!("x"), json!(1e40), json!([])] {
            assert!(matches!(
                parse_with("hidden_size", value),
                Err(Error::ConfigJson(_))
            ));
        }
        assert!(matches!(Config::parse(b"{"), Err(Error::ConfigJson(_))));
    }

    #[test]
    fn a_padding_id_beyond_the_positions_leaves_no_room_and_is_refused() {
        let mut config = bert();
        config["model_type"] = json!("xlm-roberta");
        config["pad_token_id"] = json!(u32::MAX);
        let error = Config::parse(config.to_string().as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("max_position_embeddings"),
            "{error}"
        );
    }
}
