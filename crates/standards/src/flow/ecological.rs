//! Minimum ecological flow (生态流量): hours, days, stations, counties.
//!
//! Whether a day is judged by its mean or by every hour differs between places and is not confirmed for Chongqing:
//! the caller states the rule, or [`FlowRules::in_force`] answers that it is unconfirmed.

use crate::decimal::mean;
use crate::measure::{MeasureError, percent};
use crate::{Date, Library, Step, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a day is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowDayRule {
    /// The mean of the day.
    Mean,
    /// Every hour.
    EveryHour,
}

/// The rules of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRules {
    pub day: FlowDayRule,
    /// Share of days in percent from which a station is compliant.
    pub station_days: Decimal,
    /// Share of stations in percent from which a county is compliant.
    pub county_stations: Decimal,
    pub basis: String,
}

impl FlowRules {
    /// # Errors
    /// While the rule for days is not confirmed, or when nothing covers the date.
    pub fn in_force(library: &Library, area: &str, at: Date) -> Result<Self, MeasureError> {
        let standard = library.in_force("ECO FLOW", area, at)?;
        let day = match standard.figure("day_rule")? {
            "every_hour" => FlowDayRule::EveryHour,
            _ => FlowDayRule::Mean,
        };
        Ok(Self {
            day,
            station_days: standard.decimal("station_days")?,
            county_stations: standard.decimal("county_stations")?,
            basis: standard.code.clone(),
        })
    }
}

/// Why a day is exempt (免考).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// `low_inflow`, `flood`, `grid`, `repair`, `fault`.
    pub reason: String,
    /// Document or report that it rests on; must not be empty to count.
    pub evidence: String,
}

/// One day of one station.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowDay {
    /// `None` when there is no value, or the rule needs hours that are missing.
    pub compliant: Option<bool>,
    pub exempt: bool,
    pub mean: Option<Decimal>,
    pub hours: usize,
    /// Hours below the approved flow.
    pub hours_below: usize,
    /// In m³/s; zero when no hour is short.
    pub largest_shortfall: Decimal,
    pub step: Step,
}

/// Whether one hour releases at least the approved flow (核定生态流量), both in m³/s; on the limit is enough.
pub fn judge_flow_hour(approved: Decimal, released: Decimal) -> bool {
    let _ = clause!("生态流量 小时判定");
    released >= approved
}

/// Judges one day from its hourly releases in m³/s (24 expected; missing ones absent).
///
/// # Errors
/// A negative release or an approved flow that is not positive.
pub fn judge_flow_day(
    rule: FlowDayRule,
    approved: Decimal,
    hours: &[Decimal],
    exemption: Option<&Exemption>,
) -> Result<FlowDay, MeasureError> {
    if approved <= Decimal::ZERO {
        let expected = "> 0".to_owned();
        return Err(MeasureError::Range { factor: "approved flow".to_owned(), value: approved, expected });
    }
    if let Some(value) = hours.iter().find(|value| value.is_sign_negative() && !value.is_zero()) {
        return Err(MeasureError::Negative { factor: "released flow".to_owned(), value: *value });
    }
    let day_mean = mean(hours.iter().copied());
    let below: Vec<Decimal> =
        hours.iter().filter(|flow| !judge_flow_hour(approved, **flow)).map(|flow| approved - *flow).collect();
    let exempt = exemption.is_some_and(|exemption| !exemption.evidence.trim().is_empty());
    let compliant = match rule {
        FlowDayRule::Mean => day_mean.map(|mean| mean >= approved),
        // A single short hour decides; that all 24 were enough needs all 24.
        FlowDayRule::EveryHour if !below.is_empty() => Some(false),
        FlowDayRule::EveryHour => (hours.len() >= 24).then_some(true),
    };
    let (zh, en) = match (exempt, compliant) {
        (true, _) => ("免考", "exempt"),
        (false, Some(true)) => ("达标", "compliant"),
        (false, Some(false)) => ("不达标", "not compliant"),
        (false, None) => ("数据不足", "not enough data"),
    };
    let clause = match rule {
        FlowDayRule::Mean => clause!("生态流量 日均值判定"),
        FlowDayRule::EveryHour => clause!("生态流量 逐小时判定"),
    };
    let shown = day_mean.map_or_else(|| "—".to_owned(), |mean| mean.round_dp(3).normalize().to_string());
    let step = Step::new(
        clause,
        format!("核定 {approved} m³/s，日均 {shown}，{} 小时中 {} 小时不足：{zh}", hours.len(), below.len()),
        format!("Approved {approved} m³/s, day mean {shown}, {} of {} hours short: {en}", below.len(), hours.len()),
    );
    Ok(FlowDay {
        compliant,
        exempt,
        mean: day_mean,
        hours: hours.len(),
        hours_below: below.len(),
        largest_shortfall: below.into_iter().max().unwrap_or_default(),
        step,
    })
}

/// A station in a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowStation {
    /// Days that count: judged and not exempt.
    pub days: usize,
    pub compliant_days: usize,
    pub exempt_days: usize,
    /// Days without enough data; never counted as compliant.
    pub days_without_data: usize,
    /// Percent to one decimal; `None` when no day counts.
    pub rate: Option<Decimal>,
    pub compliant: Option<bool>,
    pub note: Option<Text>,
}

/// A station passes when enough of its days that are not exempt pass; a day without data counts as a day due.
pub fn station_compliance(rules: &FlowRules, days: &[FlowDay]) -> FlowStation {
    let exempt_days = days.iter().filter(|day| day.exempt).count();
    let due: Vec<&FlowDay> = days.iter().filter(|day| !day.exempt).collect();
    let compliant_days = due.iter().filter(|day| day.compliant == Some(true)).count();
    let without = due.iter().filter(|day| day.compliant.is_none()).count();
    let decimal = |number: usize| Decimal::from(number as u64);
    let _ = clause!("生态流量 站点达标率");
    // Compared without dividing, so that no rounding decides.
    let compliant = (!due.is_empty())
        .then(|| decimal(compliant_days) * Decimal::ONE_HUNDRED >= rules.station_days * decimal(due.len()));
    let note = (without > 0).then(|| {
        Text::new(
            format!("{without} 天无数据，按未达标计入分母"),
            format!("{without} days without data count as days due"),
        )
    });
    FlowStation {
        days: due.len(),
        compliant_days,
        exempt_days,
        days_without_data: without,
        rate: percent(decimal(compliant_days), decimal(due.len()), 1),
        compliant,
        note,
    }
}

/// Share of compliant stations in percent to one decimal, and whether the county passes; `None` without a station.
pub fn county_compliance(rules: &FlowRules, stations: &[FlowStation]) -> Option<(Decimal, bool)> {
    let judged = stations.iter().filter(|station| station.compliant.is_some()).count();
    let passed = stations.iter().filter(|station| station.compliant == Some(true)).count();
    let decimal = |number: usize| Decimal::from(number as u64);
    let rate = percent(decimal(passed), decimal(judged), 1)?;
    let _ = clause!("生态流量 县域达标率");
    Some((rate, decimal(passed) * Decimal::ONE_HUNDRED >= rules.county_stations * decimal(judged)))
}
