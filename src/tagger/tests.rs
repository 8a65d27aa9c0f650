use super::*;
use crate::TokenSpan;
use crate::backend::{Backend, Packed};
use crate::fake::{FakeBackend, subwords};
use crate::model::Labels;
use ndarray::Array2;
use proptest::prelude::*;

fn model() -> Model {
    let tags = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
    let labels = Labels::new(&tags.map(str::to_owned)).unwrap();
    Model::from_parts("fake", labels, subwords(), Box::new(FakeBackend))
}

fn tagger(threads: usize) -> Tagger {
    let builder = Tagger::builder().model(model());
    builder
        .threads(threads.try_into().unwrap())
        .build()
        .unwrap()
}

fn found(document: &Document) -> Vec<(&str, &str)> {
    let spans = document.spans.iter();
    spans.map(|s| (document.surface(s), &*s.label)).collect()
}

#[test]
fn a_document_longer_than_a_window_is_read_to_the_end() {
    let text = "based ".repeat(100) + "UNHCR in Kyiv";
    let document = tagger(1).tag(&text).unwrap();
    assert_eq!(found(&document), [("UNHCR", "ORG"), ("Kyiv", "LOC")]);
    assert_eq!(document.stats.words, 103);
    assert_eq!(document.stats.subwords, 104);
    assert!(document.stats.windows > 7);
}

#[test]
fn an_empty_text_has_no_spans() {
    let document = tagger(1).tag(" \r\n\u{A0}").unwrap();
    assert_eq!(document.stats, Stats::default());
}

#[test]
fn a_listed_name_does_not_cross_from_one_sentence_of_tokens_into_the_next() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("names.tsv");
    std::fs::write(&path, "surface\tlabel\nMark Rutte\tLOC\n").unwrap();
    let lists = Lists::open(&[path]).unwrap();
    let tagger = Tagger::builder().model(model()).lists(lists);
    let tagger = tagger.build().unwrap();
    let tokens = |sentences: &[&[&str]]| -> Vec<Vec<(usize, usize)>> {
        let owned = |tokens: &&[&str]| tokens.iter().map(|&token| token.to_owned()).collect();
        let document = sentences.iter().map(owned).collect();
        let tagged = tagger.tag_tokens(&[document]).unwrap().remove(0);
        let ends = |span: &TokenSpan| (span.tokens.start, span.tokens.end);
        let sentences = tagged.iter();
        sentences
            .map(|spans| spans.iter().map(ends).collect())
            .collect()
    };
    assert_eq!(tokens(&[&["Mark"], &["Rutte", "spoke"]]), [vec![], vec![]]);
    assert_eq!(
        tokens(&[&["Hail"], &["Mark", "Rutte"]]),
        [vec![], vec![(0, 2)]]
    );
}

#[test]
fn labels_and_scores_select_spans() {
    let build = |b: TaggerBuilder| b.model(model()).build();
    let only = build(Tagger::builder().labels(["LOC"])).unwrap();
    assert_eq!(found(&only.tag("UNHCR Kyiv").unwrap()), [("Kyiv", "LOC")]);
    let unknown = build(Tagger::builder().labels(["GPE"]));
    assert!(matches!(unknown, Err(Error::UnknownLabel { known, .. }) if known == "LOC, ORG"));
    assert!(build(Tagger::builder().min_score(1.5)).is_err());
    assert!(build(Tagger::builder().min_score(f32::NAN)).is_err());
    assert!(build(Tagger::builder().window(1000)).is_err());
    let none = build(Tagger::builder().min_score(1.0)).unwrap();
    assert_eq!(found(&none.tag("UNHCR Kyiv").unwrap()), []);
}

/// A [`FakeBackend`] with so few positions that special tokens fill them.
struct Short;

impl Backend for Short {
    fn size(&self) -> usize {
        FakeBackend.size()
    }

    fn max_tokens(&self) -> usize {
        2
    }

    fn logits(&self, packed: Packed<'_>) -> Result<Array2<f32>> {
        FakeBackend.logits(packed)
    }

    fn logits_and_hidden(&self, packed: Packed<'_>) -> Result<(Array2<f32>, Array2<f32>)> {
        FakeBackend.logits_and_hidden(packed)
    }
}

#[test]
fn a_model_without_room_for_a_word_is_refused() {
    let labels = Labels::new(&["O", "B-LOC"].map(str::to_owned)).unwrap();
    let short = Model::from_parts("short", labels, subwords(), Box::new(Short));
    let message = Tagger::builder().model(short).build().err().unwrap();
    let wanted = "the model short takes 2 subwords at once, which its special tokens fill; use";
    assert!(message.to_string().starts_with(wanted), "{message}");
}

#[test]
fn vectors_are_the_mean_over_the_words_of_all_windows() {
    let text = "UNHCR ".repeat(3) + &"based ".repeat(9) + "Kyiv";
    let vectors = tagger(1).vectors(&[text.as_str(), " \n"]).unwrap();
    let vector = vectors[0].as_ref().unwrap();
    // The fake's states are one-hot by subword id: 4 is Ky, 6 based, 7 UNHCR.
    for (column, share) in [(4, 1.0), (6, 9.0), (7, 3.0)] {
        assert!((vector[column] - share / 13.0).abs() < 1e-6, "{vector}");
    }
    assert_eq!(vectors[1], None);
}

#[test]
fn builder_and_tagger_have_debug_output() {
    let shown = format!("{:?} {:?}", Tagger::builder().labels(["LOC"]), tagger(1));
    for part in [
        "TaggerBuilder",
        "\"LOC\"",
        "Model { name: \"fake\"",
        "min_score: 0.0",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_document_has_the_same_results_in_a_batch_as_alone(
        texts in prop::collection::vec("(Kyiv|UNHCR|based|😀|\r\n|\n\n|[a-z\u{301}]{1,3}|[ .,-]){0,60}", 0..8)
    ) {
        let alone: Vec<Document> = texts.iter().map(|t| tagger(1).tag(t).unwrap()).collect();
        prop_assert_eq!(&tagger(2).tag_batch(&texts).unwrap(), &alone);
        let back: Vec<&String> = texts.iter().rev().collect();
        let mut again = tagger(1).tag_batch(&back).unwrap();
        again.reverse();
        prop_assert_eq!(again, alone);
        let alone: Vec<_> = texts.iter().map(|t| tagger(1).vectors(&[t]).unwrap().remove(0)).collect();
        prop_assert_eq!(tagger(2).vectors(&texts).unwrap(), alone);
    }

    #[test]
    fn spans_are_sorted_disjoint_slices_at_character_borders(text in "(Kyiv|UNHCR|\\PC|[\r\n\u{301}\u{200D}\u{FE0F}]){0,40}") {
        let document = tagger(1).tag(&text).unwrap();
        let mut last = 0;
        for span in &document.spans {
            prop_assert!(last <= span.start && span.start < span.end);
            prop_assert_eq!(&text[span.start..span.end], document.surface(span));
            prop_assert!(["Kyiv", "UNHCR"].iter().any(|n| document.surface(span).contains(n)));
            last = span.end;
        }
    }
}
