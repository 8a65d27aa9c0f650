//! The models inside the binary.

use std::borrow::Cow;

use super::Source;
use super::files::{Files, Tokenizer};

/// What the build script says of a model's weights.
struct Weights {
    /// Their range of bytes in [`WEIGHTS`].
    start: usize,
    end: usize,
    /// Their digest there.
    held: &'static str,
    /// Size and digest as they are stored, in one file or several joined.
    bytes: usize,
    digest: &'static str,
}

/// Aligned so that vectors may be read from it.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

macro_rules! path {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/models/", $name)
    };
}

/// The names of the models, the default one first.
pub(super) const NAMES: [&str; 2] = ["newshound-base", "newshound-small"];
const ABOUT: [Weights; 2] = include!(concat!(env!("OUT_DIR"), "/weights.rs"));
static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/weights")));
static TOKENIZER: &[u8] = include_bytes!(path!("newshound-base/tokenizer.json"));

/// A model's own files.
struct Own {
    config: &'static [u8],
    topics: &'static [u8],
    exit_topics: Option<&'static [u8]>,
    card: &'static str,
}

static OWN: [Own; 2] = [
    Own {
        config: include_bytes!(path!("newshound-base/config.json")),
        topics: include_bytes!(path!("newshound-base/topics.safetensors")),
        exit_topics: Some(include_bytes!(path!(
            "newshound-base/exits.topics.safetensors"
        ))),
        card: include_str!(path!("newshound-base/README.md")),
    },
    Own {
        config: include_bytes!(path!("newshound-small/config.json")),
        topics: include_bytes!(path!("newshound-small/topics.safetensors")),
        exit_topics: None,
        card: include_str!(path!("newshound-small/README.md")),
    },
];

/// The names and the digests of the weights.
pub(super) fn digests() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.into_iter().zip(ABOUT.map(|about| about.digest))
}

/// The files of the model of this name.
pub(super) fn files(name: &str) -> Option<Files> {
    let mut models = NAMES.into_iter().zip(ABOUT).zip(&OWN);
    let ((name, about), own) = models.find(|((known, _), _)| *known == name)?;
    Some(Files {
        source: Source::Inside(name.to_owned()),
        name: name.to_owned(),
        digest: about.digest.to_owned(),
        bytes: about.bytes,
        held: about.held.to_owned(),
        config: Cow::Borrowed(own.config),
        weights: Cow::Borrowed(WEIGHTS.0.get(about.start..about.end)?),
        tokenizer: Tokenizer::Json(Cow::Borrowed(TOKENIZER)),
        topics: Some(Cow::Borrowed(own.topics)),
        exit_topics: own.exit_topics.map(Cow::Borrowed),
        card: Some(Cow::Borrowed(own.card)),
    })
}
