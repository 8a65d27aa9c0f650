//! `newshound eval`: a model, or another tool's output, against gold names.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use newshound::eval::{self, Layout, Reading, Relabel, Rules, Scores, Tag, chunks};
use newshound::{Error, OffsetUnit, Tagger, Tokens};

use super::output::{ModelArgs, inputs, stdout};
use super::{Outcome, Stop, report};

/// Score a model against gold names
///
/// Reads column files (IOB2, IOB1, BIOES or BILOU; a token a line, its tag last, a blank
/// line after each sentence, -DOCSTART- before each document) and tags the file's own
/// tokens, or JSONL with raw text and spans ({"text", "entities": [{"start", "end",
/// "label"}]}) and tags the text. Prints precision, recall and F1, for each label and
/// overall, as conlleval counts them: a name is right when start, end and label are.
///
/// An I- without a B- of its label before it starts a name, as in conlleval; with
/// --strict it is no name.
///
///     newshound eval gold.iob2
///     newshound eval --labels PER,ORG,LOC --map GPE=LOC,FAC=LOC news.jsonl
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Files with gold names; `-` is standard input, the default
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How to write the scores
    #[arg(short, long, value_enum, default_value_t = To::Table, value_name = "FORMAT")]
    format: To,

    /// Labels to score, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "LABELS")]
    labels: Option<Vec<String>>,

    /// New names for gold labels, as in GPE=LOC,FAC=LOC; FROM= drops a label
    #[arg(long, value_delimiter = ',', value_name = "FROM=TO")]
    map: Vec<String>,

    /// Do not read an I- without a B- as the start of a name
    #[arg(long)]
    strict: bool,

    /// The last two columns are gold and predicted tags; run no model
    #[arg(long)]
    scored: bool,

    /// What offsets of JSONL rows without an offset_unit count
    #[arg(long, default_value = "byte", value_name = "UNIT", value_parser = ["byte", "char", "utf16"])]
    offsets: String,

    #[command(flatten)]
    model: ModelArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// A table for people
    Table,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let map = Relabel::parse(args.map.iter().map(String::as_str)).map_err(Error::from)?;
    let rules = Rules {
        reading: if args.strict {
            Reading::Strict
        } else {
            Reading::Conlleval
        },
        predicted: if args.scored {
            map.clone()
        } else {
            Relabel::default()
        },
        gold: map,
        only: args.labels.clone().map(BTreeSet::from_iter),
    };
    let unit: OffsetUnit = args.offsets.parse()?;
    let tagger = match args.scored {
        true => None,
        false => Some(args.model.builder()?.build()?),
    };
    let mut scores = Scores::default();
    for input in inputs(&args.files)? {
        let text = input.text().map_err(|error| named(&input.name(), &error))?;
        let file = match &tagger {
            None => eval::read(&text, Layout::Scored)
                .map(|d| eval::score(&d, &rules))
                .map_err(Error::from),
            Some(tagger) if is_jsonl(&text) => raw(tagger, &text, unit, &rules),
            Some(tagger) => tokens(tagger, &text, &rules),
        };
        scores.add(&file.map_err(|error| named(&input.name(), &error))?);
    }
    warn(&scores);
    let mut out = stdout();
    match args.format {
        To::Table => scores.write_table(&mut out)?,
        To::Json => {
            serde_json::to_writer(&mut out, &scores).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(0)
}

fn named(input: &str, error: &Error) -> Stop {
    Stop::Fatal(match error {
        Error::Read { .. } | Error::Directory(_) => error.to_string(),
        _ => format!("{input}: {error}"),
    })
}

/// A column file may start with a `{` token, but not with a line that is an object.
fn is_jsonl(text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    first.trim_start().starts_with('{') && first.contains("\"text\"")
}

/// Tags raw text and scores the spans.
fn raw(tagger: &Tagger, jsonl: &str, unit: OffsetUnit, rules: &Rules) -> Result<Scores, Error> {
    let gold = eval::gold(jsonl, unit)?;
    let texts: Vec<&str> = gold.iter().map(|row| row.text.as_str()).collect();
    let mut scores = Scores::default();
    for (row, document) in gold.iter().zip(tagger.tag_batch(&texts)?) {
        let wanted = row
            .spans
            .iter()
            .map(|(start, end, label)| (*start, *end, label.as_str()));
        let found = document.spans.iter().map(|s| (s.start, s.end, &*s.label));
        scores.add_spans(rules, wanted, found);
    }
    Ok(scores)
}

/// Tags the tokens of a column file and scores the tags.
fn tokens(tagger: &Tagger, columns: &str, rules: &Rules) -> Result<Scores, Error> {
    let gold = eval::read(columns, Layout::Gold)?;
    let texts: Vec<Tokens> = gold
        .iter()
        .map(|document| {
            let sentences = document.sentences.iter();
            sentences
                .map(|s| s.tokens.iter().map(|t| t.text.to_owned()).collect())
                .collect()
        })
        .collect();
    let mut scores = Scores::default();
    for (document, found) in gold.iter().zip(tagger.tag_tokens(&texts)?) {
        for (sentence, found) in document.sentences.iter().zip(found) {
            let wanted = chunks(sentence.tokens.iter().map(|t| t.gold), rules.reading);
            let found = chunks(
                found.iter().filter_map(|tag| Tag::parse(tag)),
                Reading::Conlleval,
            );
            scores.add_chunks(rules, sentence.tokens.len(), &wanted, &found);
        }
    }
    Ok(scores)
}

/// Says when a label stands on one side only: its figures then mean nothing.
fn warn(scores: &Scores) {
    for (label, count) in scores.labels() {
        if count.gold == 0 && count.predicted > 0 {
            report(&format!(
                "no gold name is {label}, so all {} found count as wrong; leave {label} out with \
                 --labels if it was not annotated",
                count.predicted
            ));
        }
        if count.predicted == 0 && count.gold > 0 {
            report(&format!(
                "{} gold names are {label}, which was never predicted; if it has another name in \
                 the model say so with --map {label}=...",
                count.gold
            ));
        }
    }
}
