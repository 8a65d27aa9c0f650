//! Tensors of a safetensors file, checked and widened to `f32`.
//!
//! The format: eight bytes of header length, a JSON header, then the tensors' bytes
//! (<https://huggingface.co/docs/safetensors>). Nothing is allocated before the header's claims have
//! been held against the bytes that are there.

use half::{bf16, f16};
use ndarray::Array2;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::Error;

const FLOATS: &str = "F32, F16, BF16";
const FLOATS_AND_I8: &str = "F32, F16, BF16, I8 with a `_scale` tensor";

/// An open weights file.
pub(crate) struct Weights<'a> {
    metadata: Metadata,
    data: &'a [u8],
    prefix: &'static str,
}

struct Tensor<'a> {
    name: String,
    dtype: Dtype,
    data: &'a [u8],
}

impl<'a> Weights<'a> {
    /// Reads the header. Names are looked up with `prefix` before them, then without.
    pub(crate) fn open(bytes: &'a [u8], prefix: &'static str) -> Result<Self, Error> {
        let corrupt = |reason: String| Error::CorruptWeights { reason };
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| {
            corrupt(format!(
                "it has {} bytes, too few for a header",
                bytes.len()
            ))
        })?;
        let length = u64::from_le_bytes(*length);
        let (header, data) = usize::try_from(length)
            .ok()
            .and_then(|length| rest.split_at_checked(length))
            .ok_or_else(|| {
                corrupt(format!(
                    "its header claims {length} of {} bytes",
                    bytes.len()
                ))
            })?;
        // Parsing the metadata also checks that offsets follow each other and fit shape and type.
        let metadata: Metadata =
            serde_json::from_slice(header).map_err(|error| corrupt(format!("header: {error}")))?;
        if metadata.data_len() != data.len() {
            let claimed = metadata.data_len();
            return Err(corrupt(format!(
                "its tensors take {claimed} bytes, {} are there",
                data.len()
            )));
        }
        Ok(Self {
            metadata,
            data,
            prefix,
        })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.info(name).is_some()
    }

    /// The first dimension of a tensor, which the configuration need not tell.
    pub(crate) fn rows(&self, name: &str) -> Result<usize, Error> {
        let info = self.info(name).ok_or_else(|| self.missing(name))?.1;
        Ok(info.shape.first().copied().unwrap_or(0))
    }

    /// A tensor of one dimension.
    pub(crate) fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        floats(&self.find(name, &[length])?, FLOATS)
    }

    /// A tensor of two dimensions. I8 is multiplied by row with the tensor `{name}_scale`.
    pub(crate) fn matrix(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Array2<f32>, Error> {
        let tensor = self.find(name, &[rows, columns])?;
        let values = if tensor.dtype == Dtype::I8 {
            let scales = self.find(&format!("{name}_scale"), &[rows])?;
            if scales.dtype != Dtype::F32 {
                return Err(wrong_dtype(&scales, "F32"));
            }
            let scales = floats(&scales, "F32")?;
            let rows = tensor.data.chunks_exact(columns).zip(scales);
            rows.flat_map(|(row, scale)| {
                row.iter()
                    .map(move |&byte| f32::from(byte.cast_signed()) * scale)
            })
            .collect()
        } else {
            floats(&tensor, FLOATS_AND_I8)?
        };
        Array2::from_shape_vec((rows, columns), values).map_err(|error| Error::CorruptWeights {
            reason: format!("tensor `{name}`: {error}"),
        })
    }

    fn info(&self, name: &str) -> Option<(String, &TensorInfo)> {
        [format!("{}{name}", self.prefix), name.to_owned()]
            .into_iter()
            .find_map(|name| self.metadata.info(&name).map(|info| (name, info)))
    }

    fn missing(&self, name: &str) -> Error {
        let prefix = if name.starts_with("classifier.") {
            ""
        } else {
            self.prefix
        };
        Error::MissingTensor {
            name: format!("{prefix}{name}"),
        }
    }

    fn find(&self, name: &str, expected: &[usize]) -> Result<Tensor<'a>, Error> {
        let (name, info) = self.info(name).ok_or_else(|| self.missing(name))?;
        if info.shape != expected {
            return Err(Error::WrongShape {
                name,
                expected: expected.to_vec(),
                found: info.shape.clone(),
            });
        }
        let (start, end) = info.data_offsets;
        let data = self
            .data
            .get(start..end)
            .ok_or_else(|| Error::CorruptWeights {
                reason: format!("tensor `{name}` lies outside the file"),
            })?;
        Ok(Tensor {
            name,
            dtype: info.dtype,
            data,
        })
    }
}

fn wrong_dtype(tensor: &Tensor<'_>, supported: &'static str) -> Error {
    Error::WrongDtype {
        name: tensor.name.clone(),
        found: tensor.dtype.to_string(),
        supported,
    }
}

fn floats(tensor: &Tensor<'_>, supported: &'static str) -> Result<Vec<f32>, Error> {
    let pairs = || tensor.data.as_chunks::<2>().0.iter();
    match tensor.dtype {
        Dtype::F32 => {
            let quads = tensor.data.as_chunks::<4>().0;
            Ok(quads.iter().map(|&quad| f32::from_le_bytes(quad)).collect())
        }
        Dtype::F16 => Ok(pairs()
            .map(|&pair| f16::from_le_bytes(pair).to_f32())
            .collect()),
        Dtype::BF16 => Ok(pairs()
            .map(|&pair| bf16::from_le_bytes(pair).to_f32())
            .collect()),
        _ => Err(wrong_dtype(tensor, supported)),
    }
}
