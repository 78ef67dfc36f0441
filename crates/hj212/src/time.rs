//! Civil time as the protocol writes it: `yyyyMMddHHmmss` or `yyyyMMddHHmmssSSS`, Beijing time without a zone.

/// A civil date and time at the fixed +08:00 (北京时间), known to be on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilTime {
    pub year: u16,
    /// 1–12
    pub month: u8,
    /// 1–31
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub millisecond: u16,
}

const OFFSET_MILLIS: i64 = 8 * 3_600_000;

/// 14 digits, or 17 with milliseconds; `None` when it is anything else or no time of the calendar.
pub fn parse(text: &[u8]) -> Option<CivilTime> {
    if text.len() != 14 && text.len() != 17 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let read =
        |from: usize, to: usize| text[from..to].iter().fold(0u16, |value, digit| value * 10 + u16::from(digit - b'0'));
    let time = CivilTime {
        year: read(0, 4),
        month: read(4, 6) as u8,
        day: read(6, 8) as u8,
        hour: read(8, 10) as u8,
        minute: read(10, 12) as u8,
        second: read(12, 14) as u8,
        millisecond: if text.len() == 17 { read(14, 17) } else { 0 },
    };
    let on_calendar = time.year >= 1970
        && (1..=12).contains(&time.month)
        && (1..=days_of_month(time.year, time.month)).contains(&time.day)
        && time.hour < 24
        && time.minute < 60
        && time.second < 60;
    on_calendar.then_some(time)
}

const fn days_of_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl CivilTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_millis(self) -> i64 {
        let shifted = self.year as i64 - (self.month <= 2) as i64;
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * ((self.month as i64 + 9) % 12) + 2) / 5 + self.day as i64 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        let seconds = self.hour as i64 * 3600 + self.minute as i64 * 60 + self.second as i64;
        days * 86_400_000 + seconds * 1000 + self.millisecond as i64 - OFFSET_MILLIS
    }

    /// `None` before 1970 and after 9999.
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        let local = millis.checked_add(OFFSET_MILLIS).filter(|&local| local >= 0)?;
        let (days, rest) = (local / 86_400_000, local % 86_400_000);
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Some(Self {
            year: u16::try_from(year).ok().filter(|&year| year <= 9999)?,
            month: month as u8,
            day: (day_of_year - (153 * month_index + 2) / 5 + 1) as u8,
            hour: (rest / 3_600_000) as u8,
            minute: (rest / 60_000 % 60) as u8,
            second: (rest / 1000 % 60) as u8,
            millisecond: (rest % 1000) as u16,
        })
    }

    /// `yyyyMMddHHmmss`, as DataTime is written.
    pub fn to_data_time(self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }

    /// `yyyyMMddHHmmssSSS`, as QN is written.
    pub fn to_qn(self) -> String {
        format!("{}{:03}", self.to_data_time(), self.millisecond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(parse(text.as_bytes()).map(CivilTime::unix_millis), expect, "{text}");
    }

    #[test]
    fn beijing_time_without_a_zone() {
        check("19700101080000", Some(0));
        check("20160801085857223", Some(1_470_013_137_223));
        check("20240229000000", Some(1_709_136_000_000));
        for text in [
            "20230229000000",
            "20241301000000",
            "20240101240000",
            "2024010100000",
            "2024010100000x",
            "00000000000000",
            "",
        ] {
            check(text, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_instant_round_trips(millis in -28_800_000i64..253_370_736_000_000) {
            let time = CivilTime::from_unix_millis(millis).unwrap();
            proptest::prop_assert_eq!(time.unix_millis(), millis);
            proptest::prop_assert_eq!(parse(time.to_qn().as_bytes()), Some(time));
        }
    }
}
