//! `newshound eval --names`: which mentions are joined to one name, against which should be.

use std::collections::BTreeSet;
use std::io::Write;

use newshound::eval::{self, Case, Gold, Mention, NameScores, Relabel};
use newshound::{Document, Error, Tagger};
use serde::Serialize;

use super::super::input::{inputs, named};
use super::super::output::{To, stdout, write_json};
use super::super::{Outcome, Stop};
use super::{Args, check};

/// Texts tagged at once.
const BATCH: usize = 64;

/// What `--format json` prints.
#[derive(Default, Serialize)]
struct Report {
    gold_spans: NameScores,
    predicted_spans: NameScores,
}

pub(super) fn run(args: &Args) -> Outcome {
    let map = args.relabel()?;
    let only: Option<BTreeSet<String>> = args.labels.clone().map(BTreeSet::from_iter);
    let unit = args.unit()?;
    let tagger = args.model.builder()?.build()?;
    let mut report = Report::default();
    let mut seen = BTreeSet::new();
    for input in inputs(&args.files)? {
        let text = input.text().map_err(|error| named(&input, &error))?;
        let rows = eval::gold(&text, unit).map_err(|e| named(&input, &e.into()))?;
        if rows.iter().all(|row| row.names.iter().all(Option::is_none)) {
            return Err(Stop::Fatal(format!(
                "{}: no entity has a \"name\"; give those that are short for one the full name, \
                 as in {{\"start\":9,\"end\":14,\"label\":\"PER\",\"name\":\"Mark Rutte\"}}",
                input.name()
            )));
        }
        let case = args.perturb.map(Case::from);
        let rows = rows.into_iter().map(|row| match case {
            Some(case) => case.apply_gold(&row),
            None => row,
        });
        let rows: Vec<Gold> = rows
            .map(|row| relabelled(row, &map, only.as_ref()))
            .collect();
        for rows in rows.chunks(BATCH) {
            score(&tagger, rows, only.as_ref(), &mut report)?;
        }
        let labels = rows.into_iter().flat_map(|row| row.spans);
        seen.extend(labels.map(|(_, _, label)| label));
    }
    check(only.as_ref(), |label| seen.contains(label), tagger.model())?;
    let mut out = stdout();
    match args.format {
        To::Table => {
            report.gold_spans.write_table("gold spans", &mut out)?;
            report
                .predicted_spans
                .write_table("predicted spans", &mut out)?;
        }
        To::Json => write_json(&mut out, &report)?,
    }
    out.flush()?;
    Ok(0)
}

/// The row with its spans under their new labels, without those that do not count.
fn relabelled(row: Gold, map: &Relabel, only: Option<&BTreeSet<String>>) -> Gold {
    let spans = row.spans.into_iter().zip(row.names);
    let kept = spans.filter_map(|((start, end, label), name)| {
        let label = map.apply(&label)?;
        let counts = only.is_none_or(|only| only.contains(label));
        counts.then(|| ((start, end, label.to_owned()), name))
    });
    let (spans, names) = kept.unzip();
    Gold {
        spans,
        names,
        ..row
    }
}

fn score(
    tagger: &Tagger,
    rows: &[Gold],
    only: Option<&BTreeSet<String>>,
    report: &mut Report,
) -> Result<(), Error> {
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    for (row, document) in rows.iter().zip(tagger.tag_batch(&texts)?) {
        let gold = gold_mentions(row);
        let given = row.document(&Relabel::default());
        report.gold_spans.add(&gold, &mentions(&given));
        let mut found = mentions(&document);
        found.retain(|mention| only.is_none_or(|only| only.contains(mention.label)));
        report.predicted_spans.add(&gold, &found);
    }
    Ok(())
}

fn gold_mentions(row: &Gold) -> Vec<Mention<'_>> {
    let spans = row.spans.iter().zip(&row.names);
    spans
        .map(|((start, end, label), name)| {
            let surface = row.text.get(*start..*end).unwrap_or_default();
            Mention {
                start: *start,
                end: *end,
                surface,
                label,
                name: name.as_deref().unwrap_or(surface),
                id: 0,
            }
        })
        .collect()
}

fn mentions(document: &Document) -> Vec<Mention<'_>> {
    let spans = document.spans.iter();
    let mention = spans.filter_map(|span| {
        let name = document.name(span)?;
        Some(Mention {
            start: span.start,
            end: span.end,
            surface: document.surface(span),
            label: &span.label,
            name: &name.name,
            id: name.id,
        })
    });
    mention.collect()
}
