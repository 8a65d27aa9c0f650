//! The gazetteer inside the binary: GeoNames, read in place.
//!
//! `data/places/build.py` makes it. All numbers are little-endian. After a line that names the format
//! come five sections, each after its length in bytes (`u32`):
//!
//! 1. records of 27 bytes, a place each: GeoNames id (`u32`), latitude and longitude (`i32`,
//!    100,000ths of a degree), population (`u32`), where its name starts in section 2 (`u32`),
//!    numbers of the records of its country and region (`u16` each, 65535 is none), kind (`u8`),
//!    country (two letters); countries come first, then regions, then towns by population
//! 2. names, each after its length in bytes (`u8`)
//! 3. a [`Table`] from folded names to places
//! 4. one from peoples and adjectives to countries
//! 5. one from short forms (`calif`, `tx`) to regions

use super::table::{Hits, Table};

static BYTES: &[u8] = include_bytes!("../../data/places/places.bin");

const FORMAT: &[u8] = b"newshound places 1\n";
const RECORD: usize = 27;
const NAMESAKE: u8 = 5;

/// A place's number in the gazetteer.
pub(super) type Id = u16;

/// The kind of a place, which decides its prominence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Country,
    /// First-level division of a country: state, province.
    Region,
    /// Seat of a country's government.
    Capital,
    Town,
    /// Part of a town.
    Quarter,
}

/// A stored place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'g> {
    pub(super) geonames: u32,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) population: u64,
    pub(super) name: &'g str,
    pub(super) country: Id,
    pub(super) region: Option<Id>,
    pub(super) kind: Kind,
    /// Whether it is a region whose largest town has its name.
    pub(super) namesake: bool,
    /// ISO 3166-1 alpha-2.
    pub(super) code: &'g str,
}

/// Names to places, over the stored bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gazetteer<'g> {
    records: &'g [u8],
    text: &'g [u8],
    names: Table<'g>,
    peoples: Table<'g>,
    short: Table<'g>,
}

impl Gazetteer<'static> {
    /// The gazetteer inside the binary.
    pub(super) fn embedded() -> Self {
        let mut rest = BYTES.strip_prefix(FORMAT).unwrap_or_default();
        let mut section = || {
            let (section, left) = split(rest).unwrap_or_default();
            rest = left;
            section
        };
        Self {
            records: section(),
            text: section(),
            names: Table::new(section()),
            peoples: Table::new(section()),
            short: Table::new(section()),
        }
    }
}

/// A section and the bytes after it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*size) as usize)
}

impl<'g> Gazetteer<'g> {
    /// Places of a folded name.
    pub(super) fn named(&self, folded: &str) -> Hits<'g> {
        self.names.get(folded)
    }

    /// The country of a people or adjective, folded.
    pub(super) fn people(&self, folded: &str) -> Option<Id> {
        self.peoples.get(folded).main().next()
    }

    /// Regions of a short form, folded.
    pub(super) fn short(&self, folded: &str) -> Hits<'g> {
        self.short.get(folded)
    }

    /// A place by its number.
    pub(super) fn record(&self, id: Id) -> Option<Record<'g>> {
        let start = usize::from(id) * RECORD;
        let mut bytes = Bytes(self.records.get(start..start + RECORD)?);
        let geonames = bytes.u32()?;
        let latitude = f64::from(bytes.u32()?.cast_signed()) / 1e5;
        let longitude = f64::from(bytes.u32()?.cast_signed()) / 1e5;
        let population = u64::from(bytes.u32()?);
        let (length, name) = self.text.get(bytes.u32()? as usize..)?.split_first()?;
        let name = std::str::from_utf8(name.get(..usize::from(*length))?).ok()?;
        let country = bytes.u16()?;
        let region = Some(bytes.u16()?).filter(|&id| id != Id::MAX);
        let (&number, code) = bytes.0.split_first()?;
        let kind = match number {
            0 => Kind::Country,
            1 | NAMESAKE => Kind::Region,
            2 => Kind::Capital,
            3 => Kind::Town,
            _ => Kind::Quarter,
        };
        Some(Record {
            geonames,
            latitude,
            longitude,
            population,
            name,
            country,
            region,
            kind,
            namesake: number == NAMESAKE,
            code: std::str::from_utf8(code).ok()?,
        })
    }
}

/// Reads consecutive numbers.
struct Bytes<'g>(&'g [u8]);

impl Bytes<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn u16(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    #[test]
    fn every_place_is_found_by_its_own_name() {
        let gazetteer = Gazetteer::embedded();
        let places = gazetteer.records.len() / RECORD;
        assert!(places > 35_000, "{places}");
        assert_eq!(gazetteer.records.len() % RECORD, 0);
        let mut missed = Vec::new();
        for id in 0..Id::try_from(places).unwrap() {
            let record = gazetteer.record(id).unwrap();
            let hits = gazetteer.named(&fold(record.name));
            // A name keeps its fifteen most populous places.
            if !hits.main().any(|hit| hit == id) && hits.main().count() < 15 {
                missed.push(record.name);
            }
            assert!((-90.0..=90.0).contains(&record.latitude), "{}", record.name);
            assert!((-180.0..=180.0).contains(&record.longitude));
            let country = gazetteer.record(record.country).unwrap();
            assert_eq!((country.kind, country.code), (Kind::Country, record.code));
            let region = record.region.map(|id| gazetteer.record(id).unwrap().kind);
            assert!(region.is_none_or(|kind| kind == Kind::Region));
        }
        // Regions such as "Central" and towns such as "Jupiter" are left out on purpose.
        assert!(missed.len() < 30, "{missed:?}");
    }

    #[test]
    fn facts_about_kyiv_are_those_of_geonames() {
        let gazetteer = Gazetteer::embedded();
        let id = gazetteer.named("kyiv").main().next().unwrap();
        let kyiv = gazetteer.record(id).unwrap();
        assert_eq!(
            (kyiv.geonames, kyiv.name, kyiv.code),
            (703_448, "Kyiv", "UA")
        );
        assert_eq!(kyiv.kind, Kind::Capital);
        assert!((kyiv.latitude - 50.45).abs() < 0.01 && (kyiv.longitude - 30.52).abs() < 0.01);
        let ukraine = gazetteer.people("ukrainians").unwrap();
        assert_eq!(kyiv.country, ukraine);
        assert_eq!(gazetteer.record(ukraine).unwrap().geonames, 690_791);
        assert!(gazetteer.people("congolese").is_none(), "two countries");
    }
}
