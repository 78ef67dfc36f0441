//! Scenarios of noise, electromagnetic fields and statistics.

use crate::Scenario;
use crate::support::library;
use rust_decimal::Decimal;
use standards::electromagnetic::{Component, EmLimits, Quantity};
use standards::library::Confirmation;
use standards::noise::{
    BackgroundCorrection, Burst, NoiseGrades, NoiseLimits, Period, PeriodRule, ZoneResult, compliance_rates, day_levels,
};
use standards::statistics::rank_trend;

pub const SCENARIOS: &[Scenario] = &[
    ("a day of hourly levels", day),
    ("a zone level on its limit complies", zone),
    ("a boundary level above its limit", boundary),
    ("a community source on its limit", community),
    ("night bursts", bursts),
    ("construction noise after its figures are confirmed", construction),
    ("background correction after its table is confirmed", background),
    ("grades of a city", grades),
    ("compliance of zones", rates),
    ("fields of several frequencies", fields),
    ("yearly values rise in rank", ranks),
];

fn limits(code: &str) -> NoiseLimits {
    NoiseLimits::from_standard(library().find(code).next().unwrap()).unwrap()
}

fn confirmed(code: &str) -> NoiseLimits {
    let library = library();
    let confirmations: Vec<Confirmation> = library
        .unconfirmed()
        .into_iter()
        .filter(|figure| figure.figure.starts_with(code))
        .map(|figure| Confirmation { figure: figure.figure, value: None, source: "test".into() })
        .collect();
    let library = library.confirmed(&confirmations).unwrap();
    NoiseLimits::from_standard(library.find(code).next().unwrap()).unwrap()
}

fn day() {
    let samples: Vec<(u8, f64)> = (0..24).map(|hour| (hour, 50.0)).collect();
    let levels = day_levels(&samples, &PeriodRule { day_begins: 6, night_begins: 22 });
    assert_eq!(levels.rounded(), [Some(50.0), Some(50.0), Some(56.0)]);
}

fn zone() {
    let limits = limits("GB 3096-2008");
    assert!(limits.check("2", Period::Day, Decimal::from(60)).unwrap().complies);
    assert!(!limits.check("2", Period::Day, Decimal::new(601, 1)).unwrap().complies);
}

fn boundary() {
    assert!(!limits("GB 12348-2008").check("3", Period::Night, Decimal::new(556, 1)).unwrap().complies);
}

fn community() {
    assert!(limits("GB 22337-2008").check("1", Period::Night, Decimal::from(45)).unwrap().complies);
}

fn bursts() {
    let maximum = Decimal::from(61);
    assert!(!limits("GB 12348-2008").check_burst("2", Burst::Frequent, maximum).unwrap().complies);
    assert!(limits("GB 12348-2008").check_burst("2", Burst::Occasional, maximum).unwrap().complies);
    assert!(limits("GB 3096-2008").check_burst("2", Burst::Any, maximum).unwrap().complies);
}

fn construction() {
    assert!(limits("GB 12523-2025").check("boundary", Period::Day, Decimal::from(70)).is_err());
    let limits = confirmed("GB 12523-2025");
    assert!(limits.check("boundary", Period::Day, Decimal::from(70)).unwrap().complies);
    assert!(!limits.check_burst("boundary", Burst::Any, Decimal::from(71)).unwrap().complies);
}

fn background() {
    let correction = confirmed("GB 12348-2008").background(Decimal::from(5)).unwrap();
    assert_eq!(correction, BackgroundCorrection::Add(-2));
}

fn grades() {
    let grades = NoiseGrades::from_standard(library().find("HJ 640-2012").next().unwrap(), "traffic").unwrap();
    assert_eq!(grades.grade(Period::Day, Decimal::new(681, 1)).unwrap().grade, 2);
}

fn rates() {
    let result = |complies| ZoneResult { class: "1".into(), period: Period::Day, complies };
    let rates = compliance_rates(&[result(true), result(true), result(false)]);
    assert_eq!(rates[&("1".to_owned(), Period::Day)].percent(), Some(Decimal::new(667, 1)));
}

fn fields() {
    let limits = EmLimits::from_standard(library().find("GB 8702-2014").next().unwrap()).unwrap();
    let component = |frequency_hz, quantity, value| Component { frequency_hz, quantity, value };
    let low = component(50.0, Quantity::ElectricField, 3000.0);
    let high = component(900e6, Quantity::ElectricField, 12.0);
    assert!(limits.exposure(&[low, high]).complies);
    assert!(!limits.exposure(&[high, high]).complies);
}

fn ranks() {
    let trend = rank_trend(&[1.0, 2.0, 3.0, 4.0, 5.0], Some(Decimal::new(9, 1))).unwrap();
    assert_eq!((trend.rs, trend.significant), (1.0, Some(true)));
}
