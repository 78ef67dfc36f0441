//! The library: dates, areas, doubts, and what broken data says.
#![allow(clippy::unwrap_used)]

mod support;

use standards::library::{Confirmation, FigureError};
use standards::{Date, Library};
use support::{air, library};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// The edition in force, or what is said when there is none.
fn check(family: &str, area: &str, at: &str, expect: &str) {
    let got = match library().in_force(family, area, date(at)) {
        Ok(standard) => standard.id(),
        Err(error) => format!("not covered: {}", error.family),
    };
    assert_eq!(got, expect, "{family} {area} {at}");
}

#[test]
fn editions_follow_the_date_of_the_data_and_the_area() {
    check("GB 3095", "500242", "2014-06-01", "GB 3095-2012");
    check("GB 3095", "522200", "2014-06-01", "not covered: GB 3095");
    check("GB 3095", "522200", "2016-01-01", "GB 3095-2012");
    check("GB 3095", "500242", "2026-02-28", "GB 3095-2012");
    check("GB 3095", "500242", "2026-03-01", "GB 3095-2026 (transition)");
    check("GB 3095", "500242", "2030-12-31", "GB 3095-2026 (transition)");
    check("GB 3095", "500242", "2031-01-01", "GB 3095-2026 (final)");
    check("HJ 633", "500242", "2026-02-28", "HJ 633-2012");
    check("HJ 633", "500242", "2026-03-01", "HJ 633-2026");
    check("HJ 633", "500242", "2012-12-31", "not covered: HJ 633");
    check("GB 12523", "500242", "2025-12-31", "GB 12523-2011");
    check("GB 12523", "500242", "2026-01-01", "GB 12523-2025");
}

#[test]
fn every_edition_has_a_source_and_parses_into_its_views() {
    air();
    for standard in library().all() {
        assert!(!standard.source.is_empty() && !standard.title.zh.is_empty(), "{}", standard.id());
        assert!(!standard.effects.is_empty() || !standard.family.starts_with("GB"), "{}", standard.id());
    }
}

#[test]
fn an_unsure_figure_is_shown_but_never_judged_by() {
    let library = library();
    let standard = library.find("GB 12523-2025").next().unwrap();
    let table = standard.table("limits").unwrap();
    assert_eq!(table.cell("boundary", "day").unwrap().text, "70");
    let refused = table.decimal("boundary", "day");
    assert!(
        matches!(&refused, Err(FigureError::Unconfirmed { figure, .. }) if figure == "GB 12523-2025/limits/boundary/day")
    );
    let confirm = |value: Option<&str>, source: &str| {
        library.confirmed(&[Confirmation {
            figure: "GB 12523-2025/limits/boundary/day".into(),
            value: value.map(str::to_owned),
            source: source.into(),
        }])
    };
    assert!(confirm(None, " ").is_err());
    let confirmed = confirm(Some("68"), "text read on paper").unwrap();
    let table = confirmed.find("GB 12523-2025").next().unwrap().table("limits").unwrap();
    assert_eq!(table.decimal("boundary", "day").unwrap(), Some("68".parse().unwrap()));
    assert!(library.confirmed(&[Confirmation { figure: "GB 0/x".into(), value: None, source: "s".into() }]).is_err());
}

#[test]
fn broken_data_says_where() {
    let text = |rows: &str| {
        format!(
            "code = \"X 1-2000\"\nfamily = \"X 1\"\nedition = \"2000\"\ntitle = {{ zh = \"甲\", en = \"a\" }}\nsource = \"s\"\n\
             [[tables]]\nid = \"t\"\ntitle = {{ zh = \"乙\", en = \"b\" }}\n\
             columns = [{{ id = \"k\", zh = \"k\", en = \"k\" }}, {{ id = \"v\", zh = \"v\", en = \"v\" }}]\nrows = {rows}\n"
        )
    };
    let load = |rows: &str| Library::from_texts([("x.toml", text(rows).as_str())]);
    assert!(load("[[\"a\", \"1\"]]").is_ok());
    let short = load("[[\"a\"]]").unwrap_err();
    assert_eq!((short.file.as_str(), short.message.as_str()), ("x.toml", "table X 1-2000/t: row 1 has 1 cells, not 2"));
    assert!(load("[[\"a\", \"1\"], [\"a\", \"2\"]]").unwrap_err().message.contains("appears twice"));
    assert!(Library::from_texts([("y.toml", "code = 1")]).unwrap_err().message.contains("invalid type"));
}

#[test]
fn electromagnetic_limits_at_known_frequencies() {
    use standards::electromagnetic::{Component, EmLimits, Quantity};
    let library = library();
    let limits = EmLimits::from_standard(library.find("GB 8702-2014").next().unwrap()).unwrap();
    let near = |quantity, hertz: f64, want: f64| {
        let got = limits.limit(quantity, hertz).unwrap();
        assert!((got - want).abs() < 1e-9 * want, "{hertz} Hz: {got} is not {want}");
    };
    near(Quantity::ElectricField, 50.0, 4000.0);
    near(Quantity::MagneticInduction, 50.0, 100.0);
    near(Quantity::ElectricField, 900e6, 12.0);
    near(Quantity::PowerDensity, 6_000e6, 0.8);
    assert_eq!(limits.limit(Quantity::PowerDensity, 50.0), None);
    assert_eq!(limits.limit(Quantity::ElectricField, 400e9), None);
    let field = |value| Component { frequency_hz: 50.0, quantity: Quantity::ElectricField, value };
    assert!(limits.exposure(&[field(4000.0)]).complies);
    assert!(!limits.exposure(&[field(2000.0), field(2001.0)]).complies);
}
