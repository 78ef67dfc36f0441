//! Moments and quantiles (均值、标准差、偏度、峰度、分位数).

use serde::Serialize;

/// Moments of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Moments {
    pub count: usize,
    pub mean: f64,
    /// Sample standard deviation (n − 1); 0 of one value.
    pub standard_deviation: f64,
    /// Population skewness m₃/m₂^1.5; `None` without spread.
    pub skewness: Option<f64>,
    /// Excess kurtosis m₄/m₂² − 3; `None` without spread.
    pub kurtosis: Option<f64>,
    pub minimum: f64,
    pub maximum: f64,
}

/// Moments; the values are summed in ascending order, so the order of arrival does not matter. `None` of none.
pub fn moments(values: &[f64]) -> Option<Moments> {
    let sorted = sorted(values);
    let (minimum, maximum) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let central = |power: i32| sorted.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
    let variance = central(2);
    let spread = variance > 0.0;
    Some(Moments {
        count: sorted.len(),
        mean,
        standard_deviation: if sorted.len() > 1 { (variance * n / (n - 1.0)).sqrt() } else { 0.0 },
        skewness: spread.then(|| central(3) / variance.powf(1.5)),
        kurtosis: spread.then(|| central(4) / (variance * variance) - 3.0),
        minimum,
        maximum,
    })
}

/// Quantile `p` in 0..=1, linear between neighbours at (n − 1)·p (R type 7, the method of HJ 663).
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let sorted = sorted(values);
    let position = p * sorted.len().checked_sub(1)? as f64;
    let below = position.floor() as usize;
    let low = *sorted.get(below)?;
    let high = *sorted.get(below + 1).unwrap_or(&low);
    Some(low + (high - low) * position.fract())
}

pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
