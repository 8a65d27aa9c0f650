//! Recognises texts about the domestic politics of the United States: they name its parties or offices
//! without their country, and nothing from abroad.

use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind};
use crate::document::is_person;
use crate::names::Name;

/// The country of the parties, folded.
const COUNTRY: &str = "united states";
/// Names of parties, folded.
const PARTIES: [&str; 5] = ["democrat", "democrats", "gop", "republican", "republicans"];
/// An office of its states, as its newspapers write it.
const OFFICE: &str = "Gov. ";

/// Words of texts about other countries: no region has any of these.
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
/// Names of what is abroad for every country, folded.
const BODIES: [&str; 6] = [
    "eu",
    "european union",
    "kremlin",
    "nato",
    "un",
    "united nations",
];

/// The country whose domestic politics a text is about.
pub(super) fn country(gazetteer: &Gazetteer<'_>, text: &str, names: &[Name]) -> Option<Id> {
    let names = names.iter().filter(|name| !is_person(&name.label));
    let names: Vec<String> = names.map(|name| fold(&name.name)).collect();
    let has = |known: &[&str]| names.iter().any(|name| known.contains(&&**name));
    if !has(&PARTIES) && !text.contains(OFFICE) {
        return None;
    }
    let country = gazetteer.named(COUNTRY).main().next()?;
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
    let kind = |id| gazetteer.record(id).map(|place| place.kind);
    let country = |id| id != home && kind(id) == Some(Kind::Country);
    let region = |id| kind(id) == Some(Kind::Region);
    let other = hits.main().any(country) && !places.any(region);
    other || gazetteer.people(name).is_some_and(|people| people != home)
}
