//! A weights file tensor by tensor, for running a model with another library or exporting it.

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use crate::exit::is_exit;
use crate::weights::{Stored, Weights};
use crate::{Architecture, Error};

/// The parameters of a model, from the bytes of a `model.safetensors`.
///
/// Names are those of a token-classification file: they have the architecture's prefix even if the
/// file omits it. Integer buffers that are no parameters, such as the position ids of old files, are
/// left out.
pub struct Tensors<'a> {
    weights: Weights<'a>,
    /// For each tensor its full name and its name in the file, sorted.
    names: Vec<(String, String)>,
}

/// A tensor in `f32`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its elements in row-major order.
    pub values: Vec<f32>,
}

impl<'a> Tensors<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::CorruptWeights`].
    pub fn open(weights: &'a [u8], architecture: Architecture) -> Result<Self, Error> {
        let prefix = architecture.prefix();
        let weights = Weights::open(weights, prefix)?;
        let tensors = weights.metadata().tensors();
        let prefixed = tensors.keys().any(|name| name.starts_with(prefix));
        let bare = |name: &str| name.starts_with("classifier.") || is_exit(name);
        let mut names: Vec<(String, String)> = tensors
            .iter()
            .filter(|(name, info)| {
                let scaled = name.strip_suffix("_scale").and_then(|of| tensors.get(of));
                Stored::of(info.dtype).is_some()
                    && scaled.is_none_or(|scaled| scaled.dtype != Dtype::I8)
            })
            .map(|(name, _)| match prefixed || bare(name) {
                true => (name.clone(), name.clone()),
                false => (format!("{prefix}{name}"), name.clone()),
            })
            .collect();
        names.sort_unstable();
        Ok(Self { weights, names })
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    fn infos(&self) -> impl Iterator<Item = &TensorInfo> {
        let names = self.names.iter();
        names.filter_map(|(_, stored)| self.weights.metadata().info(stored))
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        self.infos().map(elements).sum()
    }

    /// Whether the file has exits, which let tokens stop before the last layers.
    pub fn early_exit(&self) -> bool {
        self.names().any(is_exit)
    }

    /// The type that most parameters are stored in: `I8`, `F16`, `BF16` or `F32`.
    pub fn stored(&self) -> &'static str {
        let count = |dtype: Dtype| -> usize {
            let infos = self.infos().filter(|info| info.dtype == dtype);
            infos.map(elements).sum()
        };
        let known = [
            (Dtype::F32, "F32"),
            (Dtype::F16, "F16"),
            (Dtype::BF16, "BF16"),
            (Dtype::I8, "I8"),
        ];
        let most = known.into_iter().max_by_key(|(dtype, _)| count(*dtype));
        most.map_or("F32", |(_, name)| name)
    }

    /// A tensor by its full name; 8-bit rows are multiplied by their scales.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::WrongShape`] or [`Error::WrongDtype`].
    pub fn get(&self, name: &str) -> Result<Tensor, Error> {
        let at = self
            .names
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        let stored = at.ok().and_then(|at| self.names.get(at));
        let missing = || Error::MissingTensor {
            name: name.to_owned(),
        };
        let (_, stored) = stored.ok_or_else(missing)?;
        let info = self.weights.metadata().info(stored).ok_or_else(missing)?;
        let values = match info.shape.as_slice() {
            &[rows, columns] => {
                let table = self.weights.matrix(stored, rows, columns)?;
                (0..rows).flat_map(|row| table.row(row)).collect()
            }
            shape => self.weights.floats(stored, shape)?,
        };
        Ok(Tensor {
            shape: info.shape.clone(),
            values,
        })
    }
}

fn elements(info: &TensorInfo) -> usize {
    info.shape.iter().product()
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    fn file() -> Vec<u8> {
        let scale: Vec<u8> = [0.5f32, 2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let bias: Vec<u8> = [1.0f32, -1.5]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let (ids, rows) = ([0u8; 16], [3u8, 0xFF, 0, 4]);
        let view = |dtype, shape: &[usize], data| TensorView::new(dtype, shape.into(), data);
        let tensors = [
            ("encoder.weight", view(Dtype::I8, &[2, 2], &rows)),
            ("encoder.weight_scale", view(Dtype::F32, &[2], &scale)),
            ("classifier.bias", view(Dtype::F32, &[2], &bias)),
            ("embeddings.position_ids", view(Dtype::I64, &[1, 2], &ids)),
        ];
        let tensors = tensors.map(|(name, view)| (name, view.unwrap()));
        safetensors::serialize(tensors, None).unwrap()
    }

    #[test]
    fn eight_bit_rows_are_multiplied_by_their_scales_and_names_get_their_prefix() {
        let file = file();
        let tensors = Tensors::open(&file, Architecture::Bert).unwrap();
        let names: Vec<&str> = tensors.names().collect();
        assert_eq!(names, ["bert.encoder.weight", "classifier.bias"]);
        assert_eq!((tensors.parameters(), tensors.stored()), (6, "I8"));
        let weight = tensors.get("bert.encoder.weight").unwrap();
        assert_eq!(weight.shape, [2, 2]);
        assert_eq!(weight.values, [1.5, -0.5, 0.0, 8.0]);
        let bias = tensors.get("classifier.bias").unwrap();
        assert_eq!(bias.values, [1.0, -1.5]);
    }

    #[test]
    fn a_tensor_that_is_not_there_is_named() {
        let file = file();
        let tensors = Tensors::open(&file, Architecture::Bert).unwrap();
        for name in [
            "bert.pooler.weight",
            "encoder.weight",
            "bert.encoder.weight_scale",
        ] {
            let error = tensors.get(name).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
