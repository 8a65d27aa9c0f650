use super::*;
use crate::eval::{Layout, read};
use proptest::prelude::*;

mod reference;

const IOB1: &str = include_str!("../../../tests/fixtures/eval/iob1.txt");
const ORPHAN_INSIDE: &str = include_str!("../../../tests/fixtures/eval/orphan_inside.txt");
const ADJACENT_BEGIN: &str = include_str!("../../../tests/fixtures/eval/adjacent_begin.txt");

fn scored(text: &str, reading: Reading) -> Scores {
    let rules = Rules {
        reading,
        ..Rules::default()
    };
    score(&read(text, Layout::Scored).unwrap(), &rules)
}

/// Scores the spans (start, end, label) of one text.
fn score_spans(gold: &[(usize, usize, &str)], predicted: &[(usize, usize, &str)]) -> Scores {
    let mut scores = Scores::default();
    let rules = Rules::default();
    scores.add_spans(&rules, gold.iter().copied(), predicted.iter().copied());
    scores
}

/// Label, correct, gold, predicted.
fn rows(scores: &Scores) -> Vec<(&str, u64, u64, u64)> {
    let row = |(label, c): (&'static str, Count)| (label, c.correct, c.gold, c.predicted);
    let mut rows = vec![row(("overall", scores.overall()))];
    rows.extend(
        scores
            .labels
            .iter()
            .map(|(l, c)| (l.as_str(), c.correct, c.gold, c.predicted)),
    );
    rows
}

fn rounded(percent: f64) -> String {
    format!("{percent:.2}")
}

#[test]
fn json_has_unrounded_percentages_and_sorted_labels() {
    let json = serde_json::to_string(&scored(ADJACENT_BEGIN, Reading::Conlleval)).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"overall":{"correct":5,"gold":9,"predicted":7,"precision":71.42857142857143,"#,
            r#""recall":55.55555555555556,"f1":62.5},"labels":{"#,
            r#""LOC":{"correct":5,"gold":7,"predicted":6,"precision":83.33333333333333,"#,
            r#""recall":71.42857142857143,"f1":76.92307692307692},"#,
            r#""PER":{"correct":0,"gold":2,"predicted":1,"precision":0.0,"recall":0.0,"f1":0.0}},"#,
            r#""tokens":16,"accuracy":87.5}"#
        )
    );
}

#[test]
fn the_table_lines_up_and_says_what_was_counted() {
    let table = |scores: &Scores| {
        let mut out = Vec::new();
        scores.write_table(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        table(&scored(ADJACENT_BEGIN, Reading::Conlleval)),
        "\
tokens: 16, with the right tag: 87.50 %
names in the gold data: 9, found: 7, correct: 5

         precision   recall       F1  correct    found     gold
overall      71.43    55.56    62.50        5        7        9
LOC          83.33    71.43    76.92        5        6        7
PER           0.00     0.00     0.00        0        1        2
"
    );
    let spans = table(&score_spans(&[(0, 4, "créature")], &[]));
    assert_eq!(
        spans,
        "\
names in the gold data: 1, found: 0, correct: 0

          precision   recall       F1  correct    found     gold
overall        0.00     0.00     0.00        0        0        1
créature       0.00     0.00     0.00        0        0        1
"
    );
}

#[test]
fn only_the_labels_asked_for_count() {
    let rules = Rules {
        only: Some(["LOC".to_owned(), "PER".to_owned()].into()),
        ..Rules::default()
    };
    let documents = read(IOB1, Layout::Scored).unwrap();
    let scores = score(&documents, &rules);
    assert_eq!(
        rows(&scores),
        [("overall", 4, 7, 5), ("LOC", 2, 5, 3), ("PER", 2, 2, 2)]
    );
    // Tallinn and the last place stay wrong; tags of other labels read as O.
    assert_eq!(
        (scores.tokens(), rounded(scores.accuracy())),
        (23, "91.30".to_owned())
    );
}

#[test]
fn relabelled_neighbours_stay_two_names() {
    let rules = Rules {
        gold: Relabel::parse(["GPE=LOC", "DATE="]).unwrap(),
        ..Rules::default()
    };
    let file = "Riga I-GPE B-LOC\nBay I-LOC B-LOC\nFriday I-DATE O\n";
    let scores = score(&read(file, Layout::Scored).unwrap(), &rules);
    assert_eq!(rows(&scores), [("overall", 2, 2, 2), ("LOC", 2, 2, 2)]);
    assert_eq!(rounded(scores.accuracy()), "33.33");
}

#[test]
fn each_side_has_its_own_new_labels() {
    let rules = Rules {
        gold: Relabel::parse(["person=PER"]).unwrap(),
        predicted: Relabel::parse(["PERSON=PER", "MISC="]).unwrap(),
        ..Rules::default()
    };
    let mut scores = Scores::default();
    scores.add_spans(
        &rules,
        [(0, 3, "person")],
        [(0, 3, "PERSON"), (4, 6, "MISC")],
    );
    assert_eq!(rows(&scores), [("overall", 1, 1, 1), ("PER", 1, 1, 1)]);
}

#[test]
fn chunks_of_two_schemes_compare_as_iob2() {
    let bioes = ["B-LOC", "E-LOC", "O", "S-PER"].map(|t| Tag::parse(t).unwrap());
    let found = ["B-LOC", "I-LOC", "O", "B-ORG"].map(|t| Tag::parse(t).unwrap());
    let reading = Reading::Conlleval;
    let mut scores = Scores::default();
    scores.add_chunks(
        &Rules::default(),
        4,
        &chunks(bioes, reading),
        &chunks(found, reading),
    );
    assert_eq!(
        rows(&scores),
        [
            ("overall", 1, 2, 2),
            ("LOC", 1, 1, 1),
            ("ORG", 0, 0, 1),
            ("PER", 0, 1, 0)
        ]
    );
    assert_eq!((scores.tokens(), scores.accuracy()), (4, 75.0));
}

#[test]
fn spans_match_by_start_end_and_label_in_any_order_and_nested() {
    let gold = [
        (20, 24, "LOC"),
        (0, 9, "ORG"),
        (0, 4, "LOC"),
        (10, 12, "PER"),
        (30, 31, "PER"),
    ];
    let found = [
        (10, 12, "ORG"),
        (0, 4, "LOC"),
        (20, 24, "LOC"),
        (0, 8, "ORG"),
        (40, 41, "PER"),
    ];
    let scores = score_spans(&gold, &found);
    assert_eq!(
        rows(&scores),
        [
            ("overall", 2, 5, 5),
            ("LOC", 2, 2, 2),
            ("ORG", 0, 1, 2),
            ("PER", 0, 2, 1)
        ]
    );
    assert_eq!((scores.tokens(), scores.accuracy()), (0, 0.0));
}

#[test]
fn a_span_given_twice_matches_as_often_as_it_stands_on_the_other_side() {
    let one = (0, 4, "LOC");
    assert_eq!(
        rows(&score_spans(&[one], &[one, one]))[0],
        ("overall", 1, 1, 2)
    );
    assert_eq!(
        rows(&score_spans(&[one, one], &[one, one]))[0],
        ("overall", 2, 2, 2)
    );
}

#[test]
fn parts_of_the_data_add_up() {
    let mut sum = scored(IOB1, Reading::Conlleval);
    sum.add(&scored(ORPHAN_INSIDE, Reading::Conlleval));
    let whole = format!("{}{}", IOB1, ORPHAN_INSIDE);
    assert_eq!(sum, scored(&whole, Reading::Conlleval));
    assert_eq!(
        sum.overall(),
        Count {
            correct: 10,
            gold: 14,
            predicted: 13
        }
    );
}

/// An IOB2 column, names as lengths with a label, gaps between them.
fn iob2_column() -> impl Strategy<Value = Vec<Tag<'static>>> {
    let name = (0..3_usize, 1..4_usize, 0..3_usize);
    prop::collection::vec(name, 0..8).prop_map(|names| {
        let mut tags = Vec::new();
        for (gap, length, label) in names {
            let label = ["PER", "ORG", "LOC"][label];
            tags.extend(std::iter::repeat_n(Tag::OUTSIDE, gap));
            tags.push(Tag {
                part: Part::Begin,
                label,
            });
            tags.extend(std::iter::repeat_n(
                Tag {
                    part: Part::Inside,
                    label,
                },
                length - 1,
            ));
        }
        tags
    })
}

proptest! {
    #[test]
    fn gold_against_itself_is_all_right(tags in iob2_column()) {
        for reading in [Reading::Conlleval, Reading::Strict] {
            let rules = Rules { reading, ..Rules::default() };
            let pairs: Vec<_> = tags.iter().map(|t| (*t, *t)).collect();
            let mut scores = Scores::default();
            scores.add_tags(&rules, &pairs);
            let names = tags.iter().filter(|t| t.part == Part::Begin).count() as u64;
            let overall = scores.overall();
            prop_assert_eq!(overall, Count { correct: names, gold: names, predicted: names });
            if names > 0 {
                prop_assert_eq!([overall.precision(), overall.recall(), overall.f1()], [100.0; 3]);
                prop_assert_eq!(scores.accuracy(), 100.0);
            }
        }
    }

    #[test]
    fn columns_and_chunks_and_spans_give_the_same_figures(
        gold in iob2_column(), found in iob2_column()
    ) {
        let rules = Rules::default();
        let tokens = gold.len().max(found.len());
        let padded = |mut tags: Vec<Tag<'static>>| {
            tags.resize(tokens, Tag::OUTSIDE);
            tags
        };
        let (gold, found) = (padded(gold), padded(found));
        let pairs: Vec<_> = gold.iter().copied().zip(found.iter().copied()).collect();
        let mut by_tags = Scores::default();
        by_tags.add_tags(&rules, &pairs);
        let (gold, found) = (chunks(gold, rules.reading), chunks(found, rules.reading));
        let mut by_chunks = Scores::default();
        by_chunks.add_chunks(&rules, tokens, &gold, &found);
        prop_assert_eq!(&by_tags, &by_chunks);
        let gold: Vec<_> = gold.iter().map(triple).collect();
        let found: Vec<_> = found.iter().map(triple).collect();
        let by_spans = score_spans(&gold, &found);
        prop_assert_eq!(by_tags.labels(), by_spans.labels());
        let overall = by_spans.overall();
        prop_assert!(overall.correct <= overall.gold.min(overall.predicted));
    }
}
