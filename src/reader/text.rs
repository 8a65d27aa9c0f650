//! Plain text: UTF-8, checked.

use std::io::Read;

use super::{Input, Metadata, Opened, Source};
use crate::{Error, Result};

/// The bytes as text.
///
/// # Errors
/// [`Error::NotUtf8`] with the offset of the first bad byte, [`Error::Nul`] with that
/// of the first NUL.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String> {
    let guess = match bytes.as_slice() {
        [0xFF, 0xFE, ..] => Some("UTF-16LE"),
        [0xFE, 0xFF, ..] => Some("UTF-16BE"),
        _ => None,
    };
    let text = String::from_utf8(bytes).map_err(|e| Error::NotUtf8 {
        offset: e.utf8_error().valid_up_to(),
        guess,
        can_decode: true,
    })?;
    match text.find('\0') {
        Some(offset) => Err(Error::Nul { offset }),
        None => Ok(text),
    }
}

/// The whole input as one document.
pub(super) fn document(input: &Input, mut opened: Opened) -> Source {
    let mut bytes = Vec::new();
    let text = match opened.bytes.read_to_end(&mut bytes) {
        Ok(_) => utf8(bytes),
        Err(error) => Err(input.failed(error)),
    };
    Source {
        id: input.name(),
        text: text.map(Into::into),
        derived: opened.decoded,
        metadata: Metadata::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_bytes_are_named_by_their_offset() {
        let failed = utf8(b"caf\xE9 in Kyiv".to_vec()).unwrap_err().to_string();
        assert!(failed.starts_with("invalid UTF-8 at byte 3;"), "{failed}");
        let failed = utf8(b"\xFF\xFEN\0".to_vec()).unwrap_err().to_string();
        for part in [
            "byte 0 (it looks like UTF-16LE);",
            "--encoding UTF-16LE,",
            "iconv -f UTF-16LE -t",
        ] {
            assert!(failed.contains(part), "{failed}");
        }
        let failed = utf8(b"ab\0c".to_vec()).unwrap_err().to_string();
        assert!(failed.contains("NUL byte at byte 2"), "{failed}");
    }
}
