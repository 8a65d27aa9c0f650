//! `newshound report`: results of `newshound annotate` to a web page.

#![cfg(feature = "cli")]

mod common;

use common::place::{Place, corpus};
use serde_json::{Value, json};

/// Script that a hostile feed might put into a name.
const HOSTILE: &str = "<script>alert(1)</script>";

/// A line of results whose entities are found in the text.
fn result(
    id: &str,
    text: &str,
    metadata: Value,
    names: &[(&str, &str)],
    with_text: bool,
) -> String {
    let entities = names.iter().enumerate().map(|(at, (name, label))| {
        let start = text.find(name).unwrap();
        json!({"start": start, "end": start + name.len(), "text": name, "label": label, "score": 0.9, "entity": at})
    });
    let named = names.iter().enumerate().map(|(at, (name, label))| {
        let mut named = json!({"id": at, "label": label, "name": name, "mentions": 1});
        if *name == "Kyiv" {
            named["place"] = json!({"geonames": 703448, "name": "Kyiv", "country": "UA", "admin1": "Kyiv City", "latitude": 50.45466, "longitude": 30.5238, "score": 0.98});
        }
        named
    });
    let mut line = json!({
        "id": id, "offset_unit": "byte", "metadata": metadata,
        "entities": entities.collect::<Vec<_>>(), "names": named.collect::<Vec<_>>(),
        "topics": [{"code": "medtop:16000000", "label": "conflict, war and peace", "score": 0.9}],
        "stats": {"sentences": 1, "words": 9, "subwords": 9, "windows": 1},
    });
    if with_text {
        line["text"] = text.into();
    }
    line.to_string() + "\n"
}

/// Results of three documents, one of which failed.
fn results(with_text: bool) -> String {
    let title = format!("Talks & {HOSTILE}");
    let link = "javascript:alert(2)";
    result(
        "a",
        "Élan: Mark Rutte came to Kyiv.",
        json!({"date": "2026-11-03", "title": title, "url": link}),
        &[("Mark Rutte", "PER"), ("Kyiv", "LOC")],
        with_text,
    ) + "{\"id\":\"b\",\"error\":{\"kind\":\"encoding\",\"message\":\"no\"}}\n"
        + &result(
            "c",
            &format!("{HOSTILE} & Sons of Kyiv"),
            json!({"date": "2026-11-05", "url": "https://news.example/c?x=1&y=2"}),
            &[(HOSTILE, "ORG"), ("Kyiv", "LOC")],
            with_text,
        )
}

/// Exit code and standard error.
fn report(place: &Place, args: &[&str]) -> (i32, String) {
    place.run(&[&["report"], args].concat())
}

/// The data of a page.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_can_be_read_only_once_are_refused() {
    let place = Place::new();
    let done = common::newshound(&["report", "/dev/stdin", "-o", "bad.html"])
        .current_dir(place.dir.path())
        .write_stdin(results(true))
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{err}");
    assert!(
        err.contains("/dev/stdin") && err.contains("write them to a file"),
        "{err}"
    );
    assert!(!place.exists("bad.html"));
}

#[test]
fn a_report_has_names_with_documents_and_snippets_and_needs_nothing_else() {
    let place = Place::new();
    place.write("out/annotations.jsonl", results(true));
    let (code, err) = report(&place, &["out", "--title", "Tom & Jerry"]);
    assert_eq!(
        (code, err.as_str()),
        (
            0,
            "newshound: 3 documents, 3 of 3 names in out/report.html\n"
        )
    );
    assert_eq!(place.files("out"), ["annotations.jsonl", "report.html"]);
    let page = place.text("out/report.html");
    assert!(page.contains("<title>Tom &amp; Jerry</title>"));
    assert!(page.contains(
        "3 documents · 2026-11-03 to 2026-11-05 · 18 words · 3 names · 1 document could not be read"
    ));
    let data = data(&page);
    assert_eq!(data["labels"], json!(["People", "Organisations", "Places"]));
    let kyiv = &data["names"][0];
    assert_eq!(kyiv[0], "Kyiv");
    assert_eq!((&kyiv[2], &kyiv[3]), (&json!(2), &json!(2)));
    assert_eq!(
        (&kyiv[4], &kyiv[5]),
        (&json!("2026-11-03"), &json!("2026-11-05"))
    );
    assert_eq!(
        kyiv[6],
        json!(["Kyiv", "Kyiv City", "UA", 50.45466, 30.5238, 703448])
    );
    assert_eq!(
        kyiv[9],
        json!([
            [0, 1, ["Élan: Mark Rutte came to ", "Kyiv", "."]],
            [1, 1, [format!("{HOSTILE} & Sons of "), "Kyiv", ""]]
        ])
    );
    // On the map 30.5 degrees east are 2105 tenths from the left.
    assert!(page.contains("<circle cx=\"2105.2\" cy=\"395.5\" r=\"50.0\" data-name=\"0\"><title>Kyiv: 2 documents</title>"));
    assert!(page.contains("Topics over time") && page.contains("<title>2026-11-05: 1</title>"));
    for outside in [
        " src=",
        "@import",
        "url(",
        "<link",
        "<img",
        "fetch(",
        "XMLHttpRequest",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_report_is_written_over_reports_alone() {
    let place = Place::new();
    place.write("out/annotations.jsonl", results(true));
    place.write("out/report.html", "<p>mine</p>");
    let (code, err) = report(&place, &["out"]);
    assert_eq!(code, 2);
    assert!(err.contains("is there already and no report"), "{err}");
    assert_eq!(place.text("out/report.html"), "<p>mine</p>");
    place.write("a.txt", "mine");
    let (code, err) = report(&place, &["out", "--text", "a.txt", "-o", "a.txt"]);
    assert!(code == 2 && err.contains("over what is read"), "{err}");
    place.write("in/deep/b.txt", "mine");
    let (code, err) = report(&place, &["out", "--text", "in", "-o", "in/deep/b.txt"]);
    assert!(code == 2 && err.contains("over what is read"), "{err}");
    assert_eq!(place.text("in/deep/b.txt"), "mine");
    std::fs::remove_file(place.dir.path().join("out/report.html")).unwrap();
    assert_eq!(report(&place, &["out"]).0, 0);
    assert_eq!(report(&place, &["out"]).0, 0);
    assert_eq!(report(&place, &["out", "-o", "in/r.html"]).0, 0);
    assert_eq!(
        report(&place, &["out", "--text", "in", "-o", "in/r.html", "-q"]),
        (0, String::new())
    );
}

#[test]
fn a_report_touches_no_file_beside_it() {
    let place = Place::new();
    place.write("x.jsonl", results(true));
    place.write("x.jsonl.report.html.new", "mine");
    assert_eq!(report(&place, &["x.jsonl"]).0, 0);
    place.write("torn.jsonl", results(true) + "{");
    let (code, err) = report(&place, &["torn.jsonl", "-o", "x.jsonl.report.html"]);
    assert!(code == 2 && err.contains("line 4"), "{err}");
    assert_eq!(
        place.files("."),
        [
            "torn.jsonl",
            "x.jsonl",
            "x.jsonl.report.html",
            "x.jsonl.report.html.new"
        ]
    );
    assert_eq!(place.text("x.jsonl.report.html.new"), "mine");
    assert!(place.text("x.jsonl.report.html").contains("Mark Rutte"));
    for dir in ["new/", "."] {
        let (code, err) = report(&place, &["x.jsonl", "-o", dir]);
        assert!(
            code == 2 && err.contains("a directory; name a file"),
            "{err}"
        );
    }
}

#[test]
fn names_and_headlines_from_hostile_feeds_stay_text() {
    let place = Place::new();
    place.write("x.jsonl", results(true));
    assert_eq!(report(&place, &["x.jsonl"]).0, 0);
    let page = place.text("x.jsonl.report.html");
    assert!(
        !page.contains(HOSTILE) && !page.contains("javascript:"),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;</a>"));
    let data = data(&page);
    let documents = &data["documents"];
    assert_eq!(
        documents[0],
        json!([format!("Talks & {HOSTILE}"), "a", "2026-11-03", null])
    );
    assert_eq!(
        documents[1],
        json!(["c", "c", "2026-11-05", "https://news.example/c?x=1&y=2"])
    );
    // There are only the page's own two scripts: the data, and the one that the policy names.
    assert_eq!(page.matches("<script").count(), 2);
    let policy = page.split("script-src 'sha256-").nth(1).unwrap();
    let script = page
        .rsplit_once("<script>")
        .unwrap()
        .1
        .rsplit_once("</script>")
        .unwrap()
        .0;
    use base64::Engine;
    use sha2::Digest;
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script));
    assert!(policy.starts_with(&digest));
}

#[test]
fn texts_are_taken_from_the_input_where_the_results_have_none() {
    let place = Place::new();
    place.write("in/a.jsonl", corpus(40, true));
    place.write("in/b.txt", "w5 w6 w7");
    // A file that cannot be opened has a record, but no document in the input.
    #[cfg(unix)]
    std::os::unix::fs::symlink("aa", place.dir.path().join("in/aa")).unwrap();
    assert_eq!(
        place.annotate(&["in", "-o", "out/", "--offsets", "char"]).0,
        1
    );
    assert_eq!(place.annotate(&["in", "-o", "text/", "--with-text"]).0, 1);
    let (code, err) = report(&place, &["out/"]);
    assert!(
        code == 0 && err.contains("40 documents have no text in the results"),
        "{err}"
    );
    let without = place.text("out/report.html");
    assert_eq!(
        report(&place, &["out/", "--text", "in", "-q"]),
        (0, String::new())
    );
    assert_eq!(report(&place, &["text/", "-q"]), (0, String::new()));
    assert!(place.read("out/report.html") == place.read("text/report.html"));
    assert!(data(&place.text("out/report.html")) != data(&without));
    let refused = |reason: &str| {
        let (code, err) = report(&place, &["out/", "--text", "in"]);
        assert!(code == 2 && err.contains(reason), "{err}");
        assert!(!place.exists("out/report.html.new"));
    };
    place.write("in/a.jsonl", corpus(40, true).replace("w9", "w8"));
    refused("is not the text that was tagged");
    place.write("in/a.jsonl", corpus(20, true));
    refused("there is no document \"d20\" in its place");
}

#[test]
fn texts_are_read_again_with_the_options_they_were_tagged_with() {
    let place = Place::new();
    place.write("in/.a.dat", b"caf\xE9 w5 w6\n\nw7");
    let options = [
        "--no-ignore",
        "--glob",
        "*.dat",
        "--input-format",
        "conll",
        "--encoding",
        "latin1",
    ];
    for (out, more) in [("out/", &[][..]), ("text/", &["--with-text"])] {
        let args = [&["in", "-o", out][..], &options, more].concat();
        let (code, err) = place.annotate(&args);
        assert_eq!(code, 0, "{err}");
    }
    // A decoded text is in the results in any case.
    let with_text = place.text("text/annotations.jsonl");
    let mut result: Value = serde_json::from_str(&with_text).unwrap();
    result.as_object_mut().unwrap().remove("text").unwrap();
    place.write("out/annotations.jsonl", format!("{result}\n"));
    let (code, err) = report(&place, &["out/", "--text", "in"]);
    assert!(
        code == 2 && err.contains("the same options for reading (--no-ignore, --glob, ...)"),
        "{err}"
    );
    let args = [&["out/", "--text", "in", "-q"], &options[..]].concat();
    assert_eq!(report(&place, &args), (0, String::new()));
    assert_eq!(report(&place, &["text/", "-q"]), (0, String::new()));
    assert!(place.read("out/report.html") == place.read("text/report.html"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_that_does_not_fit_is_named() {
    let place = Place::new();
    place.write("a.jsonl", results(true));
    let (code, err) = report(&place, &["a.jsonl", "-o", "/dev/full"]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot write /dev/full: No space"), "{err}");
}

#[test]
fn only_so_many_names_and_documents_are_in_the_page() {
    let place = Place::new();
    place.write("in.jsonl", corpus(120, false));
    assert_eq!(
        place
            .annotate(&["in.jsonl", "-o", "x.jsonl.gz", "--with-text"])
            .0,
        0
    );
    let args = [
        "x.jsonl.gz",
        "-o",
        "r.html",
        "--names",
        "20",
        "--documents",
        "3",
    ];
    let (code, err) = report(&place, &args);
    assert!(code == 0 && err.contains(" 20 of "), "{err}");
    let page = place.text("r.html");
    assert!(page.contains("Shown are the 20 names that are in most documents, of "));
    let data = data(&page);
    let names = data["names"].as_array().unwrap();
    assert_eq!(names.len(), 20);
    assert!(names.is_sorted_by_key(|name| std::cmp::Reverse(name[2].as_u64())));
    for name in names {
        let documents = name[9].as_array().unwrap();
        assert_eq!(documents.len() as u64, name[2].as_u64().unwrap().min(3));
        assert!(documents.is_sorted_by_key(|kept| std::cmp::Reverse(kept[1].as_u64())));
    }
}

#[test]
fn results_without_dates_places_or_names_make_a_report_too() {
    let place = Place::new();
    let line = json!({
        "id": "a", "offset_unit": "utf16", "text": "😀 NATO and Nato",
        "entities": [
            {"start": 3, "end": 7, "text": "NATO", "label": "ORG", "score": 1.0},
            {"start": 12, "end": 16, "text": "Nato", "label": "ORG", "score": 1.0},
        ],
        "names": [], "topics": [], "stats": {"sentences": 1, "words": 4, "subwords": 4, "windows": 1},
    });
    place.write("x.jsonl", line.to_string());
    assert_eq!(report(&place, &["x.jsonl", "-q"]), (0, String::new()));
    let page = place.text("x.jsonl.report.html");
    assert!(!page.contains("id=\"map\"") && !page.contains("Topics"));
    let name = &data(&page)["names"][0];
    assert_eq!((&name[0], &name[3]), (&json!("NATO"), &json!(2)));
    assert_eq!(name[9][0][2], json!(["😀 ", "NATO", " and ", "Nato", ""]));
    place.write("empty.jsonl", "");
    assert_eq!(report(&place, &["empty.jsonl", "-q"]), (0, String::new()));
}

#[test]
fn a_line_that_is_not_as_annotate_writes_it_is_named_once_with_its_column() {
    let place = Place::new();
    for (line, reason) in [
        (
            "{\"id\":1}",
            "invalid type: integer `1`, expected a string at column 7",
        ),
        (
            "{\"id\":\"b\", oops}",
            "not JSON: key must be a string at column 12",
        ),
        ("{\"error\":{}}", "missing field `kind` at column 11"),
    ] {
        place.write("bad.jsonl", results(true) + line + "\n");
        let (code, err) = report(&place, &["bad.jsonl"]);
        assert_eq!(code, 2);
        assert!(
            err.contains(&format!("bad.jsonl: line 4: {reason}; give")),
            "{err}"
        );
        assert_eq!(err.matches("line ").count(), 1, "{err}");
    }
}

#[test]
fn a_file_that_holds_no_results_is_named_with_the_line() {
    let place = Place::new();
    place.write("a.txt", "w5");
    place.write("bad.jsonl", results(true) + "{\"id\":1}\n");
    place.write(
        "torn.jsonl",
        results(true).replace("came to", "went to the"),
    );
    place.write("plain.jsonl", corpus(1, false));
    place.write("csv/annotations.csv", "");
    for (args, reason) in [
        (&["no.jsonl"][..], "cannot read no.jsonl"),
        (&["bad.jsonl"], "bad.jsonl: line 4: "),
        (
            &["torn.jsonl"],
            "torn.jsonl: line 1: its entities are not in its text",
        ),
        (
            &["plain.jsonl"],
            "line 1: there is neither offset_unit nor error; give the JSONL that newshound",
        ),
        (&["csv"], "csv: there is no annotations.jsonl in it"),
        (&["torn.jsonl", "--text", "no"], "--text: there is no no"),
        (&["a.txt", "-o", "no/x.html"], "cannot write no/x.html"),
    ] {
        let (code, err) = report(&place, args);
        assert!(code == 2 && err.contains(reason), "{err}");
    }
    assert_eq!(place.files(".").len(), 5, "{:?}", place.files("."));
}
