//! Writing weights files with tensors in a chosen order.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::Serialize;

use crate::Error;
use crate::kernels::BYTES;

/// Tensors in the order in which they will lie in the file.
#[derive(Default)]
pub(crate) struct Layout<'a> {
    infos: BTreeMap<String, TensorInfo>,
    parts: Vec<Cow<'a, [u8]>>,
    end: usize,
}

#[derive(Serialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    about: BTreeMap<String, String>,
    #[serde(flatten)]
    infos: BTreeMap<String, TensorInfo>,
}

impl<'a> Layout<'a> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.infos.contains_key(name)
    }

    /// The size of the tensors, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.end
    }

    /// Adds a tensor, whose name must be new, after the others.
    pub(crate) fn push(
        &mut self,
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        bytes: impl Into<Cow<'a, [u8]>>,
    ) {
        let bytes = bytes.into();
        let start = self.end;
        self.end += bytes.len();
        let info = TensorInfo {
            dtype,
            shape,
            data_offsets: (start, self.end),
        };
        self.infos.insert(name, info);
        self.parts.push(bytes);
    }

    /// The bytes of the file, with `about` as metadata. Its tensors start at a multiple of 64 bytes.
    pub(crate) fn write(self, about: HashMap<String, String>) -> Result<Vec<u8>, Error> {
        let header = Header {
            about: about.into_iter().collect(),
            infos: self.infos,
        };
        let mut header = serde_json::to_vec(&header).map_err(Error::header)?;
        header.resize((8 + header.len()).next_multiple_of(BYTES) - 8, b' ');
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.reserve_exact(header.len() + self.end);
        file.append(&mut header);
        for part in self.parts {
            file.extend_from_slice(&part);
        }
        Ok(file)
    }
}
