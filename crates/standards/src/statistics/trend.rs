//! Trend (趋势): Mann–Kendall, Theil–Sen with confidence, and the rank trend of HJ 663 annex B.

use super::correlation::spearman;
use super::distribution::{normal_quantile, normal_two_sided};
use super::moments::{median, sorted};
use crate::clause;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

/// The Mann–Kendall test of a series in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MannKendall {
    pub n: usize,
    /// Rising pairs minus falling pairs.
    pub s: i64,
    /// Kendall's τ-b against time.
    pub tau: f64,
    /// Variance of S, corrected for ties.
    pub variance: f64,
    /// Two-sided, normal approximation without continuity correction.
    pub p: f64,
    /// Two-sided, with the continuity correction of the classical test (|S| − 1).
    pub p_corrected: f64,
}

/// `None` for fewer than three values or when all are equal.
pub fn mann_kendall(series: &[f64]) -> Option<MannKendall> {
    let n = series.len();
    if n < 3 {
        return None;
    }
    let mut s = 0_i64;
    for (at, earlier) in series.iter().enumerate() {
        for later in &series[at + 1..] {
            s += match later.total_cmp(earlier) {
                std::cmp::Ordering::Greater => 1,
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
            };
        }
    }
    let count = n as f64;
    let pairs = count * (count - 1.0) / 2.0;
    let (mut tied_pairs, mut tied_variance) = (0.0, 0.0);
    for tie in tie_counts(series) {
        tied_pairs += tie * (tie - 1.0) / 2.0;
        tied_variance += tie * (tie - 1.0) * (2.0 * tie + 5.0);
    }
    let variance = (count * (count - 1.0) * (2.0 * count + 5.0) - tied_variance) / 18.0;
    if variance <= 0.0 || pairs <= tied_pairs {
        return None;
    }
    let deviation = variance.sqrt();
    Some(MannKendall {
        n,
        s,
        tau: s as f64 / (pairs * (pairs - tied_pairs)).sqrt(),
        variance,
        p: normal_two_sided(s as f64 / deviation),
        p_corrected: normal_two_sided((s.abs() - 1).max(0) as f64 / deviation),
    })
}

/// Sizes of the groups of equal values.
fn tie_counts(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    sorted.chunk_by(|a, b| a == b).map(|group| group.len() as f64).collect()
}

/// A Theil–Sen line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TheilSen {
    /// Median of the slopes of all pairs, in units of y per unit of x.
    pub slope: f64,
    /// median(y) − slope × median(x).
    pub intercept: f64,
    /// Confidence interval of the slope (Sen 1968).
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
}

/// Theil–Sen slope with a confidence interval (`confidence` such as 0.95). `None` for fewer than two distinct x,
/// unequal lengths, or more than 5,000 points (12.5 M slopes).
pub fn theil_sen(x: &[f64], y: &[f64], confidence: f64) -> Option<TheilSen> {
    const MOST_POINTS: usize = 5_000;
    if x.len() != y.len() || x.len() > MOST_POINTS {
        return None;
    }
    let mut slopes = Vec::with_capacity(x.len() * x.len().saturating_sub(1) / 2);
    for (at, (x1, y1)) in x.iter().zip(y).enumerate() {
        for (x2, y2) in x[at + 1..].iter().zip(&y[at + 1..]) {
            if x2 != x1 {
                slopes.push((y2 - y1) / (x2 - x1));
            }
        }
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let slope = median(&slopes)?;
    let z = -normal_quantile((1.0 - confidence) / 2.0)?;
    let n = y.len() as f64;
    let ties = |values: &[f64]| -> f64 {
        tie_counts(values).into_iter().map(|tie| tie * (tie - 1.0) * (2.0 * tie + 5.0)).sum()
    };
    let sigma = ((n * (n - 1.0) * (2.0 * n + 5.0) - ties(x) - ties(y)).max(0.0) / 18.0).sqrt();
    let total = slopes.len() as f64;
    let last = slopes.len() - 1;
    let upper = (((total + z * sigma) / 2.0).round_ties_even() as usize).min(last);
    let lower = (((total - z * sigma) / 2.0).round_ties_even() - 1.0).max(0.0) as usize;
    Some(TheilSen {
        slope,
        intercept: median(y)? - slope * median(x)?,
        low: *slopes.get(lower)?,
        high: *slopes.get(upper)?,
        confidence,
    })
}

/// The rank trend of yearly values (秩相关系数法, HJ 663 annex B).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RankTrend {
    /// Rank correlation of the values with time.
    pub rs: f64,
    /// Whether |rs| reaches the critical value; `None` when no critical value may be used.
    pub significant: Option<bool>,
}

/// `critical` is the table's value for this number of years, when confirmed. `None` for fewer than two values or no
/// spread.
pub fn rank_trend(yearly: &[f64], critical: Option<Decimal>) -> Option<RankTrend> {
    let time: Vec<f64> = (0..yearly.len()).map(|year| year as f64).collect();
    let rs = spearman(&time, yearly)?.rs;
    let _ = clause!("HJ 663 附录 B 秩相关系数法");
    let significant = critical.and_then(|critical| critical.to_f64()).map(|critical| rs.abs() >= critical);
    Some(RankTrend { rs, significant })
}
