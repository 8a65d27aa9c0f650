//! Whom a part of a name means: by titles, by its position in a full name, and by what else the text
//! says.

use super::*;

#[test]
fn a_title_before_a_surname_tells_people_of_that_surname_apart() {
    names_are(
        "⟦Tom Bell|PER⟧ met ⟦Sally Bell|PER⟧. Mr ⟦Bell|PER⟧ spoke. Ms ⟦Bell|PER⟧ and Mrs. ⟦Bell|PER⟧ left.",
        &[
            "Tom Bell",
            "Sally Bell",
            "Tom Bell",
            "Sally Bell",
            "Sally Bell",
        ],
    );
    names_are(
        "President ⟦Ayo Tarn|PER⟧ met ⟦Uwe Tarn|PER⟧. ⟦Uwe Tarn|PER⟧ spoke. President ⟦Tarn|PER⟧ left. ⟦Tarn|PER⟧ stayed.",
        &["Ayo Tarn", "Uwe Tarn", "Uwe Tarn", "Ayo Tarn", "Ayo Tarn"],
    );
    names_are(
        "Sen. ⟦Ayo Tarn|PER⟧ met ⟦Uwe Tarn|PER⟧. ⟦Uwe Tarn|PER⟧ spoke to the senator. ⟦Senator Tarn|PER⟧ left.",
        &["Ayo Tarn", "Uwe Tarn", "Uwe Tarn", "Ayo Tarn"],
    );
}

#[test]
fn a_title_excludes_people_of_the_other_gender() {
    names_are(
        "Mr ⟦Uwe Tarn|PER⟧ spoke. Mrs ⟦Tarn|PER⟧ left, and so did Mr ⟦Tarn|PER⟧.",
        &["Uwe Tarn", "Tarn", "Uwe Tarn"],
    );
    names_are(
        "Mr ⟦Tarn|PER⟧ and Mrs ⟦Tarn|PER⟧ left. Mr. ⟦Tarn|PER⟧ spoke.",
        &["Tarn", "Tarn", "Tarn"],
    );
    let (text, mut spans) = marked("Mr ⟦Tarn|PER⟧ and Mrs ⟦Tarn|PER⟧ left. Mr. ⟦Tarn|PER⟧ spoke.");
    assert_eq!(find(&text, &mut spans).len(), 2);
    let ids: Vec<Option<usize>> = spans.iter().map(|span| span.name).collect();
    assert_eq!(ids, [Some(0), Some(1), Some(0)]);
}

#[test]
fn sir_stands_before_a_first_name() {
    names_are(
        "⟦Sir John Tarn|PER⟧ met ⟦Elton John|PER⟧. ⟦Elton John|PER⟧ sang. Sir ⟦John|PER⟧ said so.",
        &["John Tarn", "Elton John", "Elton John", "John Tarn"],
    );
}

#[test]
fn a_whole_surname_is_preferred_to_part_of_a_compound_one() {
    names_are(
        "⟦Ada Moor-Tarn|PER⟧ met ⟦Jacob Tarn|PER⟧. ⟦Tarn|PER⟧ left.",
        &["Ada Moor-Tarn", "Jacob Tarn", "Jacob Tarn"],
    );
    all_are("Ada Moor-Tarn", "⟦Ada Moor-Tarn|PER⟧ left. ⟦Tarn|PER⟧");
    names_are(
        "⟦Basher al-Tarn|PER⟧ met ⟦Ada Moor|PER⟧. ⟦Tarn|PER⟧ left.",
        &["Basher al-Tarn", "Ada Moor", "Basher al-Tarn"],
    );
}

#[test]
fn a_fathers_name_is_no_surname() {
    names_are(
        "⟦Mohammed bin Tarn|PER⟧ met ⟦Tarn bin Moor|PER⟧. ⟦Tarn|PER⟧ is ill. ⟦Bin Moor|PER⟧ left.",
        &[
            "Mohammed bin Tarn",
            "Tarn bin Moor",
            "Tarn bin Moor",
            "Tarn bin Moor",
        ],
    );
}

#[test]
fn who_has_a_title_is_not_the_child_who_is_called_after_them() {
    names_are(
        "King ⟦Salman|PER⟧ received Crown Prince ⟦Mohammed bin Salman|PER⟧. ⟦Bin Salman|PER⟧ left. \
         ⟦Salman|PER⟧ stayed.",
        &[
            "Salman",
            "Mohammed bin Salman",
            "Mohammed bin Salman",
            "Salman",
        ],
    );
    names_are(
        "Sheikh ⟦Mohammed bin Zayed|PER⟧ spoke of ⟦Sheikh Zayed|PER⟧. ⟦Zayed|PER⟧ is dead.",
        &["Mohammed bin Zayed", "Zayed", "Zayed"],
    );
    all_are(
        "Osama bin Laden",
        "⟦Osama bin Laden|PER⟧ hid. ⟦Bin Laden|PER⟧ died. Mr. ⟦bin Laden|PER⟧ and ⟦Laden|PER⟧",
    );
    all_are(
        "Mohammed bin Salman",
        "Prince ⟦Mohammed bin Salman|PER⟧ came. Prince ⟦Mohammed|PER⟧ spoke.",
    );
}

#[test]
fn the_surname_alone_is_not_the_sons_because_of_his_junior() {
    names_are(
        "Former President ⟦Donald Trump|PER⟧ spoke. ⟦Donald Trump Jr.|PER⟧ was there. \
         ⟦Trump|PER⟧ said so. ⟦Trump Jr.|PER⟧ agreed. ⟦Trump|PER⟧ left.",
        &[
            "Donald Trump",
            "Donald Trump Jr.",
            "Donald Trump",
            "Donald Trump Jr.",
            "Donald Trump",
        ],
    );
    names_are(
        "⟦Bo Moor|PER⟧ met ⟦Bo Moor Jr.|PER⟧. ⟦Moor|PER⟧ left. ⟦Moor Jr|PER⟧ stayed.",
        &["Bo Moor", "Bo Moor Jr.", "Bo Moor", "Bo Moor Jr."],
    );
    all_are(
        "Cal Ripken Jr.",
        "⟦Cal Ripken Jr.|PER⟧ hit. ⟦Ripken Jr.|PER⟧ ran. ⟦Ripken|PER⟧ won.",
    );
}

#[test]
fn a_first_name_is_preferred_to_a_middle_one() {
    names_are(
        "⟦Uwe Tarn|PER⟧ left. ⟦Uwe|PER⟧ slept. ⟦Larry Uwe Moor|PER⟧ wept.",
        &["Uwe Tarn", "Uwe Tarn", "Larry Uwe Moor"],
    );
    names_are(
        "⟦Dwayne \"The Rock\" Tarn|PER⟧ met ⟦Rock Moor|PER⟧. ⟦The Rock|PER⟧ left.",
        &["Dwayne \"The Rock\" Tarn", "Rock Moor", "The Rock"],
    );
}

#[test]
fn popes_and_saints_of_one_first_name_are_different_people() {
    names_are(
        "⟦John Paul I|PER⟧ came before ⟦John Paul II|PER⟧. Pope ⟦John Paul II|PER⟧ stayed.",
        &["John Paul I", "John Paul II", "John Paul II"],
    );
    all_are("Malcolm X", "⟦Malcolm X|PER⟧ spoke. ⟦Malcolm|PER⟧ left.");
    names_are(
        "⟦St. Francis|PER⟧ was poor. Pope ⟦Francis|PER⟧ took his name. Pope ⟦Francis|PER⟧ died.",
        &["St. Francis", "Francis", "Francis"],
    );
}

#[test]
fn a_relative_introduced_with_an_article_is_not_a_person_named_before() {
    names_are(
        "⟦Jane Bell|PER⟧ has died. She leaves a daughter, ⟦Jane|PER⟧.",
        &["Jane Bell", "Jane"],
    );
    all_are(
        "Jane Bell",
        "⟦Jane Bell|PER⟧ spoke. Their daughter, ⟦Jane|PER⟧, is well. ⟦Jane|PER⟧ left.",
    );
}

#[test]
fn initials_with_or_without_full_stops_join_the_full_name() {
    all_are(
        "Joe Tarn",
        "⟦JE Tarn|PER⟧ made 134. ⟦Joe Tarn|PER⟧ left. ⟦Tarn|PER⟧",
    );
    all_are(
        "Min Woo Lee",
        "⟦M.W. Lee|PER⟧ met ⟦MW Lee|PER⟧ and ⟦Min Woo Lee|PER⟧",
    );
    all_are("Yury Tarn", "⟦Yu. V. Tarn|PER⟧ ⟦Yury Tarn|PER⟧");
    names_are(
        "⟦J. E. Tarn|PER⟧ met ⟦Joe Tarn|PER⟧ and ⟦Jane Tarn|PER⟧. ⟦DI Moor|PER⟧ knew ⟦Dan Moor|PER⟧.",
        &["J. E. Tarn", "Joe Tarn", "Jane Tarn", "DI Moor", "Dan Moor"],
    );
}

#[test]
fn a_surname_may_come_first() {
    all_are(
        "Shigeru Tarn",
        "⟦Shigeru Tarn|PER⟧ ⟦Tarn Shigeru|PER⟧ ⟦Tarn|PER⟧",
    );
    all_are(
        "Márta Moor-Tarn",
        "⟦Márta Moor-Tarn|PER⟧ ⟦Moor-Tarn Márta|PER⟧",
    );
    all_are("S. Tarn", "⟦Tarn, S.|PER⟧ ⟦S. Tarn|PER⟧");
}

#[test]
fn a_name_has_no_courtesy_title_and_no_small_word_before_it() {
    all_are("Ada Tarn", "⟦Dr Ada Tarn|PER⟧ spoke. ⟦Dr. Tarn|PER⟧ left.");
    all_are(
        "Ada Tarn",
        "⟦Shri Ada Tarn|PER⟧ spoke. ⟦Shri Tarn|PER⟧ left.",
    );
    all_are("Dr. Dre", "⟦Dr. Dre|PER⟧ sang.");
    all_are("Alex de Tarn", "⟦bt A. de Tarn|PER⟧ ⟦Alex de Tarn|PER⟧");
}

#[test]
fn two_first_names_in_reverse_order_are_another_person() {
    names_are(
        "⟦James Scott|PER⟧ scored and ⟦Scott James|PER⟧ saved. ⟦Scott|PER⟧ left.",
        &["James Scott", "Scott James", "James Scott"],
    );
    all_are(
        "James Scott",
        "⟦Scott, James|PER⟧, fined. ⟦James Scott|PER⟧ paid.",
    );
    all_are(
        "Viktor Orbán",
        "⟦Viktor Orbán|PER⟧, or ⟦Orbán Viktor|PER⟧, won.",
    );
    all_are(
        "Shigeru Ishiba",
        "⟦Shigeru Ishiba|PER⟧ flew. ⟦Ishiba Shigeru|PER⟧ left.",
    );
}

#[test]
fn a_title_means_the_only_person_whose_first_name_fits_it() {
    names_are(
        "⟦Barack Obama|PER⟧ and ⟦Michelle Obama|PER⟧ came with their daughter ⟦Malia Obama|PER⟧. \
         Mrs. ⟦Obama|PER⟧ spoke. Mr. ⟦Obama|PER⟧ did not.",
        &[
            "Barack Obama",
            "Michelle Obama",
            "Malia Obama",
            "Michelle Obama",
            "Barack Obama",
        ],
    );
    names_are(
        "⟦Joe Biden|PER⟧ and ⟦James Biden|PER⟧ came. ⟦Joe Biden|PER⟧ spoke. Mr. ⟦Biden|PER⟧ left. \
         Mrs. ⟦Biden|PER⟧ waved.",
        &[
            "Joe Biden",
            "James Biden",
            "Joe Biden",
            "Joe Biden",
            "Biden",
        ],
    );
}
