//! Writes the hidden states that a model computes for the words of texts, to fit a head on them:
//!
//!     word_states MODEL_DIR OUT.safetensors [--early-exit] < texts.jsonl
//!
//! A row is `{"text": "...", "windows": 2}`; without `windows`, all windows of the text are read.
//! The file has `states` (BF16, words x columns) and, for each text, the number of its words and of
//! the words in its first sentence: `words` and `lead` (I64, texts).

use std::error::Error;
use std::path::Path;
use std::{env, io};

use newshound::Model;
use newshound::window;
use newshound_encoder::{Options, Pack};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

type Failure = Box<dyn Error + Send + Sync>;

/// Subwords in a window, as in the tagger.
const WINDOW: usize = 160;

/// The states of a text.
struct Read {
    /// A row of the model's hidden size for each word, as bfloat16.
    states: Vec<u16>,
    /// The number of words read.
    words: i64,
    /// The number of words read in the first sentence.
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
    let mut pack = Pack::default();
    for window in windows.iter().take(most) {
        pack.push(&[prefix, &document.ids[window.clone()], suffix]);
    }
    let (_, hidden) = model.backend().logits_and_hidden(pack.packed()?)?;
    let mut states = Vec::new();
    let mut words = 0;
    for pieces in document.pieces.iter().filter(|pieces| !pieces.is_empty()) {
        if let Some(at) = window::owner(&windows, pieces.start).filter(|&at| at < most) {
            let row = pack.starts()[at] + prefix.len() + pieces.start - windows[at].start;
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

/// The bits of the nearest bfloat16.
fn rounded(value: f32) -> u16 {
    ((value.to_bits() + 0x7FFF + (value.to_bits() >> 16 & 1)) >> 16) as u16
}
