//! Everything that can go wrong. Each message names the thing and a way out.

/// Why a model could not be loaded or a pack could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `config.json` is not JSON, or a value has the wrong type.
    #[error("config.json cannot be read: {0}; take it again from where the model came from")]
    ConfigJson(#[source] serde_json::Error),
    /// `config.json` lacks a key this architecture needs.
    #[error("config.json of a {model_type} model lacks `{key}`; add it")]
    MissingKey {
        /// The model type whose key is missing.
        model_type: &'static str,
        /// The key as this architecture spells it.
        key: &'static str,
    },
    /// A value of `config.json` contradicts another or makes no sense.
    #[error("config.json: `{key}` is {value}, but {must}; correct it")]
    InvalidValue {
        /// The key as this architecture spells it.
        key: &'static str,
        /// What was found.
        value: String,
        /// What has to hold.
        must: String,
    },
    /// `config.json` asks for something this encoder does not implement.
    #[error(
        "config.json: `{key}` is \"{value}\", which is not supported; use a model with one of: {supported}"
    )]
    Unsupported {
        /// The key.
        key: &'static str,
        /// What was found.
        value: String,
        /// What would work, separated by commas.
        supported: String,
    },
    /// The weights have exits, but this architecture cannot stop tokens early.
    #[error(
        "the weights have exits, but the attention of a {model_type} model counts on all tokens; leave out the early exit"
    )]
    NoExits {
        /// The model type.
        model_type: &'static str,
    },
    /// The weights file is no safetensors file, is cut short, or has a header with false claims.
    #[error(
        "model.safetensors or one of its parts is corrupt: {reason}; copy or download it again"
    )]
    CorruptWeights {
        /// What is wrong with it.
        reason: String,
    },
    /// The weights file lacks a tensor.
    #[error(
        "model.safetensors or its parts have no tensor `{name}`; config.json and the weights must belong to the same token-classification model"
    )]
    MissingTensor {
        /// Its full name.
        name: String,
    },
    /// A tensor's shape is not the one that `config.json` implies.
    #[error(
        "model.safetensors or its parts: tensor `{name}` has shape {found:?}, config.json implies {expected:?}; config.json and the weights must belong to the same model"
    )]
    WrongShape {
        /// The tensor.
        name: String,
        /// What `config.json` implies.
        expected: Vec<usize>,
        /// What the file holds.
        found: Vec<usize>,
    },
    /// A tensor's element type is not supported.
    #[error(
        "model.safetensors or its parts: tensor `{name}` is stored as {found}; store it as one of: {supported}"
    )]
    WrongDtype {
        /// The tensor.
        name: String,
        /// Its element type.
        found: String,
        /// The types that work, separated by commas.
        supported: &'static str,
    },
    /// An instruction set that there is no kernel for, or that this processor lacks.
    #[error("there is no instruction set `{name}` here; use one of: {available}")]
    NoSuchIsa {
        /// What was asked for.
        name: String,
        /// Those that would work, the fastest first, separated by commas.
        available: String,
    },
    /// A precision that does not exist.
    #[error("there is no precision `{name}`; use one of: {known}")]
    NoSuchPrecision {
        /// What was asked for.
        name: String,
        /// Those that exist, separated by commas.
        known: String,
    },
    /// The bounds of a pack do not split its ids into sequences.
    #[error(
        "bounds of a pack must start at 0, rise, and end at its {ids} ids; bound {index} does not fit"
    )]
    Bounds {
        /// How many ids the pack has.
        ids: usize,
        /// The index of the first bound that is wrong.
        index: usize,
    },
    /// Tokens to read are not in rising order, or not in the pack.
    #[error(
        "tokens to read must be in order and among the pack's {tokens}; number {index} of them is not"
    )]
    Tokens {
        /// How many tokens the pack has.
        tokens: usize,
        /// The index of the first that is wrong.
        index: usize,
    },
    /// A sequence of a pack has no tokens.
    #[error("sequence {sequence} of the pack is empty; leave it out")]
    EmptySequence {
        /// Its index in the pack.
        sequence: usize,
    },
    /// A sequence is longer than the model's position table.
    #[error("sequence {sequence} of the pack has {tokens} tokens, the model takes {max}; split it")]
    SequenceTooLong {
        /// Its index in the pack.
        sequence: usize,
        /// Its length, special tokens included.
        tokens: usize,
        /// The longest that works.
        max: usize,
    },
    /// A token id is outside the vocabulary.
    #[error(
        "token {position} of the pack has id {id}, the vocabulary has {vocab_size}; tokenizer and weights must belong to the same model"
    )]
    TokenOutOfRange {
        /// Its index in the pack.
        position: usize,
        /// The id.
        id: u32,
        /// Ids below this work.
        vocab_size: usize,
    },
}

impl Error {
    /// The header of a weights file cannot be read or written.
    pub(crate) fn header(error: serde_json::Error) -> Self {
        Self::CorruptWeights {
            reason: format!("header: {error}"),
        }
    }
}
