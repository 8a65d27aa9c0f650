//! New names for labels: `GPE=LOC`, `NORP=MISC`, `DATE=`.

use std::collections::BTreeMap;

use super::Error;

/// A map of labels. Labels that it does not name stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relabel {
    map: BTreeMap<String, String>,
}

impl Relabel {
    /// Reads `FROM=TO` pairs; `FROM=` drops the names of that label. White space around
    /// labels is not part of them.
    ///
    /// # Errors
    /// [`Error::Relabel`] for a pair without exactly one `=`, without a `FROM`, or with
    /// the `FROM` of an earlier pair.
    pub fn parse<'p>(pairs: impl IntoIterator<Item = &'p str>) -> Result<Self, Error> {
        let mut map = BTreeMap::new();
        for pair in pairs {
            let wrong = |problem| Error::Relabel {
                pair: pair.to_owned(),
                problem,
            };
            let (from, to) = pair.split_once('=').ok_or_else(|| wrong("has no ="))?;
            let (from, to) = (from.trim(), to.trim());
            if to.contains('=') {
                return Err(wrong("has more than one ="));
            }
            if from.is_empty() {
                return Err(wrong("names no label before the ="));
            }
            if map.insert(from.to_owned(), to.to_owned()).is_some() {
                return Err(wrong("renames a label that another pair renames already"));
            }
        }
        Ok(Self { map })
    }

    /// What a label becomes; `None` when its names are dropped. Applied once: with
    /// `A=B` and `B=C`, `A` becomes `B`.
    #[must_use]
    pub fn apply<'a>(&'a self, label: &'a str) -> Option<&'a str> {
        let to = self.map.get(label).map_or(label, String::as_str);
        (!to.is_empty()).then_some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_labels_change_once_or_go_and_others_stay() {
        let map = Relabel::parse(["GPE=LOC", " LOC = PLACE ", "DATE="]).unwrap();
        assert_eq!(map.apply("GPE"), Some("LOC"));
        assert_eq!(map.apply("LOC"), Some("PLACE"));
        assert_eq!(map.apply("DATE"), None);
        assert_eq!(map.apply("gpe"), Some("gpe"));
        assert_eq!(Relabel::default().apply("PER"), Some("PER"));
    }

    #[test]
    fn a_pair_that_makes_no_sense_is_named_with_the_way_out() {
        let error = |pairs: &[&str]| {
            Relabel::parse(pairs.iter().copied())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(&["GPE"]),
            "\"GPE\" has no =; write FROM=TO, as in GPE=LOC, or FROM= to drop a label"
        );
        assert!(error(&["A=B=C"]).starts_with("\"A=B=C\" has more than one =;"));
        assert!(error(&[" =LOC"]).starts_with("\" =LOC\" names no label before the =;"));
        assert!(error(&[""]).starts_with("\"\" has no =;"));
        assert!(error(&["A=B", "A=C"]).starts_with("\"A=C\" renames a label that another pair"));
    }
}
