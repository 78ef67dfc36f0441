//! Counting days (优良天数、重污染天数): as published, or recomputed under one edition.
//!
//! The same function gives both views: pass the indices of each day under the edition then in force, or all under one
//! edition. A series of ratios that mixes editions shows the change of the rule, not of the air.

use super::{AqiResult, AqiRules, Method};
use crate::decimal::round_half_even;
use crate::{Date, Step, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// The index of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DayIndex {
    pub date: Date,
    /// As published; `None` = NA.
    pub aqi: Option<u16>,
    pub aqi_of_available: Option<u16>,
    /// No required item is missing.
    pub complete: bool,
}

impl DayIndex {
    pub fn new(date: Date, result: &AqiResult) -> Self {
        Self { date, aqi: result.aqi, aqi_of_available: result.aqi_of_available, complete: result.missing.is_empty() }
    }
}

/// How days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCountRules {
    pub good_day_aqi: u16,
    pub heavy_day_aqi: u16,
    /// Leave out an incomplete day whose index is not above this, also where the edition itself has no such rule.
    pub incomplete_only_above: Option<u16>,
}

impl From<&Method> for DayCountRules {
    fn from(method: &Method) -> Self {
        Self { good_day_aqi: method.good_day_aqi, heavy_day_aqi: method.heavy_day_aqi, incomplete_only_above: None }
    }
}

/// Days of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayCount {
    pub valid_days: u32,
    /// Days of level 1..=6.
    pub by_level: [u32; 6],
    pub good_days: u32,
    /// Good days / valid days × 100, one decimal; `None` without valid days.
    pub good_ratio: Option<Decimal>,
    pub heavy_days: u32,
    pub steps: Vec<Step>,
}

/// Counts the days of a period under the levels of `rules`.
pub fn count_days<'a>(
    days: impl IntoIterator<Item = &'a DayIndex>,
    rules: &AqiRules,
    count_rules: &DayCountRules,
) -> DayCount {
    let mut count =
        DayCount { valid_days: 0, by_level: [0; 6], good_days: 0, good_ratio: None, heavy_days: 0, steps: Vec::new() };
    for day in days {
        let Some(aqi) = day.aqi else { continue };
        if !day.complete && count_rules.incomplete_only_above.is_some_and(|limit| aqi <= limit) {
            continue;
        }
        count.valid_days += 1;
        count.good_days += u32::from(aqi <= count_rules.good_day_aqi);
        count.heavy_days += u32::from(aqi > count_rules.heavy_day_aqi);
        let level = rules.level(aqi).map_or(0, |level| usize::from(level.level));
        if let Some(days) = level.checked_sub(1).and_then(|index| count.by_level.get_mut(index)) {
            *days += 1;
        }
    }
    if count.valid_days > 0 {
        let ratio = Decimal::from(count.good_days) * Decimal::ONE_HUNDRED / Decimal::from(count.valid_days);
        let ratio = round_half_even(ratio, 1);
        count.good_ratio = Some(ratio);
        count.steps.push(Step::new(
            clause!("HJ 663 优良天数比例"),
            format!("优良天数 {} / 有效天数 {} = {ratio}%（{}）", count.good_days, count.valid_days, rules.standard),
            format!("good days {} / valid days {} = {ratio}% ({})", count.good_days, count.valid_days, rules.standard),
        ));
    }
    count
}
