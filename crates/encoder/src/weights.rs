//! Tensors of a safetensors file, checked and widened to `f32`.
//!
//! The format: eight bytes with the length of the header, a JSON header, then the tensors' bytes
//! (<https://huggingface.co/docs/safetensors>). The header's claims are checked against the size of
//! the file before anything is allocated.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::Error;
use crate::kernels::{BYTES, LANES};
use crate::prepared::{panelled, sums_of};

const FLOATS: &str = "F32, F16, BF16";
const FLOATS_AND_I8: &str = "F32, F16, BF16, I8 with a `_scale` tensor";

/// An open weights file.
pub(crate) struct Weights<'a> {
    metadata: Metadata,
    data: &'a [u8],
    /// `data`, if it is `'static`.
    static_data: Option<&'static [u8]>,
    prefix: &'static str,
    /// The names of the tensors that lie in panels.
    panelled: HashSet<String>,
}

struct Tensor<'a> {
    name: String,
    dtype: Dtype,
    data: &'a [u8],
    range: Range<usize>,
}

impl Weights<'static> {
    /// [`open`](Self::open) for bytes that tables may keep a reference to.
    pub(crate) fn open_static(bytes: &'static [u8], prefix: &'static str) -> Result<Self, Error> {
        let weights = Self::open(bytes, prefix)?;
        Ok(Self {
            static_data: Some(weights.data),
            ..weights
        })
    }
}

impl<'a> Weights<'a> {
    /// Reads the header. Names are looked up first with `prefix`, then without.
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
        let metadata: Metadata = serde_json::from_slice(header).map_err(Error::header)?;
        if metadata.data_len() != data.len() {
            let claimed = metadata.data_len();
            return Err(corrupt(format!(
                "its tensors take {claimed} bytes, {} are there",
                data.len()
            )));
        }
        // The other dimension of an empty tensor could be any number: no bytes could disprove it.
        let tensors = metadata.tensors();
        let empty = tensors
            .iter()
            .filter(|(_, info)| info.shape.len() > 1 && info.shape.contains(&0));
        if let Some((name, info)) = empty.min_by_key(|(name, _)| *name) {
            let shape = &info.shape;
            return Err(corrupt(format!(
                "its tensor `{name}` of shape {shape:?} is empty"
            )));
        }
        let panelled = panelled(&metadata).map_err(corrupt)?;
        Ok(Self {
            metadata,
            data,
            static_data: None,
            prefix,
            panelled,
        })
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The file's own metadata: the header's `__metadata__`.
    pub(crate) fn about(&self) -> HashMap<String, String> {
        self.metadata.metadata().clone().unwrap_or_default()
    }

    /// Whether some of the tensors lie in panels.
    pub(crate) fn prepared(&self) -> bool {
        !self.panelled.is_empty()
    }

    /// The bytes of a tensor by its full name.
    pub(crate) fn bytes(&self, name: &str) -> Option<(&TensorInfo, &'a [u8])> {
        let info = self.metadata.info(name)?;
        let (start, end) = info.data_offsets;
        Some((info, self.data.get(start..end)?))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.info(name).is_some()
    }

    /// The first dimension of a tensor, where the configuration does not imply it.
    pub(crate) fn rows(&self, name: &str) -> Result<usize, Error> {
        let info = self.info(name).ok_or_else(|| self.missing(name))?.1;
        Ok(info.shape.first().copied().unwrap_or(0))
    }

    /// A tensor of floats of one dimension, as `f32`.
    pub(crate) fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        self.floats(name, &[length])
    }

    /// A tensor of floats of any shape, as `f32` in row-major order.
    pub(crate) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        floats(&self.find(name, shape)?, FLOATS)
    }

    /// A tensor of two dimensions, as stored, with its scales and sums.
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
        let sums = match self.panelled.contains(&tensor.name) {
            true => Some(self.sums(&tensor.name, rows, columns)?),
            false => None,
        };
        Ok(Table {
            name: tensor.name,
            data: Cow::Borrowed(tensor.data),
            place: self.static_data.map(|file| (file, tensor.range)),
            stored,
            scales,
            sums,
            columns,
        })
    }

    /// The stored sum of each row of a matrix that lies in panels.
    fn sums(&self, name: &str, rows: usize, columns: usize) -> Result<Vec<i32>, Error> {
        let name = sums_of(name);
        let (_, bytes) = self.bytes(&name).ok_or_else(|| self.missing(&name))?;
        let sums = bytes.as_chunks().0.iter().take(rows);
        let sums: Vec<i32> = sums.map(|&quad| i32::from_le_bytes(quad)).collect();
        let most = columns.saturating_mul(128);
        match sums.iter().find(|sum| sum.unsigned_abs() as usize > most) {
            None => Ok(sums),
            Some(sum) => Err(Error::CorruptWeights {
                reason: format!("tensor `{name}` has {sum} for {columns} weights"),
            }),
        }
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
        let (_, data) = self.bytes(&name).ok_or_else(|| Error::CorruptWeights {
            reason: format!("tensor `{name}` lies outside the file"),
        })?;
        Ok(Tensor {
            name,
            dtype: info.dtype,
            data,
            range: start..end,
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

/// The type of stored elements.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stored {
    I8,
    F32,
    F16,
    Bf16,
}

impl Stored {
    /// `None` for types that are not supported for parameters.
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

    /// Calls `each` with every element as `f32`, integers times `scale`.
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

/// A matrix as it is stored; rows are widened to `f32` on use.
pub(crate) struct Table<'a> {
    name: String,
    data: Cow<'a, [u8]>,
    /// Where `data` lies in `'static` bytes, if it does.
    place: Option<(&'static [u8], Range<usize>)>,
    stored: Stored,
    /// The scale of each row of integers; empty for floats.
    scales: Vec<f32>,
    /// The sum of each row, if the matrix lies in panels.
    sums: Option<Vec<i32>>,
    columns: usize,
}

impl Table<'_> {
    /// The bytes of all `tables`, if they lie in panels, in this order without gaps, in `'static` bytes.
    pub(crate) fn panels_of(tables: &[Self]) -> Option<&'static [u8]> {
        let (file, first) = tables.first()?.place.as_ref()?;
        let mut range = first.start..first.start;
        for table in tables {
            let (_, next) = table.place.as_ref().filter(|_| table.sums.is_some())?;
            if next.start != range.end {
                return None;
            }
            range.end = next.end;
        }
        file.get(range)
    }

    /// Its full name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether elements are 8-bit integers.
    pub(crate) fn eight_bit(&self) -> bool {
        self.stored == Stored::I8
    }

    /// The scale of each row of integers; empty for floats.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// The sum of each row, if the matrix lies in panels; else empty.
    pub(crate) fn sums(&self) -> &[i32] {
        self.sums.as_deref().unwrap_or_default()
    }

    /// The bytes of a row. The matrix must not lie in panels.
    fn bytes(&self, row: usize) -> &[u8] {
        let size = self.columns * self.stored.size();
        &self.data[row * size..(row + 1) * size]
    }

    /// The bytes of a row, four at a time. The matrix must lie in panels.
    fn quads(&self, row: usize) -> impl Iterator<Item = &[u8; 4]> {
        let size = self.columns * LANES;
        let chunks = self.data[row / LANES * size..][..size].chunks_exact(BYTES);
        chunks.flat_map(move |chunk| chunk.as_chunks().0.get(row % LANES))
    }

    /// A row as 8-bit integers and their scale, if it is stored so.
    pub(crate) fn integers(&self, row: usize) -> Option<(Cow<'_, [u8]>, f32)> {
        let bytes = match (self.eight_bit(), &self.sums) {
            (false, _) => return None,
            (true, None) => Cow::Borrowed(self.bytes(row)),
            (true, Some(_)) => self.quads(row).flatten().copied().collect(),
        };
        Some((bytes, self.scales[row]))
    }

    /// Writes a row as `f32` to `to`, which has a place for each column.
    #[inline(always)]
    pub(crate) fn widen<'t>(&self, row: usize, to: impl IntoIterator<Item = &'t mut f32>) {
        let scale = self.scales.get(row).copied().unwrap_or(1.0);
        let mut places = to.into_iter();
        let mut put = |value| {
            if let Some(place) = places.next() {
                *place = value;
            }
        };
        match self.sums {
            None => self.stored.widen(self.bytes(row), scale, put),
            Some(_) => self
                .quads(row)
                .for_each(|quad| self.stored.widen(quad, scale, &mut put)),
        }
    }

    /// A row as `f32`.
    pub(crate) fn row(&self, row: usize) -> Vec<f32> {
        let mut values = vec![0.0; self.columns];
        self.widen(row, &mut values);
        values
    }

    /// The table with `'static` data: borrowed if it lies in `'static` bytes, else copied.
    pub(crate) fn into_static(self) -> Table<'static> {
        let kept = self.place.as_ref();
        let kept = kept.and_then(|(file, range)| file.get(range.clone()));
        Table {
            data: match kept {
                Some(bytes) => Cow::Borrowed(bytes),
                None => Cow::Owned(self.data.into_owned()),
            },
            ..self
        }
    }
}
