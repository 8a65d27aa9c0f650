use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn found(label: &str, name: &str, geonames: Option<u32>) -> Found {
    Found {
        label: label.to_owned(),
        name: name.to_owned(),
        mentions: 1,
        place: geonames.map(|geonames| Spot {
            geonames,
            name: format!("place {geonames}"),
            country: "UA".to_owned(),
            admin1: None,
            latitude: 50.0,
            longitude: 30.0,
        }),
        country: None,
        link: None,
    }
}

fn at(number: u64) -> At {
    At {
        number,
        id: format!("d{number}"),
        date: Date::new(2026, 1, 1 + u32::try_from(number * 7 % 31).unwrap()),
    }
}

fn rows(documents: Vec<Vec<Found>>) -> Vec<Row> {
    let dir = tempfile::TempDir::new().unwrap();
    let mut register = Register::new(dir.path());
    for (names, number) in documents.into_iter().zip(0..) {
        register.add(Note::new(at(number), names)).unwrap();
    }
    let names = register.names().unwrap();
    names.map(|row| row.unwrap().1).collect()
}

/// Name, link, documents and mentions.
fn table(rows: &[Row]) -> Vec<(&str, Option<String>, u64, u64)> {
    let cells = |row: &Row| (row.found.target(), row.documents, row.found.mentions);
    let row = |row| -> (&str, Option<String>, u64, u64) {
        let row: &Row = row;
        let (target, documents, mentions) = cells(row);
        (&row.found.name, target, documents, mentions)
    };
    rows.iter().map(row).collect()
}

#[test]
fn one_spelling_is_one_name_whatever_its_case_but_not_without_its_accents() {
    let per = |name| found("PER", name, None);
    let rows = rows(vec![
        vec![per("José Silva")],
        vec![per("JOSÉ  SILVA")],
        vec![per("José Silva"), found("ORG", "José Silva", None)],
        vec![per("Jose Silva")],
    ]);
    assert_eq!(
        table(&rows),
        [
            ("José Silva", None, 3, 3),
            ("Jose Silva", None, 1, 1),
            ("José Silva", None, 1, 1)
        ]
    );
    assert_eq!(
        (rows[0].first.id.as_str(), rows[0].last.id.as_str()),
        ("d0", "d2")
    );
    assert_eq!(rows[2].found.label, "ORG");
}

#[test]
fn what_is_linked_to_one_place_is_one_name_called_as_in_most_documents() {
    let rows = rows(vec![
        vec![found("LOC", "Kiev", Some(703_448))],
        vec![found("LOC", "Kyiv", Some(703_448))],
        vec![
            found("LOC", "Kyiv", Some(703_448)),
            found("LOC", "Kiev", None),
        ],
        vec![found("LOC", "KYIV", None)],
    ]);
    // The unlinked Kiev of the third document is counted as another document.
    let kyiv = Some("geonames:703448".to_owned());
    assert_eq!(table(&rows), [("Kyiv", kyiv, 5, 5)]);
    assert_eq!(rows[0].aliases, ["LOC\tkyiv", "LOC\tkiev"]);
    assert_eq!(rows[0].found.place.as_ref().unwrap().geonames, 703_448);
}

#[test]
fn a_name_without_link_joins_no_place_where_it_could_be_one_of_two() {
    let paris = |geonames| vec![found("LOC", "Paris", geonames)];
    let rows = rows(vec![
        paris(Some(1)),
        paris(Some(2)),
        paris(None),
        paris(Some(1)),
    ]);
    let link = |n: u32| Some(format!("geonames:{n}"));
    assert_eq!(
        table(&rows),
        [
            ("Paris", link(1), 2, 2),
            ("Paris", None, 1, 1),
            ("Paris", link(2), 1, 1)
        ]
    );
}

#[test]
fn a_document_counts_once_and_dates_are_those_of_the_documents() {
    let kyiv = |geonames| found("LOC", "Kyiv", geonames);
    let rows = rows(vec![
        vec![kyiv(Some(1)), kyiv(None), found("LOC", "KYIV", None)],
        vec![kyiv(None)],
    ]);
    assert_eq!(
        table(&rows),
        [("Kyiv", Some("geonames:1".to_owned()), 2, 4)]
    );
    assert_eq!((rows[0].from, rows[0].to), (at(0).date, at(1).date));
}

#[test]
fn an_id_of_the_users_own_goes_before_a_place() {
    let mut own = found("LOC", "Kyiv", Some(1));
    own.link = Some("Q1899".to_owned());
    let rows = rows(vec![vec![own], vec![found("LOC", "Kyiv", Some(1))]]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].found.target().as_deref(), Some("Q1899"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn sums_on_the_disk_are_those_in_memory_in_any_order(
        keys in proptest::collection::vec(0u16..300, 0..3000),
        most in 1usize..20_000,
    ) {
        let dir = tempfile::TempDir::new().unwrap();
        let mut sorter = Sorter::holding(dir.path(), most);
        let mut wanted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (number, key) in (0..).zip(&keys) {
            let key = format!("k{key}");
            let row = Row::new(found("LOC", &key, None), &at(number % 1000));
            wanted.entry(key.clone()).or_insert((0, number % 1000)).0 += 1;
            let entry = wanted.get_mut(&key).unwrap();
            entry.1 = entry.1.min(number % 1000);
            sorter.add(key, row).unwrap();
        }
        let sums = sorter.sorted().unwrap().map(|row| {
            let (key, row) = row.unwrap();
            (key, (row.documents, row.first.number))
        });
        prop_assert_eq!(sums.collect::<Vec<_>>(), wanted.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
