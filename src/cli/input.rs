//! Options about what is read, for every subcommand that reads documents.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use newshound::Error;
use newshound::reader::{Encoding, Input, InputFormat, Reader, Walk};

use super::{Stop, say};

#[derive(clap::Args)]
pub(crate) struct FieldArgs {
    /// Field or column with the text [default: text]
    #[arg(
        long,
        visible_alias = "text-column",
        value_name = "NAME",
        help_heading = "Input"
    )]
    text_field: Option<String>,

    /// Field or column with the document's id [default: id]
    ///
    /// Documents without one are called FILE:LINE.
    #[arg(
        long,
        visible_alias = "id-column",
        value_name = "NAME",
        help_heading = "Input"
    )]
    id_field: Option<String>,
}

impl FieldArgs {
    /// A reader of these fields.
    pub(crate) fn reader(&self) -> Reader {
        let default = Reader::default();
        Reader {
            text_field: self.text_field.clone().unwrap_or(default.text_field),
            id_field: self.id_field.clone().unwrap_or(default.id_field),
            ..default
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct InputArgs {
    /// Files and directories to read; `-` is standard input, the default
    ///
    /// Directories are read with all that is in them, in the order of the names. Files
    /// compressed with gzip or zstd are read like others.
    #[arg(value_name = "INPUT")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,
}

#[derive(clap::Args)]
pub(crate) struct ReadArgs {
    /// How the input is written
    ///
    /// Otherwise the end of the name tells (.txt, .jsonl, .csv, .tsv, .parquet, .html,
    /// .conll; then perhaps .gz or .zst), and for other names how the file starts.
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Input")]
    input_format: Option<Format>,

    #[command(flatten)]
    fields: FieldArgs,

    /// Encoding of the input, if not UTF-8
    ///
    /// A name of the WHATWG list, such as windows-1252, iso-8859-2, koi8-r or utf-16le.
    /// The decoded text is then part of the output, as offsets refer to it. Web pages
    /// that declare their encoding need no option.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    encoding: Option<Encoding>,

    /// Take only files of such names from directories; !PATTERN leaves out
    ///
    /// Patterns are those of .gitignore: *.txt, 2024/**, !drafts. May be given often.
    #[arg(long = "glob", value_name = "PATTERN", help_heading = "Input")]
    globs: Vec<String>,

    /// Also read hidden files, and those that .gitignore and .ignore files name
    #[arg(long, help_heading = "Input")]
    no_ignore: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Plain text, a document a file
    Text,
    /// Plain text, a document a line
    Lines,
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// A Parquet file, a document a row
    Parquet,
    /// A web page; its main text is tagged
    Html,
    /// A token a line, a blank line after each sentence
    Conll,
}

impl ReadArgs {
    /// A reader with these options set.
    pub(crate) fn reader(&self) -> Reader {
        Reader {
            format: self.input_format.map(|format| match format {
                Format::Text => InputFormat::Text,
                Format::Lines => InputFormat::Lines,
                Format::Jsonl => InputFormat::Jsonl,
                Format::Csv => InputFormat::Csv,
                Format::Tsv => InputFormat::Tsv,
                Format::Parquet => InputFormat::Parquet,
                Format::Html => InputFormat::Html,
                Format::Conll => InputFormat::Conll,
            }),
            encoding: self.encoding,
            ..self.fields.reader()
        }
    }

    /// The inputs in these files and directories.
    pub(crate) fn walk(&self, paths: Vec<PathBuf>) -> Result<Walk, Error> {
        let walk = Walk {
            paths,
            globs: self.globs.clone(),
            no_ignore: self.no_ignore,
            exclude: Vec::new(),
        };
        walk.check().map(|()| walk)
    }
}

impl InputArgs {
    /// A reader with these options set.
    pub(crate) fn reader(&self) -> Reader {
        self.read.reader()
    }

    /// The inputs; standard input where nothing is named and it is not a terminal. Warns of directories in
    /// which there is nothing to read.
    pub(crate) fn walk(&self) -> Result<Walk, Stop> {
        check_given(&self.paths, "a file or directory")?;
        let mut paths = self.paths.clone();
        if paths.is_empty() {
            paths.push(PathBuf::from("-"));
        }
        let walk = self.read.walk(paths)?;
        for dir in walk.without_files() {
            say(&format!(
                "there is no file to read in {}; --no-ignore reads hidden and ignored ones too, --glob \
                 takes and leaves out by name",
                dir.display()
            ));
        }
        Ok(walk)
    }

    /// Whether the input may hold more than one document.
    pub(crate) fn many(&self) -> bool {
        let one = |path: &Path| {
            let format = self.reader().format.or_else(|| InputFormat::of_name(path));
            matches!(format, None | Some(InputFormat::Text | InputFormat::Html)) && !path.is_dir()
        };
        match self.paths.as_slice() {
            [] => !one(Path::new("-")),
            [path] => !one(path),
            _ => true,
        }
    }
}

/// The inputs that `files` name; standard input where there are none and it is not a terminal.
pub(crate) fn inputs(files: &[PathBuf]) -> Result<Vec<Input>, Stop> {
    check_given(files, "a FILE")?;
    if files.is_empty() {
        return Ok(vec![Input::Stdin]);
    }
    let input = |file: &PathBuf| match file.as_os_str().to_str() {
        Some("-") => Input::Stdin,
        _ => Input::File(file.clone()),
    };
    Ok(files.iter().map(input).collect())
}

/// Refuses to read standard input where it is a terminal.
fn check_given(paths: &[PathBuf], wanted: &str) -> Result<(), Stop> {
    match paths.is_empty() && io::stdin().is_terminal() {
        false => Ok(()),
        true => Err(Stop::Fatal(format!(
            "no input; name {wanted}, or pipe text in (see newshound --help)"
        ))),
    }
}

/// The error's message, behind the input's name unless it names a file itself.
pub(crate) fn message(input: &str, error: &Error) -> String {
    match error.names_file() {
        true => error.to_string(),
        false => format!("{input}: {error}"),
    }
}

/// Stops because of an error in an input, which the message names.
pub(crate) fn named(input: &Input, error: &Error) -> Stop {
    Stop::Fatal(message(&input.name(), error))
}
