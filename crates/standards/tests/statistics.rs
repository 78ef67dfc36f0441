//! Percentiles, 8-hour ozone and trends of the vectors.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use serde_json::Value;
use standards::air::{mda8, percentile_of};
use standards::statistics::{mann_kendall, median, moments, spearman, theil_sen};
use support::{air, decimal, optional_decimal, vectors};

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn close(got: f64, want: &Value, what: &str) {
    let want = want.as_f64().unwrap();
    // The vectors print their series to six decimals but were computed before that; the exact comparison is in
    // `air_real_years`, from the hours.
    assert!((got - want).abs() <= 2e-6 * want.abs().max(1.0), "{what}: {got} is not {want}");
}

#[test]
fn percentiles_follow_hj_663() {
    for file in vectors() {
        for case in file["percentile"].as_array().unwrap() {
            let mut values: Vec<Decimal> = match &case["values"] {
                Value::String(words) => {
                    assert_eq!(words, "integers 1..365");
                    (1..=365).map(Decimal::from).collect()
                }
                list => list.as_array().unwrap().iter().map(decimal).collect(),
            };
            values.sort();
            let got = percentile_of(&values, decimal(&case["p"])).unwrap();
            close(got.to_string().parse().unwrap(), &case["expected"], "percentile");
        }
    }
}

#[test]
fn eight_hour_ozone_of_the_vectors() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    for file in vectors() {
        for case in file["mda8"].as_array().unwrap() {
            let hours: Vec<Option<Decimal>> =
                case["hours_0_23"].as_array().unwrap().iter().map(optional_decimal).collect();
            let result = mda8(&hours.try_into().unwrap(), &limits.validity, &method, Decimal::from(160));
            assert_eq!(u64::from(result.valid_windows), case["windows_valid"].as_u64().unwrap(), "{case}");
            assert_eq!(result.valid, case["valid"].as_bool().unwrap(), "{case}");
            let max: f64 = result.max.unwrap().to_string().parse().unwrap();
            assert!((max - case["mda8_raw"].as_f64().unwrap()).abs() < 6e-7, "{case}");
        }
    }
}

#[test]
fn trends_of_the_vectors() {
    for file in vectors() {
        for case in file["beijing_trend"].as_array().unwrap() {
            let y = floats(&case["y"]);
            let x: Vec<f64> = (0..y.len()).map(|month| month as f64).collect();
            let line = theil_sen(&x, &y, 0.95).unwrap();
            close(line.slope, &case["theil_sen_slope_per_month"], "slope");
            close(line.intercept, &case["theil_sen_intercept"], "intercept");
            close(line.low, &case["slope_low95"], "low");
            close(line.high, &case["slope_high95"], "high");
            let test = mann_kendall(&y).unwrap();
            close(test.tau, &case["kendall_tau"], "tau");
            close(test.p, &case["kendall_p"], "p");
            let ranks = spearman(&x, &y).unwrap();
            close(ranks.rs, &case["spearman_rs"], "rs");
            close(ranks.p.unwrap(), &case["spearman_p"], "p of rs");
        }
    }
}

#[test]
fn moments_of_a_known_sample() {
    let sample = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
    let moments = moments(&sample).unwrap();
    assert_eq!((moments.mean, moments.minimum, moments.maximum), (5.0, 2.0, 9.0));
    assert!((moments.standard_deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    assert!((moments.skewness.unwrap() - 0.656_25).abs() < 1e-12);
    assert!((moments.kurtosis.unwrap() - (-0.218_75)).abs() < 1e-12);
    assert_eq!(median(&sample), Some(4.5));
    assert_eq!(median(&[]), None);
}
