//! Pollution sources: conversion, outlets, validity, mass, emission standards.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use standards::library::{Confirmation, FigureError};
use standards::measure::{Factors, MeasureError};
use standards::sources::{
    Conversion, ConversionError, HourMean, Limit, Marking, MassError, Measured, MissingReason, MonthCount,
    OutletResult, Period, Selection, SelectionError, SourceKind, Validity, WaterWeight, dry_from_wet, gas_day,
    gas_hour_valid, gas_mass_kg_per_hour, judge_outlet, limits_of, mg_from_ppm, nox_as_no2, quarter_capture,
    rate_at_height, standard_concentration, standard_flow, wastewater_day, water_mass_kg, water_volume_m3,
};
use standards::{Date, Decimal};
use support::library;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn fixture() -> Value {
    support::fixture("sources_vectors.json")
}

fn field(case: &Value, name: &str) -> Decimal {
    dec(case[name].as_str().unwrap())
}

fn places3(value: Decimal) -> String {
    standards::decimal::round_half_even(value, 3).to_string()
}

#[test]
fn every_conversion_vector() {
    for case in fixture()["reference_oxygen"].as_array().unwrap() {
        let conversion = Conversion::ReferenceOxygen(field(case, "reference"));
        let (converted, step) = conversion.apply(field(case, "c"), field(case, "o2")).unwrap();
        assert_eq!(places3(converted), case["converted"].as_str().unwrap(), "{case}");
        assert!(step.text.zh.contains("21"));
    }
    for case in fixture()["excess_air"].as_array().unwrap() {
        let conversion = Conversion::ExcessAir(field(case, "coefficient"));
        let (converted, _) = conversion.apply(field(case, "c"), field(case, "o2")).unwrap();
        assert_eq!(places3(converted), case["converted"].as_str().unwrap(), "{case}");
    }
    assert_eq!(Conversion::AsMeasured.apply(dec("7"), dec("21")).unwrap().0, dec("7"));
}

#[test]
fn conversion_refuses_impossible_oxygen() {
    let apply = |c: &str, o2: &str, reference: &str| Conversion::ReferenceOxygen(dec(reference)).apply(dec(c), dec(o2));
    assert_eq!(apply("1", "21", "9").unwrap_err(), ConversionError::Oxygen(dec("21")));
    assert_eq!(apply("1", "-0.1", "9").unwrap_err(), ConversionError::Oxygen(dec("-0.1")));
    assert_eq!(apply("1", "10", "21").unwrap_err(), ConversionError::Reference(dec("21")));
    assert_eq!(apply("-1", "10", "9").unwrap_err(), ConversionError::Negative(dec("-1")));
    assert!(Conversion::ExcessAir(dec("0.9")).apply(dec("1"), dec("3")).is_err());
    assert!(apply("1", "20.99", "9").is_ok());
}

#[test]
fn state_moisture_and_gas_formulas() {
    let state = |c: &str| standard_concentration(dec(c), dec("101325"), dec("0"), dec("0")).unwrap();
    assert_eq!(state("12"), dec("12"));
    // Twice the absolute temperature doubles the concentration at standard state.
    let hot = standard_concentration(dec("12"), dec("101325"), dec("0"), dec("273")).unwrap();
    assert_eq!(hot, dec("24"));
    assert!(standard_concentration(dec("1"), dec("100"), dec("-100"), dec("20")).is_err());
    assert_eq!(dry_from_wet(dec("90"), dec("0.1")).unwrap(), dec("100"));
    assert!(dry_from_wet(dec("90"), dec("1")).is_err());
    assert_eq!(mg_from_ppm(dec("10"), dec("64")).unwrap().round_dp(3), dec("28.571"));
    assert_eq!(nox_as_no2(dec("30"), dec("4")).unwrap(), dec("50"));
    assert_eq!(standard_flow(dec("1000"), dec("101325"), dec("0"), dec("273"), dec("0.2")).unwrap(), dec("400"));
}

#[test]
fn mass_uses_the_measured_value() {
    assert_eq!(gas_mass_kg_per_hour(dec("50"), dec("120000")).unwrap(), dec("6"));
    assert_eq!(water_volume_m3(dec("10"), dec("3600")).unwrap(), dec("36"));
    assert_eq!(water_mass_kg(dec("36"), dec("50")).unwrap(), dec("1.8"));
    assert_eq!(water_mass_kg(dec("-1"), dec("50")), Err(MassError::Negative));
}

fn limit(factor: &str, period: Period, lower: Option<&str>, upper: Option<&str>, unit: &str) -> Limit {
    Limit {
        factor: factor.into(),
        period,
        upper: upper.map(dec),
        lower: lower.map(dec),
        unit: unit.into(),
        converted: false,
        basis: "许可证 permit".into(),
        unconfirmed: false,
        when: None,
    }
}

fn judge(limits: &[Limit], measured: &[Measured]) -> Result<OutletResult, MeasureError> {
    judge_outlet(&Factors::load(&library()).unwrap(), limits, measured)
}

/// One limit and one value: exceeding, and the multiple.
fn check(limit: Limit, measured: Measured, expect: Option<(bool, Option<&str>)>) {
    let result = judge(std::slice::from_ref(&limit), std::slice::from_ref(&measured)).unwrap();
    let got = result.items.first().map(|item| (item.exceeding, item.multiple.map(|multiple| multiple.to_string())));
    assert_eq!(
        got,
        expect.map(|(exceeding, multiple)| (exceeding, multiple.map(str::to_owned))),
        "{limit:?} {measured:?}"
    );
    assert_eq!(result.exceeding, expect.is_some_and(|(exceeding, _)| exceeding));
    assert_eq!(result.steps.len(), result.items.len());
}

#[test]
fn outlet_limits_hold_for_their_own_period_and_value() {
    let cod = || limit("w01018", Period::Day, None, Some("50"), "mg/L");
    check(cod(), Measured::new("w01018", Period::Day, dec("50")), Some((false, None)));
    check(cod(), Measured::new("w01018", Period::Day, dec("50.01")), Some((true, Some("0.00"))));
    check(cod(), Measured::new("w01018", Period::Day, dec("75")), Some((true, Some("0.50"))));
    // An hour over a daily limit is no exceedance, and other factors have no limit.
    check(cod(), Measured::new("w01018", Period::Hour, dec("75")), None);
    check(cod(), Measured::new("w21003", Period::Day, dec("75")), None);
    // The single value of the 2026 amendment's kind.
    let single = || limit("w21003", Period::Instant, None, Some("10"), "mg/L");
    check(single(), Measured::new("w21003", Period::Instant, dec("12")), Some((true, Some("0.20"))));
    let ph = || limit("w01001", Period::Hour, Some("6"), Some("9"), "");
    check(ph(), Measured::new("w01001", Period::Hour, dec("9")), Some((false, None)));
    check(ph(), Measured::new("w01001", Period::Hour, dec("9.01")), Some((true, None)));
    check(ph(), Measured::new("w01001", Period::Hour, dec("5.99")), Some((true, None)));
}

#[test]
fn outlet_units_are_converted_before_comparison() {
    // HJ 212 sends Cr(VI) in µg/L; the limit is 0.5 mg/L.
    let chromium = || limit("w20117", Period::Day, None, Some("0.5"), "mg/L");
    check(chromium(), Measured::new("w20117", Period::Day, dec("500")), Some((false, None)));
    check(chromium(), Measured::new("w20117", Period::Day, dec("600")), Some((true, Some("0.20"))));
    let ammonia = || limit("a21001", Period::Hour, None, Some("10"), "mg/m3");
    check(ammonia(), Measured::new("a21001", Period::Hour, dec("10000001")), Some((true, Some("0.00"))));
    let wrong = Measured { unit: Some("kg".into()), ..Measured::new("w20117", Period::Day, dec("1")) };
    assert_eq!(judge(&[chromium()], &[wrong]).unwrap_err().code(), "wrong_unit");
}

#[test]
fn outlet_converted_limits_need_a_converted_value() {
    let nox = || Limit { converted: true, ..limit("a21002", Period::Hour, None, Some("300"), "mg/m3") };
    let plain = Measured::new("a21002", Period::Hour, dec("200"));
    let result = judge(&[nox()], std::slice::from_ref(&plain)).unwrap();
    assert_eq!((result.items.len(), result.not_judged.len(), result.exceeding), (0, 1, false));
    // 200 at 15 % oxygen is 400 at the reference of 9 %.
    let (converted, _) = plain.convert(Conversion::ReferenceOxygen(dec("9")), dec("15")).unwrap();
    check(nox(), converted, Some((true, Some("0.33"))));
}

#[test]
fn outlet_invalid_means_and_unconfirmed_limits_never_judge() {
    let cod = limit("w01018", Period::Day, None, Some("50"), "mg/L");
    let invalid = Measured { valid: false, ..Measured::new("w01018", Period::Day, dec("999")) };
    let result = judge(std::slice::from_ref(&cod), &[invalid]).unwrap();
    assert_eq!((result.exceeding, result.items.len(), result.not_judged.len()), (false, 0, 1));
    let unsure = Limit { unconfirmed: true, ..cod };
    let result = judge(&[unsure], &[Measured::new("w01018", Period::Day, dec("999"))]).unwrap();
    assert_eq!((result.exceeding, result.items.len(), result.unconfirmed.len()), (false, 0, 1));
}

#[test]
fn outlet_refuses_bad_values() {
    let cod = [limit("w01018", Period::Day, None, Some("50"), "mg/L")];
    let value = |value: &str| Measured::new("w01018", Period::Day, dec(value));
    assert_eq!(judge(&cod, &[value("1"), value("2")]).unwrap_err().code(), "duplicate_factor");
    assert_eq!(judge(&cod, &[value("-1")]).unwrap_err().code(), "negative_value");
}

#[test]
fn every_emission_vector() {
    for case in fixture()["limits"].as_array().unwrap() {
        let conditions: Vec<&str> =
            case["conditions"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let selection = Selection {
            table: case["table"].as_str().unwrap(),
            column: case["column"].as_str().unwrap(),
            conditions: &conditions,
        };
        let at = date(case["at"].as_str().unwrap());
        let found = limits_of(&library(), case["family"].as_str().unwrap(), "500242", at, selection).unwrap();
        let is = |limit: &&Limit| limit.factor == case["factor"] && limit.period.key() == case["period"];
        let own: Vec<&Limit> = found.limits.iter().filter(is).collect();
        assert_eq!(own.len(), 1, "{case}");
        assert_eq!(own[0].upper, Some(field(case, "upper")), "{case}");
        assert_eq!(own[0].lower, case["lower"].as_str().map(dec), "{case}");
        assert!(!own[0].unconfirmed, "{case}");
    }
}

#[test]
fn emission_limits_say_what_they_cannot_give() {
    let select = |family: &str, at: &str, table: &str, column: &str, conditions: &[&str]| {
        limits_of(&library(), family, "500242", date(at), Selection { table, column, conditions })
    };
    let class1 = select("GB 8978", "2026-01-01", "class1", "all", &[]).unwrap();
    let reason = |item: &str, of: &standards::sources::EmissionLimits| {
        of.missing.iter().find(|missing| missing.item == item).map(|missing| missing.reason)
    };
    assert_eq!(reason("AHG", &class1), Some(MissingReason::NotDetectable));
    let basic = select("GB 18918", "2026-01-01", "basic", "2", &[]).unwrap();
    assert_eq!(reason("TN", &basic), Some(MissingReason::Dash));
    assert_eq!(reason("ANIMAL_OIL", &basic), Some(MissingReason::NoFactor));
    // The amendment's instantaneous figures are not known: they are listed, and no limit comes of them.
    let instant = select("GB 18918", "2026-03-01", "instant", "1A", &[]).unwrap();
    assert_eq!((instant.limits.len(), reason("COD", &instant)), (0, Some(MissingReason::Unknown)));
    assert!(matches!(
        select("GB 18918", "2026-02-28", "instant", "1A", &[]),
        Err(SelectionError::Figure(FigureError::Absent { .. }))
    ));
    let benzene = select("GB 16297", "2026-01-01", "concentration", "new", &[]).unwrap();
    assert!(benzene.limits.iter().all(|limit| limit.unconfirmed));
    assert!(matches!(select("GB 18918", "2026-03-01", "basic", "9Z", &[]), Err(SelectionError::Column { .. })));
    assert!(matches!(
        select("GB 13271", "2026-03-01", "stack", "new", &["wood"]).map(|found| found.limits.len()),
        Ok(1)
    ));
    assert!(matches!(select("GB 31573", "2026-03-01", "gas", "stack", &[]), Err(SelectionError::Nothing { .. })));
    assert!(matches!(select("GB 18918", "2000-01-01", "basic", "1A", &[]), Err(SelectionError::NotCovered(_))));
    let landfill = select("GB 16889", "2025-01-01", "leachate", "general", &[]).unwrap();
    assert!(landfill.limits.is_empty() && landfill.missing.len() == 6);
}

#[test]
fn every_limit_table_can_be_read_in_every_grade() {
    let library = library();
    let mut read = 0;
    for standard in library.all() {
        for table in
            standard.tables.iter().filter(|table| table.columns.get(7).is_some_and(|column| column.id == "converted"))
        {
            let words: Vec<String> = table
                .rows
                .iter()
                .flat_map(|row| row[1].text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            let conditions: Vec<&str> = words.iter().map(String::as_str).collect();
            for column in table.columns.iter().skip(8) {
                let at = standard.effects[0].from;
                let selection = Selection { table: &table.id, column: &column.id, conditions: &conditions };
                let found = limits_of(&library, &standard.family, "500242", at, selection).unwrap();
                assert!(found.limits.len() + found.missing.len() >= table.rows.len(), "{}", table.path);
                read += 1;
            }
        }
    }
    assert!(read > 30, "{read}");
}

#[test]
fn rate_between_and_outside_heights() {
    let listed = [(dec("15"), dec("2.6")), (dec("20"), dec("4.3"))];
    let check = |height: &str, want: &str| {
        assert_eq!(rate_at_height(&listed, dec(height)).unwrap().round_dp(4), dec(want), "{height}");
    };
    check("15", "2.6");
    check("20", "4.3");
    check("17.5", "3.45");
    // 2.6·(10/15)²/2 and 4.3·(30/20)².
    check("10", "0.5778");
    check("30", "9.675");
    assert_eq!(rate_at_height(&[], dec("15")), None);
}

fn hours(count: usize, value: &str, flow: Option<&str>) -> Vec<HourMean> {
    vec![HourMean { value: dec(value), flow: flow.map(dec), valid: true }; count]
}

#[test]
fn gas_needs_45_minutes_and_20_hours() {
    let rules = Validity::in_force(&library(), SourceKind::Gas, date("2026-01-01")).unwrap();
    assert_eq!((gas_hour_valid(&rules, 45), gas_hour_valid(&rules, 44)), (true, false));
    let day = |count: usize| gas_day(&rules, &hours(count, "30", None));
    assert_eq!((day(20).valid, day(19).valid, day(0).value), (true, false, None));
    let month = |month: u8, valid_days: u32| rules.month_valid(MonthCount { month, valid_days });
    assert_eq!(
        [month(1, 25), month(1, 24), month(2, 23), month(2, 22)],
        [Some(true), Some(false), Some(true), Some(false)]
    );
    assert!(!rules.one_abnormal_spoils);
    assert_eq!(quarter_capture(2160, 108, 0).unwrap().to_string(), "95.0");
    assert_eq!(quarter_capture(2160, 0, 1080).unwrap().to_string(), "100.0");
    assert_eq!(quarter_capture(2160, 0, 2160), None);
}

#[test]
fn waste_water_day_is_weighted_by_flow() {
    let rules = Validity::in_force(&library(), SourceKind::Water, date("2026-01-01")).unwrap();
    let mut list = hours(1, "10", Some("30"));
    list.extend(hours(1, "50", Some("10")));
    list.push(HourMean { value: dec("999"), flow: Some(dec("999")), valid: false });
    let day = wastewater_day(&rules, &list, WaterWeight::Flow);
    assert_eq!((day.value, day.valid, day.valid_hours), (Some(dec("20")), true, 2));
    assert_eq!(wastewater_day(&rules, &list, WaterWeight::Arithmetic).value, Some(dec("30")));
    list.extend(hours(1, "1", None));
    let untold = wastewater_day(&rules, &list, WaterWeight::Flow);
    assert_eq!((untold.value, untold.valid, untold.note.is_some()), (None, false, true));
    let dry = wastewater_day(&rules, &hours(24, "10", Some("0")), WaterWeight::Flow);
    assert_eq!((dry.value, dry.valid), (None, false));
    assert!(rules.one_abnormal_spoils);
}

/// For the clause coverage of `tests/coverage`.
#[allow(dead_code)]
#[test]
fn condition_marks_have_windows_and_factors_from_2023_on() {
    let library = library();
    let at = |text: &str| Marking::in_force(&library, date(text)).unwrap();
    assert_eq!(at("2022-12-31"), None);
    let marking = at("2023-01-01").unwrap();
    let check = |id: &str, expect: Option<(u32, &str)>| {
        let found = marking.condition(id).map(|condition| (condition.hours, condition.factors.join(" ")));
        assert_eq!(found, expect.map(|(hours, factors)| (hours, factors.to_owned())), "{id}");
    };
    check("cement_kiln_cold_start", Some((36, "a21026 a21002")));
    check("coal_boiler_shutdown", Some((1, "a21002")));
    check("ceramic_brick_start", Some((4, "")));
    check("steel_start", None);
    assert_eq!(marking.deadline_hour, 12);
    // Second hand: known, and not confirmed by anybody.
    assert!(!marking.confirmed && marking.conditions.iter().all(|condition| !condition.confirmed));
    let read = |figure: &str, value: Option<&str>| Confirmation {
        figure: format!("公告 2022 年第 21 号/{figure}"),
        value: value.map(str::to_owned),
        source: "附件 3".into(),
    };
    let figures = [
        read("deadline_hour", None),
        read("windows/cement_kiln_shutdown/hours", Some("6")),
        read("windows/cement_kiln_shutdown/factors", None),
        read("windows/sinter_start/hours", None),
    ];
    let marking = Marking::in_force(&library.confirmed(&figures).unwrap(), date("2023-01-01")).unwrap().unwrap();
    let state = |id: &str| marking.condition(id).map(|condition| (condition.hours, condition.confirmed));
    assert!(marking.confirmed);
    assert_eq!(state("cement_kiln_shutdown"), Some((6, true)));
    assert_eq!(state("sinter_start"), Some((8, false)), "its factors are not confirmed");
    let kiln = marking.condition("cement_kiln_shutdown").unwrap();
    let fits =
        ["GB 4915", "GB 4915-2013", "GB 49150-2013", "GB 16297-1996", ""].map(|standard| kiln.fits(standard, &[]));
    assert_eq!(fits, [true, true, false, false, false]);
    // GB 13271 is of gas and oil boilers too.
    let boiler = marking.condition("coal_boiler_shutdown").unwrap();
    let fits = [&["coal", "new"][..], &["gas"], &[]].map(|conditions| {
        boiler.fits("GB 13271-2014", &conditions.iter().map(|condition| (*condition).to_owned()).collect::<Vec<_>>())
    });
    assert_eq!(fits, [true, false, false]);
}

pub const SCENARIOS: &[(&str, fn())] = &[
    (
        "sources::condition_marks_have_windows_and_factors_from_2023_on",
        condition_marks_have_windows_and_factors_from_2023_on,
    ),
    ("sources::every_conversion_vector", every_conversion_vector),
    ("sources::conversion_refuses_impossible_oxygen", conversion_refuses_impossible_oxygen),
    ("sources::state_moisture_and_gas_formulas", state_moisture_and_gas_formulas),
    ("sources::mass_uses_the_measured_value", mass_uses_the_measured_value),
    ("sources::outlet_limits_hold_for_their_own_period_and_value", outlet_limits_hold_for_their_own_period_and_value),
    ("sources::outlet_units_are_converted_before_comparison", outlet_units_are_converted_before_comparison),
    ("sources::outlet_converted_limits_need_a_converted_value", outlet_converted_limits_need_a_converted_value),
    (
        "sources::outlet_invalid_means_and_unconfirmed_limits_never_judge",
        outlet_invalid_means_and_unconfirmed_limits_never_judge,
    ),
    ("sources::outlet_refuses_bad_values", outlet_refuses_bad_values),
    ("sources::every_emission_vector", every_emission_vector),
    ("sources::emission_limits_say_what_they_cannot_give", emission_limits_say_what_they_cannot_give),
    ("sources::every_limit_table_can_be_read_in_every_grade", every_limit_table_can_be_read_in_every_grade),
    ("sources::rate_between_and_outside_heights", rate_between_and_outside_heights),
    ("sources::gas_needs_45_minutes_and_20_hours", gas_needs_45_minutes_and_20_hours),
    ("sources::waste_water_day_is_weighted_by_flow", waste_water_day_is_weighted_by_flow),
];
