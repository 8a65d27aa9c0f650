use super::chain::{OTHER_BESIDE, SIDE_BY_SIDE};
use super::*;
use crate::fake::subwords;
use ndarray::Array2;
use proptest::prelude::*;

fn labels(names: &[&str]) -> Labels {
    Labels::new(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap()
}

const IOB2: &[&str] = &["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
const IOB1: &[&str] = &["O", "B-PER", "I-PER", "I-LOC"];
const BIOES: &[&str] = &["O", "B-PER", "I-PER", "E-PER", "S-PER"];

/// Spans of a sequence of tags, by the scheme's own reading.
fn spans_of(labels: &Labels, tags: &[usize]) -> Vec<(usize, usize, Arc<str>)> {
    let mut found: Vec<(usize, usize, Arc<str>)> = Vec::new();
    for (at, &tag) in tags.iter().enumerate() {
        let before = at.checked_sub(1).map(|b| tags[b]);
        if labels.starts(before, tag) {
            found.push((at, at + 1, Arc::clone(labels.label(tag).unwrap())));
        } else if tag != 0 {
            found.last_mut().unwrap().1 = at + 1;
        }
    }
    found
}

/// Every allowed sequence of tags.
fn sequences(labels: &Labels, words: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![vec![]];
    for _ in 0..words {
        let mut longer = Vec::new();
        for sequence in &all {
            let last = sequence.last().copied();
            for tag in (0..labels.count()).filter(|&tag| labels.allowed(last, Some(tag))) {
                longer.push(sequence.iter().copied().chain([tag]).collect());
            }
        }
        all = longer;
    }
    all.retain(|sequence| labels.allowed(sequence.last().copied(), None));
    all
}

fn rows(words: usize) -> impl Strategy<Value = Vec<Vec<f32>>> {
    prop::collection::vec(prop::collection::vec(-6f32..6.0, 5), words)
}

proptest! {
    #[test]
    fn spans_and_scores_equal_those_of_a_search_over_all_sequences(
        scheme in prop::sample::select(vec![IOB2, IOB1, BIOES]),
        logits in (1usize..5).prop_flat_map(rows),
        adjoins in prop::collection::vec(any::<bool>(), 4),
    ) {
        let labels = labels(scheme);
        let p: Vec<Vec<f64>> = logits
            .iter()
            .map(|row| softmax(row.iter().take(labels.count()).copied()).unwrap())
            .collect();
        let tag_weight = |at: usize, tag: usize| {
            let row: &[f64] = &p[at];
            match scheme == IOB2 && adjoins[at] && [2, 4].contains(&tag) {
                true => row[tag] + (1.0 - SIDE_BY_SIDE) * row[tag - 1],
                false => row[tag],
            }
        };
        let weight = |s: &Vec<usize>| -> f64 {
            let spans = spans_of(&labels, s);
            let beside: f64 = spans
                .windows(2)
                .filter(|pair| pair[0].1 == pair[1].0 && adjoins[pair[1].0])
                .map(|pair| if pair[0].2 == pair[1].2 { SIDE_BY_SIDE } else { OTHER_BESIDE })
                .product();
            let people = spans.iter().filter(|span| &*span.2 == "PER").count();
            let tags: f64 = s.iter().enumerate().map(|(at, &t)| tag_weight(at, t)).product();
            tags * beside * 0.6f64.powi(people as i32)
        };
        let all = sequences(&labels, p.len());
        let total: f64 = all.iter().map(&weight).sum();
        let top = all.iter().map(&weight).fold(0.0, f64::max);
        let best: Vec<_> = all.iter().filter(|s| weight(s) > top * (1.0 - 1e-9)).collect();
        prop_assume!(best.len() == 1, "a tie");
        let calibration = Calibration {
            label_weights: [("PER".to_owned(), 0.6)].into(),
            ..Calibration::default()
        };
        let chain = Chain::new(&labels, &calibration);
        let mut weights = p.clone();
        for (row, &adjoins) in weights.iter_mut().zip(&adjoins) {
            chain.favour_inside(row, adjoins);
        }
        let words = Words { weights: &weights, adjoins: &adjoins[..p.len()] };
        let found = best_spans(&labels, &chain, words);
        let expected = spans_of(&labels, best[0]);
        prop_assert_eq!(found.len(), expected.len());
        for (span, wanted) in found.iter().zip(expected) {
            prop_assert_eq!(
                (span.words.start, span.words.end, &span.label),
                (wanted.0, wanted.1, &wanted.2)
            );
            let holding: f64 = all
                .iter()
                .filter(|s| spans_of(&labels, s).contains(&wanted))
                .map(&weight)
                .sum();
            prop_assert!((f64::from(span.score) - holding / total).abs() < 1e-6);
        }
    }
}

/// Decodes `text` with one tag wanted for each word.
fn decode_tags(text: &str, tags: &[usize]) -> Vec<(String, String)> {
    let labels = labels(IOB2);
    let document = subwords().tokenize(text).unwrap();
    assert_eq!(document.words.len(), tags.len(), "{:?}", document.words);
    let mut logits = Array2::zeros((tags.len(), labels.count()));
    for (word, &tag) in tags.iter().enumerate() {
        logits[[word, tag]] = 20.0;
    }
    let found = decode(
        text,
        &document,
        &labels,
        logits.view(),
        &Calibration::default(),
    )
    .unwrap();
    found
        .iter()
        .map(|s| (text[s.start..s.end].to_owned(), s.label.to_string()))
        .collect()
}

#[test]
fn two_adjoining_words_tagged_as_people_are_one_person_unless_a_line_ends_between_them() {
    let labels = labels(IOB2);
    let names = |text: &str| {
        let document = subwords().tokenize(text).unwrap();
        let mut logits = Array2::zeros((2, labels.count()));
        (logits[[0, 1]], logits[[1, 1]], logits[[1, 2]]) = (9.0, 8.0, 6.0);
        decode(
            text,
            &document,
            &labels,
            logits.view(),
            &Calibration::default(),
        )
        .unwrap()
        .len()
    };
    assert_eq!((names("Pam Butler"), names("Pam\nButler")), (1, 2));
}

fn span(surface: &str, label: &str) -> (String, String) {
    (surface.to_owned(), label.to_owned())
}

#[test]
fn a_name_may_run_over_a_line_break_but_not_over_a_blank_line() {
    let wrapped = "the envoys of the eleven countries met on Monday evening in Kyiv\n\
                   based on what the ministers had agreed the week before in Warsaw\n\
                   and what they had heard from home";
    let tag = |at| {
        if at == 11 {
            1
        } else {
            usize::from(at == 12) * 2
        }
    };
    let found = decode_tags(wrapped, &(0..31).map(tag).collect::<Vec<_>>());
    assert_eq!(found, [span("Kyiv\nbased", "PER")]);
    assert_eq!(decode_tags("Kyiv\n\nbased", &[1, 2]), [span("Kyiv", "PER")]);
}

#[test]
fn no_name_crosses_from_one_column_into_the_next() {
    let two = [span("Kyiv", "PER"), span("based", "PER")];
    for gap in ["\t", "   ", " \u{A0} "] {
        assert_eq!(decode_tags(&format!("Kyiv{gap}based"), &[1, 2]), two);
    }
}

#[test]
fn unbalanced_marks_are_trimmed_and_balanced_ones_kept() {
    assert_eq!(decode_tags("( Kyiv", &[1, 2]), [span("Kyiv", "PER")]);
    assert_eq!(
        decode_tags("Kyiv ( based )", &[1, 2, 2, 2]),
        [span("Kyiv ( based )", "PER")]
    );
    assert_eq!(decode_tags("Kyiv \" ,", &[1, 2, 2]), [span("Kyiv", "PER")]);
    assert_eq!(decode_tags("( ,", &[1, 2]), []);
    assert_eq!(decode_tags("# Kyiv", &[1, 2]), [span("Kyiv", "PER")]);
    assert_eq!(decode_tags("#Kyiv", &[1, 2]), [span("#Kyiv", "PER")]);
    assert_eq!(decode_tags("'Kyiv", &[1, 2]), [span("Kyiv", "PER")]);
    assert_eq!(
        decode_tags("told [ Kyiv ] based", &[0, 0, 1, 2, 2]),
        [span("Kyiv ] based", "PER")]
    );
    assert_eq!(
        decode_tags("told [Kyiv] based", &[0, 0, 1, 2, 2]),
        [span("[Kyiv] based", "PER")]
    );
}

#[test]
fn two_names_joined_after_a_suffix_are_two() {
    assert_eq!(
        decode_tags("Kyiv Jr. Based met Kyiv Sr", &[1, 2, 2, 2, 0, 1, 2]),
        [
            span("Kyiv Jr.", "PER"),
            span("Based", "PER"),
            span("Kyiv Sr", "PER")
        ]
    );
    assert_eq!(
        decode_tags("Kyiv Jr. Memorial", &[3, 4, 4, 4]),
        [span("Kyiv Jr. Memorial", "LOC")]
    );
    assert_eq!(
        decode_tags("Kyiv Jr.", &[1, 2, 0]),
        [span("Kyiv Jr.", "PER")]
    );
}

#[test]
fn an_apostrophe_that_opens_a_name_is_part_of_it() {
    let name = |surface| [span(surface, "PER")];
    assert_eq!(decode_tags("'t Kyiv", &[1, 2, 2]), name("'t Kyiv"));
    assert_eq!(decode_tags("'s-Kyiv", &[0, 1, 2, 2]), name("'s-Kyiv"));
    assert_eq!(decode_tags("’Abd Kyiv", &[1, 2, 2]), name("’Abd Kyiv"));
    assert_eq!(decode_tags("Kyiv's-Kyiv", &[0, 0, 1, 2, 2]), name("s-Kyiv"));
}

#[test]
fn a_word_without_subwords_belongs_only_to_a_name_around_it() {
    assert_eq!(
        decode_tags("Kyiv \u{1} based", &[1, 0, 2]),
        [span("Kyiv \u{1} based", "PER")]
    );
    assert_eq!(
        decode_tags("Kyiv \u{1} based", &[1, 2, 0]),
        [span("Kyiv", "PER")]
    );
}

#[test]
fn a_logit_that_is_not_a_number_is_an_error() {
    let document = subwords().tokenize("Kyiv").unwrap();
    let logits = Array2::from_elem((1, 5), f32::NAN);
    let failed = decode(
        "Kyiv",
        &document,
        &labels(IOB2),
        logits.view(),
        &Calibration::default(),
    );
    assert!(matches!(failed, Err(Error::NotFinite)));
}

#[test]
fn a_higher_temperature_lowers_the_scores_of_the_same_spans() {
    let document = subwords().tokenize("Kyiv based").unwrap();
    let mut logits = Array2::zeros((2, 5));
    logits[[0, 3]] = 4.0;
    logits[[1, 0]] = 4.0;
    let at = |temperature| {
        let calibration = Calibration {
            temperature,
            ..Calibration::default()
        };
        decode(
            "Kyiv based",
            &document,
            &labels(IOB2),
            logits.view(),
            &calibration,
        )
        .unwrap()
    };
    let (one, two) = (at(1.0), at(2.0));
    assert_eq!((one[0].start, one[0].end), (two[0].start, two[0].end));
    assert!(one[0].score > two[0].score + 0.1, "{one:?} {two:?}");
}

#[test]
fn a_span_without_letters_and_digits_is_no_name() {
    let document = subwords().tokenize("- Kyiv").unwrap();
    let mut logits = Array2::zeros((2, 5));
    logits[[0, 1]] = 9.0;
    logits[[1, 3]] = 9.0;
    let spans = decode(
        "- Kyiv",
        &document,
        &labels(IOB2),
        logits.view(),
        &Calibration::default(),
    )
    .unwrap();
    assert_eq!((spans.len(), spans[0].start), (1, 2));
}
