//! Surface water: every vector of the fixtures, bad input, drinking-water sources, comparison of periods.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use standards::library::{Confirmation, FigureError};
use standards::measure::{Amount, MeasureError, Reading};
use standards::water::{
    Body, CityIndexRules, Class, SectionClass, SourcePeriod, Surface, Trophic, WaterResult, change_word,
    compare_classes, evaluate, index_change, judge_groundwater_source, judge_surface_source, mean_ph, reach_by_means,
    reach_grade, source_rates,
};
use standards::{Date, Decimal};
use support::library;

fn date() -> Date {
    "2026-11-01".parse().unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn surface() -> Surface {
    Surface::in_force(&library(), "500242", date()).unwrap()
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/water_vectors.json")).unwrap()
}

fn readings(object: &Value) -> Vec<Reading> {
    object.as_object().unwrap().iter().map(|(key, value)| Reading::new(key, dec(value.as_str().unwrap()))).collect()
}

fn judge(body: Body, list: &[(&str, &str)], target: Option<Class>) -> Result<WaterResult, MeasureError> {
    let list: Vec<Reading> = list.iter().map(|(key, value)| Reading::new(*key, dec(value))).collect();
    evaluate(&surface(), body, &list, target)
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

#[test]
fn every_section_vector() {
    let surface = surface();
    for case in fixture()["sections"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let body: Body = case["body"].as_str().unwrap().parse().unwrap();
        let target = text(&case["target"]).map(|text| text.parse().unwrap());
        let result = evaluate(&surface, body, &readings(&case["readings"]), target).unwrap();
        assert_eq!(result.class.map(Class::key), text(&case["class"]), "{name}");
        assert_eq!(result.grade.map(|grade| grade.key()), text(&case["grade"]), "{name}");
        assert_eq!(result.compliant, case["compliant"].as_bool(), "{name}");
        let main: Vec<&str> = result.main_pollutants.iter().map(|found| found.text.zh.as_str()).collect();
        let want: Vec<&str> = case["main"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(main, want, "{name}");
        assert_eq!(result.missing.len() as u64, case["missing"].as_u64().unwrap(), "{name}: {:?}", result.missing);
        assert!(result.ignored.is_empty() && !result.steps.is_empty(), "{name}");
        if let Some(apart) = case["apart"].as_object() {
            for (key, class) in apart {
                let found = result.apart.iter().find(|item| item.key == *key).unwrap();
                assert_eq!(found.class.map(Class::key), text(class), "{name}: {key}");
            }
        }
    }
}

#[test]
fn the_21_items_are_table_1_without_the_three_reported_apart() {
    let surface = surface();
    let judged = |body: Body| {
        surface.items.iter().filter(|item| !item.apart && item.body.is_none_or(|only| only == body)).count()
    };
    assert_eq!((judged(Body::River), judged(Body::Lake)), (21, 21));
    assert_eq!((surface.supplementary.len(), surface.specific.len()), (5, 80));
}

#[test]
fn table_3_and_2_figures() {
    let surface = surface();
    let limit =
        |key: &str| surface.supplementary.iter().chain(&surface.specific).find(|item| item.key == key).unwrap().limit;
    for (key, want) in [
        ("MN", "0.1"),
        ("FE", "0.3"),
        ("T3-36", "0.093"),
        ("T3-66", "0.0000028"),
        ("T3-67", "0.000001"),
        ("T3-80", "0.0001"),
    ] {
        assert_eq!(limit(key), dec(want), "{key}");
    }
}

#[test]
fn every_river_vector() {
    let surface = surface();
    for case in fixture()["rivers"].as_array().unwrap() {
        let sections: Vec<SectionClass> = case["classes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|class| SectionClass { class: class.as_str().unwrap().parse().unwrap(), over: Vec::new() })
            .collect();
        let result = reach_grade(&surface, &sections);
        assert_eq!(result.as_ref().map(|found| found.grade.key()), text(&case["grade"]), "{case}");
        if let Some(found) = result {
            assert_eq!(found.good_share.to_string(), case["good"].as_str().unwrap(), "{case}");
            assert_eq!(found.inferior_share.to_string(), case["inferior"].as_str().unwrap(), "{case}");
        }
    }
}

#[test]
fn main_pollutants_of_a_river_follow_the_share_of_sections() {
    let section =
        |class: Class, over: &[&str]| SectionClass { class, over: over.iter().map(|key| (*key).to_owned()).collect() };
    let sections = [
        section(Class::IV, &["TP"]),
        section(Class::V, &["TP", "NH3N"]),
        section(Class::IV, &["COD", "NH3N", "TP"]),
        section(Class::IV, &["CODMN"]),
        section(Class::III, &[]),
    ];
    let result = reach_grade(&surface(), &sections).unwrap();
    let main: Vec<(&str, String)> =
        result.main_pollutants.iter().map(|(key, rate)| (key.as_str(), rate.to_string())).collect();
    // COD and CODMN tie; the table lists the permanganate index first.
    assert_eq!(main, [("TP", "60.0".to_owned()), ("NH3N", "40.0".to_owned()), ("CODMN", "20.0".to_owned())]);
    assert_eq!(result.by_class, [0, 0, 1, 3, 1, 0]);
}

#[test]
fn fewer_than_five_sections_are_judged_by_means() {
    let list = |tp: &str, ph: &str| vec![Reading::new("w21011", dec(tp)), Reading::new("w01001", dec(ph))];
    let result = reach_by_means(&surface(), Body::River, &[list("0.1", "7"), list("0.4", "8")]).unwrap();
    assert_eq!(result.class, Some(Class::IV));
    let value = |key: &str| result.items.iter().find(|item| item.key == key).unwrap().value.normalize().to_string();
    assert_eq!((value("TP").as_str(), value("PH").as_str()), ("0.25", "7.26"));
    assert_eq!(mean_ph(&[]), None);
}

#[test]
fn every_trophic_vector() {
    let rules = Trophic::in_force(&library(), date()).unwrap();
    for case in fixture()["trophic"].as_array().unwrap() {
        let mut list: Vec<Reading> = Vec::new();
        for key in ["CHLA", "TP", "TN", "SD", "CODMN"] {
            list.push(Reading::new(key, dec(case[key].as_str().unwrap())));
        }
        list.reverse();
        let result = rules.evaluate(&list).unwrap();
        assert_eq!(result.index.unwrap().to_string(), case["tli"].as_str().unwrap());
        assert_eq!(result.state.unwrap().key, case["state"].as_str().unwrap());
        let items: Vec<String> = result.items.iter().map(|item| item.index.to_string()).collect();
        let want: Vec<&str> = case["items"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(items, want);
        list.pop();
        let partial = rules.evaluate(&list).unwrap();
        assert_eq!((partial.index, partial.missing.as_slice()), (None, ["CHLA".to_owned()].as_slice()));
    }
    assert!(rules.evaluate(&[Reading::new("TP", Decimal::ZERO)]).is_err());
}

#[test]
fn bad_readings_are_named_and_nothing_is_judged() {
    let code = |list: &[(&str, &str)]| judge(Body::River, list, None).unwrap_err().code();
    assert_eq!(code(&[("COD", "-1")]), "negative_value");
    assert_eq!(code(&[("COD", "1"), ("w01018", "2")]), "duplicate_factor");
    assert_eq!(code(&[("PH", "14.1")]), "out_of_range");
    let wrong = Reading::new("COD", dec("1")).with_unit("mg/kg");
    assert_eq!(evaluate(&surface(), Body::River, &[wrong], None).unwrap_err().code(), "wrong_unit");
    let early = Surface::in_force(&library(), "", "2002-05-31".parse().unwrap()).unwrap_err();
    assert_eq!(early.code(), "date_not_covered");
}

#[test]
fn unknown_and_source_only_items_are_left_out_and_said() {
    let result = judge(Body::River, &[("COD", "10"), ("w20124", "9"), ("XYZ", "1")], None).unwrap();
    assert_eq!(result.class, Some(Class::I));
    let reasons: Vec<(&str, bool)> =
        result.ignored.iter().map(|entry| (entry.factor.as_str(), entry.reason.zh.contains("水源地"))).collect();
    assert_eq!(reasons, [("XYZ", false), ("w20124", true)]);
    let none = judge(Body::River, &[], Some(Class::III)).unwrap();
    assert_eq!((none.class, none.grade, none.compliant, none.missing.len()), (None, None, None, 21));
}

#[test]
fn half_of_a_detection_limit_is_judged_and_said() {
    let below = Reading::of("PB", Amount::BelowDetection(dec("0.03")));
    let result = evaluate(&surface(), Body::River, &[below], None).unwrap();
    assert_eq!((result.class, result.items[0].below_detection), (Some(Class::III), true));
    assert!(result.steps.iter().any(|step| step.clause.contains("检出限")));
    let untold = Reading::of("PB", Amount::NotDetected);
    let result = evaluate(&surface(), Body::River, &[untold], None).unwrap();
    assert_eq!((result.class, result.ignored.len()), (None, 1));
}

#[test]
fn saturation_of_oxygen_alone_makes_class_one() {
    let with = |share: &str| judge(Body::River, &[("DO", "6.9"), ("DO_SAT", share)], None).unwrap().class;
    assert_eq!((with("90"), with("89.9")), (Some(Class::I), Some(Class::II)));
}

#[test]
fn drinking_water_source_needs_all_three_tables() {
    let surface = surface();
    let check = |list: &[(&str, &str)], compliant: Option<bool>, over: &[&str]| {
        let list: Vec<Reading> = list.iter().map(|(key, value)| Reading::new(*key, dec(value))).collect();
        let result = judge_surface_source(&surface, Body::River, &list, &["T3-19"]).unwrap();
        assert_eq!(result.compliant, compliant, "{list:?}");
        let mut keys: Vec<&str> = result.over_class.iter().map(|found| found.key.as_str()).collect();
        keys.extend(result.over_limit.iter().map(|found| found.key.as_str()));
        assert_eq!(keys, over, "{list:?}");
        result
    };
    let good = check(&[("COD", "20"), ("MN", "0.1"), ("T3-19", "0.01")], Some(true), &[]);
    assert_eq!(good.judged, 3);
    assert!(good.missing.contains(&"FE".to_owned()) && !good.missing.contains(&"T3-19".to_owned()));
    check(&[("COD", "20"), ("w20124", "0.11")], Some(false), &["MN"]);
    check(&[("COD", "21"), ("T3-19", "0.02")], Some(false), &["COD", "T3-19"]);
    // Neither total nitrogen nor coliforms decide.
    check(&[("COD", "10"), ("TN", "9"), ("FC", "99999")], Some(true), &[]);
    check(&[], None, &[]);
    let bad = check(&[("MN", "0.25")], Some(false), &["MN"]);
    assert_eq!(bad.over_limit[0].multiple.unwrap().to_string(), "1.50");
}

#[test]
fn groundwater_source_is_judged_by_class_iii() {
    let rules = standards::groundwater::Groundwater::in_force(&library(), date()).unwrap();
    let judge = |key: &str, value: &str| judge_groundwater_source(&rules, &[Reading::new(key, dec(value))]).unwrap();
    assert_eq!(judge("MN", "0.10").compliant, Some(true));
    let over = judge("w20124", "0.15");
    assert_eq!((over.compliant, over.over_limit[0].multiple.unwrap().to_string().as_str()), (Some(false), "0.50"));
}

#[test]
fn rates_of_sources_by_count_and_by_volume() {
    let source = |samples: &[(bool, Option<&str>)]| SourcePeriod {
        samples: samples.iter().map(|(passed, volume)| (*passed, volume.map(dec))).collect(),
    };
    let rates = source_rates(&[
        source(&[(true, Some("100")), (true, Some("100"))]),
        source(&[(true, Some("50")), (false, Some("50"))]),
        source(&[]),
    ]);
    assert_eq!(rates.by_count.unwrap().to_string(), "50.0");
    assert_eq!(rates.by_volume.unwrap().to_string(), "83.3");
    assert_eq!((rates.sources, rates.notes.len()), (2, 1));
    let untold = source_rates(&[source(&[(true, None)])]);
    assert_eq!((untold.by_volume, untold.by_count.unwrap().to_string().as_str()), (None, "100.0"));
}

#[test]
fn only_better_never_worse() {
    let check = |base: Class, now: Class, not_worse: bool, by: i8| {
        let change = compare_classes(base, now);
        assert_eq!((change.not_worse, change.better_by), (not_worse, by), "{base} {now}");
    };
    check(Class::III, Class::II, true, 1);
    check(Class::III, Class::III, true, 0);
    check(Class::III, Class::IV, false, -1);
    check(Class::I, Class::InferiorV, false, -5);
}

#[test]
fn unconfirmed_rules_refuse_until_confirmed() {
    let plain = library();
    assert!(matches!(
        CityIndexRules::in_force(&plain, date()),
        Err(MeasureError::Figure(FigureError::Unconfirmed { .. }))
    ));
    let change = compare_classes(Class::IV, Class::II);
    assert!(change_word(&plain, date(), &change).is_err());
    let confirm = |figure: &str| Confirmation { figure: figure.into(), value: None, source: "text read".into() };
    let confirmed = plain
        .confirmed(&[
            confirm("环办监测〔2017〕51号/item_index"),
            confirm("环办监测〔2017〕51号/city_weight"),
            confirm("环办〔2011〕22号/class_shift_some"),
            confirm("环办〔2011〕22号/class_shift_marked"),
        ])
        .unwrap();
    assert_eq!(change_word(&confirmed, date(), &change).unwrap().zh, "明显好转");
    assert_eq!(change_word(&confirmed, date(), &compare_classes(Class::II, Class::III)).unwrap().zh, "有所下降");
    let rules = CityIndexRules::in_force(&confirmed, date()).unwrap();
    let means = judge(Body::River, &[("COD", "10"), ("DO", "10"), ("PH", "8"), ("NH3N", "0.5")], None).unwrap();
    let part = rules.part(&surface(), &means).unwrap();
    // 10/20 + 5/10 + (8-7)/2 + 0.5/1
    assert_eq!(part.index.to_string(), "2.0000");
    assert_eq!(rules.city(Some((dec("2"), 3)), Some((dec("4"), 1))).unwrap().to_string(), "2.5000");
    assert_eq!(index_change(dec("4"), dec("3")).unwrap().to_string(), "-25.00");
}

#[test]
fn factor_units_agree_with_the_hj_212_crate() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../hj212/data/factors.csv");
    let csv = std::fs::read_to_string(folder).unwrap();
    let factors = surface().factors;
    let mut compared = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if let ([code, zh, ..], Some(factor)) = (cells.as_slice(), factors.get(cells[0])) {
            if line.contains('"') {
                continue;
            }
            assert_eq!((factor.name.zh.as_str(), factor.unit.as_str()), (*zh, cells[4]), "{code}");
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn chart_indices_of_ph_and_dissolved_oxygen_are_one_on_the_limit() {
    use standards::water::chart_index;
    let surface = surface();
    let check = |key: &str, value: &str, want: &str| {
        let index = chart_index(&surface, Body::River, key, dec(value), Class::III, dec("20")).unwrap();
        assert_eq!(index.to_string(), want, "{key} {value}");
    };
    check("PH", "9", "1.000");
    check("PH", "6", "1.000");
    check("PH", "7", "0.000");
    check("DO", "5", "1.000");
    check("COD", "30", "1.500");
}

/// For the clause coverage of `tests/coverage`.
#[allow(dead_code)]
pub const SCENARIOS: &[(&str, fn())] = &[
    ("water_vectors::every_section_vector", every_section_vector),
    (
        "water_vectors::the_21_items_are_table_1_without_the_three_reported_apart",
        the_21_items_are_table_1_without_the_three_reported_apart,
    ),
    ("water_vectors::table_3_and_2_figures", table_3_and_2_figures),
    ("water_vectors::every_river_vector", every_river_vector),
    (
        "water_vectors::main_pollutants_of_a_river_follow_the_share_of_sections",
        main_pollutants_of_a_river_follow_the_share_of_sections,
    ),
    ("water_vectors::fewer_than_five_sections_are_judged_by_means", fewer_than_five_sections_are_judged_by_means),
    ("water_vectors::every_trophic_vector", every_trophic_vector),
    ("water_vectors::bad_readings_are_named_and_nothing_is_judged", bad_readings_are_named_and_nothing_is_judged),
    (
        "water_vectors::unknown_and_source_only_items_are_left_out_and_said",
        unknown_and_source_only_items_are_left_out_and_said,
    ),
    ("water_vectors::half_of_a_detection_limit_is_judged_and_said", half_of_a_detection_limit_is_judged_and_said),
    ("water_vectors::saturation_of_oxygen_alone_makes_class_one", saturation_of_oxygen_alone_makes_class_one),
    ("water_vectors::drinking_water_source_needs_all_three_tables", drinking_water_source_needs_all_three_tables),
    ("water_vectors::groundwater_source_is_judged_by_class_iii", groundwater_source_is_judged_by_class_iii),
    ("water_vectors::rates_of_sources_by_count_and_by_volume", rates_of_sources_by_count_and_by_volume),
    ("water_vectors::only_better_never_worse", only_better_never_worse),
    ("water_vectors::unconfirmed_rules_refuse_until_confirmed", unconfirmed_rules_refuse_until_confirmed),
    ("water_vectors::factor_units_agree_with_the_hj_212_crate", factor_units_agree_with_the_hj_212_crate),
    (
        "water_vectors::chart_indices_of_ph_and_dissolved_oxygen_are_one_on_the_limit",
        chart_indices_of_ph_and_dissolved_oxygen_are_one_on_the_limit,
    ),
];
