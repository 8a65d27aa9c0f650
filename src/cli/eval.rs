//! `newshound eval`: a model, or another tool's output, against gold names or topics.

mod names;
mod places;
mod topics;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use newshound::eval::{
    self, Case, Chunk, Count, Gold, Layout, Reading, Relabel, ReliabilityTable, Rules, Scores,
    chunks,
};
use newshound::{Error, Model, OffsetUnit, Tagger, Tokens};
use serde::Serialize;

use super::input::{inputs, named};
use super::options::{ModelArgs, TopicArgs, label};
use super::output::{To, stdout, write_json};
use super::{Outcome, Stop, say};

/// Score a model against gold names, or gold topics
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
/// With --names it also reads the full "name" of each entity and prints how well mentions of
/// one name are joined. With --topics it reads JSONL with topics ({"text", "topics": [code or name, the main one
/// first]}) and prints how right the topics are, and the best one from which score on.
///
///     newshound eval gold.iob2
///     newshound eval --labels PER,ORG,LOC --map GPE=LOC,FAC=LOC news.jsonl
///     newshound eval --perturb lower --calibration gold.iob2
///     newshound eval --names --map GPE=LOC gold.jsonl
///     newshound eval --topics gold.jsonl
///     newshound eval --places places.tsv --map GPE=LOC,FAC=LOC news.jsonl
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
    #[arg(long, value_delimiter = ',', value_parser = label, value_name = "LABELS")]
    labels: Option<Vec<String>>,

    /// New names for gold labels, as in GPE=LOC,FAC=LOC; FROM= drops a label
    #[arg(long, value_delimiter = ',', value_name = "FROM=TO")]
    map: Vec<String>,

    /// Do not read an I- without a B- as the start of a name
    #[arg(long)]
    strict: bool,

    /// Put the text in another case first; the gold names stay
    #[arg(long, value_enum, value_name = "CASE")]
    perturb: Option<Perturb>,

    /// Also tell how often spans of a given score are right
    #[arg(long, conflicts_with = "scored")]
    calibration: bool,

    /// The last two columns are gold and predicted tags; run no model
    #[arg(long, conflicts_with_all = ["perturb", "offsets", "model", "threads", "window", "precision",
        "early_exit", "backend", "device"])]
    scored: bool,

    /// What offsets of JSONL rows without an offset_unit count [default: byte]
    #[arg(long, value_name = "UNIT", value_parser = ["byte", "char", "utf16"])]
    offsets: Option<String>,

    /// Score which mentions have a name in common, and what it is
    ///
    /// Reads JSONL whose entities have the full "name" that they stand for where it is not
    /// their own text. Tells how many pairs of mentions are joined rightly, and how many full
    /// names are right, on the gold spans and on those that the model finds.
    #[arg(long, conflicts_with_all = ["strict", "calibration", "scored", "topics", "places"])]
    names: bool,

    /// Score topics instead of names
    #[arg(long, help_heading = "Topics",
        conflicts_with_all = ["labels", "map", "strict", "perturb", "calibration", "scored", "offsets"])]
    topics: bool,

    /// Score links of places against this list: tab-separated article, start, end, geonames
    ///
    /// The articles are JSONL with ids and gold spans. Links are scored on these spans and on
    /// those that the model finds; offsets of both count what --offsets says.
    #[arg(long, value_name = "FILE", help_heading = "Places",
        conflicts_with_all = ["labels", "strict", "perturb", "calibration", "scored", "topics"])]
    places: Option<PathBuf>,

    #[command(flatten)]
    about: TopicArgs,

    #[command(flatten)]
    model: ModelArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Perturb {
    /// ALL CAPITALS
    Upper,
    /// all lower case
    Lower,
    /// A Capital Before Every Word
    Title,
}

impl Args {
    fn unit(&self) -> Result<OffsetUnit, Error> {
        self.offsets.as_deref().unwrap_or("byte").parse()
    }

    /// The new names of gold labels, from `--map`.
    fn relabel(&self) -> Result<Relabel, Error> {
        Ok(Relabel::parse(self.map.iter().map(String::as_str))?)
    }
}

impl From<Perturb> for Case {
    fn from(perturb: Perturb) -> Self {
        match perturb {
            Perturb::Upper => Self::Upper,
            Perturb::Lower => Self::Lower,
            Perturb::Title => Self::Title,
        }
    }
}

/// A model under test: in which case it gets the gold text, and how its names are counted.
struct Trial<'r> {
    tagger: Tagger,
    case: Option<Case>,
    rules: &'r Rules,
    scores: Scores,
    calibration: ReliabilityTable,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'s> {
    #[serde(flatten)]
    scores: &'s Scores,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<&'s ReliabilityTable>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    if args.topics {
        return topics::run(args);
    }
    if args.about.is_given() {
        let message = "--topics-model and --min-topic-score score topics; add --topics";
        return Err(Stop::Fatal(message.to_owned()));
    }
    if let Some(gold) = &args.places {
        return places::run(args, gold);
    }
    if args.names {
        return names::run(args);
    }
    let map = args.relabel()?;
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
    let unit = args.unit()?;
    let (scores, calibration) = if args.scored {
        (scored(&args.files, &rules)?, None)
    } else {
        let mut trial = Trial {
            tagger: args.model.builder()?.build()?,
            case: args.perturb.map(Case::from),
            rules: &rules,
            scores: Scores::default(),
            calibration: ReliabilityTable::default(),
        };
        for input in inputs(&args.files)? {
            let text = input.text().map_err(|error| named(&input, &error))?;
            let done = if is_jsonl(&text) {
                trial.raw(&text, unit)
            } else if args.offsets.is_some() {
                return Err(Stop::Fatal(format!(
                    "{}: a column file has no offsets; leave out --offsets",
                    input.name()
                )));
            } else {
                trial.tokens(&text)
            };
            done.map_err(|error| named(&input, &error))?;
        }
        let seen = |label: &str| trial.scores.labels().contains_key(label);
        check(rules.only.as_ref(), seen, trial.tagger.model())?;
        (trial.scores, args.calibration.then_some(trial.calibration))
    };
    if scores.overall() == Count::default() {
        return Err(Stop::Fatal(
            "there is no name to score, neither in the gold data nor found in it".to_owned(),
        ));
    }
    if calibration.as_ref().is_some_and(ReliabilityTable::is_empty) {
        return Err(Stop::Fatal(
            "--calibration: no name was found, so there is no score to hold against the gold \
             names; leave it out"
                .to_owned(),
        ));
    }
    warn(&scores);
    let mut out = stdout();
    match args.format {
        To::Table => {
            scores.write_table(&mut out)?;
            if let Some(calibration) = &calibration {
                calibration.write_table(&mut out)?;
            }
        }
        To::Json => {
            let report = Report {
                scores: &scores,
                calibration: calibration.as_ref(),
            };
            write_json(&mut out, &report)?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// Refuses a label to score that no gold name has (`seen`) and the model does not know.
fn check(
    wanted: Option<&BTreeSet<String>>,
    seen: impl Fn(&str) -> bool,
    model: &Model,
) -> Result<(), Stop> {
    let known = model.labels().labels();
    let unknown = |label: &&String| !seen(label) && !known.iter().any(|known| **known == ***label);
    match wanted.into_iter().flatten().find(unknown) {
        None => Ok(()),
        Some(label) => Err(Stop::Fatal(format!(
            "--labels {label}: no gold name has that label, and the model does not know it; its \
             labels are {}",
            known.join(", ")
        ))),
    }
}

/// Scores files that hold predicted tags beside the gold ones.
fn scored(files: &[PathBuf], rules: &Rules) -> Result<Scores, Stop> {
    let mut scores = Scores::default();
    for input in inputs(files)? {
        let wrong = |error: Error| named(&input, &error);
        let text = input.text().map_err(wrong)?;
        let documents = eval::read(&text, Layout::Scored).map_err(|e| wrong(e.into()))?;
        scores.add(&eval::score(&documents, rules));
    }
    Ok(scores)
}

/// Whether the first line that is not blank is a JSON object; a column file may start with the token `{`.
fn is_jsonl(text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    first.trim_start().starts_with('{') && first.contains("\"text\"")
}

impl Trial<'_> {
    /// Tags raw text and scores the spans.
    fn raw(&mut self, jsonl: &str, unit: OffsetUnit) -> Result<(), Error> {
        let mut gold = eval::gold(jsonl, unit)?;
        if let Some(case) = self.case {
            gold = gold.iter().map(|row| case.apply_gold(row)).collect();
        }
        let texts: Vec<&str> = gold.iter().map(|row| row.text.as_str()).collect();
        for (Gold { spans, .. }, document) in gold.iter().zip(self.tagger.tag_batch(&texts)?) {
            let wanted = spans.iter().map(|(a, b, label)| (*a, *b, label.as_str()));
            let found = document.spans.iter().map(|s| (s.start, s.end, &*s.label));
            let certain = document.spans.iter().map(|s| s.score);
            let (wanted, found) = (wanted.collect::<Vec<_>>(), found.collect::<Vec<_>>());
            self.scores
                .add_spans(self.rules, wanted.iter().copied(), found.iter().copied());
            self.calibration
                .add(self.rules, wanted, found.into_iter().zip(certain));
        }
        Ok(())
    }

    /// Tags the tokens of a column file and scores the spans over them.
    fn tokens(&mut self, columns: &str) -> Result<(), Error> {
        let gold = eval::read(columns, Layout::Gold)?;
        let word = |text: &str| match self.case {
            Some(case) => case.apply(text),
            None => text.to_owned(),
        };
        let texts: Vec<Tokens> = gold
            .iter()
            .map(|document| {
                let sentences = document.sentences.iter();
                sentences
                    .map(|s| s.tokens.iter().map(|t| word(t.text)).collect())
                    .collect()
            })
            .collect();
        for (document, found) in gold.iter().zip(self.tagger.tag_tokens(&texts)?) {
            for (sentence, found) in document.sentences.iter().zip(found) {
                let wanted = chunks(sentence.tokens.iter().map(|t| t.gold), self.rules.reading);
                let chunks: Vec<Chunk<'_>> = found
                    .iter()
                    .map(|span| Chunk {
                        start: span.tokens.start,
                        end: span.tokens.end,
                        label: &span.label,
                    })
                    .collect();
                self.scores
                    .add_chunks(self.rules, sentence.tokens.len(), &wanted, &chunks);
                self.calibration.add(
                    self.rules,
                    wanted.iter().map(|c| (c.start, c.end, c.label)),
                    chunks
                        .iter()
                        .zip(&found)
                        .map(|(c, span)| ((c.start, c.end, c.label), span.score)),
                );
            }
        }
        Ok(())
    }
}

/// Warns of labels that only the gold data or only the model has: their figures mean nothing.
fn warn(scores: &Scores) {
    for (label, count) in scores.labels() {
        if count.gold == 0 && count.predicted > 0 {
            say(&format!(
                "no gold name is {label}, so all {} found count as wrong; leave {label} out with \
                 --labels if it was not annotated",
                count.predicted
            ));
        }
        if count.predicted == 0 && count.gold > 0 {
            say(&format!(
                "{} gold names are {label}, which was never predicted; if it has another name in \
                 the model say so with --map {label}=...",
                count.gold
            ));
        }
    }
}
