//! Every format as files on disk are read, compressed and not.

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// Id, text or error, metadata as JSON.
type Row = (String, String, String);

fn rows(reader: &Reader, path: &Path) -> Vec<Row> {
    let documents = reader.documents(&Input::File(path.to_owned()));
    let dir = path.parent().unwrap().display().to_string() + "/";
    documents
        .map(|source| {
            let text = match source.text {
                Ok(text) => text.as_str().to_owned(),
                Err(error) => format!("{}: {error}", error.kind()),
            };
            let metadata = serde_json::to_string(&source.metadata).unwrap();
            (
                source.id.replace(&dir, ""),
                text.replace(&dir, ""),
                metadata,
            )
        })
        .collect()
}

fn read_with(reader: &Reader, name: &str, bytes: &[u8]) -> Vec<Row> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    rows(reader, &path)
}

fn read(name: &str, bytes: &[u8]) -> Vec<Row> {
    read_with(&Reader::default(), name, bytes)
}

fn row(id: &str, text: &str, metadata: &str) -> Row {
    (id.to_owned(), text.to_owned(), metadata.to_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_line_of_jsonl_is_a_document_and_bad_ones_keep_their_place() {
    let found = read(
        "x.jsonl",
        b"\xEF\xBB\xBF{\"id\":\"a\",\"text\":\"x\",\"n\":[1]}\r\n\n{\"id\":7,\"text\":\"y\"}\n{\"text\":\"z\"}\n{\"id\":\"b\"}\n[1]\n\xFF\n{\"text\":\"w",
    );
    assert_eq!(found[0], row("a", "x", "{\"n\":[1]}"));
    let ids: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    let wanted = [
        "a",
        "7",
        "x.jsonl:4",
        "b",
        "x.jsonl:6",
        "x.jsonl:7",
        "x.jsonl:8",
    ];
    assert_eq!(ids, wanted);
    for (at, message) in [
        (
            3,
            "record: line 5: there is no field text; each line must be",
        ),
        (4, "record: line 6: not an object"),
        (5, "record: line 7: invalid UTF-8 at byte 0"),
        (6, "record: line 8: not JSON: EOF"),
    ] {
        assert!(found[at].1.starts_with(message), "{}", found[at].1);
    }
}

#[test]
fn ids_that_are_numbers_keep_all_their_digits() {
    let found = read(
        "x.jsonl",
        b"{\"id\": 123456789012345678901234567890 ,\"text\":\"x\"}\n{\"\\u0069d\":1.50,\"text\":\"x\"}\n{\"id\":-9223372036854775808,\"text\":\"x\"}",
    );
    let ids: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    let wanted = [
        "123456789012345678901234567890",
        "1.50",
        "-9223372036854775808",
    ];
    assert_eq!(ids, wanted);
}

#[test]
fn fields_of_other_names_hold_text_and_id() {
    let reader = Reader {
        text_field: "body".to_owned(),
        id_field: "url".to_owned(),
        ..Reader::default()
    };
    let found = read_with(
        &reader,
        "x.jsonl",
        b"{\"body\":\"x\",\"text\":1,\"url\":\"u\"}",
    );
    assert_eq!(found, [row("u", "x", "{\"text\":1}")]);
    let found = read_with(&reader, "x.csv", b"url,body,text\nu,x,1\n");
    assert_eq!(found, [row("u", "x", "{\"text\":\"1\"}")]);
}

#[test]
fn each_record_of_csv_is_a_document_and_bad_ones_keep_their_place() {
    let found = read(
        "x.csv",
        b"id,date,text\na,2026,\"one, \"\"two\"\"\nthree\"\nb,2026\n,,\xE9\nc,,ok\n",
    );
    assert_eq!(
        found[0],
        row("a", "one, \"two\"\nthree", "{\"date\":\"2026\"}")
    );
    assert_eq!(found[1].0, "x.csv:4");
    assert!(
        found[1]
            .1
            .starts_with("record: line 4: found 2 fields where the header has 3")
    );
    assert_eq!(found[2].0, "x.csv:5");
    assert!(found[2].1.contains("line 5: invalid UTF-8 at byte 0"));
    assert_eq!(found[3], row("c", "ok", "{\"date\":\"\"}"));
    assert_eq!(
        read("x.tsv", b"text\tid\nx, y\tq\n\"x\" y\tr\n\"z\ts\n"),
        [
            row("q", "x, y", "{}"),
            row("r", "\"x\" y", "{}"),
            row("s", "\"z", "{}")
        ]
    );
    let found = read(
        "x.csv",
        b"id,text\na,\"x \"y\" z\"\nb,ok\nc,\"cut off\nd,ok\n",
    );
    let lines = ["x.csv:2", "b", "x.csv:4", "d"];
    assert_eq!(found.iter().map(|row| &*row.0).collect::<Vec<_>>(), lines);
    for broken in [&found[0].1, &found[2].1] {
        assert!(broken.contains("a field begins with a quote"), "{broken}");
    }
}

#[test]
fn a_csv_without_the_text_column_names_its_columns() {
    let found = read("x.csv", b"id,body\n1,x\n");
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .1
            .contains("there is no column text; the columns are id, body;")
    );
}

#[test]
fn each_line_of_lines_is_a_document_empty_ones_too() {
    let reader = Reader {
        format: Some(InputFormat::Lines),
        ..Reader::default()
    };
    let found = read_with(&reader, "x.txt", b"one\r\n\ntwo");
    let wanted = [("x.txt:1", "one"), ("x.txt:2", ""), ("x.txt:3", "two")];
    assert_eq!(found, wanted.map(|(id, text)| row(id, text, "{}")));
}

#[test]
fn columns_give_sentences_of_tokens_and_comments_are_passed_over() {
    let text = "-DOCSTART- -X- O\n\n# note\nNew York\tB-LOC\n.\tO\n\n#\tO\nEnd\n\n-DOCSTART- O\n\nOslo NNP B-LOC\n";
    let found = read("x.conll", text.as_bytes());
    let wanted = [
        ("x.conll:1", "New York .\n# End\n"),
        ("x.conll:10", "Oslo\n"),
    ];
    assert_eq!(found, wanted.map(|(id, text)| row(id, text, "{}")));
}

#[test]
fn a_web_page_gives_headline_main_text_and_metadata_in_its_own_encoding() {
    let story =
        "The European Commission met in S\u{e3}o Paulo on Tuesday, officials said. ".repeat(12);
    let page = format!(
        "<html lang=en><head><meta charset=windows-1252><title>Talks in Brazil</title>\
         <meta name=author content='Ana Lima'></head><body><nav><a href=/>Home</a> \
         <a href=/world>World</a></nav><article><h1>Talks in Brazil</h1><p>{story}</p><p>Mark \
         Rutte spoke, and so did others at length, at the end of a long day.</p></article>\
         <footer>Cookies</footer></body></html>"
    );
    let bytes: Vec<u8> = page
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let found = read("x.html", &bytes);
    assert_eq!(found.len(), 1);
    let (_, text, metadata) = &found[0];
    assert!(
        text.starts_with("Talks in Brazil\n\nThe European"),
        "{text}"
    );
    assert!(
        text.contains("S\u{e3}o Paulo") && text.contains("\n\nMark Rutte spoke"),
        "{text}"
    );
    assert!(
        !text.contains("Cookies") && !text.contains("Home"),
        "{text}"
    );
    assert!(metadata.contains("\"byline\":\"Ana Lima\""), "{metadata}");
    assert!(metadata.contains("\"language\":\"en\""), "{metadata}");
    let deep = "<div>".repeat(200_000) + "<p>Kyiv";
    assert!(
        read("x.html", deep.as_bytes())[0]
            .1
            .contains("nest deeper than 4000")
    );
    assert!(
        read("x.html", b"<html></html>")[0]
            .1
            .starts_with("html: the page has no main text")
    );
}

#[test]
fn neighbouring_blocks_of_a_web_page_are_words_apart() {
    let story = "<p>Angela Merkel was in Kyiv on Monday, and she spoke there, at length, of much \
                 else.</p>";
    let read = |inside: &str| {
        let page = format!("<html><body><article>{}{inside}</article>", story.repeat(3));
        read("x.html", page.as_bytes()).remove(0).1
    };
    for name in [
        "address",
        "center",
        "details",
        "figcaption",
        "figure",
        "form",
        "header",
        "hgroup",
        "main",
    ] {
        let text = read(&format!(
            "Sofia<{name}>Mark Rutte</{name}><{name}>NATO</{name}>Oslo"
        ));
        let text = text.replace(['\n', ' '], "|");
        assert!(
            !text.contains("SofiaM") && !text.contains("RutteN"),
            "{name}: {text}"
        );
        assert!(!text.contains("NATOO"), "{name}: {text}");
    }
    for (inside, wanted) in [
        (
            "<dl><dt>Mark Rutte</dt><dd>NATO</dd></dl>",
            "Mark Rutte\n\nNATO",
        ),
        (
            "<details><summary>Mark Rutte</summary>NATO</details>",
            "Mark Rutte\n\nNATO",
        ),
        (
            "<fieldset><legend>Mark Rutte</legend>NATO</fieldset>",
            "Mark Rutte\n\nNATO",
        ),
        (
            "<table><caption>Mark Rutte</caption><tr><th>NATO<td>Kyiv</table>",
            "Mark Rutte\n\nNATO Kyiv",
        ),
        (
            "<p>Mark <b>Rutte</b>, <time>NATO</time></p>",
            "Mark Rutte, NATO",
        ),
    ] {
        assert!(read(inside).ends_with(wanted), "{}", read(inside));
    }
}

#[test]
fn every_format_is_read_compressed_and_by_content() {
    let jsonl = b"{\"id\":\"a\",\"text\":\"x\"}\n";
    let wanted = [row("a", "x", "{}")];
    assert_eq!(read("x.jsonl.gz", &gzip(jsonl)), wanted);
    assert_eq!(read("noname", &gzip(jsonl)), wanted);
    let mut members = gzip(jsonl);
    members.extend(gzip(b"{\"id\":\"b\",\"text\":\"y\"}\n"));
    assert_eq!(read("x.jsonl.gz", &members).len(), 2);
    #[cfg(feature = "zstd")]
    {
        let mut frames = zstd::encode_all(&jsonl[..], 0).unwrap();
        assert_eq!(read("x.zst", &frames), wanted);
        frames.extend(zstd::encode_all(&jsonl[..], 0).unwrap());
        assert_eq!(read("x.zst", &frames).len(), 2);
        let skipped = [&b"\x5A\x2A\x4D\x18\x02\0\0\0ab"[..], &frames].concat();
        assert_eq!(read("x.zst", &skipped).len(), 2);
    }
    assert_eq!(read("story", b"Kyiv")[0].1, "Kyiv");
}

#[test]
fn other_compressions_are_named_with_what_unpacks_them() {
    for (start, tool) in [
        (&b"BZh91AY&SY\xD8\xAA"[..], "bzcat"),
        (b"BZh9\x17\x72\x45\x38\x50\x90", "bzcat"),
        (b"\xFD7zXZ\0\0\x04", "xzcat"),
    ] {
        let wanted =
            format!("read: cannot read x.txt: only gzip and zstd are read; pipe it through {tool}");
        assert_eq!(read("x.txt", start)[0].1, wanted);
    }
    assert_eq!(read("x.txt", b"BZh is short")[0].1, "BZh is short");
}

#[test]
fn a_truncated_gzip_gives_its_whole_documents_and_then_an_error() {
    let lines = (0..5000).map(|n| format!("{{\"id\":{n},\"text\":\"{}\"}}\n", n * n));
    let bytes = gzip(lines.collect::<String>().as_bytes());
    let found = read("x.jsonl.gz", &bytes[..bytes.len() / 2]);
    assert!(found.len() > 100);
    let (last, good) = found.split_last().unwrap();
    assert!(
        good.iter()
            .enumerate()
            .all(|(n, row)| row.1 == (n * n).to_string())
    );
    assert!(
        last.1.starts_with("read: cannot read x.jsonl.gz: "),
        "{}",
        last.1
    );
}

#[test]
fn records_before_a_byte_that_is_not_of_the_encoding_are_read() {
    let reader = Reader {
        encoding: Some("gbk".parse().unwrap()),
        ..Reader::default()
    };
    let mut jsonl = "{\"id\":\"a\",\"text\":\"x\"}\n".repeat(3000).into_bytes();
    jsonl.extend(b"{\"text\":\"\xFF\"}\n{\"text\":\"y\"}\n");
    let found = read_with(&reader, "x.jsonl", &jsonl);
    assert_eq!(found.len(), 3001);
    assert!(found[..3000].iter().all(|found| found.1 == "x"));
    let wanted = "are not valid GBK, and what follows was not read; name the right encoding";
    assert!(found[3000].1.contains(wanted), "{}", found[3000].1);
}

#[test]
fn other_encodings_are_read_only_when_they_are_named() {
    let latin = b"id,text\n1,caf\xE9\n";
    assert!(read("x.csv", latin)[0].1.contains("invalid UTF-8"));
    let reader = Reader {
        encoding: Some("windows-1252".parse().unwrap()),
        ..Reader::default()
    };
    assert_eq!(read_with(&reader, "x.csv", latin)[0].1, "café");
    assert_eq!(read_with(&reader, "x.txt", b"caf\xE9")[0].1, "café");
    let reader = Reader {
        encoding: Some("gbk".parse().unwrap()),
        ..Reader::default()
    };
    let found = read_with(&reader, "x.txt", b"ab\xFF\xFF");
    assert!(
        found[0]
            .1
            .starts_with("encoding: bytes up to byte 3 are not valid GBK")
    );
}

#[test]
fn an_input_without_a_telling_name_is_decoded_before_its_format_is_found_out() {
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let reader = Reader {
        encoding: Some("utf-16".parse().unwrap()),
        ..Reader::default()
    };
    let lines = "{\"id\":\"a\",\"text\":\"Łódź\"}\n{\"id\":\"b\",\"text\":\"y\"}\n";
    let wanted = [row("a", "Łódź", "{}"), row("b", "y", "{}")];
    assert_eq!(
        read_with(&reader, "x", &utf16(lines, u16::to_le_bytes)),
        wanted
    );
    // A byte order mark overrides the option.
    let marked = utf16(&format!("\u{FEFF}{lines}"), u16::to_be_bytes);
    assert_eq!(read_with(&reader, "x", &marked), wanted);
    assert_eq!(read_with(&reader, "x.jsonl", &gzip(&marked)), wanted);
    let story = "<p>Angela Merkel was in Łódź, officials said, and spoke.</p>".repeat(9);
    let page = format!("<!-- a --><html><meta charset=gbk><article>{story}</article>");
    let found = read_with(&reader, "x", &utf16(&page, u16::to_le_bytes));
    assert!(
        found[0].1.starts_with("Angela Merkel was in Łódź,"),
        "{found:?}"
    );
}

#[test]
fn a_json_array_is_one_error_that_says_what_to_do() {
    let found = read(
        "x.json",
        b"[\n  {\"text\": \"x\"},\n  {\"text\": \"y\"}\n]\n",
    );
    let message = "record: line 1: this is a JSON array; write one object a line, for example \
                   with `jq -c '.[]'`";
    assert_eq!(found, [row("x.json", message, "{}")]);
}

#[cfg(feature = "parquet")]
#[test]
fn each_row_of_parquet_is_a_document() {
    let rows =
        b"{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":\"y\",\"metadata\":\"{}\"}\n";
    let mut bytes = Vec::new();
    crate::writer::parquet::from_jsonl(&rows[..], &mut bytes).unwrap();
    let wanted = [row("a", "x", "{}"), row("b", "y", "{\"metadata\":\"{}\"}")];
    assert_eq!(read("x.parquet", &bytes), wanted);
    assert_eq!(read("x", &bytes), wanted);
    assert_eq!(read("x.parquet.gz", &gzip(&bytes)), wanted);
    // Whatever is damaged, it is an error at most.
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        for row in read("x.parquet", &damaged) {
            assert!(row.0.len() < 1 << 16, "{}", row.0);
        }
    }
    bytes.truncate(bytes.len() - 9);
    assert!(
        read("x.parquet", &bytes)[0]
            .1
            .starts_with("read: cannot read x.parquet: ")
    );
}

#[test]
fn a_line_that_cannot_be_read_takes_its_whole_document_and_is_named() {
    let text = b"-DOCSTART-\n\nNATO\nmet\n\xFF\ntoday\n\n-DOCSTART-\n\n# text = group O\nKyiv\n";
    let found = read("x.conll", text);
    assert_eq!(found.len(), 2);
    assert!(
        found[0].0 == "x.conll:1" && found[0].1.contains("line 5: invalid UTF-8"),
        "{found:?}"
    );
    assert_eq!(found[1].1, "Kyiv\n");
    for (name, text) in [
        ("x.txt", &b"Kyiv\ncaf\xE9\n"[..]),
        (
            "x.jsonl",
            b"{\"text\":\"Kyiv\"}\n{\"id\":\"a\",\"text\":\"a\\u0000b\"}\n",
        ),
    ] {
        let reader = Reader {
            format: name.ends_with("txt").then_some(InputFormat::Lines),
            ..Reader::default()
        };
        let found = read_with(&reader, name, text);
        assert!(found[1].1.contains("line 2: "), "{found:?}");
    }
}

#[cfg(all(unix, feature = "parquet"))]
#[test]
fn parquet_that_comes_through_a_pipe_with_a_name_is_read_like_a_file() {
    let jsonl = "{\"id\":\"a\",\"text\":\"w5 w6\"}\n".repeat(9000);
    let mut bytes = Vec::new();
    crate::writer::parquet::from_jsonl(jsonl.as_bytes(), &mut bytes).unwrap();
    let wanted = read("x.parquet", &bytes);
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.parquet");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let pipe = path.clone();
    std::thread::spawn(move || fs::write(pipe, bytes));
    let (sender, found) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(rows(&Reader::default(), &path)));
    // One that is read twice would wait for ever.
    let found = found.recv_timeout(std::time::Duration::from_secs(60));
    assert!(found.unwrap() == wanted);
}

#[cfg(feature = "parquet")]
fn parquet_of(columns: Vec<(&str, arrow_array::ArrayRef)>) -> Vec<u8> {
    parquet_with(columns, None)
}

#[cfg(feature = "parquet")]
fn parquet_with(
    columns: Vec<(&str, arrow_array::ArrayRef)>,
    properties: Option<::parquet::file::properties::WriterProperties>,
) -> Vec<u8> {
    let batch = arrow_array::RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let writer = ::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), properties);
    let mut writer = writer.unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_with_times_of_zones_and_with_text_that_is_not_marked_as_such() {
    use std::sync::Arc;

    use arrow_array::{BinaryArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
    let codes = vec![&b"NATO"[..], b"Kyiv"];
    let codes = FixedSizeBinaryArray::try_from(codes).unwrap();
    let found = read("x.parquet", &parquet_of(vec![("text", Arc::new(codes))]));
    assert_eq!(found[1].1, row("", "Kyiv", "{}").1);
    let times = TimestampMicrosecondArray::from(vec![1_793_698_200_000_000; 2]);
    let bytes = parquet_of(vec![
        ("id", Arc::new(BinaryArray::from(vec![&b"a"[..], b"b"]))),
        (
            "text",
            Arc::new(BinaryArray::from(vec![&b"Kyiv"[..], b"\xFF"])),
        ),
        ("at", Arc::new(times.with_timezone("Europe/Berlin"))),
        (
            "logo",
            Arc::new(BinaryArray::from(vec![&b"\xFF"[..], b"x"])),
        ),
    ]);
    let found = read("x.parquet", &bytes);
    let metadata = "{\"at\":\"2026-11-03T10:30:00+01:00\",\"logo\":\"ff\"}";
    assert_eq!(found[0], row("a", "Kyiv", metadata));
    assert_eq!(found.len(), 2);
    assert!(found[1].1.starts_with("record: "), "{found:?}");
}

#[cfg(feature = "parquet")]
#[test]
fn maps_of_parquet_are_objects_whatever_their_keys_are() {
    use std::sync::Arc;

    use arrow_array::builder::{Float32Builder, Int32Builder, MapBuilder};
    let mut map = MapBuilder::new(None, Int32Builder::new(), Float32Builder::new());
    map.keys().append_slice(&[7, -1]);
    map.values().append_value(0.5);
    map.values().append_null();
    for full in [true, false, true] {
        map.append(full).unwrap();
    }
    let text = || Arc::new(arrow_array::StringArray::from(vec!["x"; 3]));
    let bytes = parquet_of(vec![("text", text()), ("weights", Arc::new(map.finish()))]);
    let found = read("x.parquet", &bytes);
    let metadata: Vec<&str> = found.iter().map(|f| f.2.as_str()).collect();
    let wanted = [
        "{\"weights\":{\"7\":0.5,\"-1\":null}}",
        "{}",
        "{\"weights\":{}}",
    ];
    assert_eq!(metadata, wanted);
}

#[cfg(feature = "parquet")]
#[test]
fn a_map_of_parquet_with_a_key_that_is_null_costs_no_row() {
    use std::sync::Arc;

    use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    let schema = "message m { required binary text (UTF8); required group tags (MAP) { \
                  repeated group key_value { optional binary key (UTF8); optional int32 value; } } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = ["x", "y", "z"].map(ByteArray::from);
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    let keys = ["a", "c"].map(ByteArray::from);
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<ByteArrayType>();
    typed
        .write_batch(&keys, Some(&[2, 1, 2]), Some(&[0; 3]))
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<Int32Type>();
    typed
        .write_batch(&[1, 2, 3], Some(&[2; 3]), Some(&[0; 3]))
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let wanted = [
        row("x.parquet:1", "x", "{\"tags\":{\"a\":1}}"),
        row("x.parquet:2", "y", "{\"tags\":{\"null\":2}}"),
        row("x.parquet:3", "z", "{\"tags\":{\"c\":3}}"),
    ];
    assert_eq!(read("x.parquet", &bytes), wanted);
}

#[cfg(feature = "parquet")]
#[test]
fn rows_of_parquet_that_make_no_json_are_named_with_the_column_and_none_is_lost() {
    use std::sync::Arc;

    use arrow_array::{StringArray, TimestampMicrosecondArray};
    let times = TimestampMicrosecondArray::from(vec![0; 300]);
    let bytes = parquet_of(vec![
        ("text", Arc::new(StringArray::from(vec!["Kyiv"; 300]))),
        ("at", Arc::new(times.with_timezone("Mars/Olympus"))),
    ]);
    let found = read("x.parquet", &bytes);
    assert_eq!(found.len(), 300);
    for (at, found) in found.iter().enumerate() {
        let row = at + 1;
        assert_eq!(found.0, format!("x.parquet:{row}"));
        let wanted = format!("record: x.parquet: row {row}: the column at makes no JSON: ");
        assert!(found.1.starts_with(&wanted), "{found:?}");
    }
}

#[cfg(all(unix, feature = "parquet"))]
#[test]
fn an_error_of_a_row_of_parquet_has_the_path_of_a_file_whose_name_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::sync::Arc;

    let dir = TempDir::new().unwrap();
    let path = dir.path().join(OsStr::from_bytes(b"caf\xE9.parquet"));
    let numbers = arrow_array::Int64Array::from(vec![7]);
    fs::write(&path, parquet_of(vec![("text", Arc::new(numbers))])).unwrap();
    let mut documents = Reader::default().documents(&Input::File(path.clone()));
    let error = documents.next().unwrap().text.unwrap_err();
    assert!(error.names_file());
    assert!(
        matches!(&error, Error::Row { path: found, .. } if *found == path),
        "{error:?}"
    );
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_however_it_is_compressed() {
    use ::parquet::basic::Compression;
    use ::parquet::file::properties::WriterProperties;

    let text = std::sync::Arc::new(arrow_array::StringArray::from(vec!["Kyiv"; 2]));
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
        #[cfg(feature = "zstd")]
        Compression::ZSTD(Default::default()),
    ] {
        let properties = WriterProperties::builder().set_compression(compression);
        let bytes = parquet_with(vec![("text", text.clone())], Some(properties.build()));
        let texts: Vec<String> = read("x.parquet", &bytes).into_iter().map(|f| f.1).collect();
        assert_eq!(texts, ["Kyiv", "Kyiv"], "{compression}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_row_of_parquet_without_text_is_named_with_its_file_number_and_column() {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, BinaryViewArray, DictionaryArray, Int64Array, StringArray};
    let ids: ArrayRef = Arc::new(Int64Array::from((0..300).collect::<Vec<_>>()));
    let text = |row: usize| match row {
        1 => None,
        298 => Some("a\0b"),
        _ => Some("Kyiv"),
    };
    let strings: StringArray = (0..300).map(text).collect();
    let bytes = (0..300).map(|row| {
        text(row).map(|text| {
            if row == 299 {
                b"caf\xE9"
            } else {
                text.as_bytes()
            }
        })
    });
    let bytes: BinaryViewArray = bytes.collect();
    let categories: DictionaryArray<Int32Type> = (0..300).map(text).collect();
    let columns: [ArrayRef; 3] = [Arc::new(strings), Arc::new(bytes), Arc::new(categories)];
    for column in columns {
        let marked = *column.data_type() != arrow_schema::DataType::BinaryView;
        let found = read(
            "x.parquet",
            &parquet_of(vec![("id", ids.clone()), ("text", column)]),
        );
        assert_eq!((found.len(), &found[0]), (300, &row("0", "Kyiv", "{}")));
        let null = "record: x.parquet: row 2: the column text is null; leave out rows without text, or name";
        assert!(
            found[1].0 == "1" && found[1].1.starts_with(null),
            "{:?}",
            found[1]
        );
        let nul =
            "record: x.parquet: row 299: the column text has a NUL byte at byte 1; take it out";
        assert!(found[298].1.starts_with(nul), "{:?}", found[298]);
        let wanted = match marked {
            true => "Kyiv",
            false => {
                "record: x.parquet: row 300: the column text is not UTF-8 at byte 3; decode it"
            }
        };
        assert!(found[299].1.starts_with(wanted), "{:?}", found[299]);
    }
    let found = read("x.parquet", &parquet_of(vec![("text", ids)]));
    let wanted = "record: x.parquet: row 1: the column text is no text; name the one that is with --text-column";
    assert_eq!(found[0].1, wanted);
}

#[cfg(feature = "parquet")]
#[test]
fn a_text_of_parquet_that_is_not_utf_8_against_its_type_takes_no_other_row_with_it() {
    use std::sync::Arc;

    use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    let schema = "message m { required binary id (UTF8); required binary text (UTF8); \
                  optional binary desk (UTF8); required int32 n; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    for rows in [0..300, 300..700_usize] {
        let mut group = writer.next_row_group().unwrap();
        for bad in [[600; 2], [400, 2], [500; 2]] {
            let value = |row| match bad.contains(&row) {
                true => ByteArray::from(&b"caf\xE9"[..]),
                false => ByteArray::from(format!("t{row}").as_str()),
            };
            let levels = vec![1; rows.len()];
            let values: Vec<ByteArray> = rows.clone().map(value).collect();
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<ByteArrayType>();
            let levels = (bad[0] == 500).then_some(&levels[..]);
            typed.write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        let numbers: Vec<i32> = rows.map(|row| i32::try_from(row).unwrap()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<Int32Type>();
        typed.write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    let found = read("x.parquet", &bytes);
    assert_eq!(found.len(), 700);
    for (at, found) in found.iter().enumerate() {
        let t = format!("t{at}");
        let id = if at == 600 { "x.parquet:601" } else { &t };
        let desk = if at == 500 { "caf\u{FFFD}" } else { &t };
        let metadata = format!("{{\"desk\":\"{desk}\",\"n\":{at}}}");
        match at {
            2 | 400 => {
                let row = at + 1;
                let wanted = format!(
                    "record: x.parquet: row {row}: the column text is not UTF-8 at byte 3; "
                );
                assert!(found.0 == t && found.1.starts_with(&wanted), "{found:?}");
            }
            _ => assert_eq!(*found, row(id, &t, &metadata)),
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn rows_of_parquet_are_counted_as_they_are_read_up_to_the_size_of_the_file() {
    use std::sync::Arc;

    let texts = (0..4000).map(|row| Some(format!("{}", row * 7919 % 104_729)));
    let texts: arrow_array::StringArray = texts.collect();
    let bytes = parquet_of(vec![("text", Arc::new(texts))]);
    for (name, bytes) in [("x.parquet", bytes.clone()), ("x.parquet.gz", gzip(&bytes))] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let reader = Reader::default();
        let mut documents = reader.documents(&Input::File(path));
        let mut counts = vec![reader.meter.bytes()];
        for _ in documents.by_ref() {
            counts.push(reader.meter.bytes());
        }
        let size = bytes.len() as u64;
        assert_eq!(counts.last(), Some(&size), "{name}");
        if name == "x.parquet" {
            counts.dedup();
            assert!(
                counts.len() > 10 && counts[counts.len() / 2] < size * 2 / 3,
                "{counts:?}"
            );
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_without_the_text_is_refused_once_with_the_columns_that_are_there() {
    let numbers = std::sync::Arc::new(arrow_array::Int32Array::from(vec![1, 2, 3]));
    let found = read(
        "x.parquet",
        &parquet_of(vec![("a", numbers.clone()), ("b", numbers)]),
    );
    assert_eq!(found.len(), 1);
    let wanted = "there is no column text; the columns are a, b; name the one with the text with --text-column";
    assert!(found[0].1.contains(wanted), "{found:?}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_back_or_to_the_results_are_named_or_left_out() {
    use std::os::unix::fs::symlink;

    let dir = TempDir::new().unwrap();
    let (root, results) = (dir.path().join("in"), dir.path().join("out.jsonl"));
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("a.txt"), "Kyiv").unwrap();
    fs::write(&results, "{}").unwrap();
    symlink("nowhere", root.join("gone.txt")).unwrap();
    symlink(&root, root.join("sub/back")).unwrap();
    symlink("../out.jsonl", root.join("z.jsonl")).unwrap();
    symlink("a.txt", root.join("b.txt")).unwrap();
    let walk = Walk {
        paths: vec![root.clone()],
        exclude: vec![results.clone()],
        ..Walk::default()
    };
    let before = walk.inputs().count();
    // The results may not exist yet.
    fs::remove_file(results).unwrap();
    let found: Vec<String> = walk
        .inputs()
        .map(|input| match input {
            Ok(input) => input.name(),
            Err(error) => {
                let message = error.to_string();
                format!("{} {message}", Source::unlisted(error).id)
            }
        })
        .map(|found| found.replace(&format!("{}/", root.display()), ""))
        .collect();
    let back = format!(
        "sub/back cannot read sub/back: it is a link to {}, which it lies in; remove the link, or leave it out with --glob '!back'",
        root.display()
    );
    assert_eq!((before, found.len()), (4, 4), "{found:?}");
    assert_eq!(
        (&*found[0], &*found[1], &found[3]),
        ("a.txt", "b.txt", &back)
    );
    assert!(
        found[2].starts_with("gone.txt cannot read gone.txt: No such file"),
        "{found:?}"
    );
    let walk = Walk {
        globs: vec!["!back".to_owned(), "!gone.*".to_owned()],
        ..walk
    };
    let found: Vec<Input> = walk.inputs().map(|input| input.unwrap()).collect();
    assert_eq!(found.len(), 2, "left out as the error says");
}

#[test]
fn of_hidden_files_only_those_that_newshound_left_unfinished_are_left_out() {
    let dir = TempDir::new().unwrap();
    for name in [".newshound-mine", ".newshound-0123abcd-Ab12Cd"] {
        fs::write(dir.path().join(name), "Kyiv").unwrap();
    }
    let walk = Walk {
        paths: vec![dir.path().to_owned()],
        no_ignore: true,
        ..Walk::default()
    };
    let found: Vec<Input> = walk.inputs().map(|input| input.unwrap()).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].name().ends_with(".newshound-mine"));
}

#[test]
fn directories_are_read_in_order_with_globs_and_ignore_rules() {
    let dir = TempDir::new().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("b/c")).unwrap();
    for name in [
        "b/c/2.txt",
        "b/1.txt",
        "a.txt",
        "z.md",
        ".hidden.txt",
        "b/skip.txt",
        "out",
    ] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::write(root.join(".ignore"), "skip.txt\n").unwrap();
    let mut walk = Walk {
        paths: vec![root.to_owned()],
        exclude: vec![root.join("out")],
        ..Walk::default()
    };
    let found = |walk: &Walk| -> Vec<String> {
        let short = |input: Result<Input>| match input.unwrap() {
            Input::File(path) => path.strip_prefix(root).unwrap().display().to_string(),
            other => other.name(),
        };
        walk.inputs().map(short).collect()
    };
    assert_eq!(found(&walk), ["a.txt", "b/1.txt", "b/c/2.txt", "z.md"]);
    walk.globs = vec!["*.txt".to_owned(), "!1.txt".to_owned()];
    assert_eq!(found(&walk), ["a.txt", "b/c/2.txt"]);
    walk.no_ignore = true;
    assert_eq!(
        found(&walk),
        [".hidden.txt", "a.txt", "b/c/2.txt", "b/skip.txt"]
    );
    walk.globs = vec!["[".to_owned()];
    assert!(
        walk.check()
            .unwrap_err()
            .to_string()
            .starts_with("--glob [: ")
    );
}

#[cfg(feature = "parquet")]
#[test]
fn a_page_of_parquet_that_claims_gigabytes_is_refused_before_they_are_allocated() {
    let found = read(
        "x.parquet",
        include_bytes!("../../fuzz/seeds/huge-page.parquet"),
    );
    let [failed] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(
        failed.1.contains("when unpacked; it is damaged"),
        "{failed:?}"
    );
}
