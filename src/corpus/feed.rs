//! Inputs to numbered documents, from the place where an earlier run stopped.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::State;
use super::{Error, Shard};
use crate::digest::hex;
use crate::reader::{Documents, Input, Reader, Source, Walk};

/// A place between two documents of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Inputs before the one that is being read.
    pub(super) input: u64,
    /// Documents of that input before this place.
    pub(super) document: u64,
    /// Documents of the whole corpus before this place.
    pub(super) ordinal: u64,
    /// Digest over the documents of the input before this place.
    pub(super) digest: String,
}

/// A document and its place.
#[derive(Debug)]
pub(super) struct Numbered {
    /// Number in the whole corpus, from 0.
    pub(super) ordinal: u64,
    /// The place after it.
    pub(super) after: Position,
    /// Name of its input.
    pub(super) input: String,
    pub(super) source: Source,
}

/// The documents of a corpus from a position on, or an error where those before it have changed.
pub(super) struct Feed<'w> {
    inputs: Box<dyn Iterator<Item = crate::Result<Input>> + Send + 'w>,
    reader: &'w Reader,
    shard: Option<Shard>,
    open: Option<Open>,
    position: Position,
    digest: [u8; 32],
    /// The position to skip to before the first document is given out.
    target: Option<Position>,
}

/// The input being read.
struct Open {
    input: Input,
    state: State,
    documents: Documents,
}

impl<'w> Feed<'w> {
    pub(super) fn new(
        walk: &'w Walk,
        reader: &'w Reader,
        shard: Option<Shard>,
        from: Position,
    ) -> Self {
        let mut feed = Self {
            inputs: Box::new(walk.inputs()),
            reader,
            shard,
            open: None,
            position: Position::default(),
            digest: [0; 32],
            target: None,
        };
        // Inputs that are done need not be read again.
        while feed.position.input < from.input {
            match feed.inputs.next() {
                Some(Ok(input)) => reader.meter.skip(State::of(&input).size),
                Some(Err(_)) => {}
                None => break,
            }
            feed.position.input += 1;
        }
        feed.position.ordinal = from.ordinal - from.document.min(from.ordinal);
        feed.target = (from.document > 0).then_some(from);
        feed
    }

    /// The next document, of any shard.
    fn advance(&mut self) -> Option<Numbered> {
        loop {
            if self.open.is_none() {
                match self.inputs.next()? {
                    Err(error) => {
                        let source = Source::unlisted(error);
                        let numbered = self.number(String::new(), source);
                        self.next_input();
                        return Some(numbered);
                    }
                    Ok(input) => {
                        self.open = Some(Open {
                            state: State::of(&input),
                            documents: self.reader.documents(&input),
                            input,
                        });
                    }
                }
            }
            let open = self.open.as_mut()?;
            let name = open.input.name();
            if let Some(source) = open.documents.next() {
                return Some(self.number(name, source));
            }
            let changed = open.state != State::of(&open.input);
            self.open = None;
            let last = changed.then(|| {
                let error = crate::Error::Changed;
                self.number(name.clone(), Source::failed(name, error))
            });
            self.next_input();
            if last.is_some() {
                return last;
            }
        }
    }

    fn next_input(&mut self) {
        self.position.input += 1;
        self.position.document = 0;
        self.digest = [0; 32];
    }

    fn number(&mut self, input: String, source: Source) -> Numbered {
        let text = match &source.text {
            Ok(text) => text.as_str(),
            Err(error) => error.kind(),
        };
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update((source.id.len() as u64).to_le_bytes());
        hash.update(&source.id);
        hash.update(text);
        self.digest = hash.finalize().into();
        let ordinal = self.position.ordinal;
        self.position.ordinal += 1;
        self.position.document += 1;
        Numbered {
            ordinal,
            after: Position {
                digest: hex(&self.digest),
                ..self.position.clone()
            },
            input,
            source,
        }
    }

    /// Skips the documents before the target and checks that they are those of the earlier run.
    fn skip(&mut self, target: &Position) -> Result<(), Error> {
        let mut skipped = 0;
        while skipped < target.document {
            let numbered = self.advance();
            skipped += 1;
            let last = skipped == target.document;
            let same = |after: Position| !last || after == *target;
            if !numbered.is_some_and(|numbered| same(numbered.after)) {
                return Err(Error::Differs);
            }
        }
        Ok(())
    }
}

impl Iterator for Feed<'_> {
    type Item = Result<Numbered, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(target) = self.target.take()
            && let Err(error) = self.skip(&target)
        {
            return Some(Err(error));
        }
        loop {
            let numbered = self.advance()?;
            if self
                .shard
                .is_none_or(|shard| shard.holds(&numbered.source.id))
            {
                return Some(Ok(numbered));
            }
        }
    }
}
