//! Tensors of a safetensors file, checked and widened to `f32`.
//!
//! The format: eight bytes of header length, a JSON header, then the tensors' bytes
//! (<https://huggingface.co/docs/safetensors>). Nothing is allocated before the header's claims have
//! been held against the bytes that are there.

use std::borrow::Cow;

use half::{bf16, f16};
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

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
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
        self.floats(name, &[length])
    }

    /// A tensor of floats of any shape.
    pub(crate) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        floats(&self.find(name, shape)?, FLOATS)
    }

    /// A tensor of two dimensions.
    pub(crate) fn matrix(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Table<'a>, Error> {
        let tensor = self.find(name, &[rows, columns])?;
        let scales = if tensor.dtype == Dtype::I8 {
            let scales = self.find(&format!("{name}_scale"), &[rows])?;
            if scales.dtype != Dtype::F32 {
                return Err(wrong_dtype(&scales, "F32"));
            }
            floats(&scales, "F32")?
        } else {
            Vec::new()
        };
        let stored = Stored::of(tensor.dtype).ok_or_else(|| wrong_dtype(&tensor, FLOATS_AND_I8))?;
        Ok(Table {
            data: Cow::Borrowed(tensor.data),
            stored,
            scales,
            columns,
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
    let stored = Stored::of(tensor.dtype).filter(|stored| *stored != Stored::I8);
    let stored = stored.ok_or_else(|| wrong_dtype(tensor, supported))?;
    let mut values = Vec::new();
    stored.widen(tensor.data, 1.0, |value| values.push(value));
    Ok(values)
}

/// How elements are stored.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stored {
    I8,
    F32,
    F16,
    Bf16,
}

impl Stored {
    /// `None` for types that parameters are not stored in.
    pub(crate) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::I8 => Some(Self::I8),
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::Bf16),
            _ => None,
        }
    }

    fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
        }
    }

    /// Gives each element to `each`, times `scale` if it is an integer.
    #[inline(always)]
    fn widen(self, data: &[u8], scale: f32, mut each: impl FnMut(f32)) {
        let pairs = data.as_chunks::<2>().0.iter();
        match self {
            Self::I8 => data
                .iter()
                .for_each(|&byte| each(f32::from(byte.cast_signed()) * scale)),
            Self::F32 => {
                let quads = data.as_chunks::<4>().0.iter();
                quads.for_each(|&quad| each(f32::from_le_bytes(quad)));
            }
            Self::F16 => pairs.for_each(|&pair| each(f16::from_le_bytes(pair).to_f32())),
            Self::Bf16 => pairs.for_each(|&pair| each(bf16::from_le_bytes(pair).to_f32())),
        }
    }
}

/// A matrix as it is stored, widened row by row where it is used.
pub(crate) struct Table<'a> {
    data: Cow<'a, [u8]>,
    stored: Stored,
    /// One for each row where elements are integers, else none.
    scales: Vec<f32>,
    columns: usize,
}

impl<'a> Table<'a> {
    /// The bytes of a row that exists.
    fn bytes(&self, row: usize) -> &[u8] {
        let size = self.columns * self.stored.size();
        &self.data[row * size..(row + 1) * size]
    }

    /// A row that exists, as 8-bit integers and their scale if it is stored so.
    pub(crate) fn integers(&self, row: usize) -> Option<(&[u8], f32)> {
        let integers = self.stored == Stored::I8;
        integers.then(|| (self.bytes(row), self.scales[row]))
    }

    /// Writes a row that exists to `to`, which has a place for each column.
    #[inline(always)]
    pub(crate) fn widen<'t>(&self, row: usize, to: impl IntoIterator<Item = &'t mut f32>) {
        let scale = self.scales.get(row).copied().unwrap_or(1.0);
        let mut places = to.into_iter();
        self.stored.widen(self.bytes(row), scale, |value| {
            if let Some(place) = places.next() {
                *place = value;
            }
        });
    }

    /// A row that exists.
    pub(crate) fn row(&self, row: usize) -> Vec<f32> {
        let mut values = vec![0.0; self.columns];
        self.widen(row, &mut values);
        values
    }

    /// The table with its own copy of the bytes.
    pub(crate) fn into_owned(self) -> Table<'static> {
        Table {
            data: Cow::Owned(self.data.into_owned()),
            ..self
        }
    }
}
