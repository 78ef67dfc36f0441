//! Month, quarter and year of daily values (HJ 663): validity, mean, percentile, with or without dust days.

use super::{Method, Pollutant, Validity};
use crate::date::days_in_month;
use crate::decimal::mean;
use crate::{Date, Step, Text, clause};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use std::collections::BTreeSet;

/// The valid daily values of one day, unrounded; O3 is the daily maximum 8-hour mean. One entry a date.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyValue {
    pub date: Date,
    pub values: [Option<Decimal>; 6],
}

/// The dust switch (扣沙): whether PM10 and PM2.5 of days judged as dust by CNEMC (环办监测〔2016〕120 号) take part.
/// Other pollutants always do, and day counts never leave dust out.
#[derive(Clone, Copy, Debug)]
pub enum Dust<'a> {
    Keep,
    LeaveOut(&'a BTreeSet<Date>),
}

impl Dust<'_> {
    fn leaves_out(self, pollutant: Pollutant, date: Date) -> bool {
        match self {
            Self::LeaveOut(days) if matches!(pollutant, Pollutant::Pm10 | Pollutant::Pm25) => {
                let _ = clause!("环办监测〔2016〕120 号 沙尘剔除");
                days.contains(&date)
            }
            _ => false,
        }
    }
}

/// One pollutant of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PollutantPeriod {
    pub pollutant: Pollutant,
    pub valid_days: u16,
    /// Fewest valid days of any month of the period.
    pub min_month_days: u8,
    /// Whether the period has enough valid days.
    pub valid: bool,
    /// Unrounded mean of the daily values.
    pub mean: Option<Decimal>,
    /// Unrounded percentile of the daily values that the method assesses.
    pub percentile: Option<Decimal>,
    /// Which percentile.
    pub percentile_rank: Option<Decimal>,
    pub reason: Option<Text>,
}

/// A period of one station or area.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeriodStatistics {
    /// In the order of [`Pollutant::ALL`].
    pub items: Vec<PollutantPeriod>,
    pub steps: Vec<Step>,
}

/// A calendar year. Days of other years are ignored; the order of `days` does not matter.
pub fn assess_year(
    year: i16,
    days: &[DailyValue],
    validity: &Validity,
    method: &Method,
    dust: Dust,
) -> PeriodStatistics {
    assess(year, 1..=12, days, validity, method, dust, Some(validity.year_days))
}

/// A calendar month (1..=12): at least 27 daily values (February 25).
pub fn assess_month(
    year: i16,
    month: u8,
    days: &[DailyValue],
    validity: &Validity,
    method: &Method,
    dust: Dust,
) -> PeriodStatistics {
    assess(year, month..=month, days, validity, method, dust, None)
}

/// A calendar quarter (1..=4). The standard states no minimum for a quarter of these pollutants; it is taken as valid
/// when each of its months is.
pub fn assess_quarter(
    year: i16,
    quarter: u8,
    days: &[DailyValue],
    validity: &Validity,
    method: &Method,
    dust: Dust,
) -> PeriodStatistics {
    let first = (quarter.clamp(1, 4) - 1) * 3 + 1;
    assess(year, first..=first + 2, days, validity, method, dust, None)
}

fn assess(
    year: i16,
    months: std::ops::RangeInclusive<u8>,
    days: &[DailyValue],
    validity: &Validity,
    method: &Method,
    dust: Dust,
    total_needed: Option<u16>,
) -> PeriodStatistics {
    let mut steps = Vec::new();
    let mut items = Vec::with_capacity(6);
    for pollutant in Pollutant::ALL {
        let mut by_month = [0_u8; 13];
        let mut values = Vec::new();
        for day in days.iter().filter(|day| day.date.year() == year && months.contains(&day.date.month())) {
            if let Some(value) = day.values[pollutant.index()]
                && !dust.leaves_out(pollutant, day.date)
            {
                by_month[usize::from(day.date.month())] += 1;
                values.push(value);
            }
        }
        values.sort_unstable();
        let short = months.clone().find(|month| by_month[usize::from(*month)] < validity.days_needed(*month));
        let valid_days = values.len() as u16;
        let enough = total_needed.is_none_or(|needed| valid_days >= needed);
        let reason =
            reason(valid_days, total_needed.filter(|_| !enough), short.map(|month| (month, by_month, validity)));
        let rank = method.percentiles[pollutant.index()];
        let item = PollutantPeriod {
            pollutant,
            valid_days,
            min_month_days: months.clone().map(|month| by_month[usize::from(month)]).min().unwrap_or(0),
            valid: enough && short.is_none(),
            mean: mean(values.iter().copied()),
            percentile: rank.and_then(|rank| percentile_of(&values, rank)),
            percentile_rank: rank,
            reason,
        };
        steps.push(period_step(&item, total_needed));
        items.push(item);
    }
    PeriodStatistics { items, steps }
}

fn reason(valid_days: u16, needed: Option<u16>, short: Option<(u8, [u8; 13], &Validity)>) -> Option<Text> {
    match (needed, short) {
        (Some(needed), _) => Some(Text::new(
            format!("有效日数 {valid_days} 少于 {needed}"),
            format!("{valid_days} valid days, fewer than {needed}"),
        )),
        (None, Some((month, by_month, validity))) => {
            let (has, needs) = (by_month[usize::from(month)], validity.days_needed(month));
            Some(Text::new(
                format!("{month} 月有效日数 {has} 少于 {needs}"),
                format!("month {month} has {has} valid days, fewer than {needs}"),
            ))
        }
        (None, None) => None,
    }
}

fn period_step(item: &PollutantPeriod, total_needed: Option<u16>) -> Step {
    let clause = if total_needed.is_some() {
        clause!("GB 3095 表 4：年平均至少 324 个日值，每月至少 27 个（二月 25 个）")
    } else {
        clause!("HJ 663 月评价有效性：至少 27 个日值（二月 25 个）")
    };
    let name = item.pollutant.label();
    let (zh, en) = if item.valid { ("有效", "valid") } else { ("无效", "not valid") };
    let (days, least) = (item.valid_days, item.min_month_days);
    Step::new(
        clause,
        format!("{name} 有效日 {days} 个，最少的月 {least} 个：{zh}"),
        format!("{name}: {days} valid days, fewest in a month {least}: {en}"),
    )
}

/// The percentile `rank` (0..=100) of ascending values by the method of HJ 663: k = 1 + (n − 1)·p, linear between the
/// neighbours. `None` of no values or a rank outside 0..=100.
pub fn percentile_of(ascending: &[Decimal], rank: Decimal) -> Option<Decimal> {
    let last = ascending.len().checked_sub(1)?;
    if rank < Decimal::ZERO || rank > Decimal::ONE_HUNDRED {
        return None;
    }
    let _ = clause!("HJ 663 百分位数计算方法");
    let position = Decimal::from(last) * rank / Decimal::ONE_HUNDRED;
    let below = position.trunc().to_usize()?;
    let low = *ascending.get(below)?;
    let high = *ascending.get(below + 1).unwrap_or(&low);
    Some(low + (high - low) * position.fract())
}

/// Days of a year.
pub fn days_in_year(year: i16) -> u16 {
    (1..=12).map(|month| u16::from(days_in_month(year, month))).sum()
}
