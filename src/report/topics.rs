//! Topics of a corpus: how many documents, and when.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use super::page::grouped;
use crate::reader::Date;
use crate::writer::escape;

/// Days and months on one chart at most; beyond, the next longer period is used.
const DAYS: u32 = 62;
const MONTHS: u32 = 96;

/// Topics shown.
const SHOWN: usize = 40;

/// Height of a chart, and width of a bar with its gap.
const HEIGHT: u64 = 28;
const BAR: u64 = 8;

/// Documents by topic and day.
#[derive(Default)]
pub(super) struct Topics(BTreeMap<String, Topic>);

#[derive(Default)]
struct Topic {
    label: String,
    documents: u64,
    days: BTreeMap<Date, u64>,
}

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Month,
    Year,
}

impl Period {
    /// The shortest period in which the time from the first date to the last fits on a chart.
    fn over((first, last): (Date, Date)) -> Self {
        match (
            Self::Day.between(first, last),
            Self::Month.between(first, last),
        ) {
            (days, _) if days < DAYS => Self::Day,
            (_, months) if months < MONTHS => Self::Month,
            _ => Self::Year,
        }
    }

    /// How many periods `last` is behind `first`; 0 where it is before.
    fn between(self, first: Date, last: Date) -> u32 {
        let number = |date: Date| match self {
            Self::Year => i64::from(date.year),
            Self::Month => i64::from(date.year) * 12 + i64::from(date.month),
            Self::Day => date.days(),
        };
        u32::try_from(number(last) - number(first)).unwrap_or(0)
    }

    fn name(self, date: Date) -> String {
        match self {
            Self::Day => date.to_string(),
            Self::Month => format!("{:04}-{:02}", date.year, date.month),
            Self::Year => format!("{:04}", date.year),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Topics {
    /// Counts a document.
    pub(super) fn add(&mut self, topics: &[crate::Topic], date: Option<Date>) {
        let mut once = HashSet::new();
        for about in topics.iter().filter(|about| once.insert(&about.code)) {
            let topic = self.0.entry(about.code.to_string()).or_default();
            topic.label = about.label.to_string();
            topic.documents += 1;
            if let Some(date) = date {
                *topic.days.entry(date).or_default() += 1;
            }
        }
    }

    /// Writes a table: topics with their documents and, where documents have dates, a chart each.
    pub(super) fn write(&self, out: &mut dyn Write, dates: Option<(Date, Date)>) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut topics: Vec<&Topic> = self.0.values().collect();
        topics.sort_by_key(|topic| std::cmp::Reverse(topic.documents));
        let most = topics.first().map_or(1, |topic| topic.documents);
        let period = dates.map(Period::over);
        let heading = if dates.is_some() {
            "Topics over time"
        } else {
            "Topics"
        };
        writeln!(out, "<section class=\"card topics\">\n<h2>{heading}</h2>")?;
        match dates.zip(period) {
            Some(((first, last), period)) => writeln!(
                out,
                "<p class=\"note\">A bar is a {}, from {} to {}. Each topic has its own scale.</p>",
                period.noun(),
                period.name(first),
                period.name(last)
            )?,
            None => writeln!(out, "<p class=\"note\">The documents have no dates.</p>")?,
        }
        let over = if dates.is_some() {
            "Over time"
        } else {
            "Share"
        };
        writeln!(
            out,
            "<table>\n<thead><tr><th scope=\"col\">Topic</th><th scope=\"col\">Documents</th><th scope=\"col\">{over}</th></tr></thead>\n<tbody>"
        )?;
        for topic in topics.iter().take(SHOWN) {
            write!(
                out,
                "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>",
                escape(&topic.label),
                grouped(topic.documents)
            )?;
            match dates.zip(period) {
                Some((dates, period)) => topic.chart(out, dates, period)?,
                None => bar(out, topic.documents, most)?,
            }
            writeln!(out, "</td></tr>")?;
        }
        writeln!(out, "</tbody>\n</table>\n</section>")
    }
}

/// Writes a bar as long as the share `part` of `whole`.
pub(super) fn bar(out: &mut dyn Write, part: u64, whole: u64) -> io::Result<()> {
    let width = (part.saturating_mul(100) / whole.max(1)).max(1);
    write!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{width}\" height=\"6\"/></svg>"
    )
}

impl Topic {
    fn chart(&self, out: &mut dyn Write, dates: (Date, Date), period: Period) -> io::Result<()> {
        let mut bars: BTreeMap<u32, (String, u64)> = BTreeMap::new();
        for (date, documents) in &self.days {
            let at = period.between(dates.0, *date);
            let bar = bars.entry(at).or_insert_with(|| (period.name(*date), 0));
            bar.1 += documents;
        }
        let peak = bars.values().max_by_key(|(_, documents)| *documents);
        let (when, most) = match peak {
            Some((when, most)) => (when.as_str(), *most),
            None => ("never", 0),
        };
        let width = (u64::from(period.between(dates.0, dates.1)) + 1) * BAR;
        write!(
            out,
            "<svg class=\"chart\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"most in {when}: {}\">",
            grouped(most)
        )?;
        for (at, (when, documents)) in &bars {
            let height = (documents * HEIGHT / most.max(1)).max(1);
            write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{when}: {}</title></rect>",
                u64::from(*at) * BAR,
                HEIGHT - height,
                BAR - 1,
                grouped(*documents)
            )?;
        }
        write!(out, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn periods_grow_with_the_time_that_is_covered() {
        let over = |first, last| Period::over((date(first), date(last)));
        assert_eq!(over("2026-01-01", "2026-03-03"), Period::Day);
        assert_eq!(over("2026-01-01", "2026-03-04"), Period::Month);
        assert_eq!(over("2019-01-31", "2026-12-01"), Period::Month);
        assert_eq!(over("2019-01-31", "2027-01-01"), Period::Year);
    }

    #[test]
    fn days_are_counted_across_leap_years() {
        let between = |first, last| Period::Day.between(date(first), date(last));
        assert_eq!(between("2024-02-28", "2024-03-01"), 2);
        assert_eq!(between("2023-02-28", "2023-03-01"), 1);
    }
}
