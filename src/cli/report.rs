//! `newshound report`: results of a corpus to a web page.

use std::io::Write;
use std::path::{Path, PathBuf};

use newshound::corpus::is_report;
use newshound::reader::{Walk, same_file};
use newshound::report::{self, Input, Made, Options, grouped};

use super::input::ReadArgs;
use super::output::{check_file, stdout};
use super::{Outcome, Stop, say};

/// Make a web page of a corpus' people, organisations, places and topics
///
/// Reads what `newshound annotate` wrote as JSONL and makes one page of it that needs no
/// network and no other file: lists, a map, topics over time where documents have dates, and a
/// search through the names, each with the documents that mention it most and the text around
/// its mention.
///
///     newshound annotate archive/ --with-text -o tagged/
///     newshound report tagged/                              # tagged/report.html
///     newshound report tagged.jsonl.gz --text archive/ -o report.html
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// JSONL results of `newshound annotate`, perhaps with .gz or .zst, or the directory with them
    #[arg(value_name = "OUT")]
    results: PathBuf,

    /// Where to write; - is standard output [default: report.html in OUT, or OUT.report.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What was tagged, for the text around names where OUT was not written --with-text
    ///
    /// Files and directories named as they were to annotate, with the options that say how to read
    /// them; may be given often.
    #[arg(long, value_name = "INPUT", help_heading = "Input")]
    text: Vec<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,

    /// Field with a document's date [default: date, published, timestamp, ...]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    date_field: Option<String>,

    /// Heading of the page
    #[arg(long, value_name = "TEXT", help_heading = "Page")]
    title: Option<String>,

    /// Names in the page, those in most documents
    #[arg(
        long,
        default_value_t = 10_000,
        value_name = "N",
        help_heading = "Page"
    )]
    names: usize,

    /// Documents shown with each name, those that mention it most
    #[arg(long, default_value_t = 8, value_name = "N", help_heading = "Page")]
    documents: usize,

    /// Say nothing about what was done
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let results = report::results(&args.results)?;
    let default = Options::default();
    let options = Options {
        title: args.title.clone().unwrap_or(default.title),
        names: args.names,
        documents: args.documents,
        date_field: args.date_field.clone(),
    };
    let input = input(args, &results)?;
    if args.output.as_deref() == Some(Path::new("-")) {
        let mut out = stdout();
        let made = report::write(&results, input.as_ref(), &options, &mut out)?;
        out.flush()?;
        return tell(args, &made, None);
    }
    let path = output(args, &results)?;
    let made = report::save(&results, input.as_ref(), &options, &path)?;
    tell(args, &made, Some(&path))
}

/// Where the page goes. Refuses to overwrite what is read and, at the default path, any file that is no
/// report.
fn output(args: &Args, results: &Path) -> Result<PathBuf, Stop> {
    let path = args.output.clone().unwrap_or_else(|| beside(&args.results));
    check_file(&path)?;
    if args.output.is_none() && path.exists() && !is_report(&path) {
        return Err(Stop::Fatal(format!(
            "{} is there already and no report of newshound's; name another file with -o",
            path.display()
        )));
    }
    let mut read = args.text.iter().map(PathBuf::as_path).chain([results]);
    let is_text = !is_report(&path) && args.text.iter().any(|text| lies_in(&path, text));
    if is_text || read.any(|read| same_file(&path, read)) {
        let path = path.display();
        return Err(Stop::Fatal(format!(
            "-o {path} would be written over what is read; name another file"
        )));
    }
    Ok(path)
}

/// Whether a file exists and lies somewhere below the directory.
fn lies_in(path: &Path, dir: &Path) -> bool {
    let (path, dir) = (path.canonicalize(), dir.canonicalize());
    path.is_ok_and(|path| dir.is_ok_and(|dir| path.starts_with(dir)))
}

fn input(args: &Args, results: &Path) -> Result<Option<Input>, Stop> {
    if args.text.is_empty() {
        return Ok(None);
    }
    if let Some(missing) = args.text.iter().find(|path| !path.exists()) {
        return Err(Stop::Fatal(format!(
            "--text: there is no {}",
            missing.display()
        )));
    }
    let walk = Walk {
        exclude: vec![results.to_owned()],
        ..args.read.walk(args.text.clone())?
    };
    let reader = args.read.reader();
    Ok(Some(Input { walk, reader }))
}

/// The default path of the page: in the directory of results, or beside their file.
fn beside(results: &Path) -> PathBuf {
    if results.is_dir() {
        return results.join("report.html");
    }
    let mut path = results.as_os_str().to_owned();
    path.push(".report.html");
    path.into()
}

fn tell(args: &Args, made: &Made, path: Option<&Path>) -> Outcome {
    if args.quiet {
        return Ok(0);
    }
    let place = path.map_or("standard output".into(), Path::to_string_lossy);
    say(&format!(
        "{} documents, {} of {} names in {place}",
        grouped(made.documents),
        grouped(made.shown),
        grouped(made.names)
    ));
    if made.without_text > 0 {
        say(&format!(
            "{} documents have no text in the results, and their names no snippets; name the input with --text, or annotate --with-text",
            grouped(made.without_text)
        ));
    }
    Ok(0)
}
