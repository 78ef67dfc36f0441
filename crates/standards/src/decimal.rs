//! Exact rounding (数值修约, GB/T 8170-2008) and integer division helpers.

use crate::clause;
use rust_decimal::{Decimal, RoundingStrategy};
use std::fmt;

/// Rounds to `places` decimals by GB/T 8170 3.2: to the nearer, a tie to the even digit. The result has exactly
/// `places` decimals (`4.05` to one place is `4.0`).
pub fn round_half_even(value: Decimal, places: u32) -> Decimal {
    let _ = clause!("GB/T 8170-2008 3.2");
    let mut rounded = value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(places);
    rounded
}

/// A rounding interval that GB/T 8170 does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInterval(pub Decimal);

impl fmt::Display for BadInterval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rounding interval {} is not 1, 0.5 or 0.2 times a power of ten", self.0)
    }
}

impl std::error::Error for BadInterval {}

/// Rounds to a multiple of `interval` (修约间隔): a power of ten (3.2), or 0.5 or 0.2 units of one (3.4).
///
/// # Errors
/// When the interval is none of these.
pub fn round_to_interval(value: Decimal, interval: Decimal) -> Result<Decimal, BadInterval> {
    let bare = interval.normalize();
    let mantissa = bare.mantissa();
    let trimmed = strip_tens(mantissa);
    if mantissa <= 0 || ![1, 2, 5].contains(&trimmed) {
        return Err(BadInterval(interval));
    }
    let _ = clause!("GB/T 8170-2008 3.4");
    let quotient = value.checked_div(bare).ok_or(BadInterval(interval))?;
    let mut rounded = quotient.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven) * bare;
    rounded.rescale(bare.scale());
    Ok(rounded)
}

fn strip_tens(mut mantissa: i128) -> i128 {
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
    }
    mantissa
}

/// `numerator / denominator` rounded to the nearest integer, ties to even. `denominator` must be positive.
pub fn div_half_even(numerator: i64, denominator: i64) -> i64 {
    debug_assert!(denominator > 0, "division by {denominator}");
    let quotient = numerator.div_euclid(denominator);
    let twice = numerator.rem_euclid(denominator) * 2;
    match twice.cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `numerator / denominator` rounded up. Both must be non-negative, the denominator positive.
pub const fn div_up(numerator: i64, denominator: i64) -> i64 {
    (numerator + denominator - 1) / denominator
}

/// The exact mean of values; `None` of none. Division to 28 digits never turns a non-tie into a tie for the counts
/// used here (at most a few thousand values), so rounding the result equals rounding the exact mean.
pub fn mean(values: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    let mut count = 0_i64;
    for value in values {
        sum = sum.checked_add(value)?;
        count += 1;
    }
    (count > 0).then(|| sum / Decimal::from(count))
}

/// A binary float rounded half-even to `places` decimals, after removing representation noise below 1e-9; for
/// logarithmic results (noise levels), which have no exact decimal.
pub fn round_float(value: f64, places: i32) -> f64 {
    let unit = 10_f64.powi(places);
    let cleaned = (value * 1e9).round() / 1e9;
    ((cleaned * unit * 1e6).round() / 1e6).round_ties_even() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_interval(value: &str, interval: &str, expect: &str) {
        let parse = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(
            round_to_interval(parse(value), parse(interval)).unwrap().to_string(),
            expect,
            "{value} by {interval}"
        );
    }

    #[test]
    fn half_and_fifth_units_follow_the_printed_examples() {
        check_interval("60.25", "0.5", "60.0");
        check_interval("60.38", "0.5", "60.5");
        check_interval("60.75", "0.5", "61.0");
        check_interval("830", "20", "840");
        check_interval("842", "20", "840");
        check_interval("1268", "100", "1300");
        assert!(round_to_interval(Decimal::ONE, Decimal::from(3)).is_err());
    }

    #[test]
    fn integer_division_ties_to_even() {
        assert_eq!([1, 3, 5, -1, -3].map(|numerator| div_half_even(numerator, 2)), [0, 2, 2, 0, -2]);
        assert_eq!(div_half_even(14_500_001, 1_000_000), 15);
    }
}
