//! A piece of text around a mention.

use super::read::Range;

/// Bytes before the mention and behind it.
const BEFORE: usize = 90;
const AFTER: usize = 150;

/// The text around the first mention of a name, within its paragraph and at whole words.
/// Every second piece, from the second on, is a mention.
pub(super) fn snippet(text: &str, ranges: &[Range], name: usize) -> Option<Vec<String>> {
    let of_name = || ranges.iter().filter(|range| range.name == name);
    let first = of_name().next()?;
    let from = start(text, first.start);
    let to = end(text, first.end);
    let mut pieces = Vec::new();
    let mut at = from;
    for range in of_name().filter(|range| range.end <= to) {
        pieces.push(blanks(text.get(at..range.start)?));
        pieces.push(blanks(text.get(range.start..range.end)?).trim().to_owned());
        at = range.end;
    }
    pieces.push(blanks(text.get(at..to)?));
    let cut = |at: usize, side: Option<&str>| side.is_some_and(|s| !s.trim().is_empty()) && at > 0;
    if let Some(head) = pieces.first_mut() {
        *head = head.trim_start().to_owned();
        if cut(from, before(text, from)) {
            head.insert_str(0, "… ");
        }
    }
    if let Some(tail) = pieces.last_mut() {
        tail.truncate(tail.trim_end().len());
        if cut(to, behind(text, to)) {
            tail.push_str(" …");
        }
    }
    Some(pieces)
}

/// The rest of the line before `at`.
fn before(text: &str, at: usize) -> Option<&str> {
    text.get(..at)?.rsplit('\n').next()
}

fn behind(text: &str, at: usize) -> Option<&str> {
    text.get(at..)?.split('\n').next()
}

fn start(text: &str, mention: usize) -> usize {
    let head = text.get(..mention).unwrap_or_default();
    let breaks = ["\n\n", "\n\r\n"].map(|mark| head.rfind(mark).map(|at| at + mark.len()));
    let paragraph = breaks.into_iter().flatten().max().unwrap_or_default();
    let wanted = mention.saturating_sub(BEFORE);
    if wanted <= paragraph {
        return paragraph;
    }
    let wanted = text.floor_char_boundary(wanted);
    let rest = text.get(wanted..mention).unwrap_or_default();
    let word = rest.find(char::is_whitespace);
    word.map_or(mention, |word| wanted + word)
}

fn end(text: &str, mention: usize) -> usize {
    let rest = text.get(mention..).unwrap_or_default();
    let breaks = ["\n\n", "\n\r\n"].map(|mark| rest.find(mark));
    let paragraph = breaks.into_iter().flatten().min().unwrap_or(rest.len());
    if paragraph <= AFTER {
        return mention + paragraph;
    }
    let wanted = text.floor_char_boundary(mention + AFTER);
    let rest = text.get(mention..wanted).unwrap_or_default();
    let word = rest.rfind(char::is_whitespace);
    word.map_or(mention, |word| mention + word)
}

/// White space as single blanks.
fn blanks(text: &str) -> String {
    let mut blanks = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_whitespace() {
            true if blanks.ends_with(' ') => {}
            true => blanks.push(' '),
            false => blanks.push(c),
        }
    }
    blanks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, surfaces: &[&str]) -> Option<Vec<String>> {
        let ranges = surfaces.iter().filter_map(|surface| {
            let start = text.find(surface)?;
            let end = start + surface.len();
            Some(Range {
                start,
                end,
                name: 0,
            })
        });
        snippet(text, &ranges.collect::<Vec<_>>(), 0)
    }

    #[test]
    fn a_snippet_stays_in_its_paragraph_and_marks_each_mention() {
        let text = "Headline\n\nMark\nRutte met  Zelenskyy. Then Rutte's train left.\r\n\r\nMore";
        let found = of(text, &["Mark\nRutte", "Rutte's"]).unwrap();
        assert_eq!(
            found,
            [
                "",
                "Mark Rutte",
                " met Zelenskyy. Then ",
                "Rutte's",
                " train left."
            ]
        );
        assert_eq!(of("no mention", &[]), None);
    }

    #[test]
    fn long_text_is_cut_at_words() {
        let text = format!("{}Kyiv{}", "élan ".repeat(50), " größer".repeat(50));
        let found = of(&text, &["Kyiv"]).unwrap();
        assert!(
            found[0].starts_with("… élan ") && found[0].len() < 100,
            "{found:?}"
        );
        assert!(
            found[2].ends_with("größer …") && found[2].len() < 170,
            "{found:?}"
        );
        let text = format!("{}Kyiv{}", "é".repeat(200), "é".repeat(200));
        assert_eq!(of(&text, &["Kyiv"]).unwrap(), ["… ", "Kyiv", " …"]);
    }

    proptest! {
        #[test]
        fn any_text_has_a_snippet_around_its_mention(
            before in "(\\PC|[ \n\r]){0,150}",
            mention in "\\PC{1,20}",
            after in "(\\PC|[ \n\r]){0,250}",
        ) {
            let text = format!("{before}{mention}{after}");
            let range = Range { start: before.len(), end: before.len() + mention.len(), name: 3 };
            let found = snippet(&text, &[range], 3).unwrap();
            prop_assert_eq!(found.len(), 3);
            let marked = blanks(&mention);
            prop_assert_eq!(&found[1], marked.trim());
        }
    }
}
