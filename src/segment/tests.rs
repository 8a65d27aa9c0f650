use proptest::prelude::*;

use super::{paragraphs::paragraphs, sentences};

/// The sentences' own texts.
fn cut(text: &str) -> Vec<&str> {
    sentences(text)
        .iter()
        .map(|s| &text[s.start..s.end])
        .collect()
}

/// Asserts that the text, whose sentences `|` divides, is cut there and nowhere else.
fn check(marked: &str) {
    let expected: Vec<&str> = marked.split('|').map(str::trim).collect();
    assert_eq!(cut(&marked.replace('|', "")), expected);
}

#[test]
fn titles_and_initials_do_not_end_a_sentence() {
    check("Gen. Min Aung Hlaing met Mr. Varga and Mrs. Odom. | Lt. Col. Pruitt spoke.");
    check("Letters of J. R. R. Tolkien were found. | C. S. Lewis kept others.");
    check("GEN. SMITH MET DR. JONES IN ST. LOUIS. | THE TALKS FAILED.");
    check("Col. (Ret.) Ann Odom, Rt. Rev. Paul Varga and Ven. Kusala met Mr. Ng. | Tran left.");
    check("Guðni Th. Jóhannesson met Dm. Peskov, Yu. V. Ushakov and O. Yu. Vasilyeva.");
    check(
        "United States ex rel. Varga won. | It was Col. Odom (ret.) | He met Ms. Yu. | Odom left.",
    );
    check("The ex-Gov. Kehoe came to St. Mark's Church.");
}

#[test]
fn the_next_word_tells_whether_an_abbreviation_ends_the_sentence() {
    check("U.S. President Joe Biden spoke. | He lives in the U.S. | The president agreed.");
    check("It left at 12:50 p.m. on Friday. | It landed at 4 a.m. | They slept.");
    check("Boeing Co. Chief Executive Kelly Ortberg left Spirit Inc. | It's over.");
    check("Martin Luther King Jr. Day was in Jan. | We waited.");
    check("The U.S. All-Star team met A. A. Milne.");
    check("They held Robert Downey Jr. | Downey was held. | Boeing Co. | Boeing agreed.");
    check("Chuck Schumer, D-N.Y. | Schumer agreed. | Bernie Sanders, I-Vt., spoke.");
    check("He sold AT&T. | Comcast fell. | It cost Rs. 500.");
}

#[test]
fn a_letter_that_is_a_name_is_no_initial() {
    check("He posted it on X. | Modi thanked him. | They left X. | Musk agreed.");
    check("Malcolm X. Carter spoke. | Turkey won Group B. | Germany lost.");
}

#[test]
fn small_abbreviations_and_numbers_do_not_end_a_sentence() {
    check("See No. 10, vs. Three others, e.g. Kenya. | No. | He said no. | It cost 3.5 percent.");
    check("On Nov. 3 prices rose 4.3% to $48.50. | In 2012. | 5 came.");
    check(
        "Medals: 1. China 40; 2. Japan 27. | **3. Kenya won.** | # 4. Peru lost. | He saw 5. | Six left.",
    );
    check("1. Carbon dioxide rises. | Methane does, too.");
}

#[test]
fn closing_marks_stay_with_their_sentence() {
    check("\"Four winters!\" | “He came.” | (It was late.) | He said \"no\". | 'Yes?' | End.");
    check("\"Nobody asks twice in the U.S.\" | Kyiv answered.");
    check("Asked about exams (\"Must I read ninety?\"), he laughed.");
    check("« C’est fini. » | Il partit.");
}

#[test]
fn a_quotation_goes_on_before_a_small_letter_or_a_dash() {
    check("\"Is that justice?\" asked Ms. Lima. | \"It is!\" he said.");
    check("“Stop!” — so he cried. | She left. | —Troy Roberts");
    check("CAPE CANAVERAL, Fla. -- The probe left.");
}

#[test]
fn an_ellipsis_ends_a_sentence_only_before_a_capital() {
    check("Cooking oil, rent ... everything doubled. | They said no... | Nobody asks… | Why?");
}

#[test]
fn emoji_and_references_stay_with_the_sentence_before() {
    check("1-0! 🔥🔥 | The heart ❤️ of Kyiv. 👨‍👩‍👧‍👦 | More.[1] | Most. [2][3] | End. 🏆");
}

#[test]
fn a_name_with_a_small_first_letter_may_open_a_sentence() {
    check("Apple rose. | iPhone sales fell.");
}

#[test]
fn text_without_capitals_is_cut_at_full_stops() {
    check("nato met in kyiv. | gen. smith left the u.s. senate. | it was late.");
}

#[test]
fn other_scripts_end_sentences_with_their_own_marks() {
    check("北约会议。|基辅！|真的？|是。");
    check("यह कीव है। | वह नाटो है।");
    check("هل هذه كييف؟ | نعم.");
    check("「はい。」と言った。|次。");
}

#[test]
fn no_sentence_ends_within_a_host_or_a_decimal() {
    check("Write to info@example.org or www.Example.Com/a.B now. | Thanks.");
}

#[test]
fn a_headline_is_a_paragraph_of_its_own() {
    let body = "NATO chief Mark Rutte spoke at the Verkhovna Rada on Tuesday. He left later.";
    for gap in [
        "\n\n",
        "\r\n\r\n",
        "\r\r",
        "\n \t\n",
        "\u{2029}",
        "\u{85}\u{85}",
        "\n",
        "\u{2028}",
    ] {
        let text = format!("Rutte visits Kyiv{gap}{body}");
        let found = sentences(&text);
        let starts: Vec<bool> = found.iter().map(|s| s.starts_paragraph).collect();
        assert_eq!(starts, [true, true, false], "{gap:?}");
        assert_eq!(&text[found[0].start..found[0].end], "Rutte visits Kyiv");
    }
}

#[test]
fn lines_wrapped_to_similar_length_are_one_paragraph() {
    // What `fmt -w 72` makes of it: 65 characters, where the margin would allow 72.
    let text = "The mayor of the old harbour town met the president of the African\n\
                National Congress and a delegation of fishermen who had come from\n\
                Burkina Faso to see how the new cold store by the quay worked and\n\
                what it cost to run. They were told that it lost money, said Kim\n\
                Jong Un of the Harbour Press, and that it would go on like that.\n";
    assert_eq!(paragraphs(text).len(), 1);
}

#[test]
fn a_name_may_run_over_a_line_break() {
    let text = "Europa Clipper rose from Launch Complex 39A of Florida's Kennedy Space\r\n\
                Center at noon on a Falcon Heavy rocket of SpaceX. The start had been\r\n\
                put off. It is fine.\r\n";
    assert_eq!(paragraphs(text).len(), 1);
    assert!(cut(text)[0].contains("Space\r\nCenter"));
    assert_eq!(cut(text).len(), 3);
    assert_eq!(cut("He met Volodymyr\nZelenskyy in Kyiv.").len(), 1);
}

#[test]
fn no_sentence_ends_within_a_word_that_is_broken_at_a_hyphen() {
    assert_eq!(cut("Gavin New-\nsom won.\nHe left.").len(), 2);
    assert_eq!(cut("Kyiv 2 -\nlater\nNATO-\nKyiv").len(), 4);
}

#[test]
fn lines_that_are_paragraphs_are_not_joined() {
    let long = "The alliance promised more air defence before the winter, as it had done before, \
                and the deputies applauded for a long time";
    let text = format!("Rutte visits Kyiv\nBy Jane Doe\n{long}\n{long}\nRead more\n");
    assert_eq!(
        cut(&text),
        ["Rutte visits Kyiv", "By Jane Doe", long, long, "Read more"]
    );
}

#[test]
fn list_items_are_paragraphs() {
    let text = "They agree within a tenth of a degree:\n• Copernicus, Europe\n• Met Office\n\
                1. Carbon dioxide has passed 420 parts per million at Mauna\n   Loa\n2) Methane";
    let items: Vec<&str> = paragraphs(text).into_iter().map(|p| &text[p]).collect();
    assert_eq!(items.len(), 5);
    assert!(items[3].ends_with("Mauna\n   Loa"));
    assert_eq!(cut(text), items);
}

#[test]
fn a_dash_at_the_start_of_a_wrapped_line_is_no_list() {
    let text = "The minister said on Tuesday that the people of Kharkiv, Lviv, Dnipro\n\
                – who had waited for four winters – would get help before the start\n\
                of the first frost.";
    assert_eq!(cut(text).len(), 1);
}

#[test]
fn an_indented_line_starts_a_paragraph() {
    let text = "  The alliance met on Tuesday to speak about the long winter in\nKyiv.\n  \
                The deputies applauded for a very long time, as they had before.";
    assert_eq!(paragraphs(text).len(), 2);
}

#[test]
fn blank_text_has_no_sentences() {
    for text in ["", " ", "\n\n", "\u{2029}\u{85}\t"] {
        assert!(sentences(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_line_of_a_million_marks_takes_linear_time() {
    assert_eq!(sentences(&"a.".repeat(500_000)).len(), 1);
    assert_eq!(sentences(&". \"".repeat(300_000)).len(), 1);
    assert_eq!(sentences(&"No! ".repeat(100_000)).len(), 100_000);
}

proptest! {
    #[test]
    fn every_byte_but_white_space_is_in_one_sentence(
        text in "(\\PC|[a-zA-Z.!?\"'()\\[\\] \\-•…。❤️\u{85}\u{2028}\u{2029}\u{A0}\r\n\t]){0,80}"
    ) {
        let found = sentences(&text);
        prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
        prop_assert!(found.first().is_none_or(|s| s.starts_paragraph));
        for sentence in &found {
            let slice = &text[sentence.start..sentence.end];
            prop_assert!(!slice.is_empty() && slice.trim() == slice);
        }
        let inside: usize = found.iter().map(|s| solid(&text[s.start..s.end])).sum();
        prop_assert_eq!(inside, solid(&text));
    }

    #[test]
    fn sentences_do_not_depend_on_other_paragraphs(a in "[A-Za-z.!? ]{0,40}", b in "[A-Za-z.!? ]{0,40}") {
        let joined = sentences(&format!("{a}\n\n{b}"));
        let moved = sentences(&b).into_iter().map(|mut s| {
            s.start += a.len() + 2;
            s.end += a.len() + 2;
            s
        });
        let apart: Vec<_> = sentences(&a).into_iter().chain(moved).collect();
        prop_assert_eq!(joined, apart);
    }
}

/// Bytes that are not white space.
fn solid(text: &str) -> usize {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(char::len_utf8)
        .sum()
}
