//! Validity of means of pollution sources (均值有效性): minimum counts, and the means they allow.

use crate::decimal::mean;
use crate::library::FigureError;
use crate::measure::{MeasureError, percent};
use crate::{Date, Library, Step, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Waste gas or waste water.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// 废气
    Gas,
    /// 废水
    Water,
}

/// Minimum counts (最少个数) of one kind of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `HJ 76-2017` or `HJ 356-2019`.
    pub standard: String,
    pub kind: SourceKind,
    /// Valid minutes of an hour (gas), valid sub-values of an hour (water).
    pub per_hour: u32,
    /// Valid hours of a day.
    pub per_day: u32,
    /// Valid days of a month; `None` when not known.
    pub per_month: Option<u32>,
    pub per_february: Option<u32>,
    /// Whether one abnormal sub-value makes the period abnormal (废水).
    pub one_abnormal_spoils: bool,
}

/// Days of a month that counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthCount {
    pub month: u8,
    pub valid_days: u32,
}

impl Validity {
    /// The rules in force at a date.
    ///
    /// # Errors
    /// When no edition covers the date, or a count is not confirmed.
    pub fn in_force(library: &Library, kind: SourceKind, at: Date) -> Result<Self, MeasureError> {
        let family = match kind {
            SourceKind::Gas => "HJ 76",
            SourceKind::Water => "HJ 356",
        };
        let standard = library.in_force(family, "", at)?;
        let optional = |id: &str| match standard.count(id) {
            Ok(count) => Ok(Some(count)),
            Err(FigureError::Absent { .. } | FigureError::Unconfirmed { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        Ok(Self {
            standard: standard.code.clone(),
            kind,
            per_hour: standard.count("per_hour")?,
            per_day: standard.count("per_day")?,
            per_month: optional("per_month")?,
            per_february: optional("per_february")?,
            one_abnormal_spoils: standard.figure("one_abnormal_spoils")? == "yes",
        })
    }

    /// `None` when the rule is not known.
    pub fn month_valid(&self, month: MonthCount) -> Option<bool> {
        let minimum = if month.month == 2 { self.per_february } else { self.per_month }?;
        let _ = clause!("HJ 76-2017 有效月均值");
        Some(month.valid_days >= minimum)
    }
}

/// Whether an hour of flue gas is valid: enough valid minutes (`per_hour`).
pub fn gas_hour_valid(rules: &Validity, valid_minutes: u32) -> bool {
    let _ = clause!("HJ 76-2017 有效小时均值");
    valid_minutes >= rules.per_hour
}

/// One hour of an outlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourMean {
    pub value: Decimal,
    /// Flow of that hour in any one unit, for the weighted mean of waste water.
    pub flow: Option<Decimal>,
    pub valid: bool,
}

/// A day mean with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayMean {
    /// `None` when there is nothing to average.
    pub value: Option<Decimal>,
    pub valid_hours: u32,
    pub valid: bool,
    pub note: Option<Text>,
    pub step: Step,
}

/// How the day of waste water is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaterWeight {
    /// By flow (流量加权), the rule of HJ 356.
    Flow,
    /// Arithmetic, for an outlet without a flow meter; the caller decides, never this code.
    Arithmetic,
}

/// Day mean of flue gas: arithmetic over valid hours, valid from `per_day` hours on.
pub fn gas_day(rules: &Validity, hours: &[HourMean]) -> DayMean {
    let values: Vec<Decimal> = hours.iter().filter(|hour| hour.valid).map(|hour| hour.value).collect();
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let valid = count >= rules.per_day;
    let value = mean(values);
    let step = Step::new(
        clause!("HJ 76-2017 有效日均值"),
        format!("有效小时 {count} 个，至少 {} 个：日均值{}", rules.per_day, if valid { "有效" } else { "无效" }),
        format!(
            "{count} valid hours, at least {}: the day mean is {}",
            rules.per_day,
            if valid { "valid" } else { "not valid" }
        ),
    );
    DayMean { value, valid_hours: count, valid, note: None, step }
}

/// Day mean of waste water: flow-weighted over valid hours. Hours without flow make a weighted mean impossible; it is
/// then left out with a note instead of being guessed.
pub fn wastewater_day(rules: &Validity, hours: &[HourMean], weight: WaterWeight) -> DayMean {
    let valid_hours: Vec<&HourMean> = hours.iter().filter(|hour| hour.valid).collect();
    let count = u32::try_from(valid_hours.len()).unwrap_or(u32::MAX);
    let (value, note) = match weight {
        WaterWeight::Arithmetic => (mean(valid_hours.iter().map(|hour| hour.value)), None),
        WaterWeight::Flow => weighted(&valid_hours),
    };
    let valid = value.is_some() && count >= rules.per_day;
    let (zh, en) = match weight {
        WaterWeight::Flow => ("流量加权", "flow-weighted"),
        WaterWeight::Arithmetic => ("算术", "arithmetic"),
    };
    let step = Step::new(
        clause!("HJ 356-2019 日均值"),
        format!("{count} 个有效小时的{zh}平均{}", if valid { "" } else { "，无效" }),
        format!("{en} mean of {count} valid hours{}", if valid { "" } else { ", not valid" }),
    );
    DayMean { value, valid_hours: count, valid, note, step }
}

fn weighted(hours: &[&HourMean]) -> (Option<Decimal>, Option<Text>) {
    if hours.is_empty() {
        return (None, None);
    }
    let mut volume = Decimal::ZERO;
    let mut mass = Decimal::ZERO;
    for hour in hours {
        let Some(flow) = hour.flow.filter(|flow| !flow.is_sign_negative()) else {
            let note =
                Text::new("有效小时缺流量，无法流量加权", "a valid hour has no flow, so the mean cannot be weighted");
            return (None, Some(note));
        };
        let sums = flow.checked_mul(hour.value).and_then(|part| mass.checked_add(part)).zip(volume.checked_add(flow));
        let Some((new_mass, new_volume)) = sums else { return (None, None) };
        (mass, volume) = (new_mass, new_volume);
    }
    match mass.checked_div(volume) {
        Some(value) => (Some(value), None),
        None => (None, Some(Text::new("全日流量为零", "no water flowed that day"))),
    }
}

/// Capture of a quarter in percent (季度有效数据捕集率): (hours − invalid) / (hours − stopped); `None` when the
/// source stood all the time.
pub fn quarter_capture(hours: u32, invalid: u32, stopped: u32) -> Option<Decimal> {
    let due = hours.checked_sub(stopped)?;
    let _ = clause!("HJ 75-2017 季度有效数据捕集率");
    let captured = Decimal::from(hours) - Decimal::from(stopped) - Decimal::from(invalid);
    percent(captured.max(Decimal::ZERO), Decimal::from(due), 1)
}
