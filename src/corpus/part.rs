//! A file that grows block by block and can be cut back to the last one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Error;
use crate::reader::Compression;

/// Results under a temporary name until all are there. Every block is complete in itself:
/// a gzip member, a zstd frame, or plain text.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    compression: Compression,
    len: u64,
}

impl Part {
    /// Opens or creates the file, locks it and cuts it to `len` bytes.
    pub(super) fn open(path: &Path, compression: Compression, len: u64) -> Result<Self, Error> {
        let writing = Error::writing(path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(&writing)?;
        lock(&file, path)?;
        let found = file.metadata().map_err(&writing)?.len();
        if found < len {
            return Err(Error::Torn {
                path: path.to_owned(),
                found,
                noted: len,
            });
        }
        file.set_len(len).map_err(&writing)?;
        file.seek(SeekFrom::Start(len)).map_err(&writing)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            compression,
            len,
        })
    }

    /// Locks the file, if there is one, until it is closed.
    pub(super) fn hold(path: &Path) -> Result<Option<File>, Error> {
        if !path.is_file() {
            return Ok(None);
        }
        let file = File::open(path).map_err(Error::writing(path))?;
        lock(&file, path).map(|()| Some(file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of all blocks.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Adds a block; when this returns it is on the disk.
    pub(super) fn append(&mut self, block: &[u8]) -> io::Result<()> {
        match block {
            [] => Ok(()),
            _ => self.write(block),
        }
    }

    /// Adds an empty block where there is no other: a file of no bytes is neither gzip nor zstd.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.len {
            0 => self.write(&[]),
            _ => Ok(()),
        }
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        let compressed = compress(self.compression, block)?;
        let bytes = compressed.as_deref().unwrap_or(block);
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.len += bytes.len() as u64;
        Ok(())
    }
}

/// Locks a file for this process until it is closed.
fn lock(file: &File, path: &Path) -> Result<(), Error> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Error::Busy {
            path: path.to_owned(),
        },
        TryLockError::Error(error) => Error::writing(path)(error),
    })
}

/// A block as a gzip member or zstd frame; `None` for plain text.
fn compress(compression: Compression, block: &[u8]) -> io::Result<Option<Vec<u8>>> {
    match compression {
        Compression::None => Ok(None),
        Compression::Gzip => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(block)?;
            encoder.finish().map(Some)
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => zstd::bulk::compress(block, zstd::DEFAULT_COMPRESSION_LEVEL).map(Some),
        #[cfg(not(feature = "zstd"))]
        Compression::Zstd => Err(io::Error::other(crate::Error::NotBuilt("zstd"))),
    }
}
