//! `newshound bench`: speed on this machine.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use newshound::window::{packs, windows};
use newshound::{Isa, Tagger};
use newshound_encoder::Pack;
use rayon::prelude::*;

use super::Outcome;
use super::input::{inputs, named};
use super::options::ModelArgs;
use super::output::stdout;

/// Documents tagged at once, at least.
const BATCH: usize = 32;

/// The text where no file is named.
const SAMPLE: &str = include_str!("../../data/articles/nato-kyiv.txt");

/// Measure how fast names are tagged here
///
/// Prints words a second of the whole tool, from text to spans, and tokens a second of the
/// model alone, on the named files or a built-in article. With --isa prints what each
/// instruction set of this processor does, on one thread: tokens a second of the model, and
/// the 8-bit operations a second that its kernel reaches in cache.
///
///     newshound bench story.txt
///     newshound bench --isa
///     NEWSHOUND_ISA=avx2 newshound bench --threads 1
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Files with plain text to measure on; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Compare the instruction sets this processor has
    #[arg(long)]
    isa: bool,

    /// How long to measure each thing, in seconds
    #[arg(long, default_value_t = 2, value_name = "N")]
    seconds: u16,

    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut texts = Vec::new();
    if args.files.is_empty() {
        texts.push(SAMPLE.to_owned());
    } else {
        for input in inputs(&args.files)? {
            texts.push(input.text().map_err(|error| named(&input, &error))?);
        }
    }
    let length = Duration::from_secs(args.seconds.into());
    let mut out = stdout();
    if args.isa {
        writeln!(out, "{:12}{:>12}{:>12}", "isa", "tokens/s", "int8 GOP/s")?;
        for isa in Isa::available() {
            let tagger = args
                .model
                .builder()?
                .isa(isa)
                .threads(NonZeroUsize::MIN)
                .build()?;
            let rate = newshound_encoder::int8_operations_per_second(isa)
                .map_err(newshound::Error::from)?;
            let tokens = tokens_per_second(&tagger, &texts, length)?;
            writeln!(out, "{isa:12}{tokens:>12.0}{:>12.0}", rate / 1e9)?;
            out.flush()?;
        }
    } else {
        let tagger = args.model.builder()?.build()?;
        let tokens = tokens_per_second(&tagger, &texts, length)?;
        let words = words_per_second(&tagger, &texts, length)?;
        writeln!(out, "threads     {:>10}", tagger.threads())?;
        writeln!(out, "model       {tokens:>10.0} tokens/s")?;
        writeln!(out, "whole tool  {words:>10.0} words/s")?;
    }
    out.flush()?;
    Ok(0)
}

/// Calls of `pass` a second, over at least `length` and behind one call to warm up.
fn passes_per_second(
    length: Duration,
    mut pass: impl FnMut() -> Result<(), newshound::Error>,
) -> Result<f64, newshound::Error> {
    pass()?;
    let start = Instant::now();
    let mut passes = 0u32;
    while passes == 0 || start.elapsed() < length {
        pass()?;
        passes += 1;
    }
    Ok(f64::from(passes) / start.elapsed().as_secs_f64())
}

/// Speed from text to spans, with many documents at once.
fn words_per_second(
    tagger: &Tagger,
    texts: &[String],
    length: Duration,
) -> Result<f64, newshound::Error> {
    let batch: Vec<&String> = texts.iter().cycle().take(texts.len().max(BATCH)).collect();
    let mut words = 0;
    let passes = passes_per_second(length, || {
        words = tagger
            .tag_batch(&batch)?
            .iter()
            .map(|document| document.stats.words)
            .sum();
        Ok(())
    })?;
    Ok(passes * words as f64)
}

/// Speed of the model alone, over the packed windows of all texts.
fn tokens_per_second(
    tagger: &Tagger,
    texts: &[String],
    length: Duration,
) -> Result<f64, newshound::Error> {
    let subwords = tagger.model().subwords();
    let (prefix, suffix) = (subwords.prefix(), subwords.suffix());
    let mut sequences = Vec::new();
    for text in texts.iter().cycle().take(texts.len().max(BATCH)) {
        let document = subwords.tokenize(text)?;
        for window in windows(&document, tagger.window()) {
            let ids = document.ids.get(window).unwrap_or_default();
            sequences.push([prefix, ids, suffix].concat());
        }
    }
    let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
    let packs: Vec<Pack> = packs(&lengths, tagger.pack())
        .iter()
        .map(|members| {
            let mut pack = Pack::default();
            members.iter().for_each(|&at| pack.push(&[&sequences[at]]));
            pack
        })
        .collect();
    let backend = tagger.model().backend();
    let pool = newshound_encoder::pool(tagger.threads())
        .map_err(|e| newshound::Error::Option(format!("cannot start the threads: {e}")))?;
    let passes = passes_per_second(length, || {
        pool.install(|| {
            packs
                .par_iter()
                .try_for_each(|pack| backend.logits(pack.packed()?).map(|_| ()))
        })
    })?;
    Ok(passes * lengths.iter().sum::<usize>() as f64)
}
