//! Time as the platform keeps it: UTC milliseconds, and typed civil periods at the county's fixed +08:00.
//!
//! An hour, a day and a month are values of their own, never bare numbers; each is named by its **start**
//! (HJ 212 labels periods by their start; import profiles convert sources that label by the end).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Civil time of the whole country (北京时间), a fixed offset without daylight saving.
pub const OFFSET_MILLIS: i64 = 8 * 3_600_000;
pub const HOUR_MILLIS: i64 = 3_600_000;
pub const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const fn millis(self) -> i64 {
        self.0
    }

    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }

    pub const fn hour(self) -> Hour {
        Hour((self.0 + OFFSET_MILLIS).div_euclid(HOUR_MILLIS))
    }

    pub const fn day(self) -> Day {
        Day((self.0 + OFFSET_MILLIS).div_euclid(DAY_MILLIS) as i32)
    }

    pub fn month(self) -> Month {
        self.day().month()
    }

    /// `2026-11-24T15:04:05+08:00`, with milliseconds only where there are any.
    pub fn to_iso(self) -> String {
        let (year, month, day) = self.day().civil();
        let rest = (self.0 + OFFSET_MILLIS).rem_euclid(DAY_MILLIS);
        let (hour, minute, second, millis) = (rest / HOUR_MILLIS, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
        if millis == 0 {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+08:00")
        } else {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}+08:00")
        }
    }

    /// Reads RFC 3339, or a civil date or date-time without zone, taken as +08:00.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self(instant.as_millisecond()));
        }
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Self::from_civil(civil)
    }

    pub fn from_civil(civil: jiff::civil::DateTime) -> Option<Self> {
        let days = days_from_civil(civil.year().into(), civil.month().into(), civil.day().into());
        let seconds = i64::from(civil.hour()) * 3600 + i64::from(civil.minute()) * 60 + i64::from(civil.second());
        Some(Self(days * DAY_MILLIS + seconds * 1000 + i64::from(civil.millisecond()) - OFFSET_MILLIS))
    }
}

/// The one place that reads the clock; decisions take the time as an argument.
pub fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(elapsed.as_millis() as i64)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a time")))
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A civil hour (时), counted from 1970-01-01T00:00+08:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour(pub i64);

impl Hour {
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 * HOUR_MILLIS - OFFSET_MILLIS)
    }

    pub const fn end(self) -> Timestamp {
        Timestamp((self.0 + 1) * HOUR_MILLIS - OFFSET_MILLIS)
    }

    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(24) as i32)
    }

    /// 0..=23, the hour that starts at that clock time.
    pub const fn of_day(self) -> usize {
        self.0.rem_euclid(24) as usize
    }
}

/// A civil day (日), counted from 1970-01-01 at +08:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Day {
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as i64 * DAY_MILLIS - OFFSET_MILLIS)
    }

    pub const fn end(self) -> Timestamp {
        Timestamp((self.0 as i64 + 1) * DAY_MILLIS - OFFSET_MILLIS)
    }

    pub const fn hour(self, of_day: usize) -> Hour {
        Hour(self.0 as i64 * 24 + of_day as i64)
    }

    /// Year, month 1..=12, day of month 1..=31.
    pub fn civil(self) -> (i32, u32, u32) {
        civil_from_days(i64::from(self.0))
    }

    pub fn from_civil(year: i32, month: u32, day: u32) -> Self {
        Self(days_from_civil(i64::from(year), i64::from(month), i64::from(day)) as i32)
    }

    pub fn month(self) -> Month {
        let (year, month, _) = self.civil();
        Month(year * 12 + month as i32 - 1)
    }

    /// `2026-11-24`.
    pub fn to_iso(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(Self::from_civil(date.year().into(), date.month() as u32, date.day() as u32))
    }
}

/// A civil month (月): year × 12 + month − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(pub i32);

impl Month {
    pub fn first_day(self) -> Day {
        Day::from_civil(self.0.div_euclid(12), self.0.rem_euclid(12) as u32 + 1, 1)
    }

    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub fn days(self) -> i32 {
        self.next().first_day().0 - self.first_day().0
    }

    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's era arithmetic).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn civil_from_days(days: i64) -> (i32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_periods_start_at_beijing_midnight() {
        let instant = Timestamp::parse("2026-03-01T00:00:00+08:00").unwrap();
        assert_eq!(instant.day().start(), instant);
        assert_eq!(instant.day().to_iso(), "2026-03-01");
        assert_eq!(instant.plus(-1).day().to_iso(), "2026-02-28");
        assert_eq!(instant.hour().of_day(), 0);
        assert_eq!(instant.month().days(), 31);
        assert_eq!(instant.to_iso(), "2026-03-01T00:00:00+08:00");
    }

    #[test]
    fn every_day_of_four_centuries_round_trips() {
        for days in -50_000..100_000 {
            let (year, month, day) = Day(days).civil();
            assert_eq!(Day::from_civil(year, month, day).0, days);
        }
        assert_eq!(Day::from_civil(1970, 1, 1).0, 0);
    }

    #[test]
    fn time_without_zone_is_beijing_time() {
        assert_eq!(Timestamp::parse("2019-07-18T12:00:00"), Timestamp::parse("2019-07-18T04:00:00Z"));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
