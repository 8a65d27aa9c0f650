use std::fs;
use std::io::Write;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::document::Document;
use crate::fake::subwords;
use crate::names;
use crate::words::words;

fn lists(files: &[&str]) -> Result<Lists> {
    let dir = TempDir::new().unwrap();
    let paths: Vec<_> = (0..files.len())
        .map(|n| dir.path().join(format!("{n}.tsv")))
        .collect();
    for (path, text) in paths.iter().zip(files) {
        fs::write(path, text).unwrap();
    }
    Lists::open(&paths)
}

fn list(rows: &str) -> Lists {
    let header = "surface\tlabel\tid\tcanonical\tcase\n";
    lists(&[&format!("{header}{rows}")]).unwrap()
}

/// All words as one sentence.
fn whole(words: &[Word]) -> [Sentence; 1] {
    [Sentence {
        start: 0,
        end: words.last().map_or(0, |word| word.end),
        words: 0..words.len(),
        starts_paragraph: true,
    }]
}

/// What is found in a text: surface, label, id.
fn found(lists: &Lists, text: &str) -> Vec<(String, String, String)> {
    let words = words(text, 0, text.len());
    lists
        .find(text, &words, &whole(&words))
        .iter()
        .map(|found| {
            (
                text[found.span.start..found.span.end].to_owned(),
                found.entry.label.to_owned(),
                found.entry.id.unwrap_or("-").to_owned(),
            )
        })
        .collect()
}

fn ids(lists: &Lists, text: &str) -> Vec<String> {
    found(lists, text)
        .into_iter()
        .map(|(_, _, id)| id)
        .collect()
}

/// A document with spans of the model (surface, label) that the lists override.
fn document(lists: &Lists, text: &str, spans: &[(&str, &str)]) -> Document {
    let mut at = 0;
    let mut spans: Vec<Span> = spans
        .iter()
        .map(|(surface, label)| {
            let start = at + text[at..].find(surface).unwrap();
            at = start + surface.len();
            Span {
                start,
                end: at,
                label: Arc::from(*label),
                score: 0.5,
                name: None,
            }
        })
        .collect();
    let words = words(text, 0, text.len());
    let found = lists.find(text, &words, &whole(&words));
    override_spans(&found, &mut spans);
    let mut names = names::find(text, &mut spans);
    settle(&found, &mut spans, &mut names);
    Document {
        text: text.to_owned(),
        words,
        spans,
        names,
        ..Document::default()
    }
}

/// Surface, label and score of the spans.
fn spans(document: &Document) -> Vec<(&str, &str, f32)> {
    let spans = document.spans.iter();
    spans
        .map(|span| (document.surface(span), &*span.label, span.score))
        .collect()
}

#[test]
fn the_longest_name_wins_and_ends_at_a_words_border() {
    let lists = list("Bank\tORG\t1\t\t\nBank of Ghana\tORG\t2\t\t\nGhana\tLOC\t3\t\t\n");
    assert_eq!(
        ids(&lists, "The Bank of Ghana, a bank of Ghanaians"),
        ["2", "1"]
    );
    assert_eq!(ids(&lists, "bank  of\r\nGhana's Banks"), ["2"]);
    assert_eq!(ids(&lists, "Bank of"), ["1"]);
    assert!(ids(&lists, "").is_empty());
}

#[test]
fn a_name_crosses_no_blank_line_but_may_contain_what_looks_like_the_end_of_a_sentence() {
    let lists = list("Mark Rutte\tPER\t1\t\t\nYahoo! Inc. Japan\tORG\t2\t\t\n");
    let found = |text: &str, document: crate::tokenize::Tokenized| -> usize {
        let found = lists.find(text, &document.words, &document.sentences);
        found.len()
    };
    for (text, wanted) in [
        ("Mark\n\nRutte", 0),
        ("Hail Mark\n\nRutte spoke", 0),
        ("Hail Mark\r\n \r\nRutte spoke", 0),
        ("Hail Mark\r\n Rutte", 1),
        ("It is Yahoo! Inc. Japan that Mark Rutte bought.", 2),
    ] {
        let document = subwords().tokenize(text).unwrap();
        assert_eq!(found(text, document), wanted, "{text}");
    }
    let text = "Mark\nRutte spoke\n";
    let sentence = |bytes: std::ops::Range<usize>| crate::segment::Sentence {
        start: bytes.start,
        end: bytes.end,
        starts_paragraph: true,
    };
    for (sentences, wanted) in [
        (vec![sentence(0..5), sentence(5..17)], 0),
        (vec![sentence(0..17)], 1),
    ] {
        let document = subwords().tokenize_sentences(text, sentences).unwrap();
        assert_eq!(found(text, document), wanted);
    }
}

#[test]
fn a_name_is_found_after_a_byte_order_mark() {
    let lists = list("Kyiv Post\tORG\t1\t\texact\n");
    let text = "\u{FEFF}Kyiv Post, Kyiv\u{FEFF} Post";
    let surfaces = found(&lists, text);
    let surfaces: Vec<&str> = surfaces.iter().map(|(surface, ..)| &**surface).collect();
    assert_eq!(surfaces, ["Kyiv Post", "Kyiv\u{FEFF} Post"]);
}

#[test]
fn marks_are_words_so_that_names_may_start_and_end_with_them() {
    let lists = list("U.S.\tLOC\tus\t\t\nAT&T\tORG\tatt\t\t\n.NET\tMISC\tnet\t\t\n");
    assert_eq!(ids(&lists, "(U.S.) AT&T's .NET, U.S"), ["us", "att", "net"]);
    assert!(ids(&lists, "AT & T").is_empty(), "other white space");
}

#[test]
fn the_same_case_is_preferred_and_exact_rows_match_no_other_case() {
    let lists = list("Apple\tORG\tfirm\t\t\nAPPLE\tMISC\tloud\t\t\nWHO\tORG\twho\t\texact\n");
    assert_eq!(
        ids(&lists, "Apple APPLE apple aPPle WHO who Who"),
        ["firm", "loud", "firm", "firm", "who"]
    );
    let lists = list("ΣΊΣΥΦΟΣ\tPER\t1\t\t\nİstanbul\tLOC\t2\t\t\n");
    assert_eq!(ids(&lists, "İSTANBUL").len(), 1);
}

#[test]
fn of_two_lists_the_earlier_one_wins() {
    let (one, two) = (
        "surface\tlabel\tid\nKyiv\tLOC\t1\n",
        "label\tsurface\tid\r\nORG\tKyiv\t2\r\nORG\tKyiv Post\t3\r\nLOC\tKYIV\t4\r\n",
    );
    let lists_of = |files: &[&str], text| ids(&lists(files).unwrap(), text);
    assert_eq!(
        lists_of(&[one, two], "Kyiv Post, Kyiv, kyiv, KYIV"),
        ["3", "1", "1", "4"]
    );
    assert_eq!(
        lists_of(&[two, one], "Kyiv Post, Kyiv, kyiv, KYIV"),
        ["3", "2", "2", "4"]
    );
}

#[test]
fn an_entry_replaces_every_span_it_overlaps() {
    let lists = list("Kyiv Post\tORG\tkp\tKyiv Post Ltd\t\n");
    let text = "Kyiv Post in Kyiv, Post Office";
    let document = document(
        &lists,
        text,
        &[
            ("Kyiv", "LOC"),
            ("Post", "MISC"),
            ("Kyiv", "LOC"),
            ("Post Office", "ORG"),
        ],
    );
    assert_eq!(
        spans(&document),
        [
            ("Kyiv Post", "ORG", 1.0),
            ("Kyiv", "LOC", 0.5),
            ("Post Office", "ORG", 0.5)
        ]
    );
    let name = &document.names[document.spans[0].name.unwrap()];
    assert_eq!(
        (&*name.name, name.link.as_deref()),
        ("Kyiv Post Ltd", Some("kp"))
    );
}

#[test]
fn one_id_is_one_name_and_two_ids_are_two() {
    let lists = list(
        "Mark Rutte\tPER\tQ57792\tMark Rutte\t\nDutch premier\tPER\tQ57792\tMark Rutte\t\nJohn Smith\tPER\ta\tJohn Smith (MP)\t\nJOHN SMITH\tPER\tb\tJohn Smith (actor)\texact\n",
    );
    let text = "Mark Rutte; the Dutch premier. Rutte met John Smith and JOHN SMITH.";
    let document = document(&lists, text, &[("Mark Rutte", "PER"), ("Rutte", "PER")]);
    let names: Vec<(usize, &str, &str, usize)> = document
        .names
        .iter()
        .map(|n| (n.id, &*n.name, n.link.as_deref().unwrap_or("-"), n.mentions))
        .collect();
    assert_eq!(
        names,
        [
            (0, "Mark Rutte", "Q57792", 3),
            (1, "John Smith (MP)", "a", 1),
            (2, "John Smith (actor)", "b", 1)
        ]
    );
    let of: Vec<Option<usize>> = document.spans.iter().map(|span| span.name).collect();
    assert_eq!(of, [Some(0), Some(0), Some(0), Some(1), Some(2)]);
}

#[test]
fn unlisted_mentions_of_a_listed_name_get_its_label() {
    let lists = list("Mercury\tPER\tQ1\tFreddie Mercury\texact\n");
    let text = "MERCURY WON. MERCURY AGAIN. Then Mercury left.";
    let document = document(&lists, text, &[("MERCURY", "ORG"), ("MERCURY", "ORG")]);
    let name = &document.names[0];
    assert_eq!(
        (&*name.label, &*name.name, name.mentions),
        ("PER", "Freddie Mercury", 3)
    );
    assert_eq!(
        spans(&document),
        [
            ("MERCURY", "PER", 0.5),
            ("MERCURY", "PER", 0.5),
            ("Mercury", "PER", 1.0)
        ]
    );
}

#[test]
fn bad_rows_are_named_with_file_and_line() {
    let good = "surface\tlabel\tid\tcanonical\tcase\nKyiv\tLOC\t1\tKyiv\t\n\n";
    for (text, wanted) in [
        ("", "0.tsv: line 1: the list is empty"),
        ("surface\tid\n", "line 1: there is no column label"),
        (
            "surface\tlabel\tlabel\n",
            "line 1: the column label is named twice",
        ),
        ("Kyiv\tLOC\n", "line 1: \"Kyiv\" is no column of a list"),
        (
            &format!("{good}Lviv\tLOC\n"),
            "line 4: found 2 columns where the first line has 5",
        ),
        (
            &format!("{good} \tLOC\t\t\t\n"),
            "line 4: the surface is empty",
        ),
        (
            &format!("{good}Lviv\t\t\t\t\n"),
            "line 4: \"Lviv\" has no label",
        ),
        (
            &format!("{good}Lviv\tLOC\t\t\tyes\n"),
            "line 4: \"yes\" is no value of the column case",
        ),
        (
            &format!("{good}Lviv\tLOC\t2\t\t\nKyiv\tORG\t1\tKyiv\t\n"),
            "line 5: \"Kyiv\" is ORG (1, \"Kyiv\") here and LOC (1, \"Kyiv\") in line 2",
        ),
        (
            &format!("{good}Kyiv\tLOC\t1\tKyiv\texact\n"),
            "line 4: \"Kyiv\" is LOC",
        ),
        (
            &format!("{good}{}\tLOC\t\t\t\n", "x".repeat(70_000)),
            "line 4: a cell of 70000 bytes",
        ),
    ] {
        let failed = lists(&[text]).err().unwrap().to_string();
        assert!(failed.contains(wanted), "{failed}");
    }
    assert!(
        lists(&[&format!("{good}Kyiv\tLOC\t1\tKyiv\t\n")]).is_ok(),
        "the same row twice"
    );
    let known: Vec<Arc<str>> = vec!["LOC".into(), "PER".into()];
    let odd = lists(&[good, "surface\tlabel\na\tPER\nb\tGPE\nc\tGPE\n"]).unwrap();
    let failed = odd.check(&known).unwrap_err().to_string();
    assert!(
        failed.contains("1.tsv: line 3: the model has no label GPE; its labels are LOC, PER"),
        "{failed}"
    );
}

#[test]
fn invalid_utf_8_is_an_error_with_its_line_and_a_byte_order_mark_is_skipped() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("names.tsv");
    fs::write(&path, b"surface\tlabel\nKyiv\tLOC\nM\xFCnchen\tLOC\n").unwrap();
    let failed = Lists::open(&[&path]).err().unwrap().to_string();
    assert!(
        failed.contains("names.tsv: line 3: invalid UTF-8 at byte 2"),
        "{failed}"
    );
    fs::write(&path, "\u{FEFF}surface\tlabel\nKyiv\tLOC\n").unwrap();
    assert_eq!(Lists::open(&[&path]).unwrap().len(), 1);
    assert!(Lists::open(&[dir.path()]).is_err(), "a directory");
    assert!(Lists::open(&[dir.path().join("none.tsv")]).is_err());
}

#[test]
fn compressed_lists_are_read_and_digests_tell_lists_apart() {
    let text = "surface\tlabel\nKyiv\tLOC\n";
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("names.tsv.gz");
    let file = fs::File::create(&path).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap();
    let packed = Lists::open(&[&path]).unwrap();
    assert_eq!(packed.len(), 1);
    assert_eq!(packed.digests(), lists(&[text]).unwrap().digests());
    let other = lists(&[&text.replace("LOC", "ORG")]).unwrap();
    assert_ne!(packed.digests(), other.digests());
}

proptest! {
    #[test]
    fn what_is_found_is_a_row_of_the_list_at_borders_of_words(
        rows in prop::collection::btree_set("[ab.]{1,3}( [ab']{1,2}){0,2}|Σ|é|İ", 1..12),
        text in "([abAB.']|Σ|é|İ|[ \n\t]|😀){0,40}",
    ) {
        let file: String = rows.iter().map(|row| format!("{row}\tLOC\t{row}\t\t\n")).collect();
        let lists = list(&file);
        let words = words(&text, 0, text.len());
        let mut last = 0;
        for found in lists.find(&text, &words, &whole(&words)) {
            let span = &found.span;
            prop_assert!(last <= span.start && span.start < span.end);
            last = span.end;
            prop_assert!(words.iter().any(|word| word.start == span.start));
            prop_assert!(words.iter().any(|word| word.end == span.end));
            let surface = text[span.start..span.end].split_whitespace().collect::<Vec<_>>();
            prop_assert_eq!(surface.join(" ").to_lowercase(), found.entry.surface.to_lowercase());
            prop_assert!(rows.contains(found.entry.surface));
        }
    }

    #[test]
    fn spans_stay_disjoint_slices_after_lists_override_them(
        text in "(Kyiv|Post|[a-z]{1,2}|[ .]){0,30}",
        cuts in prop::collection::btree_set(0_usize..60, 0..8),
    ) {
        let lists = list("Kyiv Post\tORG\t1\t\t\nPost\tMISC\t2\t\t\n");
        let all = words(&text, 0, text.len());
        let mut spans: Vec<Span> = cuts
            .iter()
            .collect::<Vec<_>>()
            .chunks_exact(2)
            .filter_map(|pair| {
                let (first, last) = (all.get(*pair[0])?, all.get(*pair[1])?);
                Some(Span {
                    start: first.start,
                    end: last.start,
                    label: "LOC".into(),
                    score: 0.5,
                    name: None,
                })
            })
            .collect();
        let found = lists.find(&text, &all, &whole(&all));
        override_spans(&found, &mut spans);
        prop_assert!(found.iter().all(|found| spans.contains(&found.span)));
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for span in &spans {
            prop_assert!(text.get(span.start..span.end).is_some_and(|s| !s.is_empty()));
        }
    }
}
