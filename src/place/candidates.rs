//! A name to the places that it may mean, each with its prior.

use std::collections::BTreeSet;

use super::codes;
use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind, Record};
use super::table::Hits;

/// A place that a name may mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) id: Id,
    pub(super) record: Record<'static>,
    /// Its weight before the rest of the document is read, in inhabitants of a town.
    pub(super) prior: f64,
}

/// The factor on the weight of a place that lies where the text says.
pub(super) const LIES_THERE: f64 = 300.0;

/// Words before or after a name that say it is a region's.
const REGION_WORDS: [&str; 14] = [
    "state",
    "province",
    "region",
    "oblast",
    "governorate",
    "prefecture",
    "department",
    "territory",
    "krai",
    "kray",
    "canton",
    "emirate",
    "republic",
    "commonwealth",
];
/// The same for towns.
const TOWN_WORDS: [&str; 4] = ["city", "town", "village", "municipality"];

/// Names that mean another place in the news than in the gazetteer, folded.
const MEANT: [(&str, &str); 1] = [("gaza", "gaza strip")];

/// Words of regions' names that mean another region in each text: "the North-East".
const COMPASS: [&str; 4] = ["north", "east", "south", "west"];

/// Points of the compass by the letter that stands for each before a name.
const POINTS: [(char, &str); 4] = [('N', "North"), ('E', "East"), ('S', "South"), ('W', "West")];

/// Arabic articles before the names of places.
const ARTICLES: [&str; 2] = ["el ", "al "];

/// Last words of names of buildings, parks and waters; few towns have them.
const SITE_WORDS: [&str; 33] = [
    "airport",
    "avenue",
    "base",
    "bay",
    "beach",
    "bridge",
    "castle",
    "cathedral",
    "center",
    "centre",
    "church",
    "hall",
    "hospital",
    "hotel",
    "house",
    "island",
    "lake",
    "mall",
    "mosque",
    "mountain",
    "museum",
    "palace",
    "park",
    "prison",
    "river",
    "road",
    "school",
    "square",
    "stadium",
    "station",
    "street",
    "tower",
    "zoo",
];

/// The kinds of places to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Any,
    Regions,
    Towns,
}

impl Only {
    fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Regions => kind == Kind::Region,
            Self::Towns => matches!(kind, Kind::Capital | Kind::Town),
        }
    }
}

/// Whether a word after a name says that it is a region ("Washington state").
pub(super) fn says_region(word: &str) -> bool {
    REGION_WORDS.contains(&word)
}

impl Candidate {
    /// Whether it lies in a country or region.
    pub(super) fn lies_in(&self, whole: &Self) -> bool {
        match whole.record.kind {
            Kind::Country => self.record.country == whole.id && self.id != whole.id,
            Kind::Region => self.record.region == Some(whole.id),
            _ => false,
        }
    }

    /// Whether other places can lie in it.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.record.kind, Kind::Country | Kind::Region)
    }

    /// A place, with the `share` of its prominence that the name has: 1 for its main name. A country is
    /// always in the news, a capital stands for its government, a quarter is seldom named alone.
    fn new(gazetteer: &Gazetteer<'static>, id: Id, share: f64) -> Option<Self> {
        let record = gazetteer.record(id)?;
        let people = record.population as f64;
        let prominence = match record.kind {
            Kind::Country => people * 10.0 + 1e6,
            Kind::Capital => people * 20.0 + 1e5,
            Kind::Region => people + people.clamp(1e5, 5e5),
            Kind::Town => people,
            Kind::Quarter => people * 0.1,
        };
        let share = match record.kind {
            Kind::Country => 1.0,
            _ => share,
        };
        let prior = prominence * share;
        Some(Self { id, record, prior })
    }
}

/// Whether the last word of a name says that it is a building, park or water.
pub(super) fn is_site(surface: &str) -> bool {
    let key = fold(surface);
    key.rsplit_once(' ')
        .is_some_and(|(_, word)| SITE_WORDS.contains(&word))
}

/// Places that `surface` may mean, in the gazetteer's order.
pub(super) fn candidates(gazetteer: &Gazetteer<'static>, surface: &str) -> Vec<Candidate> {
    let key = fold(surface);
    let short = take(gazetteer, gazetteer.short(&key), Only::Any);
    if surface.find('.') == Some(surface.len().saturating_sub(1)) && !short.is_empty() {
        return short; // "Ala." is not the town Ala in Italy.
    }
    let hits = gazetteer.named(&key);
    let mut found = take(gazetteer, hits, Only::Any);
    let turned = with_other_article(&key);
    let turned = turned.map(|key| take(gazetteer, gazetteer.named(&key), Only::Any));
    let turned = turned.unwrap_or_default();
    // Of what only also has the name, that which has it with either article: el-Geneina.
    let either = |place: &Candidate| turned.iter().any(|other| other.id == place.id);
    if hits.main().next().is_none() && found.iter().any(either) {
        found.retain(either);
    }
    if let Some((_, meant)) = MEANT.iter().find(|(name, _)| *name == key) {
        for place in &mut found {
            place.prior *= 0.02;
        }
        found.extend(take(gazetteer, gazetteer.named(meant), Only::Any));
    }
    if key.split(' ').all(|word| COMPASS.contains(&word)) {
        for place in &mut found {
            place.prior *= 0.1;
        }
    }
    if is_site(surface) {
        found.retain(|place| hits.main().any(|id| id == place.id));
        for place in found.iter_mut().filter(|place| !place.is_whole()) {
            place.prior *= 0.1;
        }
        return found;
    }
    if !found.is_empty() {
        // "Bogotá, D.C." means the town.
        return match surface.split_once(',') {
            Some((head, _)) if found.iter().all(Candidate::is_whole) => {
                lying_in(candidates(gazetteer, head), &found).unwrap_or(found)
            }
            _ => found,
        };
    }
    if let Some((head, tail)) = surface.split_once(',') {
        let wholes = wholes(gazetteer, tail);
        return lying_in(candidates(gazetteer, head), &wholes).unwrap_or_default();
    }
    for (rest, only) in [
        (without(&key, &TOWN_WORDS), Only::Towns),
        (without(&key, &REGION_WORDS), Only::Regions),
    ] {
        if let Some(rest) = rest {
            let found = take(gazetteer, gazetteer.named(rest), only);
            if !found.is_empty() {
                return found;
            }
        }
    }
    if is_short(surface) {
        return match codes::country(surface) {
            Some(name) if short.is_empty() => wholes(gazetteer, name),
            _ => short,
        };
    }
    if let Some(full) = in_full(gazetteer, surface) {
        return candidates(gazetteer, &full);
    }
    turned
}

/// A name with a point of the compass in full, where it is known so and not as it is: South Korea for
/// `S.Korea` and `S. Korea`.
pub(super) fn in_full(gazetteer: &Gazetteer<'static>, name: &str) -> Option<String> {
    let mut letters = name.chars();
    let first = letters.next()?;
    let (_, point) = POINTS.iter().find(|(letter, _)| *letter == first)?;
    let rest = letters.as_str();
    let own = rest.trim_start_matches('.').trim_start();
    if own.len() == rest.len() || !own.starts_with(char::is_uppercase) {
        return None;
    }
    let known = |name: &str| {
        let key = fold(name);
        let hits = gazetteer.named(&key);
        hits.main().chain(hits.other()).next().is_some() || gazetteer.people(&key).is_some()
    };
    let full = format!("{point} {own}");
    (!known(name) && known(&full)).then_some(full)
}

/// A folded name with the other article before it: `al fasher` for `el fasher`.
fn with_other_article(key: &str) -> Option<String> {
    let [one, other] = ARTICLES;
    let swap = |from, to: &str| Some(format!("{to}{}", key.strip_prefix(from)?));
    swap(one, other).or_else(|| swap(other, one))
}

/// The places that lie in one of `wholes`, if any do, weighted as the text says so.
fn lying_in(mut places: Vec<Candidate>, wholes: &[Candidate]) -> Option<Vec<Candidate>> {
    places.retain(|place| wholes.iter().any(|whole| place.lies_in(whole)));
    for place in &mut places {
        place.prior *= LIES_THERE;
    }
    (!places.is_empty()).then_some(places)
}

/// Countries and regions that a name after a comma may mean, short forms included.
pub(super) fn wholes(gazetteer: &Gazetteer<'static>, name: &str) -> Vec<Candidate> {
    let name = name.trim();
    let key = fold(name);
    let mut found = take(gazetteer, gazetteer.named(&key), Only::Any);
    if is_short(name) {
        found.extend(take(gazetteer, gazetteer.short(&key), Only::Regions));
    }
    found.retain(Candidate::is_whole);
    found
}

/// Whether a name is written like a short form: `Ala.`, `N.H.`, `TX`.
fn is_short(name: &str) -> bool {
    name.ends_with('.') || (name.len() <= 3 && name.chars().all(|c| c.is_ascii_uppercase()))
}

/// A folded name without one of `words` at its start or end, and without an "of" after that.
fn without<'k>(key: &'k str, words: &[&str]) -> Option<&'k str> {
    words.iter().find_map(|word| {
        let after = key.strip_suffix(word).and_then(|key| key.strip_suffix(' '));
        let before = key.strip_prefix(word);
        after.or_else(|| before.and_then(|key| key.strip_prefix(" of ")))
    })
}

/// The places found, of the kinds to take, with their priors.
fn take(gazetteer: &Gazetteer<'static>, hits: Hits<'static>, only: Only) -> Vec<Candidate> {
    // Other names than the main one are former names, nicknames and names in other languages.
    let also = if hits.main().next().is_some() {
        0.05
    } else {
        0.2
    };
    let main = hits.main().map(|id| (id, 1.0));
    let found = main.chain(hits.other().map(|id| (id, also)));
    let found = found.filter_map(|(id, share)| Candidate::new(gazetteer, id, share));
    let mut found: Vec<Candidate> = found.collect();
    // "GA" and "Ga" share a key, which may have the same place twice.
    let mut seen = BTreeSet::new();
    found.retain(|place| seen.insert(place.id));
    let all = found.clone();
    for place in &mut found {
        // "Singapore" means the country rather than the town, "Baghdad" the town rather than the region.
        let whole = all.iter().any(|whole| {
            whole.record.kind == Kind::Country && place.lies_in(whole) && !place.is_whole()
        });
        if whole {
            place.prior *= 0.02;
        }
        if place.record.namesake && all.iter().any(|town| town.lies_in(place)) {
            place.prior *= 0.1;
        }
    }
    found.retain(|place| only.takes(place.record.kind));
    found
}
