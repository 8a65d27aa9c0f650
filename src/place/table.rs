//! A sorted dictionary that is searched in place.
//!
//! The number of keys and the size of the body (`u32` each), the start of every block in the body
//! (`u32` each), the body. A block has sixteen entries: how many bytes the key shares with the one
//! before and how many follow (`u8` each), the latter, the numbers of main and other places (four bits
//! each), the places (`u16` each).

const BLOCK: usize = 16;

/// Keys to places.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Table<'g> {
    blocks: &'g [[u8; 4]],
    body: &'g [u8],
}

/// Places of a key.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hits<'g> {
    main: &'g [[u8; 2]],
    other: &'g [[u8; 2]],
}

/// An entry: `shared` bytes of the key before, then `rest`.
struct Entry<'g> {
    shared: usize,
    rest: &'g [u8],
    hits: Hits<'g>,
}

impl<'g> Hits<'g> {
    /// Places of which it is the main name.
    pub(super) fn main(self) -> impl Iterator<Item = u16> + 'g {
        self.main.iter().map(|&number| u16::from_le_bytes(number))
    }

    /// Places of which it is another name.
    pub(super) fn other(self) -> impl Iterator<Item = u16> + 'g {
        self.other.iter().map(|&number| u16::from_le_bytes(number))
    }
}

impl<'g> Table<'g> {
    /// A table over its bytes; over damaged ones it finds nothing.
    pub(super) fn new(bytes: &'g [u8]) -> Self {
        let open = || {
            let (keys, rest) = bytes.split_first_chunk()?;
            let (_, rest) = rest.split_first_chunk::<4>()?;
            let blocks = (u32::from_le_bytes(*keys) as usize).div_ceil(BLOCK);
            let (blocks, body) = rest.split_at_checked(blocks * 4)?;
            let (blocks, _) = blocks.as_chunks();
            Some(Self { blocks, body })
        };
        open().unwrap_or_default()
    }

    /// What is stored for a key.
    pub(super) fn get(&self, key: &str) -> Hits<'g> {
        self.find(key.as_bytes()).unwrap_or_default()
    }

    fn find(&self, key: &[u8]) -> Option<Hits<'g>> {
        let first = |block: &[u8; 4]| Some(self.entry(u32::from_le_bytes(*block) as usize)?.0.rest);
        let block = self
            .blocks
            .partition_point(|block| first(block).is_some_and(|first| first <= key));
        let start = self.blocks.get(block.checked_sub(1)?)?;
        let end = self.blocks.get(block).copied().map(u32::from_le_bytes);
        let end = end.map_or(self.body.len(), |end| end as usize);
        let mut at = u32::from_le_bytes(*start) as usize;
        let mut current: Vec<u8> = Vec::with_capacity(64);
        while at < end {
            let (entry, next) = self.entry(at)?;
            current.truncate(entry.shared);
            current.extend_from_slice(entry.rest);
            if current.as_slice() >= key {
                return (current.as_slice() == key).then_some(entry.hits);
            }
            at = next;
        }
        None
    }

    /// The entry at a position in the body, and where the next one is.
    fn entry(&self, at: usize) -> Option<(Entry<'g>, usize)> {
        let bytes = self.body.get(at..)?;
        let (&[shared, length], rest) = bytes.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let (counts, rest) = rest.split_first()?;
        let (main, rest) = rest.split_at_checked(usize::from(counts >> 4) * 2)?;
        let (other, rest) = rest.split_at_checked(usize::from(counts & 15) * 2)?;
        let hits = Hits {
            main: main.as_chunks().0,
            other: other.as_chunks().0,
        };
        let shared = usize::from(shared);
        let entry = Entry {
            shared,
            rest: key,
            hits,
        };
        Some((entry, self.body.len() - rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_block_and_others_are_not() {
        let (mut blocks, mut body) = (Vec::new(), Vec::new());
        for n in 0..40_u8 {
            if usize::from(n).is_multiple_of(BLOCK) {
                blocks.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
                body.extend([0, 3, b'k', b'a' + n / 10, b'a' + n % 10]);
            } else {
                body.extend([1, 2, b'a' + n / 10, b'a' + n % 10]);
            }
            body.extend([0x11, n, 0, 100 + n, 0]);
        }
        let mut bytes = 40_u32.to_le_bytes().to_vec();
        bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        bytes.extend(blocks);
        bytes.extend(body);
        let table = Table::new(&bytes);
        for n in 0..40_u8 {
            let key = format!(
                "k{}{}",
                char::from(b'a' + n / 10),
                char::from(b'a' + n % 10)
            );
            let hits = table.get(&key);
            assert_eq!(hits.main().collect::<Vec<_>>(), [u16::from(n)], "{key}");
            assert_eq!(hits.other().collect::<Vec<_>>(), [u16::from(n) + 100]);
        }
        for key in ["", "k", "kaaa", "kak", "kzz", "a"] {
            assert_eq!(
                table.get(key).main().chain(table.get(key).other()).count(),
                0
            );
        }
        for cut in 0..bytes.len() {
            let _ = Table::new(&bytes[..cut]).get("kdj");
        }
    }
}
