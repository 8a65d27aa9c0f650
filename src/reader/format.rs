//! What an input is: by the end of its name, otherwise by how it starts.

use std::path::Path;

/// How documents lie in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// The whole input is one document of plain text.
    Text,
    /// Each line is a document of plain text.
    Lines,
    /// Each line is a JSON object with a string `text` and, if it likes, an `id`.
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
    /// By the end of the name: `.gz` or `.zst`; also gives the name without it.
    #[must_use]
    pub fn of_name(path: &Path) -> (Self, &Path) {
        let compression = match extension(path).as_str() {
            "gz" => Self::Gzip,
            "zst" | "zstd" => Self::Zstd,
            _ => return (Self::None, path),
        };
        (compression, path.file_stem().map_or(path, Path::new))
    }

    /// By the first bytes.
    pub(super) fn of_content(start: &[u8]) -> Self {
        match start {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

impl InputFormat {
    /// By the end of the name, `.gz` and `.zst` not counted.
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

    /// By the first bytes; what is nothing else is plain text.
    pub(super) fn of_content(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        if start.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        let start = start.trim_ascii_start();
        let is = |tag: &[u8]| {
            let head = start.get(..tag.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(tag))
        };
        match start {
            [b'{', rest @ ..] if matches!(rest.trim_ascii_start(), [b'"', ..]) => Self::Jsonl,
            _ if is(b"<!doctype html") || is(b"<html") => Self::Html,
            _ => Self::Text,
        }
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
    fn the_content_tells_the_format_of_what_has_no_telling_name() {
        for (start, wanted) in [
            (&b"\xEF\xBB\xBF \n{ \"text\": 1"[..], InputFormat::Jsonl),
            (b"{curly} prose", InputFormat::Text),
            (b"\n<!DOCTYPE html>", InputFormat::Html),
            (b"<HTML lang=en>", InputFormat::Html),
            (b"PAR1\x15", InputFormat::Parquet),
            (b"", InputFormat::Text),
            (b"<p>", InputFormat::Text),
        ] {
            assert_eq!(InputFormat::of_content(start), wanted, "{start:?}");
        }
    }
}
