//! A model as a plain Hugging Face directory.

use std::path::Path;
use std::{fs, io};

use newshound_encoder::{Architecture, Tensors, is_exit};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

use super::files::{EXIT_TOPICS, Files, TOPICS, Tokenizer, Wrong};
use super::shards::EXITS;
use super::{About, Model, Source};
use crate::{Error, Result, whole};

/// Other files that may belong to a model in a directory; they are copied as they are.
const OTHERS: [&str; 9] = [
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "added_tokens.json",
    "special_tokens_map.json",
    TOKENIZER_CONFIG,
    "LICENSE",
    "NOTICE",
];

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

impl Model {
    /// Writes a model as a plain Hugging Face directory: weights in `f32`, 8-bit rows times their
    /// scales, and whatever else `transformers` needs to load it. The directory `to` must not exist, or
    /// be empty; it is there when it is complete.
    ///
    /// # Errors
    /// As [`about`](Self::about); [`Error::Option`] where there is something at `to`,
    /// [`Error::Write`] where it cannot be written.
    pub fn export(from: &Source, to: &Path) -> Result<About> {
        let files = Files::find(from)?;
        let wrong = |wrong| files.source.error(wrong);
        let about = About::of(&files).map_err(wrong)?;
        if occupied(to) {
            return Err(Error::Option(format!(
                "there is something at {}; name a directory that does not exist or is empty",
                to.display()
            )));
        }
        let written = files.export(&about).map_err(wrong)?;
        save(&files.source, to, written).map_err(|source| Error::Write {
            path: to.to_owned(),
            source,
        })?;
        Ok(about)
    }
}

fn occupied(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.symlink_metadata().is_ok(),
    }
}

/// Writes a temporary directory and renames it to `to`, so that it is complete or not there.
fn save(source: &Source, to: &Path, written: Vec<(&'static str, Vec<u8>)>) -> io::Result<()> {
    let to = std::path::absolute(to)?;
    let parent = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(parent)?;
    if to.exists() {
        fs::remove_dir(&to)?;
    }
    let part = whole::directory(&to)?;
    if let Source::Dir(from) = source {
        for file in OTHERS.iter().filter(|file| from.join(file).is_file()) {
            fs::copy(from.join(file), part.path().join(file))?;
        }
    }
    for (file, bytes) in written {
        let path = part.path().join(file);
        if file != TOKENIZER_CONFIG || !path.exists() {
            fs::write(path, bytes)?;
        }
    }
    fs::rename(part.path(), &to)?;
    let _ = part.keep();
    Ok(())
}

impl Files {
    /// The files to write, by name.
    fn export(&self, about: &About) -> Result<Vec<(&'static str, Vec<u8>)>, Wrong> {
        let architecture = self.shape()?.architecture;
        let mut config = self.config()?;
        config["architectures"] = json!([class(architecture, "ForTokenClassification")]);
        config["dtype"] = json!("float32");
        // The copy has all its weights and needs no base.
        if let Some(own) = config.get_mut("newshound").and_then(Value::as_object_mut) {
            own.remove("base");
        }
        if config.get("torch_dtype").is_some() {
            config["torch_dtype"] = json!("float32");
        }
        // Other tools know nothing of early exit.
        let tensors = self.tensors()?;
        let mut written = vec![
            ("config.json", pretty(&config)),
            ("model.safetensors", plain(&tensors, |name| !is_exit(name))?),
        ];
        if about.early_exit {
            written.push((EXITS, plain(&tensors, is_exit)?));
        }
        match &self.tokenizer {
            Tokenizer::Json(json) => {
                let about = tokenizer_config(json, architecture, about.max_tokens);
                written.push((TOKENIZER_CONFIG, pretty(&about)));
                written.push(("tokenizer.json", json.to_vec()));
            }
            Tokenizer::Vocab { text, .. } => written.push(("vocab.txt", text.clone().into_bytes())),
        }
        let topics = [(TOPICS, &self.topics), (EXIT_TOPICS, &self.exit_topics)];
        let topics = topics
            .into_iter()
            .filter_map(|(file, bytes)| Some((file, bytes.as_ref()?)));
        written.extend(topics.map(|(file, bytes)| (file, bytes.to_vec())));
        if let Some(card) = &self.card {
            let note = format!(
                "{}\n\n## This copy\n\nWritten by newshound {}: one file of weights in 32-bit \
                 floats, from weights with SHA-256 `{}`.\n",
                card.trim_end(),
                env!("CARGO_PKG_VERSION"),
                self.digest
            );
            written.push(("README.md", note.into_bytes()));
        }
        Ok(written)
    }
}

/// A weights file of the tensors that are wanted, in `f32`.
fn plain(tensors: &Tensors<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<u8>, Wrong> {
    let mut widened = Vec::new();
    for name in tensors.names().filter(|name| wanted(name)) {
        let tensor = tensors
            .get(name)
            .map_err(|e| Wrong::new("")(e.to_string()))?;
        let bytes: Vec<u8> = tensor.values.iter().flat_map(|x| x.to_le_bytes()).collect();
        widened.push((name, tensor.shape, bytes));
    }
    let failed = |e: safetensors::SafeTensorError| Wrong::new("")(e.to_string());
    let views = widened.iter().map(|(name, shape, bytes)| {
        Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?))
    });
    let views: Vec<_> = views.collect::<Result<_, _>>().map_err(failed)?;
    let format = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(format)).map_err(failed)
}

/// `tokenizer_config.json`, without which `transformers` would lower the case.
fn tokenizer_config(json: &[u8], architecture: Architecture, max_tokens: usize) -> Value {
    let tokenizer: Value = serde_json::from_slice(json).unwrap_or_default();
    let mut about = json!({
        "tokenizer_class": class(architecture, "Tokenizer"),
        "model_max_length": max_tokens,
    });
    let normalizer = &tokenizer["normalizer"];
    if normalizer["type"] == "BertNormalizer" {
        about["do_lower_case"] = normalizer["lowercase"].clone();
        about["strip_accents"] = normalizer["strip_accents"].clone();
        about["tokenize_chinese_chars"] = normalizer["handle_chinese_chars"].clone();
    }
    about
}

/// The name of a class of `transformers`.
fn class(architecture: Architecture, what: &str) -> String {
    let name = match architecture {
        Architecture::Bert => "Bert",
        Architecture::DistilBert => "DistilBert",
        Architecture::Roberta => "Roberta",
        Architecture::XlmRoberta => "XLMRoberta",
        Architecture::Electra => "Electra",
        Architecture::MpNet => "MPNet",
    };
    format!("{name}{what}")
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
