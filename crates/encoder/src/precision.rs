//! The precision in which the linear layers of the blocks multiply.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// What the blocks round weights and activations to before linear layers multiply them. With 8-bit
/// integers, attention multiplies in 8 bits too; else it computes in `f32`. Embeddings, norms and the
/// classifier are always `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Precision {
    /// 8-bit integers where the file stores them, else `f32`.
    #[default]
    Auto,
    /// No rounding: weights as stored, sums in `f32`.
    F32,
    /// Weights and activations in bfloat16 (`f32` with 8 of the 24 bits of the significand), sums in
    /// `f32`. AMX adds in another order than all other instruction sets.
    Bf16,
    /// 8-bit integers, with a scale for each output of the weights and for each token.
    Int8,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::F32, Self::Bf16, Self::Int8];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let named = |precision: &Self| precision.name() == name;
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| Error::NoSuchPrecision {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}
