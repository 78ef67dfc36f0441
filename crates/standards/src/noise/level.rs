//! Equivalent and percent levels (等效声级、累积百分声级). Levels in dB(A).

use super::PeriodRule;
use crate::decimal::round_float;
use crate::{Step, clause};
use serde::Serialize;

/// Equivalent level 10·lg(mean 10^(L/10)) of samples of equal length; `None` of none.
pub fn leq(levels: &[f64]) -> Option<f64> {
    // Relative to the largest, so that no sum overflows and equal levels stay exact.
    let largest = levels.iter().copied().max_by(f64::total_cmp)?;
    let mut parts: Vec<f64> = levels.iter().map(|level| 10_f64.powf((level - largest) / 10.0)).collect();
    // Summed in ascending order: the order of arrival never matters.
    parts.sort_unstable_by(f64::total_cmp);
    let mean = parts.iter().sum::<f64>() / levels.len() as f64;
    Some(largest + 10.0 * mean.log10())
}

/// How a percent level is read off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PercentMethod {
    /// The ⌈n·p⌉-th of the samples in descending order (instruments and the standards' text).
    Rank,
    /// Linear quantile 1 − p (most statistics libraries).
    Linear,
}

/// L_p: the level exceeded `percent` % of the time. `None` of no samples or a percent outside 1..=100.
pub fn percent_level(levels: &[f64], percent: u8, method: PercentMethod) -> Option<f64> {
    if levels.is_empty() || !(1..=100).contains(&percent) {
        return None;
    }
    match method {
        PercentMethod::Linear => crate::statistics::quantile(levels, f64::from(100 - percent) / 100.0),
        PercentMethod::Rank => {
            let mut descending = levels.to_vec();
            descending.sort_unstable_by(|a, b| b.total_cmp(a));
            let rank = (levels.len() * usize::from(percent)).div_ceil(100);
            descending.get(rank.saturating_sub(1)).copied()
        }
    }
}

/// Standard deviation of the samples (n − 1).
pub fn standard_deviation(levels: &[f64]) -> Option<f64> {
    crate::statistics::moments(levels).map(|moments| moments.standard_deviation)
}

/// Levels of day and night.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DayNight {
    pub day: Option<f64>,
    pub night: Option<f64>,
}

/// Ld, Ln and Ldn of one civil day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelsOfDay {
    pub ld: Option<f64>,
    pub ln: Option<f64>,
    pub ldn: Option<f64>,
    pub day_samples: usize,
    pub night_samples: usize,
    pub steps: Vec<Step>,
}

impl LevelsOfDay {
    /// Rounded to one decimal, as reported.
    pub fn rounded(&self) -> [Option<f64>; 3] {
        [self.ld, self.ln, self.ldn].map(|level| level.map(|level| round_float(level, 1)))
    }
}

/// Ld, Ln and Ldn from samples `(hour 0..=23, level)` of equal length: hourly Leq, or minutes. Samples outside 0..=23
/// are ignored. No minimum number of samples is applied: the counts are beside the result (the thresholds of
/// HJ 906 are not confirmed).
pub fn day_levels(samples: &[(u8, f64)], periods: &PeriodRule) -> LevelsOfDay {
    let of = |night: bool| -> Vec<f64> {
        let in_range = samples.iter().filter(|(hour, _)| *hour < 24);
        in_range.filter(|(hour, _)| periods.is_night(*hour) == night).map(|(_, level)| *level).collect()
    };
    let (day, night) = (of(false), of(true));
    let (ld, ln) = (leq(&day), leq(&night));
    let (day_hours, night_hours) = (f64::from(periods.day_hours()), f64::from(24 - periods.day_hours()));
    let ldn = match (ld, ln) {
        (Some(ld), Some(ln)) => {
            let energy = day_hours * 10_f64.powf(ld / 10.0) + night_hours * 10_f64.powf((ln + 10.0) / 10.0);
            Some(10.0 * (energy / 24.0).log10())
        }
        _ => None,
    };
    let show =
        |level: Option<f64>| level.map_or_else(|| "—".to_owned(), |level| format!("{:.1}", round_float(level, 1)));
    let steps = vec![
        Step::new(
            clause!("GB 3096-2008 昼间 06～22 时、夜间 22～06 时"),
            format!("昼间 {} 个、夜间 {} 个样本", day.len(), night.len()),
            format!("{} samples by day, {} by night", day.len(), night.len()),
        ),
        Step::new(
            clause!("GB 3096-2008 等效声级定义"),
            format!("Ld = {}，Ln = {}，Ldn = {}", show(ld), show(ln), show(ldn)),
            format!("Ld = {}, Ln = {}, Ldn = {}", show(ld), show(ln), show(ldn)),
        ),
    ];
    LevelsOfDay { ld, ln, ldn, day_samples: day.len(), night_samples: night.len(), steps }
}
