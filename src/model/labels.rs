//! A model's tags (`B-PER`, `I-PER`, `O`) and which may follow which.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Part, Tag};

/// How names are written as tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Every name starts with `B-`.
    Iob2,
    /// `I-` may start a name; `B-` only separates neighbours of one label.
    Iob1,
    /// `B- I- E-`, or `S-` for one word; also written `B- I- L- U-`.
    Bioes,
}

/// A model's tags in the order of its logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    scheme: Scheme,
    labels: Vec<Arc<str>>,
    /// For each tag its part, and the index of its label.
    tags: Vec<(Part, usize)>,
}

impl Labels {
    /// Reads `id2label` of a Hugging Face `config.json`: tag names by logit.
    ///
    /// # Errors
    /// A message that names the tag that is not understood, and what is.
    pub fn new(names: &[String]) -> Result<Self, String> {
        let mut labels: Vec<Arc<str>> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let mut tags = Vec::new();
        let mut parts: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
        for name in names {
            let Some(Tag { part, label }) = Tag::parse(name) else {
                return Err(format!(
                    "id2label has {name:?}; tags must be O or one of B- I- E- S- L- U- with a \
                     label, as in B-PER (is this a token-classification model for names?)"
                ));
            };
            if part == Part::Outside {
                tags.push((part, usize::MAX));
                continue;
            }
            let at = *known.entry(label).or_insert_with(|| {
                labels.push(Arc::from(label));
                labels.len() - 1
            });
            let parts = parts.entry(at).or_default();
            if parts.contains(&part) {
                return Err(format!("id2label has {name:?} twice"));
            }
            parts.push(part);
            tags.push((part, at));
        }
        let outside = tags.iter().filter(|t| t.0 == Part::Outside).count();
        if outside != 1 || labels.is_empty() {
            return Err(format!(
                "id2label has {outside} times O and {} labels; a tagger needs one O and at least one label",
                labels.len()
            ));
        }
        let ends = tags.iter().any(|t| matches!(t.0, Part::End | Part::Single));
        let scheme = if ends {
            Scheme::Bioes
        } else if parts.values().all(|p| p.contains(&Part::Begin)) {
            Scheme::Iob2
        } else {
            Scheme::Iob1
        };
        Ok(Self {
            scheme,
            labels,
            tags,
        })
    }

    /// Number of tags, which is the width of the logits.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tags.len()
    }

    /// The labels, in the order they first appear among the tags.
    #[must_use]
    pub fn labels(&self) -> &[Arc<str>] {
        &self.labels
    }

    /// How the model writes names as tags.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The label of a tag, or `None` for `O`.
    #[must_use]
    pub fn label(&self, tag: usize) -> Option<&Arc<str>> {
        self.labels.get(self.tags.get(tag)?.1)
    }

    /// Whether a name starts at a word with tag `to` after a word with tag `from`
    /// (`None`: the text starts).
    #[must_use]
    pub fn starts(&self, from: Option<usize>, to: usize) -> bool {
        match self.part(to) {
            Part::Outside => false,
            Part::Begin | Part::Single => true,
            Part::Inside | Part::End => !from.is_some_and(|from| self.continues(from, to)),
        }
    }

    /// Whether the word tagged `to` is in the same name as the one tagged `from` before it.
    #[must_use]
    pub fn continues(&self, from: usize, to: usize) -> bool {
        matches!(self.part(from), Part::Begin | Part::Inside)
            && matches!(self.part(to), Part::Inside | Part::End)
            && self.label(from) == self.label(to)
    }

    /// Whether tag `to` may follow tag `from`; `None` stands for the border of a paragraph.
    #[must_use]
    pub fn allowed(&self, from: Option<usize>, to: Option<usize>) -> bool {
        let open = |tag: usize| {
            self.scheme == Scheme::Bioes && matches!(self.part(tag), Part::Begin | Part::Inside)
        };
        match (from, to) {
            (from, Some(to)) if matches!(self.part(to), Part::Inside | Part::End) => {
                from.is_some_and(|from| self.continues(from, to))
                    || (self.scheme == Scheme::Iob1 && !from.is_some_and(open))
            }
            (Some(from), _) => !open(from),
            (None, _) => true,
        }
    }

    /// The part of a name that a tag marks.
    #[must_use]
    pub fn part(&self, tag: usize) -> Part {
        self.tags.get(tag).map_or(Part::Outside, |t| t.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Result<Labels, String> {
        Labels::new(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_inside_tag_follows_only_its_own_label_in_iob2() {
        let l = labels(&["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]).unwrap();
        assert_eq!(l.scheme(), Scheme::Iob2);
        assert!(l.allowed(Some(1), Some(2)) && l.allowed(Some(2), Some(2)));
        assert!(!l.allowed(Some(0), Some(2)) && !l.allowed(None, Some(2)));
        assert!(!l.allowed(Some(3), Some(2)) && l.allowed(Some(2), Some(3)));
        assert!(l.allowed(Some(1), None));
    }

    #[test]
    fn an_inside_tag_may_start_a_name_where_the_model_has_no_begin_tag() {
        let l = labels(&["O", "I-PER", "B-LOC", "I-LOC"]).unwrap();
        assert_eq!(l.scheme(), Scheme::Iob1);
        assert!(l.allowed(None, Some(1)) && l.allowed(Some(3), Some(1)));
        assert!(l.starts(Some(3), 1) && !l.starts(Some(1), 1) && l.starts(Some(3), 2));
    }

    #[test]
    fn an_open_name_must_be_closed_in_bioes() {
        let l = labels(&["O", "B-PER", "I-PER", "E-PER", "S-PER"]).unwrap();
        assert_eq!(l.scheme(), Scheme::Bioes);
        assert!(!l.allowed(Some(1), Some(0)) && !l.allowed(Some(1), None));
        assert!(l.allowed(Some(1), Some(3)) && l.allowed(Some(3), Some(4)));
        assert!(!l.allowed(Some(3), Some(2)) && !l.allowed(Some(4), Some(3)));
    }

    #[test]
    fn tags_of_other_schemes_are_refused_by_name() {
        assert!(
            labels(&["LABEL_0", "LABEL_1"])
                .unwrap_err()
                .contains("LABEL_0")
        );
        assert!(
            labels(&["B-PER", "I-PER"])
                .unwrap_err()
                .contains("0 times O")
        );
        assert!(
            labels(&["O", "B-PER", "B-PER"])
                .unwrap_err()
                .contains("twice")
        );
        assert!(labels(&["O"]).unwrap_err().contains("0 labels"));
    }
}
