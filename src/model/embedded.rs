//! The model inside the binary.

use std::borrow::Cow;

use super::files::{Files, Place, Tokenizer};

pub(super) const NAME: &str = "newshound-base";
pub(super) const DIGEST: &str = env!("NEWSHOUND_MODEL_DIGEST");
const PREPARED_DIGEST: &str = env!("NEWSHOUND_MODEL_PREPARED_DIGEST");
const BYTES: usize = match usize::from_str_radix(env!("NEWSHOUND_MODEL_BYTES"), 10) {
    Ok(bytes) => bytes,
    Err(_) => panic!("the build script gives a number"),
};

macro_rules! path {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/models/newshound-base/", $name)
    };
}

/// Where vectors may be read from.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

static CONFIG: &[u8] = include_bytes!(path!("config.json"));
static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("NEWSHOUND_MODEL_WEIGHTS")));
static TOKENIZER: &[u8] = include_bytes!(path!("tokenizer.json"));
static TOPICS: &[u8] = include_bytes!(path!("topics.safetensors"));
static CARD: &str = include_str!(path!("README.md"));

pub(super) fn files() -> Files {
    Files {
        place: Place::Inside(NAME),
        name: NAME.to_owned(),
        digest: DIGEST.to_owned(),
        bytes: BYTES,
        held: PREPARED_DIGEST.to_owned(),
        config: Cow::Borrowed(CONFIG),
        weights: Cow::Borrowed(&WEIGHTS.0),
        tokenizer: Tokenizer::Json(Cow::Borrowed(TOKENIZER)),
        topics: Some(Cow::Borrowed(TOPICS)),
        card: Some(Cow::Borrowed(CARD)),
    }
}
