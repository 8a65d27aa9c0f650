//! Links of places against gold ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::scores::percent;
use super::{Error, Gold, Relabel};
use crate::{Document, OffsetUnit, place};

/// Mentions of places with the entry in GeoNames that each means, by article.
///
/// Read from tab-separated columns `article`, `start`, `end`, `geonames`, under a line that
/// names them; `-` as `geonames` is a place that GeoNames does not have, or no single one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoldPlaces {
    articles: BTreeMap<String, Vec<GoldPlace>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct GoldPlace {
    line: usize,
    start: usize,
    end: usize,
    geonames: Option<u32>,
}

/// Counts of right and wrong links; a wrong one is worse than none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlaceScores {
    /// Gold mentions.
    pub gold: u64,
    /// Those with the right link, or rightly with none.
    pub right: u64,
    /// Those with a link where another or none is right.
    pub wrong: u64,
}

impl GoldPlaces {
    /// Reads a file of gold mentions.
    ///
    /// # Errors
    /// [`Error::Gold`] for a line that is no mention.
    pub fn read(tsv: &str) -> Result<Self, Error> {
        const HEADER: &str = "article\tstart\tend\tgeonames";
        let mut gold = Self::default();
        for (row, line) in tsv.lines().zip(1..) {
            let wrong = |message: &str| Error::Gold {
                line,
                message: message.to_owned(),
            };
            if line == 1 {
                if row != HEADER {
                    let wanted =
                        "the first line must be article, start, end, geonames, separated by tabs";
                    return Err(wrong(wanted));
                }
                continue;
            }
            let cells: Vec<&str> = row.split('\t').collect();
            let [article, start, end, geonames] = cells[..] else {
                return Err(wrong("found no four columns, separated by tabs"));
            };
            let number = |cell: &str| {
                let number = cell.parse();
                number.map_err(|_| wrong(&format!("{cell:?} is no offset")))
            };
            let geonames = match geonames {
                "-" => None,
                id => match id.parse() {
                    Ok(id) => Some(id),
                    Err(_) => return Err(wrong(&format!("{id:?} is no id of GeoNames, nor -"))),
                },
            };
            let place = GoldPlace {
                line,
                start: number(start)?,
                end: number(end)?,
                geonames,
            };
            gold.articles
                .entry(article.to_owned())
                .or_default()
                .push(place);
        }
        if gold.articles.is_empty() {
            return Err(Error::Gold {
                line: tsv.lines().count().max(1),
                message:
                    "there is no place to score; below the line article, start, end, geonames \
                          a line for each mention is wanted"
                        .to_owned(),
            });
        }
        Ok(gold)
    }

    /// Whether it has mentions in an article.
    #[must_use]
    pub fn has(&self, article: &str) -> bool {
        self.articles.contains_key(article)
    }

    /// Checks that `ids` hold all articles.
    ///
    /// # Errors
    /// [`Error::Gold`] with the line of the first mention in such an article.
    pub fn covered_by(&self, ids: &BTreeSet<String>) -> Result<(), Error> {
        let missing = self.articles.iter().find(|(id, _)| !ids.contains(*id));
        let Some((id, places)) = missing else {
            return Ok(());
        };
        Err(Error::Gold {
            line: places.first().map_or(0, |place| place.line),
            message: format!("there is no article {id} among those that were read"),
        })
    }

    /// Scores the links of an article's gold mentions. Offsets of the gold mentions count
    /// `unit`; a mention that the document has no span for has no link.
    ///
    /// # Errors
    /// [`Error::Gold`] for a mention that is no part of the text.
    pub fn score(
        &self,
        article: &str,
        document: &Document,
        unit: OffsetUnit,
    ) -> Result<PlaceScores, Error> {
        let mut scores = PlaceScores::default();
        for place in self.articles.get(article).into_iter().flatten() {
            let byte = |at| crate::OffsetCursor::new(&document.text, unit).byte(at);
            let (Some(start), Some(end)) = (byte(place.start), byte(place.end)) else {
                return Err(Error::Gold {
                    line: place.line,
                    message: format!(
                        "{}..{}, read as {unit}, is no part of the article; --offsets tells what \
                         offsets count",
                        place.start, place.end
                    ),
                });
            };
            let mut spans = document.spans.iter();
            let span = spans.find(|span| (span.start, span.end) == (start, end));
            let name = span.and_then(|span| document.names.get(span.name?));
            let found = name.and_then(|name| Some(name.place.as_ref()?.geonames));
            scores.gold += 1;
            scores.right += u64::from(found == place.geonames);
            scores.wrong += u64::from(found.is_some() && found != place.geonames);
        }
        Ok(scores)
    }
}

/// A document with gold spans in the place of tagged ones, and with linked names.
#[must_use]
pub fn from_gold(gold: &Gold, labels: &Relabel) -> Document {
    let mut document = gold.document(labels);
    let Document {
        text, spans, names, ..
    } = &mut document;
    place::set_apart(text, spans, names);
    place::link(text, spans, names);
    document
}

impl PlaceScores {
    /// Adds those of another article.
    pub fn add(&mut self, other: &Self) {
        self.gold += other.gold;
        self.right += other.right;
        self.wrong += other.wrong;
    }

    /// Mentions with the right link, or rightly none, in percent.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        percent(self.right, self.gold)
    }

    /// Mentions with a wrong link, in percent.
    #[must_use]
    pub fn wrong_rate(&self) -> f64 {
        percent(self.wrong, self.gold)
    }

    /// Mentions without the link they should have, in percent.
    #[must_use]
    pub fn missed_rate(&self) -> f64 {
        percent(self.gold - self.right - self.wrong, self.gold)
    }

    /// Writes a line for each set of spans, under a header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(rows: &[(&str, Self)], out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "places on        accuracy    wrong   missed    right     gold"
        )?;
        for (name, scores) in rows {
            writeln!(
                out,
                "{name:15}  {:8.2}  {:7.2}  {:7.2}  {:7}  {:7}",
                scores.accuracy(),
                scores.wrong_rate(),
                scores.missed_rate(),
                scores.right,
                scores.gold
            )?;
        }
        Ok(())
    }
}

impl Serialize for PlaceScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PlaceScores", 6)?;
        fields.serialize_field("gold", &self.gold)?;
        fields.serialize_field("right", &self.right)?;
        fields.serialize_field("wrong", &self.wrong)?;
        fields.serialize_field("accuracy", &self.accuracy())?;
        fields.serialize_field("wrong_rate", &self.wrong_rate())?;
        fields.serialize_field("missed_rate", &self.missed_rate())?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::gold;

    const ROW: &str = r#"{"id":"a","text":"Żory and Kyiv, Ukraine; Rome","entities":[{"start":9,"end":13,"label":"GPE"},{"start":15,"end":22,"label":"GPE"}]}"#;

    fn scored(rows: &str) -> Result<PlaceScores, Error> {
        let places = GoldPlaces::read(&format!("article\tstart\tend\tgeonames\n{rows}"))?;
        let labels = Relabel::parse(["GPE=LOC"])?;
        let document = from_gold(&gold(ROW, OffsetUnit::Char)?[0], &labels);
        places.score("a", &document, OffsetUnit::Char)
    }

    #[test]
    fn right_wrong_and_missing_links_are_told_apart() {
        let rows = "a\t9\t13\t703448\na\t15\t22\t-\na\t24\t28\t3169070\na\t0\t4\t-\nb\t0\t1\t-\n";
        let scores = scored(rows).unwrap();
        assert_eq!((scores.gold, scores.right, scores.wrong), (4, 2, 1));
        assert_eq!(
            (scores.accuracy(), scores.wrong_rate(), scores.missed_rate()),
            (50.0, 25.0, 25.0)
        );
    }

    #[test]
    fn bad_lines_are_named() {
        for (rows, wanted) in [
            ("a\t1\t2\n", "line 2: found no four columns"),
            ("a\t9\t13\t-\na\tx\t2\t-\n", "line 3: \"x\" is no offset"),
            ("a\t1\t2\tKyiv\n", "line 2: \"Kyiv\" is no id"),
            ("a\t90\t99\t-\n", "line 2: 90..99, read as char, is no part"),
        ] {
            let failed = scored(rows).unwrap_err().to_string();
            assert!(failed.starts_with(wanted), "{failed}");
        }
        for list in ["a\t1\t2\t-\n", "", "article\tstart\tend\tgeonames\n"] {
            assert!(GoldPlaces::read(list).is_err(), "{list:?}");
        }
        let places = GoldPlaces::read("article\tstart\tend\tgeonames\nb\t0\t1\t-\n").unwrap();
        let ids = BTreeSet::from(["a".to_owned()]);
        let failed = places.covered_by(&ids).unwrap_err().to_string();
        assert!(
            failed.starts_with("line 2: there is no article b"),
            "{failed}"
        );
    }
}
