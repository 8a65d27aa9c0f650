//! The command line: one file a subcommand.

mod annotate;
mod bench;
mod completions;
mod eval;
mod input;
mod merge;
mod models;
mod options;
mod output;
mod report;
mod tag;
mod topics;
mod watch;

use std::io;
use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use newshound::{Model, corpus};

/// Tag people, organisations and places in news text, and tell what it is about.
///
/// newshound reads news text and marks the names in it, with a transformer it carries
/// inside: no network, no set-up, nothing left out however long a document is.
#[derive(Parser)]
#[command(name = "newshound", max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 all well; 1 some documents failed, the others are written; 2 wrong usage, model or output; 130 stopped with Ctrl-C."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Tag(tag::Args),
    Annotate(Box<annotate::Args>),
    Merge(merge::Args),
    Report(report::Args),
    Topics(topics::Args),
    Models(models::Args),
    Eval(eval::Args),
    Bench(bench::Args),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Why a command stopped early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Usage, model or output: exit code 2.
    Fatal(String),
    /// Stopped by the user: exit code 130, as in shells.
    Interrupted(String),
    /// The reader of the output closed it: success.
    Closed,
}

impl From<newshound::Error> for Stop {
    fn from(error: newshound::Error) -> Self {
        match error {
            newshound::Error::Report(error) => error.into(),
            newshound::Error::Write { source, .. }
                if source.kind() == io::ErrorKind::BrokenPipe =>
            {
                Self::Closed
            }
            error => Self::Fatal(error.to_string()),
        }
    }
}

impl From<corpus::Error> for Stop {
    fn from(error: corpus::Error) -> Self {
        match error {
            corpus::Error::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
                Self::Closed
            }
            error => Self::Fatal(error.to_string()),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Fatal(format!("cannot write the output: {error}")),
        }
    }
}

/// The number of documents that failed, where a command ran to its end.
pub(crate) type Outcome = Result<usize, Stop>;

/// The whole program, from arguments to exit code.
pub(crate) fn run() -> ExitCode {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !newshound::is_guarded() {
            default_hook(panic);
        }
    }));
    let matches = command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let outcome = match &cli.command {
        Command::Tag(args) => tag::run(args),
        Command::Annotate(args) => annotate::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Report(args) => report::run(args),
        Command::Topics(args) => topics::run(args),
        Command::Models(args) => models::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Completions(args) => completions::completions(args, &mut command()),
        Command::Man(args) => completions::man(args, command()),
    };
    match outcome {
        Ok(0) | Err(Stop::Closed) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(Stop::Interrupted(message)) => {
            say(&message);
            ExitCode::from(130)
        }
        Err(Stop::Fatal(message)) => {
            say(&message);
            ExitCode::from(2)
        }
    }
}

fn command() -> clap::Command {
    let version = env!("CARGO_PKG_VERSION");
    let models = Model::inside();
    let mut long = version.to_owned();
    for (name, digest) in &models {
        long += &format!("\nmodel {name} sha256:{digest}");
    }
    if models.is_empty() {
        long += "\nno model inside; use --model DIR";
    }
    Cli::command().version(version).long_version(long)
}

/// Writes a message for the user to standard error.
pub(crate) fn say(message: &str) {
    // Nobody can be told that standard error is closed.
    let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("newshound: {message}\n"));
}
