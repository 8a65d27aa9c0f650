//! Short forms that the text itself explains: `Federal Security Service (FSB)`.

use super::acronym::{abbreviates, initials};
use super::form::Form;
use super::links::Links;
use crate::Span;

/// Joins names that stand beside each other, the second in brackets, where one abbreviates
/// the other, or is the other in another script.
pub(super) fn link(text: &str, spans: &[Span], forms: &[Form], form_of: &[usize], links: &mut Links) {
    for (at, pair) in spans.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let between = text.get(first.end..second.start).unwrap_or_default();
        let after = text.get(second.end..).unwrap_or_default();
        let opens = matches!(between.trim(), "(" | "[" | "(\"" | "(“" | "(the" | "(the \"");
        if !opens || !after.trim_start_matches(['"', '”']).starts_with([')', ']', ';', ',']) {
            continue;
        }
        let (Some(&a), Some(&b)) = (form_of.get(at), form_of.get(at + 1)) else {
            continue;
        };
        let same_label = forms[a].label == forms[b].label;
        let stated = explains(&forms[a], &forms[b]) || explains(&forms[b], &forms[a]);
        let translated = forms[a].words.iter().chain(&forms[b].words).next().is_some()
            && latin(&forms[a]) != latin(&forms[b]);
        if same_label && (stated || translated) {
            links.join(a, b);
        }
    }
}

fn explains(short: &Form, long: &Form) -> bool {
    let mut letters: Vec<char> = short.acronym.chars().collect();
    let found = long.words.len() > 1 && abbreviates(&letters, &long.words);
    let [_, content] = initials(&long.words);
    let mut content: Vec<char> = content.chars().collect();
    letters.sort_unstable();
    content.sort_unstable();
    !letters.is_empty() && (found || letters == content)
}

/// Whether a name is in the Latin script.
fn latin(form: &Form) -> bool {
    form.words.iter().all(|word| word.chars().all(|c| c.is_ascii() || c < '\u{250}'))
}
