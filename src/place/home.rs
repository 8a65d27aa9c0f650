//! Parties and seats of government that are named without their country where its own politics are
//! told: a text that has them is of that country.

use super::fold::fold;
use super::gazetteer::{Gazetteer, Id};

/// Names, folded, by country.
const HOME: [(&str, &[&str]); 1] = [(
    "united states",
    &[
        "capitol hill",
        "democrat",
        "democratic",
        "democratic party",
        "democrats",
        "fbi",
        "gop",
        "republican",
        "republican party",
        "republicans",
        "white house",
    ],
)];

/// The country whose politics a name is of.
pub(super) fn country(gazetteer: &Gazetteer<'_>, name: &str) -> Option<Id> {
    let name = fold(name);
    let (country, _) = HOME.iter().find(|(_, names)| names.contains(&&*name))?;
    gazetteer.named(country).main().next()
}
