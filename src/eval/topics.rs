//! Counts of topics, and precision, recall and F1 from them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::Count;
use super::scores::percent;

/// The minimum scores for which results are counted.
const LEVELS: [f32; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// Topics found in documents against those they have.
///
/// Serialises as `{"documents", "main_accuracy", "micro": {..}, "macro_f1", "topics": {label:
/// {..}}, "levels": [{"score", "covered", ..}]}`, rates in percent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TopicScores {
    documents: u64,
    main: u64,
    topics: BTreeMap<String, Count>,
    levels: [Level; LEVELS.len()],
}

/// Counts for a minimum score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Level {
    /// Documents whose best topic has the minimum score.
    covered: u64,
    /// Those of them where it is the main one, and where it is any of the document's.
    main: u64,
    any: u64,
    /// Topics of all documents with the minimum score, and how many of them are right.
    given: u64,
    right: u64,
}

/// A level as it is written, rates in percent.
#[derive(Serialize)]
struct Line {
    score: f32,
    covered: f64,
    main_accuracy: f64,
    any_accuracy: f64,
    given: u64,
    precision: f64,
}

impl TopicScores {
    /// Adds a document: its topics, the main one first, and those found with their scores,
    /// the best one first.
    pub fn add(&mut self, gold: &[&str], found: &[(&str, f32)]) {
        self.documents += 1;
        for topic in gold {
            self.count(topic).gold += 1;
        }
        for (topic, _) in found {
            let count = self.count(topic);
            count.predicted += 1;
            count.correct += u64::from(gold.contains(topic));
        }
        let best = found.first();
        let is_main = |topic: &str| gold.first() == Some(&topic);
        self.main += u64::from(match best {
            Some((topic, _)) => is_main(topic),
            None => gold.is_empty(),
        });
        for (level, least) in self.levels.iter_mut().zip(LEVELS) {
            if let Some((topic, _)) = best.filter(|(_, score)| *score >= least) {
                level.covered += 1;
                level.main += u64::from(is_main(topic));
                level.any += u64::from(gold.contains(topic));
            }
            for (topic, _) in found.iter().filter(|(_, score)| *score >= least) {
                level.given += 1;
                level.right += u64::from(gold.contains(topic));
            }
        }
    }

    fn count(&mut self, topic: &str) -> &mut Count {
        self.topics.entry(topic.to_owned()).or_default()
    }

    /// Documents scored.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// Percent of the documents whose best topic is the main one; a document without topics
    /// counts where none was found.
    #[must_use]
    pub fn main_accuracy(&self) -> f64 {
        percent(self.main, self.documents)
    }

    /// Counts of each topic.
    #[must_use]
    pub fn topics(&self) -> &BTreeMap<String, Count> {
        &self.topics
    }

    /// All topics counted together.
    #[must_use]
    pub fn micro(&self) -> Count {
        Count::sum(self.topics.values())
    }

    /// The mean F1 of the topics that documents have.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        let known: Vec<f64> = self
            .topics
            .values()
            .filter(|c| c.gold > 0)
            .map(Count::f1)
            .collect();
        // A sum of nothing is -0.
        known.iter().fold(0.0, |sum, f1| sum + f1) / known.len().max(1) as f64
    }

    fn levels(&self) -> impl Iterator<Item = Line> + '_ {
        self.levels.iter().zip(LEVELS).map(|(level, score)| Line {
            score,
            covered: percent(level.covered, self.documents),
            main_accuracy: percent(level.main, level.covered),
            any_accuracy: percent(level.any, level.covered),
            given: level.given,
            precision: percent(level.right, level.given),
        })
    }

    /// Writes precision, recall and F1 of each topic, for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "documents: {}, best topic is the main one: {:.2} %\n",
            self.documents,
            self.main_accuracy()
        )?;
        let names = self.topics.keys().map(|name| name.chars().count());
        let width = names.max().unwrap_or(0).max("all, by topic".len());
        Count::write_rows(out, width, ("all", self.micro()), &self.topics)?;
        writeln!(out, "{:width$}  {:>27.2}", "all, by topic", self.macro_f1())
    }

    /// Writes how often the best topic is right, by minimum score, for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_levels(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "\nscore from  documents %  is main %  is any %  topics given  right %"
        )?;
        for line in self.levels() {
            writeln!(
                out,
                "{:10.2}  {:11.2}  {:9.2}  {:8.2}  {:12}  {:7.2}",
                line.score,
                line.covered,
                line.main_accuracy,
                line.any_accuracy,
                line.given,
                line.precision
            )?;
        }
        Ok(())
    }
}

impl Serialize for TopicScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("TopicScores", 6)?;
        fields.serialize_field("documents", &self.documents)?;
        fields.serialize_field("main_accuracy", &self.main_accuracy())?;
        fields.serialize_field("micro", &self.micro())?;
        fields.serialize_field("macro_f1", &self.macro_f1())?;
        fields.serialize_field("topics", &self.topics)?;
        fields.serialize_field("levels", &self.levels().collect::<Vec<_>>())?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_counted_by_topic_together_and_from_a_score_on() {
        let mut scores = TopicScores::default();
        scores.add(&["sport", "health"], &[("sport", 0.92), ("labour", 0.55)]);
        scores.add(&["health"], &[("sport", 0.75), ("health", 0.6)]);
        scores.add(&[], &[]);
        assert_eq!((scores.documents(), scores.micro().correct), (3, 2));
        assert!((scores.main_accuracy() - 200.0 / 3.0).abs() < 1e-9);
        assert!((scores.topics()["sport"].f1() - 200.0 / 3.0).abs() < 1e-9);
        // Labour is no document's topic: it counts against precision, not in the mean by topic.
        assert!((scores.macro_f1() - 200.0 / 3.0).abs() < 1e-9);
        let lines: Vec<Line> = scores.levels().collect();
        assert!((lines[0].covered - 200.0 / 3.0).abs() < 1e-9);
        assert_eq!(
            (lines[0].main_accuracy, lines[0].given, lines[0].precision),
            (50.0, 4, 50.0)
        );
        assert_eq!((lines[4].main_accuracy, lines[4].given), (100.0, 1));
        let json = serde_json::to_value(&scores).unwrap();
        assert_eq!(json["topics"]["labour"]["predicted"], 1);
        assert_eq!(json["levels"][5]["covered"], 0.0);
        assert_eq!(TopicScores::default().macro_f1().to_string(), "0");
    }
}
