//! The files that topics are stored in: safetensors, with names and settings as metadata.

use std::collections::HashMap;

use ndarray::{Array1, Array2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

/// The length of a header is a multiple of this many bytes.
const ALIGNED: usize = 8;

/// Tensors and metadata of a file, read by name.
pub(super) struct File<'f> {
    tensors: SafeTensors<'f>,
    metadata: HashMap<String, String>,
}

impl<'f> File<'f> {
    /// Opens the bytes of a file whose metadata has the given `format`.
    pub(super) fn open(bytes: &'f [u8], format: &str) -> Result<Self, String> {
        let damaged = |e| format!("is damaged ({e})");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        match metadata.get("format") {
            Some(found) if found == format => Ok(Self { tensors, metadata }),
            Some(found) => Err(format!("has the format {found:?}; wanted is {format:?}")),
            None => Err(format!("has no format; wanted is {format:?}")),
        }
    }

    /// A metadata field.
    pub(super) fn field(&self, name: &str) -> Result<&str, String> {
        let field = self.metadata.get(name).map(String::as_str);
        field.ok_or_else(|| format!("lacks the field {name}"))
    }

    /// A metadata field that is a JSON array of strings.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, String> {
        serde_json::from_str(self.field(name)?).map_err(|e| format!("has a bad field {name}: {e}"))
    }

    /// A metadata field that is a probability.
    pub(super) fn probability(&self, name: &str) -> Result<f32, String> {
        let field = self.field(name)?;
        let number = field.parse().ok().filter(|p| (0.0..=1.0).contains(p));
        number.ok_or_else(|| format!("has {field:?} as {name}; wanted is a number from 0 to 1"))
    }

    /// A metadata field that is `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, String> {
        let field = self.field(name)?;
        let flag = field.parse();
        flag.map_err(|_| format!("has {field:?} as {name}; wanted is true or false"))
    }

    /// A vector of finite numbers.
    pub(super) fn vector(&self, name: &str) -> Result<Array1<f32>, String> {
        let (shape, values) = self.values(name)?;
        let [_] = shape[..] else {
            return Err(format!("has {name} of shape {shape:?}; wanted is a vector"));
        };
        Ok(values.into())
    }

    /// A matrix of finite numbers.
    pub(super) fn matrix(&self, name: &str) -> Result<Array2<f32>, String> {
        let (shape, values) = self.values(name)?;
        let [rows, columns] = shape[..] else {
            return Err(format!("has {name} of shape {shape:?}; wanted is a matrix"));
        };
        Array2::from_shape_vec((rows, columns), values).map_err(|e| format!("{name}: {e}"))
    }

    fn values(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
        let tensor = self.tensors.tensor(name);
        let tensor = tensor.map_err(|_| format!("lacks the tensor {name}"))?;
        if tensor.dtype() != Dtype::F32 {
            return Err(format!("has {name} as {:?}; wanted is F32", tensor.dtype()));
        }
        let (bytes, _) = tensor.data().as_chunks();
        let values: Vec<f32> = bytes.iter().map(|&b| f32::from_le_bytes(b)).collect();
        if !values.iter().all(|value| value.is_finite()) {
            return Err(format!("has numbers in {name} that are not finite"));
        }
        Ok((tensor.shape().to_vec(), values))
    }
}

/// The bytes of a file of `tensors` (name, shape, values) with `metadata`.
pub(super) fn write<'n>(
    tensors: &[(&'n str, Vec<usize>, Vec<f32>)],
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, String> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (*name, view))
    });
    let views: Vec<(&'n str, TensorView<'_>)> =
        views.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|e| e.to_string())?;
    in_order(&bytes).map_err(|e| e.to_string())
}

/// The same file with the fields of its header sorted; the library writes metadata in random order.
fn in_order(file: &[u8]) -> serde_json::Result<Vec<u8>> {
    let (length, rest) = file.split_first_chunk().unwrap_or((&[0; 8], &[]));
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (header, data) = rest.split_at_checked(length).unwrap_or_default();
    let mut header: Value = serde_json::from_slice(header)?;
    header.sort_all_objects();
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(ALIGNED), b' ');
    let length = (header.len() as u64).to_le_bytes();
    Ok([&length, &*header, data].concat())
}
