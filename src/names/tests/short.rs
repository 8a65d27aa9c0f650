//! Short forms: by their position in the text, and by what else it says.

use super::*;

#[test]
fn a_short_form_in_a_headline_joins_a_name_below_it() {
    all_are(
        "Tarn Valley Lifeboats",
        "⟦Lifeboats|ORG⟧ grow\nThe ⟦Tarn Valley Lifeboats|ORG⟧ have new boats.",
    );
    names_are(
        "⟦Bell|PER⟧ wins\n⟦Ann Bell|PER⟧ beat ⟦Bo Bell|PER⟧. ⟦Ann Bell|PER⟧ smiled.",
        &["Ann Bell", "Ann Bell", "Bo Bell", "Ann Bell"],
    );
    names_are(
        "⟦Bell|PER⟧ wins\n⟦Ann Bell|PER⟧ beat ⟦Bo Bell|PER⟧.",
        &["Bell", "Ann Bell", "Bo Bell"],
    );
}

#[test]
fn a_surname_in_a_headline_is_whose_it_is_below_where_two_bear_it_once() {
    names_are(
        "⟦Trump|PER⟧ visits Texas\n⟦Donald Trump|PER⟧ flew. First lady ⟦Melania Trump|PER⟧ came. \
         ⟦Trump|PER⟧ hugged survivors.",
        &[
            "Donald Trump",
            "Donald Trump",
            "Melania Trump",
            "Donald Trump",
        ],
    );
    names_are(
        "⟦Bell|PER⟧ and ⟦Tarn|PER⟧ meet\n⟦Tom Bell|PER⟧, ⟦Ann Bell|PER⟧, ⟦Uwe Tarn|PER⟧ and \
         ⟦Ayo Tarn|PER⟧ spoke. Mrs ⟦Bell|PER⟧ left. ⟦Tarn|PER⟧ stayed.",
        &[
            "Ann Bell", "Uwe Tarn", "Tom Bell", "Ann Bell", "Uwe Tarn", "Ayo Tarn", "Ann Bell",
            "Uwe Tarn",
        ],
    );
}

#[test]
fn a_first_line_that_is_a_sentence_is_no_headline() {
    names_are(
        "⟦Lifeboats|ORG⟧ grow.\nThe ⟦Tarn Valley Lifeboats|ORG⟧ have new boats.",
        &["Lifeboats", "Tarn Valley Lifeboats"],
    );
}

#[test]
fn a_county_or_building_goes_by_its_name_unless_a_large_place_has_it() {
    all_are(
        "Tarnmoor County",
        "⟦Tarnmoor County|LOC⟧ lies north. ⟦Tarnmoor|LOC⟧ has woods.",
    );
    all_are(
        "Ada Okafor Hospital",
        "⟦Ada Okafor Hospital|LOC⟧ reopened. ⟦Ada Okafor|LOC⟧'s wards are new.",
    );
    names_are(
        "⟦Los Angeles County|LOC⟧ ⟦Los Angeles|LOC⟧ ⟦New York Stadium|LOC⟧ ⟦New York|LOC⟧",
        &[
            "Los Angeles County",
            "Los Angeles",
            "New York Stadium",
            "New York",
        ],
    );
}

#[test]
fn a_short_form_may_lack_words_before_and_the_kind_of_body_after() {
    all_are(
        "Royal Harbour Guard Corps",
        "⟦Royal Harbour Guard Corps|ORG⟧ ⟦Harbour Guards|ORG⟧",
    );
    names_are(
        "⟦Friends of Harbour Guard Corps|ORG⟧ ⟦Harbour Guard|ORG⟧",
        &["Friends of Harbour Guard Corps", "Harbour Guard"],
    );
}

#[test]
fn a_work_goes_by_its_title_up_to_the_colon() {
    all_are(
        "Cold Harbour: A Winter at Sea",
        "⟦Cold Harbour: A Winter at Sea|MISC⟧ sold well. ⟦Cold Harbour|MISC⟧ is long.",
    );
}

#[test]
fn relatives_with_more_names_are_other_people() {
    names_are(
        "⟦Ann Bell|PER⟧ and her mother, ⟦Ann Morgan Bell|PER⟧. ⟦Bell|PER⟧ sings.",
        &["Ann Bell", "Ann Morgan Bell", "Ann Bell"],
    );
    all_are(
        "Ann Morgan Bell",
        "⟦Ann Morgan Bell|PER⟧ sings. ⟦Ann Bell|PER⟧ smiled.",
    );
}

#[test]
fn a_surname_mentioned_before_a_relative_does_not_join_the_relative() {
    names_are(
        "⟦President Tarn|PER⟧ spoke. His wife, ⟦Ada Tarn|PER⟧, agreed. ⟦Tarn|PER⟧ left.",
        &["Tarn", "Ada Tarn", "Tarn"],
    );
    names_are(
        "⟦Bell|PER⟧ was held. His son ⟦Bo Bell|PER⟧ and ⟦Carl Bell|PER⟧ came.",
        &["Carl Bell", "Bo Bell", "Carl Bell"],
    );
    all_are(
        "Ada Tarn",
        "His widow ⟦Ada Tarn|PER⟧ wept. ⟦Tarn|PER⟧ sings.",
    );
}

#[test]
fn nicknames_and_peerages_join_the_person_before_them() {
    for said in [
        "nicknamed the",
        ", nicknamed",
        ", known to fans as the",
        ", often referred to as \"The",
    ] {
        all_are(
            "Ada Okafor",
            &format!("⟦Ada Okafor|PER⟧ {said} ⟦Iceman|PER⟧\", sang. ⟦Iceman|PER⟧"),
        );
    }
    all_are(
        "Colin Tarn",
        "⟦Colin Tarn|PER⟧, Lord ⟦Moor|PER⟧, ruled so. ⟦Moor|PER⟧",
    );
    names_are(
        "⟦Ada Okafor|PER⟧, nicknamed the \"⟦Bo Bell|PER⟧ of Lagos\", known as ⟦Ant|PER⟧ and ⟦Dec|PER⟧",
        &["Ada Okafor", "Bo Bell", "Ant", "Dec"],
    );
}

#[test]
fn people_in_a_list_with_lords_and_ladies_are_different_people() {
    for text in [
        "⟦Judi Dench|PER⟧, Lady ⟦Antonia Fraser|PER⟧, Baroness ⟦Doreen Lawrence|PER⟧ came.",
        "⟦Judi Dench|PER⟧, Lady ⟦Antonia|PER⟧, ⟦Uwe Moor|PER⟧ and Baroness ⟦Lawrence|PER⟧ came.",
        "⟦Judi Dench|PER⟧, Lord ⟦Tarn|PER⟧ and Sir ⟦Bo Moor|PER⟧ came.",
        "⟦Ayo Tarn|PER⟧, ⟦Judi Dench|PER⟧, Lord ⟦Moor|PER⟧ and a choir came.",
        "⟦Keir Starmer|PER⟧ came. ⟦David Moor|PER⟧, Lady ⟦Tarn|PER⟧ and a choir came.",
    ] {
        let (text, mut spans) = marked(text);
        assert_eq!(find(&text, &mut spans).len(), spans.len(), "{text}");
    }
    for text in [
        "⟦David Cameron|PER⟧, Lord ⟦Cameron|PER⟧, and ⟦Uwe Moor|PER⟧ came.",
        "⟦David Cameron|PER⟧, Lord ⟦Tarn|PER⟧, told ⟦Uwe Moor|PER⟧.",
        "⟦Doreen Lawrence|PER⟧, Baroness ⟦Lawrence of Clarendon|PER⟧, told ⟦Uwe Moor|PER⟧.",
        "⟦Doreen Lawrence|PER⟧, Lady ⟦Moor|PER⟧, is here. ⟦Uwe Tarn|PER⟧ left.",
    ] {
        let (text, mut spans) = marked(text);
        assert_eq!(find(&text, &mut spans).len(), 2, "{text}");
    }
}

#[test]
fn a_person_is_not_called_by_a_name_with_an_open_bracket() {
    all_are(
        "Bashir Tarn",
        "⟦Tarn|PER⟧ ⟦Bashir Tarn|PER⟧ ⟦Bashir al] Tarn|PER⟧",
    );
}

#[test]
fn a_name_after_known_as_joins_the_name_before() {
    all_are(
        "Hon Hai Precision Industry Co.",
        "⟦Hon Hai Precision Industry Co.|ORG⟧, better known as the ⟦Foxconn|ORG⟧, rose. ⟦Foxconn|ORG⟧ fell.",
    );
    names_are(
        "⟦Boeing|ORG⟧ is known as ⟦Airbus|ORG⟧'s rival. ⟦Airbus|ORG⟧ rose.",
        &["Boeing", "Airbus", "Airbus"],
    );
}

#[test]
fn a_party_goes_without_its_country_and_a_family_name_that_comes_first_is_ambiguous() {
    all_are(
        "Australian Labor Party",
        "The ⟦Australian Labor Party|ORG⟧ expelled him. ⟦Labor|ORG⟧ won.",
    );
    names_are(
        "⟦Hu Jintao|PER⟧ met ⟦Hu Chunhua|PER⟧. ⟦Hu Jintao|PER⟧ spoke. ⟦Hu|PER⟧ left.",
        &["Hu Jintao", "Hu Chunhua", "Hu Jintao", "Hu Jintao"],
    );
}

#[test]
fn invisible_characters_are_no_part_of_a_name() {
    all_are(
        "Angela Merkel",
        "⟦Angela Mer\u{AD}kel|PER⟧ spoke. ⟦Mer\u{AD}kel|PER⟧ left, and ⟦Mer\u{200B}kel|PER⟧ and ⟦Merkel|PER⟧ agreed.",
    );
}

#[test]
fn acronyms_are_no_flights() {
    names_are(
        "⟦Goddard Space Flight Center|ORG⟧ ⟦ESA|ORG⟧ ⟦JPL|ORG⟧",
        &["Goddard Space Flight Center", "ESA", "JPL"],
    );
}

#[test]
fn the_place_of_a_dateline_stays_a_place_where_other_mentions_are_a_team() {
    let found = found(
        "⟦BOSTON|LOC|0.9⟧ (⟦AP|ORG⟧) — ⟦Boston|ORG|0.8⟧ won. It was the fifth win of ⟦Boston|ORG|0.8⟧.",
    );
    let labels: Vec<&str> = found.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["LOC", "ORG", "ORG", "ORG"]);
    all_are("Boston", "⟦BOSTON|LOC⟧, Nov. 3 — ⟦Boston|LOC⟧ votes today.");
}

#[test]
fn a_country_is_not_the_river_or_sea_called_after_it() {
    names_are(
        "⟦Ohio|LOC⟧ closed a bridge over the ⟦Ohio River|LOC⟧. ⟦Taiwan|LOC⟧ watches the ⟦Taiwan Strait|LOC⟧.",
        &["Ohio", "Ohio River", "Taiwan", "Taiwan Strait"],
    );
    all_are(
        "Tarnmoor River",
        "⟦Tarnmoor River|LOC⟧ rose. ⟦Tarnmoor|LOC⟧",
    );
}

#[test]
fn a_company_goes_by_the_beginning_of_its_name() {
    for (long, short) in [
        ("Tarnmoor Networks Inc.", "Tarnmoor"),
        ("Tarnmoor Sachs Group Inc.", "Tarnmoor Sachs"),
        ("Tarnmoor Air Lines", "Tarnmoor"),
        ("Tarn & Moor Group plc", "Tarn and Moor"),
        ("Tarn & Moor Co.", "T&M"),
    ] {
        all_are(long, &format!("⟦{long}|ORG⟧ rose. ⟦{short}|ORG⟧ sells it."));
    }
    names_are(
        "⟦Boston Tarn Corp.|ORG⟧ beat ⟦National Tarn Inc.|ORG⟧. ⟦Boston|ORG⟧ met ⟦National|ORG⟧.",
        &[
            "Boston Tarn Corp.",
            "National Tarn Inc.",
            "Boston",
            "National",
        ],
    );
    names_are(
        "⟦Tarn Moor, Bell & Co., Inc.|ORG⟧ ⟦Tarn Moor|ORG⟧",
        &["Tarn Moor, Bell & Co., Inc.", "Tarn Moor"],
    );
    all_are(
        "Tarn and Moor",
        "⟦Tarn & Moor|ORG⟧ ⟦Tarn&Moor|ORG⟧ ⟦Tarn and Moor|ORG⟧ ⟦Tarn & Moor|ORG⟧",
    );
}

#[test]
fn an_organisation_goes_by_the_beginning_of_its_name() {
    for (long, short) in [
        ("Meta Platforms Inc.", "Meta"),
        ("Orion Tarnmoor Corp.", "Orion"),
        ("Lockheed Martin", "Lockheed"),
        ("Northrop Grumman", "Northrop"),
        ("Rio Tinto", "Rio"),
        ("Micron Technology", "Micron"),
        ("Tottenham Hotspur", "Tottenham"),
        ("Bayern Munich", "Bayern"),
        ("Thyssenkrupp Steel", "Thyssenkrupp"),
        ("Tarn Moor Savings", "Tarn Moor"),
    ] {
        all_are(long, &format!("⟦{long}|ORG⟧ rose. ⟦{short}|ORG⟧ fell."));
        all_are(
            long,
            &format!("⟦{short}|ORG⟧ falls\nThe ⟦{long}|ORG⟧ fell."),
        );
    }
    for (long, short) in [
        ("New York Times", "New York"),
        ("Boston Tarn", "Boston"),
        ("Cambridge Analytica", "Cambridge"),
        ("European Commission", "European"),
        ("Islamic Tarn", "Islamic"),
        ("Brazilian Tarn", "Brazilian"),
        ("Defence Ministry", "Defence"),
        ("Wall Street Journal", "Wall Street"),
        ("Tarn Advocate", "Tarn"),
        ("Hamas Health Ministry", "Hamas"),
        ("Tarn Foundation", "Tarn"),
        ("Tarn-Moor Lines", "Tarn"),
        ("Tarn and Moor", "Tarn"),
        ("National Tarn", "National"),
        ("NBC Universal Tarn", "NBC"),
    ] {
        names_are(
            &format!("⟦{long}|ORG⟧ rose. ⟦{short}|ORG⟧ fell."),
            &[long, short],
        );
    }
    names_are(
        "⟦Lockheed|ORG⟧ fell. ⟦Lockheed Martin|ORG⟧ rose.",
        &["Lockheed", "Lockheed Martin"],
    );
    names_are(
        "⟦Borussia Tarn|ORG⟧ beat ⟦Borussia Moor|ORG⟧. ⟦Borussia Moor|ORG⟧ left. ⟦Borussia|ORG⟧ wept.",
        &[
            "Borussia Tarn",
            "Borussia Moor",
            "Borussia Moor",
            "Borussia Moor",
        ],
    );
}

#[test]
fn words_may_be_cut_or_contracted() {
    for (long, short, label) in [
        ("Federal Reserve", "Fed", "ORG"),
        ("Metropolitan Police", "Met", "ORG"),
        ("Manchester United", "Man Utd", "ORG"),
        ("Manchester City", "Man City", "ORG"),
        ("Department of Health", "Dept of Health", "ORG"),
        ("International Tarn Board", "Intl Tarn Board", "ORG"),
        ("Monaco Grand Prix", "Monaco GP", "MISC"),
        ("Paris Saint-Germain", "Paris SG", "ORG"),
    ] {
        all_are(
            long,
            &format!("⟦{short}|{label}⟧ ⟦{long}|{label}⟧ ⟦{short}|{label}⟧"),
        );
    }
    for (one, other) in [
        ("Australian Open", "Austrian Open"),
        ("Nigerian Air Force", "Niger Air Force"),
        ("Sunday Times", "Sun"),
        ("Manchester United", "Man City"),
        ("Monaco Grand Prix", "Tarn GP"),
        ("United Tarn Bank", "US Tarn Bank"),
    ] {
        names_are(&format!("⟦{one}|ORG⟧ ⟦{other}|ORG⟧"), &[one, other]);
    }
    names_are(
        "⟦Fed|ORG⟧ ⟦Federal Reserve|ORG⟧ ⟦Federal Court|ORG⟧",
        &["Fed", "Federal Reserve", "Federal Court"],
    );
    names_are(
        "⟦Man United|ORG⟧ ⟦Manchester United|ORG⟧ ⟦Mansfield United|ORG⟧",
        &["Man United", "Manchester United", "Mansfield United"],
    );
}

#[test]
fn a_nickname_in_an_apposition_is_of_whom_it_is_of() {
    for text in [
        "⟦Ismael Zambada|PER⟧, the ⟦Sinaloa|LOC⟧ cartel leader known as ⟦El Mayo|PER⟧, left.",
        "⟦Ismael Zambada|PER⟧, a U.S. agent of ⟦Sinaloa|LOC⟧ nicknamed ⟦El Mayo|PER⟧, left.",
        "⟦Ismael Zambada|PER⟧, a leader of the ⟦Sinaloa|ORG⟧, known as ⟦El Mayo|PER⟧, left.",
        "⟦Ismael Zambada|PER⟧, a son of ⟦Bo Moor|PER⟧ known as ⟦El Mayo|PER⟧, left.",
    ] {
        let found = found(text);
        assert_eq!(found[0], found[2], "{text}");
        assert_ne!(found[0], found[1], "{text}");
    }
    names_are(
        "⟦Ann Bell|PER⟧, a son of ⟦Bo Moor|PER⟧, known as ⟦Bee|PER⟧, left.",
        &["Ann Bell", "Bo Moor", "Bo Moor"],
    );
    names_are(
        "⟦Ann Bell|PER⟧, the singer ⟦Bo Moor|PER⟧ known as ⟦Bee|PER⟧ and a choir sang.",
        &["Ann Bell", "Bo Moor", "Bo Moor"],
    );
    for text in [
        "⟦Ann Bell|PER⟧ left. The ⟦Sinaloa|LOC⟧ man known as ⟦Bee|PER⟧ stayed.",
        "⟦Ann Bell|PER⟧, a singer, left ⟦Sinaloa|LOC⟧ with a man known as ⟦Bee|PER⟧.",
        "⟦Ann Bell|PER⟧ met the ⟦Sinaloa|LOC⟧ man known as ⟦Bee|PER⟧.",
    ] {
        let found = found(text);
        assert_ne!(found[0], found[2], "{text}");
    }
}

#[test]
fn points_of_the_compass_and_articles_of_places_have_several_forms() {
    all_are(
        "South Korea",
        "⟦S.Korea|LOC⟧ ⟦S. Korea|LOC⟧ ⟦South Korea|LOC⟧ ⟦S Korea|LOC⟧",
    );
    all_are("West Bank", "⟦W.Bank|LOC⟧ ⟦West Bank|LOC⟧");
    all_are("North Korean", "⟦N. Korean|MISC⟧ ⟦North Korean|MISC⟧");
    all_are(
        "el-Geneina",
        "⟦el-Geneina|LOC⟧ ⟦el-Geneina|LOC⟧ ⟦Al-Geneina|LOC⟧",
    );
    all_are(
        "El Fasher",
        "⟦El Fasher|LOC⟧ ⟦El Fasher|LOC⟧ ⟦al-Fasher|LOC⟧",
    );
    names_are(
        "⟦S. Tarnmoor|LOC⟧ ⟦South Tarnmoor|LOC⟧ ⟦N.Y.|LOC⟧ ⟦S. Korea|LOC⟧ ⟦North Korea|LOC⟧",
        &[
            "S. Tarnmoor",
            "South Tarnmoor",
            "N.Y.",
            "S. Korea",
            "North Korea",
        ],
    );
}

#[test]
fn part_of_a_word_with_a_hyphen_is_no_short_form() {
    names_are(
        "⟦Tarn-Moormobile|ORG⟧ won in 2008. ⟦Moormobile|ORG⟧ left.",
        &["Tarn-Moormobile", "Moormobile"],
    );
}

#[test]
fn brackets_may_contain_a_short_form_and_more() {
    all_are(
        "Tarn Robotics, Inc.",
        "⟦Tarn Robotics, Inc.|ORG⟧ (\"⟦Tarn|ORG⟧\" or the \"Company\") sued. ⟦Tarn|ORG⟧ won.",
    );
    all_are(
        "Tarnmoor Workers' Party",
        "⟦Tarnmoor Workers' Party|ORG⟧ (⟦PKT|ORG⟧, ⟦Partiya Karkerên Tarnmoorstan|ORG⟧) ⟦PKT|ORG⟧",
    );
    all_are(
        "TarnmoorCoopers",
        "⟦TarnmoorCoopers|ORG⟧ (⟦TmC|ORG⟧) erred. ⟦TmC|ORG⟧ paid.",
    );
    names_are(
        "⟦Minsk|LOC⟧ (⟦Belarusian|MISC⟧: ⟦Мінск|LOC⟧) is cold.",
        &["Minsk", "Belarusian", "Minsk"],
    );
}
