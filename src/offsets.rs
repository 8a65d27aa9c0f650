//! Converts byte offsets to the unit that the output counts in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What an offset counts. It is serialised as its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OffsetUnit {
    /// UTF-8 bytes, as Rust, Go and C slice.
    #[default]
    Byte,
    /// Unicode code points, as Python slices.
    Char,
    /// UTF-16 code units, as JavaScript, Java and C# slice.
    Utf16,
}

impl OffsetUnit {
    /// The name used in options and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Byte => "byte",
            Self::Char => "char",
            Self::Utf16 => "utf16",
        }
    }

    fn of(self, c: char) -> usize {
        match self {
            Self::Byte => c.len_utf8(),
            Self::Char => 1,
            Self::Utf16 => c.len_utf16(),
        }
    }
}

impl fmt::Display for OffsetUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OffsetUnit {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "byte" => Ok(Self::Byte),
            "char" => Ok(Self::Char),
            "utf16" => Ok(Self::Utf16),
            _ => Err(Error::Option(format!(
                "unknown offset unit {name:?}; use byte, char or utf16"
            ))),
        }
    }
}

/// Converts ascending positions of one text between bytes and another unit,
/// walking the text once.
#[derive(Debug, Clone)]
pub struct OffsetCursor<'t> {
    text: &'t str,
    unit: OffsetUnit,
    byte: usize,
    position: usize,
}

impl<'t> OffsetCursor<'t> {
    /// A cursor at the start of `text`.
    #[must_use]
    pub fn new(text: &'t str, unit: OffsetUnit) -> Self {
        Self {
            text,
            unit,
            byte: 0,
            position: 0,
        }
    }

    fn step(&mut self) -> Option<()> {
        let c = self.text.get(self.byte..)?.chars().next()?;
        self.byte += c.len_utf8();
        self.position += self.unit.of(c);
        Some(())
    }

    /// The position of a byte offset, in the cursor's unit. Offsets must not
    /// descend between calls; one past the text gives the text's length.
    pub fn position(&mut self, byte: usize) -> usize {
        if self.unit == OffsetUnit::Byte {
            return byte.min(self.text.len());
        }
        while self.byte < byte && self.step().is_some() {}
        self.position
    }

    /// The byte offset of a position in the cursor's unit, or `None` where the
    /// position lies inside a character or past the text. Positions must not descend.
    pub fn byte(&mut self, position: usize) -> Option<usize> {
        while self.position < position && self.step().is_some() {}
        (self.position == position).then_some(self.byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_three_units_agree_at_every_character(text in "\\PC{0,40}") {
            for (byte, _) in text.char_indices() {
                let before = &text[..byte];
                let at = |unit| OffsetCursor::new(&text, unit).position(byte);
                prop_assert_eq!(at(OffsetUnit::Byte), byte);
                prop_assert_eq!(at(OffsetUnit::Char), before.chars().count());
                prop_assert_eq!(at(OffsetUnit::Utf16), before.encode_utf16().count());
                for unit in [OffsetUnit::Byte, OffsetUnit::Char, OffsetUnit::Utf16] {
                    prop_assert_eq!(OffsetCursor::new(&text, unit).byte(at(unit)), Some(byte));
                }
            }
        }
    }

    #[test]
    fn a_position_inside_a_character_has_no_byte_offset() {
        assert_eq!(OffsetCursor::new("😀", OffsetUnit::Utf16).byte(1), None);
        assert_eq!(OffsetCursor::new("é", OffsetUnit::Byte).byte(1), None);
        assert_eq!(OffsetCursor::new("é", OffsetUnit::Char).byte(2), None);
    }
}
