//! Joins flight codes with flights: `IX1344` is Air India Express Flight 1344.

use super::form::{Form, Map};
use super::links::Links;

/// Joins each code with the flight of its number, if only one fits.
pub(super) fn link(forms: &[Form], ids: &[usize], links: &mut Links) {
    let mut flights: Map<&str, Vec<usize>> = Map::default();
    for &id in ids {
        if let [.., flight, code] = &forms[id].words[..]
            && flight == "flight"
            && let Some(number) = number(code)
        {
            flights.entry(number).or_default().push(id);
        }
    }
    for &id in ids {
        let [code] = &forms[id].words[..] else {
            continue;
        };
        // Two or three letters are the airline's.
        if let Some(number) = number(code)
            && matches!(code.len() - number.len(), 2 | 3)
            && let Some(found) = flights.get(number)
            && let [one] = links.roots(found.iter().copied())[..]
        {
            links.join(one, id);
        }
    }
}

/// The number after the letters of a code.
fn number(code: &str) -> Option<&str> {
    let number = code.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    number
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(number)
}
