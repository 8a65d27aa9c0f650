//! Splits names that the text says mean several places: "Paris, Texas" and "Paris, France".
//!
//! A mention may say where its place lies, or what it is. Mentions of one name whose statements no
//! single place fits become several names. A mention that says nothing means the place whose region is
//! named in the same sentence, else that of the dateline, else the one mentioned last.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::candidates::{Candidate, candidates, says_region, wholes};
use super::context::{Join, Mention, Said, after_comma, is_inside, join, next_word, said_before};
use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind};
use super::{mentions, written};
use crate::dateline::is_dateline;
use crate::document::Span;
use crate::names::{self, Name};
use crate::spaces::one_line;

/// The most names of a sentence read before a mention, and after it.
const BESIDE: usize = 16;
/// The most bytes between two names of a sentence.
const SENTENCE: usize = 400;

/// Splits each name that the text says means several places into one for each place.
///
/// Call it between [`names::find`] and [`link`](super::link): `spans` are in text order, and a name's
/// [`id`](Name::id) is its index in `names`. Where a name is split, all names are renumbered in the order
/// of their first mention, and [`Span::name`] with them.
pub fn set_apart(text: &str, spans: &mut [Span], names: &mut Vec<Name>) {
    let (places, mentions) = mentions(spans, names);
    let reader = Reader {
        gazetteer: Gazetteer::embedded(),
        text,
        spans,
        places: &places,
        mentions: &mentions,
    };
    let parts = reader.parts(names);
    if parts.is_empty() {
        return;
    }
    for part in parts {
        let Some(name) = part.first().and_then(|&at| names.get(spans.get(at)?.name?)) else {
            continue;
        };
        let spelt = part.iter().filter_map(|&at| spans.get(at));
        let spelt = spelt.map(|span| one_line(span.surface(text)));
        let known = fold(&name.name);
        let own = spelt.max_by_key(|spelt| (fold(spelt) == known, spelt.chars().count()));
        let called = own.filter(|own| fold(own) != known);
        let mut name = name.clone();
        name.name = called.unwrap_or(name.name);
        for at in part {
            if let Some(span) = spans.get_mut(at) {
                span.name = Some(names.len());
            }
        }
        names.push(name);
    }
    names::recount(spans, names);
}

/// What a mention says of its place.
#[derive(Debug, Default)]
struct Says {
    /// The places of its name that fit.
    places: BTreeSet<Id>,
    /// The countries and regions that it may lie in.
    wholes: Vec<Candidate>,
    /// The number of their name, if they are mentions themselves.
    whole: Option<usize>,
}

/// What mentions of one place say together.
#[derive(Debug, Default)]
struct Group {
    places: BTreeSet<Id>,
    wholes: Vec<Candidate>,
    names: BTreeSet<usize>,
    dateline: bool,
}

impl Group {
    /// Whether a place can fit both.
    fn fits(&self, says: &Says) -> bool {
        if self.places.is_empty() || says.places.is_empty() {
            let mut wholes = self.wholes.iter();
            return wholes.any(|a| {
                let mut others = says.wholes.iter();
                others.any(|b| a.id == b.id || a.lies_in(b) || b.lies_in(a))
            });
        }
        !self.places.is_disjoint(&says.places)
    }

    fn add(&mut self, says: Says) {
        if self.places.is_empty() {
            self.places = says.places;
        } else if !says.places.is_empty() {
            self.places.retain(|id| says.places.contains(id));
        }
        for whole in says.wholes {
            if self.wholes.iter().all(|known| known.id != whole.id) {
                self.wholes.push(whole);
            }
        }
        self.names.extend(says.whole);
    }
}

/// The groups of a name's mentions, and for each mention that says something its group.
#[derive(Debug, Default)]
struct Groups {
    all: Vec<Group>,
    of: BTreeMap<usize, usize>,
}

impl Groups {
    fn add(&mut self, at: usize, says: Says, dateline: bool) {
        let known = self.all.iter().position(|group| group.fits(&says));
        let number = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(Group::default());
        }
        if let Some(group) = self.all.get_mut(number) {
            group.add(says);
            group.dateline |= dateline;
        }
        self.of.insert(at, number);
    }
}

struct Reader<'r> {
    gazetteer: Gazetteer<'static>,
    text: &'r str,
    spans: &'r [Span],
    /// For each mention the index of its span.
    places: &'r [usize],
    mentions: &'r [Mention],
}

impl Reader<'_> {
    /// The spans of each place, of all names that mean several.
    fn parts(&self, names: &[Name]) -> Vec<Vec<usize>> {
        let mut of_name: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (at, mention) in self.mentions.iter().enumerate() {
            let (all, telling) = of_name.entry(mention.name).or_default();
            all.push(at);
            if self.may_say(at, mention) {
                telling.push(at);
            }
        }
        of_name.retain(|&name, (all, telling)| {
            let linked = names.get(name).is_none_or(|name| name.link.is_some());
            all.len() > 1 && !telling.is_empty() && !linked
        });
        let split = of_name.values();
        let split = split.flat_map(|(all, telling)| self.split(all, telling));
        split.collect()
    }

    /// Whether the text around a mention may say something; a check without look-ups.
    fn may_say(&self, at: usize, mention: &Mention) -> bool {
        let next = self.mentions.get(at + 1);
        let comma = |left, right| join(self.text, left, right) == Join::Comma;
        self.after_comma(mention).is_some()
            || next.is_some_and(|next| comma(mention, next) || is_inside(self.text, mention, next))
            || self.before(at).is_some_and(|before| comma(before, mention))
            || says_region(&next_word(self.text, mention).to_lowercase())
            || said_before(self.text, mention).is_some()
            || self.surface(mention).contains(',')
    }

    fn before(&self, at: usize) -> Option<&Mention> {
        self.mentions.get(at.checked_sub(1)?)
    }

    /// The bytes of the word after a mention and a comma, if it may be a name. "or" is not Oregon.
    fn after_comma(&self, mention: &Mention) -> Option<Range<usize>> {
        let outer = after_comma(self.text, mention)?;
        let name = self.text.get(outer.clone())?;
        name.starts_with(char::is_uppercase).then_some(outer)
    }

    fn surface(&self, mention: &Mention) -> &str {
        self.text.get(mention.bytes.clone()).unwrap_or_default()
    }

    /// The spans of each place of a name, none if it means only one. Of its mentions, those of `telling`
    /// may say something.
    fn split(&self, mentions: &[usize], telling: &[usize]) -> Vec<Vec<usize>> {
        let mut groups = Groups::default();
        for &at in telling {
            if let Some(says) = self.says(at) {
                let dateline = self
                    .span(at)
                    .is_some_and(|span| is_dateline(self.text, span.start..span.end));
                groups.add(at, says, dateline);
            }
        }
        if groups.all.is_empty() {
            return Vec::new();
        }
        let silent = mentions.iter().filter(|at| !groups.of.contains_key(at));
        let implied: Vec<(usize, Says)> = silent
            .filter_map(|&at| Some((at, self.implies(at)?)))
            .collect();
        for (at, says) in implied {
            groups.add(at, says, false);
        }
        if groups.all.len() < 2 {
            return Vec::new();
        }
        let mut parts = vec![Vec::new(); groups.all.len()];
        let dateline = groups.all.iter().position(|group| group.dateline);
        let mut last = 0;
        for &at in mentions {
            let known = groups.of.get(&at).copied();
            let meant = known.or_else(|| self.named_beside(at, &groups.all));
            last = meant.or(dateline).unwrap_or(last);
            if let (Some(part), Some(&span)) = (parts.get_mut(last), self.places.get(at)) {
                part.push(span);
            }
        }
        parts.retain(|part: &Vec<usize>| !part.is_empty());
        parts
    }

    fn span(&self, at: usize) -> Option<&Span> {
        self.spans.get(*self.places.get(at)?)
    }

    /// What a mention of a country or region says by naming a town in it in the same sentence.
    fn implies(&self, at: usize) -> Option<Says> {
        let mention = self.mentions.get(at)?;
        let own = candidates(&self.gazetteer, self.surface(mention));
        if !own.iter().any(|place| place.record.kind == Kind::Country) {
            return None;
        }
        let beside = self.beside(at).find_map(|other| {
            let towns = candidates(&self.gazetteer, self.surface(other));
            let town = towns
                .into_iter()
                .max_by(|a, b| a.prior.total_cmp(&b.prior))?;
            let wholes = own.iter().filter(|whole| town.lies_in(whole));
            let wholes: BTreeSet<Id> = wholes.map(|whole| whole.id).collect();
            (!wholes.is_empty()).then_some(wholes)
        });
        beside.map(|places| Says {
            places,
            ..Says::default()
        })
    }

    /// The other names in the sentence of a mention, up to the next mention of its own name.
    fn beside(&self, at: usize) -> impl Iterator<Item = &Mention> {
        let mention = self.mentions.get(at);
        let before = self.mentions.get(..at).unwrap_or_default().iter().rev();
        let before = before.take(BESIDE).take_while(move |other| {
            let between = mention.and_then(|m| self.text.get(other.bytes.end..m.bytes.start));
            between.is_some_and(is_within_sentence)
        });
        // "Meant for Springfield, and driven to Springfield, Illinois" is two places.
        let after = self.mentions.get(at + 1..).unwrap_or_default().iter();
        let after = after.take(BESIDE).take_while(move |other| {
            let mention = mention.filter(|mention| mention.name != other.name);
            let between = mention.and_then(|m| self.text.get(m.bytes.end..other.bytes.start));
            between.is_some_and(is_within_sentence)
        });
        before.chain(after)
    }

    /// The group whose country or region is named in the sentence of a mention, if there is only one.
    fn named_beside(&self, at: usize, groups: &[Group]) -> Option<usize> {
        let names: BTreeSet<usize> = self.beside(at).map(|other| other.name).collect();
        let named = groups.iter().enumerate();
        let mut named = named.filter(|(_, group)| !group.names.is_disjoint(&names));
        let (group, _) = named.next()?;
        named.next().is_none().then_some(group)
    }

    /// What a mention says.
    fn says(&self, at: usize) -> Option<Says> {
        let mention = self.mentions.get(at)?;
        let span = self.span(at)?;
        let own = candidates(&self.gazetteer, written(&self.gazetteer, self.text, span));
        let word = next_word(self.text, mention).to_lowercase();
        let kind = match said_before(self.text, mention) {
            None if says_region(&word) => Some(Said::Region),
            kind => kind,
        };
        if let Some(kind) = kind {
            return matching(&own, |place| match kind {
                Said::Region => place.record.kind == Kind::Region,
                Said::Town => matches!(place.record.kind, Kind::Capital | Kind::Town),
            });
        }
        if self.surface(mention).contains(',') {
            return matching(&own, |_| true);
        }
        self.said_to_hold(at, mention, &own)
            .or_else(|| self.said_to_lie_in(at, mention, &own))
    }

    /// What a mention of a country or region says after a town: "Tbilisi, Georgia".
    fn said_to_hold(&self, at: usize, mention: &Mention, own: &[Candidate]) -> Option<Says> {
        let town = self.before(at)?;
        let wholes = own.iter().filter(|place| place.is_whole()).count();
        if wholes < 2 || join(self.text, town, mention) != Join::Comma {
            return None;
        }
        let mut towns = candidates(&self.gazetteer, self.surface(town));
        // In a list, "Rome, Georgia and Iran", only the likeliest town counts.
        if self.is_listed(at - 1) {
            towns.sort_by(|a, b| b.prior.total_cmp(&a.prior));
            towns.truncate(1);
        }
        matching(own, |whole| towns.iter().any(|town| town.lies_in(whole)))
    }

    /// What a mention says by naming where its place lies.
    fn said_to_lie_in(&self, at: usize, mention: &Mention, own: &[Candidate]) -> Option<Says> {
        let next = self.mentions.get(at + 1);
        let joined = |next: &&Mention| join(self.text, mention, next) == Join::Comma;
        let inside = |next: &&Mention| is_inside(self.text, mention, next);
        let (wholes, whole, sure, end) = match next.filter(joined).or(next.filter(inside)) {
            Some(next) => {
                let span = self.span(at + 1)?;
                let outer = written(&self.gazetteer, self.text, span);
                let wholes = wholes(&self.gazetteer, outer);
                (
                    wholes,
                    Some(next.name),
                    !self.is_listed(at),
                    span.start + outer.len(),
                )
            }
            None => {
                let outer = self.after_comma(mention)?;
                let wholes = wholes(&self.gazetteer, self.text.get(outer.clone())?);
                (wholes, None, true, outer.end)
            }
        };
        let of = |kind: Kind, places: &[Candidate]| -> BTreeSet<Id> {
            let places = places.iter().filter(|place| place.record.kind == kind);
            places.map(|place| place.record.country).collect()
        };
        let (countries, regions) = (of(Kind::Country, own), of(Kind::Region, own));
        // A list says nothing: "Mexico, Philippines and Peru", "Delaware, Ohio and Utah".
        if !countries.is_empty() && !of(Kind::Country, &wholes).is_empty()
            || !sure && !regions.is_disjoint(&of(Kind::Region, &wholes))
        {
            return None;
        }
        let places = own
            .iter()
            .filter(|place| wholes.iter().any(|whole| place.lies_in(whole)));
        let places: BTreeSet<Id> = places.map(|place| place.id).collect();
        // "Rachel, Nevada, is": a place that the gazetteer lacks; not so "In Rachel, Nevada is".
        let after = self.text.get(end..).unwrap_or_default().chars().next();
        let unknown = sure
            && after
                .is_none_or(|after| !after.is_alphanumeric() && !matches!(after, ' ' | '\'' | '’'))
            && next.is_none_or(|next| !inside(&next))
            && !own.is_empty()
            && own.iter().all(|place| !place.is_whole());
        (!wholes.is_empty() && (unknown || !places.is_empty())).then_some(Says {
            places,
            wholes,
            whole,
        })
    }

    /// Whether a mention and the next one are part of a longer row.
    fn is_listed(&self, at: usize) -> bool {
        let joined = |pair: Option<&[Mention]>| match pair {
            Some([left, right]) => join(self.text, left, right) != Join::None,
            _ => false,
        };
        let before = at
            .checked_sub(1)
            .and_then(|before| self.mentions.get(before..=at));
        joined(before) || joined(self.mentions.get(at + 1..at + 3))
    }
}

/// Says that the place is one of `own` that fit; `None` where none does.
fn matching(own: &[Candidate], fits: impl Fn(&Candidate) -> bool) -> Option<Says> {
    let places = own.iter().filter(|place| fits(place)).map(|place| place.id);
    let places: BTreeSet<Id> = places.collect();
    (!places.is_empty()).then_some(Says {
        places,
        ..Says::default()
    })
}

/// Whether the text between two names ends no sentence.
fn is_within_sentence(between: &str) -> bool {
    let ends = [". ", "? ", "! ", ".\" ", ".” ", "\n"];
    between.len() <= SENTENCE && !ends.iter().any(|end| between.contains(end))
}
