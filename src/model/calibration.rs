//! The calibration of a model's scores: `newshound` in `config.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Labels;

/// How logits become scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What logits are divided by before they become probabilities (Guo and others 2017):
    /// `newshound.temperature`, 1 where there is none.
    pub temperature: f32,
    /// By label, the factor on the model's probability that a name starts:
    /// `newshound.label_weights`; 1 where a label is missing.
    pub label_weights: BTreeMap<String, f64>,
    /// What the log-odds of a span's probability are multiplied by to become those of its score
    /// (Platt 1999): `newshound.score_slope`, 1 where there is none.
    pub score_slope: f64,
    /// By label, what is then added to the log-odds: `newshound.score_biases`; 0 where a label is missing.
    pub score_biases: BTreeMap<String, f64>,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            label_weights: BTreeMap::new(),
            score_slope: 1.0,
            score_biases: BTreeMap::new(),
        }
    }
}

impl Calibration {
    /// Reads it from `config.json`.
    pub(super) fn read(config: &Value, labels: &Labels) -> Result<Self, String> {
        let mut found = Self::default();
        if let Some(own) = config.get("newshound").filter(|own| !own.is_object()) {
            return Err(format!("newshound is {own}; it must be an object"));
        }
        if let Some(value) = config.pointer("/newshound/temperature") {
            found.temperature = positive("temperature", value)? as f32;
        }
        if let Some(value) = config.pointer("/newshound/score_slope") {
            found.score_slope = positive("score_slope", value)?;
        }
        found.label_weights = by_label(config, labels, "label_weights", positive)?;
        found.score_biases = by_label(config, labels, "score_biases", finite)?;
        Ok(found)
    }

    /// The weight of a label.
    #[must_use]
    pub fn weight(&self, label: &str) -> f64 {
        self.label_weights.get(label).copied().unwrap_or(1.0)
    }

    /// The score of a span of this label and probability.
    #[must_use]
    pub fn score(&self, label: &str, probability: f64) -> f64 {
        let bias = self.score_biases.get(label).copied().unwrap_or(0.0);
        if self.score_slope == 1.0 && bias == 0.0 {
            return probability;
        }
        let odds = probability / (1.0 - probability);
        1.0 / (1.0 + (-bias).exp() * odds.powf(-self.score_slope))
    }
}

/// The numbers by label under `newshound.{name}`; none where it is missing.
fn by_label(
    config: &Value,
    labels: &Labels,
    name: &str,
    number: impl Fn(&str, &Value) -> Result<f64, String>,
) -> Result<BTreeMap<String, f64>, String> {
    let Some(numbers) = config.get("newshound").and_then(|own| own.get(name)) else {
        return Ok(BTreeMap::new());
    };
    let of_label = |(label, value): (&String, &Value)| {
        if !labels.labels().iter().any(|known| **known == **label) {
            let known = labels.labels().join(", ");
            return Err(format!(
                "newshound.{name} has {label:?}; the model's labels are {known}"
            ));
        }
        Ok((label.clone(), number(&format!("{name}.{label}"), value)?))
    };
    let numbers = numbers
        .as_object()
        .ok_or_else(|| format!("newshound.{name} is {numbers}; it must give labels numbers"))?;
    numbers.iter().map(of_label).collect()
}

fn finite(name: &str, value: &Value) -> Result<f64, String> {
    let number = value.as_f64().filter(|x| x.abs() <= 100.0);
    number.ok_or_else(|| format!("newshound.{name} is {value}; it must be from -100 to 100"))
}

fn positive(name: &str, value: &Value) -> Result<f64, String> {
    let fits = |x: &f64| (*x as f32).is_finite() && (*x as f32) > 0.0;
    value
        .as_f64()
        .filter(fits)
        .ok_or_else(|| format!("newshound.{name} is {value}; it must be a number above 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(calibration: &str) -> Result<Calibration, String> {
        let names = ["O", "B-ORG", "I-ORG"].map(str::to_owned);
        let config = format!("{{\"newshound\": {calibration}}}");
        Calibration::read(
            &serde_json::from_str(&config).unwrap(),
            &Labels::new(&names).unwrap(),
        )
    }

    #[test]
    fn factors_that_a_model_does_not_give_are_1() {
        let plain = read("{}").unwrap();
        assert_eq!((plain.temperature, plain.weight("ORG")), (1.0, 1.0));
        assert_eq!(plain.score("ORG", 0.7), 0.7);
        let found = read(r#"{"temperature": 1.5, "label_weights": {"ORG": 0.5}}"#).unwrap();
        assert_eq!((found.temperature, found.weight("ORG")), (1.5, 0.5));
    }

    #[test]
    fn slope_and_bias_move_scores_but_not_0_and_1() {
        let bent = read(r#"{"score_slope": 0.5, "score_biases": {"ORG": -0.25}}"#).unwrap();
        for (probability, score) in [(0.0, 0.0), (0.5, 0.437_823_5), (0.9, 0.700_276), (1.0, 1.0)] {
            let found = bent.score("ORG", probability);
            assert!((found - score).abs() < 1e-6, "{found}");
        }
        assert_eq!(bent.score("PER", 0.5), 0.5);
    }

    #[test]
    fn values_that_make_no_sense_are_named() {
        for (calibration, named) in [
            ("3", "newshound is 3"),
            (r#"{"temperature": 0}"#, "newshound.temperature is 0"),
            (r#"{"temperature": "1"}"#, "newshound.temperature is \"1\""),
            (r#"{"label_weights": 2}"#, "newshound.label_weights is 2"),
            (
                r#"{"label_weights": {"GPE": 1}}"#,
                "the model's labels are ORG",
            ),
            (
                r#"{"label_weights": {"ORG": -1}}"#,
                "newshound.label_weights.ORG is -1",
            ),
            (r#"{"score_slope": -1}"#, "newshound.score_slope is -1"),
            (
                r#"{"score_biases": {"ORG": 1e9}}"#,
                "newshound.score_biases.ORG is 1",
            ),
        ] {
            let message = read(calibration).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }
}
