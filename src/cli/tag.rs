//! `newshound tag`: text to spans and topics.

use std::io::Write;

use clap::ValueEnum;
use newshound::reader::Source;
use newshound::writer::{Conll, Csv, Html, Jsonl, Record, Spacy, Tsv, View, WebAnnotation, Writer};
use newshound::{OffsetUnit, Tagger, Text};

use super::input::{InputArgs, message};
use super::options::{ListArgs, ModelArgs, WantedTopics, label};
use super::output::{Colour, stdout};
use super::{Outcome, Stop, say};

/// Bytes of text tagged at once for each thread: enough to keep it busy, little enough that output
/// flows and memory stays small.
const BATCH_BYTES: usize = 1 << 14;

/// Metadata held with that, in bytes for each thread.
const BATCH_METADATA: usize = 1 << 20;

/// Tag the names in articles
///
/// Prints what each article is about (`newshound topics` has the list), the article with its
/// people, organisations, places and other names marked, and a summary. Use --format for
/// output that programs read.
///
///     newshound tag story.txt
///     newshound tag --format jsonl *.txt > tagged.jsonl
///     newshound tag --topics 1 --topics-model beats.topics story.txt
///     newshound tag --gazetteer companies.tsv story.txt
///     curl -s https://news.example/story | newshound tag
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// How to write the result
    #[arg(short, long, value_enum, default_value_t = To::View, value_name = "FORMAT")]
    format: To,

    /// What offsets in JSONL, CSV and TSV count
    ///
    /// byte: UTF-8 bytes (Rust, Go, C); char: code points (Python); utf16: UTF-16 units
    /// (JavaScript, Java). All start at 0 and end one past the last.
    #[arg(long, default_value = "byte", value_name = "UNIT", value_parser = ["byte", "char", "utf16"])]
    offsets: String,

    /// Labels to give out, separated by commas [default: all the model has]
    #[arg(long, value_delimiter = ',', value_parser = label, value_name = "LABELS")]
    labels: Option<Vec<String>>,

    /// Lowest score to give out, 0 to 1
    ///
    /// A span's score is the model's probability that exactly this span has this label.
    #[arg(long, default_value_t = 0.0, value_name = "SCORE")]
    min_score: f32,

    /// Do not look for the names that mentions have in common
    ///
    /// Otherwise "Rutte" is Mark Rutte and "FSB" the Federal Security Service where the
    /// document says so, and each name is listed once.
    #[arg(long)]
    no_names: bool,

    #[command(flatten)]
    lists: ListArgs,

    #[command(flatten)]
    topics: WantedTopics,

    /// When to use colour
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,

    #[command(flatten)]
    model: ModelArgs,
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
    /// A span a line, comma separated
    Csv,
    /// JSONL as spaCy and Prodigy read it
    Spacy,
    /// W3C Web Annotation, a JSON-LD page a line
    WebAnnotation,
    /// A web page with the names highlighted
    Html,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let unit: OffsetUnit = args.offsets.parse()?;
    let (reader, walk) = (args.input.reader(), args.input.walk()?);
    let mut builder = args.model.builder()?.min_score(args.min_score);
    if let Some(labels) = &args.labels {
        builder = builder.labels(labels);
    }
    if let Some(lists) = args.lists.open()? {
        builder = builder.lists(lists);
    }
    if args.no_names {
        builder = builder.no_names();
    }
    builder = args.topics.apply(builder)?;
    let tagger = builder.build()?;
    let writer: Box<dyn Writer> = match args.format {
        To::View => Box::new(View::new(args.color.wanted(), args.input.many())),
        To::Jsonl => Box::new(Jsonl::new(unit)),
        To::Conll => Box::new(Conll),
        To::Tsv => Box::new(Tsv::new(unit)),
        To::Csv => Box::new(Csv::new(unit)),
        To::Spacy => Box::new(Spacy),
        To::WebAnnotation => Box::new(WebAnnotation),
        To::Html => Box::new(Html),
    };
    let mut job = Job {
        tagger,
        writer,
        out: stdout(),
        waiting: Vec::new(),
        bytes: 0,
        metadata: 0,
        failed: 0,
    };
    job.writer.begin(&mut job.out)?;
    for input in walk.inputs() {
        match input {
            Err(error) => job.add("", Source::unlisted(error))?,
            Ok(input) => {
                for source in reader.documents(&input) {
                    job.add(&input.name(), source)?;
                }
            }
        }
    }
    job.flush()?;
    job.writer.end(&mut job.out)?;
    job.out.flush()?;
    Ok(job.failed)
}

/// Tags documents in batches and writes them in the order they are read.
struct Job<W> {
    tagger: Tagger,
    writer: Box<dyn Writer>,
    out: W,
    /// Documents read and not yet written, each with the name of its input.
    waiting: Vec<(String, Source)>,
    bytes: usize,
    metadata: usize,
    failed: usize,
}

impl<W: Write> Job<W> {
    fn add(&mut self, input: &str, source: Source) -> Result<(), Stop> {
        match &source.text {
            Ok(text) => self.bytes += text.as_str().len(),
            Err(error) => {
                self.failed += 1;
                say(&message(input, error));
            }
        }
        self.metadata += source.metadata_size();
        self.waiting.push((input.to_owned(), source));
        let threads = self.tagger.threads();
        if self.bytes >= BATCH_BYTES * threads
            || self.metadata >= BATCH_METADATA * threads
            || self.waiting.len() >= 1024
        {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let waiting = std::mem::take(&mut self.waiting);
        (self.bytes, self.metadata) = (0, 0);
        let texts: Vec<&Text> = waiting
            .iter()
            .filter_map(|(_, source)| source.text.as_ref().ok())
            .collect();
        let mut documents = self.tagger.tag_each(&texts).into_iter();
        for (input, source) in &waiting {
            let id = &source.id;
            match source.text.as_ref().map(|_| documents.next()) {
                Err(error) => self.writer.failure(&mut self.out, id, error)?,
                Ok(None) => {}
                Ok(Some(Err(error))) => {
                    self.failed += 1;
                    say(&match id.starts_with(input) {
                        true => format!("{id}: {error}"),
                        false => format!("{input}: {id}: {error}"),
                    });
                    self.writer.failure(&mut self.out, id, &error)?;
                }
                Ok(Some(Ok(document))) => {
                    let record = Record {
                        id,
                        document: &document,
                        metadata: &source.metadata,
                        with_text: source.derived,
                    };
                    self.writer.document(&mut self.out, &record)?;
                }
            }
        }
        self.out.flush()?;
        Ok(())
    }
}
