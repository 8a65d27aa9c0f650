//! A file to readable bytes: counted, decompressed, decoded, its format known.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::encoding::Decoded;
use super::{Compression, Input, InputFormat, Reader};
#[cfg(not(feature = "zstd"))]
use crate::Error;
use crate::Result;

/// How many bytes tell a compression or format.
const SNIFF: usize = 16;

/// Counts bytes as they are read from inputs, before decompression. Copies share the count.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts bytes that need not be read.
    pub fn skip(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.skip(read as u64);
        Ok(read)
    }
}

/// An open input.
pub(crate) struct Opened {
    pub(crate) bytes: Box<dyn BufRead + Send>,
    pub(super) format: InputFormat,
    /// Whether the bytes were decoded from another encoding than UTF-8.
    pub(super) decoded: bool,
}

impl Reader {
    pub(crate) fn open(&self, input: &Input) -> Result<Opened> {
        let mut raw = Metered {
            inner: input.raw()?,
            meter: self.meter.clone(),
        };
        let failed = |e| input.failed(e);
        let start = peek(&mut raw).map_err(failed)?;
        let compression = Compression::of_content(&start);
        let mut bytes = decompressed(compression, Cursor::new(start).chain(raw))?;
        let named = match input {
            Input::Stdin => None,
            Input::File(path) => InputFormat::of_name(path),
        };
        let mut format = self.format.or(named);
        if format.is_none() {
            let start = peek(&mut bytes).map_err(failed)?;
            format = match (input, start.as_slice()) {
                // An empty part of a stream, not an empty article.
                (Input::Stdin, []) => Some(InputFormat::Jsonl),
                _ => Some(InputFormat::of_content(&start)),
            };
            bytes = Box::new(Cursor::new(start).chain(bytes));
        }
        let format = format.unwrap_or(InputFormat::Text);
        // A web page is decoded by its reader, as it may declare its own encoding.
        let encoding = self.encoding.filter(|encoding| {
            !encoding.is_utf8() && !matches!(format, InputFormat::Html | InputFormat::Parquet)
        });
        let decoded = encoding.is_some();
        if let Some(encoding) = encoding {
            bytes = Box::new(Decoded::new(bytes, encoding));
        }
        Ok(Opened {
            bytes: Box::new(BufReader::with_capacity(1 << 16, bytes)),
            format,
            decoded,
        })
    }
}

/// Reads what is there, at least [`SNIFF`] bytes unless there are fewer.
fn peek(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 1 << 13];
    let mut filled = 0;
    while filled < SNIFF {
        match from.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

fn decompressed(
    compression: Compression,
    raw: impl Read + Send + 'static,
) -> Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => Box::new(raw),
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
