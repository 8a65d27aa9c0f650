//! Other encodings to UTF-8; invalid bytes are errors.

use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult};

use crate::{Error, Result};

/// A text encoding of the WHATWG list, `windows-1252` or `utf-16le` for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

/// Bytes that are not valid in their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "bytes up to byte {offset} are not valid {encoding}, and what follows was not read; \
     name the right encoding with --encoding"
)]
pub struct Malformed {
    /// Bytes up to and with the first invalid ones.
    pub offset: u64,
    /// Name of the encoding.
    pub encoding: &'static str,
}

impl Encoding {
    /// The encoding of a label; `None` where there is none of that name.
    #[must_use]
    pub fn of_label(label: &[u8]) -> Option<Self> {
        encoding_rs::Encoding::for_label_no_replacement(label).map(Self)
    }

    /// The encoding a byte order mark stands for.
    pub(super) fn of_mark(start: &[u8]) -> Option<Self> {
        encoding_rs::Encoding::for_bom(start).map(|(encoding, _)| Self(encoding))
    }

    /// The name in the WHATWG list.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether this is UTF-8.
    #[must_use]
    pub fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }
}

impl FromStr for Encoding {
    type Err = Error;

    fn from_str(label: &str) -> Result<Self> {
        Self::of_label(label.as_bytes()).ok_or_else(|| {
            Error::Option(format!(
                "unknown encoding {label:?}; use a name of the WHATWG list, for example \
                 windows-1252, iso-8859-2, koi8-r, utf-16le, gbk or shift_jis"
            ))
        })
    }
}

/// Reads another encoding as UTF-8. A byte order mark is skipped, and its encoding overrides the
/// one that is named. The first invalid bytes are an error that wraps [`Malformed`], given after all
/// that stands before them.
pub(super) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    /// Bytes read and not yet decoded.
    raw: Vec<u8>,
    taken: usize,
    /// Bytes of the input that are decoded.
    offset: u64,
    ended: bool,
    finished: bool,
    /// The error that comes behind bytes that were decoded along with it.
    malformed: Option<Malformed>,
    /// Decoded bytes for buffers too small for a character.
    spare: [u8; 8],
    spared: std::ops::Range<usize>,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.0.new_decoder(),
            raw: Vec::new(),
            taken: 0,
            offset: 0,
            ended: false,
            finished: false,
            malformed: None,
            spare: [0; 8],
            spared: 0..0,
        }
    }

    /// Reads more when all that was read is decoded.
    fn fill(&mut self) -> io::Result<()> {
        while self.taken == self.raw.len() && !self.ended {
            self.raw.resize(1 << 13, 0);
            self.taken = 0;
            match self.inner.read(&mut self.raw) {
                Ok(read) => {
                    self.raw.truncate(read);
                    self.ended = read == 0;
                }
                Err(error) => {
                    self.raw.clear();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.finished {
            self.fill()?;
            let raw = self.raw.get(self.taken..).unwrap_or_default();
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(raw, buffer, self.ended);
            self.taken += read;
            self.offset += read as u64;
            match result {
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.finished = true;
                    let encoding = self.decoder.encoding().name();
                    let offset = self.offset;
                    self.malformed = Some(Malformed { offset, encoding });
                }
            }
            if written > 0 {
                return Ok(written);
            }
        }
        match self.malformed.take() {
            Some(malformed) => Err(io::Error::new(io::ErrorKind::InvalidData, malformed)),
            None => Ok(0),
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.len() >= self.spare.len() && self.spared.is_empty() {
            return self.decode(buffer);
        }
        if self.spared.is_empty() {
            let mut spare = [0; 8];
            let written = self.decode(&mut spare)?;
            (self.spare, self.spared) = (spare, 0..written);
        }
        let mut rest = self.spare.get(self.spared.clone()).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.spared.start += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], label: &str) -> io::Result<String> {
        let mut text = String::new();
        Decoded::new(bytes, label.parse().unwrap())
            .read_to_string(&mut text)
            .map(|_| text)
    }

    #[test]
    fn other_encodings_are_decoded_and_marks_read_past() {
        assert_eq!(decode(b"caf\xE9 \x80", "latin1").unwrap(), "café €");
        assert_eq!(
            decode(b"\xFF\xFE\x3D\xD8\x00\xDEa\0", "utf-16le").unwrap(),
            "😀a"
        );
        assert_eq!(decode(b"\xFE\xFF\0N", "utf-16").unwrap(), "N");
        assert_eq!(decode(b"\xEF\xBB\xBFN", "latin1").unwrap(), "N");
        assert_eq!(decode(b"\xEF\xBB", "latin1").unwrap(), "ï»");
        let long: Vec<u8> = "Łódź "
            .repeat(5000)
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decode(&long, "utf-16be").unwrap(), "Łódź ".repeat(5000));
    }

    #[test]
    fn text_can_be_read_byte_by_byte() {
        for (bytes, text) in [(&b"\xA3\xF3d\xBC"[..], "Łódź"), (b"\xEF\xBB\xA3", "ďťŁ")] {
            let read = Decoded::new(bytes, "iso-8859-2".parse().unwrap());
            let single = io::BufReader::with_capacity(1, read);
            let bytes: io::Result<Vec<u8>> = single.bytes().collect();
            assert_eq!(bytes.unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn what_stands_before_invalid_bytes_is_read_before_their_error() {
        let mut read = Decoded::new(&b"\xC4\xE3\n\xFF\nb"[..], "gbk".parse().unwrap());
        let mut buffer = [0; 64];
        let found = read.read(&mut buffer).unwrap();
        assert_eq!(buffer.get(..found), Some("你\n".as_bytes()));
        assert!(read.read(&mut buffer).is_err());
        assert_eq!(read.read(&mut buffer).unwrap(), 0);
    }

    #[test]
    fn invalid_bytes_are_an_error_with_their_place() {
        let error = decode(b"ab\x81\xFFcd", "shift_jis")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("bytes up to byte 4 are not valid Shift_JIS"),
            "{error}"
        );
        assert!(decode(b"a\0b", "utf-16le").is_err());
        assert!("utf-7".parse::<Encoding>().is_err());
    }
}
