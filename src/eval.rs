//! Scoring as `conlleval` does: how many names were found, whole and with the right label.
//!
//! | step | from | to |
//! |---|---|---|
//! | [`read`] | a column file | documents of sentences of tagged tokens |
//! | [`chunks`] | the tags of a sentence | names: token ranges with a label |
//! | [`Scores`] | gold and predicted names | counts; precision, recall and F1 in percent |
//! | [`TopicScores`] | a document's topics, predicted ones with scores | the same for topics |
//! | [`NameScores`] | mentions with their full names | how right names are |
//! | [`PlaceScores`] | links of places, gold ones | how many are right, how many wrong |
//! | [`ReliabilityTable`] | gold names, predicted ones with scores | how often a score is right |
//!
//! A name counts as correct when its start, its end and its label are all right. [`Reading`] says
//! how an `I-` without a `B-` before it is read.
//!
//! ```
//! use newshound::eval::{Layout, Rules, read, score};
//!
//! let file = "Mark B-PER B-PER\nRutte I-PER I-PER\nin O O\nKyiv B-LOC B-ORG\n";
//! let scores = score(&read(file, Layout::Scored)?, &Rules::default());
//! assert_eq!(scores.overall().f1(), 50.0);
//! assert_eq!(scores.labels()["PER"].recall(), 100.0);
//! # Ok::<(), newshound::eval::Error>(())
//! ```

mod chunks;
mod columns;
mod gold;
mod names;
mod perturb;
mod places;
mod relabel;
mod reliability;
mod scores;
mod topics;

pub use chunks::{Chunk, Reading, chunks};
pub use columns::{Document, Layout, Sentence, Token, read};
pub use gold::{Gold, gold};
pub use names::{Mention, NameScores};
pub use perturb::Case;
pub use places::{GoldPlaces, PlaceScores, from_gold};
pub use relabel::Relabel;
pub use reliability::{ReliabilityBin, ReliabilityTable};
pub use scores::{Count, Rules, Scores, score};
pub use topics::TopicScores;

pub use crate::model::Tag;

/// Why a column file or a map of labels cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line with too few columns.
    #[error("line {line}: found {found} column{} ({content:?}), need {wanted}, separated by tabs or blanks", if *found == 1 { "" } else { "s" })]
    Columns {
        /// Line number, from 1.
        line: usize,
        /// Columns there are.
        found: usize,
        /// Columns that are needed.
        wanted: &'static str,
        /// The first column, or how it starts.
        content: String,
    },
    /// A line with more or fewer columns than the first one.
    #[error(
        "line {line}: found {found} columns, line {first} has {expected}; give every line the same columns, separated by tabs where words hold blanks"
    )]
    Uneven {
        /// Line number, from 1.
        line: usize,
        /// Columns there are.
        found: usize,
        /// Line number of the first token.
        first: usize,
        /// Columns that line has.
        expected: usize,
    },
    /// Something else where a tag is wanted.
    #[error(
        "line {line}: {found:?} is not a tag; tags are O, or B- I- E- S- L- U- with a label, as in B-LOC, and stand last in the line"
    )]
    Tag {
        /// Line number, from 1.
        line: usize,
        /// What stands there, or how it starts.
        found: String,
    },
    /// A JSONL line that is not a text with gold spans.
    #[error("line {line}: {message}")]
    Gold {
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A pair that does not rename a label.
    #[error("{pair:?} {problem}; write FROM=TO, as in GPE=LOC, or FROM= to drop a label")]
    Relabel {
        /// The pair.
        pair: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}
