use std::sync::Arc;

use super::*;
use crate::document::{Document, Span};
use crate::names;

/// A linked document from marked text: `[Kyiv]` is a place, `{Ukrainian}` another name, `<Mark Rutte>` a
/// person, `«NATO»` an organisation.
fn linked(marked: &str) -> Document {
    let (mut text, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for c in marked.chars() {
        match c {
            '[' | '{' | '<' | '«' => start = text.len(),
            ']' | '}' | '>' | '»' => spans.push(Span {
                start,
                end: text.len(),
                label: Arc::from(match c {
                    ']' => "LOC",
                    '}' => "MISC",
                    '»' => "ORG",
                    _ => "PER",
                }),
                score: 1.0,
                name: None,
            }),
            c => text.push(c),
        }
    }
    let mut names = names::find(&text, &mut spans);
    set_apart(&text, &mut spans, &mut names);
    link(&text, &spans, &mut names);
    Document {
        text,
        spans,
        names,
        ..Document::default()
    }
}

/// Place, region and country of the first name of a document.
fn first(marked: &str) -> String {
    let document = linked(marked);
    let name = document.spans[0].name.unwrap();
    match &document.names[name].place {
        None => "-".to_owned(),
        Some(place) => match &place.admin1 {
            Some(region) => format!("{}, {region}, {}", place.name, place.country),
            None => format!("{}, {}", place.name, place.country),
        },
    }
}

#[test]
fn a_short_form_has_the_full_stop_that_its_span_leaves_out() {
    for (text, place) in [
        ("[Calif]. -- A fire", "California, US"),
        ("[Ala]. is wet.", "Alabama, US"),
        ("in [LA].", "Los Angeles, California, US"),
        ("in [Kyiv].", "Kyiv, Kyiv City, UA"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn a_short_form_that_is_also_a_postal_code_is_one_state() {
    for (text, place) in [
        ("in [Athens], [Ga.], said so", "Athens, Georgia, US"),
        ("in [Ga.]", "Georgia, US"),
        ("in [Pa.]", "Pennsylvania, US"),
        ("in [La.]", "Louisiana, US"),
        ("in [N.Y.]", "New York, US"),
        ("in [N.H.]", "New Hampshire, US"),
        ("in [R.I.]", "Rhode Island, US"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
    let document = linked("in [Athens], [Ga.], said so");
    assert!(document.names.iter().all(|name| name.place.is_some()));
}

#[test]
fn countries_capitals_and_states_are_linked_by_any_of_their_names() {
    for (text, place) in [
        ("in [Kyiv]", "Kyiv, Kyiv City, UA"),
        ("in [Kiev]", "Kyiv, Kyiv City, UA"),
        ("the [U.S.] said", "United States, US"),
        ("the [United States]", "United States, US"),
        ("[Turkey] said", "Turkey, TR"),
        ("[Türkiye] said", "Turkey, TR"),
        ("[Singapore] said", "Singapore, SG"),
        (
            "the [Democratic Republic of Congo]",
            "Democratic Republic of the Congo, CD",
        ),
        ("in [California]", "California, US"),
        ("[Gaza] and [Israel]", "Gaza Strip, PS"),
        ("in [Gaza], [Mozambique]", "Gaza Province, MZ"),
        ("in [New South Wales]", "New South Wales, AU"),
        ("in [Hubei Province]", "Hubei, CN"),
        (
            "in [St. Petersburg], {Russian} police",
            "Saint Petersburg, St.-Petersburg, RU",
        ),
        (
            "in [Washington, D.C.]",
            "Washington, District of Columbia, US",
        ),
        ("in [Baghdad]", "Baghdad, Baghdad, IQ"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn a_country_or_region_after_a_comma_decides() {
    for (text, place) in [
        ("in [Paris] on Sunday", "Paris, Île-de-France, FR"),
        ("in [Paris], [Texas], on Sunday", "Paris, Texas, US"),
        ("in [Paris], Tex., on Sunday", "Paris, Texas, US"),
        ("in [Paris, Texas] on Sunday", "Paris, Texas, US"),
        ("in [Koszalin], [Poland]", "Koszalin, West Pomerania, PL"),
        ("in [Birmingham], Ala., he", "Birmingham, Alabama, US"),
        ("in [Birmingham], [Ala.], he", "Birmingham, Alabama, US"),
        ("in [Birmingham], [England]", "Birmingham, England, GB"),
        ("in [Aleppo] ([Syria])", "Aleppo, Aleppo, SY"),
        (
            "in [Vancouver], [Washington], on",
            "Vancouver, Washington, US",
        ),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn evidence_repeated_a_thousand_times_stays_finite() {
    let text = "in [Paris], [Texas], today. ".repeat(1000);
    assert_eq!(all(&text), ["Paris Texas US", "Texas  US"]);
}

#[test]
fn other_places_and_peoples_of_the_document_decide() {
    for (text, place) in [
        (
            "[Georgia] votes. {Georgian} police in [Tbilisi]",
            "Georgia, GE",
        ),
        (
            "[Georgia] votes. [Florida] and the [U.S.] wait",
            "Georgia, US",
        ),
        ("in [Georgia], [Michigan] and [Wisconsin]", "Georgia, US"),
        (
            "[Birmingham] police said. [Alabama] mourns",
            "Birmingham, Alabama, US",
        ),
        (
            "[Valencia] is flooded, {Spanish} police say",
            "Valencia, Valencia, ES",
        ),
        (
            "[Valencia] elects. [Venezuela] waits. [Caracas] too",
            "Valencia, Carabobo, VE",
        ),
        (
            "[Santiago] on strike, {Chilean} media say",
            "Santiago, Santiago Metropolitan, CL",
        ),
        ("[Washington] said", "Washington, District of Columbia, US"),
        ("[Washington] state and [Oregon]", "Washington, US"),
        ("in [Washington], [Oregon] and [Idaho]", "Washington, US"),
        ("the city of [New York]", "New York City, New York, US"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn a_town_named_like_a_country_lies_in_the_state_after_it() {
    for (text, place) in [
        (
            "in [Lebanon], [Pennsylvania], on",
            "Lebanon, Pennsylvania, US",
        ),
        ("in [Lebanon], Pa., on", "Lebanon, Pennsylvania, US"),
        ("in [Mexico], [Missouri], on", "-"),
        ("in [Peru], Ind., on", "-"),
        ("in [Peru] and [Mexico]", "Peru, PE"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn members_of_a_list_of_countries_are_countries() {
    for (text, place) in [
        (
            "in [Georgia], [Russia] and the [United States]",
            "Georgia, GE",
        ),
        (
            "in [Niger], [Cameroon], and [Chad]. [Borno State] and [Lagos]",
            "Niger, NE",
        ),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

/// Place, region and country of each linked name of a document.
fn all(marked: &str) -> Vec<String> {
    let document = linked(marked);
    let places = document.names.iter().filter_map(|name| name.place.as_ref());
    let region = |place: &Place| place.admin1.clone().unwrap_or_default();
    places
        .map(|place| format!("{} {} {}", place.name, region(place), place.country))
        .collect()
}

#[test]
fn a_text_about_a_region_means_its_towns_rather_than_famous_ones() {
    // The region has a Paris and an Athens too small for the gazetteer.
    let text = "A truck was stolen in [Woodstock] and stopped outside [London], «Ontario Provincial \
        Police» said. Thieves were seen in [Cambridge], [Windsor], [Brantford] and [Paris].";
    let places = all(text);
    let towns = ["Woodstock", "London", "Cambridge", "Windsor", "Brantford"];
    assert_eq!(places, towns.map(|town| format!("{town} Ontario CA")));
    let text = "In [Palestine] and [Paris], schools close. [Tyler], [Longview] and [Lufkin] wait for \
        [Austin]; East [Texas] has no money. [Athens] too.";
    let places = all(text);
    assert!(places.contains(&"Paris Texas US".to_owned()), "{places:?}");
    assert!(
        places.contains(&"Palestine Texas US".to_owned()),
        "{places:?}"
    );
    assert!(
        places.iter().all(|place| place.ends_with("US")),
        "{places:?}"
    );
}

#[test]
fn a_text_from_abroad_means_famous_towns() {
    let text = "[Ontario]'s premier flew from [Toronto] to [London] to meet {British} ministers.";
    assert_eq!(all(text)[2], "London England GB");
    let text =
        "A [Texas] firm from [Houston] showed its rockets near [Paris]. {French} officials came.";
    assert_eq!(all(text)[2], "Paris Île-de-France FR");
}

#[test]
fn a_large_town_is_preferred_to_a_small_region_of_its_name() {
    for (text, place) in [
        (
            "in [Manchester], {British} police say",
            "Manchester, England, GB",
        ),
        ("in [Manchester], {Jamaican} police say", "Manchester, JM"),
        ("in the [Azores]", "Azores, PT"),
        ("in [Vermont]", "Vermont, US"),
        ("in the [North-East]", "-"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn a_county_of_england_is_not_a_town_elsewhere() {
    for text in [
        "in [Surrey]. {British} police in [Guildford]",
        "in [Norfolk]. Police in [Norwich], [England]",
    ] {
        assert_eq!(first(text), "-", "{text}");
    }
    assert_eq!(first("in [Norfolk], [Virginia]"), "Norfolk, Virginia, US");
}

#[test]
fn unknown_and_unclear_names_have_no_link() {
    for text in [
        "in [Europe]",
        "the [Middle East]",
        "the [Pacific]",
        "on the [Moon]",
        "the [White House]",
        "at [Heathrow Airport]",
        "in the [West]",
        "in [Springfield]",
        "in [Rachel], [Nevada]",
        "in [Randolph], [New Hampshire], on",
        "in [Jefferson] County",
        "in [Xyzzyville]",
        "at [...]",
    ] {
        assert_eq!(first(text), "-", "{text}");
    }
}

#[test]
fn peoples_have_a_country_and_no_place() {
    let document = linked("{Ukrainian} and {Americans} and {Congolese} and {Olympics} <London>");
    let countries: Vec<(&str, Option<&str>)> = document
        .names
        .iter()
        .map(|name| (&*name.name, name.country.as_deref()))
        .collect();
    assert_eq!(
        countries,
        [
            ("Ukrainian", Some("UA")),
            ("Americans", Some("US")),
            ("Congolese", None),
            ("Olympics", None),
            ("London", None)
        ]
    );
    assert!(document.names.iter().all(|name| name.place.is_none()));
}

#[test]
fn a_place_has_id_coordinates_and_people() {
    let document = linked("in [Kyiv]");
    let place = document.names[0].place.as_ref().unwrap();
    assert_eq!((place.geonames, &*place.country), (703_448, "UA"));
    assert!((place.latitude - 50.45).abs() < 0.01 && (place.longitude - 30.52).abs() < 0.01);
    assert!(place.population > 2_000_000);
    assert!((0.6..=1.0).contains(&place.score));
}

#[test]
fn a_name_stated_to_mean_two_places_is_two_names() {
    for (text, wanted) in [
        (
            "[Paris], [Texas], wrote to [Paris], [France].",
            [
                "Paris Texas US",
                "Texas  US",
                "Paris Île-de-France FR",
                "France  FR",
            ]
            .as_slice(),
        ),
        (
            "Born in [Birmingham], [England], he died in [Birmingham], Ala.",
            &[
                "Birmingham England GB",
                "England  GB",
                "Birmingham Alabama US",
            ],
        ),
        (
            "From [Cambridge] in [Massachusetts] to [Cambridge] in [England]",
            &[
                "Cambridge Massachusetts US",
                "Massachusetts  US",
                "Cambridge England GB",
                "England  GB",
            ],
        ),
        (
            "[Washington] state sued in [Washington, D.C.], today",
            &["Washington  US", "Washington District of Columbia US"],
        ),
        (
            "[Georgia] voted in [Tbilisi]. She had been to the state of [Georgia]. [Atlanta] is there.",
            &[
                "Georgia  GE",
                "Tbilisi Tbilisi GE",
                "Georgia  US",
                "Atlanta Georgia US",
            ],
        ),
    ] {
        assert_eq!(all(text), wanted, "{text}");
    }
}

/// The region, or else the country, of the place of each mention of a name.
fn each(marked: &str, surface: &str) -> Vec<String> {
    let document = linked(marked);
    let spans = document.spans.iter();
    let spans = spans.filter(|span| document.surface(span).eq_ignore_ascii_case(surface));
    let places = spans.map(|span| document.name(span)?.place.as_ref());
    let region = |place: &Place| place.admin1.clone().unwrap_or(place.country.clone());
    places
        .map(|place| place.map_or("-".to_owned(), region))
        .collect()
}

#[test]
fn a_mention_that_says_nothing_means_the_place_named_nearest() {
    for (text, wanted) in [
        (
            "[Melbourne], [Florida], or [Melbourne], [Australia]? He is in [Melbourne].",
            ["Florida", "Victoria", "Victoria"].as_slice(),
        ),
        (
            "[SPRINGFIELD], [Mo.] — The truck went from [Springfield] to [Springfield], [Illinois]. \
                It is back in [Springfield].",
            &["Missouri", "Missouri", "Illinois", "Missouri"],
        ),
        (
            "[Portland],\nMaine, and in [Portland],\r\nOregon, were told",
            &["Maine", "Oregon"],
        ),
        (
            "[Birmingham] in\n[Alabama] and [Birmingham] in\u{a0}[England] met",
            &["Alabama", "England"],
        ),
        (
            "[Granada], [Spain], and [Granada], [Nicaragua]. He of [Spain] plays in [Granada].",
            &["Andalusia", "Granada Department", "Andalusia"],
        ),
    ] {
        let name = text.split(['[', ']']).nth(1).unwrap();
        assert_eq!(each(text, name), wanted, "{text}");
    }
}

#[test]
fn a_name_whose_statements_fit_one_place_is_one_name() {
    for text in [
        "in [Vancouver], [British Columbia]. In [Vancouver], [Canada], and [Vancouver]",
        "in [Portland], [Oregon]. In [Portland], Ore., he",
        "the city of [New York]. [New York], [N.Y.], is large",
        "[Mexico], [Philippines] and [Peru]. [Mexico], [Peru] and [Chile]",
        "[Georgia], [Alabama] and [Florida]. The state of [Georgia]",
        "born in [Birmingham], [England]. In [Birmingham], [Ukraine] asked for help",
    ] {
        let document = linked(text);
        let first = document.spans[0].name;
        let surface = document.surface(&document.spans[0]);
        let mut same = document.spans.iter();
        assert!(
            same.all(|span| document.surface(span) != surface || span.name == first),
            "{text}"
        );
    }
}

#[test]
fn a_name_means_the_region_whose_towns_or_offices_are_named() {
    for (text, place) in [
        ("[Georgia] votes. A judge in [Atlanta]", "Georgia, US"),
        ("[Georgia] votes. {Republicans} hope", "Georgia, US"),
        ("[Georgia] votes. {Republicans} back <Chad>", "Georgia, US"),
        ("[Georgia] votes, Gov. <Brian Kemp> said", "Georgia, US"),
        ("[Georgia] votes. [Tbilisi] waits", "Georgia, GE"),
        ("[Georgia] won in [Athens], [Ga.], on Monday", "Georgia, US"),
        ("[Quebec] votes. [Montreal] waits", "Quebec, CA"),
        (
            "[New York] Gov. <Hochul>, in [Albany] and [Buffalo]",
            "New York, US",
        ),
        (
            "[New York] Mayor <Adams>, in [Albany]",
            "New York City, New York, US",
        ),
        ("[Bogotá, D.C.], is large", "Bogotá, Bogota D.C., CO"),
        (
            "[Washington] and its {Democrats}",
            "Washington, District of Columbia, US",
        ),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn parties_in_a_text_about_another_country_are_no_evidence() {
    for text in [
        "[Georgia] votes. {Democrats} want sanctions",
        "[Georgia]'s parliament votes. {Republicans} wait",
        "[Georgia] votes. {Republicans} warn [Russia]",
        "{NATO} and [Georgia]: what {Republicans} think",
        "[Georgia] and its prime minister, says Gov. <Kemp>",
    ] {
        assert!(
            !linked(text).names.iter().any(|name| {
                let place = name.place.as_ref();
                name.name == "Georgia" && place.is_some_and(|place| place.country == "US")
            }),
            "{text}"
        );
    }
}

#[test]
fn points_of_the_compass_and_arabic_articles_are_read_in_several_forms() {
    for (text, place) in [
        ("[S.Korea] said", "South Korea, KR"),
        ("[N. Korea] said", "North Korea, KP"),
        ("[S.Africa] said", "South Africa, ZA"),
        ("in the [W. Bank]", "West Bank, PS"),
        ("in [S Carolina]", "South Carolina, US"),
        (
            "in [el-Geneina], [Sudan]",
            "Al-Junaynah, Western Darfur, SD",
        ),
        (
            "in [Al-Geneina], [Sudan]",
            "Al-Junaynah, Western Darfur, SD",
        ),
        ("in [al-Fasher], [Sudan]", "El Fasher, Northern Darfur, SD"),
        ("in [El Fasher], [Sudan]", "El Fasher, Northern Darfur, SD"),
        ("in [El Salvador]", "El Salvador, SV"),
        ("in [N.Y.], he", "New York, US"),
        ("in [S. Tarnmoor]", "-"),
        ("in [al-Tarnmoor]", "-"),
        ("in [s korea]", "-"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
    let document = linked("{S. Korean} and {N.Korean} and {S. Tarnish}");
    let countries = document.names.iter().map(|name| name.country.as_deref());
    assert_eq!(
        countries.collect::<Vec<_>>(),
        [Some("KR"), Some("KP"), None]
    );
}

#[test]
fn a_dateline_is_a_town_rather_than_the_region_of_its_name() {
    let washington = "Washington, District of Columbia, US";
    for (text, place) in [
        (
            "[WASHINGTON] (Reuters) - Crown Prince <Mohammed bin Salman> comes. [Saudi Arabia] waits.",
            washington,
        ),
        ("[WASHINGTON] — [Oregon] sued.", washington),
        (
            "[NEW YORK] (AP) — [Albany] and [Buffalo] wait.",
            "New York City, New York, US",
        ),
        ("[QUEBEC] (CP) — It won.", "Québec, Quebec, CA"),
        ("[ONTARIO] (CP) — It won.", "Ontario, CA"),
        ("[WASHINGTON] and [Oregon] sued.", "Washington, US"),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}

#[test]
fn offices_and_bodies_of_states_are_of_no_town() {
    for (text, place) in [
        (
            "[New York] Attorney General <Letitia James> sued.",
            "New York, US",
        ),
        ("[New York]'s attorney general sued.", "New York, US"),
        (
            "[Washington] Lt. Gov. <Denny Heck> spoke.",
            "Washington, US",
        ),
        (
            "[Washington] Secretary of State <Steve Hobbs>",
            "Washington, US",
        ),
        ("[New York] lawmakers left.", "New York, US"),
        ("the [New York] Legislature", "New York, US"),
        ("[New York] Comptroller <Tom Bell>", "New York, US"),
        ("[Georgia] lawmakers voted.", "Georgia, GE"),
        ("[New York] attorneys sued.", "New York City, New York, US"),
        ("[New York]. Lawmakers left.", "New York City, New York, US"),
        (
            "[Washington] General Hospital",
            "Washington, District of Columbia, US",
        ),
    ] {
        assert_eq!(first(text), place, "{text}");
    }
}
