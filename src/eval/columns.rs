//! Column files: one token a line, its tag in the last column.

use super::{Error, Tag};
use crate::reader::is_comment;

/// Which columns hold tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A word in the first column, its gold tag in the last.
    Gold,
    /// A word in the first column, gold and predicted tags in the last two, as
    /// `conlleval` reads them.
    Scored,
}

/// A run of sentences that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document<'a> {
    /// Sentences in file order, none of them empty.
    pub sentences: Vec<Sentence<'a>>,
}

/// A run of tokens between blank lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence<'a> {
    /// Tokens in file order.
    pub tokens: Vec<Token<'a>>,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The word as written; empty where nothing stands before the first tab.
    pub text: &'a str,
    /// The tag to be found.
    pub gold: Tag<'a>,
    /// The tag a system gave, in a [`Layout::Scored`] file.
    pub predicted: Option<Tag<'a>>,
    /// Line number in the file, from 1.
    pub line: usize,
}

/// Reads a column file.
///
/// - Columns are separated by tabs where the line has one (words may then hold blanks, but
///   not begin or end with one), otherwise by runs of blanks. Every line has as many
///   columns as the first.
/// - A line without anything but white space ends a sentence. So does a line whose first
///   column is `-DOCSTART-`, which also starts a document. Documents without a token are
///   left out, and such lines are not counted as tokens (`conlleval` counts them).
/// - Comments as in CoNLL-U (`# text = ..`, `# newdoc`) may stand before a sentence: lines
///   without a tab that start with `# ` and whose last column is no tag, or that have a
///   `=` after `#` and a key. `# newdoc` starts a document. Any other line that starts
///   with `#` is a token.
/// - `\r\n` ends a line as `\n` does.
///
/// # Errors
/// [`Error::Columns`], [`Error::Uneven`] or [`Error::Tag`] for the first line that is none
/// of these.
pub fn read(text: &str, layout: Layout) -> Result<Vec<Document<'_>>, Error> {
    let mut reader = Reader {
        layout,
        first: None,
        documents: vec![Document::default()],
        sentence: Sentence::default(),
    };
    for (at, line) in text.split('\n').enumerate() {
        reader.line(at + 1, line.trim_end_matches([' ', '\t', '\r']))?;
    }
    reader.end_sentence();
    let mut documents = reader.documents;
    documents.retain(|d| !d.sentences.is_empty());
    Ok(documents)
}

struct Reader<'a> {
    layout: Layout,
    /// Line number and number of columns of the first token.
    first: Option<(usize, usize)>,
    documents: Vec<Document<'a>>,
    sentence: Sentence<'a>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: usize, content: &'a str) -> Result<(), Error> {
        let columns: Vec<&'a str> = if content.contains('\t') {
            content.split('\t').map(|c| c.trim_matches(' ')).collect()
        } else {
            content.split(' ').filter(|c| !c.is_empty()).collect()
        };
        match columns.first() {
            None => self.end_sentence(),
            Some(&"-DOCSTART-") => {
                self.end_sentence();
                self.documents.push(Document::default());
            }
            Some(_) if self.sentence.tokens.is_empty() && is_comment(content) => {
                if columns.get(1) == Some(&"newdoc") {
                    self.documents.push(Document::default());
                }
            }
            Some(text) => {
                let token = self.token(line, text, &columns)?;
                self.sentence.tokens.push(token);
            }
        }
        Ok(())
    }

    fn token(
        &mut self,
        line: usize,
        text: &'a str,
        columns: &[&'a str],
    ) -> Result<Token<'a>, Error> {
        let found = columns.len();
        let tag = |column: &&'a str| {
            Tag::parse(column).ok_or_else(|| Error::Tag {
                line,
                found: clipped(column),
            })
        };
        let (gold, predicted) = match (self.layout, columns) {
            (Layout::Gold, [_, .., gold]) => (gold, None),
            (Layout::Scored, [_, .., gold, predicted]) => (gold, Some(predicted)),
            (layout, _) => {
                return Err(Error::Columns {
                    line,
                    found,
                    wanted: match layout {
                        Layout::Gold => "a word and its tag",
                        Layout::Scored => "a word, its gold tag and its predicted tag",
                    },
                    content: clipped(text),
                });
            }
        };
        let (first, expected) = *self.first.get_or_insert((line, found));
        if found != expected {
            return Err(Error::Uneven {
                line,
                found,
                first,
                expected,
            });
        }
        Ok(Token {
            text,
            gold: tag(gold)?,
            predicted: predicted.map(tag).transpose()?,
            line,
        })
    }

    fn end_sentence(&mut self) {
        let sentence = std::mem::take(&mut self.sentence);
        if let Some(document) = self
            .documents
            .last_mut()
            .filter(|_| !sentence.tokens.is_empty())
        {
            document.sentences.push(sentence);
        }
    }
}

/// Enough of a column to find it again, however long it is.
fn clipped(column: &str) -> String {
    match column.char_indices().nth(40) {
        None => column.to_owned(),
        Some((at, _)) => format!("{}...", column.get(..at).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Input;

    /// Documents of sentences of `word/tag`, the predicted tag behind a second slash.
    fn outline(text: &str, layout: Layout) -> Vec<Vec<String>> {
        let token = |t: &Token<'_>| match t.predicted {
            None => format!("{}/{}", t.text, t.gold),
            Some(predicted) => format!("{}/{}/{predicted}", t.text, t.gold),
        };
        let sentence = |s: &Sentence<'_>| s.tokens.iter().map(token).collect::<Vec<_>>().join(" ");
        let documents = read(text, layout).unwrap();
        documents
            .iter()
            .map(|d| d.sentences.iter().map(sentence).collect())
            .collect()
    }

    fn error(text: &str, layout: Layout) -> String {
        read(text, layout).unwrap_err().to_string()
    }

    #[test]
    fn marks_of_documents_comments_and_odd_line_ends_are_read_past() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/eval/layout.txt"
        );
        let text = &Input::File(file.into()).text().unwrap();
        assert!(text.contains("\r\n"));
        assert_eq!(
            outline(text, Layout::Gold),
            [
                vec!["#/O sign/O New York/B-LOC"],
                vec!["Åre/B-creative-work \u{a0}/I-creative-work"],
                vec!["end/O"]
            ]
        );
        let lines: Vec<usize> = read(text, Layout::Gold).unwrap()[1].sentences[0]
            .tokens
            .iter()
            .map(|t| t.line)
            .collect();
        assert_eq!(lines, [12, 13]);
    }

    #[test]
    fn a_hash_sign_is_a_token_wherever_it_has_a_tag() {
        assert_eq!(
            outline("# O\n1 O\n# B-LOC\n", Layout::Gold),
            [["#/O 1/O #/B-LOC"]]
        );
        assert_eq!(outline("#\tNN\tO\n", Layout::Gold), [["#/O"]]);
        assert_eq!(outline("#tag O\n", Layout::Gold), [["#tag/O"]]);
        assert_eq!(
            outline("# text = plan O\n# newdoc id = O\n# O\n", Layout::Gold),
            [["#/O"]]
        );
    }

    #[test]
    fn a_comment_inside_a_sentence_is_an_error() {
        assert!(error("a O\n# note\n", Layout::Gold).starts_with("line 2: \"note\" is not a tag"));
    }

    #[test]
    fn scored_files_have_two_tags_and_columns_between_are_passed_over() {
        assert_eq!(
            outline("Oslo NNP B-NP B-LOC O\n. . O O O", Layout::Scored),
            [["Oslo/B-LOC/O ./O/O"]]
        );
    }

    #[test]
    fn empty_files_have_no_documents() {
        for text in [
            "",
            "\n",
            "\r\n \t\r\n",
            "-DOCSTART-\n\n-DOCSTART- O\n",
            "# newdoc\n",
        ] {
            assert_eq!(read(text, Layout::Gold).unwrap(), [], "{text:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_with_the_way_out() {
        assert_eq!(
            error("a O\n\nOslo\n", Layout::Gold),
            "line 3: found 1 column (\"Oslo\"), need a word and its tag, separated by tabs or blanks"
        );
        assert_eq!(
            error("a O\n", Layout::Scored),
            "line 1: found 2 columns (\"a\"), need a word, its gold tag and its predicted tag, \
             separated by tabs or blanks"
        );
        assert_eq!(
            error("a O\nOslo\tLOC\n", Layout::Gold),
            "line 2: \"LOC\" is not a tag; tags are O, or B- I- E- S- L- U- with a label, as in \
             B-LOC, and stand last in the line"
        );
        assert_eq!(
            error("a O\nNew York B-LOC\n", Layout::Gold),
            "line 2: found 3 columns, line 1 has 2; give every line the same columns, separated \
             by tabs where words hold blanks"
        );
        assert!(error("a\t\n", Layout::Gold).starts_with("line 1: found 1 column"));
        assert!(error("a\tNN\tO\tB-\n", Layout::Scored).starts_with("line 1: \"B-\" is not a tag"));
        assert!(error("a\tNN\tx\tO\n", Layout::Scored).starts_with("line 1: \"x\" is not a tag"));
    }

    #[test]
    fn a_very_long_column_is_clipped_in_the_message() {
        let message = error(&format!("a {}\n", "é".repeat(300_000)), Layout::Gold);
        assert!(
            message.contains("é...\" is not a tag") && message.len() < 300,
            "{message}"
        );
    }
}
