//! Options that several subcommands share.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use newshound::backend::{Device, Engine};
use newshound::lists::Lists;
use newshound::topic::{Learned, Selection};
use newshound::{Error, Tagger, TaggerBuilder};
use newshound_encoder::{Isa, Options};

/// The variable that names the instruction set to use.
const ISA: &str = "NEWSHOUND_ISA";

/// Stands for the precision that the model is stored in.
const AUTO: &str = "auto";

/// Options about the model, for every subcommand that runs one.
#[derive(clap::Args)]
pub(crate) struct ModelArgs {
    /// Model to use: newshound-small, or a Hugging Face directory [default: newshound-base]
    ///
    /// newshound-base and newshound-small are inside the binary; the small one is faster and
    /// errs more. A directory of a token-classification model holds config.json,
    /// model.safetensors or its index and parts, and tokenizer.json or vocab.txt. BERT,
    /// DistilBERT, RoBERTa, XLM-R, ELECTRA and MPNet run.
    #[arg(long, value_name = "MODEL", help_heading = "Model")]
    model: Option<OsString>,

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
    /// stored; bf16: weights and activations in bfloat16; int8: weights and activations
    /// in 8 bits.
    #[arg(long, default_value = AUTO, value_name = "PRECISION", help_heading = "Model",
        value_parser = [AUTO, "f32", "bf16", "int8"])]
    precision: String,

    /// Let words that are surely in no name stop before the last layers
    ///
    /// With newshound-base this takes a fifth less time on articles, and errs a little more.
    #[arg(long, help_heading = "Model")]
    early_exit: bool,

    #[command(flatten)]
    backend: BackendArgs,
}

/// What runs the model, for every subcommand that runs one.
#[derive(clap::Args)]
pub(crate) struct BackendArgs {
    /// What runs the model
    ///
    /// native: our own encoder, on the CPU; rust-bert: rust-bert's models on libtorch, in f32,
    /// in builds with the feature rust-bert. Names are the same but for rounding.
    #[arg(long, default_value = "native", value_name = "BACKEND", help_heading = "Model",
        value_parser = ["native", "rust-bert"])]
    backend: String,

    /// Where rust-bert runs the model: cpu, or cuda:N for a GPU [default: cpu]
    #[arg(long, value_name = "DEVICE", help_heading = "Model")]
    device: Option<String>,
}

impl BackendArgs {
    /// The backend that the options name.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        let device = self.device.as_deref().map(str::parse).transpose()?;
        match (self.backend.as_str(), device) {
            ("rust-bert", device) => Ok(Engine::RustBert(device.unwrap_or_default())),
            (_, None | Some(Device::Cpu)) => Ok(Engine::Native),
            (_, Some(device)) => Err(Error::Option(format!(
                "the native backend runs on the CPU; add --backend rust-bert to --device {device}"
            ))),
        }
    }
}

impl ModelArgs {
    /// A builder with these options set.
    pub(crate) fn builder(&self) -> Result<TaggerBuilder, Error> {
        let mut builder = Tagger::builder()
            .precision(self.precision.parse()?)
            .early_exit(self.early_exit)
            .engine(self.backend.engine()?);
        if let Some(isa) = env::var_os(ISA).filter(|name| !name.is_empty()) {
            let isa = isa.to_string_lossy().parse::<Isa>();
            let isa = isa.and_then(|isa| Options::default().isa(isa).check().map(|()| isa));
            builder = builder.isa(isa.map_err(|e| Error::Option(format!("{ISA}: {e}")))?);
        }
        if let Some(model) = &self.model {
            builder = builder.source(model.as_os_str());
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

/// Which topics to give out, for every subcommand that does.
#[derive(clap::Args)]
pub(crate) struct TopicArgs {
    /// Lowest score of a topic to give out, 0 to 1
    ///
    /// Without it a document gets the topics from the score on that the model was tuned to, and
    /// the best one in any case. A topic's score is the model's probability that it is right.
    #[arg(long, value_name = "SCORE", help_heading = "Topics")]
    min_topic_score: Option<f32>,

    /// Topics of your own, as `newshound topics learn` writes them
    #[arg(long, value_name = "FILE", help_heading = "Topics")]
    pub(crate) topics_model: Option<PathBuf>,
}

impl TopicArgs {
    /// Whether any of these options is given.
    pub(crate) fn is_given(&self) -> bool {
        self.min_topic_score.is_some() || self.topics_model.is_some()
    }

    /// The builder with these options set; a document gets `most` topics at most.
    pub(crate) fn apply(
        &self,
        builder: TaggerBuilder,
        most: Option<NonZeroUsize>,
    ) -> Result<TaggerBuilder, Error> {
        let builder = builder.topics(Selection {
            most: most.map(NonZeroUsize::get),
            min_score: self.min_topic_score,
        });
        Ok(match &self.topics_model {
            Some(path) => builder.learned_topics(Learned::open(path)?),
            None => builder,
        })
    }
}

/// Which topics documents get, for every subcommand that writes them.
#[derive(clap::Args)]
pub(crate) struct WantedTopics {
    /// At most so many topics of each kind, the best ones [default: all that are likely]
    #[arg(long, value_name = "N", help_heading = "Topics")]
    topics: Option<NonZeroUsize>,

    /// Leave out the IPTC Media Topics; those of --topics-model stay
    #[arg(long, help_heading = "Topics")]
    no_topics: bool,

    #[command(flatten)]
    about: TopicArgs,
}

impl WantedTopics {
    /// The builder with these options set.
    pub(crate) fn apply(&self, builder: TaggerBuilder) -> Result<TaggerBuilder, Error> {
        let chosen = self.topics.is_some() || self.about.min_topic_score.is_some();
        if self.no_topics && chosen && self.about.topics_model.is_none() {
            return Err(Error::Option(
                "--topics and --min-topic-score choose among topics, of which --no-topics leaves none; \
                 leave it out, or give --topics-model"
                    .to_owned(),
            ));
        }
        let builder = self.about.apply(builder, self.topics)?;
        Ok(if self.no_topics {
            builder.no_media_topics()
        } else {
            builder
        })
    }
}

/// Lists of one's own names, for every subcommand that tags.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// List of your own names: tab-separated surface, label, id, canonical [repeatable]
    ///
    /// The first line names the columns; id, canonical and case may be left out. A name of a
    /// list takes the place of what the model says there, the longest one first, then the one
    /// in the same case, then the one of the earlier list; with `exact` as case only its own
    /// case will do. docs/FORMAT.md has the rest.
    #[arg(long = "gazetteer", value_name = "FILE", help_heading = "Names")]
    gazetteers: Vec<PathBuf>,
}

impl ListArgs {
    /// Reads the lists; `None` where there are none.
    pub(crate) fn open(&self) -> Result<Option<Lists>, Error> {
        let some = !self.gazetteers.is_empty();
        some.then(|| Lists::open(&self.gazetteers)).transpose()
    }
}

/// Parses a label on the command line: blanks around it do not count.
pub(crate) fn label(given: &str) -> Result<String, Infallible> {
    Ok(given.trim().to_owned())
}
