//! What makes a model's scores mean what they say: `newshound` in `config.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Labels;

/// How logits become scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What logits are divided by before they become probabilities (Guo and others 2017):
    /// `newshound.temperature`, 1 where there is none.
    pub temperature: f32,
    /// How many times as likely as the model has it a name of a label is: `newshound.label_weights`,
    /// 1 for labels that are not there.
    pub label_weights: BTreeMap<String, f64>,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            label_weights: BTreeMap::new(),
        }
    }
}

impl Calibration {
    /// Reads it from `config.json`.
    pub(super) fn read(config: &Value, labels: &Labels) -> Result<Self, String> {
        let mut found = Self::default();
        if let Some(value) = config.pointer("/newshound/temperature") {
            found.temperature = positive("temperature", value)? as f32;
        }
        let Some(weights) = config.pointer("/newshound/label_weights") else {
            return Ok(found);
        };
        let weights = weights.as_object().ok_or_else(|| {
            format!("newshound.label_weights is {weights}; it must give labels numbers")
        })?;
        for (label, value) in weights {
            if !labels.labels().iter().any(|known| **known == **label) {
                let known = labels.labels().join(", ");
                return Err(format!(
                    "newshound.label_weights has {label:?}; the model's labels are {known}"
                ));
            }
            let weight = positive(&format!("label_weights.{label}"), value)?;
            found.label_weights.insert(label.clone(), weight);
        }
        Ok(found)
    }

    /// The weight of a label.
    #[must_use]
    pub fn weight(&self, label: &str) -> f64 {
        self.label_weights.get(label).copied().unwrap_or(1.0)
    }
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
    fn what_a_model_does_not_say_is_one() {
        let plain = read("{}").unwrap();
        assert_eq!((plain.temperature, plain.weight("ORG")), (1.0, 1.0));
        let found = read(r#"{"temperature": 1.5, "label_weights": {"ORG": 0.5}}"#).unwrap();
        assert_eq!((found.temperature, found.weight("ORG")), (1.5, 0.5));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (calibration, named) in [
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
        ] {
            let message = read(calibration).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }
}
