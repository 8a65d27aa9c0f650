//! `newshound topics`: the vocabulary of topics, and topics of a user's own.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use newshound::Error;
use newshound::reader::same_file;
use newshound::topic::{self, MEDIA_TOPICS};

use super::input::{inputs, named};
use super::options::ModelArgs;
use super::output::{To, check_file, stdout, write_json};
use super::{Outcome, Stop, say};

/// List the topics, or learn your own
///
/// Without a subcommand: the topics that documents get, the top level of the IPTC Media
/// Topics, with what belongs to each.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// How to write the list
    #[arg(short, long, value_enum, default_value_t = To::Table, value_name = "FORMAT")]
    format: To,
}

#[derive(Subcommand)]
enum Action {
    Learn(Learn),
}

/// Learn topics from texts that have them
///
/// Reads JSONL, a text a line: {"text": "...", "topics": ["...", ...]} with any names, or
/// {"text": "...", "topic": "..."}; an "id" is welcome, no topics at all ("topics": []) are
/// fine. A few dozen texts a topic make a good start.
///
/// Prints precision, recall and F1 of each topic on texts that were held back: every text is
/// scored by what was learned from the others (five parts). Writes what was learned from all
/// of them, for `newshound tag --topics-model`. It fits the model it was learned with only.
///
///     newshound topics learn labelled.jsonl -o beats.topics
///     newshound tag --topics-model beats.topics story.txt
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
struct Learn {
    /// File with texts and their topics; `-` is standard input, the default
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// File to write; its name without the ending starts the topics' codes (beats:courts)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// How to write the scores
    #[arg(short, long, value_enum, default_value_t = To::Table, value_name = "FORMAT")]
    format: To,

    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.action {
        Some(Action::Learn(args)) => learn(args),
        None => list(args.format),
    }
}

fn list(format: To) -> Outcome {
    let mut out = stdout();
    match format {
        To::Table => {
            for topic in &MEDIA_TOPICS {
                writeln!(
                    out,
                    "{}  {}\n    {}",
                    topic.code, topic.name, topic.definition
                )?;
            }
        }
        To::Json => write_json(&mut out, &MEDIA_TOPICS)?,
    }
    out.flush()?;
    Ok(0)
}

fn learn(args: &Learn) -> Outcome {
    let name = name(&args.output)?;
    let file = args.file.as_ref();
    if file.is_some_and(|file| same_file(file, &args.output)) {
        let path = args.output.display();
        return Err(Stop::Fatal(format!(
            "-o {path} would be written over the texts; name another file"
        )));
    }
    writable(&args.output)?;
    for input in inputs(args.file.as_slice())? {
        let named = |error: Error| named(&input, &error);
        let rows = input
            .text()
            .and_then(|text| topic::labelled(&text))
            .map_err(named)?;
        let tagger = args.model.builder()?.build()?;
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let vectors = tagger.vectors(&texts)?;
        let lesson = topic::learn(&rows, &vectors, tagger.model(), name).map_err(named)?;
        lesson.learned.save(&args.output)?;
        let mut out = stdout();
        match args.format {
            To::Table => {
                lesson.scores.write_table(&mut out)?;
                lesson.scores.write_levels(&mut out)?;
            }
            To::Json => write_json(&mut out, &lesson.scores)?,
        }
        out.flush()?;
    }
    say(&format!("wrote {}", args.output.display()));
    Ok(0)
}

/// Fails now, rather than after minutes of learning, if the file cannot be written; makes its directory.
fn writable(path: &Path) -> Result<(), Stop> {
    let cannot = |e: std::io::Error| Stop::Fatal(format!("cannot write {}: {e}", path.display()));
    check_file(path)?;
    if path.is_file() {
        File::options().append(true).open(path).map_err(cannot)?;
    } else if path.exists() {
        return Ok(());
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(cannot)?;
    tempfile::tempfile_in(dir).map_err(cannot)?;
    Ok(())
}

/// What the topics' codes start with.
fn name(output: &Path) -> Result<&str, Stop> {
    let stem = output.file_stem().and_then(|stem| stem.to_str());
    stem.filter(|stem| !stem.contains(char::is_control))
        .ok_or_else(|| {
            Stop::Fatal(format!(
                "{}: the name of the file starts the codes of the topics and has to be text",
                output.display()
            ))
        })
}
