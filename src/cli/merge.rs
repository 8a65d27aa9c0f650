//! `newshound merge`: the results of shards to one.

use std::path::PathBuf;

use newshound::corpus::{self, Output};

use super::{Outcome, annotate};

/// Join the results of all shards
///
/// Checks that all parts of `newshound annotate --shard` are there, finished and of one
/// run, and joins them in the order of the input: the result is the same to the byte as
/// that of one run over everything. OUT is as for annotate; the format is the shards'.
///
///     newshound merge part1/ part2/ part3/ -o tagged/
///     newshound merge part*.jsonl.gz -o tagged.jsonl.gz
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The shards, each as it was named with -o
    #[arg(value_name = "SHARD", required = true)]
    shards: Vec<PathBuf>,

    /// Where to write
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,

    /// Where to write the names of the whole corpus [default: beside OUT]
    ///
    /// A file whose name ends in .jsonl or .parquet.
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    /// Write over results that are there
    #[arg(long)]
    restart: bool,

    /// Show no summary
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let (finished, files): (_, Output) = corpus::merge(
        &args.shards,
        &args.output,
        args.names.as_deref(),
        args.restart,
    )?;
    if !args.quiet {
        annotate::tell(&finished, &files);
    }
    Ok(usize::try_from(finished.failed).unwrap_or(usize::MAX))
}
