//! `newshound eval --topics`: topics found against those that documents have.

use std::io::Write;

use newshound::eval::TopicScores;
use newshound::topic::{self, Labelled, Learned, media_topic};
use newshound::{Error, Tagger};

use super::super::input::{inputs, named};
use super::super::output::{To, stdout, write_json};
use super::super::{Outcome, Stop};
use super::Args;

/// Texts tagged at once.
const BATCH: usize = 256;

pub(super) fn run(args: &Args) -> Outcome {
    let mut builder = args.about.apply(args.model.builder()?, None)?;
    // The names of one's own topics would be unknown to gold data in IPTC Media Topics, and
    // the other way round.
    let learned = args
        .about
        .topics_model
        .as_deref()
        .map(Learned::open)
        .transpose()?;
    if learned.is_some() {
        builder = builder.no_media_topics();
    }
    let tagger = builder.build()?;
    if learned.is_none() && tagger.model().topics().is_none() {
        return Err(Stop::Fatal(format!(
            "the model {} scores no topics; name topics of your own with --topics-model",
            tagger.model().name()
        )));
    }
    let known = |row: &Labelled| -> Result<Vec<String>, Error> {
        let labels =
            |name: &String| label(name, learned.as_ref()).ok_or_else(|| unknown(row, name));
        row.topics.iter().map(labels).collect()
    };
    let mut scores = TopicScores::default();
    for input in inputs(&args.files)? {
        let rows = input.text().and_then(|text| topic::labelled(&text));
        let rows = rows.map_err(|error| named(&input, &error))?;
        let gold: Result<Vec<Vec<String>>, Error> = rows.iter().map(known).collect();
        let gold = gold.map_err(|error| named(&input, &error))?;
        for (rows, gold) in rows.chunks(BATCH).zip(gold.chunks(BATCH)) {
            score(&tagger, rows, gold, &mut scores)?;
        }
    }
    if scores.documents() == 0 {
        return Err(Stop::Fatal("there is no text to score".to_owned()));
    }
    let mut out = stdout();
    match args.format {
        To::Table => {
            scores.write_table(&mut out)?;
            scores.write_levels(&mut out)?;
        }
        To::Json => write_json(&mut out, &scores)?,
    }
    out.flush()?;
    Ok(0)
}

fn score(
    tagger: &Tagger,
    rows: &[Labelled],
    gold: &[Vec<String>],
    scores: &mut TopicScores,
) -> Result<(), Error> {
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    for (document, gold) in tagger.tag_batch(&texts)?.iter().zip(gold) {
        let gold: Vec<&str> = gold.iter().map(String::as_str).collect();
        let found = document
            .topics
            .iter()
            .map(|topic| (&*topic.label, topic.score));
        scores.add(&gold, &found.collect::<Vec<_>>());
    }
    Ok(())
}

/// The topic's name as the tagger gives it out.
fn label(name: &str, learned: Option<&Learned>) -> Option<String> {
    match learned {
        Some(learned) => learned
            .labels()
            .find(|label| *label == name)
            .map(str::to_owned),
        None => media_topic(name).map(|topic| topic.name.to_owned()),
    }
}

fn unknown(row: &Labelled, name: &str) -> Error {
    Error::Labelled {
        line: row.line,
        message: format!(
            "the topic {name:?} is unknown; `newshound topics` lists codes and names, and with \
             --topics-model those that it learned are wanted"
        ),
    }
}
