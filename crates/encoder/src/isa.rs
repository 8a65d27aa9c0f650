//! The instruction sets that have kernels.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::kernels::Chosen;

/// An instruction set that the encoder has a kernel for.
///
/// All give the same results, bit for bit, with one exception: in
/// [bfloat16](crate::Precision::Bf16), results of [`Amx`](Self::Amx) differ by rounding from those of
/// all others, because it adds products in another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isa {
    /// Intel's tile matrix unit, on Linux: Xeon from Sapphire Rapids.
    Amx,
    /// AVX-512 with VNNI: Intel from Ice Lake, AMD from Zen 4.
    Avx512Vnni,
    /// AVX2 with AVX-VNNI: Intel from Alder Lake, AMD from Zen 5.
    AvxVnni,
    /// AVX2 and FMA: Intel from Haswell, AMD from Zen.
    Avx2,
    /// Arm's dot product: `FEAT_DotProd`, Armv8.2 and later.
    Neon,
    /// Any processor.
    Scalar,
}

impl Isa {
    /// All of them, the fastest first.
    pub const ALL: [Self; 6] = [
        Self::Amx,
        Self::Avx512Vnni,
        Self::AvxVnni,
        Self::Avx2,
        Self::Neon,
        Self::Scalar,
    ];

    /// The ones that this processor has, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let here = |isa: &Self| Chosen::new(*isa).is_some();
        Self::ALL.into_iter().filter(here).collect()
    }

    /// Its name, as `NEWSHOUND_ISA` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Amx => "amx",
            Self::Avx512Vnni => "avx512vnni",
            Self::AvxVnni => "avxvnni",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        }
    }

    /// The kernel of an instruction set, by default of the fastest; or an error that names those
    /// available.
    pub(crate) fn choose(wanted: Option<Self>) -> Result<Chosen, Error> {
        match wanted {
            Some(isa) => Chosen::new(isa).ok_or_else(|| missing(isa.name())),
            None => Ok(Self::available()
                .into_iter()
                .find_map(Chosen::new)
                .unwrap_or(Chosen::SCALAR)),
        }
    }
}

fn missing(name: &str) -> Error {
    let available: Vec<&str> = Isa::available().into_iter().map(Isa::name).collect();
    Error::NoSuchIsa {
        name: name.to_owned(),
        available: available.join(", "),
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Isa {
    type Err = Error;

    /// Parses a name, also of an instruction set that this processor lacks.
    fn from_str(name: &str) -> Result<Self, Error> {
        let named = |isa: &Self| isa.name() == name;
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| missing(name))
    }
}
