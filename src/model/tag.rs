//! One word's tag: `O`, or a prefix and a label.

use std::fmt;

/// The part of a name a tag marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not in a name.
    Outside,
    /// First word of a name.
    Begin,
    /// A further word of a name.
    Inside,
    /// Last word of a name (BIOES, BILOU).
    End,
    /// The only word of a name (BIOES, BILOU).
    Single,
}

/// The tag of one token, borrowed from the file it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// The part of a name the token is.
    pub part: Part,
    /// What the name is; empty outside of names.
    pub label: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag `O`.
    pub const OUTSIDE: Tag<'static> = Tag {
        part: Part::Outside,
        label: "",
    };

    /// Reads `O`, or a label behind `B-`, `I-`, `E-` or `L-` (last token), `S-` or `U-`
    /// (only token). The label may hold hyphens. `None` for anything else.
    #[must_use]
    pub fn parse(tag: &'a str) -> Option<Self> {
        if tag == "O" {
            return Some(Self::OUTSIDE);
        }
        let (prefix, label) = tag.split_once('-')?;
        let part = match prefix {
            "B" => Part::Begin,
            "I" => Part::Inside,
            "E" | "L" => Part::End,
            "S" | "U" => Part::Single,
            _ => return None,
        };
        (!label.is_empty()).then_some(Self { part, label })
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.part {
            Part::Outside => return f.write_str("O"),
            Part::Begin => 'B',
            Part::Inside => 'I',
            Part::End => 'E',
            Part::Single => 'S',
        };
        write!(f, "{prefix}-{}", self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_written_and_the_two_spellings_of_one_part_are_one() {
        for tag in ["O", "B-PER", "I-creative-work", "E-LOC", "S-ORG"] {
            assert_eq!(Tag::parse(tag).unwrap().to_string(), tag);
        }
        assert_eq!(Tag::parse("L-LOC"), Tag::parse("E-LOC"));
        assert_eq!(Tag::parse("U-LOC"), Tag::parse("S-LOC"));
    }

    #[test]
    fn what_is_not_a_tag_is_refused() {
        for text in [
            "", "o", "B", "B-", "b-PER", "-PER", "X-PER", "PER", "BI-PER", "B_PER", "0",
        ] {
            assert_eq!(Tag::parse(text), None, "{text:?}");
        }
    }
}
