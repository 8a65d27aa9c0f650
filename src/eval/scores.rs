//! Counts of names, and precision, recall and F1 from them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Chunk, Document, Reading, Relabel, Tag, chunks};
use crate::model::Part;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// How tags that do not fit are read.
    pub reading: Reading,
    /// New labels for gold names.
    pub gold: Relabel,
    /// New labels for predicted names.
    pub predicted: Relabel,
    /// The labels, after relabelling, that count; `None` for all. Names of other labels
    /// are taken out of both sides.
    pub only: Option<BTreeSet<String>>,
}

impl Rules {
    fn label<'a>(&'a self, map: &'a Relabel, label: &'a str) -> Option<&'a str> {
        let label = map.apply(label)?;
        let only = self.only.as_ref();
        only.is_none_or(|only| only.contains(label))
            .then_some(label)
    }

    fn tag<'a>(&'a self, map: &'a Relabel, tag: Tag<'a>) -> Tag<'a> {
        match self.label(map, tag.label) {
            Some(label) if tag.part != Part::Outside => Tag { label, ..tag },
            _ => Tag::OUTSIDE,
        }
    }

    /// Spans under their new labels, sorted, without those that do not count.
    pub(super) fn spans<'a>(
        &'a self,
        map: &'a Relabel,
        spans: impl IntoIterator<Item = (usize, usize, &'a str)>,
    ) -> Vec<(usize, usize, &'a str)> {
        let renamed = |(start, end, label)| Some((start, end, self.label(map, label)?));
        let mut spans: Vec<_> = spans.into_iter().filter_map(renamed).collect();
        spans.sort_unstable();
        spans
    }
}

/// How many names (or topics) there are, were found, and were found rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Names on both sides with the same start, end and label.
    pub correct: u64,
    /// Names to be found.
    pub gold: u64,
    /// Names that were found.
    pub predicted: u64,
}

impl Count {
    /// Percent of the predicted names that are right; 0 when there are none.
    #[must_use]
    pub fn precision(&self) -> f64 {
        percent(self.correct, self.predicted)
    }

    /// Percent of the gold names that were found; 0 when there are none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        percent(self.correct, self.gold)
    }

    /// Harmonic mean of precision and recall, in percent; 0 when both are.
    #[must_use]
    pub fn f1(&self) -> f64 {
        percent(2 * self.correct, self.gold + self.predicted)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.correct += other.correct;
        self.gold += other.gold;
        self.predicted += other.predicted;
    }

    /// The sum of counts.
    pub(super) fn sum<'c>(counts: impl IntoIterator<Item = &'c Self>) -> Self {
        let mut sum = Self::default();
        counts.into_iter().for_each(|count| sum.add(*count));
        sum
    }

    /// Writes a header, a line for `total` and one for each of `counts`, under names of `width` characters.
    pub(super) fn write_rows(
        out: &mut impl Write,
        width: usize,
        total: (&str, Self),
        counts: &BTreeMap<String, Self>,
    ) -> io::Result<()> {
        writeln!(
            out,
            "{:width$}  precision   recall       F1  correct    found     gold",
            ""
        )?;
        let counts = counts.iter().map(|(name, count)| (name.as_str(), *count));
        for (name, count) in [total].into_iter().chain(counts) {
            writeln!(
                out,
                "{name:width$}  {:9.2}  {:7.2}  {:7.2}  {:7}  {:7}  {:7}",
                count.precision(),
                count.recall(),
                count.f1(),
                count.correct,
                count.predicted,
                count.gold
            )?;
        }
        Ok(())
    }
}

pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Count", 6)?;
        fields.serialize_field("correct", &self.correct)?;
        fields.serialize_field("gold", &self.gold)?;
        fields.serialize_field("predicted", &self.predicted)?;
        fields.serialize_field("precision", &self.precision())?;
        fields.serialize_field("recall", &self.recall())?;
        fields.serialize_field("f1", &self.f1())?;
        fields.end()
    }
}

/// Counts over everything scored so far.
///
/// Serialises as `{"overall": count, "labels": {label: count, ..}, "tokens": n,
/// "accuracy": percent}`, where a count is `{"correct", "gold", "predicted",
/// "precision", "recall", "f1"}`; labels are sorted, percentages unrounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scores {
    labels: BTreeMap<String, Count>,
    tokens: u64,
    same: u64,
}

impl Scores {
    /// Adds a sentence of gold and predicted tags. For accuracy the tags are compared
    /// as they are written, as `conlleval` does, so that `I-PER` for `B-PER` is wrong
    /// even where both start the same name.
    pub fn add_tags(&mut self, rules: &Rules, tags: &[(Tag<'_>, Tag<'_>)]) {
        let same = |(gold, predicted): &&(Tag<'_>, Tag<'_>)| {
            rules.tag(&rules.gold, *gold) == rules.tag(&rules.predicted, *predicted)
        };
        self.tokens += tags.len() as u64;
        self.same += tags.iter().filter(same).count() as u64;
        // Chunks are made of the labels as written: two that become one by relabelling
        // stay two names.
        let gold = chunks(tags.iter().map(|t| t.0), rules.reading);
        let predicted = chunks(tags.iter().map(|t| t.1), rules.reading);
        self.add_spans(rules, gold.iter().map(triple), predicted.iter().map(triple));
    }

    /// Adds a sentence of `tokens` tokens with gold and predicted chunks, where the two
    /// come from different schemes. For accuracy both are compared as IOB2.
    pub fn add_chunks(
        &mut self,
        rules: &Rules,
        tokens: usize,
        gold: &[Chunk<'_>],
        predicted: &[Chunk<'_>],
    ) {
        let golds = rules.spans(&rules.gold, gold.iter().map(triple));
        let found = rules.spans(&rules.predicted, predicted.iter().map(triple));
        let (golds, found) = (iob2(tokens, &golds), iob2(tokens, &found));
        self.tokens += tokens as u64;
        self.same += golds.iter().zip(&found).filter(|(a, b)| a == b).count() as u64;
        self.add_spans(rules, gold.iter().map(triple), predicted.iter().map(triple));
    }

    /// Adds the gold and predicted spans (start, end, label) of a text, in any order
    /// and any one unit. A span given twice counts twice. Tokens are not counted.
    pub fn add_spans<'a>(
        &mut self,
        rules: &'a Rules,
        gold: impl IntoIterator<Item = (usize, usize, &'a str)>,
        predicted: impl IntoIterator<Item = (usize, usize, &'a str)>,
    ) {
        let gold = rules.spans(&rules.gold, gold);
        let predicted = rules.spans(&rules.predicted, predicted);
        for span in &gold {
            self.label(span.2).gold += 1;
        }
        let mut left = gold.iter().peekable();
        for span in &predicted {
            while left.next_if(|gold| *gold < span).is_some() {}
            let correct = left.next_if_eq(&span).is_some();
            let count = self.label(span.2);
            count.predicted += 1;
            count.correct += u64::from(correct);
        }
    }

    /// Adds the counts of another part of the data.
    pub fn add(&mut self, other: &Self) {
        for (label, count) in &other.labels {
            self.label(label).add(*count);
        }
        self.tokens += other.tokens;
        self.same += other.same;
    }

    fn label(&mut self, label: &str) -> &mut Count {
        self.labels.entry(label.to_owned()).or_default()
    }

    /// Counts of every label on either side, sorted.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, Count> {
        &self.labels
    }

    /// The sum over labels: micro-averaged, as `conlleval`'s overall line.
    #[must_use]
    pub fn overall(&self) -> Count {
        Count::sum(self.labels.values())
    }

    /// Tokens scored.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Percent of the tokens whose tag is right; 0 when no tokens were scored.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        percent(self.same, self.tokens)
    }

    /// Writes what `conlleval` prints, as a table for people: percentages with two decimals.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let overall = self.overall();
        if self.tokens > 0 {
            writeln!(
                out,
                "tokens: {}, with the right tag: {:.2} %",
                self.tokens,
                self.accuracy()
            )?;
        }
        writeln!(
            out,
            "names in the gold data: {}, found: {}, correct: {}\n",
            overall.gold, overall.predicted, overall.correct
        )?;
        let names = self.labels.keys().map(|name| name.chars().count());
        let width = names.max().unwrap_or(0).max("overall".len());
        Count::write_rows(out, width, ("overall", overall), &self.labels)
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Scores", 4)?;
        fields.serialize_field("overall", &self.overall())?;
        fields.serialize_field("labels", &self.labels)?;
        fields.serialize_field("tokens", &self.tokens)?;
        fields.serialize_field("accuracy", &self.accuracy())?;
        fields.end()
    }
}

fn triple<'a>(chunk: &Chunk<'a>) -> (usize, usize, &'a str) {
    (chunk.start, chunk.end, chunk.label)
}

/// The label of each token, and whether it is the first of its name.
fn iob2<'a>(tokens: usize, spans: &[(usize, usize, &'a str)]) -> Vec<Option<(&'a str, bool)>> {
    let mut tags = vec![None; tokens];
    for &(start, end, label) in spans {
        for (at, tag) in tags.iter_mut().enumerate().take(end).skip(start) {
            *tag = Some((label, at == start));
        }
    }
    tags
}

/// Scores the two tag columns of files read as [`super::Layout::Scored`]; a token
/// without a predicted tag counts as tagged `O`.
#[must_use]
pub fn score(documents: &[Document<'_>], rules: &Rules) -> Scores {
    let mut scores = Scores::default();
    for sentence in documents.iter().flat_map(|d| &d.sentences) {
        let pairs = sentence
            .tokens
            .iter()
            .map(|t| (t.gold, t.predicted.unwrap_or(Tag::OUTSIDE)));
        scores.add_tags(rules, &pairs.collect::<Vec<_>>());
    }
    scores
}

#[cfg(test)]
mod tests;
