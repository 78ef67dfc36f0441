//! Periods by level: where they start, what they are part of.

use kernel::{Day, Hour, Month, Timestamp};
use standards::Date;
use store::contract::PeriodLevel;

/// Start of the numbered hour, day, month or civil year.
pub fn start(level: PeriodLevel, period: i64) -> Timestamp {
    match level {
        PeriodLevel::Hour => Hour(period).start(),
        PeriodLevel::Day => Day(period as i32).start(),
        PeriodLevel::Month => Month(period as i32).first_day().start(),
        PeriodLevel::Year => Day::from_civil(period as i32, 1, 1).start(),
    }
}

/// The number of the period that holds an instant.
pub fn of(level: PeriodLevel, at: Timestamp) -> i64 {
    match level {
        PeriodLevel::Hour => at.hour().0,
        PeriodLevel::Day => i64::from(at.day().0),
        PeriodLevel::Month => i64::from(at.month().0),
        PeriodLevel::Year => i64::from(at.month().year()),
    }
}

/// The next level up, and the period there that a period belongs to.
pub fn parent(level: PeriodLevel, period: i64) -> Option<(PeriodLevel, i64)> {
    let up = match level {
        PeriodLevel::Hour => PeriodLevel::Day,
        PeriodLevel::Day => PeriodLevel::Month,
        PeriodLevel::Month => PeriodLevel::Year,
        PeriodLevel::Year => return None,
    };
    Some((up, of(up, start(level, period))))
}

pub fn date(day: Day) -> Date {
    Date::from_days_since_epoch(day.0)
}

pub const fn level_name(level: PeriodLevel) -> &'static str {
    match level {
        PeriodLevel::Hour => "hour",
        PeriodLevel::Day => "day",
        PeriodLevel::Month => "month",
        PeriodLevel::Year => "year",
    }
}

pub fn level_from_name(name: &str) -> Option<PeriodLevel> {
    [PeriodLevel::Hour, PeriodLevel::Day, PeriodLevel::Month, PeriodLevel::Year]
        .into_iter()
        .find(|level| level_name(*level) == name)
}

/// `2026-11-24 15:00`, `2026-11-24`, `2026-11`, `2026`.
pub fn label(level: PeriodLevel, period: i64) -> String {
    let iso = start(level, period).to_iso();
    match level {
        PeriodLevel::Hour => iso[..16].replace('T', " "),
        PeriodLevel::Day => iso[..10].to_owned(),
        PeriodLevel::Month => iso[..7].to_owned(),
        PeriodLevel::Year => iso[..4].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_lies_in_its_day_month_and_year() {
        let at = Timestamp::parse("2026-02-28T23:30:00+08:00").unwrap();
        let hour = of(PeriodLevel::Hour, at);
        let (level, day) = parent(PeriodLevel::Hour, hour).unwrap();
        let (_, month) = parent(level, day).unwrap();
        let (_, year) = parent(PeriodLevel::Month, month).unwrap();
        assert_eq!(label(PeriodLevel::Hour, hour), "2026-02-28 23:00");
        assert_eq!(label(PeriodLevel::Day, day), "2026-02-28");
        assert_eq!(label(PeriodLevel::Month, month), "2026-02");
        assert_eq!(year, 2026);
        assert_eq!(label(PeriodLevel::Year, year), "2026");
    }
}
