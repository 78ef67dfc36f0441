//! Deadlines in hours or working days (工作日). Pure; the calendar is data, weekends are free where it says nothing.

use std::collections::BTreeSet;

use crate::time::{Day, Timestamp};
use serde::Deserialize;

/// Nobody gets more time than this.
const MOST_WORKING_DAYS: u32 = 365;

#[derive(Clone, Debug, Default)]
pub struct WorkingCalendar {
    holidays: BTreeSet<Day>,
    workdays: BTreeSet<Day>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    #[allow(dead_code)]
    year: i32,
    #[allow(dead_code)]
    confirmed: bool,
    holidays: Vec<String>,
    workdays: Vec<String>,
}

/// The files of `model/calendars` that ship with the program.
const BUILT_IN: [&str; 1] = [include_str!("../../../model/calendars/cn-2026.toml")];

impl WorkingCalendar {
    /// The calendar that ships with the program.
    ///
    /// # Errors
    /// When one of its files is broken.
    pub fn built_in() -> Result<Self, String> {
        let mut calendar = Self::default();
        BUILT_IN.iter().try_for_each(|text| calendar.extend(text))?;
        Ok(calendar)
    }

    /// Adds a year's file.
    pub fn extend(&mut self, text: &str) -> Result<(), String> {
        let file: CalendarFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let day = |text: &String| Day::parse(text).ok_or_else(|| format!("“{text}”不是日期 (not a date)"));
        self.holidays.extend(file.holidays.iter().map(day).collect::<Result<Vec<_>, _>>()?);
        self.workdays.extend(file.workdays.iter().map(day).collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }

    pub fn is_working_day(&self, day: Day) -> bool {
        // 1970-01-01 was a Thursday: 0 = Monday.
        let weekday = (day.0 + 3).rem_euclid(7);
        self.workdays.contains(&day) || (weekday < 5 && !self.holidays.contains(&day))
    }

    /// The end of the `count`th working day after the day of `from`.
    pub fn after_working_days(&self, from: Timestamp, count: u32) -> Timestamp {
        self.working_day_after(from.day(), count).end().plus(-1000)
    }

    /// The `count`th working day after a day.
    pub fn working_day_after(&self, from: Day, count: u32) -> Day {
        let mut day = from;
        let mut left = count.min(MOST_WORKING_DAYS);
        while left > 0 {
            day = Day(day.0 + 1);
            if self.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, days: u32, expect: &str) {
        let calendar = WorkingCalendar::built_in().unwrap();
        let due = calendar.after_working_days(Timestamp::parse(from).unwrap(), days);
        assert_eq!(due.to_iso(), format!("{expect}T23:59:59+08:00"), "{from} + {days}");
    }

    #[test]
    fn weekends_holidays_and_moved_workdays_count_as_the_calendar_says() {
        check("2026-11-25T10:00:00", 1, "2026-11-26");
        check("2026-11-27T10:00:00", 1, "2026-11-30");
        // Friday before the spring holiday; Saturday 14 February is a workday.
        check("2026-02-13T10:00:00", 1, "2026-02-14");
        check("2026-02-13T10:00:00", 2, "2026-02-24");
    }
}
