//! newshound tags people, organisations, places and topics in news text.
//!
//! A text goes through these stages in order:
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`reader`] | bytes | texts with ids |
//! | [`segment`] | text | paragraphs and sentences |
//! | [`words`], `capitals`, [`tokenize`] | sentence | words, and their subwords with byte offsets; text in capitals as headline case |
//! | [`window`] | subwords | windows that fit the model, in packs |
//! | [`model`], [`backend`] | packs | logits and hidden states |
//! | [`decode`] | logits | spans with scores |
//! | `joint` | spans | spans, names that were tagged as two as one |
//! | [`dateline`] | spans | spans, those that open a dateline as places |
//! | [`nationality`] | spans | spans, codes of countries behind athletes as places |
//! | [`agree`] | spans | spans, those of the same surface with one label |
//! | [`lists`] | spans | spans, replaced where a list of your own has a name |
//! | [`names`] | spans | names: the spans of one person, organisation or place |
//! | [`place`] | names | names, places with their entry in GeoNames |
//! | [`topic`] | hidden states | topics with scores |
//! | [`writer`] | [`Document`] | JSONL, Parquet, CoNLL, TSV, a view for people and others |
//!
//! [`corpus`] runs all of them over many documents, [`results`] reads what it wrote, and [`report`]
//! makes a page of it; [`Tagger`] runs those in the middle.
//!
//! # One text
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
//! # Many texts
//!
//! A batch is faster than single texts and has the same results. A few hundred kilobytes at once are
//! enough.
//!
//! ```
//! # let tagger = newshound::Tagger::builder().build()?;
//! let texts = ["NATO ministers met.", "Shares in Siemens fell."];
//! let documents = tagger.tag_batch(&texts)?;
//! let first = |n: usize| documents[n].surface(&documents[n].spans[0]);
//! assert_eq!((first(0), first(1)), ("NATO", "Siemens"));
//! # Ok::<(), newshound::Error>(())
//! ```
//!
//! # Names and places
//!
//! ```
//! # let tagger = newshound::Tagger::builder().build()?;
//! let document = tagger.tag("Mark Rutte flew to Kyiv. Rutte returned on Tuesday.")?;
//! let names = &document.names;
//! assert_eq!((&*names[0].name, names[0].mentions), ("Mark Rutte", 2));
//! let place = names[1].place.as_ref().ok_or("Kyiv is known")?;
//! assert_eq!((place.geonames, &*place.country), (703448, "UA"));
//! // And from a span to its name.
//! let last = document.spans.last().and_then(|span| document.name(span));
//! assert_eq!(last, Some(&names[0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Topics
//!
//! ```
//! use newshound::topic::Selection;
//!
//! let best = Selection {
//!     most: Some(1),
//!     ..Selection::default()
//! };
//! let tagger = newshound::Tagger::builder().topics(best).build()?;
//! let document = tagger.tag("The striker scored twice as Arsenal won the cup final.")?;
//! assert_eq!(&*document.topics[0].label, "sport");
//! # Ok::<(), newshound::Error>(())
//! ```
//!
//! # JSONL
//!
//! [`writer`] has other formats too. A [`Document`] can also be serialised by itself.
//!
//! ```
//! use newshound::writer::{Jsonl, Record, Writer};
//! use newshound::{OffsetUnit, Tagger, reader::Metadata};
//!
//! let tagger = Tagger::builder().build()?;
//! let mut out = Vec::new();
//! let mut jsonl = Jsonl::new(OffsetUnit::Utf16);
//! let record = Record {
//!     id: "story-7",
//!     document: &tagger.tag("NATO ministers met.")?,
//!     metadata: &Metadata::new(),
//!     with_text: false,
//! };
//! jsonl.document(&mut out, &record)?;
//! assert!(out.starts_with(b"{\"id\":\"story-7\",\"offset_unit\":\"utf16\",\"entities\":[{"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Offsets are byte offsets into the text as it was given; [`OffsetUnit`] converts
//! them for readers that count code points or UTF-16 units.
//!
//! # Features
//!
//! All but the last are on by default; without `cli` newshound is only a library.
//!
//! | feature | what |
//! |---|---|
//! | `cli` | the program |
//! | `embedded-model` | both models inside; without it [`TaggerBuilder::source`] names a directory |
//! | `parquet` | Parquet is read and written |
//! | `zstd` | zstd is read and written; needs a C compiler |
//! | `rust-bert` | a second backend, on libtorch |

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
mod fields;
mod guard;
mod joint;
mod letters;
pub mod lists;
pub mod model;
pub mod names;
pub mod nationality;
mod offsets;
pub mod place;
pub mod reader;
pub mod report;
pub mod results;
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

/// The crate of the arrays in this API.
pub use ndarray;
/// The encoder, whose settings and errors are part of this API.
pub use newshound_encoder as encoder;

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
