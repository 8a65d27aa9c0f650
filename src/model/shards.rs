//! The weights in a model's directory: one file, several put together as one, or a change of
//! another model's.
//!
//! An index names the file of each tensor, as Hugging Face writes it for large models. The build
//! script compiles this file too, to embed models by the same rules.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;

/// The name of the file with all weights.
const WHOLE: &str = "model.safetensors";

/// The name of the index, where they lie in several files.
const INDEX: &str = "model.safetensors.index.json";

/// The name of the file with the differences from another model's weights.
const CHANGE: &str = "change.safetensors";

/// The name of the file with the exits, which decide where tokens may stop before the last layer.
pub(super) const EXITS: &str = "exits.safetensors";

const CONFIG: &str = "config.json";

/// The file that something is wrong with, and what.
pub(super) type Wrong = (String, String);

/// The bytes of the weights in `dir`, whose files `read` reads by their names, with the exits that lie
/// beside them.
///
/// # Errors
/// Of `read` and of damaged files.
pub(super) fn weights(
    dir: &Path,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, Wrong> {
    let named = |file: &str| read(file).map_err(|message| (file.to_owned(), message));
    let weights = match base(dir, &read)? {
        None => own(dir, &read)?,
        Some(base) => {
            let within = |(file, message)| (format!("{base}/{file}"), message);
            let read = |file: &str| read(&format!("{base}/{file}"));
            let weights = own(&dir.join(&base), read).map_err(within)?;
            let (config, change) = (named(CONFIG)?, named(CHANGE)?);
            newshound_encoder::apply_change(&config, &weights, &change)
                .map_err(|error| (CHANGE.to_owned(), error.to_string()))?
        }
    };
    match dir.join(EXITS).exists() {
        true => with_exits(&weights, &named(EXITS)?),
        false => Ok(weights),
    }
}

/// Weights and exits in one file.
fn with_exits(weights: &[u8], exits: &[u8]) -> Result<Vec<u8>, Wrong> {
    let within = |file: &str, message: String| (file.to_owned(), message);
    let damaged = |e| format!("is no safetensors file: {e}; fetch it again");
    let (_, header) = SafeTensors::read_metadata(weights).map_err(|e| within(WHOLE, damaged(e)))?;
    let open = |bytes, file| SafeTensors::deserialize(bytes).map_err(|e| within(file, damaged(e)));
    let (weights, exits) = (open(weights, WHOLE)?, open(exits, EXITS)?);
    let twice = exits
        .names()
        .into_iter()
        .find(|name| weights.tensor(name).is_ok());
    if let Some(name) = twice {
        let message = format!("has a tensor `{name}`, and so have the weights; remove it or them");
        return Err(within(EXITS, message));
    }
    let tensors = weights.iter().chain(exits.iter());
    safetensors::serialize(tensors, header.metadata().clone())
        .map_err(|e| within(EXITS, e.to_string()))
}

/// The path, from `dir`, of the directory of the model that the one in `dir` changes, if it changes one. The
/// tokenizer is there too.
///
/// # Errors
/// As [`weights`].
pub(super) fn base(
    dir: &Path,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Option<String>, Wrong> {
    if !dir.join(CHANGE).exists() {
        return Ok(None);
    }
    let wrong = |message: String| (CONFIG.to_owned(), message);
    let config: Value = serde_json::from_slice(&read(CONFIG).map_err(wrong)?)
        .map_err(|error| wrong(format!("is not JSON: {error}")))?;
    match config.pointer("/newshound/base").and_then(Value::as_str) {
        Some(name) if !name.contains(['/', '\\']) && !matches!(name, "" | "." | "..") => {
            Ok(Some(format!("../{name}")))
        }
        _ => Err(wrong(format!(
            "has no newshound.base; it names the directory, beside this one, of the model that \
             {CHANGE} changes"
        ))),
    }
}

/// The weights that lie in `dir` themselves.
fn own(dir: &Path, read: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Vec<u8>, Wrong> {
    let named = |file: &str| read(file).map_err(|message| (file.to_owned(), message));
    if dir.join(WHOLE).exists() || !dir.join(INDEX).exists() {
        return named(WHOLE);
    }
    join(&named(INDEX)?, read)
}

/// Joins the tensors that `index` names into the bytes of one safetensors file; what else the files
/// hold is left out. The same tensors always give the same bytes.
///
/// # Errors
/// Of `read` and of damaged files.
fn join(index: &[u8], read: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Vec<u8>, Wrong> {
    let in_index = |message: String| (INDEX.to_owned(), message);
    let map = map_of(index).map_err(in_index)?;
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (tensor, file) in &map {
        files.entry(file).or_default().push(tensor);
    }
    let mut bytes = Vec::with_capacity(files.len());
    for (file, tensors) in files {
        let within = |message: String| (file.to_owned(), message);
        bytes.push((file, tensors, read(file).map_err(within)?));
    }
    let mut views: Vec<(&str, TensorView)> = Vec::with_capacity(map.len());
    for (file, tensors, bytes) in &bytes {
        let within = |message: String| ((*file).to_owned(), message);
        let open = SafeTensors::deserialize(bytes)
            .map_err(|e| within(format!("is no safetensors file: {e}; fetch it again")))?;
        for tensor in tensors {
            let view = open.tensor(tensor).map_err(|_| {
                within(format!(
                    "has no tensor `{tensor}`, which {INDEX} says it has"
                ))
            })?;
            views.push((tensor, view));
        }
    }
    safetensors::serialize(views, None).map_err(|e| in_index(e.to_string()))
}

/// The file of each tensor.
fn map_of(index: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let index: Value = serde_json::from_slice(index).map_err(|e| format!("is not JSON: {e}"))?;
    let map = index.get("weight_map").and_then(Value::as_object);
    let map = map.ok_or("has no weight_map; it gives each tensor the name of its file")?;
    let file_of = |(tensor, file): (&String, &Value)| match file.as_str() {
        // A file beside the index, nowhere else.
        Some(file) if !file.contains(['/', '\\']) && file.ends_with(".safetensors") => {
            Ok((tensor.clone(), file.to_owned()))
        }
        _ => Err(format!(
            "gives tensor `{tensor}` the file {file}; it must be a safetensors file beside it"
        )),
    };
    map.iter().map(file_of).collect()
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::Dtype;

    use super::*;

    #[test]
    fn exits_are_added_to_the_weights_unless_they_are_there() {
        let weights = file(&[("one", 1.0), ("two", 2.0)]);
        let all = with_exits(&weights, &file(&[("exits.logits", 3.0)])).unwrap();
        assert_eq!(
            all,
            file(&[("exits.logits", 3.0), ("one", 1.0), ("two", 2.0)])
        );
        for (exits, message) in [
            (
                file(&[("two", 2.0)]),
                "a tensor `two`, and so have the weights",
            ),
            (vec![0; 3], "is no safetensors file"),
        ] {
            let (named, said) = with_exits(&weights, &exits).unwrap_err();
            assert_eq!(named, EXITS);
            assert!(said.contains(message), "{said}");
        }
    }

    fn file(tensors: &[(&str, f32)]) -> Vec<u8> {
        let bytes = tensors.iter().map(|(name, x)| (*name, x.to_le_bytes()));
        let bytes: Vec<_> = bytes.collect();
        let view = |data| TensorView::new(Dtype::F32, vec![1], data).unwrap();
        let views = bytes.iter().map(|(name, data)| (*name, view(data)));
        safetensors::serialize(views, None).unwrap()
    }

    fn join_two(index: &str) -> Result<Vec<u8>, Wrong> {
        join(index.as_bytes(), |name| match name {
            "a.safetensors" => Ok(file(&[("one", 1.0), ("two", 2.0)])),
            "b.safetensors" => Ok(file(&[("two", 3.0)])),
            "torn.safetensors" => Ok(vec![0; 3]),
            _ => Err("is missing".to_owned()),
        })
    }

    #[test]
    fn each_tensor_comes_from_the_file_that_the_index_names() {
        let index = r#"{"weight_map": {"two": "b.safetensors", "one": "a.safetensors"}}"#;
        let joined = join_two(index).unwrap();
        assert_eq!(joined, file(&[("one", 1.0), ("two", 3.0)]));
    }

    #[test]
    fn what_is_wrong_with_the_files_is_named() {
        for (index, named, message) in [
            ("{", INDEX, "is not JSON"),
            ("{}", INDEX, "has no weight_map"),
            (r#"{"weight_map": {"one": 1}}"#, INDEX, "the file 1"),
            (
                r#"{"weight_map": {"one": "../a.safetensors"}}"#,
                INDEX,
                "beside it",
            ),
            (
                r#"{"weight_map": {"one": "c.safetensors"}}"#,
                "c.safetensors",
                "is missing",
            ),
            (
                r#"{"weight_map": {"one": "b.safetensors"}}"#,
                "b.safetensors",
                "has no tensor `one`",
            ),
            (
                r#"{"weight_map": {"one": "torn.safetensors"}}"#,
                "torn.safetensors",
                "is no safetensors file",
            ),
        ] {
            let (file, said) = join_two(index).unwrap_err();
            assert_eq!(file, named);
            assert!(said.contains(message), "{said}");
        }
    }
}
