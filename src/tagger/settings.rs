//! The settings that a tagger's results depend on.

use std::collections::BTreeMap;

use newshound_encoder::Precision;

use super::Tagger;
use crate::Result;
use crate::backend::Engine;
use crate::lists::Lists;
use crate::topic::Learned;

impl Tagger {
    /// Each setting by the option of the program that sets it. Results do not depend on threads and
    /// instruction set, so these are left out.
    pub(crate) fn settings(&self) -> Result<BTreeMap<String, String>> {
        let setup = self.model.setup();
        let (backend, device) = match setup.engine {
            Engine::Native => (None, None),
            Engine::RustBert(device) => (Some("rust-bert".to_owned()), Some(device.to_string())),
        };
        let precision = Some(setup.options.precision).filter(|set| *set != Precision::Auto);
        let without_topics = self.model.topics().is_some() && !self.media_topics;
        let learned = self
            .learned
            .as_ref()
            .map(Learned::fingerprint)
            .transpose()?;
        let flag = |set: bool| set.then(String::new);
        let settings = [
            ("--min-score", Some(self.min_score.to_string())),
            ("--labels", self.labels.as_ref().map(|all| all.join(","))),
            ("--window", Some(self.window.to_string())),
            ("--precision", precision.map(|set| set.to_string())),
            ("--early-exit", flag(setup.options.early_exit)),
            ("--backend", backend),
            ("--device", device),
            ("--no-names", flag(!self.names)),
            ("--gazetteer", self.lists.as_deref().map(Lists::fingerprint)),
            ("--topics", self.selection.most.map(|most| most.to_string())),
            (
                "--min-topic-score",
                self.selection.min_score.map(|least| least.to_string()),
            ),
            ("--no-topics", flag(without_topics)),
            ("--topics-model", learned),
        ];
        let set = settings.into_iter();
        Ok(set
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect())
    }
}
