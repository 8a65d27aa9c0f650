//! Words to subwords, by the model's own tokenizer.

use std::borrow::Cow;
use std::ops::Range;

use ahash::AHashMap;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{PreTokenizerWrapper, Tokenizer};

use crate::capitals::{lowered, uninformative_until};
use crate::document::{Sentence, Word};
use crate::guard::guarded;
use crate::segment;
use crate::words::words;
use crate::{Error, Result};

/// A word of more characters than this becomes one unknown subword, as in BERT's
/// WordPiece. That bounds the time a pathological text takes.
const MAX_WORD_CHARS: usize = 100;

/// A word of more subwords than this becomes one unknown subword, so that a window
/// can always be cut between words.
const MAX_WORD_SUBWORDS: usize = 48;

/// About how many bytes of text the tokenizer gets at once.
const RUN_BYTES: usize = 4096;

/// A text that a tokenizer is tried on when it is loaded: letters, an accent, characters that it may
/// not know.
const TRIAL: &str = "NATO in Kyiv, café \u{1f980} \u{e000}";

/// A text split into sentences, words and subwords.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokenized {
    /// Sentences in order.
    pub sentences: Vec<Sentence>,
    /// Words in order.
    pub words: Vec<Word>,
    /// For every word its subwords, as a range of `ids`. Empty where the tokenizer
    /// drops the word (a lone control character, say).
    pub pieces: Vec<Range<usize>>,
    /// Subword ids of the whole text, without special tokens.
    pub ids: Vec<u32>,
}

impl Tokenized {
    /// The subwords of a sentence, as a range of `ids`.
    #[must_use]
    pub fn sentence_pieces(&self, sentence: &Sentence) -> Range<usize> {
        let of = self.pieces.get(sentence.words.clone()).unwrap_or_default();
        match (of.first(), of.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }
}

/// The model's tokenizer, without truncation and padding; windows add the special tokens.
#[derive(Debug, Clone)]
pub struct Subwords {
    tokenizer: Tokenizer,
    prefix: Vec<u32>,
    suffix: Vec<u32>,
    unknown: u32,
}

impl Subwords {
    /// Reads the bytes of a Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// A message that says what is wrong with the file.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let tokenizer = working(|| Tokenizer::from_bytes(json)).map_err(unusable)?;
        Self::new(tokenizer)
    }

    /// Builds BERT's WordPiece from the lines of a `vocab.txt`.
    ///
    /// # Errors
    /// A message that says which special token the vocabulary lacks.
    pub fn from_vocab(vocab: &str, lowercase: bool) -> Result<Self, String> {
        use tokenizers::normalizers::BertNormalizer;
        use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
        use tokenizers::processors::bert::BertProcessing;

        let entries: Vec<(String, u32)> = vocab
            .lines()
            .zip(0u32..)
            .map(|(token, id)| (token.to_owned(), id))
            .collect();
        let find = |token: &str| {
            entries
                .iter()
                .find(|(t, _)| t == token)
                .cloned()
                .ok_or_else(|| format!("the vocabulary has no {token} token"))
        };
        let (sep, cls) = (find("[SEP]")?, find("[CLS]")?);
        find("[UNK]")?;
        let model = WordPiece::builder()
            .vocab(entries.into_iter().collect::<AHashMap<_, _>>())
            .unk_token("[UNK]".into())
            .build()
            .map_err(|e| e.to_string())?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer
            .with_normalizer(Some(BertNormalizer::new(true, true, None, lowercase)))
            .with_pre_tokenizer(Some(BertPreTokenizer))
            .with_post_processor(Some(BertProcessing::new(sep, cls)));
        Self::new(tokenizer)
    }

    fn new(mut tokenizer: Tokenizer) -> Result<Self, String> {
        tokenizer
            .with_truncation(None)
            .map_err(|e| e.to_string())?
            .with_padding(None);
        // Byte-level BPE writes a word's leading space into its subwords. Words are
        // encoded as in running text, the first of a run included.
        if let Some(PreTokenizerWrapper::ByteLevel(level)) = tokenizer.get_pre_tokenizer() {
            let level = ByteLevel::new(true, level.trim_offsets, level.use_regex);
            tokenizer.with_pre_tokenizer(Some(level));
        }
        let special = working(|| tokenizer.encode("", true)).map_err(unusable)?;
        let special = special.get_ids().to_vec();
        // Some damage shows as a panic when text is encoded. An error is no damage: the tokenizer may
        // refuse this text alone.
        guarded(|| drop(tokenizer.encode(TRIAL, false))).map_err(unusable)?;
        let (prefix, suffix) = match special.as_slice() {
            [] => (vec![], vec![]),
            [first] => (vec![*first], vec![]),
            [first, rest @ ..] => (vec![*first], rest.to_vec()),
        };
        let unknown = ["[UNK]", "<unk>", "<|endoftext|>"]
            .iter()
            .find_map(|token| tokenizer.token_to_id(token))
            .ok_or("the tokenizer has no unknown token ([UNK] or <unk>)")?;
        Ok(Self {
            tokenizer,
            prefix,
            suffix,
            unknown,
        })
    }

    /// Special tokens before the first subword of a window.
    #[must_use]
    pub fn prefix(&self) -> &[u32] {
        &self.prefix
    }

    /// Special tokens after the last subword of a window.
    #[must_use]
    pub fn suffix(&self) -> &[u32] {
        &self.suffix
    }

    /// One more than the largest subword id.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        let vocabulary = self.tokenizer.get_vocab(true);
        vocabulary.values().max().map_or(0, |&id| id as usize + 1)
    }

    /// Splits a text into sentences, words and subwords. A sentence, dateline or speaker in capitals
    /// gets the subwords of its headline case; words and offsets stay those of the text.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the tokenizer refuses the text.
    pub fn tokenize(&self, text: &str) -> Result<Tokenized> {
        self.tokenize_sentences(text, segment::sentences(text))
    }

    /// Splits a text whose sentences are known.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the tokenizer refuses the text.
    pub fn tokenize_sentences(
        &self,
        text: &str,
        sentences: impl IntoIterator<Item = segment::Sentence>,
    ) -> Result<Tokenized> {
        let mut out = Tokenized::default();
        for sentence in sentences {
            let from = out.words.len();
            let found = words(text, sentence.start, sentence.end);
            let lower_until = uninformative_until(text, &found);
            for run in runs(text, &found) {
                self.encode(text, run, lower_until, &mut out)?;
            }
            out.sentences.push(Sentence {
                start: sentence.start,
                end: sentence.end,
                words: from..out.words.len(),
                starts_paragraph: sentence.starts_paragraph,
            });
        }
        Ok(out)
    }

    /// Appends a run of words and their subwords. Where one subword covers several
    /// words (`U.S.` in a sentencepiece vocabulary) they become one word.
    /// The tokenizer gets the text before byte `lower_until` in headline case.
    fn encode(
        &self,
        text: &str,
        run: &[Word],
        lower_until: usize,
        out: &mut Tokenized,
    ) -> Result<()> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        if run.len() == 1 && too_long(text, first) {
            out.pieces.push(out.ids.len()..out.ids.len() + 1);
            out.ids.push(self.unknown);
            out.words.push(*first);
            return Ok(());
        }
        let border = lower_until.clamp(first.start, last.end);
        let part = |from, to| text.get(from..to).unwrap_or_default();
        let part = if border > first.start {
            Cow::Owned(lowered(part(first.start, border)) + part(border, last.end))
        } else {
            Cow::Borrowed(part(first.start, last.end))
        };
        let encoding = working(|| self.tokenizer.encode(part, false)).map_err(Error::Tokenizer)?;
        let mut subwords = encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .map(|(&id, &(a, b))| (id, first.start + a, first.start + b))
            .peekable();
        let mut rest = run.iter().peekable();
        while let Some(&word) = rest.next() {
            let mut word = word;
            let from = out.ids.len();
            while let Some((id, _, to)) = subwords.next_if(|&(_, at, _)| at < word.end) {
                out.ids.push(id);
                while let Some(covered) = rest.next_if(|next| next.start < to) {
                    word.end = covered.end;
                }
            }
            if out.ids.len() - from > MAX_WORD_SUBWORDS {
                out.ids.truncate(from);
                out.ids.push(self.unknown);
            }
            out.pieces.push(from..out.ids.len());
            out.words.push(word);
        }
        Ok(())
    }
}

/// Calls the tokenizer library, which may panic where the files are damaged.
fn working<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    guarded(call).and_then(|done| done.map_err(|e| e.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn unusable(reason: String) -> String {
    format!("holds no tokenizer that works ({reason}); fetch the model's files again")
}

fn too_long(text: &str, word: &Word) -> bool {
    word.end - word.start > MAX_WORD_CHARS
        && word.surface(text).chars().nth(MAX_WORD_CHARS).is_some()
}

/// Cuts words into runs for the tokenizer: a word that is too long is a run by itself; others go together
/// up to about [`RUN_BYTES`], cut at white space unless there is none.
fn runs<'w>(text: &str, words: &'w [Word]) -> Vec<&'w [Word]> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, word) in words.iter().enumerate() {
        let Some(first) = words.get(from) else { break };
        let spaced = at > 0 && words.get(at - 1).is_some_and(|w| w.end < word.start);
        let size = word.end - first.start;
        let long = too_long(text, word);
        if at > from && (long || (spaced && size > RUN_BYTES) || size > 2 * RUN_BYTES) {
            found.extend(words.get(from..at));
            from = at;
        }
        if long {
            found.extend(words.get(at..=at));
            from = at + 1;
        }
    }
    found.extend(words.get(from..).filter(|rest| !rest.is_empty()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::subwords;
    use proptest::prelude::*;

    fn pieces_of<'t>(text: &'t str, done: &'t Tokenized) -> Vec<(&'t str, usize)> {
        done.words
            .iter()
            .zip(&done.pieces)
            .map(|(w, p)| (&text[w.start..w.end], p.len()))
            .collect()
    }

    #[test]
    fn a_word_has_its_own_subwords() {
        let text = "Kyiv-based UNHCR";
        let done = subwords().tokenize(text).unwrap();
        assert_eq!(
            pieces_of(text, &done),
            [("Kyiv", 2), ("-", 1), ("based", 1), ("UNHCR", 1)]
        );
    }

    #[test]
    fn a_word_of_300000_characters_is_one_unknown_subword() {
        let text = format!("Kyiv {} based", "x".repeat(300_000));
        let done = subwords().tokenize(&text).unwrap();
        assert_eq!(done.words.len(), 3);
        assert_eq!(done.ids.len(), 4);
        assert_eq!(done.pieces[1], 2..3);
    }

    #[test]
    fn a_word_the_tokenizer_drops_keeps_its_place() {
        let text = "Kyiv \u{1} based";
        let done = subwords().tokenize(text).unwrap();
        assert_eq!(
            pieces_of(text, &done),
            [("Kyiv", 2), ("\u{1}", 0), ("based", 1)]
        );
    }

    #[test]
    fn long_lines_without_spaces_are_read_to_the_end() {
        let text = "Kyiv,".repeat(5000);
        let done = subwords().tokenize(&text).unwrap();
        assert_eq!(done.words.len(), 10_000);
        assert_eq!(done.ids.len(), 15_000);
    }

    proptest! {
        #[test]
        fn subwords_stand_in_the_order_of_their_words(text in any::<String>()) {
            let done = subwords().tokenize(&text).unwrap();
            prop_assert_eq!(done.words.len(), done.pieces.len());
            let mut at = 0;
            for p in &done.pieces {
                prop_assert_eq!(p.start, at);
                at = p.end;
            }
            prop_assert_eq!(at, done.ids.len());
        }
    }
}
