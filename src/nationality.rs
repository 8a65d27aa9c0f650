//! Countries behind athletes: `Hubert Kos (HUN) 1:55.34`.

use std::sync::Arc;

use crate::document::{Span, is_person};
use crate::place;

/// Gives codes of countries in brackets right behind a person the label of places, if it is among `labels`.
pub fn places(text: &str, spans: &mut [Span], labels: &[Arc<str>]) {
    let Some(label) = place::label_in(labels) else {
        return;
    };
    let mut person = None;
    for span in spans {
        if is_person(&span.label) {
            person = Some(span.end);
        } else if person.is_some_and(|end| is_nationality(text, end, span)) {
            span.label = Arc::clone(label);
        }
    }
}

/// Whether a span is a code of a country that opens a bracket behind byte `person`.
fn is_nationality(text: &str, person: usize, span: &Span) -> bool {
    let before = text.get(person..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    before.trim() == "("
        && after.starts_with([')', ',', '/', ' '])
        && place::is_code(span.surface(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_brackets_behind_a_person_is_a_country() {
        for (text, code, label) in [
            ("Hubert Kos (HUN) 1:55.34", "HUN", "LOC"),
            ("Joe Root (Eng) 120", "Eng", "LOC"),
            ("Marc Marquez (ESP/Ducati)", "ESP", "LOC"),
            ("Ngozi Adichie (WHO)", "WHO", "ORG"),
            ("Hubert Kos, HUN", "HUN", "ORG"),
            ("Ann Lee said (in 2020) to (ALB)", "ALB", "ORG"),
        ] {
            let span = |surface: &str, label: &str| {
                let start = text.find(surface).unwrap();
                Span {
                    start,
                    end: start + surface.len(),
                    label: label.into(),
                    score: 0.9,
                    name: None,
                }
            };
            let words: Vec<&str> = text.split([' ', ',']).collect();
            let person = words[..2].join(" ");
            let mut spans = [span(&person, "PER"), span(code, "ORG")];
            places(
                text,
                &mut spans,
                &["PER".into(), "ORG".into(), "LOC".into()],
            );
            assert_eq!(&*spans[1].label, label, "{text}");
        }
    }
}
