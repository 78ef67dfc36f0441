//! Noise: every vector, the published compliance rates, and what is not confirmed.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use serde_json::Value;
use standards::decimal::round_float;
use standards::library::{Confirmation, FigureError};
use standards::noise::{
    BackgroundCorrection, Burst, NoiseGrades, NoiseLimits, PercentMethod, Period, PeriodRule, ZoneResult,
    compliance_rates, day_levels, leq, percent_level,
};
use support::{decimal, library, vectors};

fn levels(value: &Value, file: &Value) -> Vec<f64> {
    match value["same_as_leq_case"].as_u64() {
        Some(index) => levels(&file["noise"]["leq"][index as usize]["levels"], file),
        None => value.as_array().unwrap().iter().map(|level| level.as_f64().unwrap()).collect(),
    }
}

fn near(got: f64, want: &Value) {
    assert!((got - want.as_f64().unwrap()).abs() < 6e-7, "{got} is not {want}");
}

fn period(case: &Value) -> Period {
    if case["period"] == "day" { Period::Day } else { Period::Night }
}

const PERIODS: PeriodRule = PeriodRule { day_begins: 6, night_begins: 22 };

#[test]
fn equivalent_levels() {
    for file in vectors() {
        for case in file["noise"]["leq"].as_array().unwrap() {
            let level = leq(&levels(&case["levels"], &file)).unwrap();
            near(level, &case["leq_exact"]);
            assert_eq!(format!("{:.1}", round_float(level, 1)), case["leq_1dp_half_even"].as_str().unwrap());
        }
        for case in file["noise"]["ldn"].as_array().unwrap() {
            let hours = levels(&case["hour_0_23"], &file);
            let samples: Vec<(u8, f64)> = hours.iter().enumerate().map(|(hour, level)| (hour as u8, *level)).collect();
            let day = day_levels(&samples, &PERIODS);
            near(day.ld.unwrap(), &case["Ld"]);
            near(day.ln.unwrap(), &case["Ln"]);
            near(day.ldn.unwrap(), &case["Ldn"]);
            assert_eq!((day.day_samples, day.night_samples), (16, 8));
        }
    }
}

#[test]
fn percent_levels_by_both_methods() {
    for file in vectors() {
        for case in file["noise"]["percentile"].as_array().unwrap() {
            let levels = levels(&case["levels"], &file);
            for (name, method) in [("linear", PercentMethod::Linear), ("rank_method", PercentMethod::Rank)] {
                for (key, want) in case[name].as_object().unwrap() {
                    near(percent_level(&levels, key[1..].parse().unwrap(), method).unwrap(), want);
                }
            }
        }
    }
}

#[test]
fn grades_and_limits() {
    let library = library();
    let standard = library.find("HJ 640-2012").next().unwrap();
    for file in vectors() {
        for case in file["noise"]["grade"].as_array().unwrap() {
            let grades = NoiseGrades::from_standard(standard, case["kind"].as_str().unwrap()).unwrap();
            let grade = grades.grade(period(case), decimal(&case["value"])).unwrap();
            assert_eq!(grade.name.zh, case["level"].as_str().unwrap(), "{case}");
            assert_eq!(grade.word.zh, case["word"].as_str().unwrap(), "{case}");
        }
        for case in file["noise"]["limit"].as_array().unwrap() {
            let standard = library.find(case["standard"].as_str().unwrap()).next().unwrap();
            let limits = NoiseLimits::from_standard(standard).unwrap();
            let check = limits.check(case["class"].as_str().unwrap(), period(case), decimal(&case["value"])).unwrap();
            assert_eq!(check.limit, decimal(&case["limit"]), "{case}");
            assert_eq!(check.complies, case["ok"].as_bool().unwrap(), "{case}");
        }
    }
}

#[test]
fn background_correction_waits_for_confirmation() {
    let library = library();
    let limits = NoiseLimits::from_standard(library.find("GB 12348-2008").next().unwrap()).unwrap();
    assert!(matches!(limits.background(Decimal::from(4)), Err(FigureError::Unconfirmed { .. })));
    let confirmations: Vec<Confirmation> = library
        .unconfirmed()
        .into_iter()
        .filter(|figure| figure.figure.starts_with("GB 12348-2008/background/"))
        .map(|figure| Confirmation { figure: figure.figure, value: None, source: "GB 12348-2008 表 4".into() })
        .collect();
    let confirmed = library.confirmed(&confirmations).unwrap();
    let limits = NoiseLimits::from_standard(confirmed.find("GB 12348-2008").next().unwrap()).unwrap();
    for file in vectors() {
        for case in file["noise"]["background"].as_array().unwrap() {
            let want = match case["correction"].as_i64() {
                None => BackgroundCorrection::MeasureAgain,
                Some(correction) => BackgroundCorrection::Add(correction as i32),
            };
            assert_eq!(limits.background(decimal(&case["measured_minus_background"])).unwrap(), want, "{case}");
        }
    }
}

#[test]
fn bursts_at_night() {
    let library = library();
    let check = |code: &str, burst, maximum: i64| {
        let limits = NoiseLimits::from_standard(library.find(code).next().unwrap()).unwrap();
        limits.check_burst("2", burst, Decimal::from(maximum)).unwrap().complies
    };
    assert!(check("GB 12348-2008", Burst::Frequent, 60) && !check("GB 12348-2008", Burst::Frequent, 61));
    assert!(check("GB 12348-2008", Burst::Occasional, 65) && !check("GB 12348-2008", Burst::Occasional, 66));
    assert!(check("GB 3096-2008", Burst::Any, 65) && !check("GB 3096-2008", Burst::Any, 66));
}

/// Hunan, fourth quarter of 2021: 156 points, 151 met by day and 139 by night.
#[test]
fn published_compliance_rates() {
    let results: Vec<ZoneResult> = (0..156)
        .flat_map(|point| {
            [(Period::Day, point < 151), (Period::Night, point < 139)].map(|(period, complies)| ZoneResult {
                class: (point % 4).to_string(),
                period,
                complies,
            })
        })
        .collect();
    let rates = compliance_rates(&results);
    let total = |period| rates[&(String::new(), period)].percent().unwrap().to_string();
    assert_eq!((total(Period::Day), total(Period::Night)), ("96.8".to_owned(), "89.1".to_owned()));
    assert_eq!(rates[&("0".to_owned(), Period::Day)].monitored, 39);
}
