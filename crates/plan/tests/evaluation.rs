//! The sheet: values with their basis, named errors, and that one changed fact gives what computing everything gives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{FactQuery, FactValue, Name};
use plan::evaluate::{Basis, Book, Known, Sheet, key_of};
use plan::formula::FormulaError;
use plan::model::{Indicator, IndicatorFile};
use proptest::prelude::*;

fn indicators(text: &str) -> Vec<Indicator> {
    let file: IndicatorFile = toml::from_str(text).unwrap();
    file.indicators.into_iter().map(|one| one.into_inner()).collect()
}

fn one(id: &str, rest: &str) -> String {
    format!(
        "[[indicator]]\nid = \"{id}\"\nname = \"{id}\"\nunit = \"%\"\ndirection = \"higher_is_better\"\nbindingness = \"text\"\nplace = \"p\"\n{rest}\n"
    )
}

fn sheet(text: &str) -> Sheet {
    let list = indicators(text);
    Sheet::new(Arc::new(Book::new(&list, &|name| name.starts_with("known."))), 2020, 2025)
}

fn fact(name: &str, year: i64) -> String {
    key_of(&FactQuery::new(name).with("year", FactValue::Integer(year)))
}

fn known(value: FactValue, unit: &str) -> Known {
    Known { value, unit: unit.to_owned(), ..Known::default() }
}

const RATIO: &str = "numerator = \"done\"\ndenominator = \"all\"\nfactor = 100\n\
                     facts = { done = { fact = \"known.done\", unit = \"户\" }, all = { fact = \"known.all\", unit = \"户\" } }";

fn check(answers: &[(&str, FactValue, &str)], expect: (Option<f64>, Option<FormulaError>)) -> Sheet {
    let mut sheet = sheet(&one("coverage", RATIO));
    for (name, value, unit) in answers {
        sheet.learn(&fact(name, 2025), known(value.clone(), unit));
    }
    let cell = sheet.cell("coverage", 2025).unwrap().clone();
    assert_eq!((cell.value, cell.error), expect, "{answers:?}");
    sheet
}

#[test]
fn a_ratio_shows_its_parts_and_missing_is_not_zero() {
    let (n, household) = (FactValue::Integer, "户");
    let sheet = check(&[("known.done", n(93), household), ("known.all", n(100), household)], (Some(93.0), None));
    let cell = sheet.cell("coverage", 2025).unwrap();
    assert_eq!((cell.numerator, cell.denominator, cell.basis), (Some(93.0), Some(100.0), Basis::Formula));
    // The other years know nothing, and say so.
    let empty = sheet.cell("coverage", 2024).unwrap();
    assert_eq!((empty.value, empty.basis), (None, Basis::Missing));
    check(&[("known.done", FactValue::Missing, household), ("known.all", n(100), household)], (None, None));
    check(&[("known.done", n(0), household), ("known.all", n(100), household)], (Some(0.0), None));
}

#[test]
fn an_approved_document_precedes_a_computation_that_lacks_evidence() {
    let learn = |sheet: &mut Sheet, all: i64, missing: bool| {
        let missing = if missing { vec![Name::new("缺", "lacks")] } else { Vec::new() };
        let done = Known { missing, ..known(FactValue::Integer(all.min(40)), "户") };
        sheet.learn(&fact("known.done", 2025), done);
        sheet.learn(&fact("known.all", 2025), known(FactValue::Integer(all), "户"));
    };
    let check = |all: i64, missing: bool, documented: Option<f64>, expect: (Option<f64>, Basis)| {
        let mut sheet = sheet(&one("coverage", RATIO));
        learn(&mut sheet, all, missing);
        sheet.document("coverage", 2025, documented);
        let cell = sheet.cell("coverage", 2025).unwrap();
        assert_eq!((cell.value, cell.basis), expect, "{all} {missing} {documented:?}: {:?}", cell.error);
    };
    check(50, false, Some(97.0), (Some(80.0), Basis::Formula));
    check(50, true, Some(97.0), (Some(97.0), Basis::Document));
    check(50, true, None, (Some(80.0), Basis::Formula));
    // Nothing of nothing, with evidence lacking, is unknown and no division by zero.
    check(0, true, None, (None, Basis::Missing));
    let mut sheet = sheet(&one("coverage", RATIO));
    learn(&mut sheet, 0, true);
    assert_eq!(sheet.cell("coverage", 2025).unwrap().error, None);
}

#[test]
fn what_cannot_be_computed_has_a_name() {
    let n = FactValue::Integer;
    let zero = [("known.done", n(0), "户"), ("known.all", n(0), "户")];
    check(&zero, (None, Some(FormulaError::DivisionByZero)));
    let changed = [("known.done", n(93), "户"), ("known.all", n(100), "万户")];
    let error = FormulaError::UnitChanged { variable: "all".into(), expected: "户".into(), found: "万户".into() };
    check(&changed, (None, Some(error)));
    let words = [("known.done", FactValue::Text("九十三".into()), "户"), ("known.all", n(100), "户")];
    check(&words, (None, Some(FormulaError::NotANumber)));

    let error_of = |rest: &str| sheet(&one("x", rest)).cell("x", 2025).unwrap().error.clone().unwrap();
    assert_eq!(
        error_of("formula = \"a\"\nfacts = { a = { fact = \"nobody.knows\" } }"),
        FormulaError::UnknownFact("nobody.knows".into())
    );
    assert_eq!(
        error_of("formula = \"a + b\"\nfacts = { a = { fact = \"known.a\" } }"),
        FormulaError::UnknownName("b".into())
    );
    assert_eq!(
        error_of("formula = \"a\"\nfacts = { a = { indicator = \"nowhere\" } }"),
        FormulaError::UnknownIndicator("nowhere".into())
    );
    assert!(matches!(error_of("formula = \"a +\"\nfacts = { a = { fact = \"known.a\" } }"), FormulaError::Syntax(_)));
}

#[test]
fn a_circle_is_named_and_the_year_before_is_no_circle() {
    let reads = |other: &str| format!("formula = \"v + 1.0\"\nfacts = {{ v = {{ indicator = \"{other}\" }} }}");
    let text = one("a", &reads("b")) + &one("b", &reads("c")) + &one("c", &reads("a"));
    let around = sheet(&text);
    for id in ["a", "b", "c"] {
        let error = around.cell(id, 2025).unwrap().error.clone();
        assert!(matches!(&error, Some(FormulaError::Cycle(ids)) if ids.len() == 4), "{id}: {error:?}");
    }
    let grows = one(
        "sum",
        "formula = \"before + 1.0\"\nfacts = { before = { indicator = \"sum\", years_back = 1 } }\nvalue = [{ year = 2020, value = \"5\", place = \"p\" }]",
    );
    let grown = sheet(&grows);
    assert_eq!(grown.series("sum"), [(2020, 5.0), (2021, 6.0), (2022, 7.0), (2023, 8.0), (2024, 9.0), (2025, 10.0)]);
}

#[test]
fn a_document_stands_in_where_the_formula_has_no_facts() {
    let mut sheet = sheet(&one("coverage", RATIO));
    assert_eq!(sheet.document("coverage", 2024, Some(88.0)).len(), 1);
    assert_eq!(sheet.cell("coverage", 2024).unwrap().basis, Basis::Document);
    sheet.learn(&fact("known.done", 2024), known(FactValue::Integer(9), "户"));
    sheet.learn(&fact("known.all", 2024), known(FactValue::Integer(10), "户"));
    let cell = sheet.cell("coverage", 2024).unwrap();
    assert_eq!((cell.value, cell.documented, cell.basis), (Some(90.0), Some(88.0), Basis::Formula));
}

#[test]
fn simulated_data_marks_what_is_computed_from_it_also_at_second_hand() {
    let text = one("first", "formula = \"a\"\nfacts = { a = { fact = \"known.a\" } }")
        + &one("second", "formula = \"v\"\nfacts = { v = { indicator = \"first\" } }");
    let mut sheet = sheet(&text);
    let made_up =
        Known { simulated: true, missing: vec![Name::new("缺", "missing")], ..known(FactValue::Integer(1), "") };
    sheet.learn(&fact("known.a", 2025), made_up);
    assert!(sheet.cell("first", 2025).unwrap().simulated && sheet.cell("second", 2025).unwrap().simulated);
}

/// A book of a few indicators that read facts, each other and the year before.
fn book() -> Arc<Book> {
    let text = one("p", "formula = \"a + b\"\nfacts = { a = { fact = \"known.a\" }, b = { fact = \"known.b\" } }")
        + &one(
            "q",
            "formula = \"p * 2.0 - old\"\nfacts = { p = { indicator = \"p\" }, old = { indicator = \"p\", years_back = 1 } }",
        )
        + &one(
            "r",
            "numerator = \"q\"\ndenominator = \"b\"\nfactor = 100\nfacts = { q = { indicator = \"q\" }, b = { fact = \"known.b\" } }",
        )
        + &one(
            "s",
            "formula = \"before + r\"\nfacts = { before = { indicator = \"s\", years_back = 1 }, r = { indicator = \"r\" } }\nvalue = [{ year = 2020, value = \"1\", place = \"p\" }]",
        );
    Arc::new(Book::new(&indicators(&text), &|_| true))
}

proptest! {
    /// One changed fact after another ends where computing everything at once ends.
    #[test]
    fn increments_equal_the_whole(changes in prop::collection::vec((0usize..2, 2020i64..2026, prop::option::of(-5i64..5)), 0..40)) {
        let mut step = Sheet::new(book(), 2020, 2025);
        let mut last: BTreeMap<String, Known> = BTreeMap::new();
        for (which, year, value) in changes {
            let key = fact(["known.a", "known.b"][which], year);
            let value = known(value.map_or(FactValue::Missing, FactValue::Integer), "");
            step.learn(&key, value.clone());
            last.insert(key, value);
        }
        let mut whole = Sheet::new(book(), 2020, 2025);
        for (key, value) in last {
            whole.put(&key, value);
        }
        whole.recompute();
        for id in ["p", "q", "r", "s"] {
            for year in 2020..2026 {
                prop_assert_eq!(step.cell(id, year), whole.cell(id, year), "{} {}", id, year);
            }
        }
    }
}
