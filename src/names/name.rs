//! The names of a document: one entry for each person, organisation and place.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fields::{score, shared};

/// A name of a document: the mentions that mean the same person, organisation or place. It is
/// serialised as in JSONL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Name {
    /// Its index in [`Document::names`](crate::Document::names).
    pub id: usize,
    /// The label of its mentions.
    #[serde(with = "shared")]
    pub label: Arc<str>,
    /// Its fullest form in the document: white space as single blanks, no possessive, not in capitals
    /// where there is another form.
    pub name: String,
    /// How many spans of the document mention it.
    pub mentions: usize,
    /// The place it is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The country that a people or adjective ("Ukrainian") belongs to: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Its id in a list of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A place of GeoNames (<https://www.geonames.org>). It is serialised as in JSONL, without its
/// population and with four decimals of its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its id there.
    pub geonames: u32,
    /// Its name there.
    pub name: String,
    /// The country it lies in: ISO 3166-1 alpha-2; empty where it lies in none.
    #[serde(default)]
    pub country: String,
    /// The state, province or region it lies in, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin1: Option<String>,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Inhabitants; 0 where that is not known.
    #[serde(skip)]
    pub population: u64,
    /// The probability, 0 to 1, that this place is meant.
    #[serde(serialize_with = "score")]
    pub score: f32,
}
