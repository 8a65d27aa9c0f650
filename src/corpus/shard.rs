//! One of several parts of a corpus, for job arrays.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Part `number` of `of`, counted from 1. A document belongs to the same part wherever
/// and whenever it is read, by its id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `of`.
    pub number: u32,
    /// How many parts there are.
    pub of: u32,
}

impl Shard {
    /// Refuses a part that there is not, such as 5 of 4.
    pub(super) fn check(self) -> Result<()> {
        match (1..=self.of).contains(&self.number) {
            true => Ok(()),
            false => Err(no_part(&self.to_string())),
        }
    }

    /// Whether the document of this id is in this part.
    #[must_use]
    pub fn holds(self, id: &str) -> bool {
        let digest = Sha256::digest(id.as_bytes());
        let hash = digest
            .first_chunk()
            .map_or(0, |first| u64::from_be_bytes(*first));
        let rest = hash.checked_rem(u64::from(self.of));
        rest.is_some_and(|rest| rest + 1 == u64::from(self.number))
    }
}

fn no_part(shard: &str) -> Error {
    Error::Option(format!(
        "{shard:?} is no part; write which of how many, from 1/4 to 4/4"
    ))
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(shard: &str) -> Result<Self> {
        let parsed = shard
            .split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let (number, of) = parsed.ok_or_else(|| no_part(shard))?;
        let part = Self { number, of };
        part.check().map(|()| part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_in_one_part_and_parts_are_of_like_size() {
        let parts: Vec<Shard> = (1..=4).map(|number| Shard { number, of: 4 }).collect();
        let mut sizes = [0; 4];
        for id in 0..10_000 {
            let held = parts
                .iter()
                .enumerate()
                .filter(|(_, p)| p.holds(&format!("doc-{id}")));
            let held: Vec<usize> = held.map(|(at, _)| at).collect();
            assert_eq!(held.len(), 1);
            sizes[held[0]] += 1;
        }
        assert!(
            sizes.iter().all(|size| (2300..2700).contains(size)),
            "{sizes:?}"
        );
        // Fixed for all time: shards of different versions must fit together.
        assert!(parts[1].holds("a.txt") && parts[0].holds("c.txt"));
    }

    #[test]
    fn a_part_is_written_as_a_fraction() {
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for wrong in ["0/3", "4/3", "1", "1/0", "a/b", "", "1/2/3", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_part_that_is_none_holds_nothing_and_is_refused() {
        for (number, of) in [(1, 0), (0, 0), (0, 4), (5, 4)] {
            let none = Shard { number, of };
            assert!(
                !(0..99).any(|id: u32| none.holds(&id.to_string())),
                "{none}"
            );
            let refused = none.check().unwrap_err().to_string();
            assert!(
                refused.contains(&format!("\"{none}\" is no part")),
                "{refused}"
            );
        }
    }
}
