//! Reports (报表): bulletins of air and water, lists of exceedances, data quality, noise of functional zones. A report is
//! rows of cells; a cell that is a number names the verdict it comes from. [`file`] turns the same rows into a file.

pub mod air;
pub mod file;
pub mod noise;
pub mod noise_grade;
pub mod outlet;
pub mod quality;
pub mod water;

use std::sync::Arc;

use api::Column;
use kernel::{Day, Month, Name, Point, Problem, Timestamp};
use serde::Serialize;
use store::contract::PeriodLevel;

use crate::Judge;
use crate::model::{Key, Verdict};

/// Rows of one section; a list that is longer says so.
pub const MOST_ROWS: usize = 2_000;

/// A cell; what it rests on is one link away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Cell {
    pub text: String,
    /// The verdict that the number comes from.
    pub verdict: Option<String>,
    /// Shown as a warning.
    pub alarm: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn of(text: impl Into<String>, key: Key) -> Self {
        Self { text: text.into(), verdict: Some(key.to_string()), alarm: false }
    }

    pub fn alarm_if(mut self, alarm: bool) -> Self {
        self.alarm = alarm;
        self
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Section {
    pub title: Name,
    pub method: Name,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows that were left out because the list is too long.
    pub left_out: usize,
}

impl Section {
    pub fn new(title: (&str, &str), method: (&str, &str), columns: Vec<Column>) -> Self {
        Self {
            title: Name::new(title.0, title.1),
            method: Name::new(method.0, method.1),
            columns,
            rows: Vec::new(),
            left_out: 0,
        }
    }

    pub fn push(&mut self, row: Vec<Cell>) {
        if self.rows.len() < MOST_ROWS {
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Report {
    pub kind: String,
    pub title: Name,
    /// `2026-11-24` or `2026-11`.
    pub period: String,
    pub from: Timestamp,
    pub until: Timestamp,
    pub as_of: Timestamp,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
    /// The period has not ended.
    pub running: bool,
    /// One line each: what the reader has to know first.
    pub lines: Vec<Name>,
    pub sections: Vec<Section>,
}

/// The reports there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AirDaily,
    AirMonthly,
    WaterDaily,
    WaterMonthly,
    OutletExceedances,
    DataQuality,
    Noise,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::AirDaily,
        Self::AirMonthly,
        Self::WaterDaily,
        Self::WaterMonthly,
        Self::OutletExceedances,
        Self::DataQuality,
        Self::Noise,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::AirDaily => "air-daily",
            Self::AirMonthly => "air-monthly",
            Self::WaterDaily => "water-daily",
            Self::WaterMonthly => "water-monthly",
            Self::OutletExceedances => "outlet-exceedances",
            Self::DataQuality => "data-quality",
            Self::Noise => "noise",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn title(self) -> Name {
        match self {
            Self::AirDaily => Name::new("环境空气质量日报", "daily air bulletin"),
            Self::AirMonthly => Name::new("环境空气质量月报", "monthly air bulletin"),
            Self::WaterDaily => Name::new("地表水水质日报", "daily water bulletin"),
            Self::WaterMonthly => Name::new("地表水水质月报", "monthly water bulletin"),
            Self::OutletExceedances => Name::new("排放口超标清单", "list of exceedances of outlets"),
            Self::DataQuality => Name::new("数据质量月报", "monthly data quality"),
            Self::Noise => Name::new("功能区声环境质量月报", "monthly noise of functional zones"),
        }
    }

    pub const fn daily(self) -> bool {
        matches!(self, Self::AirDaily | Self::WaterDaily)
    }
}

/// A day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Day,
    /// Exclusive.
    pub until: Day,
}

impl Period {
    /// `2026-11-24` for a daily report, `2026-11` for a monthly one; without a text: the last one that has ended.
    ///
    /// # Errors
    /// When the text is no such period, or one that has not begun.
    pub fn parse(kind: Kind, text: Option<&str>, today: Day) -> Result<Self, Problem> {
        let wrong = |text: &str| {
            let form = if kind.daily() { "2026-11-24" } else { "2026-11" };
            Problem::invalid(format!("period = {text}：应如 {form} (not a period of this report)"))
        };
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let period = if kind.daily() {
            let day = text.map_or(Ok(Day(today.0 - 1)), |text| Day::parse(text).ok_or_else(|| wrong(text)))?;
            Self { from: day, until: Day(day.0 + 1) }
        } else {
            let month = match text {
                None => Month(today.month().0 - 1),
                Some(text) => Day::parse(&format!("{text}-01")).ok_or_else(|| wrong(text))?.month(),
            };
            Self { from: month.first_day(), until: month.next().first_day() }
        };
        if period.from > today {
            return Err(Problem::invalid("时段还没有开始 (the period has not begun)"));
        }
        Ok(period)
    }

    pub fn month(self) -> Month {
        self.from.month()
    }
}

impl Judge {
    /// A report over points (those the reader may see).
    ///
    /// # Errors
    /// When the store fails.
    pub fn report(&self, kind: Kind, period: Period, points: &[Arc<Point>], now: Timestamp) -> Result<Report, Problem> {
        let (lines, sections, used) = match kind {
            Kind::AirDaily => air::daily(self, period, points)?,
            Kind::AirMonthly => air::monthly(self, period, points)?,
            Kind::WaterDaily => water::daily(self, period, points)?,
            Kind::WaterMonthly => water::monthly(self, period, points)?,
            Kind::OutletExceedances => outlet::exceedances(self, period, points)?,
            Kind::DataQuality => quality::monthly(self, period, points, now)?,
            Kind::Noise => noise::monthly(self, period, points)?,
        };
        let iso = period.from.to_iso();
        Ok(Report {
            kind: kind.key().to_owned(),
            title: kind.title(),
            period: if kind.daily() { iso } else { iso[..7].to_owned() },
            from: period.from.start(),
            until: period.until.start(),
            as_of: now,
            simulated: used.iter().any(|point| point.simulated),
            running: period.until.start() > now,
            lines,
            sections,
        })
    }

    pub(crate) fn verdict_of(&self, point: i64, level: PeriodLevel, number: i64) -> Result<Option<Verdict>, Problem> {
        let key = Key::new(point, level, number);
        Ok(self.store.read(|reader| crate::rows::current(reader, self.division, key))?)
    }
}

/// Lines, sections, and the points with data.
type Parts = (Vec<Name>, Vec<Section>, Vec<Arc<Point>>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_covers_a_day_or_a_month_and_by_default_the_last_one() {
        let today = Day::parse("2026-03-02").unwrap();
        let check = |kind: Kind, text: Option<&str>, expect: Option<(&str, &str)>| {
            let found = Period::parse(kind, text, today).ok();
            assert_eq!(
                found.map(|period| (period.from.to_iso(), period.until.to_iso())),
                expect.map(|(from, until)| (from.to_owned(), until.to_owned()))
            );
        };
        check(Kind::AirDaily, None, Some(("2026-03-01", "2026-03-02")));
        check(Kind::WaterMonthly, None, Some(("2026-02-01", "2026-03-01")));
        check(Kind::Noise, Some("2025-12"), Some(("2025-12-01", "2026-01-01")));
        check(Kind::Noise, Some("2026-03"), Some(("2026-03-01", "2026-04-01")));
        check(Kind::Noise, Some("2026-04"), None);
        check(Kind::AirDaily, Some("2026-13-01"), None);
        check(Kind::AirDaily, Some("2026-02"), None);
    }
}
