//! Options and helpers that several subcommands share.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use newshound::reader::Input;
use newshound::{Error, Tagger, TaggerBuilder};

/// The variable that names the instruction set to use.
const ISA: &str = "NEWSHOUND_ISA";

/// Options about the model, for every subcommand that runs one.
#[derive(clap::Args)]
pub(crate) struct ModelArgs {
    /// Hugging Face directory of a token-classification model
    ///
    /// Holds config.json, model.safetensors, and tokenizer.json or vocab.txt. BERT,
    /// DistilBERT, RoBERTa, XLM-R, ELECTRA and MPNet run. Without it the model inside
    /// the binary is used.
    #[arg(long, value_name = "DIR", help_heading = "Model")]
    model: Option<PathBuf>,

    /// Threads to use [default: one for each core]
    ///
    /// The result does not depend on it.
    #[arg(long, value_name = "N", help_heading = "Model")]
    threads: Option<NonZeroUsize>,

    /// Subwords in a window [default: 160]
    ///
    /// Consecutive sentences share a window, since context helps. Nothing is ever cut
    /// off: a longer document has more windows.
    #[arg(long, value_name = "N", help_heading = "Model")]
    window: Option<usize>,

    /// What the model multiplies in
    ///
    /// auto: 8 bits where the model is stored so, else f32; f32: weights as they are
    /// stored; int8: weights and activations in 8 bits.
    #[arg(long, default_value = "auto", value_name = "PRECISION", help_heading = "Model",
        value_parser = ["auto", "f32", "int8"])]
    precision: String,
}

impl ModelArgs {
    /// The window, if one was asked for.
    pub(crate) fn window(&self) -> Option<usize> {
        self.window
    }

    /// A builder with these options set.
    pub(crate) fn builder(&self) -> Result<TaggerBuilder, Error> {
        let mut builder = Tagger::builder().precision(self.precision.parse()?);
        if let Some(isa) = env::var_os(ISA).filter(|name| !name.is_empty()) {
            let isa = isa.to_string_lossy().parse();
            builder = builder.isa(isa.map_err(|e| Error::Option(format!("{ISA}: {e}")))?);
        }
        if let Some(dir) = &self.model {
            builder = builder.model_dir(dir);
        }
        if let Some(threads) = self.threads {
            builder = builder.threads(threads);
        }
        if let Some(window) = self.window {
            builder = builder.window(window);
        }
        Ok(builder)
    }
}

/// When to colour.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether standard output is to be coloured.
    pub(crate) fn wanted(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }
}

/// Standard output, buffered by blocks; commands flush it when something is complete.
pub(crate) fn stdout() -> impl Write {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// The inputs named on the command line; standard input where none is named and it
/// is not a terminal.
pub(crate) fn inputs(files: &[PathBuf]) -> Result<Vec<Input>, super::Stop> {
    if files.is_empty() && io::stdin().is_terminal() {
        return Err(super::Stop::Fatal(
            "no input; name a FILE, or pipe text in (see newshound --help)".to_owned(),
        ));
    }
    let stdin = || Input::Stdin;
    let named = files.iter().map(|file| match file.as_os_str().to_str() {
        Some("-") => stdin(),
        _ => Input::File(file.clone()),
    });
    Ok(if files.is_empty() {
        vec![stdin()]
    } else {
        named.collect()
    })
}
