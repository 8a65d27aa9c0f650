use super::*;
use crate::fake::{FakeBackend, subwords};
use crate::model::Labels;
use crate::topic::Selection;

fn model() -> Model {
    let labels =
        Labels::new(&["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"].map(str::to_owned)).unwrap();
    Model::from_parts("fake", labels, subwords(), Box::new(FakeBackend))
}

fn row(line: usize, topics: &[&str]) -> Labelled {
    Labelled {
        line,
        id: None,
        text: format!("text {line}"),
        topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
    }
}

/// Forty texts whose vectors encode their topics; a fifth of them have two.
fn lessons() -> (Vec<Labelled>, Vec<Option<Array1<f32>>>) {
    let of = |at: usize| match at % 5 {
        0 => vec!["courts"],
        1 => vec!["schools"],
        2 => vec!["courts", "schools"],
        _ => vec![],
    };
    let rows: Vec<Labelled> = (0..40).map(|at| row(at + 1, &of(at))).collect();
    let vector = |row: &Labelled| {
        let is = |topic: &str| f32::from(u8::from(row.topics.iter().any(|t| t == topic)));
        let mut vector = Array1::from_elem(16, 0.1 * (row.line % 7) as f32);
        (vector[0], vector[1]) = (is("courts"), is("schools"));
        Some(vector)
    };
    let vectors = rows.iter().map(vector).collect();
    (rows, vectors)
}

#[test]
fn separable_topics_are_learned_and_survive_writing_and_reading() {
    let (rows, vectors) = lessons();
    let lesson = learn(&rows, &vectors, &model(), "beats").unwrap();
    assert_eq!(lesson.scores.micro().f1(), 100.0);
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("beats.topics");
    lesson.learned.save(&path).unwrap();
    let learned = Learned::open(&path).unwrap();
    assert_eq!(learned, lesson.learned);
    learned.check(&model()).unwrap();
    for (row, vector) in rows.iter().zip(&vectors) {
        let scored = learned.score(vector.as_ref().unwrap().view());
        let chosen = Selection {
            min_score: Some(0.5),
            ..Selection::default()
        }
        .select(scored, learned.defaults());
        let mut labels: Vec<&str> = chosen.iter().map(|topic| &*topic.label).collect();
        labels.sort_unstable();
        assert_eq!(labels, row.topics);
        assert!(chosen.iter().all(|topic| topic.code.starts_with("beats:")));
    }
}

#[test]
fn vectors_that_are_not_those_of_the_texts_are_refused() {
    let refused = |change: fn(&mut Vec<Option<Array1<f32>>>)| {
        let (rows, mut vectors) = lessons();
        change(&mut vectors);
        let refused = learn(&rows, &vectors, &model(), "beats").err().unwrap();
        refused.to_string()
    };
    let few = refused(|vectors| vectors.truncate(39));
    assert!(few.contains("40 texts and 39 vectors"), "{few}");
    let many = refused(|vectors| vectors.push(None));
    assert!(many.contains("40 texts and 41 vectors"), "{many}");
    let short = refused(|vectors| vectors[1] = Some(Array1::zeros(3)));
    assert!(
        short.starts_with("line 2: the text has a vector of 3"),
        "{short}"
    );
    for number in [f32::NAN, f32::INFINITY] {
        let (rows, mut vectors) = lessons();
        vectors[1] = Some(Array1::from_elem(16, number));
        let odd = learn(&rows, &vectors, &model(), "beats");
        assert!(matches!(odd, Err(Error::NotFinite)), "{number}");
    }
}

#[test]
fn another_model_is_refused() {
    let (rows, vectors) = lessons();
    let learned = learn(&rows, &vectors, &model(), "beats").unwrap().learned;
    let mut other = model();
    learned.check(&other).unwrap();
    other = other.with_topics(head()).unwrap();
    let refused = learned.check(&other).unwrap_err().to_string();
    assert!(
        refused.contains("learned with the model fake") && refused.contains("learn them again"),
        "{refused}"
    );
}

/// A head for the sixteen columns of the fake model's states.
fn head() -> crate::topic::Head {
    let fields = [
        ("format", "newshound-topics"),
        ("topics", "[\"medtop:15000000\"]"),
        ("threshold", "0.4"),
    ];
    let tensors = [
        ("attention.weight", vec![1, 16], vec![0.0; 16]),
        ("attention.decline", vec![1], vec![0.0]),
        ("output.weight", vec![1, 16], vec![1.0; 16]),
        ("output.bias", vec![1], vec![0.0]),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let bytes = crate::topic::file::write(&tensors, fields.into()).unwrap();
    crate::topic::Head::from_bytes(&bytes).unwrap()
}

#[test]
fn rows_that_cannot_be_learned_from_are_refused() {
    let vector = || Some(Array1::zeros(16));
    let refused = |rows: &[Labelled]| {
        let vectors: Vec<_> = rows.iter().map(|_| vector()).collect();
        learn(rows, &vectors, &model(), "x")
            .err()
            .unwrap()
            .to_string()
    };
    let same = refused(&[row(1, &["a"]), row(2, &["a"])]);
    assert!(same.contains("every text has the topic \"a\""), "{same}");
    let lonely = refused(&[row(1, &["a"]), row(2, &["a"]), row(3, &["b"])]);
    assert!(
        lonely.starts_with("line 3: no other text has the topic \"b\""),
        "{lonely}"
    );
    let clash = refused(&[row(1, &["Art"]), row(2, &["art"]), row(3, &["art"])]);
    assert!(
        clash.starts_with("line 2: the topic \"art\" is \"Art\" in line 1"),
        "{clash}"
    );
    assert!(refused(&[row(1, &[])]).contains("no text has a topic"));
    let rows = [
        row(4, &["a"]),
        row(5, &["a"]),
        row(6, &["b"]),
        row(7, &["b"]),
    ];
    let vectors = [vector(), None, vector(), vector()];
    let empty = learn(&rows, &vectors, &model(), "x")
        .err()
        .unwrap()
        .to_string();
    assert!(
        empty.starts_with("line 5: the text has no words"),
        "{empty}"
    );
}
