//! Logits to spans: the best allowed sequence of tags, and the probability of each span.
//!
//! The model scores each word by itself; `chain` weighs sequences of tags. The best sequence comes
//! from Viterbi's algorithm; a span's score is its exact probability under the same weights, from the
//! forward-backward algorithm (Rabiner 1989, sections III.A and B): the share of all allowed
//! sequences, by weight, that have exactly this span.

mod chain;
mod suffix;

use std::collections::HashSet;
use std::sync::Arc;

use ndarray::ArrayView2;

use crate::document::Span;
use crate::model::{Calibration, Labels};
use crate::tokenize::Tokenized;
use crate::{Error, Result};

use chain::Chain;

/// The fewest blanks between two columns of a table.
const COLUMN: usize = 3;

/// A span over words: half-open word indices, label, score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordSpan {
    pub(crate) words: std::ops::Range<usize>,
    pub(crate) label: Arc<str>,
    pub(crate) score: f32,
}

/// Finds the spans of a document. `logits` are words x tags. The rows of words without subwords are
/// not read: such a word belongs to a span only if words on both sides of it do.
///
/// # Errors
/// [`Error::NotFinite`] where a logit is not finite.
pub fn decode(
    text: &str,
    document: &Tokenized,
    labels: &Labels,
    logits: ArrayView2<'_, f32>,
    calibration: &Calibration,
) -> Result<Vec<Span>> {
    let decoder = Decoder {
        text,
        document,
        labels,
        logits,
        temperature: calibration.temperature,
        chain: Chain::new(labels, calibration),
        opens: document.sentences.iter().map(|s| s.words.start).collect(),
    };
    let mut found = Vec::new();
    let cells = paragraphs(document).into_iter().flat_map(|words| {
        let rows: Vec<usize> = words
            .filter(|&w| document.pieces.get(w).is_some_and(|p| !p.is_empty()))
            .collect();
        let cells = rows.chunk_by(|&a, &b| !gap(text, document, a, b).is_some_and(is_column));
        let cells = cells.map(<[usize]>::to_vec).enumerate();
        cells.collect::<Vec<_>>()
    });
    for (column, rows) in cells {
        let spans = decoder.best(&rows, column > 0)?;
        let starts = suffix::starts(text, document, &decoder.opens, &rows, &spans);
        if starts.is_empty() {
            found.extend(decoder.trimmed(&rows, spans));
            continue;
        }
        // Two names ran together: decode the words on each side of the border by themselves.
        let mut from = 0;
        for to in starts.into_iter().chain([rows.len()]) {
            let part = rows.get(from..to).unwrap_or_default();
            let spans = decoder.best(part, column > 0 || from > 0)?;
            found.extend(decoder.trimmed(part, spans));
            from = to;
        }
    }
    Ok(found)
}

/// Decodes the logits of a document.
struct Decoder<'a> {
    text: &'a str,
    document: &'a Tokenized,
    labels: &'a Labels,
    logits: ArrayView2<'a, f32>,
    temperature: f32,
    chain: Chain,
    /// The first word of every sentence.
    opens: HashSet<usize>,
}

impl Decoder<'_> {
    /// The best spans over the words `rows`, as ranges of `rows`. If `begins`, no name continues from
    /// the words before, whatever the model says.
    fn best(&self, rows: &[usize], begins: bool) -> Result<Vec<WordSpan>> {
        let adjoins = adjoins(self.text, self.document, &self.opens, rows);
        let scaled = |&w: &usize| self.logits.row(w).into_iter().map(|x| x / self.temperature);
        let mut weights = rows
            .iter()
            .map(|row| softmax(scaled(row)))
            .collect::<Result<Vec<_>>>()?;
        if let Some(first) = weights.first_mut().filter(|_| begins) {
            self.chain.begin(first);
        }
        for (row, &adjoins) in weights.iter_mut().zip(&adjoins) {
            self.chain.favour_inside(row, adjoins);
        }
        let words = Words {
            weights: &weights,
            adjoins: &adjoins,
        };
        Ok(best_spans(self.labels, &self.chain, words))
    }

    /// Spans over the words `rows` as spans of the text, without stray marks.
    fn trimmed(&self, rows: &[usize], spans: Vec<WordSpan>) -> impl Iterator<Item = Span> {
        spans.into_iter().filter_map(|span| {
            let words = rows.get(span.words)?;
            let (&first, &last) = (words.first()?, words.last()?);
            let (start, end) = trim(self.text, self.document, first, last)?;
            let end = suffix::with_stop(self.text, (start, end), &span.label);
            let end = suffix::without_honours(self.text, (start, end), &span.label);
            Some(Span {
                start,
                end,
                label: span.label,
                score: span.score,
                name: None,
            })
        })
    }
}

/// The words of each paragraph; no name crosses from one into the next.
fn paragraphs(document: &Tokenized) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for sentence in &document.sentences {
        match found.last_mut() {
            Some(open) if !sentence.starts_paragraph => open.end = sentence.words.end,
            _ => found.push(sentence.words.clone()),
        }
    }
    found
}

/// The text between two words.
fn gap<'t>(text: &'t str, document: &Tokenized, before: usize, word: usize) -> Option<&'t str> {
    let (before, word) = (document.words.get(before)?, document.words.get(word)?);
    text.get(before.end..word.start)
}

/// Whether the text between two words separates columns of a table; no name crosses it.
fn is_column(gap: &str) -> bool {
    gap.trim().is_empty()
        && !gap.contains(['\n', '\r'])
        && (gap.contains('\t') || gap.chars().count() >= COLUMN)
}

/// Whether each of the words follows the one before it in the same line of the same sentence.
/// `opens` has the first word of every sentence.
fn adjoins(text: &str, document: &Tokenized, opens: &HashSet<usize>, rows: &[usize]) -> Vec<bool> {
    let adjoins = |before: usize, word: usize| {
        let gap = gap(text, document, before, word)?;
        Some(!gap.contains(['\n', '\r']) && !(before + 1..=word).any(|w| opens.contains(&w)))
    };
    let pairs = rows
        .windows(2)
        .map(|pair| adjoins(pair[0], pair[1]).unwrap_or(false));
    std::iter::once(false)
        .chain(pairs)
        .take(rows.len())
        .collect()
}

/// The words to decode, a row for each.
#[derive(Clone, Copy)]
struct Words<'a> {
    /// The weight of each tag: words x tags.
    weights: &'a [Vec<f64>],
    /// Whether the word follows the one before it in the same line of the same sentence.
    adjoins: &'a [bool],
}

fn softmax(logits: impl Iterator<Item = f32> + Clone) -> Result<Vec<f64>> {
    let top = logits.clone().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits.map(|x| f64::from(x - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    if !sum.is_finite() {
        return Err(Error::NotFinite);
    }
    // The floor keeps every allowed sequence possible, however sure the model is.
    Ok(weights.iter().map(|w| (w / sum).max(1e-12)).collect())
}

/// The spans of the best allowed sequence, with their probabilities.
fn best_spans(labels: &Labels, chain: &Chain, words: Words) -> Vec<WordSpan> {
    let tags = viterbi(chain, words);
    let (forward, backward) = forward_backward(chain, words);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tags.len() {
        let before = at.checked_sub(1).map(|b| tags[b]);
        if !labels.starts(before, tags[at]) {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while end < tags.len() && labels.continues(tags[end - 1], tags[end]) {
            end += 1;
        }
        if let Some(label) = labels.label(tags[at]) {
            found.push(WordSpan {
                words: at..end,
                label: Arc::clone(label),
                score: probability(labels, chain, words, &forward, &backward, label, at..end)
                    as f32,
            });
        }
        at = end;
    }
    found
}

fn viterbi(chain: &Chain, words: Words) -> Vec<usize> {
    let Some(first) = words.weights.first() else {
        return Vec::new();
    };
    let start = first.iter().zip(&chain.first);
    let mut best: Vec<f64> = start
        .map(|(weight, first)| weight.ln() + first.ln())
        .collect();
    let mut back: Vec<Vec<usize>> = Vec::with_capacity(words.weights.len());
    for (row, &adjoins) in words.weights.iter().zip(words.adjoins).skip(1) {
        let mut next = Vec::with_capacity(row.len());
        let mut came = Vec::with_capacity(row.len());
        for (to, tag) in row.iter().enumerate() {
            // Ties go to the lower tag, so that equal scores give equal spans.
            let mut top = (f64::NEG_INFINITY, 0);
            for (from, transition) in chain.before(to, adjoins) {
                let score = best[from] + transition.ln();
                if score > top.0 {
                    top = (score, from);
                }
            }
            next.push(top.0 + tag.ln());
            came.push(top.1);
        }
        best = next;
        back.push(came);
    }
    let mut top = (f64::NEG_INFINITY, 0);
    for (tag, (&score, &ok)) in best.iter().zip(&chain.last).enumerate() {
        if ok && score > top.0 {
            top = (score, tag);
        }
    }
    let mut tags = vec![top.1];
    for came in back.iter().rev() {
        tags.push(came[tags[tags.len() - 1]]);
    }
    tags.reverse();
    tags
}

/// Forward and backward weights, words x tags, each row scaled so that none under- or overflows.
fn forward_backward(chain: &Chain, words: Words) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let width = chain.first.len();
    let scaled = |mut row: Vec<f64>| {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
        row
    };
    let mut forward: Vec<Vec<f64>> = Vec::with_capacity(words.weights.len());
    for (row, &adjoins) in words.weights.iter().zip(words.adjoins) {
        let before = forward.last();
        let reach = |tag: usize| match before {
            None => chain.first[tag],
            Some(before) => {
                let pairs = chain.before(tag, adjoins);
                let paths = pairs.map(|(from, transition)| before[from] * transition);
                paths.sum()
            }
        };
        forward.push(scaled((0..width).map(|t| reach(t) * row[t]).collect()));
    }
    let mut backward: Vec<Vec<f64>> = Vec::with_capacity(words.weights.len());
    let ends = chain.last.iter().map(|&ok| f64::from(u8::from(ok)));
    let mut row: Vec<f64> = ends.collect();
    for (later, &adjoins) in words.weights.iter().zip(words.adjoins).rev() {
        backward.push(row.clone());
        let mut earlier = vec![0.0; width];
        for to in 0..width {
            for (from, transition) in chain.before(to, adjoins) {
                earlier[from] += transition * later[to] * row[to];
            }
        }
        row = scaled(earlier);
    }
    backward.reverse();
    (forward, backward)
}

/// The probability that exactly the words `span` are a name with this label, however tagged.
fn probability(
    labels: &Labels,
    chain: &Chain,
    words: Words,
    forward: &[Vec<f64>],
    backward: &[Vec<f64>],
    label: &Arc<str>,
    span: std::ops::Range<usize>,
) -> f64 {
    // All weights are relative to the forward row before the span and the backward row of the last
    // word read. The denominator is the sum over all sequences of these words, on the same scale.
    let width = labels.count();
    let start = match span.start.checked_sub(1) {
        None => vec![1.0],
        Some(before) => forward[before].clone(),
    };
    let step = |row: &[f64], at: usize, keep: &dyn Fn(usize, usize) -> bool| -> Vec<f64> {
        let mut next = vec![0.0; width];
        for (to, weight) in next.iter_mut().enumerate() {
            let sum: f64 = match at.checked_sub(1) {
                None if keep(usize::MAX, to) => row[0] * chain.first[to],
                None => 0.0,
                Some(_) => {
                    let pairs = chain.before(to, words.adjoins[at]);
                    let kept = pairs.filter(|&(from, _)| keep(from, to));
                    kept.map(|(from, transition)| row[from] * transition).sum()
                }
            };
            *weight = sum * words.weights[at][to];
        }
        next
    };
    let (mut all, mut this) = (start.clone(), start);
    for at in span.clone() {
        all = step(&all, at, &|_, _| true);
        this = step(&this, at, &|from, to| {
            labels.label(to) == Some(label) && labels.continues(from, to) == (at > span.start)
        });
        let scale: f64 = all.iter().sum();
        all.iter_mut().for_each(|x| *x /= scale);
        this.iter_mut().for_each(|x| *x /= scale);
    }
    let mut last = span.end - 1;
    if span.end < words.weights.len() {
        last = span.end;
        all = step(&all, last, &|_, _| true);
        this = step(&this, last, &|from, to| !labels.continues(from, to));
    }
    let total = |row: &[f64]| -> f64 { row.iter().zip(&backward[last]).map(|(a, b)| a * b).sum() };
    (total(&this) / total(&all)).clamp(0.0, 1.0)
}

/// The bytes of a span without unbalanced brackets and quotes and stray punctuation at its ends. A
/// bracket that opens right before it and closes within belongs to it. `None` where no letter or digit
/// is left.
fn trim(text: &str, document: &Tokenized, first: usize, last: usize) -> Option<(usize, usize)> {
    let words = document.words.get(first..=last)?;
    let surface = |at: usize| words.get(at).map(|word| word.surface(text));
    let (mut from, mut to) = (0, words.len());
    while from < to {
        let inner = |range: std::ops::Range<usize>, mark: &[&str]| {
            range
                .into_iter()
                .filter_map(surface)
                .any(|w| mark.contains(&w))
        };
        let head = surface(from)?;
        let tail = surface(to - 1)?;
        // "# Kyiv" is a heading, "#Kyiv" a name.
        let is_spaced = || {
            let next = words.get(from + 1).map(|next| next.start);
            next > words.get(from).map(|head| head.end)
        };
        let kept = || begins_name(text, words.get(from).map_or(0, |w| w.end));
        if matches!(
            head,
            "," | ";" | ":" | "." | "!" | "?" | ")" | "]" | "}" | "-" | "–" | "—"
        ) || closers(head).is_some_and(|c| !inner(from + 1..to, c)) && !kept()
            || head == "#" && is_spaced()
        {
            from += 1;
        } else if matches!(tail, "," | ";" | ":" | "(" | "[" | "{" | "-" | "–" | "—")
            || openers(tail).is_some_and(|o| !inner(from..to - 1, o))
        {
            to -= 1;
        } else {
            let (mut start, end) = (words.get(from)?.start, words.get(to - 1)?.end);
            // The model may leave out the first mark of "[Vladimir] Putin" and "'t Hooft".
            let before = (first + from)
                .checked_sub(1)
                .and_then(|at| document.words.get(at));
            if let Some(mark) = before.filter(|mark| mark.end == start) {
                let mark_text = mark.surface(text);
                let opens = matches!(mark_text, "[" | "(") && !inner(from..to, &[mark_text]);
                let closes = opens && closers(mark_text).is_some_and(|c| inner(from..to, c));
                if closes || begins_name(text, start) {
                    start = mark.start;
                }
            }
            // An emoji alone is no name.
            let named = text.get(start..end)?.contains(char::is_alphanumeric);
            return named.then_some((start, end));
        }
    }
    None
}

/// Whether an apostrophe and the word after it, at byte `at`, open a name: "'s-Hertogenbosch",
/// "'t Hooft", "'Abd al-Rahman".
fn begins_name(text: &str, at: usize) -> bool {
    let (before, word) = text.split_at_checked(at).unwrap_or_default();
    let Some(before) = before.strip_suffix(['\'', '’', '‘']) else {
        return false;
    };
    let opens = ["s-", "t ", "Abd ", "Abd-"]
        .iter()
        .any(|opening| word.starts_with(opening));
    opens && !before.ends_with(char::is_alphanumeric)
}

fn closers(mark: &str) -> Option<&'static [&'static str]> {
    Some(match mark {
        "(" => &[")"],
        "[" => &["]"],
        "{" => &["}"],
        "\"" => &["\""],
        "'" => &["'"],
        "“" | "„" => &["”", "“"],
        "‘" => &["’"],
        "«" => &["»"],
        _ => return None,
    })
}

fn openers(mark: &str) -> Option<&'static [&'static str]> {
    Some(match mark {
        ")" => &["("],
        "]" => &["["],
        "}" => &["{"],
        "\"" => &["\""],
        "”" => &["“", "„"],
        "»" => &["«"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
