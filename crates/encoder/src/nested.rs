//! Two weights files that overlap in one byte sequence.
//!
//! Tensors that both files have are stored once: they are the end of the outer file and the start of
//! the inner one. The header of the inner file is a tensor of the outer file.
//!
//! ```text
//! outer  [ header | its own tensors | header of the inner file | shared tensors ]
//! inner                             [ header                   | shared tensors | its own tensors ]
//! ```

use std::collections::HashSet;
use std::ops::Range;

use safetensors::Dtype;

use crate::Error;
use crate::kernels::BYTES;
use crate::layout::Layout;
use crate::weights::Weights;

/// A tensor of each file that is no parameter: padding up to the next multiple of 64 bytes and, in
/// the outer file, the header of the inner one.
const PADDING: &str = "newshound.room";

/// Two weights files that share bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// The bytes of both.
    pub bytes: Vec<u8>,
    /// The range of the outer file in `bytes`.
    pub outer: Range<usize>,
    /// The range of the inner file in `bytes`, which starts at a multiple of 64.
    pub inner: Range<usize>,
}

/// Stores two weights files in one byte sequence, in which tensors with the same name, type, shape
/// and bytes are stored once. Each range is a file with the same tensors as its input, and panels
/// from [`prepare`](crate::prepare) still start at multiples of 64 bytes.
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
    pad(&mut within, &inner, &[])?;
    add(&mut within, &inner, |name| !shared.contains(name));
    let size = within.len();
    let within = within.write(inner.about())?;
    let (header, within) = within.split_at(within.len() - size);
    add(&mut whole, &outer, |name| !shared.contains(name));
    pad(&mut whole, &outer, header)?;
    // In the order of the inner file.
    add(&mut whole, &inner, |name| shared.contains(name));
    let mut bytes = whole.write(outer.about())?;
    let end = bytes.len();
    let start = end - common - header.len();
    bytes.extend_from_slice(&within[common..]);
    Ok(Nested {
        outer: 0..end,
        inner: start..bytes.len(),
        bytes,
    })
}

/// Adds the `wanted` tensors of a file, in their order in it.
fn add<'a>(to: &mut Layout<'a>, weights: &Weights<'a>, wanted: impl Fn(&str) -> bool) {
    let names = weights.metadata().offset_keys();
    for name in names.into_iter().filter(|name| wanted(name)) {
        if let Some((info, bytes)) = weights.bytes(&name) {
            to.push(name, info.dtype, info.shape.clone(), bytes);
        }
    }
}

/// Pads to a multiple of 64 bytes and adds `more`, as one tensor.
fn pad(to: &mut Layout<'_>, weights: &Weights<'_>, more: &[u8]) -> Result<(), Error> {
    if weights.bytes(PADDING).is_some() {
        return Err(Error::CorruptWeights {
            reason: format!("it has a tensor `{PADDING}`, so it is part of two files already"),
        });
    }
    let mut bytes = vec![0; to.len().next_multiple_of(BYTES) - to.len()];
    bytes.extend_from_slice(more);
    to.push(PADDING.to_owned(), Dtype::U8, vec![bytes.len()], bytes);
    Ok(())
}
