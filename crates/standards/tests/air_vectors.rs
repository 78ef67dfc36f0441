//! The published vectors: every group of the shared file when it is there, and the part the project may carry.
#![allow(clippy::unwrap_used)]

mod support;

use rust_decimal::Decimal;
use serde_json::Value;
use standards::air::{Air, DailyInput, HourlyInput, Item, daily_aqi, hourly_aqi};
use standards::decimal::round_half_even;
use support::{air, decimal, optional_decimal, vectors};

/// Runs `check` on every case of a group in each file present; returns how many.
fn each(group: &str, mut check: impl FnMut(&Value)) -> usize {
    let mut count = 0;
    for file in vectors() {
        for case in file[group].as_array().into_iter().flatten() {
            check(case);
            count += 1;
        }
    }
    assert!(count > 0, "no case of {group}");
    count
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect()
}

#[test]
fn every_single_pollutant_vector_gives_its_sub_index() {
    let air = air();
    let count = each("iaqi", |case| {
        let rules = air.rules_of(case["edition"].as_str().unwrap()).unwrap();
        let item: Item = case["item"].as_str().unwrap().parse().unwrap();
        let got = rules.iaqi(item, decimal(&case["c"]));
        assert_eq!(got.map(u64::from), case["expected"].as_u64(), "{case}");
    });
    println!("iaqi: {count}");
}

#[test]
fn every_index_has_its_level() {
    let air = air();
    let count = each("category", |case| {
        for edition in ["2012", "2026"] {
            let rules = air.rules_of(edition).unwrap();
            let level = rules.level(case["aqi"].as_u64().unwrap() as u16).unwrap();
            assert_eq!(u64::from(level.level), case["level"].as_u64().unwrap(), "{case}");
        }
    });
    println!("category: {count}");
}

#[test]
fn rounding_follows_gb_t_8170() {
    let count = each("gbt8170", |case| {
        let rounded = round_half_even(decimal(&case["x"]), case["decimals"].as_u64().unwrap() as u32);
        assert_eq!(rounded.to_string(), case["expected"].as_str().unwrap(), "{case}");
    });
    println!("gbt8170: {count}");
}

/// Item of a column of the six-pollutant vectors.
fn column_item(report: &str, column: &str) -> Item {
    match (report, column) {
        ("daily", "O3") => Item::O3EightHours,
        ("daily", key) => format!("{key}_24H").parse().unwrap(),
        (_, key) => format!("{key}_1H").parse().unwrap(),
    }
}

#[test]
fn every_six_pollutant_report_is_exact() {
    let air = air();
    let rules = air.rules_of("2026").unwrap();
    let count = each("reports_2026", |case| {
        let report = case["report"].as_str().unwrap();
        let of = |key: &str| optional_decimal(&case["input"][key]);
        let result = match report {
            "daily" => daily_aqi(
                &rules,
                &DailyInput {
                    so2: of("SO2"),
                    no2: of("NO2"),
                    co: of("CO"),
                    pm10: of("PM10"),
                    pm25: of("PM25"),
                    o3_8h: of("O3"),
                    ..DailyInput::default()
                },
            ),
            _ => hourly_aqi(
                &rules,
                &HourlyInput {
                    so2: of("SO2"),
                    no2: of("NO2"),
                    co: of("CO"),
                    pm10: of("PM10"),
                    pm25: of("PM25"),
                    o3: of("O3"),
                    ..HourlyInput::default()
                },
            ),
        };
        for (column, expected) in case["iaqi"].as_object().unwrap() {
            let item = column_item(report, column);
            assert_eq!(result.iaqi(item).map(u64::from), expected.as_u64(), "{column} of {case}");
            let sub = result.sub_indices.iter().find(|sub| sub.item == item).unwrap();
            let rounded = sub.concentration.map(|value| value.to_string());
            assert_eq!(rounded.as_deref(), case["rounded"][column].as_str(), "{column} of {case}");
        }
        assert_eq!(result.aqi_of_available.map(u64::from), case["aqi_of_available"].as_u64(), "{case}");
        assert_eq!(result.aqi.map(u64::from), case["aqi_published"].as_u64(), "{case}");
        let level = result.level.as_ref().map(|level| u64::from(level.level));
        assert_eq!(level, case["level"].as_u64(), "{case}");
        let items = |expected: &Value| -> Vec<Item> {
            let mut items: Vec<Item> = keys(expected).into_iter().map(|key| column_item(report, key)).collect();
            items.sort();
            items
        };
        assert_eq!(result.primary, items(&case["primary"]), "{case}");
        assert_eq!(result.missing, items(&case["missing"]), "{case}");
    });
    println!("reports_2026: {count}");
}

/// The indices of one real day under both editions, from `conc` of a vector.
pub fn check_real_day(air: &Air, case: &Value, conc: &dyn Fn(&str) -> Option<Decimal>) {
    let input = DailyInput {
        so2: conc("SO2"),
        no2: conc("NO2"),
        co: conc("CO"),
        pm10: conc("PM10"),
        pm25: conc("PM25"),
        o3_8h: conc("O3_8H"),
        o3_1h: conc("O3_1Hmax"),
        not_monitored: Vec::new(),
    };
    let item = |key: &str| -> Item { key.parse().unwrap_or_else(|_| format!("{key}_24H").parse().unwrap()) };
    for edition in ["2012", "2026"] {
        let expected = &case[edition];
        let result = daily_aqi(&air.rules_of(edition).unwrap(), &input);
        for (key, index) in expected["iaqi"].as_object().unwrap() {
            assert_eq!(result.iaqi(item(key)).map(u64::from), index.as_u64(), "{key} {edition} of {case}");
        }
        assert_eq!(result.aqi_of_available.map(u64::from), expected["aqi_of_available"].as_u64(), "{case}");
        assert_eq!(result.aqi.map(u64::from), expected["aqi_published"].as_u64(), "{edition} {case}");
        let level = result.level.as_ref().map(|level| u64::from(level.level));
        assert_eq!(level, expected["level"].as_u64(), "{case}");
        let items = |field: &str| -> Vec<Item> {
            let mut items: Vec<Item> =
                expected[field].as_array().into_iter().flatten().map(|key| item(key.as_str().unwrap())).collect();
            items.sort();
            items
        };
        assert_eq!(result.primary, items("primary"), "{edition} {case}");
        assert_eq!(result.missing, items("missing"), "{edition} {case}");
        assert_eq!(result.exceeding, items("exceeding"), "{edition} {case}");
    }
}

#[test]
fn every_real_day_gives_its_index_from_its_concentrations() {
    let air = air();
    let count = each("beijing_daily", |case| {
        check_real_day(&air, case, &|key| optional_decimal(&case["conc"][key]));
    });
    println!("beijing_daily: {count}");
}
