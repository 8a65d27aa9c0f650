//! Which backend runs a model, and where.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use newshound_encoder::{Encoder, Options, Precision};

use super::{Backend, Native};
use crate::{Error, Result};

/// What runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Engine {
    /// Our own encoder, on the CPU.
    #[default]
    Native,
    /// rust-bert's models on libtorch, in builds with the feature `rust-bert`. Computes in `f32`
    /// and has all architectures but MPNet.
    RustBert(Device),
}

/// Where libtorch runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU by its number, from 0. Needs a libtorch built with CUDA.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let number = |digits: &str| digits.parse().ok().map(Self::Cuda);
        match name.strip_prefix("cuda:") {
            Some(digits) => number(digits),
            None => (name == "cpu").then_some(Self::Cpu),
        }
        .ok_or_else(|| Error::Option(format!("there is no device {name:?}; use cpu or cuda:N")))
    }
}

/// How a model is run: by which engine and with which settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// What runs it.
    pub engine: Engine,
    /// Settings of our own encoder. With rust-bert the precision must be `auto` or `f32`, and early
    /// exit off; the others are ignored.
    pub options: Options,
}

impl From<Options> for Setup {
    fn from(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }
}

impl Setup {
    /// Checks that this build can run it on this machine.
    ///
    /// # Errors
    /// [`Error::NoBackend`], [`Error::Option`], or [`Error::Encoder`] where the processor lacks
    /// the instruction set.
    pub fn check(self) -> Result<()> {
        let Engine::RustBert(device) = self.engine else {
            return Ok(self.options.check()?);
        };
        let precision = self.options.precision;
        if !matches!(precision, Precision::Auto | Precision::F32) {
            return Err(Error::Option(format!(
                "the backend rust-bert computes in f32; leave out --precision {precision}"
            )));
        }
        if self.options.early_exit {
            let message = "the backend rust-bert takes every word through all layers; leave out \
                           --early-exit";
            return Err(Error::Option(message.to_owned()));
        }
        #[cfg(feature = "rust-bert")]
        return super::rust_bert::check(device);
        #[cfg(not(feature = "rust-bert"))]
        {
            let _ = device;
            Err(Error::NoBackend("rust-bert"))
        }
    }

    /// Loads a backend from the bytes of `config.json` and `model.safetensors`. Also gives the number
    /// of the model's tags.
    pub(crate) fn load(
        self,
        config: &[u8],
        weights: Cow<'static, [u8]>,
    ) -> Result<(Box<dyn Backend>, usize), String> {
        #[cfg(feature = "rust-bert")]
        if let Engine::RustBert(device) = self.engine {
            let backend = super::RustBert::load(config, &weights, device)?;
            let tags = backend.tags();
            return Ok((Box::new(backend), tags));
        }
        let encoder = Encoder::load(config, weights, self.options).map_err(|e| e.to_string())?;
        let tags = encoder.labels();
        Ok((Box::new(Native::new(encoder)), tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_written() {
        for device in [Device::Cpu, Device::Cuda(0), Device::Cuda(13)] {
            assert_eq!(device.to_string().parse::<Device>().unwrap(), device);
        }
        for name in [
            "", "gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "CPU", "cpu:0",
        ] {
            let error = name.parse::<Device>().unwrap_err().to_string();
            assert!(error.contains("cuda:N"), "{error}");
        }
    }

    #[test]
    fn rust_bert_refuses_other_precisions_and_early_exit() {
        for precision in [Precision::Int8, Precision::Bf16] {
            let setup = Setup {
                engine: Engine::RustBert(Device::Cpu),
                options: Options::default().precision(precision),
            };
            let message = setup.check().unwrap_err().to_string();
            assert!(message.contains("in f32; leave out"), "{message}");
            assert!(message.ends_with(precision.name()), "{message}");
        }
        let setup = Setup {
            engine: Engine::RustBert(Device::Cpu),
            options: Options::default().early_exit(true),
        };
        let message = setup.check().unwrap_err().to_string();
        assert!(message.ends_with("leave out --early-exit"), "{message}");
    }

    #[cfg(not(feature = "rust-bert"))]
    #[test]
    fn a_backend_that_was_not_built_is_refused_in_one_line_that_says_how_to_build_it() {
        let setup = Setup {
            engine: Engine::RustBert(Device::Cpu),
            options: Options::default(),
        };
        let message = setup.check().unwrap_err().to_string();
        assert_eq!(message.lines().count(), 1);
        assert!(message.contains("--features rust-bert"), "{message}");
    }
}
