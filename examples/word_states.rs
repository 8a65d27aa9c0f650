//! Writes the states that a model gives the words of texts, for fitting a head on them:
//!
//!     word_states MODEL_DIR OUT.safetensors [--early-exit] < texts.jsonl
//!
//! A row is `{"text": "...", "windows": 2}`: only that many windows are read, all where the
//! field is missing. The file has `states` (BF16, words x columns), and for each text the
//! number of its words and of those in its first sentence: `words` and `lead` (I64, texts).

use std::error::Error;
use std::path::Path;
use std::{env, io};

use newshound::Model;
use newshound::backend::Packed;
use newshound::window;
use newshound_encoder::Options;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

type Failure = Box<dyn Error + Send + Sync>;

/// Subwords in a window, as the tagger cuts them.
const WINDOW: usize = 160;

/// What was read of a text.
struct Read {
    /// A row of `size` values a word.
    states: Vec<u16>,
    words: i64,
    lead: i64,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (dir, out, early_exit) = match &args[..] {
        [dir, out] => (dir, out, false),
        [dir, out, flag] if flag == "--early-exit" => (dir, out, true),
        _ => {
            let usage = "usage: word_states MODEL_DIR OUT.safetensors [--early-exit] < texts.jsonl";
            return Err(usage.into());
        }
    };
    let options = Options::default().early_exit(early_exit);
    let model = Model::load(&Path::new(dir).into(), options)?;
    let rows: Vec<String> = io::stdin().lines().collect::<Result<_, _>>()?;
    let read: Vec<Read> = rows
        .par_iter()
        .map(|row| read(&model, row))
        .collect::<Result<_, _>>()?;
    let bytes = |of: fn(&Read) -> i64| -> Vec<u8> {
        read.iter()
            .flat_map(|text| of(text).to_le_bytes())
            .collect()
    };
    let (words, lead) = (bytes(|text| text.words), bytes(|text| text.lead));
    let states: Vec<u8> = read
        .iter()
        .flat_map(|text| &text.states)
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let size = model.backend().size();
    let shape = vec![states.len() / 2 / size, size];
    let tensors = [
        ("states", TensorView::new(Dtype::BF16, shape, &states)?),
        (
            "words",
            TensorView::new(Dtype::I64, vec![read.len()], &words)?,
        ),
        (
            "lead",
            TensorView::new(Dtype::I64, vec![read.len()], &lead)?,
        ),
    ];
    Ok(safetensors::serialize_to_file(
        tensors,
        None,
        Path::new(out),
    )?)
}

fn read(model: &Model, row: &str) -> Result<Read, Failure> {
    let row: Value = serde_json::from_str(row)?;
    let text = row["text"].as_str().ok_or("a row has no text")?;
    let most = row["windows"].as_u64().map_or(usize::MAX, |n| n as usize);
    let document = model.subwords().tokenize(text)?;
    let windows = window::windows(&document, WINDOW);
    let (prefix, suffix) = (model.subwords().prefix(), model.subwords().suffix());
    let (mut ids, mut bounds) = (Vec::new(), vec![0]);
    for window in windows.iter().take(most) {
        ids.extend_from_slice(prefix);
        ids.extend_from_slice(&document.ids[window.clone()]);
        ids.extend_from_slice(suffix);
        bounds.push(ids.len());
    }
    let (_, hidden) = model
        .backend()
        .logits_and_hidden(Packed::new(&ids, &bounds)?)?;
    let mut states = Vec::new();
    let mut words = 0;
    for pieces in document.pieces.iter().filter(|pieces| !pieces.is_empty()) {
        if let Some(at) = window::owner(&windows, pieces.start).filter(|&at| at < most) {
            let row = bounds[at] + prefix.len() + pieces.start - windows[at].start;
            states.extend(hidden.row(row).iter().map(|&value| rounded(value)));
            words += 1;
        }
    }
    let lead = document
        .sentences
        .first()
        .map_or(0, |s| s.words.len() as i64);
    Ok(Read {
        states,
        words,
        lead: lead.min(words),
    })
}

/// The nearest bf16.
fn rounded(value: f32) -> u16 {
    ((value.to_bits() + 0x7FFF + (value.to_bits() >> 16 & 1)) >> 16) as u16
}
