//! Learns a linear layer from texts with topics and their vectors.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, Axis, Slice, concatenate};
use rayon::prelude::*;

use super::labelled::{Labelled, distinct};
use super::learned::Learned;
use super::linear::{Linear, logistic};
use super::logistic::fit;
use super::{Defaults, Selection, scored};
use crate::eval::TopicScores;
use crate::{Error, Model, Result};

/// Parts for cross-validation; each is scored by what was learned from the others.
const PARTS: usize = 5;

/// Factors on the loss of examples against the size of the weights; cross-validation chooses one.
const COSTS: [f64; 4] = [0.1, 1.0, 10.0, 100.0];

/// Factors on the learned weights; cross-validation chooses one. A low cost finds the better direction
/// from few examples, but leaves the weights too small for calibrated scores.
const SCALES: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0];

/// The score from which a topic is selected by default.
const THRESHOLD: f32 = 0.5;

/// The fewest texts of a topic that it can be learned from.
const FEWEST: usize = 2;

/// What was learned, and how right it is on texts it was not learned from.
pub struct Lesson {
    /// Made from all texts.
    pub learned: Learned,
    /// Cross-validated: each text scored by what was learned from the other four fifths.
    pub scores: TopicScores,
}

/// Learns the topics of `rows` from their texts' vectors by this model. The topics' codes start with
/// `name`. Each topic is learned by its own logistic regression.
///
/// # Errors
/// [`Error::Labelled`] or [`Error::Learn`] where the texts do not allow it, or where the vectors are
/// not those that [`Tagger::vectors`](crate::Tagger::vectors) of this model gives for them.
pub fn learn(
    rows: &[Labelled],
    vectors: &[Option<Array1<f32>>],
    model: &Model,
    name: &str,
) -> Result<Lesson> {
    distinct(rows)?;
    let labels = topics(rows)?;
    check(rows, vectors, model.attention().dim())?;
    let table = Table::new(rows, vectors)?;
    let parts = parts(rows);
    let targets: Vec<Vec<bool>> = labels
        .iter()
        .map(|label| rows.iter().map(|row| row.topics.contains(label)).collect())
        .collect();
    let trials: Vec<Trial> = COSTS
        .iter()
        .map(|&cost| Trial::run(&table, &targets, &parts, cost))
        .collect();
    let choices = trials
        .iter()
        .flat_map(|trial| SCALES.map(|scale| (trial, scale)));
    let judged = choices.map(|(trial, scale)| {
        let chances = trial.chances(scale);
        (loss(&chances, &targets), chances, trial.cost, scale)
    });
    let (_, chances, cost, scale) = judged
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .ok_or_else(|| Error::Learn("there is nothing to learn from".to_owned()))?;
    let layers: Vec<Array1<f64>> = targets
        .par_iter()
        .map(|target| fit(&table.examples, target, cost))
        .collect();
    let defaults = Defaults {
        threshold: THRESHOLD,
        always: rows.iter().all(|row| !row.topics.is_empty()),
    };
    let linear = table.linear(&layers, scale);
    Ok(Lesson {
        scores: scores(rows, &chances, &labels, defaults),
        learned: Learned::new(name, &labels, linear, defaults, model),
    })
}

/// Checks that there are as many vectors as rows, each `None` or `width` finite numbers.
fn check(rows: &[Labelled], vectors: &[Option<Array1<f32>>], width: usize) -> Result<()> {
    let (texts, given) = (rows.len(), vectors.len());
    if texts != given {
        return Err(Error::Learn(format!(
            "there are {texts} texts and {given} vectors; give each text its own"
        )));
    }
    for (row, vector) in rows.iter().zip(vectors) {
        let Some(vector) = vector else { continue };
        if vector.len() != width {
            return Err(Error::Labelled {
                line: row.line,
                message: format!(
                    "the text has a vector of {} numbers, those of the model have {width}; take \
                     this model's vectors",
                    vector.len()
                ),
            });
        }
        if !vector.iter().all(|number| number.is_finite()) {
            return Err(Error::NotFinite);
        }
    }
    Ok(())
}

/// The names of the topics, sorted; refuses those that cannot be learned.
fn topics(rows: &[Labelled]) -> Result<Vec<String>> {
    let mut seen: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in rows {
        for topic in &row.topics {
            seen.entry(topic).or_default().push(row.line);
        }
    }
    let mut folded: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for (topic, lines) in &seen {
        if let Some((other, line)) = folded.insert(topic.to_lowercase(), (topic, lines[0])) {
            return Err(Error::Labelled {
                line: lines[0],
                message: format!(
                    "the topic {topic:?} is {other:?} in line {line}; write it in one way"
                ),
            });
        }
    }
    for (topic, lines) in &seen {
        if lines.len() < FEWEST {
            return Err(Error::Labelled {
                line: lines[0],
                message: format!(
                    "no other text has the topic {topic:?}; give it some more (a few dozen are \
                     good), or take it out"
                ),
            });
        }
        if lines.len() == rows.len() {
            return Err(Error::Learn(format!(
                "every text has the topic {topic:?}, so there is nothing to tell it from; add \
                 texts of other topics, or of none (\"topics\": [])"
            )));
        }
    }
    if seen.is_empty() {
        return Err(Error::Learn(
            "no text has a topic; each row names its own in \"topics\"".to_owned(),
        ));
    }
    Ok(seen.into_keys().map(str::to_owned).collect())
}

/// The part of each text. Texts with the same topics are dealt out to the parts in turn.
fn parts(rows: &[Labelled]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[a].topics.cmp(&rows[b].topics));
    let mut parts = vec![0; rows.len()];
    for (at, row) in order.into_iter().enumerate() {
        parts[row] = at % PARTS;
    }
    parts
}

/// The texts' vectors with each column centred and scaled, and a last column of ones.
struct Table {
    examples: Array2<f64>,
    mean: Array1<f64>,
    scale: Array1<f64>,
}

impl Table {
    fn new(rows: &[Labelled], vectors: &[Option<Array1<f32>>]) -> Result<Self> {
        let given = rows.iter().zip(vectors).map(|(row, vector)| {
            vector
                .as_ref()
                .map(|vector| vector.view())
                .ok_or_else(|| Error::Labelled {
                    line: row.line,
                    message: "the text has no words; take the row out".to_owned(),
                })
        });
        let given: Vec<ArrayView1<'_, f32>> = given.collect::<Result<_>>()?;
        let views: Vec<_> = given.iter().map(|row| row.insert_axis(Axis(0))).collect();
        let examples = concatenate(Axis(0), &views).map_err(|e| Error::Learn(e.to_string()))?;
        let mut examples = examples.mapv(f64::from);
        let width = examples.ncols() as f64;
        let mean = examples.mean_axis(Axis(0)).unwrap_or_default();
        examples -= &mean;
        // Examples get a length of about one, so that costs mean the same for every model.
        let spread = |column: ArrayView1<'_, f64>| {
            let deviation = column.pow2().mean().unwrap_or_default().sqrt();
            if deviation > 1e-9 {
                1.0 / (deviation * width.sqrt())
            } else {
                0.0
            }
        };
        let scale: Array1<f64> = examples.columns().into_iter().map(spread).collect();
        examples *= &scale;
        let ones = Array2::ones((examples.nrows(), 1));
        let examples = concatenate(Axis(1), &[examples.view(), ones.view()]);
        Ok(Self {
            examples: examples.map_err(|e| Error::Learn(e.to_string()))?,
            mean,
            scale,
        })
    }

    /// The layer for plain vectors that equals weights for the examples, times `scale`.
    fn linear(&self, layers: &[Array1<f64>], scale: f64) -> Linear {
        let width = self.mean.len();
        let mut weight = Array2::zeros((layers.len(), width));
        let mut bias = Array1::zeros(layers.len());
        for ((layer, mut row), bias) in layers.iter().zip(weight.rows_mut()).zip(&mut bias) {
            let plain = &layer.slice_axis(Axis(0), Slice::from(..width)) * &self.scale * scale;
            *bias = (layer[width] - plain.dot(&self.mean)) as f32;
            row.assign(&plain.mapv(|value| value as f32));
        }
        Linear { weight, bias }
    }
}

/// Cross-validation with one cost: each text's results by what was learned from the other parts.
struct Trial {
    cost: f64,
    /// The products of weights and examples, without the bias: texts x topics.
    product: Array2<f64>,
    /// The biases: texts x topics.
    bias: Array2<f64>,
}

impl Trial {
    fn run(table: &Table, targets: &[Vec<bool>], parts: &[usize], cost: f64) -> Self {
        let jobs: Vec<(usize, usize)> = (0..targets.len())
            .flat_map(|topic| (0..PARTS).map(move |part| (topic, part)))
            .collect();
        let layers: Vec<Array1<f64>> = jobs
            .par_iter()
            .map(|&(topic, part)| {
                let kept: Vec<usize> = (0..parts.len()).filter(|&row| parts[row] != part).collect();
                let target: Vec<bool> = kept.iter().map(|&row| targets[topic][row]).collect();
                fit(&table.examples.select(Axis(0), &kept), &target, cost)
            })
            .collect();
        let shape = (parts.len(), targets.len());
        let (mut product, mut bias) = (Array2::zeros(shape), Array2::zeros(shape));
        for ((topic, part), layer) in jobs.into_iter().zip(layers) {
            let last = layer.last().copied().unwrap_or_default();
            for row in (0..parts.len()).filter(|&row| parts[row] == part) {
                bias[[row, topic]] = last;
                product[[row, topic]] = table.examples.row(row).dot(&layer) - last;
            }
        }
        Self {
            cost,
            product,
            bias,
        }
    }

    /// The probability of each topic for each text: texts x topics.
    fn chances(&self, scale: f64) -> Array2<f32> {
        (&self.product * scale + &self.bias).mapv(|margin| logistic(margin as f32))
    }
}

/// Mean negative log-likelihood of the topics under `chances`. Targets are smoothed, since even texts
/// that separate perfectly do not make the next one certain: each of n texts with a topic counts as
/// (n + 1) / (n + 2), each of m without as 1 / (m + 2) (Platt 1999).
fn loss(chances: &Array2<f32>, targets: &[Vec<bool>]) -> f64 {
    let mut sum = 0.0;
    for (target, column) in targets.iter().zip(chances.columns()) {
        let having = target.iter().filter(|&&is| is).count() as f64;
        let without = target.len() as f64 - having;
        for (&is, &chance) in target.iter().zip(column) {
            let share = match is {
                true => (having + 1.0) / (having + 2.0),
                false => 1.0 / (without + 2.0),
            };
            let chance = f64::from(chance).clamp(1e-6, 1.0 - 1e-6);
            sum -= share * chance.ln() + (1.0 - share) * (1.0 - chance).ln();
        }
    }
    sum / chances.len() as f64
}

/// Compares the topics that `chances` select with the texts' own.
fn scores(
    rows: &[Labelled],
    chances: &Array2<f32>,
    labels: &[String],
    defaults: Defaults,
) -> TopicScores {
    let labels: Vec<(Arc<str>, Arc<str>)> = labels
        .iter()
        .map(|label| ("".into(), label.as_str().into()))
        .collect();
    let mut scores = TopicScores::default();
    for (row, chances) in rows.iter().zip(chances.rows()) {
        let topics = scored(&labels, chances.to_owned());
        let given = Selection::default().select(topics, defaults);
        let given: Vec<(&str, f32)> = given.iter().map(|t| (&*t.label, t.score)).collect();
        let gold: Vec<&str> = row.topics.iter().map(String::as_str).collect();
        scores.add(&gold, &given);
    }
    scores
}

#[cfg(test)]
mod tests;
