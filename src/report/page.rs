//! The page: one file that needs no other, with its own style, script and data.
//!
//! The browser is told to load nothing and to run no script but the one below, whatever is
//! in the documents. What is in them is escaped all the same.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::collect::{Collected, ShownName};
use super::{Counts, Options, map, topics};
use crate::corpus::GENERATOR;
use crate::writer::{HEADINGS, escape};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Names of each label in the lists.
const LISTED: usize = 15;

pub(super) fn write(
    out: &mut dyn Write,
    options: &Options,
    counts: &Counts,
    collected: &Collected,
) -> io::Result<()> {
    head(out, options, counts)?;
    let labels = labels(counts);
    search(out, counts, &labels)?;
    lists(out, counts, &labels, &collected.names)?;
    map::write(out, &collected.names)?;
    counts.topics.write(out, counts.dates)?;
    writeln!(
        out,
        "</main>\n<footer>Made by newshound {}. Places: GeoNames, CC BY 4.0, and mledoze/countries, ODbL. Land: Natural Earth.</footer>",
        env!("CARGO_PKG_VERSION")
    )?;
    data(out, &labels, collected)?;
    writeln!(out, "<script>{SCRIPT}</script>\n</html>")
}

fn head(out: &mut dyn Write, options: &Options, counts: &Counts) -> io::Result<()> {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    let (title, made) = (escape(&options.title), &counts.made);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n{GENERATOR}\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <header>\n<h1>{title}</h1>\n<p>{} document{}",
        digest(STYLE),
        digest(SCRIPT),
        grouped(made.documents),
        plural(made.documents)
    )?;
    if let Some((first, last)) = counts.dates {
        write!(out, " · {first} to {last}")?;
    }
    write!(
        out,
        " · {} word{} · {} name{}",
        grouped(counts.words),
        plural(counts.words),
        grouped(made.names),
        plural(made.names)
    )?;
    if made.failed > 0 {
        let (failed, s) = (grouped(made.failed), plural(made.failed));
        write!(out, " · {failed} document{s} could not be read")?;
    }
    writeln!(out, "</p>\n</header>\n<main>")
}

/// All labels with their headings.
fn labels(counts: &Counts) -> Vec<(&str, &str)> {
    let known = |label: &str| HEADINGS.iter().any(|(known, _)| *known == label);
    let there = |(label, _): &(&str, &str)| counts.labels.contains_key(*label);
    let mut labels: Vec<(&str, &str)> = HEADINGS.into_iter().filter(there).collect();
    let others = counts.labels.keys().map(String::as_str);
    labels.extend(
        others
            .filter(|label| !known(label))
            .map(|label| (label, label)),
    );
    labels
}

fn search(out: &mut dyn Write, counts: &Counts, labels: &[(&str, &str)]) -> io::Result<()> {
    let made = &counts.made;
    writeln!(
        out,
        "<section class=\"card search\" role=\"search\">\n\
         <div class=\"field\"><label for=\"query\">Search {} name{}</label>\
         <input id=\"query\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></div>\n\
         <div class=\"field\"><label for=\"kind\">Kind</label><select id=\"kind\"><option value=\"\">All</option>",
        grouped(made.shown),
        plural(made.shown)
    )?;
    for (at, (_, heading)) in labels.iter().enumerate() {
        writeln!(out, "<option value=\"{at}\">{}</option>", escape(heading))?;
    }
    writeln!(
        out,
        "</select></div>\n<p id=\"status\" role=\"status\"></p>\n<ol id=\"found\"></ol>\n\
         <button type=\"button\" id=\"more\" hidden>Show more</button>\n\
         <noscript><p>The search, and the documents of each name, need JavaScript.</p></noscript>\n</section>"
    )?;
    if made.shown < made.names {
        writeln!(
            out,
            "<p class=\"note\">Shown are the {} names that are in most documents, of {}.</p>",
            grouped(made.shown),
            grouped(made.names)
        )?;
    }
    writeln!(
        out,
        "<section class=\"card\" id=\"detail\" aria-labelledby=\"name\" tabindex=\"-1\" hidden></section>"
    )
}

fn lists(
    out: &mut dyn Write,
    counts: &Counts,
    labels: &[(&str, &str)],
    names: &[ShownName],
) -> io::Result<()> {
    let mut by_label: BTreeMap<&str, Vec<(usize, &ShownName)>> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        let list = by_label.entry(&name.row.found.label).or_default();
        if list.len() < LISTED {
            list.push((at, name));
        }
    }
    writeln!(out, "<div class=\"lists\">")?;
    for (number, (label, heading)) in labels.iter().enumerate() {
        let Some(list) = by_label.get(label) else {
            continue;
        };
        let heading = escape(heading);
        writeln!(
            out,
            "<section class=\"card k{}\">\n<h2>{heading}</h2>\n<ol>",
            number.min(4)
        )?;
        let most = list.first().map_or(1, |(_, name)| name.row.documents);
        for (at, name) in list {
            let documents = name.row.documents;
            write!(
                out,
                "<li><a href=\"#n{at}\">{}</a> <span class=\"number\">{}<span class=\"hidden\"> document{}</span></span>",
                escape(&name.row.found.name),
                grouped(documents),
                plural(documents)
            )?;
            topics::bar(out, documents, most)?;
            writeln!(out, "</li>")?;
        }
        let all = counts.labels.get(*label).copied().unwrap_or_default();
        writeln!(out, "</ol>")?;
        if all > list.len() as u64 {
            writeln!(
                out,
                "<p class=\"note\"><button type=\"button\" class=\"all\" data-kind=\"{number}\" hidden>Search all {}</button></p>",
                grouped(all)
            )?;
        }
        writeln!(out, "</section>")?;
    }
    writeln!(out, "</div>")
}

/// What the script reads: labels, documents, names. Arrays, as keys would take most of the room.
fn data(out: &mut dyn Write, labels: &[(&str, &str)], collected: &Collected) -> io::Result<()> {
    let headings: Vec<&str> = labels.iter().map(|(_, heading)| *heading).collect();
    write!(
        out,
        "<script type=\"application/json\" id=\"data\">{{\"labels\":{},\n\"documents\":[",
        inside(&json!(headings))
    )?;
    let mut numbers = BTreeMap::new();
    for (number, document) in &collected.documents {
        let title = document.title.as_ref().unwrap_or(&document.id);
        let date = document.date.map(|date| date.to_string());
        let row = json!([title, document.id, date, document.address]);
        let comma = if numbers.is_empty() { "\n" } else { ",\n" };
        write!(out, "{comma}{}", inside(&row))?;
        numbers.insert(*number, numbers.len());
    }
    write!(out, "],\n\"names\":[")?;
    for (at, name) in collected.names.iter().enumerate() {
        let comma = if at == 0 { "\n" } else { ",\n" };
        write!(out, "{comma}{}", inside(&row(name, labels, &numbers)))?;
    }
    writeln!(out, "]}}</script>")
}

/// A name: spelling, label, documents, mentions, first day, last day, place, link, and
/// documents with mentions and snippet.
fn row(name: &ShownName, labels: &[(&str, &str)], numbers: &BTreeMap<u64, usize>) -> Value {
    let (row, found) = (&name.row, &name.row.found);
    let label = labels.iter().position(|(label, _)| *label == found.label);
    let place = found.place.as_ref().map(|place| {
        let region = place.admin1.as_deref().unwrap_or_default();
        let (north, east) = (place.latitude, place.longitude);
        json!([
            place.name,
            region,
            place.country,
            north,
            east,
            place.geonames
        ])
    });
    let documents = name.documents.iter().map(|appearance| {
        let number = numbers.get(&appearance.number);
        json!([number, appearance.mentions, appearance.snippet])
    });
    json!([
        found.name,
        label,
        row.documents,
        found.mentions,
        row.from,
        row.to,
        place,
        found.link,
        found.country,
        documents.collect::<Vec<_>>(),
    ])
}

/// JSON for the inside of an element: it holds no character that means something in HTML.
fn inside(value: &Value) -> String {
    let mut inside = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                inside.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => inside.push(c),
        }
    }
    inside
}

/// The ending of a noun in the plural.
pub(super) fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// A whole number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
