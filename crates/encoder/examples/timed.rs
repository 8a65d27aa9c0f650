//! Times the encoder for `benches/peers/compare.py`, in the protocol of its other engines.
//!
//! `timed MODEL_DIR PRECISION THREADS WORK.json [--early-exit]` prints `ready`; then for each line
//! `MODE` it runs that mode's batches once and prints `TOKENS SECONDS`.

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use newshound_encoder::{Encoder, Options, Pack};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, precision, threads, work, flags @ ..] = &arguments[..] else {
        return Err("usage: timed MODEL_DIR PRECISION THREADS WORK.json [--early-exit]".into());
    };
    let pool = newshound_encoder::pool(threads.parse()?)?;
    let mut options = Options::default().precision(precision.parse()?);
    options.early_exit = flags.iter().any(|flag| flag == "--early-exit");
    if let Ok(isa) = std::env::var("NEWSHOUND_ISA") {
        options = options.isa(isa.parse()?);
    }
    let config = std::fs::read(format!("{dir}/config.json"))?;
    let weights = std::fs::read(format!("{dir}/model.safetensors"))?;
    let encoder = pool.install(|| Encoder::load(&config, weights, options))?;
    let work: Value = serde_json::from_slice(&std::fs::read(work)?)?;
    println!("ready");
    for mode in std::io::stdin().lock().lines() {
        let packs = packs(&work[mode?.trim()])?;
        let tokens: usize = packs.iter().map(Pack::tokens).sum();
        // One batch after the other, as in the other engines; the threads share each pass.
        let seconds = pool.install(|| -> Result<f64, newshound_encoder::Error> {
            let start = Instant::now();
            for pack in &packs {
                encoder.logits(pack.packed()?)?;
            }
            Ok(start.elapsed().as_secs_f64())
        })?;
        println!("{tokens} {seconds}");
    }
    Ok(())
}

/// Each batch of a mode as a pack.
fn packs(mode: &Value) -> Result<Vec<Pack>, Box<dyn Error>> {
    let batches: Vec<Vec<Vec<u32>>> = serde_json::from_value(mode.clone())?;
    Ok(batches.iter().map(|batch| pack(batch)).collect())
}

fn pack(sequences: &[Vec<u32>]) -> Pack {
    let mut pack = Pack::default();
    sequences.iter().for_each(|ids| pack.push(&[ids]));
    pack
}
