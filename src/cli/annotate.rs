//! `newshound annotate`: a corpus to results.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use newshound::corpus::{
    self, Finished, Job, Outcome as Ended, Output, OutputFormat, Progress, Shard,
};
use newshound::lists::Lists;
use newshound::{OffsetUnit, Tagger};

use super::input::InputArgs;
use super::options::{ListArgs, ModelArgs, WantedTopics, label};
use super::output::stdout;
use super::watch::{self, Watch};
use super::{Outcome, Stop, say};

/// Tag a corpus of any size
///
/// Reads files, directories or standard input and writes one result for each document, in
/// the order of the input, on all cores and in bounded memory. A run that was killed goes
/// on where it stopped when the same command is run again; the result is the same to the
/// byte. Results get their name when they are complete; until then they end in .part and
/// a journal stands beside them. A document that cannot be read becomes an error record
/// in its place and a line in errors.jsonl.
///
///     newshound annotate archive/ -o tagged/
///     newshound annotate 20*.jsonl.gz --text-field body -o tagged.parquet
///     newshound annotate archive/ --shard 3/8 -o part3/     # then: newshound merge
///     cat news.jsonl | newshound annotate > tagged.jsonl    # a filter, for pipelines
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Where to write; standard output if not given
    ///
    /// A file whose name ends in .jsonl, .csv, .tsv, .conll, .parquet, .jsonld or .html,
    /// perhaps with .gz or .zst behind; OUT.errors.jsonl and OUT.summary.json stand beside
    /// it. Or a directory, which gets annotations.FORMAT, errors.jsonl and summary.json.
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: Option<PathBuf>,

    /// How to write the results [default: as the name of OUT says, or jsonl]
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    format: Option<To>,

    /// What offsets count in JSONL, CSV, TSV and Parquet
    ///
    /// byte: UTF-8 bytes (Rust, Go, C); char: code points (Python); utf16: UTF-16 units
    /// (JavaScript, Java). brat, spaCy and Web Annotation have code points always.
    #[arg(long, default_value = "byte", value_name = "UNIT", value_parser = ["byte", "char", "utf16"], help_heading = "Output")]
    offsets: String,

    /// Write every text into JSONL, Parquet and Web Annotation
    ///
    /// Texts that are taken out of a web page, decoded or joined from tokens are always
    /// written, as offsets refer to them.
    #[arg(long, help_heading = "Output")]
    with_text: bool,

    /// Where to write the names of the whole corpus [default: beside OUT]
    ///
    /// Each person, organisation and place of the corpus, with the number of its documents
    /// and mentions, its first and last document and, where it is known, the place it is. A
    /// file whose name ends in .jsonl or .parquet; otherwise names.jsonl, or names.parquet
    /// with results in Parquet.
    #[arg(
        long,
        value_name = "FILE",
        requires = "output",
        conflicts_with_all = ["shard", "no_names_index", "no_names"],
        help_heading = "Output"
    )]
    names: Option<PathBuf>,

    /// Do not write the names of the whole corpus
    #[arg(long, help_heading = "Output")]
    no_names_index: bool,

    /// Field with a document's date, for the names of the corpus [default: date, published, ...]
    ///
    /// Without it the first of date, published, published_at, published_time,
    /// publication_date, datetime, timestamp and other usual names that holds a date counts.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    date_field: Option<String>,

    /// Labels to give out, separated by commas [default: all the model has]
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = label,
        value_name = "LABELS",
        help_heading = "Output"
    )]
    labels: Option<Vec<String>>,

    /// Lowest score to give out, 0 to 1
    #[arg(
        long,
        default_value_t = 0.0,
        value_name = "SCORE",
        help_heading = "Output"
    )]
    min_score: f32,

    /// Do not look for the names that mentions have in common
    ///
    /// Otherwise "Rutte" is Mark Rutte and "FSB" the Federal Security Service where the
    /// document says so, and each document lists its names.
    #[arg(long, help_heading = "Output")]
    no_names: bool,

    /// Tag only part I of N, for job arrays: 1/8, 2/8, ...
    ///
    /// A document's id decides which part it belongs to. `newshound merge` joins the
    /// results of all parts.
    #[arg(long, value_name = "I/N", help_heading = "Run")]
    shard: Option<Shard>,

    /// Start over, and write over results that are there
    #[arg(long, requires = "output", help_heading = "Run")]
    restart: bool,

    /// KiB of text between two checkpoints
    ///
    /// So much is tagged again at most after a run was killed. The journal is written, and
    /// a gzip member or zstd frame ended, at each.
    #[arg(long, default_value_t = (Job::CHECKPOINT >> 10) as u32, value_name = "KIB", value_parser = clap::value_parser!(u32).range(1..=1 << 20), help_heading = "Run")]
    checkpoint: u32,

    /// Show no progress and no summary
    #[arg(short, long, help_heading = "Run")]
    quiet: bool,

    #[command(flatten)]
    lists: ListArgs,

    #[command(flatten)]
    topics: WantedTopics,

    #[command(flatten)]
    model: ModelArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// A JSON object a document, a line each
    Jsonl,
    /// A word and its IOB2 tag a line
    Conll,
    /// A directory of texts with brat's standoff annotations
    Brat,
    /// A span a record, comma separated
    Csv,
    /// A span a line, tab separated
    Tsv,
    /// A row a document, its spans in a list of structs
    Parquet,
    /// JSONL as spaCy and Prodigy read it
    Spacy,
    /// W3C Web Annotation, a JSON-LD page a line
    WebAnnotation,
    /// A web page with the names highlighted
    Html,
}

impl From<To> for OutputFormat {
    fn from(to: To) -> Self {
        match to {
            To::Jsonl => Self::Jsonl,
            To::Conll => Self::Conll,
            To::Brat => Self::Brat,
            To::Csv => Self::Csv,
            To::Tsv => Self::Tsv,
            To::Parquet => Self::Parquet,
            To::Spacy => Self::Spacy,
            To::WebAnnotation => Self::WebAnnotation,
            To::Html => Self::Html,
        }
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let format = args.format.map(OutputFormat::from);
    let output = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    if output.is_none() && (args.names.is_some() || args.restart) {
        return Err(Stop::Fatal(
            "--names and --restart are for results in files, and -o - is standard output; name a file \
             or directory with -o"
                .to_owned(),
        ));
    }
    let mut files = output.map(|path| Output::new(path, format)).transpose()?;
    if let Some(names) = &args.names {
        files = files.map(|files| files.with_names(names)).transpose()?;
    }
    let format = files.as_ref().map(|files| files.format).or(format);
    let lists = args.lists.open()?;
    let mut job = job(args, format.unwrap_or(OutputFormat::Jsonl))?;
    job.names &= files.is_some();
    let tagger = tagger(args, lists)?;
    match files {
        None => filter(args, &tagger, &job),
        Some(files) => annotate(args, tagger, &job, &files),
    }
}

fn job(args: &Args, format: OutputFormat) -> Result<Job, Stop> {
    let walk = args.input.walk()?;
    if let Some(missing) = walk
        .paths
        .iter()
        .find(|path| path.as_os_str() != "-" && !path.exists())
    {
        return Err(Stop::Fatal(format!("there is no {}", missing.display())));
    }
    Ok(Job {
        walk,
        reader: args.input.reader(),
        format,
        unit: args.offsets.parse::<OffsetUnit>()?,
        with_text: args.with_text,
        names: !(args.no_names_index || args.no_names),
        date_field: args.date_field.clone(),
        shard: args.shard,
        checkpoint: args.checkpoint as usize * 1024,
    })
}

fn tagger(args: &Args, lists: Option<Lists>) -> Result<Tagger, Stop> {
    let mut builder = args.model.builder()?.min_score(args.min_score);
    if let Some(labels) = &args.labels {
        builder = builder.labels(labels);
    }
    if let Some(lists) = lists {
        builder = builder.lists(lists);
    }
    if args.no_names {
        builder = builder.no_names();
    }
    Ok(args.topics.apply(builder)?.build()?)
}

fn annotate(args: &Args, tagger: Tagger, job: &Job, files: &Output) -> Outcome {
    let progress = Arc::new(Progress::default());
    let watch = Watch::new(&progress, &job.reader.meter, args.quiet);
    watch::stop_on_interrupt(&progress)?;
    let ended = watch.during(|| corpus::annotate(tagger, job, files, args.restart, &progress));
    match ended {
        Err(error @ corpus::Error::Write { .. }) => Err(Stop::Fatal(format!(
            "{error}; what is finished is kept, run the same command again to go on"
        ))),
        Err(error) => Err(error.into()),
        Ok(Ended::Stopped { documents }) => Err(Stop::Interrupted(format!(
            "stopped after {documents} documents; run the same command again to go on"
        ))),
        Ok(Ended::Finished(finished)) => {
            if !args.quiet {
                tell(&finished, files);
            }
            Ok(usize::try_from(finished.failed).unwrap_or(usize::MAX))
        }
    }
}

fn filter(args: &Args, tagger: &Tagger, job: &Job) -> Outcome {
    let progress = Progress::default();
    let watch = Watch::new(&progress, &job.reader.meter, args.quiet);
    let (mut out, mut errors) = (stdout(), io::stderr());
    let summary = watch.during(|| corpus::filter(tagger, job, &mut out, &mut errors, &progress))?;
    Ok(usize::try_from(summary.failed()).unwrap_or(usize::MAX))
}

/// Says what was done and where the results are.
pub(super) fn tell(finished: &Finished, files: &Output) {
    let number = |name: &str| {
        finished
            .summary
            .get(name)
            .and_then(serde_json::Value::as_f64)
    };
    let count = |name: &str| watch::grouped(number(name).unwrap_or_default());
    let before = if finished.before {
        " (by an earlier run)"
    } else {
        ""
    };
    say(&format!(
        "{} documents, {} words in {}{before}; summary in {}",
        count("documents"),
        count("words"),
        files.path.display(),
        files.summary().display()
    ));
    if finished.failed > 0 {
        say(&format!(
            "{} documents failed; see {}",
            count("failed"),
            files.errors().display()
        ));
    }
}
