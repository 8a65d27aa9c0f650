//! What the fuzz targets share: documents read from fuzzed bytes, and a model so small
//! that tagging them costs nothing.

use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use ndarray::Array2;
use newshound::backend::{Backend, Packed};
use newshound::corpus::{Job, OutputFormat, Progress, filter};
use newshound::model::Labels;
use newshound::reader::{Encoding, Input, InputFormat, Reader, Walk};
use newshound::tokenize::Subwords;
use newshound::{Model, OffsetUnit, Tagger};
use tempfile::{NamedTempFile, TempPath};

/// Bytes as a file whose name tells nothing, in memory where the system has such a place.
fn file(bytes: &[u8]) -> TempPath {
    let memory = std::path::Path::new("/dev/shm");
    let file = match memory.is_dir() {
        true => NamedTempFile::new_in(memory),
        false => NamedTempFile::new(),
    };
    let mut file = file.expect("a place for temporary files");
    file.write_all(bytes).expect("room for temporary files");
    file.into_temp_path()
}

/// Lets panics that are caught pass, of which the Parquet library has some on damaged
/// files; those that are not caught end the fuzzer as ever.
static QUIET: LazyLock<()> = LazyLock::new(|| std::panic::set_hook(Box::new(|_| {})));

/// Reads all documents. None may panic, and none may hold NUL bytes.
pub fn read(format: Option<InputFormat>, encoding: Option<Encoding>, bytes: &[u8]) {
    LazyLock::force(&QUIET);
    let path = file(bytes);
    let reader = Reader {
        format,
        encoding,
        ..Reader::default()
    };
    for source in reader.documents(&Input::File(path.to_path_buf())) {
        if let Ok(text) = source.text {
            assert!(!text.as_str().contains('\0'));
        }
    }
}

/// Tags every subword by its number alone.
struct Numbers;

impl Backend for Numbers {
    fn size(&self) -> usize {
        1
    }

    fn max_tokens(&self) -> usize {
        66
    }

    fn logits(&self, packed: Packed<'_>) -> newshound::Result<Array2<f32>> {
        let ids = packed.ids();
        Ok(Array2::from_shape_fn((ids.len(), 3), |(row, tag)| {
            f32::from(u8::from(ids[row] as usize % 3 == tag))
        }))
    }

    fn logits_and_hidden(
        &self,
        packed: Packed<'_>,
    ) -> newshound::Result<(Array2<f32>, Array2<f32>)> {
        let hidden = Array2::zeros((packed.ids().len(), self.size()));
        Ok((self.logits(packed)?, hidden))
    }
}

static TAGGER: LazyLock<Tagger> = LazyLock::new(|| {
    let labels = Labels::new(&["O", "B-LOC", "I-LOC"].map(str::to_owned)).expect("labels");
    let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\n##a\n##b\n##c\n.\n,\n-";
    let subwords = Subwords::from_vocab(vocab, true).expect("a vocabulary");
    let model = Model::from_parts("numbers", labels, subwords, Box::new(Numbers));
    let threads = std::num::NonZeroUsize::MIN;
    Tagger::builder()
        .model(model)
        .threads(threads)
        .build()
        .expect("a tagger")
});

/// JSONL to JSONL as a filter: a line for each line that is not blank, in order, offsets
/// that name the text they say.
pub fn pipe(bytes: &[u8]) {
    let path: TempPath = file(bytes);
    let job = Job {
        walk: Walk {
            paths: vec![PathBuf::from(&*path)],
            ..Walk::default()
        },
        reader: Reader {
            format: Some(InputFormat::Jsonl),
            ..Reader::default()
        },
        format: OutputFormat::Jsonl,
        unit: OffsetUnit::Byte,
        with_text: true,
        names: false,
        date_field: None,
        shard: None,
        checkpoint: 1 << 16,
    };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let progress = Progress::default();
    let summary = filter(&TAGGER, &job, &mut out, &mut errors, &progress).expect("memory");
    let magics = [&b"\x1F\x8B"[..], b"\x28\xB5\x2F\xFD", b"BZh", b"\xFD7zXZ\0"];
    let skippable = bytes.get(1..4) == Some(&b"\x2A\x4D\x18"[..]);
    let plain = !skippable && !magics.iter().any(|magic| bytes.starts_with(magic));
    let out = String::from_utf8(out).expect("UTF-8");
    assert_eq!(out.lines().count() as u64, summary.documents);
    assert_eq!(
        errors.iter().filter(|b| **b == b'\n').count() as u64,
        summary.failed()
    );
    if plain {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let lines = bytes.split(|b| *b == b'\n');
        let lines = lines.filter(|line| !line.trim_ascii().is_empty());
        assert_eq!(lines.count() as u64, summary.documents);
    }
    // What was written can be read again, and is tagged the same.
    let gold: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("\"entities\""))
        .collect();
    newshound::eval::gold(&gold.join("\n"), OffsetUnit::Byte).expect("offsets of the text");
}
