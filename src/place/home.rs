//! Parties that are named without their country where its own politics are told: a text that has them,
//! and nothing from abroad, is of that country.

use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind};
use crate::names::Name;

/// Countries, and names of their parties, folded.
const PARTIES: [(&str, &[&str]); 1] = [(
    "united states",
    &["democrat", "democrats", "gop", "republican", "republicans"],
)];

/// What the parties of a country speak of where they speak of another: no region has any of it.
const ABROAD: [&str; 8] = [
    "ambassador",
    "embassy",
    "foreign minister",
    "foreign ministry",
    "parliament",
    "prime minister",
    "ruling party",
    "sanctions",
];
/// Names, folded, of what is abroad from anywhere.
const BODIES: [&str; 6] = [
    "eu",
    "european union",
    "kremlin",
    "nato",
    "un",
    "united nations",
];

/// The country whose own politics a text tells of.
pub(super) fn country(gazetteer: &Gazetteer<'_>, text: &str, names: &[Name]) -> Option<Id> {
    let names: Vec<String> = names.iter().map(|name| fold(&name.name)).collect();
    let has = |parties: &[&str]| names.iter().any(|name| parties.contains(&&**name));
    let (country, _) = PARTIES.iter().find(|(_, parties)| has(parties))?;
    let country = gazetteer.named(country).main().next()?;
    let lower = text.to_lowercase();
    let abroad = has(&BODIES)
        || ABROAD.iter().any(|word| lower.contains(word))
        || names.iter().any(|name| is_abroad(gazetteer, name, country));
    (!abroad).then_some(country)
}

/// Whether a name can only be another country or one of its people. "Georgia" may be a state.
fn is_abroad(gazetteer: &Gazetteer<'_>, name: &str, home: Id) -> bool {
    let hits = gazetteer.named(name);
    let mut places = hits.main().chain(hits.other());
    let region = |id| {
        gazetteer
            .record(id)
            .is_some_and(|place| place.kind == Kind::Region)
    };
    let country = |id| {
        gazetteer
            .record(id)
            .is_some_and(|place| place.kind == Kind::Country)
    };
    let other = hits.main().any(|id| id != home && country(id));
    other && !places.any(region) || gazetteer.people(name).is_some_and(|people| people != home)
}
