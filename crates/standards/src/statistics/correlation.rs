//! Correlation (相关): Pearson's r and Spearman's rank correlation with its p value.

use super::distribution::student_two_sided;
use serde::Serialize;

/// Pearson's correlation coefficient. `None` for fewer than two pairs, unequal lengths or no spread.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mean_x).powi(2);
        yy += (b - mean_y).powi(2);
        xy += (a - mean_x) * (b - mean_y);
    }
    (xx > 0.0 && yy > 0.0).then(|| (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Ranks 1..=n; ties share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let shared = (start + 1 + end) as f64 / 2.0;
        for &index in &order[start..end] {
            ranks[index] = shared;
        }
        start = end;
    }
    ranks
}

/// A rank correlation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RankCorrelation {
    pub rs: f64,
    /// Two-sided, by Student's t with n − 2 degrees of freedom; `None` for fewer than three pairs.
    pub p: Option<f64>,
    pub n: usize,
}

/// Spearman's rank correlation (秩相关系数).
pub fn spearman(x: &[f64], y: &[f64]) -> Option<RankCorrelation> {
    let rs = pearson(&ranks(x), &ranks(y))?;
    let n = x.len();
    let freedom = n as f64 - 2.0;
    let p = (n > 2).then(|| {
        if rs.abs() >= 1.0 { 0.0 } else { student_two_sided(rs * (freedom / (1.0 - rs * rs)).sqrt(), freedom) }
    });
    Some(RankCorrelation { rs, p, n })
}
