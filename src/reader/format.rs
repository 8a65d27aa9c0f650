//! The format of an input: by the end of its name, otherwise by its first bytes.

use std::io;
use std::path::Path;

use super::BYTE_ORDER_MARK;
use crate::{Error, Result};

/// How an input holds documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputFormat {
    /// The whole input is one document of plain text.
    Text,
    /// Each line is a document of plain text.
    Lines,
    /// Each line is a JSON object with a string `text` and perhaps an `id`.
    Jsonl,
    /// Comma-separated values with a header; each record is a document.
    Csv,
    /// Tab-separated values with a header; each record is a document.
    Tsv,
    /// A Parquet file; each row is a document.
    Parquet,
    /// A web page; its main text is the document.
    Html,
    /// A token a line in the first column, a blank line after each sentence, a
    /// `-DOCSTART-` line before each document.
    Conll,
}

/// How an input or output is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, any number of members.
    Gzip,
    /// zstd, any number of frames.
    Zstd,
}

impl Compression {
    /// The compression that the end of a name tells, `.gz` or `.zst`, and the name without it.
    #[must_use]
    pub fn of_name(path: &Path) -> (Self, &Path) {
        let compression = match extension(path).as_str() {
            "gz" => Self::Gzip,
            "zst" | "zstd" => Self::Zstd,
            _ => return (Self::None, path),
        };
        (compression, path.file_stem().map_or(path, Path::new))
    }

    /// How many bytes [`Self::of_content`] needs.
    pub(super) const MAGIC: usize = 6;

    /// The compression that the first bytes tell.
    ///
    /// # Errors
    /// For a compression that is not read, with the tool that unpacks it.
    pub(super) fn of_content(start: &[u8]) -> io::Result<Self> {
        let unpacked_by = |tool| {
            let message = format!("only gzip and zstd are read; pipe it through {tool}");
            Err(io::Error::new(io::ErrorKind::Unsupported, message))
        };
        match start {
            [0x1F, 0x8B, ..] => Ok(Self::Gzip),
            // A frame, or a skippable one, which parallel writers start with.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Ok(Self::Zstd),
            // The level, then the first byte of a block or of the end.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => unpacked_by("bzcat"),
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => unpacked_by("xzcat"),
            _ => Ok(Self::None),
        }
    }
}

impl InputFormat {
    /// The format that the end of a name tells, without `.gz` and `.zst`.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let (_, path) = Compression::of_name(path);
        Some(match extension(path).as_str() {
            "txt" | "text" | "md" => Self::Text,
            "jsonl" | "ndjson" | "jsonlines" => Self::Jsonl,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "parquet" | "pq" => Self::Parquet,
            "html" | "htm" | "xhtml" => Self::Html,
            "conll" | "iob" | "iob2" | "bio" => Self::Conll,
            _ => return None,
        })
    }

    /// The format that the first bytes of text tell, plain text where they fit no other; `None`
    /// where more bytes are needed.
    ///
    /// # Errors
    /// [`Error::Record`] for an array of objects, which is JSON and not JSONL.
    pub(super) fn of_content(start: &[u8]) -> Option<Result<Self>> {
        let start = match begins(start, BYTE_ORDER_MARK)? {
            true => start.get(BYTE_ORDER_MARK.len()..)?,
            false => start,
        };
        let start = past_comments(start)?;
        let next = |rest: &[u8]| rest.trim_ascii_start().first().copied();
        Some(Ok(match start {
            [b'{', rest @ ..] if next(rest)? == b'"' => Self::Jsonl,
            [b'[', rest @ ..] if next(rest)? == b'{' => return Some(Err(array())),
            _ if begins(start, b"<!doctype html")? || begins(start, b"<html")? => Self::Html,
            _ => Self::Text,
        }))
    }
}

fn array() -> Error {
    Error::Record {
        line: 1,
        message: "this is a JSON array; write one object a line, for example with `jq -c '.[]'`"
            .to_owned(),
    }
}

/// Whether bytes begin with a tag, in any case; `None` where they end within it.
fn begins(bytes: &[u8], tag: &[u8]) -> Option<bool> {
    let length = bytes.len().min(tag.len());
    let same = bytes
        .get(..length)?
        .eq_ignore_ascii_case(tag.get(..length)?);
    (!same || length == tag.len()).then_some(same)
}

/// The bytes behind blanks, comments and declarations of XML; `None` where these do not end.
fn past_comments(mut start: &[u8]) -> Option<&[u8]> {
    loop {
        start = start.trim_ascii_start();
        let end: &[u8] = match start {
            _ if begins(start, b"<!--")? => b"-->",
            _ if begins(start, b"<?")? => b"?>",
            _ => return Some(start),
        };
        let at = start.windows(end.len()).position(|window| window == end)?;
        start = start.get(at + end.len()..)?;
    }
}

fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_format_and_compression() {
        let of = |name: &str| InputFormat::of_name(Path::new(name));
        assert_eq!(of("a/b.JSONL.gz"), Some(InputFormat::Jsonl));
        assert_eq!(of("b.parquet"), Some(InputFormat::Parquet));
        assert_eq!(of("b.htm.zst"), Some(InputFormat::Html));
        assert_eq!(of("gz"), None);
        let compressed = |name: &'static str| Compression::of_name(Path::new(name)).0;
        assert_eq!(compressed("a.zst"), Compression::Zstd);
        assert_eq!(compressed("a.gz.txt"), Compression::None);
    }

    #[test]
    fn the_content_tells_the_format_where_the_name_does_not() {
        let text = Some(InputFormat::Text);
        for (start, wanted) in [
            (
                &b"\xEF\xBB\xBF \n{ \"text\": 1"[..],
                Some(InputFormat::Jsonl),
            ),
            (b"{curly} prose", text),
            (b"[1] prose", text),
            (b"\n<!DOCTYPE html>", Some(InputFormat::Html)),
            (b"<HTML lang=en>", Some(InputFormat::Html)),
            (
                b"<?xml version='1.0'?>\n<!-- a > b -->\n<!doctype html",
                Some(InputFormat::Html),
            ),
            (b"<?xml version='1.0'?><rss>", text),
            (b"<p>", text),
            (b"<!-- note --> Kyiv", text),
        ] {
            let found = |start| InputFormat::of_content(start).transpose().unwrap();
            assert_eq!(found(start), wanted, "{start:?}");
            // No shorter start is taken for anything else.
            for end in 0..start.len() {
                let early = found(&start[..end]);
                assert!(early.is_none() || early == wanted, "{:?}", &start[..end]);
            }
        }
        let array = InputFormat::of_content(b" [\n {").unwrap().unwrap_err();
        assert!(array.to_string().contains("jq -c '.[]'"), "{array}");
    }
}
