//! Charts that specialists expect (统计图): pure functions from hourly values to the numbers that are drawn. Every chart
//! is a table at its own address, and the hours it rests on are a table beside it, so that anybody can compute it again.

pub mod hours;
pub mod profile;
pub mod trend;
pub mod variation;
pub mod wind;

use standards::statistics::Moments;

/// Numbers of charts are shown with this many decimals.
const DECIMALS: usize = 4;

/// A number as text; empty where there is none.
pub fn shown(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return String::new() };
    let text = format!("{value:.DECIMALS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Mean with its 95 % confidence interval by the normal approximation; the interval needs two values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    pub n: usize,
    pub mean: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

const Z95: f64 = 1.959_963_984_540_054;

impl Mean {
    pub fn of(values: &[f64]) -> Self {
        let Some(Moments { mean, standard_deviation, .. }) = standards::statistics::moments(values) else {
            return Self::default();
        };
        let half = (values.len() > 1).then(|| Z95 * standard_deviation / (values.len() as f64).sqrt());
        Self {
            n: values.len(),
            mean: Some(mean),
            low: half.map(|half| mean - half),
            high: half.map(|half| mean + half),
        }
    }

    /// `n, mean, low, high` as cells.
    pub fn cells(self) -> [String; 4] {
        [self.n.to_string(), shown(self.mean), shown(self.low), shown(self.high)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_decimals_at_most_and_nothing_stays_empty() {
        let check = |value: f64, expect: &str| assert_eq!(shown(Some(value)), expect);
        check(1.0, "1");
        check(0.123_45, "0.1235");
        check(-0.000_01, "0");
        check(f64::NAN, "");
        assert_eq!(shown(None), "");
    }

    #[test]
    fn an_interval_needs_two_values() {
        assert_eq!(Mean::of(&[]), Mean::default());
        assert_eq!(Mean::of(&[4.0]).cells(), ["1", "4", "", ""]);
        // sd = √2, half = 1.96 · √2 / √2.
        assert_eq!(Mean::of(&[3.0, 5.0]).cells(), ["2", "4", "2.04", "5.96"]);
    }
}
