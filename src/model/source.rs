//! Where a model is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[cfg(feature = "embedded-model")]
use super::embedded;

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Inside the binary, under this name.
    Inside(String),
    /// In a Hugging Face directory.
    Dir(PathBuf),
}

impl Source {
    /// The names of the models inside the binary, the default one first; none in a build without the
    /// feature `embedded-model`.
    #[must_use]
    pub fn inside() -> &'static [&'static str] {
        #[cfg(feature = "embedded-model")]
        return &embedded::NAMES;
        #[cfg(not(feature = "embedded-model"))]
        return &[];
    }
}

impl Default for Source {
    /// The default model inside the binary.
    fn default() -> Self {
        Self::Inside(
            Self::inside()
                .first()
                .copied()
                .unwrap_or_default()
                .to_owned(),
        )
    }
}

impl From<&OsStr> for Source {
    /// The model of that name inside the binary, else the directory; `./NAME` is one in any case.
    fn from(named: &OsStr) -> Self {
        match named.to_str() {
            Some(name) if Self::inside().contains(&name) => Self::Inside(name.to_owned()),
            _ => Self::Dir(named.into()),
        }
    }
}

impl From<&str> for Source {
    /// As from an [`OsStr`].
    fn from(named: &str) -> Self {
        OsStr::new(named).into()
    }
}

impl From<PathBuf> for Source {
    fn from(dir: PathBuf) -> Self {
        Self::Dir(dir)
    }
}

impl From<&Path> for Source {
    fn from(dir: &Path) -> Self {
        Self::Dir(dir.to_owned())
    }
}
