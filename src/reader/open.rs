//! Opens inputs: their bytes are counted, decompressed and decoded, their format is found out.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::encoding::Decoded;
use super::{Compression, Input, InputFormat, Reader};
#[cfg(not(feature = "zstd"))]
use crate::Error;
use crate::Result;

/// Bytes that are read to find out a format, at most.
const SNIFF: usize = 1 << 13;

/// The first bytes of a Parquet file.
pub(super) const PARQUET: &[u8; 4] = b"PAR1";

/// Counts bytes as they are read from inputs, before decompression. Copies share the count.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds to the count, as for bytes that need not be read.
    pub fn skip(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

struct Metered<R> {
    inner: R,
    /// The meter of all inputs and that of this one.
    meters: [Meter; 2],
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        for meter in &self.meters {
            meter.skip(read as u64);
        }
        Ok(read)
    }
}

/// An open input.
pub(crate) struct Opened {
    pub(crate) bytes: Box<dyn BufRead + Send>,
    pub(super) format: InputFormat,
    /// Whether the bytes were decoded from another encoding than UTF-8.
    pub(super) decoded: bool,
    /// Bytes of it that were read so far.
    #[cfg_attr(
        not(feature = "parquet"),
        allow(dead_code, reason = "only Parquet needs it")
    )]
    pub(super) read: Meter,
}

impl Reader {
    pub(crate) fn open(&self, input: &Input) -> Result<Opened> {
        let read = Meter::default();
        let mut raw: Box<dyn Read + Send> = Box::new(Metered {
            inner: input.raw()?,
            meters: [self.meter.clone(), read.clone()],
        });
        let failed = |e| input.failed(e);
        let start = peek(&mut raw, |start| start.len() >= Compression::MAGIC).map_err(failed)?;
        let compression = Compression::of_content(&start).map_err(failed)?;
        let mut bytes = decompressed(compression, raw)?;
        let named = match input {
            Input::Stdin => None,
            Input::File(path) => InputFormat::of_name(path),
            Input::Bytes { name, .. } => InputFormat::of_name(Path::new(name)),
        };
        let mut format = self.format.or(named);
        if format.is_none() {
            let start = peek(&mut bytes, |start| start.len() >= PARQUET.len()).map_err(failed)?;
            format = start.starts_with(PARQUET).then_some(InputFormat::Parquet);
        }
        let encoding = self
            .encoding
            .filter(|encoding| !encoding.is_utf8() && format != Some(InputFormat::Parquet));
        let decoded = encoding.is_some();
        if let Some(encoding) = encoding {
            bytes = Box::new(Decoded::new(bytes, encoding));
        }
        let format = match format {
            Some(format) => format,
            None => sniffed(input, &mut bytes)?,
        };
        Ok(Opened {
            bytes: Box::new(BufReader::with_capacity(1 << 16, bytes)),
            format,
            decoded,
            read,
        })
    }
}

/// The format that the first bytes tell, for an input whose name does not.
fn sniffed(input: &Input, bytes: &mut Box<dyn Read + Send>) -> Result<InputFormat> {
    let enough = |start: &[u8]| InputFormat::of_content(start).is_some();
    let start = peek(bytes, enough).map_err(|e| input.failed(e))?;
    match (input, start.as_slice()) {
        // An empty stream of documents, not an empty article.
        (Input::Stdin, []) => Ok(InputFormat::Jsonl),
        _ => InputFormat::of_content(&start).unwrap_or(Ok(InputFormat::Text)),
    }
}

/// Reads the start until it is `enough`, [`SNIFF`] bytes long or at its end. It can be read again.
fn peek(from: &mut Box<dyn Read + Send>, enough: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(SNIFF);
    while start.len() < SNIFF && !enough(&start) {
        let filled = start.len();
        start.resize(SNIFF, 0);
        let read = from.read(start.get_mut(filled..).unwrap_or_default());
        start.truncate(filled + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => break,
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e),
            _ => {}
        }
    }
    let rest = std::mem::replace(from, Box::new(io::empty()));
    *from = Box::new(Cursor::new(start.clone()).chain(rest));
    Ok(start)
}

fn decompressed(
    compression: Compression,
    raw: Box<dyn Read + Send>,
) -> Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => raw,
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(raw)),
        #[cfg(feature = "zstd")]
        Compression::Zstd => match zstd::stream::read::Decoder::new(raw) {
            Ok(decoder) => Box::new(decoder),
            Err(error) => Box::new(Failing(Some(error))),
        },
        #[cfg(not(feature = "zstd"))]
        Compression::Zstd => return Err(Error::NotBuilt("zstd")),
    })
}

/// Gives its error at the first read, where callers know the file's name.
#[cfg(feature = "zstd")]
struct Failing(Option<io::Error>);

#[cfg(feature = "zstd")]
impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that is open and gives nothing.
    struct Silent;

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    #[test]
    fn the_pace_of_a_pipe_changes_neither_format_nor_bytes() {
        const PAGE: &[u8] = b"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n<!-- a --><!doctype html><p>Kyiv";
        for pause in 0..PAGE.len() {
            let (first, second) = PAGE.split_at(pause);
            let mut pipe: Box<dyn Read + Send> = Box::new(first.chain(second));
            let format = sniffed(&Input::Stdin, &mut pipe).unwrap();
            assert_eq!(format, InputFormat::Html, "{pause}");
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, PAGE);
        }
    }

    #[test]
    fn a_format_that_is_clear_waits_for_no_more_bytes() {
        for (start, wanted) in [
            (&b"\n{ \""[..], InputFormat::Jsonl),
            (b"\nKyiv", InputFormat::Text),
            (b"<html", InputFormat::Html),
        ] {
            let mut pipe: Box<dyn Read + Send> = Box::new(start.chain(Silent));
            assert_eq!(sniffed(&Input::Stdin, &mut pipe).unwrap(), wanted);
        }
    }
}
