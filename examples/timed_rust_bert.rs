//! Times the rust-bert backend for `benches/peers/compare.py`, in the protocol of its other engines.
//!
//! `timed_rust_bert MODEL_DIR THREADS WORK.json` prints `ready`; then for each line `MODE` it runs
//! that mode's batches once and prints `TOKENS SECONDS`.

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use newshound::backend::{Backend, Device, RustBert};
use newshound_encoder::Pack;
use rayon::prelude::*;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, threads, work] = &arguments[..] else {
        return Err("usage: timed_rust_bert MODEL_DIR THREADS WORK.json".into());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let config = std::fs::read(format!("{dir}/config.json"))?;
    let weights = std::fs::read(format!("{dir}/model.safetensors"))?;
    let backend = RustBert::load(&config, &weights, Device::Cpu)?;
    let work: Value = serde_json::from_slice(&std::fs::read(work)?)?;
    println!("ready");
    for mode in std::io::stdin().lock().lines() {
        let batches: Vec<Vec<Vec<u32>>> = serde_json::from_value(work[mode?.trim()].clone())?;
        // Each batch is split into one pack for each thread.
        let packs: Vec<Vec<Pack>> = batches
            .iter()
            .map(|batch| {
                let share = batch.len().div_ceil(rayon::current_num_threads()).max(1);
                batch.chunks(share).map(pack).collect()
            })
            .collect();
        let tokens: usize = packs.iter().flatten().map(Pack::tokens).sum();
        let start = Instant::now();
        for batch in &packs {
            batch
                .par_iter()
                .try_for_each(|pack| backend.logits(pack.packed()?).map(|_| ()))?;
        }
        println!("{tokens} {}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn pack(sequences: &[Vec<u32>]) -> Pack {
    let mut pack = Pack::default();
    sequences.iter().for_each(|ids| pack.push(&[ids]));
    pack
}
