//! Where results go and in what format.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value;

use super::Plan;
use crate::reader::{Compression, same_file};
use crate::writer::{Conll, Csv, Html, Jsonl, Spacy, Tsv, WebAnnotation, Writer};
use crate::{Error, OffsetUnit, Result};

/// Which names of files tell a format, for error messages.
const ENDINGS: &str =
    "end it with .jsonl, .csv, .tsv, .conll, .parquet, .jsonld or .html (and .gz or .zst)";

/// The tag by which a report is recognised.
pub(crate) const GENERATOR: &str = "<meta name=\"generator\" content=\"newshound\">";

/// Bytes at the start of a page within which the tag stands.
const START: u64 = 512;

/// Whether a file is a report that newshound made, not another page of that name.
#[must_use]
pub fn is_report(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains(GENERATOR)
}

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutputFormat {
    /// A JSON object a document, a line each.
    #[default]
    Jsonl,
    /// A word and its IOB2 tag a line.
    Conll,
    /// A directory of texts with brat's standoff annotations.
    Brat,
    /// A span a record, comma separated.
    Csv,
    /// A span a line, tab separated.
    Tsv,
    /// A row a document, its spans in a list of structs.
    Parquet,
    /// JSONL as spaCy reads it.
    Spacy,
    /// W3C Web Annotation, a JSON-LD page a line.
    WebAnnotation,
    /// A web page with the names highlighted.
    Html,
}

impl OutputFormat {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Jsonl,
        Self::Conll,
        Self::Brat,
        Self::Csv,
        Self::Tsv,
        Self::Parquet,
        Self::Spacy,
        Self::WebAnnotation,
        Self::Html,
    ];

    /// The format that the end of a name tells, without `.gz` and `.zst`.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let (_, path) = Compression::of_name(path);
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        Some(match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Self::Jsonl,
            "conll" | "iob2" => Self::Conll,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "parquet" => Self::Parquet,
            "jsonld" => Self::WebAnnotation,
            "html" => Self::Html,
            _ => return None,
        })
    }

    /// Whether a file of that name may hold it: spaCy's lines and those of Web Annotation are JSONL, too.
    fn fits(self, named: Self) -> bool {
        self == named || named == Self::Jsonl && matches!(self, Self::Spacy | Self::WebAnnotation)
    }

    /// The name in options.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Conll => "conll",
            Self::Brat => "brat",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Spacy => "spacy",
            Self::WebAnnotation => "web-annotation",
            Self::Html => "html",
        }
    }

    /// The writer of this format, and whether it needs every text.
    #[must_use]
    pub fn writer(self, unit: OffsetUnit) -> (Box<dyn Writer>, bool) {
        match self {
            Self::Jsonl => (Box::new(Jsonl::new(unit)), false),
            Self::Parquet => (Box::new(Jsonl::flat(unit)), false),
            Self::Brat => (Box::new(Jsonl::flat(OffsetUnit::Byte)), true),
            Self::Conll => (Box::new(Conll), false),
            Self::Csv => (Box::new(Csv::new(unit)), false),
            Self::Tsv => (Box::new(Tsv::new(unit)), false),
            Self::Spacy => (Box::new(Spacy), false),
            Self::WebAnnotation => (Box::new(WebAnnotation), false),
            Self::Html => (Box::new(Html), false),
        }
    }

    /// The name of the file in a directory of results.
    fn file_name(self) -> &'static str {
        match self {
            Self::Jsonl => "annotations.jsonl",
            Self::Conll => "annotations.conll",
            Self::Brat => "brat",
            Self::Csv => "annotations.csv",
            Self::Tsv => "annotations.tsv",
            Self::Parquet => "annotations.parquet",
            Self::Spacy => "annotations.spacy.jsonl",
            Self::WebAnnotation => "annotations.jsonld",
            Self::Html => "annotations.html",
        }
    }
}

/// Its name in options.
impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for OutputFormat {
    type Err = Error;

    fn from_str(key: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.key() == key);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::key).join(", ");
            Error::Option(format!("there is no format {key:?}; use one of {known}"))
        })
    }
}

/// The files of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The results.
    pub path: PathBuf,
    /// What they are written as.
    pub format: OutputFormat,
    /// How the file is compressed.
    pub compression: Compression,
    /// The start of the other files' paths.
    prefix: PathBuf,
    /// The names of the corpus, if not in the usual place.
    names: Option<PathBuf>,
}

impl Output {
    /// From the value of `-o`: a file whose name tells its format and compression,
    /// or a directory, which gets files of fixed names.
    ///
    /// # Errors
    /// [`Error::Option`] for a name that does not tell, or that contradicts the format.
    pub fn new(path: impl AsRef<Path>, format: Option<OutputFormat>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |message: &str| Error::Option(format!("-o {}: {message}", path.display()));
        let slash = path.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        if path == Path::new("-") {
            return Err(wrong(
                "standard output has no place for the files beside the results; name a file or directory",
            ));
        }
        let named = OutputFormat::of_name(path);
        if cfg!(not(feature = "parquet")) && format.or(named) == Some(OutputFormat::Parquet) {
            return Err(Error::NotBuilt("parquet"));
        }
        if slash || path.is_dir() || path.extension().is_none() || path.file_name().is_none() {
            if path.exists() && !path.is_dir() {
                return Err(wrong(&format!(
                    "this is no directory, which a name without an ending means; {ENDINGS}, or leave -o out to write to standard output"
                )));
            }
            let format = format.unwrap_or(OutputFormat::Jsonl);
            return Ok(Self {
                path: path.join(format.file_name()),
                format,
                compression: Compression::None,
                prefix: path.join(""),
                names: None,
            });
        }
        let format = format.or(named).ok_or_else(|| {
            wrong(&format!("the name does not tell the format; {ENDINGS}, give --format, or end it with / for a directory"))
        })?;
        if let Some(named) = named.filter(|named| !format.fits(*named)) {
            return Err(wrong(&format!(
                "the name says {named}, and the format is {format}; change one of them, or end the name with / for a directory"
            )));
        }
        let (compression, _) = Compression::of_name(path);
        match format {
            OutputFormat::Brat => Err(wrong("brat is written to a directory; end it with /")),
            OutputFormat::Parquet if compression != Compression::None => Err(wrong(
                "Parquet is compressed inside; leave the last ending away",
            )),
            _ => Ok(Self {
                path: path.to_owned(),
                format,
                compression,
                prefix: suffixed(path, "."),
                names: None,
            }),
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        suffixed(&self.prefix, name)
    }

    /// With the names of the corpus in a file of the user's choice.
    ///
    /// # Errors
    /// [`Error::Option`] for a name that does not end in `.jsonl` or `.parquet`.
    pub fn with_names(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let format = OutputFormat::of_name(path);
        let (compression, _) = Compression::of_name(path);
        match (format, compression) {
            (Some(OutputFormat::Parquet), _) if cfg!(not(feature = "parquet")) => {
                return Err(Error::NotBuilt("parquet"));
            }
            (Some(OutputFormat::Jsonl | OutputFormat::Parquet), Compression::None) => {}
            _ => {
                let path = path.display();
                let message = format!("--names {path}: end the name with .jsonl or .parquet");
                return Err(Error::Option(message));
            }
        }
        self.names = Some(path.to_owned());
        Ok(self)
    }

    /// The names of the corpus.
    #[must_use]
    pub fn names(&self) -> PathBuf {
        let usual = match self.format {
            OutputFormat::Parquet => "names.parquet",
            _ => "names.jsonl",
        };
        self.names.clone().unwrap_or_else(|| self.beside(usual))
    }

    /// The option for the file with the names of the corpus, where one was given.
    pub(super) fn names_given(&self) -> Option<(String, String)> {
        let path = self.names.as_ref()?.display().to_string();
        Some((Plan::NAMES.to_owned(), path))
    }

    /// The names of each document, of a shard or of an unfinished run.
    pub(super) fn notes(&self) -> PathBuf {
        self.beside("names.index")
    }

    /// Documents that failed.
    #[must_use]
    pub fn errors(&self) -> PathBuf {
        self.beside("errors.jsonl")
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.beside("summary.json")
    }

    /// The index of a shard.
    pub(super) fn index(&self) -> PathBuf {
        self.beside("index")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.beside("journal")
    }

    pub(super) fn part(path: &Path) -> PathBuf {
        suffixed(path, ".part")
    }

    /// The first file that would be written twice, or over one of the inputs.
    pub(super) fn clash(&self, inputs: &[PathBuf]) -> Option<PathBuf> {
        let mut all = self.all();
        while let Some(path) = all.pop() {
            if all
                .iter()
                .chain(inputs)
                .any(|other| same_file(&path, other))
            {
                return Some(path);
            }
        }
        None
    }

    /// The first result file that exists inside an input directory although neither summary nor journal
    /// says that a run wrote it: it is input, and must not be overwritten.
    pub(super) fn result_that_is_input(&self, inputs: &[PathBuf]) -> Option<PathBuf> {
        if self.read_summary().get("run").is_some() || self.journal().exists() {
            return None;
        }
        let dirs = inputs.iter().filter(|path| path.is_dir());
        let dirs: Vec<PathBuf> = dirs.filter_map(|dir| dir.canonicalize().ok()).collect();
        let is_read = |path: &PathBuf| {
            let path = path.canonicalize();
            path.is_ok_and(|path| path.is_file() && dirs.iter().any(|dir| path.starts_with(dir)))
        };
        self.results().into_iter().find(is_read)
    }

    /// The results, and what is written along with them.
    fn results(&self) -> [PathBuf; 5] {
        [
            self.path.clone(),
            self.errors(),
            self.index(),
            self.names(),
            self.notes(),
        ]
    }

    /// The summary beside the results; null where it cannot be read.
    pub(super) fn read_summary(&self) -> Value {
        let summary = fs::read(self.summary()).unwrap_or_default();
        serde_json::from_slice(&summary).unwrap_or_default()
    }

    /// The files that the end of a run writes or removes beside the results.
    pub(super) fn beside_results(&self, plan: &Plan) -> Vec<PathBuf> {
        let mut beside = vec![self.errors(), self.index(), self.notes(), self.summary()];
        beside.extend((!plan.is_shard()).then(|| self.names()));
        beside
    }

    /// All files a run may write, and the report of it, so that they are not read as input.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let mut all = Vec::from(self.parts());
        let report = self.beside("report.html");
        all.extend((is_report(&report) || !report.exists()).then_some(report));
        all.extend([self.summary(), self.journal()]);
        all.extend(self.results().into_iter().rev());
        all
    }

    /// The files that grow while a run goes on.
    pub(super) fn parts(&self) -> [PathBuf; 5] {
        self.results().map(|path| Self::part(&path))
    }

    /// The files that are written in one go.
    pub(super) fn wholes(&self) -> [PathBuf; 4] {
        [
            self.path.clone(),
            self.names(),
            self.summary(),
            self.journal(),
        ]
    }

    /// How results are compressed while they grow.
    pub(super) fn part_compression(&self) -> Compression {
        match self.is_spooled() {
            true => Compression::None,
            false => self.compression,
        }
    }

    /// Whether the results are made from lines of JSON when all are there.
    pub(super) fn is_spooled(&self) -> bool {
        matches!(self.format, OutputFormat::Parquet | OutputFormat::Brat)
    }
}

/// `path` with more at the end of its name.
fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
