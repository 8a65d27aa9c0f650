//! The rust-bert backend as `benches/peers/compare.py` drives it, in the protocol of its other
//! engines.
//!
//! `timed_rust_bert MODEL_DIR THREADS WORK.json` prints `ready`; then for each line `MODE` it runs
//! that mode's batches once and prints `TOKENS SECONDS`.

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use newshound::backend::{Backend, Device, Packed, RustBert};
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
        // Each batch as a pack for each thread.
        let packs: Vec<Vec<(Vec<u32>, Vec<usize>)>> = batches
            .iter()
            .map(|batch| {
                let share = batch.len().div_ceil(rayon::current_num_threads()).max(1);
                batch.chunks(share).map(pack).collect()
            })
            .collect();
        let tokens: usize = packs.iter().flatten().map(|(ids, _)| ids.len()).sum();
        let start = Instant::now();
        for together in &packs {
            together.par_iter().try_for_each(|(ids, bounds)| {
                backend.logits(Packed::new(ids, bounds)?).map(|_| ())
            })?;
        }
        println!("{tokens} {}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn pack(sequences: &[Vec<u32>]) -> (Vec<u32>, Vec<usize>) {
    let mut bounds = vec![0];
    let mut ids = Vec::new();
    for sequence in sequences {
        ids.extend_from_slice(sequence);
        bounds.push(ids.len());
    }
    (ids, bounds)
}
