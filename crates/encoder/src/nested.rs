//! Two weights files in one run of bytes.
//!
//! Tensors that both have alike are there once: they are the end of the outer file and the start of
//! the inner one, whose header is a tensor of the outer file's.
//!
//! ```text
//! outer  [ header | its own tensors | header of the inner file | shared tensors ]
//! inner                             [ header                   | shared tensors | its own tensors ]
//! ```

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use safetensors::Dtype;

use crate::Error;
use crate::kernels::BYTES;
use crate::layout::Layout;
use crate::weights::Weights;

/// The tensor of each file that is none: room up to the next multiple of 64 bytes and, in the outer
/// one, the inner one's header.
const ROOM: &str = "newshound.room";

/// Two weights files that share bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Both.
    pub bytes: Vec<u8>,
    /// Where the outer file lies among them.
    pub outer: Range<usize>,
    /// Where the inner file lies, at a multiple of 64.
    pub inner: Range<usize>,
}

/// Puts two weights files into one run of bytes, in which tensors with the same name, type, shape and
/// bytes are there once. Each is a file of the same tensors as before, and panels that
/// [`prepare`](crate::prepare) laid out at multiples of 64 bytes still lie at such.
///
/// # Errors
/// [`Error::CorruptWeights`].
pub fn nest(outer: &[u8], inner: &[u8]) -> Result<Nested, Error> {
    let (outer, inner) = (Weights::open(outer, "")?, Weights::open(inner, "")?);
    let shared: HashSet<String> = inner
        .metadata()
        .offset_keys()
        .into_iter()
        .filter(|name| {
            let (a, b) = (outer.bytes(name), inner.bytes(name));
            a.zip(b).is_some_and(|((a, bytes), (b, others))| {
                (a.dtype, &a.shape, bytes) == (b.dtype, &b.shape, others)
            })
        })
        .collect();
    let mut whole = Layout::default();
    let mut within = Layout::default();
    add(&mut within, &inner, |name| shared.contains(name));
    let common = within.len();
    room(&mut within, &inner, &[])?;
    add(&mut within, &inner, |name| !shared.contains(name));
    let size = within.len();
    let within = within.write(about(&inner)).map_err(unwritten)?;
    let (header, within) = within.split_at(within.len() - size);
    add(&mut whole, &outer, |name| !shared.contains(name));
    room(&mut whole, &outer, header)?;
    // In the order that they have in the inner file.
    add(&mut whole, &inner, |name| shared.contains(name));
    let mut bytes = whole.write(about(&outer)).map_err(unwritten)?;
    let end = bytes.len();
    let start = end - common - header.len();
    bytes.extend_from_slice(&within[common..]);
    Ok(Nested {
        outer: 0..end,
        inner: start..bytes.len(),
        bytes,
    })
}

/// Adds tensors of a file, in the order in which they lie there.
fn add<'a>(to: &mut Layout<'a>, weights: &Weights<'a>, wanted: impl Fn(&str) -> bool) {
    let names = weights.metadata().offset_keys();
    for name in names.into_iter().filter(|name| wanted(name)) {
        if let Some((info, bytes)) = weights.bytes(&name) {
            to.push(name, info.dtype, info.shape.clone(), bytes);
        }
    }
}

/// Fills up to a multiple of 64 bytes, and adds `more` behind that.
fn room(to: &mut Layout<'_>, weights: &Weights<'_>, more: &[u8]) -> Result<(), Error> {
    if weights.bytes(ROOM).is_some() {
        return Err(Error::CorruptWeights {
            reason: format!("it has a tensor `{ROOM}`, so it is part of two files already"),
        });
    }
    let mut bytes = vec![0; to.len().next_multiple_of(BYTES) - to.len()];
    bytes.extend_from_slice(more);
    to.push(ROOM.to_owned(), Dtype::U8, vec![bytes.len()], bytes);
    Ok(())
}

fn about(weights: &Weights<'_>) -> HashMap<String, String> {
    weights.metadata().metadata().clone().unwrap_or_default()
}

fn unwritten(error: serde_json::Error) -> Error {
    Error::CorruptWeights {
        reason: format!("header: {error}"),
    }
}
