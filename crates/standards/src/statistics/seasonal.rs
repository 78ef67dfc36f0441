//! Trend of a series with seasons (季节性趋势): the seasonal Kendall test and slope (Hirsch, Slack and Smith 1982).
//! Each month is compared only with the same month of other years, so that a season more or less at an end of the
//! series is no trend.

use super::distribution::{normal_quantile, normal_two_sided};
use super::moments::{median, sorted};
use serde::Serialize;

/// The seasonal Kendall test and slope.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeasonalKendall {
    /// Values, and seasons with two values at least.
    pub n: usize,
    pub seasons: usize,
    /// Rising pairs minus falling pairs within seasons.
    pub s: i64,
    pub variance: f64,
    /// Two-sided, with continuity correction; seasons are taken as independent.
    pub p: f64,
    /// Median of the slopes within seasons, a cycle.
    pub slope: f64,
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
}

/// `values`: number of the step (month) and value, one value a step at most; `cycle` steps are a cycle (12 months).
/// `None` without a pair within a season, when all are equal, and beyond 5,000 values.
pub fn seasonal_kendall(values: &[(i64, f64)], cycle: i64, confidence: f64) -> Option<SeasonalKendall> {
    const MOST_POINTS: usize = 5_000;
    if cycle < 1 || values.len() > MOST_POINTS {
        return None;
    }
    let mut seasons: std::collections::BTreeMap<i64, Vec<(i64, f64)>> = std::collections::BTreeMap::new();
    for &(step, value) in values {
        seasons.entry(step.rem_euclid(cycle)).or_default().push((step, value));
    }
    let (mut s, mut variance, mut used) = (0_i64, 0.0, 0);
    let mut slopes = Vec::new();
    for season in seasons.values_mut().filter(|season| season.len() >= 2) {
        used += 1;
        season.sort_unstable_by_key(|(step, _)| *step);
        for (at, earlier) in season.iter().enumerate() {
            for later in &season[at + 1..] {
                s += (later.1 > earlier.1) as i64 - (later.1 < earlier.1) as i64;
                slopes.push((later.1 - earlier.1) / ((later.0 - earlier.0) as f64 / cycle as f64));
            }
        }
        let count = season.len() as f64;
        let own: Vec<f64> = season.iter().map(|(_, value)| *value).collect();
        let ties: f64 = sorted(&own)
            .chunk_by(|left, right| left == right)
            .map(|group| group.len() as f64)
            .map(|tie| tie * (tie - 1.0) * (2.0 * tie + 5.0))
            .sum();
        variance += (count * (count - 1.0) * (2.0 * count + 5.0) - ties) / 18.0;
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let slope = median(&slopes)?;
    if variance <= 0.0 {
        return None;
    }
    let deviation = variance.sqrt();
    let z = -normal_quantile((1.0 - confidence) / 2.0)?;
    let (total, last) = (slopes.len() as f64, slopes.len() - 1);
    let upper = (((total + z * deviation) / 2.0).round_ties_even() as usize).min(last);
    let lower = (((total - z * deviation) / 2.0).round_ties_even() - 1.0).max(0.0) as usize;
    Some(SeasonalKendall {
        n: values.len(),
        seasons: used,
        s,
        variance,
        p: normal_two_sided((s.abs() - 1).max(0) as f64 / deviation),
        slope,
        low: *slopes.get(lower)?,
        high: *slopes.get(upper)?,
        confidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Months `from..until` with a season of its own and a slope a year.
    fn months(from: i64, until: i64, slope: f64) -> Vec<(i64, f64)> {
        let season = |month: i64| 30.0 * ((month.rem_euclid(12) as f64) / 12.0 * std::f64::consts::TAU).cos();
        (from..until).map(|month| (month, 50.0 + season(month) + slope * month as f64 / 12.0)).collect()
    }

    #[test]
    fn a_season_at_the_end_is_no_trend_and_a_slope_is_found_through_it() {
        // From winter to summer: every plain test sees a fall.
        let flat = months(0, 31, 0.0);
        assert_eq!(
            seasonal_kendall(&flat, 12, 0.95).map(|found| (found.s, found.slope)),
            None,
            "all equal in a season"
        );
        let rising = months(0, 60, 1.5);
        let found = seasonal_kendall(&rising, 12, 0.95).unwrap();
        assert!((found.slope - 1.5).abs() < 1e-9 && (found.low - 1.5).abs() < 1e-9 && found.p < 1e-6, "{found:?}");
        // Twelve seasons of five years: 12 · 10 pairs, variance 12 · 5·4·15/18.
        assert_eq!((found.n, found.seasons, found.s), (60, 12, 120));
        assert!((found.variance - 200.0).abs() < 1e-9);
    }

    #[test]
    fn order_does_not_matter_and_a_missing_year_keeps_the_slope() {
        let mut gappy = months(0, 72, -2.0);
        gappy.retain(|(month, _)| !(24..40).contains(month));
        let found = seasonal_kendall(&gappy, 12, 0.95).unwrap();
        gappy.reverse();
        assert_eq!(seasonal_kendall(&gappy, 12, 0.95), Some(found));
        assert!((found.slope + 2.0).abs() < 1e-9);
        assert_eq!(seasonal_kendall(&[(0, 1.0), (1, 2.0)], 12, 0.95), None, "no pair within a season");
        assert_eq!(seasonal_kendall(&[], 12, 0.95), None);
    }
}
