//! Which mentions become one name, in made-up sentences.

use proptest::prelude::*;

use super::*;

mod people;
mod short;

/// The text without marks, and the spans of names marked as `⟦Mark Rutte|PER⟧` or, with a score,
/// `⟦Mark Rutte|PER|0.5⟧`.
fn marked(text: &str) -> (String, Vec<Span>) {
    let (mut plain, mut spans) = (String::new(), Vec::new());
    for (at, part) in text.split(['⟦', '⟧']).enumerate() {
        let Some((surface, label)) = part.split_once('|').filter(|_| at % 2 == 1) else {
            plain.push_str(part);
            continue;
        };
        let (label, score) = label.split_once('|').unwrap_or((label, "1"));
        let start = plain.len();
        plain.push_str(surface);
        spans.push(Span {
            start,
            end: plain.len(),
            label: label.into(),
            score: score.parse().unwrap(),
            name: None,
        });
    }
    (plain, spans)
}

/// The name of each span, and its label.
fn found(text: &str) -> Vec<(String, String)> {
    let (text, mut spans) = marked(text);
    let names = find(&text, &mut spans);
    let name = |span: &Span| {
        let name = &names[span.name.unwrap()];
        assert_eq!(name.label, span.label);
        (name.name.clone(), span.label.to_string())
    };
    spans.iter().map(name).collect()
}

/// Whether every span of the text has the name given.
fn all_are(name: &str, text: &str) {
    for (found, _) in found(text) {
        assert_eq!(found, name, "{text}");
    }
}

#[track_caller]
fn names_are(text: &str, wanted: &[&str]) {
    let found = found(text);
    let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found, wanted, "{text}");
}

#[test]
fn surnames_initials_titles_and_first_names_join_the_full_name() {
    all_are(
        "Mark Rutte",
        "⟦MARK RUTTE|PER⟧ ⟦Mark\r\nRutte|PER⟧ ⟦Rutte|PER⟧ ⟦M. Rutte|PER⟧ ⟦Prime Minister Rutte|PER⟧ ⟦Rutte's|PER⟧ ⟦Mark|PER⟧",
    );
    all_are(
        "John Allan Smith",
        "⟦John Allan Smith|PER⟧ ⟦John A. Smith|PER⟧ ⟦John Smith|PER⟧",
    );
    all_are(
        "Recep Tayyip Erdoğan",
        "⟦Recep Tayyip Erdoğan|PER⟧ ⟦Erdogan|PER⟧",
    );
    all_are(
        "Jan van der Berg",
        "⟦Jan van der Berg|PER⟧ ⟦Van der Berg|PER⟧",
    );
    all_are(
        "Adam Samir el-Tarn",
        "⟦Adam Samir el-Tarn|PER⟧ ⟦Al-Tarn|PER⟧ ⟦Adam al-Tarn|PER⟧",
    );
    all_are(
        "Mitchell Okafor",
        "⟦Mitch Okafor|PER⟧ ⟦Mitchell Okafor|PER⟧",
    );
}

#[test]
fn a_name_with_a_word_of_300000_letters_takes_linear_time() {
    let name = "x".repeat(300_000);
    all_are(&name, &format!("⟦{name}|PER⟧ met ⟦{name}|PER⟧."));
}

#[test]
fn two_people_with_one_surname_stay_apart() {
    names_are(
        "⟦Bill Clinton|PER⟧ ⟦Hillary Clinton|PER⟧ ⟦Hillary|PER⟧ ⟦Hillary Clinton|PER⟧ ⟦Clinton|PER⟧",
        &[
            "Bill Clinton",
            "Hillary Clinton",
            "Hillary Clinton",
            "Hillary Clinton",
            "Hillary Clinton",
        ],
    );
    names_are(
        "⟦John Ames Jr.|PER⟧ ⟦John Ames Sr.|PER⟧",
        &["John Ames Jr.", "John Ames Sr."],
    );
    names_are(
        "⟦John Ames|PER⟧ ⟦John Ames|PER⟧ ⟦John Ames Jr.|PER⟧ ⟦Ada Ames|PER⟧ ⟦Ames Jr.|PER⟧",
        &[
            "John Ames",
            "John Ames",
            "John Ames Jr.",
            "Ada Ames",
            "John Ames Jr.",
        ],
    );
}

#[test]
fn a_monarch_is_not_another_person_of_the_same_first_name() {
    names_are(
        "⟦King Charles III|PER⟧ met ⟦Charles Michel|PER⟧. ⟦Charles|PER⟧ thanked ⟦Michel|PER⟧.",
        &[
            "King Charles III",
            "Charles Michel",
            "King Charles III",
            "Charles Michel",
        ],
    );
    names_are(
        "Pope ⟦Francis|PER⟧ met ⟦Francis Bell|PER⟧. ⟦Francis|PER⟧ left.",
        &["Francis", "Francis Bell", "Francis"],
    );
    all_are(
        "Mohammed bin Tarn",
        "Crown Prince ⟦Mohammed bin Tarn|PER⟧ left. Prince ⟦Mohammed|PER⟧ rested.",
    );
}

#[test]
fn a_first_name_that_two_people_share_joins_neither() {
    names_are(
        "⟦John Ames|PER⟧ ⟦John Bell|PER⟧ ⟦John|PER⟧",
        &["John Ames", "John Bell", "John"],
    );
}

#[test]
fn an_ambiguous_surname_that_comes_first_joins_the_person_mentioned_most() {
    names_are(
        "⟦Kim Tae-ho|PER⟧ and his sister ⟦Kim Su-jin|PER⟧. ⟦Kim Tae-ho|PER⟧ left. ⟦Kim|PER⟧ said so.",
        &["Kim Tae-ho", "Kim Su-jin", "Kim Tae-ho", "Kim Tae-ho"],
    );
}

#[test]
fn acronyms_join_what_they_abbreviate_or_what_the_text_says() {
    all_are(
        "North Atlantic Treaty Organization",
        "⟦NATO|ORG⟧ ⟦North Atlantic Treaty Organization|ORG⟧",
    );
    all_are(
        "Transport for London",
        "⟦TfL|ORG⟧ ⟦Transport for London|ORG⟧",
    );
    all_are(
        "Federal Security Service",
        "The ⟦Federal Security Service|ORG⟧ (⟦FSB|ORG⟧). ⟦FSB|ORG⟧",
    );
    all_are(
        "Federal Security Service",
        "The ⟦FSB|ORG⟧ (⟦Federal Security Service|ORG⟧)",
    );
    all_are(
        "Central Asian Rescue Fund",
        "the Central Asian Rescue Fund (⟦CARF|ORG⟧). ⟦CARF|ORG⟧",
    );
    names_are(
        "⟦NATO|ORG⟧ ⟦New Age Tour Operators|ORG⟧ ⟦Kyiv|LOC⟧",
        &["New Age Tour Operators", "New Age Tour Operators", "Kyiv"],
    );
    all_are(
        "University of California, Berkeley",
        "⟦UC Berkeley|ORG⟧ ⟦University of California, Berkeley|ORG⟧",
    );
    names_are("the rest (⟦CARF|ORG⟧)", &["CARF"]);
}

#[test]
fn countries_have_several_names() {
    all_are(
        "United States",
        "⟦the United States|LOC⟧ ⟦US|LOC⟧ ⟦U.S.|LOC⟧ ⟦USA|LOC⟧ ⟦America|LOC⟧ ⟦United States|LOC⟧ ⟦United States|LOC⟧",
    );
    all_are(
        "United Kingdom",
        "⟦UK|LOC⟧ ⟦Britain|LOC⟧ ⟦United Kingdom|LOC⟧",
    );
    all_are(
        "Islamic Republic of Iran",
        "⟦Iran|LOC⟧ ⟦Islamic Republic of Iran|LOC⟧",
    );
    names_are(
        "⟦Virginia|LOC⟧ ⟦West Virginia|LOC⟧ ⟦Mexico|LOC⟧ ⟦Mexico City|LOC⟧",
        &["Virginia", "West Virginia", "Mexico", "Mexico City"],
    );
}

#[test]
fn organisations_have_short_forms() {
    all_are("Boeing Co.", "⟦Boeing Co.|ORG⟧ ⟦Boeing|ORG⟧ ⟦Boeing's|ORG⟧");
    all_are("Labour Party", "⟦Labour|ORG⟧ ⟦Labour Party|ORG⟧");
    all_are(
        "United States Department of State",
        "⟦State Department|ORG⟧ ⟦US Department of State|ORG⟧ ⟦United States Department of State|ORG⟧",
    );
    names_are(
        "⟦McDonald's|ORG⟧ ⟦NBC|ORG⟧ ⟦NBC Sports|ORG⟧",
        &["McDonald's", "NBC", "NBC Sports"],
    );
}

#[test]
fn a_name_in_brackets_after_an_organisation_is_the_same_organisation() {
    all_are(
        "Law and Justice",
        "⟦Law and Justice|ORG⟧ (⟦Prawo i Sprawiedliwość|ORG⟧) ⟦Prawo i Sprawiedliwość|ORG⟧",
    );
    all_are(
        "Tarn Védelmi Ipari Kft.",
        "⟦Tarn Védelmi Ipari Kft.|ORG⟧ (⟦Tarn Limited|ORG⟧), ⟦Tarn Limited|ORG⟧",
    );
    names_are(
        "⟦Springfield|LOC⟧ (⟦Illinois|LOC⟧), ⟦Ripley|PER⟧ (⟦Ada Okafor|PER⟧)",
        &["Springfield", "Illinois", "Ripley", "Ada Okafor"],
    );
}

#[test]
fn the_agency_in_a_dateline_is_not_its_place() {
    names_are(
        "⟦HARBOUR GUARD|ORG⟧ (⟦Tarnpress|ORG⟧) - The ⟦Harbour Guard|ORG⟧ met. ⟦Tarnpress|ORG⟧ asked.",
        &["Harbour Guard", "Tarnpress", "Harbour Guard", "Tarnpress"],
    );
}

#[test]
fn a_name_in_brackets_after_two_names_joins_neither() {
    names_are(
        "⟦Tarn Lions|ORG⟧ (⟦ESP|ORG⟧), ⟦Moor Bulls|ORG⟧ (⟦ESP|ORG⟧)",
        &["Tarn Lions", "ESP", "Moor Bulls", "ESP"],
    );
    names_are(
        "⟦Barcelona|ORG⟧ (⟦ESP|ORG⟧) beat ⟦Chelsea|ORG⟧ (⟦ENG|ORG⟧)",
        &["Barcelona", "ESP", "Chelsea", "ENG"],
    );
}

#[test]
fn stated_other_names_join_a_person_who_is_not_called_by_a_name_of_birth() {
    all_are(
        "Doris Day",
        "⟦Doris Day|PER⟧ ⟦Day|PER⟧ was born ⟦Doris Mary Ann Kappelhoff|PER⟧. ⟦Day|PER⟧",
    );
    all_are(
        "Ada Okafor",
        "⟦Ada Okafor|PER⟧, also known as ⟦Lucky|PER⟧, ⟦Lucky|PER⟧",
    );
}

#[test]
fn a_person_may_go_by_initials() {
    let text = "⟦Ana María Tarn Olmo|PER|0.9⟧ (⟦AMTO|ORG|0.8⟧) spoke. ⟦AMTO|ORG|0.9⟧ said no.";
    for found in found(text) {
        assert_eq!(found, ("Ana María Tarn Olmo".to_owned(), "PER".to_owned()));
    }
    names_are("⟦Ana Tarn|PER⟧ (⟦ASP|ORG⟧)", &["Ana Tarn", "ASP"]);
}

#[test]
fn acronyms_may_stand_for_words_within_a_name_or_be_written_like_a_word() {
    all_are(
        "National Union of Rail, Maritime and Transport Workers",
        "⟦National Union of Rail, Maritime and Transport Workers|ORG⟧ ⟦RMT|ORG⟧",
    );
    all_are(
        "North Atlantic Treaty Organization",
        "⟦Nato|ORG⟧ ⟦North Atlantic Treaty Organization|ORG⟧",
    );
    names_are("⟦Sri|ORG⟧ ⟦State Rail Inc|ORG⟧", &["Sri", "State Rail Inc"]);
}

#[test]
fn a_place_after_at_is_the_building_and_a_place_after_in_is_not() {
    all_are(
        "Fath International Airport",
        "⟦Fath International Airport|LOC⟧ ⟦Fath Airport|LOC⟧ landed at ⟦Fath|LOC⟧",
    );
    names_are(
        "⟦London Bridge|LOC⟧ at ⟦London|LOC⟧ in ⟦London|LOC⟧",
        &["London Bridge", "London", "London"],
    );
}

#[test]
fn flight_codes_join_flights() {
    all_are(
        "Air India Express Flight 1344",
        "⟦Air India Express Flight 1344|MISC⟧ (⟦AXB1344|MISC⟧/⟦IX1344|MISC⟧)",
    );
    names_are(
        "⟦Air India Flight 1344|MISC⟧ ⟦IX134|MISC⟧ ⟦A1344|MISC⟧",
        &["Air India Flight 1344", "IX134", "A1344"],
    );
}

#[test]
fn a_place_and_an_organisation_of_the_same_surface_are_two() {
    names_are("⟦Chelsea|LOC⟧ ⟦Chelsea FC|ORG⟧", &["Chelsea", "Chelsea FC"]);
}

#[test]
fn a_doubtful_label_yields_to_the_person_of_that_surname() {
    let text =
        "⟦Ada Okafor|PER|0.9⟧ ⟦Okafor|PER|0.9⟧ ⟦Okafor|ORG|0.6⟧ ⟦Bell|LOC|0.95⟧ ⟦Ann Bell|PER|0.9⟧";
    let found = found(text);
    assert_eq!(found[2], ("Ada Okafor".to_owned(), "PER".to_owned()));
    assert_eq!(found[3], ("Bell".to_owned(), "LOC".to_owned()));
}

#[test]
fn a_doubtful_label_yields_to_the_organisation_of_the_full_name() {
    let text = "⟦Burisma Holdings|ORG|0.9⟧ ⟦Burisma|PER|0.5⟧ ⟦Burisma|PER|0.4⟧";
    for found in found(text) {
        assert_eq!(found, ("Burisma Holdings".to_owned(), "ORG".to_owned()));
    }
    all_are(
        "Marine Traffic",
        "⟦Marine Traffic|ORG⟧ ⟦MarineTraffic|MISC|0.5⟧",
    );
    names_are(
        "⟦Liberal Party|ORG⟧ ⟦Liberal|MISC|0.5⟧ ⟦US Air Force|ORG⟧ ⟦US|LOC|0.5⟧",
        &["Liberal Party", "Liberal", "US Air Force", "US"],
    );
}

#[test]
fn a_name_is_not_called_by_a_misspelt_form() {
    all_are(
        "Jacques Chirac",
        "⟦Jacques Chirac|PER⟧ ⟦Chirac|PER⟧ ⟦Chriac|PER⟧",
    );
    all_are("Sally Wasef", "⟦Sally Wasef|PER⟧ ⟦Wasif|PER⟧");
    all_are(
        "Magnitogorsk",
        "⟦Magnitigorsk|LOC⟧ ⟦Magnitogorsk|LOC⟧ ⟦Magnitogorsk|LOC⟧",
    );
    names_are(
        "⟦Antarctica|LOC⟧ ⟦Antarctic|LOC⟧ ⟦Algeria|LOC⟧ ⟦Nigeria|LOC⟧",
        &["Antarctica", "Antarctic", "Algeria", "Nigeria"],
    );
    names_are(
        "⟦Ann Johnson|PER⟧ ⟦Bo Jonson|PER⟧",
        &["Ann Johnson", "Bo Jonson"],
    );
}

#[test]
fn a_place_is_not_called_by_a_cut_form_of_its_name() {
    let (_, mut spans) = marked("⟦Okla|LOC⟧ ⟦Okla|LOC⟧ ⟦Oklahoma|LOC⟧");
    let oklahoma = Place {
        geonames: 4_544_379,
        name: "Oklahoma".to_owned(),
        country: "US".to_owned(),
        admin1: None,
        latitude: 35.0,
        longitude: -97.0,
        population: 4_000_000,
        score: 1.0,
    };
    let name = |id: usize, name: &str, mentions: usize| Name {
        id,
        label: "LOC".into(),
        name: name.to_owned(),
        mentions,
        place: Some(oklahoma.clone()),
        country: None,
        link: None,
    };
    let mut names = vec![name(0, "Okla", 2), name(1, "Oklahoma", 1)];
    for (span, id) in spans.iter_mut().zip([0, 0, 1]) {
        span.name = Some(id);
    }
    join_places(&mut spans, &mut names);
    assert_eq!(names, [name(0, "Oklahoma", 3)]);
}

#[test]
fn names_without_mentions_are_dropped_with_their_spans() {
    let (text, mut spans) = marked("⟦NATO|ORG⟧ ⟦Mark Rutte|PER⟧ ⟦Kyiv|LOC⟧ ⟦Rutte|PER⟧");
    let mut names = find(&text, &mut spans);
    spans.retain(|span| span.start > 10);
    recount(&mut spans, &mut names);
    let left: Vec<(usize, &str, usize)> = names
        .iter()
        .map(|n| (n.id, n.name.as_str(), n.mentions))
        .collect();
    assert_eq!(left, [(0, "Kyiv", 1), (1, "Mark Rutte", 1)]);
    assert_eq!(
        spans.iter().map(|s| s.name).collect::<Vec<_>>(),
        [Some(0), Some(1)]
    );
}

#[test]
fn a_document_of_very_many_names_takes_linear_time() {
    // A hundred thousand names that share words would be five billion pairs.
    let mut text = String::new();
    for n in 0..25_000 {
        let (a, b) = (n % 97, n / 97);
        text.push_str(&format!(
            "⟦Ann Smith{b}|PER⟧ ⟦A{a}B{b}|ORG⟧ ⟦Party {a} of {b}|ORG⟧ (⟦Smith{a}|PER⟧) "
        ));
    }
    let (text, mut spans) = marked(&text);
    let names = find(&text, &mut spans);
    assert_eq!(
        names.iter().map(|name| name.mentions).sum::<usize>(),
        100_000
    );
}

proptest! {
    #[test]
    fn every_span_has_a_name_and_results_repeat(
        parts in prop::collection::vec("[A-Za-zŁé'.&(\u{200b} \\n-]{0,12}", 0..24),
        labels in prop::collection::vec(0usize..4, 24),
    ) {
        let (mut text, mut spans) = (String::new(), Vec::new());
        for (part, label) in parts.iter().zip(&labels) {
            let start = text.len();
            text.push_str(part);
            spans.push(Span {
                start,
                end: text.len(),
                label: ["PER", "ORG", "LOC", "MISC"][*label].into(),
                score: 0.5,
                name: None,
            });
            text.push(' ');
        }
        let mut again = spans.clone();
        let names = find(&text, &mut spans);
        prop_assert_eq!(&find(&text, &mut again), &names);
        prop_assert_eq!(&again, &spans);
        for (id, name) in names.iter().enumerate() {
            let own = spans.iter().filter(|span| span.name == Some(id));
            prop_assert_eq!((name.id, name.mentions), (id, own.count()));
        }
        prop_assert!(spans.iter().all(|span| span.name.is_some_and(|id| id < names.len())));
    }
}
