//! newshound reads news text and tags who, what organisation and where.
//!
//! A text goes through the stages below, in this order and never back:
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`reader`] | bytes | texts with ids |
//! | [`segment`] | text | paragraphs and sentences |
//! | [`words`], [`tokenize`] | sentence | words and subwords with byte offsets |
//! | [`window`] | subwords | windows the model can hold, in packs |
//! | [`model`], [`backend`] | packs | logits and hidden states |
//! | [`decode`] | logits | spans with scores |
//! | [`dateline`] | spans | spans, places of datelines as places |
//! | [`agree`] | spans | spans, mentions of a name with one label |
//! | [`lists`] | spans | spans, names of lists of your own in their place |
//! | [`names`] | spans | names: spans that mean one person, organisation or place |
//! | [`place`] | names | names, those of places with their entry in GeoNames |
//! | [`topic`] | hidden states | topics with scores |
//! | [`writer`] | [`Document`] | JSONL, Parquet, CoNLL, TSV, a view for people and others |
//!
//! [`corpus`] runs all of them over many documents, and [`report`] makes a page of what it
//! wrote; [`Tagger`] runs those in the middle:
//!
//! ```
//! use newshound::Tagger;
//!
//! let tagger = Tagger::builder().build()?;
//! let document = tagger.tag("The European Commission met in Brussels.")?;
//! for span in &document.spans {
//!     println!("{} {} {:.2}", document.surface(span), span.label, span.score);
//! }
//! assert_eq!(document.surface(&document.spans[0]), "European Commission");
//! # Ok::<(), newshound::Error>(())
//! ```
//!
//! Offsets are byte offsets into the text as it was given; [`OffsetUnit`] converts
//! them for readers that count code points or UTF-16 units.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod agree;
pub mod backend;
mod capitals;
pub mod corpus;
pub mod dateline;
pub mod decode;
mod digest;
mod document;
mod error;
pub mod eval;
#[cfg(test)]
mod fake;
mod guard;
mod joint;
mod letters;
pub mod lists;
pub mod model;
pub mod names;
mod offsets;
pub mod place;
pub mod reader;
pub mod report;
pub mod segment;
mod spaces;
mod tagger;
pub mod tokenize;
mod tokens;
pub mod topic;
mod whole;
pub mod window;
pub mod words;
pub mod writer;

pub use document::{Document, Sentence, Span, Stats, Word};
pub use error::{Error, Result};
pub use guard::is_guarded;
pub use model::Model;
pub use names::{Name, Place};
pub use newshound_encoder::{Isa, Precision};
pub use offsets::{OffsetCursor, OffsetUnit};
pub use tagger::{Tagger, TaggerBuilder};
pub use tokens::{Text, TokenSpan, Tokens};
pub use topic::Topic;
