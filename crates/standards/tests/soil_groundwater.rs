//! Soil and groundwater: every vector of the fixtures, safe-use rates, bad input.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use standards::groundwater::{Groundwater, GroundwaterResult};
use standards::library::Confirmation;
use standards::measure::{Amount, MeasureError, Reading};
use standards::soil::{
    ConstructionLand, Farmland, FarmlandAreas, FarmlandUse, LandType, construction_safe_use, farmland_safe_use,
};
use standards::water::Class;
use standards::{Date, Decimal};
use std::collections::BTreeMap;
use support::library;

fn date() -> Date {
    "2026-11-01".parse().unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn readings(object: &Value) -> Vec<Reading> {
    object.as_object().unwrap().iter().map(|(key, value)| Reading::new(key, dec(value.as_str().unwrap()))).collect()
}

fn fixture() -> Value {
    support::fixture("soil_groundwater_vectors.json")
}

#[test]
fn every_farmland_vector() {
    let rules = Farmland::in_force(&library(), date()).unwrap();
    for case in fixture()["farmland"].as_array().unwrap() {
        let land: FarmlandUse = case["land"].as_str().unwrap().parse().unwrap();
        let result = rules.evaluate(land, dec(case["ph"].as_str().unwrap()), &readings(&case["values"])).unwrap();
        assert_eq!(serde_json::to_value(result.risk).unwrap(), case["risk"], "{case}");
        assert!(result.ignored.is_empty(), "{case}");
    }
}

#[test]
fn every_construction_vector() {
    let rules = ConstructionLand::in_force(&library(), date()).unwrap();
    for case in fixture()["construction"].as_array().unwrap() {
        let land: LandType = case["land"].as_str().unwrap().parse().unwrap();
        let mut background = BTreeMap::new();
        for (key, value) in case["background"].as_object().into_iter().flatten() {
            background.insert(key.clone(), dec(value.as_str().unwrap()));
        }
        let result = rules.evaluate(land, &readings(&case["values"]), &background).unwrap();
        assert_eq!(serde_json::to_value(result.risk).unwrap(), case["risk"], "{case}");
        assert_eq!(result.missing.len() as u64, case["missing"].as_u64().unwrap(), "{case}");
    }
    assert_eq!(rules.names().count(), 85);
}

#[test]
fn soil_refuses_impossible_input() {
    let rules = Farmland::in_force(&library(), date()).unwrap();
    let code = |ph: &str, list: &[Reading]| rules.evaluate(FarmlandUse::Paddy, dec(ph), list).unwrap_err().code();
    let cadmium = |value: &str| Reading::new("CD", dec(value));
    assert_eq!(code("14.1", &[]), "out_of_range");
    assert_eq!(code("7", &[cadmium("-1")]), "negative_value");
    assert_eq!(code("7", &[cadmium("1"), cadmium("2")]), "duplicate_factor");
    assert_eq!(code("7", &[cadmium("1").with_unit("mg/L")]), "wrong_unit");
    let converted = rules.evaluate(FarmlandUse::Paddy, dec("7"), &[cadmium("600").with_unit("µg/kg")]).unwrap();
    assert_eq!(converted.items[0].value, dec("0.6"));
    let below = Reading::of("CD", Amount::BelowDetection(dec("0.02")));
    assert_eq!(rules.evaluate(FarmlandUse::Paddy, dec("7"), &[below]).unwrap().items[0].value, dec("0.01"));
    // Not found by a method that does not see the screening value: neither low nor, by half of it, high.
    let blind = |limit: &str| {
        let reading = Reading::of("CD", Amount::BelowDetection(dec(limit)));
        let found = rules.evaluate(FarmlandUse::Paddy, dec("5.5"), &[reading]).unwrap();
        (found.risk, found.items.len(), found.ignored.len())
    };
    assert_eq!(blind("0.3"), (Some(standards::soil::Risk::Low), 1, 0));
    assert_eq!(blind("0.5"), (None, 0, 1));
    assert_eq!(blind("5"), (None, 0, 1));
    let early = Farmland::in_force(&library(), "2018-07-31".parse().unwrap()).unwrap_err();
    assert_eq!(early.code(), "date_not_covered");
}

fn judge(list: &[Reading]) -> Result<GroundwaterResult, MeasureError> {
    Groundwater::in_force(&library(), date()).unwrap().evaluate(list)
}

#[test]
fn every_groundwater_vector() {
    for case in fixture()["groundwater"].as_array().unwrap() {
        let result = judge(&readings(&case["values"])).unwrap();
        assert_eq!(result.class.map(Class::key), case["class"].as_str(), "{case}");
        assert_eq!(result.provisional, case["provisional"].as_bool().unwrap_or(false), "{case}");
        assert!(result.ignored.is_empty(), "{case}");
    }
}

#[test]
fn groundwater_has_39_routine_and_54_other_items() {
    let rules = Groundwater::in_force(&library(), date()).unwrap();
    let routine = rules.items.iter().filter(|item| item.routine).count();
    assert_eq!((routine, rules.items.len()), (39, 93));
}

#[test]
fn qualitative_and_undetected_amounts() {
    let class = |factor: &str, amount: Amount| judge(&[Reading::of(factor, amount)]).unwrap().class;
    assert_eq!(class("SMELL", Amount::Present(true)), Some(Class::V));
    assert_eq!(class("VISIBLE", Amount::Present(false)), Some(Class::I));
    assert_eq!(class("LAS", Amount::NotDetected), Some(Class::I));
    assert_eq!(class("LAS", Amount::BelowDetection(dec("0.05"))), Some(Class::I));
    // Without the detection limit nothing can be compared.
    assert_eq!(class("HG", Amount::NotDetected), None);
    let code = |factor: &str, amount: Amount| judge(&[Reading::of(factor, amount)]).unwrap_err().code();
    assert_eq!(code("SMELL", Amount::Value(dec("1"))), "wrong_kind");
    assert_eq!(code("HG", Amount::Present(true)), "wrong_kind");
    assert_eq!(code("PH", Amount::Value(dec("15"))), "out_of_range");
}

#[test]
fn a_clear_class_v_is_not_provisional_because_of_activity() {
    let list = [Reading::new("ALPHA", dec("9")), Reading::new("MN", dec("9"))];
    let result = judge(&list).unwrap();
    assert_eq!((result.class, result.provisional, result.deciding), (Some(Class::V), false, vec!["MN".to_owned()]));
}

#[test]
fn safe_use_rate_of_farmland() {
    let areas = |b: &str, c: &str, d: &str, e: &str| FarmlandAreas {
        protected: dec(b),
        safely_used: dec(c),
        strictly_controlled: dec(d),
        contaminated: dec(e),
    };
    let rate = |areas: FarmlandAreas| farmland_safe_use(&areas).map(|found| found.map(|(rate, _)| rate.to_string()));
    assert_eq!(rate(areas("100", "800", "50", "1000")), Ok(Some("95.0".to_owned())));
    assert_eq!(rate(areas("0", "0", "0", "0")), Ok(None));
    assert!(rate(areas("1", "0", "0", "0.5")).is_err());
    assert!(rate(areas("-1", "2", "0", "5")).is_err());
}

#[test]
fn safe_use_rate_of_construction_land_waits_for_confirmation() {
    let plain = library();
    let rate = |library: &standards::Library| construction_safe_use(library, date(), dec("9"), dec("12"));
    assert_eq!(rate(&plain).unwrap_err().code(), "unconfirmed_figure");
    let confirm =
        Confirmation { figure: "安全利用率/construction".into(), value: None, source: "text read".into() };
    let confirmed = plain.confirmed(&[confirm]).unwrap();
    assert_eq!(rate(&confirmed).unwrap().unwrap().to_string(), "75.0");
}

/// For the clause coverage of `tests/coverage`.
#[allow(dead_code)]
pub const SCENARIOS: &[(&str, fn())] = &[
    ("soil_groundwater::every_farmland_vector", every_farmland_vector),
    ("soil_groundwater::every_construction_vector", every_construction_vector),
    ("soil_groundwater::soil_refuses_impossible_input", soil_refuses_impossible_input),
    ("soil_groundwater::every_groundwater_vector", every_groundwater_vector),
    ("soil_groundwater::groundwater_has_39_routine_and_54_other_items", groundwater_has_39_routine_and_54_other_items),
    ("soil_groundwater::qualitative_and_undetected_amounts", qualitative_and_undetected_amounts),
    (
        "soil_groundwater::a_clear_class_v_is_not_provisional_because_of_activity",
        a_clear_class_v_is_not_provisional_because_of_activity,
    ),
    ("soil_groundwater::safe_use_rate_of_farmland", safe_use_rate_of_farmland),
    (
        "soil_groundwater::safe_use_rate_of_construction_land_waits_for_confirmation",
        safe_use_rate_of_construction_land_waits_for_confirmation,
    ),
];
