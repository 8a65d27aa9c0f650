//! `newshound tag`: text to spans and topics.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use newshound::reader::{self, Input, InputFormat, Source};
use newshound::writer::{Conll, Jsonl, Tsv, View, Writer};
use newshound::{Error, OffsetUnit, Tagger};

use super::output::{Colour, ModelArgs, TopicArgs, inputs, stdout};
use super::{Outcome, Stop, report};

/// Text tagged at once, in bytes for each thread: enough to keep it busy, little enough
/// that output flows and memory stays small.
const BATCH_BYTES: usize = 1 << 14;

/// Tag the names in articles
///
/// Prints what each article is about (`newshound topics` has the list), the article with its
/// people, organisations, places and other names marked, and a summary. Use --format for
/// output that programs read.
///
///     newshound tag story.txt
///     newshound tag --format jsonl *.txt > tagged.jsonl
///     newshound tag --topics 1 --topics-model beats.topics story.txt
///     cat corpus.jsonl | newshound tag --input-format jsonl --format jsonl
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Files to read; `-` is standard input, the default
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How the input is written
    #[arg(long, value_enum, default_value_t = From::Text, value_name = "FORMAT")]
    input_format: From,

    /// How to write the result
    #[arg(short, long, value_enum, default_value_t = To::View, value_name = "FORMAT")]
    format: To,

    /// What offsets in JSONL and TSV count
    ///
    /// byte: UTF-8 bytes (Rust, Go, C); char: code points (Python); utf16: UTF-16 units
    /// (JavaScript, Java). All start at 0 and end one past the last.
    #[arg(long, default_value = "byte", value_name = "UNIT", value_parser = ["byte", "char", "utf16"])]
    offsets: String,

    /// Labels to give out, separated by commas [default: all the model has]
    #[arg(long, value_delimiter = ',', value_name = "LABELS")]
    labels: Option<Vec<String>>,

    /// Lowest score to give out, 0 to 1
    ///
    /// A span's score is the model's probability that exactly this span has this label.
    #[arg(long, default_value_t = 0.0, value_name = "SCORE")]
    min_score: f32,

    /// At most so many topics of each kind, the best ones [default: all that are likely]
    #[arg(long, value_name = "N", help_heading = "Topics")]
    topics: Option<NonZeroUsize>,

    /// Leave out the IPTC Media Topics; those of --topics-model stay
    #[arg(long, help_heading = "Topics")]
    no_topics: bool,

    #[command(flatten)]
    about: TopicArgs,

    /// When to use colour
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,

    #[command(flatten)]
    model: ModelArgs,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum From {
    /// Plain UTF-8 text, a document a file
    Text,
    /// A JSON object with "text" and perhaps "id" a line
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// The text with its names marked, for people
    View,
    /// A JSON object for each document, a line each
    Jsonl,
    /// A word and its IOB2 tag a line
    Conll,
    /// A span a line, tab separated
    Tsv,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let unit: OffsetUnit = args.offsets.parse()?;
    let inputs = inputs(&args.files)?;
    let mut builder = args.model.builder()?.min_score(args.min_score);
    if let Some(labels) = &args.labels {
        builder = builder.labels(labels);
    }
    builder = args.about.apply(builder, args.topics)?;
    if args.no_topics {
        builder = builder.no_media_topics();
    }
    let tagger = builder.build()?;
    let format = match args.input_format {
        From::Text => InputFormat::Text,
        From::Jsonl => InputFormat::Jsonl,
    };
    let out = stdout();
    let mut writer: Box<dyn Writer> = match args.format {
        To::View => {
            let titled = inputs.len() > 1 || format == InputFormat::Jsonl;
            Box::new(View::new(out, args.color.wanted(), titled))
        }
        To::Jsonl => Box::new(Jsonl::new(out, unit)),
        To::Conll => Box::new(Conll::new(out)),
        To::Tsv => Box::new(Tsv::new(out, unit)),
    };
    let mut job = Job {
        tagger,
        waiting: Vec::new(),
        bytes: 0,
        failed: 0,
    };
    for input in &inputs {
        for source in reader::documents(input, format) {
            job.add(input, source, &mut *writer)?;
        }
    }
    job.flush(&mut *writer)?;
    Ok(job.failed)
}

/// Documents read and not yet written, in order.
struct Job {
    tagger: Tagger,
    waiting: Vec<(String, Result<String, Error>)>,
    bytes: usize,
    failed: usize,
}

impl Job {
    fn add(&mut self, input: &Input, source: Source, writer: &mut dyn Writer) -> Result<(), Stop> {
        match &source.text {
            Ok(text) => self.bytes += text.len(),
            Err(error) => {
                self.failed += 1;
                let named = matches!(error, Error::Read { .. } | Error::Directory(_));
                report(&match named {
                    true => error.to_string(),
                    false => format!("{}: {error}", input.name()),
                });
            }
        }
        self.waiting.push((source.id, source.text));
        if self.bytes >= BATCH_BYTES * self.tagger.threads() || self.waiting.len() >= 1024 {
            self.flush(writer)?;
        }
        Ok(())
    }

    fn flush(&mut self, writer: &mut dyn Writer) -> Result<(), Stop> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let texts: Vec<&str> = waiting
            .iter()
            .filter_map(|(_, text)| text.as_deref().ok())
            .collect();
        let mut documents = self.tagger.tag_batch(&texts)?.into_iter();
        for (id, text) in &waiting {
            match text {
                Err(error) => writer.failure(id, error)?,
                Ok(_) => {
                    if let Some(document) = documents.next() {
                        writer.document(id, &document)?;
                    }
                }
            }
        }
        writer.flush()?;
        Ok(())
    }
}
