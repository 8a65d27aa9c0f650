//! Names that a text says mean several places: "Paris, Texas" and "Paris, France".
//!
//! A mention may say where its place lies, or what it is. Mentions of one name that say what no
//! place is at once are of several names. Those that say nothing mean the one whose region is named in
//! the same sentence, else that of the dateline, else the one that was spoken of last.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Candidate, candidates, says_region, wholes};
use super::context::{
    Join, Mention, Said, behind_comma, is_inside, join, next_word, said_before,
};
use super::fold::fold;
use super::gazetteer::{Gazetteer, Id, Kind};
use super::{mentions, written};
use crate::dateline::is_dateline;
use crate::document::Span;
use crate::names::{self, Name};
use crate::spaces::one_line;

/// Makes a name of each place where a name of a document is said to mean several.
pub fn set_apart(text: &str, spans: &mut [Span], names: &mut Vec<Name>) {
    let (places, mentions) = mentions(spans, names);
    let reader = Reader {
        gazetteer: Gazetteer::embedded(),
        text,
        spans,
        places: &places,
        mentions: &mentions,
    };
    let parts: Vec<Vec<usize>> = reader.parts();
    if parts.is_empty() {
        return;
    }
    for part in parts {
        let Some(name) = part.first().and_then(|&at| names.get(spans.get(at)?.name?)) else {
            continue;
        };
        let spelt = part.iter().filter_map(|&at| spans.get(at));
        let spelt = spelt.map(|span| one_line(text.get(span.start..span.end).unwrap_or_default()));
        let known = fold(&name.name);
        let own = spelt.max_by_key(|spelt| (fold(spelt) == known, spelt.chars().count()));
        let called = own.filter(|own| fold(own) != known);
        let part_name = Name {
            name: called.unwrap_or_else(|| name.name.clone()),
            ..name.clone()
        };
        for at in part {
            if let Some(span) = spans.get_mut(at) {
                span.name = Some(names.len());
            }
        }
        names.push(part_name);
    }
    names::recount(spans, names);
}

/// What a mention says of its place.
#[derive(Debug, Default)]
struct Says {
    /// The places of its name that are as it says.
    places: BTreeSet<Id>,
    /// The countries and regions that it may lie in.
    wholes: Vec<Candidate>,
    /// The name of these.
    whole: Option<usize>,
}

/// Mentions that may be of one place.
#[derive(Debug, Default)]
struct Group {
    places: BTreeSet<Id>,
    wholes: Vec<Candidate>,
    names: BTreeSet<usize>,
    dateline: bool,
}

impl Group {
    /// Whether a place can be as both say.
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
        self.wholes.extend(says.wholes);
        self.names.extend(says.whole);
    }
}

struct Reader<'r> {
    gazetteer: Gazetteer<'static>,
    text: &'r str,
    spans: &'r [Span],
    /// For each mention its span.
    places: &'r [usize],
    mentions: &'r [Mention],
}

impl Reader<'_> {
    /// For each place but the first of a name that means several its spans.
    fn parts(&self) -> Vec<Vec<usize>> {
        let mut of_name: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, mention) in self.mentions.iter().enumerate() {
            if self.may_say(mention) {
                of_name.entry(mention.name).or_default().push(at);
            }
        }
        of_name.retain(|_, telling| telling.len() > 1);
        let parts = of_name.iter().map(|(&name, telling)| self.split(name, telling));
        parts.flatten().collect()
    }

    /// Whether there is anything to read around a mention; nothing is looked up for that.
    fn may_say(&self, mention: &Mention) -> bool {
        let behind = self.text.get(mention.bytes.end..).unwrap_or_default();
        let marks = [", ", " (", " in "];
        marks.iter().any(|mark| behind.starts_with(mark))
            || says_region(&next_word(self.text, mention).to_lowercase())
            || said_before(self.text, mention).is_some()
            || self.surface(mention).contains(',')
    }

    fn surface(&self, mention: &Mention) -> &str {
        self.text.get(mention.bytes.clone()).unwrap_or_default()
    }

    fn split(&self, name: usize, telling: &[usize]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut of: BTreeMap<usize, usize> = BTreeMap::new();
        for &at in telling {
            let Some(says) = self.says(at) else { continue };
            let known = groups.iter().position(|group| group.fits(&says));
            let group = known.unwrap_or_else(|| {
                groups.push(Group::default());
                groups.len() - 1
            });
            of.insert(at, group);
            if let Some(group) = groups.get_mut(group) {
                group.add(says);
                let span = self.places.get(at).and_then(|&span| self.spans.get(span));
                group.dateline |= span.is_some_and(|span| is_dateline(self.text, span));
            }
        }
        if groups.len() < 2 {
            return Vec::new();
        }
        let mut parts = vec![Vec::new(); groups.len()];
        let dateline = groups.iter().position(|group| group.dateline);
        let mut last = 0;
        for (at, (mention, &span)) in self.mentions.iter().zip(self.places).enumerate() {
            if mention.name != name {
                continue;
            }
            let stated = of.get(&at).copied();
            let meant = stated.or_else(|| self.named_beside(at, &groups)).or(dateline);
            last = stated.or(meant).unwrap_or(last);
            if let Some(part) = parts.get_mut(last) {
                part.push(span);
            }
        }
        parts.remove(0);
        parts.retain(|part: &Vec<usize>| !part.is_empty());
        parts
    }

    /// The one group whose country or region is named in the sentence of a mention.
    fn named_beside(&self, at: usize, groups: &[Group]) -> Option<usize> {
        let mention = self.mentions.get(at)?;
        let (before, behind) = (self.mentions.get(..at)?, self.mentions.get(at + 1..)?);
        let before = before.iter().rev().take_while(|other| {
            let between = self.text.get(other.bytes.end..mention.bytes.start);
            between.is_some_and(|between| !ends_sentence(between))
        });
        // "Meant for Springfield, and driven to Springfield, Illinois": that is another one.
        let behind = behind.iter().take_while(|other| other.name != mention.name);
        let behind = behind.take_while(|other| {
            let between = self.text.get(mention.bytes.end..other.bytes.start);
            between.is_some_and(|between| !ends_sentence(between))
        });
        let names: BTreeSet<usize> = before.chain(behind).map(|other| other.name).collect();
        let named = groups.iter().enumerate();
        let mut named = named.filter(|(_, group)| !group.names.is_disjoint(&names));
        let (group, _) = named.next()?;
        named.next().is_none().then_some(group)
    }

    /// What a mention says.
    fn says(&self, at: usize) -> Option<Says> {
        let mention = self.mentions.get(at)?;
        let span = self.places.get(at).and_then(|&span| self.spans.get(span))?;
        let own = candidates(&self.gazetteer, written(&self.gazetteer, self.text, span));
        let word = next_word(self.text, mention).to_lowercase();
        let kind = match said_before(self.text, mention) {
            None if says_region(&word) => Some(Said::Region),
            kind => kind,
        };
        if let Some(kind) = kind {
            return are(&own, |place| match kind {
                Said::Region => place.record.kind == Kind::Region,
                Said::Town => matches!(place.record.kind, Kind::Capital | Kind::Town),
            });
        }
        if self.surface(mention).contains(',') {
            return are(&own, |_| true);
        }
        self.lies(at, mention, &own)
    }

    /// What a mention says by naming where its place lies.
    fn lies(&self, at: usize, mention: &Mention, own: &[Candidate]) -> Option<Says> {
        let next = self.mentions.get(at + 1);
        let joined = |next: &&Mention| join(self.text, mention, next) == Join::Comma;
        let inside = |next: &&Mention| is_inside(self.text, mention, next);
        let (wholes, whole, sure) = match next.filter(joined).or(next.filter(inside)) {
            Some(next) => {
                let span = self.places.get(at + 1).and_then(|&span| self.spans.get(span))?;
                let outer = written(&self.gazetteer, self.text, span);
                let wholes = wholes(&self.gazetteer, outer);
                (wholes, Some(next.name), !self.is_listed(at))
            }
            None => {
                let outer = behind_comma(self.text, mention)?;
                (wholes(&self.gazetteer, outer), None, true)
            }
        };
        let of = |kind: Kind, places: &[Candidate]| -> BTreeSet<Id> {
            let places = places.iter().filter(|place| place.record.kind == kind);
            places.map(|place| place.record.country).collect()
        };
        let (countries, regions) = (of(Kind::Country, own), of(Kind::Region, own));
        // "Mexico, Philippines and Peru", "Delaware, Ohio and Utah"
        if !countries.is_empty() && !of(Kind::Country, &wholes).is_empty()
            || !sure && !regions.is_disjoint(&of(Kind::Region, &wholes))
        {
            return None;
        }
        let places = own.iter().filter(|place| wholes.iter().any(|whole| place.lies_in(whole)));
        let places: BTreeSet<Id> = places.map(|place| place.id).collect();
        // "Rachel, Nevada": another one than those that are known.
        let unknown = sure
            && next.is_none_or(|next| !inside(&next))
            && !own.is_empty()
            && own.iter().all(|place| !place.is_whole());
        (!wholes.is_empty() && (unknown || !places.is_empty())).then_some(Says {
            places,
            wholes,
            whole,
        })
    }

    /// Whether a mention and the one behind it are not alone in a row.
    fn is_listed(&self, at: usize) -> bool {
        let joined = |pair: Option<&[Mention]>| match pair {
            Some([left, right]) => join(self.text, left, right) != Join::None,
            _ => false,
        };
        let before = at.checked_sub(1).and_then(|before| self.mentions.get(before..=at));
        joined(before) || joined(self.mentions.get(at + 1..at + 3))
    }
}

/// That a place is one of those that are as it is said, where there are any.
fn are(own: &[Candidate], is: impl Fn(&Candidate) -> bool) -> Option<Says> {
    let places = own.iter().filter(|place| is(place)).map(|place| place.id);
    let places: BTreeSet<Id> = places.collect();
    (!places.is_empty()).then_some(Says {
        places,
        ..Says::default()
    })
}

fn ends_sentence(between: &str) -> bool {
    let ends = [". ", "? ", "! ", ".\" ", ".” ", "\n"];
    ends.iter().any(|end| between.contains(end))
}
