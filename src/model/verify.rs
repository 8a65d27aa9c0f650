//! Checks that a model is complete and does what its files say.

use ndarray::Array2;
use newshound_encoder::{Options, Pack, Precision};
use serde::Serialize;

use super::files::{Files, Wrong};
use super::{About, Model, Source};
use crate::backend::{Engine, Setup};
use crate::digest::sha256;
use crate::{Error, Result};

/// Words that every vocabulary can spell.
const PROBE: &str = "NATO Secretary General Mark Rutte spoke in Kyiv on 3 May.";

/// Characters that a vocabulary may lack; every text has to get subwords.
const UNKNOWN: &str = "\u{1f980} \u{e000}";

/// Backends may differ by this much in a logit: rounding, and rust-bert's own layer norms.
const BETWEEN_BACKENDS: f32 = 1e-2;

/// A check that a model has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was checked: `digest`, `weights`, `tokenizer`, `pass`, `early exit` or `backends`.
    pub name: &'static str,
    /// What was found.
    pub found: String,
}

impl Model {
    /// Reads all of a model and runs it. Checks that its digest is `sha256` if one is given, that every
    /// parameter is a number, that every subword has a row of the weights, and that a sentence gets the
    /// same logits, all numbers, alone and beside others, with early exit too. With another engine than
    /// our own the logits of both are compared.
    ///
    /// # Errors
    /// [`Error::Model`] with the first thing that is wrong; otherwise as
    /// [`load`](Self::load).
    pub fn verify(
        source: &Source,
        sha256: Option<&str>,
        setup: impl Into<Setup>,
    ) -> Result<Vec<Check>> {
        let setup = setup.into();
        setup.check()?;
        let files = Files::find(source)?;
        let wrong = |wrong| source.error(wrong);
        let about = About::of(&files).map_err(wrong)?;
        let mut checks = vec![
            digest(&files, sha256).map_err(wrong)?,
            weights(&files, &about).map_err(wrong)?,
        ];
        let model = Self::from_files(files, setup)?;
        checks.push(model.check_tokenizer(&about).map_err(wrong)?);
        checks.push(model.check_pass(source, "pass")?);
        if about.early_exit {
            let early = Options::default().early_exit(true);
            let early = Self::from_files(Files::find(source)?, early.into())?;
            if !early.backend.early_exit() {
                let message = "the weights have exits, but no tensor `exits.logits`; fetch \
                               exits.safetensors again, or remove it";
                return Err(wrong(Wrong::new("")(message.to_owned())));
            }
            checks.push(early.check_pass(source, "early exit")?);
        }
        if setup.engine != Engine::Native {
            let exact = Options::default().precision(Precision::F32);
            let ours = Self::from_files(Files::find(source)?, exact.into())?;
            checks.push(model.check_against(&ours, source)?);
        }
        Ok(checks)
    }

    fn check_tokenizer(&self, about: &About) -> Result<Check, Wrong> {
        let subwords = self.subwords.vocabulary();
        if subwords > about.vocabulary {
            return Err(Wrong::new("")(format!(
                "the tokenizer has ids up to {}, the weights have {} rows; they belong to \
                 different models",
                subwords.saturating_sub(1),
                about.vocabulary
            )));
        }
        if let Err(Error::Tokenizer(reason)) = self.subwords.tokenize(UNKNOWN) {
            return Err(Wrong::new("")(format!(
                "has a tokenizer that fails on characters that it does not know: {reason}"
            )));
        }
        Ok(Check {
            name: "tokenizer",
            found: format!("{subwords} subwords, all with a row of the weights"),
        })
    }

    /// The probe in a pack, so many times over.
    fn probe(&self, times: usize) -> Result<Pack> {
        let document = self.subwords.tokenize(PROBE)?;
        let (prefix, suffix) = (self.subwords.prefix(), self.subwords.suffix());
        let room = self.room()?;
        let mut pack = Pack::default();
        for time in 0..times {
            // Of different lengths, so that backends that pad have to.
            let length = room.min(document.ids.len()) / (time + 1);
            let ids = document.ids.get(..length.max(1));
            pack.push(&[prefix, ids.unwrap_or_default(), suffix]);
        }
        Ok(pack)
    }

    fn probe_logits(&self, times: usize) -> Result<Array2<f32>> {
        self.backend.logits(self.probe(times)?.packed()?)
    }

    fn check_pass(&self, source: &Source, name: &'static str) -> Result<Check> {
        let (alone, beside) = (self.probe_logits(1)?, self.probe_logits(3)?);
        if alone.iter().chain(&beside).any(|logit| !logit.is_finite()) {
            return Err(Error::NotFinite);
        }
        let apart = difference(&alone, &beside);
        if apart.is_nan() || apart > 1e-3 {
            let message = format!("gives a sentence other logits beside others: by {apart}");
            return Err(source.error(Wrong::new("")(message)));
        }
        Ok(Check {
            name,
            found: format!("{} tokens, all logits are numbers", alone.nrows()),
        })
    }

    fn check_against(&self, ours: &Self, source: &Source) -> Result<Check> {
        let apart = difference(&self.probe_logits(3)?, &ours.probe_logits(3)?);
        if apart.is_nan() || apart > BETWEEN_BACKENDS {
            let message =
                format!("gives other logits with this backend than with ours: by {apart}");
            return Err(source.error(Wrong::new("")(message)));
        }
        Ok(Check {
            name: "backends",
            found: format!("logits differ from the native backend's by at most {apart:.1e}"),
        })
    }
}

/// The largest difference over the rows both have; NaN where one is.
fn difference(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |most: f32, d| match d <= most || most.is_nan() {
        true => most,
        false => d,
    })
}

fn digest(files: &Files, wanted: Option<&str>) -> Result<Check, Wrong> {
    let wrong = Wrong::new("");
    let held = sha256(&files.weights);
    let found = &files.digest;
    // The digests of a model inside were taken when it was embedded.
    for (found, expected) in [(&held, Some(files.held.as_str())), (found, wanted)] {
        if let Some(expected) = expected.filter(|digest| !digest.eq_ignore_ascii_case(found)) {
            return Err(wrong(format!(
                "the weights have SHA-256 {found}, not {expected}; they are damaged or another \
                 model's"
            )));
        }
    }
    let as_wanted = if wanted.is_some() { ", as wanted" } else { "" };
    Ok(Check {
        name: "digest",
        found: format!("sha256 {found}{as_wanted}"),
    })
}

fn weights(files: &Files, about: &About) -> Result<Check, Wrong> {
    let (tensors, shape) = (files.tensors()?, files.shape()?);
    let mut count = 0;
    for name in tensors.names() {
        if shape.block(name).is_some_and(|block| block >= shape.layers) {
            return Err(Wrong::new("")(format!(
                "the weights have the tensor `{name}`, but config.json has {} layers; they \
                 belong to different models",
                shape.layers
            )));
        }
        let tensor = tensors
            .get(name)
            .map_err(|e| Wrong::new("")(e.to_string()))?;
        if let Some(at) = tensor.values.iter().position(|value| !value.is_finite()) {
            return Err(Wrong::new("")(format!(
                "the weights have {} at element {at} of tensor `{name}`; they are damaged, fetch \
                 them again",
                tensor.values.get(at).copied().unwrap_or(f32::NAN)
            )));
        }
        count += 1;
    }
    Ok(Check {
        name: "weights",
        found: format!("{count} tensors of {} numbers", about.parameters),
    })
}

#[cfg(all(test, feature = "embedded-model"))]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_in_the_model_inside_is_found() {
        let mut files = Files::find(&Source::default()).unwrap_or_else(|error| panic!("{error}"));
        assert!(digest(&files, Some(&files.digest)).is_ok());
        assert!(digest(&files, Some(&files.held)).is_err());
        if let Some(byte) = files.weights.to_mut().last_mut() {
            *byte ^= 1;
        }
        let wrong = digest(&files, None).err().unwrap();
        assert!(wrong.message.contains(&files.held), "{}", wrong.message);
    }
}
