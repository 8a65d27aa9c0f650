//! `newshound models`: what models there are, whether they are whole, and a copy of one.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use newshound::backend::Setup;
use newshound::model::{About, Check, Source};
use newshound::report::grouped;
use newshound::{Error, Model};

use super::options::BackendArgs;
use super::output::{To, stdout, write_json};
use super::{Outcome, Stop, say};

/// Describe, verify or export models
///
/// Without a subcommand: the models inside the binary and those in the directories that are
/// named, with architecture, labels, parameters, licence, languages and digest.
///
///     newshound models
///     newshound models --format json models/*/
///     newshound models verify DIR
///     newshound models export DIR
#[derive(clap::Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// Hugging Face directories to describe too
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,

    /// How to write the list
    #[arg(short, long, value_enum, default_value_t = To::Table, value_name = "FORMAT")]
    format: To,
}

#[derive(Subcommand)]
enum Action {
    Verify(Verify),
    Export(Export),
}

/// Read all of a model and run it
///
/// Finds files that are missing, damaged or of different models: every parameter has to be a
/// number, every subword a row of the weights, and a sentence has to get the same logits alone
/// and beside others. With --backend rust-bert both backends have to agree on it too.
#[derive(clap::Args)]
struct Verify {
    /// Name of a model inside the binary, or Hugging Face directory [default: newshound-base]
    #[arg(value_name = "MODEL")]
    model: Option<OsString>,

    /// SHA-256 that the weights have to have, in hexadecimal; of several files when joined
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,

    /// How to write what was found
    #[arg(short, long, value_enum, default_value_t = To::Table, value_name = "FORMAT")]
    format: To,

    #[command(flatten)]
    backend: BackendArgs,
}

/// Write a model as a plain Hugging Face directory
///
/// Weights become 32-bit floats, so that `transformers` and other tools load them; the model
/// card and the licence go with them.
#[derive(clap::Args)]
struct Export {
    /// Directory to write; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// Name of a model inside the binary, or Hugging Face directory [default: newshound-base]
    #[arg(long, value_name = "MODEL", help_heading = "Model")]
    model: Option<OsString>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.action {
        None => list(args),
        Some(Action::Verify(args)) => verify(args),
        Some(Action::Export(args)) => export(args),
    }
}

/// Lists all directories that hold a model, then complains about the others.
fn list(args: &Args) -> Outcome {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for name in Source::inside() {
        found.push(Model::about(&(*name).into())?);
    }
    if found.is_empty() && args.dirs.is_empty() {
        return Err(Error::NoEmbeddedModel.into());
    }
    for dir in &args.dirs {
        match Model::about(&dir.as_path().into()) {
            Ok(about) => found.push(about),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    let mut out = stdout();
    match args.format {
        To::Table => found.iter().try_for_each(|about| write(&mut out, about))?,
        To::Json => write_json(&mut out, &found)?,
    }
    out.flush()?;
    let last = wrong.pop();
    wrong.iter().for_each(|message| say(message));
    last.map_or(Ok(0), |message| Err(Stop::Fatal(message)))
}

fn write(out: &mut impl Write, about: &About) -> io::Result<()> {
    let place = about.directory.as_deref().unwrap_or("inside the binary");
    let known = |value: &str| match value {
        "" => "not stated".to_owned(),
        value => value.to_owned(),
    };
    let count = |number: usize| grouped(number as u64);
    let whether = |has: bool| if has { "yes" } else { "no" }.to_owned();
    let rows = [
        (
            "architecture",
            format!(
                "{}, {} layers of {}, windows of up to {} subwords",
                about.architecture, about.layers, about.hidden, about.max_tokens
            ),
        ),
        (
            "labels",
            format!("{} ({})", about.labels.join(", "), about.scheme),
        ),
        ("topics", whether(about.topics)),
        ("early exit", whether(about.early_exit)),
        (
            "parameters",
            format!(
                "{}, most as {}; {} bytes",
                count(about.parameters),
                about.stored,
                count(about.bytes)
            ),
        ),
        (
            "licence",
            known(about.licence.as_deref().unwrap_or_default()),
        ),
        ("languages", known(&about.languages.join(", "))),
        ("sha256", about.sha256.clone()),
    ];
    writeln!(out, "{}  {place}", about.name)?;
    for (name, value) in rows {
        writeln!(out, "    {name:14}{value}")?;
    }
    Ok(())
}

fn verify(args: &Verify) -> Outcome {
    let digit = |byte: u8| byte.is_ascii_hexdigit();
    if let Some(digest) = &args.sha256
        && (digest.len() != 64 || !digest.bytes().all(digit))
    {
        return Err(Stop::Fatal(format!(
            "--sha256 {digest:?} is not a SHA-256; it has 64 hexadecimal digits"
        )));
    }
    let setup = Setup {
        engine: args.backend.engine()?,
        ..Setup::default()
    };
    let checks = Model::verify(&source(args.model.as_ref()), args.sha256.as_deref(), setup)?;
    let mut out = stdout();
    match args.format {
        To::Table => {
            for Check { name, found, .. } in &checks {
                writeln!(out, "ok  {name:11}{found}")?;
            }
        }
        To::Json => write_json(&mut out, &checks)?,
    }
    out.flush()?;
    Ok(0)
}

/// The model that is named, or the default one.
fn source(named: Option<&OsString>) -> Source {
    named.map_or_else(Source::default, |named| named.as_os_str().into())
}

fn export(args: &Export) -> Outcome {
    let about = Model::export(&source(args.model.as_ref()), &args.dir)?;
    let into = Path::display(&args.dir);
    say(&format!(
        "wrote {} into {into}, in 32-bit floats",
        about.name
    ));
    Ok(0)
}
