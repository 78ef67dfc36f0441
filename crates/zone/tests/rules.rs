//! The tests that stand in the rule files themselves, and the law that "allowed" is never said blindly.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use kernel::{Day, Name};
use zone::shape::{Extent, Shape};
use zone::{Layer, LayerSet, RuleBook, Site, Verdict, Zone, check};

fn book() -> RuleBook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model/rules");
    let files: BTreeMap<String, String> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "toml"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect();
    RuleBook::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

/// The test layers of a file; layers that its rules need beside them are there and empty.
fn layers(book: &RuleBook, file: &str, leave_out: Option<&str>) -> Arc<LayerSet> {
    let needed: BTreeSet<&String> = book.rules.iter().flat_map(|rule| &rule.layers).collect();
    let layers = needed
        .into_iter()
        .filter(|id| leave_out != Some(id.as_str()))
        .map(|id| {
            let drawn = book.test_layers.iter().find(|(from, layer)| from == file && layer.id == *id);
            let zones = drawn.map(|(_, layer)| {
                let geometry = if layer.line.is_empty() {
                    serde_json::json!({ "type": "Polygon", "coordinates": [layer.ring] })
                } else {
                    serde_json::json!({ "type": "LineString", "coordinates": layer.line })
                };
                let shape = Shape::from_geojson(&geometry, Extent::WORLD).unwrap();
                Zone {
                    key: id.clone(),
                    name: Name::new(id.clone(), id.clone()),
                    shape,
                    valid_from: None,
                    valid_until: None,
                }
            });
            Layer::new(id, Name::new(id.clone(), id.clone()), "test", false, zones.into_iter().collect())
        })
        .collect();
    Arc::new(LayerSet::new(layers))
}

fn site(test: &zone::rule::RuleTest) -> Site {
    Site {
        shape: Shape::point(test.lon, test.lat),
        industry: test.industry.clone(),
        attributes: test.attributes.clone(),
        on: Day::from_civil(2026, 11, 25),
    }
}

#[test]
fn every_rule_file_passes_its_own_tests() {
    let book = book();
    assert!(!book.tests.is_empty());
    for (file, test) in &book.tests {
        let answer = check(&site(test), &layers(&book, file, None), &book);
        let mut hits: Vec<&str> =
            answer.rules.iter().filter(|result| result.hit).map(|result| result.rule.as_str()).collect();
        let mut expect: Vec<&str> = test.hits.iter().map(String::as_str).collect();
        hits.sort_unstable();
        expect.sort_unstable();
        assert_eq!(hits, expect, "{file}: {} {} {}", test.lon, test.lat, test.industry);
        assert_eq!(answer.missing, [], "{file}");
    }
}

fn given(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
    attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What a rule says of a project in a zone of every layer: hit, or a part of what is missing.
fn check_rule(rule: &str, industry: &str, attributes: &[(&str, &str)], expect: Result<bool, &str>) {
    let book = book();
    let square = |id: &str| {
        let ring = [[108.7, 28.7], [108.8, 28.7], [108.8, 28.8], [108.7, 28.8], [108.7, 28.7]];
        let polygon = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
        let shape = Shape::from_geojson(&polygon, Extent::WORLD).unwrap();
        let zone = Zone { key: id.into(), name: Name::new(id, id), shape, valid_from: None, valid_until: None };
        Layer::new(id, Name::new(id, id), "test", false, vec![zone])
    };
    let needed: BTreeSet<&String> = book.rules.iter().flat_map(|rule| &rule.layers).collect();
    let layers = Arc::new(LayerSet::new(needed.into_iter().map(|id| square(id)).collect()));
    let site = Site {
        shape: Shape::point(108.75, 28.75),
        industry: industry.into(),
        attributes: given(attributes),
        on: Day::from_civil(2026, 11, 25),
    };
    let answer = check(&site, &layers, &book);
    let found = answer.rules.iter().find(|result| result.rule == rule).unwrap();
    let missing: String = found.missing.iter().map(|name| name.en.as_str()).collect();
    match expect {
        Ok(hit) => assert_eq!((found.hit, missing.as_str()), (hit, ""), "{rule} {industry} {attributes:?}"),
        Err(part) => {
            assert!(missing.contains(part) && !found.hit, "{rule} {industry} {attributes:?}: {missing}");
            assert_eq!(found.verdict, Verdict::Undetermined);
        }
    }
}

#[test]
fn an_answer_that_no_rule_knows_is_none() {
    let discharges = |value, expect| check_rule("source-zone-second", "6210", &[("discharges", value)], expect);
    discharges("yes", Ok(true));
    discharges("no", Ok(false));
    for value in ["是", "true", "YES", "", "unknown", " yes", "1"] {
        discharges(value, Err("is none of yes, no"));
    }
    check_rule("source-zone-second", "6210", &[], Err("was not given"));
    check_rule("fuel-ban", "6210", &[("fuel", "Coal")], Err("none of coal"));
}

#[test]
fn a_coarse_industry_code_may_be_any_class_below_it() {
    let check = |industry, expect| check_rule("river-1km-chemical", industry, &[], expect);
    for industry in ["22", "C22", "17", "171", "C17"] {
        check(industry, Err("too coarse"));
    }
    for industry in ["221", "C2211", "1713", "26", "25"] {
        check(industry, Ok(true));
    }
    for industry in ["222", "1714", "62", "174"] {
        check(industry, if industry == "174" { Err("too coarse") } else { Ok(false) });
    }
    // Whatever class of 46 it is, the rule says the same.
    check_rule("source-zone-first", "46", &[], Ok(false));
    check_rule("aquaculture-ban", "04", &[], Err("too coarse"));
}

#[test]
fn allowed_is_never_said_while_a_needed_layer_is_absent() {
    let book = book();
    let quiet = zone::rule::RuleTest {
        lon: 109.2,
        lat: 29.2,
        industry: "6210".into(),
        attributes: given(&[("heavy_metal", "no"), ("discharges", "no"), ("fuel", "none")]),
        hits: vec![],
    };
    let file = &book.tests[0].0;
    assert_eq!(check(&site(&quiet), &layers(&book, file, None), &book).verdict, Verdict::Allowed);
    let needed: BTreeSet<&String> = book.rules.iter().flat_map(|rule| &rule.layers).collect();
    for layer in needed {
        let answer = check(&site(&quiet), &layers(&book, file, Some(layer)), &book);
        assert_eq!(answer.verdict, Verdict::Undetermined, "without {layer}");
        assert!(answer.missing.iter().any(|name| name.zh.contains(layer.as_str())));
    }
    let mut without = quiet.clone();
    without.attributes.clear();
    assert_eq!(check(&site(&without), &layers(&book, file, None), &book).verdict, Verdict::Undetermined);
    // A prohibition that hits is said even while something else is not known.
    let hit = &book.tests[0].1;
    assert_eq!(check(&site(hit), &layers(&book, file, Some("red_line")), &book).verdict, Verdict::Prohibited);
}

/// What is said of an industry code: its own complaint, and the answer where there are no other doubts.
#[test]
fn a_code_that_does_not_exist_is_not_allowed() {
    let book = book();
    let quiet = given(&[("heavy_metal", "no"), ("discharges", "no"), ("fuel", "none")]);
    let check_code = |code: &str, expect: Option<&str>| {
        let asked = zone::rule::RuleTest {
            lon: 109.2,
            lat: 29.2,
            industry: code.into(),
            attributes: quiet.clone(),
            hits: vec![],
        };
        let answer = check(&site(&asked), &layers(&book, "none", None), &book);
        let said = zone::industry::complaint(code, &book.sections).map(|name| name.en).unwrap_or_default();
        assert_eq!(said.is_empty(), expect.is_none(), "{code}: {said}");
        assert!(said.contains(expect.unwrap_or_default()), "{code}: {said}");
        if expect.is_some() {
            assert_eq!(answer.verdict, Verdict::Undetermined, "{code}");
        }
    };
    for code in ["6210", "H6210", "01", "97", "T9700", "B12"] {
        check_code(code, None);
    }
    for code in ["9999", "0000", "98", "S9800"] {
        check_code(code, Some("there is no division"));
    }
    check_code("A6210", Some("division 62 is of section H (lodging and catering), not A"));
    check_code("U6210", Some("not U"));
    for code in ["6", "62101", "CC2614", "c2614", "化工", "26 4", ""] {
        check_code(code, Some("is not an industry code"));
    }
}
