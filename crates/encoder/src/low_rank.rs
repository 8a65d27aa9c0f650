//! A model stored as a change of another: fewer blocks, its own vectors, and matrices that differ by
//! a product of low rank (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021).

use std::borrow::Cow;
use std::collections::HashSet;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use crate::exit::is_exit;
use crate::layout::Layout;
use crate::weights::{Table, Weights};
use crate::{Config, Error};

/// Makes the weights of a model from those of another model and a change.
///
/// `config` is the new model's `config.json`. Blocks beyond its number of layers are left out, and so
/// are exits, which belong to the other model. For a matrix `X.weight` \[outputs, inputs\] the file
/// `change` may have `X.out` \[outputs, rank\] and `X.into` \[rank, inputs\]: their product is added,
/// and the sum is stored in 8 bits with a scale for each row. Every other tensor of `change` replaces
/// the one with its name. Both files may store matrices in 8 bits, but not [prepared](crate::prepare).
/// Returns the bytes of a `model.safetensors`, the same on every machine.
///
/// # Errors
/// [`Error::CorruptWeights`], also where `change` has tensors that `weights` lack;
/// [`Error::MissingTensor`] and [`Error::WrongShape`] where its parts do not fit; as
/// [`Config::parse`](crate::Config::parse).
pub fn apply_change(config: &[u8], weights: &[u8], change: &[u8]) -> Result<Vec<u8>, Error> {
    let config = Config::parse(config)?;
    let corrupt = |reason: String| Error::CorruptWeights { reason };
    let (old, new) = (Weights::open(weights, "")?, Weights::open(change, "")?);
    if old.prepared() || new.prepared() {
        return Err(corrupt("its matrices lie in panels".to_owned()));
    }
    let left_out = |name: &str| {
        is_exit(name)
            || config
                .block(name)
                .is_some_and(|block| block >= config.layers)
    };
    let mut unused: HashSet<String> = new.metadata().tensors().into_keys().collect();
    let mut file = Layout::default();
    for name in old.metadata().offset_keys() {
        let Some((info, bytes)) = old.bytes(&name).filter(|_| !left_out(&name)) else {
            continue;
        };
        // A scale is written with its matrix.
        let scaled = name.strip_suffix("_scale").unwrap_or_default();
        if LowRank::names(scaled).is_some_and(|[into, _]| new.contains(&into)) {
            continue;
        }
        if let Some(names) = LowRank::names(&name).filter(|[into, _]| new.contains(into)) {
            let low_rank = LowRank::read(&new, &names, info)?;
            for name in names {
                unused.remove(&format!("{name}_scale"));
                unused.remove(&name);
            }
            let [rows, columns] = low_rank.shape;
            let (data, scales) = low_rank.add(&old.matrix(&name, rows, columns)?);
            let scales: Vec<u8> = scales.into_iter().flat_map(f32::to_le_bytes).collect();
            let scale = format!("{name}_scale");
            file.push(name, Dtype::I8, vec![rows, columns], data);
            file.push(scale, Dtype::F32, vec![rows], scales);
            continue;
        }
        let (found, bytes) = match new.bytes(&name) {
            Some((found, _)) if found.shape != info.shape => {
                return Err(wrong_shape(&name, info.shape.clone(), found));
            }
            Some(found) => found,
            None => (info, bytes),
        };
        unused.remove(&name);
        file.push(name, found.dtype, found.shape.clone(), Cow::Borrowed(bytes));
    }
    if let Some(name) = unused.into_iter().min() {
        let reason = format!("tensor `{name}` belongs to none of the model that it changes");
        return Err(corrupt(reason));
    }
    file.write(old.about())
}

/// The factors of a change of a matrix: `out` times `into`.
struct LowRank<'a> {
    into: Table<'a>,
    out: Table<'a>,
    rank: usize,
    /// The shape of their product, and of the matrix.
    shape: [usize; 2],
}

impl<'a> LowRank<'a> {
    /// The names of the factors for a matrix, `into` and `out`.
    fn names(matrix: &str) -> Option<[String; 2]> {
        let stem = matrix.strip_suffix(".weight")?;
        Some(["into", "out"].map(|part| format!("{stem}.{part}")))
    }

    fn read(new: &Weights<'a>, names: &[String; 2], of: &TensorInfo) -> Result<Self, Error> {
        let [into, out] = names;
        let rank = new.rows(into)?;
        match *of.shape {
            [rows, columns] => Ok(Self {
                into: new.matrix(into, rank, columns)?,
                out: new.matrix(out, rows, rank)?,
                rank,
                shape: [rows, columns],
            }),
            _ => Err(wrong_shape(into, vec![rank], of)),
        }
    }

    /// The sum of a matrix and the product, rounded to 8 bits, and a scale for each row. The terms of
    /// a sum are added in the order of the ranks.
    fn add(&self, matrix: &Table<'_>) -> (Vec<u8>, Vec<f32>) {
        let [rows, columns] = self.shape;
        let into: Vec<Vec<f32>> = (0..self.rank).map(|k| self.into.row(k)).collect();
        let (mut data, mut scales) = (Vec::with_capacity(rows * columns), Vec::new());
        for row in 0..rows {
            let mut sums = matrix.row(row);
            for (weight, inputs) in self.out.row(row).into_iter().zip(&into) {
                for (sum, x) in sums.iter_mut().zip(inputs) {
                    *sum += weight * x;
                }
            }
            let most = sums.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
            let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
            let rounded = sums.iter().map(|x| (x / scale).round_ties_even() as i8);
            data.extend(rounded.map(i8::cast_unsigned));
            scales.push(scale);
        }
        (data, scales)
    }
}

fn wrong_shape(name: &str, expected: Vec<usize>, found: &TensorInfo) -> Error {
    Error::WrongShape {
        name: name.to_owned(),
        expected,
        found: found.shape.clone(),
    }
}
