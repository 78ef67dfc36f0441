//! Limits of zones and boundaries by day and night (声环境功能区、厂界限值).

use crate::decimal::round_half_even;
use crate::library::FigureError;
use crate::{Standard, Step, Text, clause};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Day or night (昼间、夜间).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Night,
}

impl Period {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
        }
    }

    pub fn name(self) -> Text {
        match self {
            Self::Day => Text::new("昼间", "day"),
            Self::Night => Text::new("夜间", "night"),
        }
    }
}

/// When day and night begin; county government or above may shift them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodRule {
    pub day_begins: u8,
    pub night_begins: u8,
}

impl PeriodRule {
    /// Whether the hour `hour`..`hour + 1` is night.
    pub fn is_night(&self, hour: u8) -> bool {
        hour < self.day_begins || hour >= self.night_begins
    }

    pub fn period(&self, hour: u8) -> Period {
        if self.is_night(hour) { Period::Night } else { Period::Day }
    }

    pub fn day_hours(&self) -> u8 {
        self.night_begins.saturating_sub(self.day_begins)
    }
}

/// Kind of a short loud noise at night (频发、偶发、突发).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Burst {
    Frequent,
    Occasional,
    /// GB 3096 and GB 12523: any burst.
    Any,
}

impl Burst {
    const fn figure(self) -> &'static str {
        match self {
            Self::Frequent => "night_frequent",
            Self::Occasional => "night_occasional",
            Self::Any => "night_burst",
        }
    }
}

/// What to do with a measurement beside its background (背景值修正).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackgroundCorrection {
    /// Add this to the measured value (0 or negative).
    Add(i32),
    /// Lower the background and measure again.
    MeasureAgain,
}

/// The limits of one noise standard.
#[derive(Clone, Debug)]
pub struct NoiseLimits {
    pub standard: String,
    pub title: Text,
    pub periods: PeriodRule,
    limits: BTreeMap<(String, Period), Result<Decimal, FigureError>>,
    bursts: BTreeMap<&'static str, Result<Decimal, FigureError>>,
    background: Result<BTreeMap<i64, i32>, FigureError>,
    /// Decimals a level is rounded to before comparing: emission standards compare whole dB.
    places: u32,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoiseCheck {
    pub value: Decimal,
    pub limit: Decimal,
    /// A level on the limit complies.
    pub complies: bool,
    pub step: Step,
}

impl NoiseLimits {
    /// # Errors
    /// When the table of limits or the hours of day and night are absent. Unconfirmed figures are kept as errors and
    /// returned when asked for.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let table = standard.table("limits")?;
        let mut limits = BTreeMap::new();
        for key in table.row_keys() {
            for period in [Period::Day, Period::Night] {
                let figure = table.decimal(&key, period.key()).and_then(|value| {
                    value
                        .ok_or_else(|| FigureError::Absent { figure: format!("{}/{key}/{}", table.path, period.key()) })
                });
                limits.insert((key.clone(), period), figure);
            }
        }
        let bursts = [Burst::Frequent, Burst::Occasional, Burst::Any]
            .map(|burst| (burst.figure(), standard.decimal(burst.figure())))
            .into_iter()
            .collect();
        Ok(Self {
            standard: standard.code.clone(),
            title: standard.title.clone(),
            periods: PeriodRule {
                day_begins: standard.count("day_begins")? as u8,
                night_begins: standard.count("night_begins")? as u8,
            },
            limits,
            bursts,
            background: read_background(standard),
            places: if standard.family == "GB 3096" { 1 } else { 0 },
        })
    }

    /// Classes of the table (`0`, `1`, … `4b`).
    pub fn classes(&self) -> Vec<&str> {
        let mut classes: Vec<&str> = self.limits.keys().map(|(class, _)| class.as_str()).collect();
        classes.dedup();
        classes
    }

    /// The limit of a class by day or night, dB(A).
    ///
    /// # Errors
    /// When the class does not exist or the figure is not confirmed.
    pub fn limit(&self, class: &str, period: Period) -> Result<Decimal, FigureError> {
        let key = (class.to_owned(), period);
        let absent = || FigureError::Absent { figure: format!("{}/{class}/{}", self.standard, period.key()) };
        self.limits.get(&key).cloned().ok_or_else(absent)?
    }

    /// Compares an equivalent level with its limit, after rounding (zones one decimal, emissions whole dB).
    ///
    /// # Errors
    /// As [`NoiseLimits::limit`].
    pub fn check(&self, class: &str, period: Period, level: Decimal) -> Result<NoiseCheck, FigureError> {
        let limit = self.limit(class, period)?;
        let clause = self.limit_clause();
        Ok(self.compare(level, limit, clause, &format!("{} {class}", period.key())))
    }

    fn limit_clause(&self) -> &'static str {
        match self.standard.as_str() {
            "GB 3096-2008" => clause!("GB 3096-2008 表 1"),
            "GB 12348-2008" => clause!("GB 12348-2008 表 1"),
            "GB 22337-2008" => clause!("GB 22337-2008 表 1"),
            _ => clause!("GB 12523 场界限值"),
        }
    }

    /// Compares the maximum level of a night burst with its allowance above the night limit.
    ///
    /// # Errors
    /// When the class or the allowance does not exist or is not confirmed.
    pub fn check_burst(&self, class: &str, burst: Burst, maximum: Decimal) -> Result<NoiseCheck, FigureError> {
        let absent = || FigureError::Absent { figure: format!("{}/{}", self.standard, burst.figure()) };
        let allowance = self.bursts.get(burst.figure()).cloned().ok_or_else(absent)??;
        let limit = self.limit(class, Period::Night)? + allowance;
        let clause = match (self.standard.as_str(), burst) {
            ("GB 12348-2008", Burst::Frequent) => clause!("GB 12348-2008 夜间频发噪声"),
            ("GB 12348-2008", _) => clause!("GB 12348-2008 夜间偶发噪声"),
            ("GB 3096-2008", _) => clause!("GB 3096-2008 夜间突发噪声"),
            _ => clause!("GB 12523 夜间最大声级"),
        };
        Ok(self.compare(maximum, limit, clause, &format!("night maximum, class {class}")))
    }

    fn compare(&self, level: Decimal, limit: Decimal, clause: &'static str, what: &str) -> NoiseCheck {
        let value = round_half_even(level, self.places);
        let complies = value <= limit;
        let (zh, en) = if complies { ("达标", "complies") } else { ("超标", "exceeds") };
        let step = Step::new(
            clause,
            format!("{what}：{value} dB(A)，限值 {limit}，{zh}"),
            format!("{what}: {value} dB(A), limit {limit}: {en}"),
        );
        NoiseCheck { value, limit, complies, step }
    }

    /// The correction for background noise from the difference measured − background, both rounded to whole dB.
    ///
    /// # Errors
    /// When the table is absent or not confirmed.
    pub fn background(&self, difference: Decimal) -> Result<BackgroundCorrection, FigureError> {
        let table = self.background.as_ref().map_err(Clone::clone)?;
        let _ = clause!("GB 12348-2008 表 4 背景修正");
        let difference = round_half_even(difference, 0).to_i64().unwrap_or(i64::MAX);
        Ok(match table.get(&difference) {
            Some(correction) => BackgroundCorrection::Add(*correction),
            None if table.keys().next().is_none_or(|least| difference < *least) => BackgroundCorrection::MeasureAgain,
            None => BackgroundCorrection::Add(0),
        })
    }
}

fn read_background(standard: &Standard) -> Result<BTreeMap<i64, i32>, FigureError> {
    let table = standard.table("background")?;
    let mut corrections = BTreeMap::new();
    for key in table.row_keys() {
        let bad = || FigureError::NotANumber { figure: format!("{}/{key}", table.path), text: key.clone() };
        let correction = table.decimal(&key, "correction")?.and_then(|value| value.to_i32()).ok_or_else(bad)?;
        corrections.insert(key.parse().map_err(|_| bad())?, correction);
    }
    Ok(corrections)
}
