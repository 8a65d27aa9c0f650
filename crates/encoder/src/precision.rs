//! In what precision the linear layers of the blocks multiply.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// What weights and activations are rounded to before they are multiplied. With 8-bit integers that
/// holds for attention too. Sums of the other two, norms and the classifier are always `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Precision {
    /// 8-bit integers where the file stores them, else `f32`.
    #[default]
    Auto,
    /// No rounding: weights as stored.
    F32,
    /// Weights and activations in bfloat16: `f32` with 8 bits of the significand's 24. On a processor
    /// with AMX, and there alone, sums are rounded in another order than elsewhere.
    Bf16,
    /// Weights in 8 bits by output, activations in 8 bits by token.
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
