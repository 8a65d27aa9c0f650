//! Whether scores mean what they say: of spans with score about 0.9, about 90 % are right.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::Rules;

const BINS: usize = 10;

/// A reliability table: predicted spans by score, in ten bins of equal width.
///
/// Serialises as `{"expected_error": e, "bins": [{"above", "spans", "score", "right"}]}`:
/// shares of 1, empty bins left out.
#[derive(Debug, Clone, Default)]
pub struct ReliabilityTable {
    bins: [Bin; BINS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    spans: u64,
    correct: u64,
    score: f64,
}

/// A bin as a line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The lowest score that falls in here.
    pub above: f64,
    /// Number of predicted spans in the bin.
    pub spans: u64,
    /// The mean of their scores.
    pub score: f64,
    /// The share of them that are right.
    pub right: f64,
}

impl ReliabilityTable {
    /// Adds the gold spans and the predicted spans with their scores of one text.
    pub fn add<'a>(
        &mut self,
        rules: &'a Rules,
        gold: impl IntoIterator<Item = (usize, usize, &'a str)>,
        predicted: impl IntoIterator<Item = ((usize, usize, &'a str), f32)>,
    ) {
        let gold: BTreeSet<_> = rules.spans(&rules.gold, gold).into_iter().collect();
        for (span, score) in predicted {
            for span in rules.spans(&rules.predicted, [span]) {
                let at = (score * BINS as f32) as usize;
                let bin = &mut self.bins[at.min(BINS - 1)];
                bin.spans += 1;
                bin.correct += u64::from(gold.contains(&span));
                bin.score += f64::from(score);
            }
        }
    }

    /// Whether no predicted span was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bins.iter().all(|bin| bin.spans == 0)
    }

    /// The bins that hold spans, by score.
    pub fn table(&self) -> impl Iterator<Item = ReliabilityBin> + '_ {
        let bins = self.bins.iter().enumerate().filter(|(_, b)| b.spans > 0);
        bins.map(|(at, bin)| ReliabilityBin {
            above: at as f64 / BINS as f64,
            spans: bin.spans,
            score: bin.score / bin.spans as f64,
            right: bin.correct as f64 / bin.spans as f64,
        })
    }

    /// Expected calibration error (Naeini and others 2015): the mean distance between a bin's
    /// score and its share of right spans, bins weighted by their spans. 0 without spans.
    #[must_use]
    pub fn expected_error(&self) -> f64 {
        let all: u64 = self.bins.iter().map(|bin| bin.spans).sum();
        let apart = |line: ReliabilityBin| line.spans as f64 * (line.score - line.right).abs();
        self.table().map(apart).fold(0.0, |sum, part| sum + part) / all.max(1) as f64
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\nscore from  spans  mean score   right")?;
        for line in self.table() {
            writeln!(
                out,
                "{:10.1}  {:5}  {:10.3}  {:6.3}",
                line.above, line.spans, line.score, line.right
            )?;
        }
        writeln!(
            out,
            "expected calibration error: {:.4}",
            self.expected_error()
        )
    }
}

impl Serialize for ReliabilityTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("ReliabilityTable", 2)?;
        fields.serialize_field("expected_error", &self.expected_error())?;
        fields.serialize_field("bins", &self.table().collect::<Vec<_>>())?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_the_mean_score_and_the_share_that_is_right() {
        let mut table = ReliabilityTable::default();
        let rules = Rules::default();
        let gold = [(0, 1, "LOC"), (2, 3, "PER")];
        let found = [
            ((0, 1, "LOC"), 0.96),
            ((2, 3, "ORG"), 0.92),
            ((5, 6, "PER"), 0.25),
        ];
        table.add(&rules, gold, found);
        let lines: Vec<ReliabilityBin> = table.table().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0].above, lines[0].spans, lines[0].right),
            (0.2, 1, 0.0)
        );
        assert_eq!(
            (lines[1].above, lines[1].spans, lines[1].right),
            (0.9, 2, 0.5)
        );
        assert!((lines[1].score - 0.94).abs() < 1e-6);
        let error = (2.0 * 0.44 + 0.25) / 3.0;
        assert!((table.expected_error() - error).abs() < 1e-6);
        assert_eq!(
            ReliabilityTable::default().expected_error().to_string(),
            "0"
        );
        assert!(ReliabilityTable::default().is_empty() && !table.is_empty());
    }

    #[test]
    fn labels_that_do_not_count_are_left_out() {
        let mut table = ReliabilityTable::default();
        let rules = Rules {
            only: Some(BTreeSet::from(["PER".to_owned()])),
            ..Rules::default()
        };
        table.add(&rules, [], [((0, 1, "LOC"), 1.0), ((1, 2, "PER"), 1.0)]);
        assert_eq!(table.table().map(|line| line.spans).sum::<u64>(), 1);
    }
}
