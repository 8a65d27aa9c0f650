//! Linked places on a map of the world, in plate carrée: a degree is as long everywhere.

use std::io::{self, Write};

use super::collect::ShownName;
use super::page::{grouped, plural};
use crate::writer::escape;

/// The land, as a path of closed lines, in tenths of a degree from 180 degrees west and
/// 90 degrees north. Natural Earth, public domain; `data/land.py` makes it.
const LAND: &str = include_str!("land.path");

/// The part of the world that is drawn, without its poles, in tenths of a degree.
const TOP: f64 = 60.0;
const WIDTH: f64 = 3600.0;
const HEIGHT: f64 = 1440.0;

/// Most dots, most names written beside them, and the height of a letter.
const DOTS: usize = 1500;
const NAMED: usize = 14;
const LETTER: f64 = 46.0;

/// A dot's radius for one document, and at most.
const SMALL: f64 = 9.0;
const LARGE: f64 = 50.0;

/// A place to draw.
struct Dot<'n> {
    x: f64,
    y: f64,
    radius: f64,
    name: &'n str,
    documents: u64,
    /// The index of its name in the page.
    at: usize,
}

/// Writes the map, if there is a place on it.
pub(super) fn write(out: &mut dyn Write, names: &[ShownName]) -> io::Result<()> {
    let dots = dots(names);
    if dots.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section class=\"card map\">\n<h2>Places on the map</h2>\n\
         <p class=\"note\">The larger a dot, the more documents. The search finds all places by name.</p>\n\
         <div class=\"tools\" hidden><button type=\"button\" id=\"in\" aria-label=\"Zoom in\">+</button><button type=\"button\" id=\"out\" aria-label=\"Zoom out\">−</button><button type=\"button\" id=\"world\">Whole world</button></div>\n\
         <svg id=\"map\" viewBox=\"0 {TOP} {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Map of the world with {} place{}\">",
        grouped(dots.len() as u64),
        plural(dots.len() as u64)
    )?;
    writeln!(out, "<path class=\"grid\" d=\"{}\"/>", grid())?;
    writeln!(out, "<path class=\"land\" d=\"{}\"/>", LAND.trim())?;
    // Large dots first, so that small ones are not hidden below.
    for dot in &dots {
        writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" data-name=\"{}\"><title>{}: {} document{}</title></circle>",
            dot.x,
            dot.y,
            dot.radius,
            dot.at,
            escape(dot.name),
            grouped(dot.documents),
            plural(dot.documents)
        )?;
    }
    for dot in named(&dots) {
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" data-x=\"{:.1}\" data-y=\"{:.1}\">{}</text>",
            dot.x + dot.radius + 8.0,
            dot.y + LETTER / 3.0,
            dot.x,
            dot.y,
            escape(dot.name)
        )?;
    }
    writeln!(out, "</svg>\n</section>")
}

/// The places of names, those in most documents first.
fn dots(names: &[ShownName]) -> Vec<Dot<'_>> {
    let places = names.iter().enumerate().filter_map(|(at, name)| {
        let place = name.row.found.place.as_ref()?;
        let on_earth = place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0;
        on_earth.then_some((at, name, place))
    });
    let most = places.clone().map(|(_, name, _)| name.row.documents).max();
    #[allow(clippy::cast_precision_loss, reason = "areas to be seen")]
    let share = |documents: u64| documents as f64 / most.unwrap_or(1) as f64;
    let dots = places.take(DOTS).map(|(at, name, place)| Dot {
        x: (place.longitude + 180.0) * 10.0,
        y: (90.0 - place.latitude) * 10.0,
        radius: SMALL + (LARGE - SMALL) * share(name.row.documents).sqrt(),
        name: &name.row.found.name,
        documents: name.row.documents,
        at,
    });
    dots.collect()
}

/// The dots whose names fit beside them.
fn named<'d, 'n>(dots: &'d [Dot<'n>]) -> Vec<&'d Dot<'n>> {
    let mut named: Vec<&Dot<'_>> = Vec::new();
    for dot in dots.iter().take(8 * NAMED) {
        let width = |dot: &Dot<'_>| {
            let letters = u16::try_from(dot.name.chars().count()).unwrap_or(u16::MAX);
            dot.radius + f64::from(letters) * LETTER * 0.55 + 20.0
        };
        let fits = dot.x + width(dot) < WIDTH && (TOP..TOP + HEIGHT).contains(&dot.y);
        let free = named.iter().all(|other| {
            (other.y - dot.y).abs() > LETTER * 1.1
                || dot.x > other.x + width(other)
                || other.x > dot.x + width(dot)
        });
        if fits && free && named.len() < NAMED {
            named.push(dot);
        }
    }
    named
}

/// Lines every 30 degrees.
fn grid() -> String {
    let bottom = TOP + HEIGHT;
    let meridians = (1..12).map(|n| format!("M{} {TOP}V{bottom}", n * 300));
    let parallels = (1..7).map(|n| format!("M0 {}H{WIDTH}", n * 300));
    parallels.chain(meridians).collect()
}
