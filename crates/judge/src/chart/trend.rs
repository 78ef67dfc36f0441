//! Trend (趋势) of monthly means with its confidence, and correlation between factors.

use kernel::{Hour, Month};
use standards::statistics::{
    MannKendall, SeasonalKendall, TheilSen, mann_kendall, pearson, seasonal_kendall, spearman, theil_sen,
};
use std::collections::BTreeMap;

/// Share of the hours of a month that must have a value for the month to count.
pub const CAPTURE: f64 = 0.5;

#[derive(Clone, Debug, PartialEq)]
pub struct MonthMean {
    pub month: Month,
    pub n: usize,
    /// Hours of the month.
    pub due: usize,
    pub mean: f64,
    /// Enough hours.
    pub counts: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    pub months: Vec<MonthMean>,
    /// Slope in units a year; x is the month's number divided by 12.
    pub line: Option<TheilSen>,
    pub test: Option<MannKendall>,
    /// Each month against the same month of other years, from two years on.
    pub seasonal: Option<SeasonalKendall>,
}

/// Means of civil months, and the trend of those that have enough hours.
pub fn trend(series: &[(i64, f64)]) -> Trend {
    let mut sums: BTreeMap<i32, (usize, f64)> = BTreeMap::new();
    for (hour, value) in series {
        let sum = sums.entry(Hour(*hour).day().month().0).or_default();
        sum.0 += 1;
        sum.1 += value;
    }
    let months: Vec<MonthMean> = sums
        .into_iter()
        .map(|(number, (n, sum))| {
            let month = Month(number);
            let due = ((month.next().first_day().0 - month.first_day().0) * 24).max(1) as usize;
            MonthMean { month, n, due, mean: sum / n as f64, counts: n as f64 >= CAPTURE * due as f64 }
        })
        .collect();
    let counted: Vec<&MonthMean> = months.iter().filter(|month| month.counts).collect();
    let x: Vec<f64> = counted.iter().map(|month| f64::from(month.month.0) / 12.0).collect();
    let y: Vec<f64> = counted.iter().map(|month| month.mean).collect();
    // Fewer than four months show no trend.
    let enough = y.len() >= 4;
    let steps: Vec<(i64, f64)> = counted.iter().map(|month| (i64::from(month.month.0), month.mean)).collect();
    Trend {
        line: theil_sen(&x, &y, 0.95).filter(|_| enough),
        test: mann_kendall(&y).filter(|_| enough),
        seasonal: seasonal_kendall(&steps, 12, 0.95).filter(|_| steps.len() >= 24),
        months,
    }
}

impl Trend {
    /// The line at a month.
    pub fn at(&self, month: Month) -> Option<f64> {
        self.line.map(|line| line.intercept + line.slope * f64::from(month.0) / 12.0)
    }
}

/// One pair of factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub x: usize,
    pub y: usize,
    pub n: usize,
    pub pearson: Option<f64>,
    pub spearman: Option<f64>,
}

/// Every pair of columns over the hours in which both have a value.
pub fn correlations(rows: &[Vec<Option<f64>>], columns: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for x in 0..columns {
        for y in x..columns {
            let both: (Vec<f64>, Vec<f64>) =
                rows.iter().filter_map(|row| Some(((*row.get(x)?)?, (*row.get(y)?)?))).unzip();
            pairs.push(Pair {
                x,
                y,
                n: both.0.len(),
                pearson: pearson(&both.0, &both.1),
                spearman: spearman(&both.0, &both.1).map(|found| found.rs),
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_series_has_its_slope_and_a_short_month_does_not_count() {
        let first = Month(672).first_day().hour(0).0;
        let last = Month(680).first_day().hour(0).0 + 24;
        // One unit a month, constant inside a month.
        let series: Vec<(i64, f64)> =
            (first..last).map(|hour| (hour, f64::from(Hour(hour).day().month().0 - 672))).collect();
        let found = trend(&series);
        assert_eq!(found.months.len(), 9);
        assert!(found.months[..8].iter().all(|month| month.counts) && !found.months[8].counts);
        let line = found.line.unwrap();
        assert!((line.slope - 12.0).abs() < 1e-9 && (found.at(Month(672)).unwrap()).abs() < 1e-6);
        assert!(found.test.unwrap().p < 0.01 && found.test.unwrap().s == 28);
        assert!(trend(&series[..24 * 40]).line.is_none());
        assert!(found.seasonal.is_none(), "nine months are no two years");
    }

    #[test]
    fn seasons_do_not_hide_a_rise_from_the_seasonal_slope() {
        // From January to September of the third year; winters high, summers low, and a rise of one a year.
        let (first, last) = (Month(672).first_day().hour(0).0, Month(705).first_day().hour(0).0);
        let series: Vec<(i64, f64)> = (first..last)
            .map(|hour| {
                let month = Hour(hour).day().month().0 - 672;
                let season = 40.0 * (f64::from(month % 12) / 12.0 * std::f64::consts::TAU).cos();
                (hour, 60.0 + season + f64::from(month) / 12.0)
            })
            .collect();
        let found = trend(&series);
        let seasonal = found.seasonal.unwrap();
        assert!((seasonal.slope - 1.0).abs() < 1e-6 && seasonal.p < 0.001, "{seasonal:?}");
        assert!(found.line.unwrap().slope < 0.0, "the plain slope is taken in by the seasons");
    }

    #[test]
    fn pairs_use_only_hours_with_both() {
        let rows = vec![
            vec![Some(1.0), Some(2.0)],
            vec![Some(2.0), Some(4.0)],
            vec![Some(3.0), None],
            vec![Some(4.0), Some(8.0)],
        ];
        let pairs = correlations(&rows, 2);
        let pair = pairs.iter().find(|pair| (pair.x, pair.y) == (0, 1)).unwrap();
        assert_eq!(pair.n, 3);
        assert!((pair.pearson.unwrap() - 1.0).abs() < 1e-12 && (pair.spearman.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(pairs.len(), 3);
    }
}
