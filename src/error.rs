//! Everything that can go wrong in the library.

use std::path::PathBuf;

use crate::eval;
use crate::reader::Malformed;

/// What can go wrong with a file, a text or a model. Messages name the thing and the way out;
/// callers add the file or document. [`crate::corpus::Error`] wraps it for runs over a corpus; it
/// wraps [`eval::Error`] for gold data that cannot be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory stands where a file is wanted.
    #[error("{} is a directory where a file is wanted; name the files in it", .0.display())]
    Directory(PathBuf),
    /// Text that is not UTF-8.
    #[error(
        "invalid UTF-8 at byte {offset}{looks}; {name}convert it with `iconv -f {encoding} -t UTF-8`",
        name = if *.can_decode { named(*.guess) } else { String::new() },
        looks = .guess.map_or_else(String::new, |guess| format!(" (it looks like {guess})")),
        encoding = encoding(*.guess),
    )]
    NotUtf8 {
        /// Bytes before the first invalid one.
        offset: usize,
        /// The encoding it looks like.
        guess: Option<&'static str>,
        /// Whether the encoding can be named, as with `newshound tag --encoding`.
        can_decode: bool,
    },
    /// Text with a NUL byte: a binary file, or a damaged one.
    #[error(
        "NUL byte at byte {offset}; this is not plain text (remove NUL bytes, for example with `tr -d '\\000'`, if it should be)"
    )]
    Nul {
        /// Bytes before the NUL.
        offset: usize,
    },
    /// Text that is not in the encoding it is said to be in.
    #[error(transparent)]
    Malformed(Malformed),
    /// A web page without an article in it.
    #[error(
        "the page has no main text ({0}); if it is to be read as it stands use --input-format text"
    )]
    NoMainText(String),
    /// A file that was written to while it was read.
    #[error(
        "the file was changed while it was read; its documents may be torn or missing, run again when it is complete"
    )]
    Changed,
    /// Something this build was made without.
    #[error("this build cannot do {0}; build it with the feature `{0}`")]
    NotBuilt(&'static str),
    /// A backend this build was made without.
    #[error(
        "this build has no backend {0}; build it with `scripts/with-libtorch cargo build --release --features {0}`, or leave out --backend {0}"
    )]
    NoBackend(&'static str),
    /// A record of a JSONL, CSV or column file that is not a document.
    #[error("line {line}: {message}")]
    Record {
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A row of a Parquet file that is not a document.
    #[error("{}: row {row}: {message}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row's number, from 1.
        row: usize,
        /// What is wrong and the way out.
        message: String,
    },
    /// A line of a JSONL input that is not a text with its topics.
    #[error("line {line}: {message}")]
    Labelled {
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what is expected.
        message: String,
    },
    /// Texts that topics cannot be learned from.
    #[error("{0}")]
    Learn(String),
    /// A file of topics that cannot be used.
    #[error("{}: {message}", path.display())]
    Topics {
        /// The file.
        path: PathBuf,
        /// What is wrong and the way out.
        message: String,
    },
    /// A row of a list of names that cannot be used.
    #[error("{}: line {line}: {message}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong and the way out.
        message: String,
    },
    /// A file of a model directory is missing, unreadable or wrong.
    #[error("model {}: {message}", path.display())]
    Model {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A file that is not what `newshound annotate` writes.
    #[error("{}: {message}", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// What is wrong and the way out.
        message: String,
    },
    /// A report could not be written.
    #[error("cannot write the report: {0}")]
    Report(#[source] std::io::Error),
    /// Temporary files, for what does not fit into memory, could not be written.
    #[error("cannot write temporary files: {0}; make room, or name another directory with TMPDIR")]
    Temporary(#[source] std::io::Error),
    /// A label that the model does not have.
    #[error("the model has no label {label}; its labels are {known}")]
    UnknownLabel {
        /// The label asked for.
        label: String,
        /// The model's labels, comma separated.
        known: String,
    },
    /// An option whose value makes no sense.
    #[error("{0}")]
    Option(String),
    /// The binary was built without a model.
    #[error("this build carries no model; name one with --model DIR")]
    NoEmbeddedModel,
    /// The tokenizer refused the text.
    #[error(
        "the tokenizer failed on the text: {0}; `newshound models verify` looks whether the model is whole"
    )]
    Tokenizer(String),
    /// The encoder refused its input.
    #[error("encoder: {0}")]
    Encoder(#[from] newshound_encoder::Error),
    /// A backend could not run the model.
    #[error("backend: {0}")]
    Backend(String),
    /// The model gave numbers that are not finite; its weights are damaged.
    #[error(
        "the model gave a score that is not a number; its weights are damaged, fetch them again"
    )]
    NotFinite,
    /// A gold file that cannot be scored.
    #[error(transparent)]
    Eval(#[from] eval::Error),
}

/// Shorthand for results with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Turns an I/O error into one of reading this file.
    pub(crate) fn reading(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read {
            path: path.clone(),
            source,
        }
    }

    /// Turns an I/O error into one of writing this file.
    pub(crate) fn writing(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write {
            path: path.clone(),
            source,
        }
    }

    /// Whether the message names the file that it is about.
    #[must_use]
    pub fn names_file(&self) -> bool {
        matches!(
            self,
            Self::Read { .. }
                | Self::Write { .. }
                | Self::Directory(_)
                | Self::Row { .. }
                | Self::Topics { .. }
                | Self::List { .. }
                | Self::Model { .. }
                | Self::Results { .. }
        )
    }

    /// A short name for the kind of failure, for error records in JSONL output.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Directory(_) | Self::Changed => "read",
            Self::Write { .. } => "write",
            Self::NotUtf8 { .. } | Self::Malformed(_) => "encoding",
            Self::NoMainText(_) => "html",
            Self::NotBuilt(_) | Self::NoBackend(_) => "build",
            Self::Nul { .. } => "not_text",
            Self::Record { .. } | Self::Row { .. } => "record",
            Self::Results { .. } => "results",
            Self::Report(_) | Self::Temporary(_) => "write",
            Self::Labelled { .. } | Self::Learn(_) | Self::Topics { .. } => "topics",
            Self::List { .. } => "list",
            Self::Model { .. } | Self::NoEmbeddedModel => "model",
            Self::UnknownLabel { .. } | Self::Option(_) => "usage",
            Self::Tokenizer(_) => "tokenizer",
            Self::Encoder(_) | Self::Backend(_) | Self::NotFinite => "encoder",
            Self::Eval(_) => "eval",
        }
    }
}

/// The encoding that text which is not UTF-8 is most likely in.
fn encoding(guess: Option<&'static str>) -> &'static str {
    guess.unwrap_or("windows-1252")
}

/// Advice to name the encoding.
fn named(guess: Option<&'static str>) -> String {
    let encoding = encoding(guess);
    format!("name its encoding, for example with --encoding {encoding}, or ")
}

/// Why a line of JSONL is not JSON, or not the JSON that is wanted. Leaves out the line number that
/// `serde_json` counts within the line.
pub(crate) fn not_json(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let reason = message.strip_suffix(&format!(" at line {line} column {column}"));
    let what = if error.is_data() { "" } else { "not JSON: " };
    match reason {
        Some(reason) => format!("{what}{reason} at column {column}"),
        None => format!("{what}{message}"),
    }
}
