//! `newshound completions` and `newshound man`: made from the same definition as the help.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap_complete::Shell;

use super::output::stdout;
use super::{Outcome, Stop};

/// Print completions for a shell
///
/// For example: newshound completions bash > /etc/bash_completion.d/newshound
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Print the manual page
///
/// With -o DIR a page for newshound and one for each subcommand are written there.
#[derive(clap::Args)]
pub(crate) struct Man {
    /// Directory to write all pages to
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn completions(args: &Completions, command: &mut clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "newshound", &mut script);
    let mut out = stdout();
    out.write_all(&script)?;
    out.flush()?;
    Ok(0)
}

pub(crate) fn man(args: &Man, command: clap::Command) -> Outcome {
    match &args.output {
        None => {
            let mut out = stdout();
            clap_mangen::Man::new(command).render(&mut out)?;
            out.flush()?;
        }
        Some(dir) => fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(command, dir))
            .map_err(|e| Stop::Fatal(format!("cannot write to {}: {e}", dir.display())))?,
    }
    Ok(0)
}
