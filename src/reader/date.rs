//! Dates of documents, from fields of their metadata.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Metadata;

/// Fields that may hold a document's date; the first that does counts.
pub const DATE_FIELDS: [&str; 14] = [
    "date",
    "published",
    "published_at",
    "published_time",
    "publication_date",
    "date_published",
    "datePublished",
    "pub_date",
    "pubDate",
    "datetime",
    "timestamp",
    "created_at",
    "created",
    "time",
];

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A day of the years 1000 to 2999. It is written `2026-11-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    /// 1000 to 2999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// The date; `None` where there is no such day.
    #[must_use]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let known = (1000..3000).contains(&year) && (1..=days).contains(&day);
        known.then_some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// The date in a document's metadata: that of the field, or of the first of
    /// [`DATE_FIELDS`] that holds one.
    #[must_use]
    pub fn of(metadata: &Metadata, field: Option<&str>) -> Option<Self> {
        let of = |name: &str| Self::of_value(metadata.get(name)?);
        match field {
            Some(name) => of(name),
            None => DATE_FIELDS.iter().find_map(|name| of(name)),
        }
    }

    /// A string as [`Self::from_str`] reads it, or a time as a number or as text. A number of 8 or 14 digits is
    /// a date without marks: as a time it would be before 1973 or after 2286.
    fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => {
                // Nine digits are more likely a slip in a date than a time before 2001.
                let digits = Some(whole(text.trim())).filter(|text| matches!(text.len(), 10 | 13));
                let time = || Self::of_time(digits?.parse().ok()?);
                text.parse().ok().or_else(time)
            }
            Value::Number(number) => {
                let whole = || number.as_f64().map(|time| time as i64);
                let number = number.as_i64().or_else(whole)?;
                let digits = number.to_string();
                match digits.len() {
                    8 | 14 => of_digits(&digits),
                    _ => Self::of_time(number),
                }
            }
            _ => None,
        }
    }

    /// Seconds or milliseconds since 1970.
    fn of_time(time: i64) -> Option<Self> {
        let seconds = match time {
            // Before 1973 a number is more likely a year, month or day than a time.
            ..100_000_000 => return None,
            100_000_000..100_000_000_000 => time,
            _ => time / 1000,
        };
        Self::of_days(seconds / 86_400)
    }

    /// From days since 1970, not negative; after Howard Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms".
    fn of_days(days: i64) -> Option<Self> {
        let days = days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u32::try_from(number).ok();
        Self::new(small(year)?, small(month)?, small(day)?)
    }

    /// Days since 1970; negative before.
    pub(crate) fn days(self) -> i64 {
        // Years that start in March end with the day that leap years add.
        let (year, month) = match i64::from(self.month) {
            month @ 3.. => (i64::from(self.year), month - 3),
            month => (i64::from(self.year) - 1, month + 9),
        };
        let years = 365 * year + year / 4 - year / 100 + year / 400;
        years + (153 * month + 2) / 5 + i64::from(self.day) - 719_469
    }
}

/// `2026-11-03`, `2026/11/03` and `20261103`, perhaps with a time behind (`20261103093000`), and
/// dates in English words, as in `Tue, 03 Nov 2026 09:30:00 GMT` or `November 3, 2026`.
impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        of_digits(text.trim())
            .or_else(|| of_words(text))
            .ok_or_else(|| format!("{text:?} is no date"))
    }
}

/// A number without its decimals.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => number,
    }
}

fn of_digits(text: &str) -> Option<Date> {
    let digits = |from: usize, to: usize| -> Option<u32> {
        let part = text.get(from..to)?;
        let all = part.bytes().all(|b| b.is_ascii_digit());
        all.then(|| part.parse().ok())?
    };
    let ends = |at: usize| !text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    match text.get(4..5)? {
        mark @ ("-" | "/") if text.get(7..8) == Some(mark) && ends(10) => {
            Date::new(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?)
        }
        _ if ends(8) || ends(14) && digits(8, 14).is_some() => {
            Date::new(digits(0, 4)?, digits(4, 6)?, digits(6, 8)?)
        }
        _ => None,
    }
}

/// The day is the number beside the month; with numbers on both sides there is none.
fn of_words(text: &str) -> Option<Date> {
    let times = |piece: &&str| !piece.contains(':');
    let pieces = text.split_ascii_whitespace().filter(times);
    let words = pieces.flat_map(|piece| piece.split(|c: char| !c.is_ascii_alphanumeric()));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(8).collect();
    let number = |word: &str, digits: RangeInclusive<usize>| {
        digits.contains(&word.len()).then(|| word.parse().ok())?
    };
    let month = |word: &str| {
        let start = word.get(..3)?.to_ascii_lowercase();
        (1..).zip(MONTHS).find(|(_, name)| *name == start)
    };
    let year = words.iter().find_map(|word| number(word, 4..=4))?;
    let month = |(at, word): (usize, &&str)| Some((at, month(word)?.0));
    let (at, month) = words.iter().enumerate().find_map(month)?;
    let day = |at: Option<usize>| number(words.get(at?)?, 1..=2);
    match (day(at.checked_sub(1)), day(Some(at + 1))) {
        (Some(day), None) | (None, Some(day)) => Date::new(year, month, day),
        _ => None,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_are_read_as_news_writes_them() {
        for (value, wanted) in [
            (json!("2026-11-03"), "2026-11-03"),
            (json!("2026-11-03T23:59:59+02:00"), "2026-11-03"),
            (json!(" 2026/11/03 "), "2026-11-03"),
            (json!("20261103"), "2026-11-03"),
            (json!("20261103T0930Z"), "2026-11-03"),
            (json!("20261103093000"), "2026-11-03"),
            (json!("20261103093000.5Z"), "2026-11-03"),
            (json!(20_261_103), "2026-11-03"),
            (json!(20_261_103_093_000_i64), "2026-11-03"),
            (json!(20_261_103.0), "2026-11-03"),
            (json!("Tue, 03 Nov 2026 09:30:00 GMT"), "2026-11-03"),
            (json!("November 3, 2026"), "2026-11-03"),
            (json!("3 november 2026"), "2026-11-03"),
            (json!("14:05, 3 November 2026"), "2026-11-03"),
            (json!("9:30 Nov 3 2026"), "2026-11-03"),
            (json!("Published: 3 Nov. 2026 at 9.30"), "2026-11-03"),
            (json!("2024-02-29"), "2024-02-29"),
            (json!(1_793_698_200), "2026-11-03"),
            (json!(1_793_698_200_123_i64), "2026-11-03"),
            (json!(951_782_400), "2000-02-29"),
            (json!("1793698200"), "2026-11-03"),
            (json!(1_793_698_200.0), "2026-11-03"),
            (json!(1_793_698_200.25), "2026-11-03"),
            (json!(1_793_698_200_123.75), "2026-11-03"),
            (json!("1793698200.25"), "2026-11-03"),
            (json!("1793698200123.0"), "2026-11-03"),
        ] {
            let found = Date::of_value(&value).map(|date| date.to_string());
            assert_eq!(found.as_deref(), Some(wanted), "{value}");
        }
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for value in [
            json!("2026-02-29"),
            json!("2026-13-01"),
            json!("2026-11"),
            json!("0999-01-01"),
            json!("202611031"),
            json!("20261103093000123"),
            json!("20261303093000"),
            json!(20_261_303),
            json!(20_261_303_093_000_i64),
            json!(-2_026_110),
            json!("yesterday"),
            json!("été 2026"),
            json!("9.30 Nov 3 2026"),
            json!("7 articles of November 2026"),
            json!(""),
            json!(2026),
            json!(-5),
            json!(i64::MAX),
            json!(2026.5),
            json!(1e300),
            json!(-1e300),
            json!("2026.11"),
            json!("1793698200.x"),
            json!(null),
        ] {
            assert_eq!(Date::of_value(&value), None, "{value}");
        }
    }

    #[test]
    fn days_are_counted_forth_and_back() {
        let days = |text: &str| text.parse::<Date>().unwrap().days();
        assert_eq!(days("1970-01-01"), 0);
        assert_eq!(days("1901-01-01") - days("1900-01-01"), 365);
        assert_eq!(days("2001-01-01") - days("2000-01-01"), 366);
        for number in 0..=days("2999-12-31") {
            assert_eq!(Date::of_days(number).unwrap().days(), number);
        }
    }

    #[test]
    fn the_named_field_or_the_first_with_a_date_counts() {
        let metadata = json!({"date": "soon", "published": "2026-11-03", "day": "2020-01-01"});
        let metadata = metadata.as_object().unwrap();
        let date = |field| Date::of(metadata, field).map(|date| date.to_string());
        assert_eq!(date(None).as_deref(), Some("2026-11-03"));
        assert_eq!(date(Some("day")).as_deref(), Some("2020-01-01"));
        assert_eq!(date(Some("date")), None);
    }
}
