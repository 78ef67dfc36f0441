//! Layers that come from ledgers and are not all drawn: what they touch counts, what they miss does not.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Day, Name};
use serde_json::json;
use zone::model::{self, Drawn};
use zone::shape::{Extent, Shape};
use zone::{Layer, LayerSet, RuleBook, Site, Verdict, Zone, check};

fn square(west: f64, south: f64, side: f64) -> Shape {
    let (east, north) = (west + side, south + side);
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }), Extent::WORLD).unwrap()
}

fn zone(key: &str, shape: Shape) -> Zone {
    Zone { key: key.into(), name: Name::new(key, key), shape, valid_from: None, valid_until: None }
}

/// What one rule says at a site when the layer `a` holds one square and is incomplete.
fn check_one(when: &str, lon: f64, expect: (Verdict, bool)) {
    let mut layer = Layer::new("a", Name::new("甲", "a"), "test", false, vec![zone("z", square(108.5, 28.5, 0.1))]);
    layer.incomplete = Some(Name::new("有 1 个，应有 2 个", "1 of 2"));
    let layers = Arc::new(LayerSet::new(vec![layer]));
    let rule = format!(
        "[[rule]]\nid='r'\nname_zh='规'\nname_en='r'\nverdict='prohibited'\nlayers=['a']\nbasis_zh='条'\nbasis_en='c'\nwhen=\"{when}\""
    );
    let book = RuleBook::load([("r.toml", rule.as_str())]).unwrap();
    let site = Site {
        shape: square(lon, 28.54, 0.01),
        industry: "26".into(),
        attributes: BTreeMap::new(),
        on: Day::from_civil(2026, 11, 25),
    };
    let answer = check(&site, &layers, &book);
    assert_eq!((answer.verdict, answer.rules[0].hit), expect, "{when} at {lon}");
    assert_eq!(answer.missing.is_empty(), expect.0 != Verdict::Undetermined);
}

#[test]
fn what_an_incomplete_layer_touches_counts_and_what_it_misses_does_not() {
    let (inside, beside, far) = (108.55, 108.605, 109.2);
    check_one("within('a')", inside, (Verdict::Prohibited, true));
    check_one("within('a')", far, (Verdict::Undetermined, false));
    check_one("share('a') > 0.5", inside, (Verdict::Prohibited, true));
    check_one("share('a') > 0.5", far, (Verdict::Undetermined, false));
    check_one("distance('a') <= 1000.0", beside, (Verdict::Prohibited, true));
    check_one("distance('a') <= 1000.0", far, (Verdict::Undetermined, false));
    // Outside of what is drawn may be inside of what is not.
    check_one("!inside('a')", inside, (Verdict::Allowed, false));
    check_one("!inside('a')", far, (Verdict::Undetermined, false));
    // Neither near nor far is known for a ring between two distances.
    check_one("distance('a') > 100.0 && distance('a') < 400.0", far, (Verdict::Undetermined, false));
    // What does not depend on the layer does not wait for it.
    check_one("industry.startsWith('03') && within('a')", far, (Verdict::Allowed, false));
    check_one("industry.startsWith('26') || within('a')", far, (Verdict::Prohibited, true));
}

#[test]
fn ground_that_two_zones_cover_counts_once() {
    let zones = vec![zone("one", square(108.5, 28.5, 0.1)), zone("two", square(108.5, 28.5, 0.1))];
    let layer = Layer::new("a", Name::default(), "test", false, zones);
    let site = square(108.55, 28.55, 0.1);
    let covered = layer.overlap(&site, Day::from_civil(2026, 11, 25)) / site.area();
    assert!((covered - 0.25).abs() < 1e-3, "{covered}");
}

fn on(year: i32) -> Day {
    Day::from_civil(year, 11, 25)
}

const PLAN: &str = "[[layer]]\nid='red'\nname_zh='红线'\nname_en='red line'\nsource='规划'\nledger='red_line_patch'\nwhere={kind='a'}\nstated=2\nstated_km2=200.0\nabsent_zh='未公布'\nabsent_en='not published'\n";

/// How the planned layer stands when its ledger holds these.
fn planned(zones: Vec<Zone>, without_geometry: usize, expect_absent: bool, expect: Option<&str>) {
    planned_as(PLAN, zones, without_geometry, expect_absent, expect);
}

fn planned_as(plan: &str, zones: Vec<Zone>, without_geometry: usize, expect_absent: bool, expect: Option<&str>) {
    let plan = model::load(plan, Extent::WORLD, |_| None).unwrap();
    let layers = plan
        .with::<()>(|source| {
            assert_eq!((source.ledger.as_str(), source.filter["kind"].as_str()), ("red_line_patch", "a"));
            Ok(Drawn { zones: zones.clone(), without_geometry, schematic: false })
        })
        .unwrap();
    let layer = layers.get("red").unwrap();
    assert_eq!(layer.absent.is_some(), expect_absent);
    let lacks = layer.incomplete_on(on(2026));
    let said = lacks.as_ref().map(|name| name.en.clone()).unwrap_or_default();
    assert_eq!(lacks.is_some(), expect.is_some(), "{said}");
    assert!(said.contains(expect.unwrap_or_default()), "{said}");
}

#[test]
fn a_ledger_takes_the_place_of_an_absent_layer_and_says_what_it_lacks() {
    let one = || zone("one", square(108.5, 28.5, 0.1));
    let two = || zone("two", square(108.7, 28.5, 0.1));
    planned(vec![], 3, true, None);
    planned(vec![one()], 0, false, Some("1 of 2"));
    planned(vec![one()], 0, false, Some("of 200 km²"));
    planned(vec![one(), two()], 1, false, Some("1 records have no geometry"));
    // Twice 108.4 km² reach the 200 km² that are stated.
    planned(vec![one(), two()], 0, false, None);
}

#[test]
fn only_what_is_in_force_and_different_makes_a_layer_complete() {
    let one = || zone("one", square(108.5, 28.5, 0.1));
    let two = || zone("two", square(108.7, 28.5, 0.1));
    let expired = Zone { valid_until: Some(on(2026)), ..two() };
    let future = Zone { valid_from: Some(on(2027)), ..two() };
    for not_now in [expired, future] {
        planned(vec![one(), not_now.clone()], 0, false, Some("1 of 2"));
        planned(vec![not_now], 0, false, Some("no zone is in force"));
    }
    // The same ground twice: neither two zones nor twice the area.
    let twin = Zone { key: "twin".into(), ..one() };
    planned(vec![one(), twin], 0, false, Some("1 of 2 stated are drawn; 108.4"));
    // Written otherwise it is the same ground: from another corner, with a corner that is none.
    let ring = [[108.6, 28.5], [108.6, 28.6], [108.55, 28.6], [108.5, 28.6], [108.5, 28.5], [108.6, 28.5]];
    let turned = Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }), Extent::WORLD).unwrap();
    let turned = Zone { key: "turned".into(), shape: turned, ..one() };
    planned(vec![one(), turned], 0, false, Some("1 of 2 stated are drawn"));
    planned(vec![one(), zone("overlap", square(108.51, 28.5, 0.1))], 0, false, Some("of 200 km²"));
    // A layer of which the plan states nothing is complete when the county says so.
    let unstated = PLAN.replace("stated=2\nstated_km2=200.0\n", "");
    planned_as(&unstated, vec![one()], 0, false, Some("not stated"));
    let complete = unstated + "complete=true\n";
    planned_as(&complete, vec![one()], 0, false, None);
    planned_as(&complete, vec![Zone { valid_until: Some(on(2020)), ..one() }], 0, false, Some("no zone"));
    // Only a stated nought says that there is none; an emptied layer is absent.
    planned_as(&complete, vec![], 0, true, None);
    let none = PLAN.replace("stated=2\nstated_km2=200.0\n", "stated=0\n");
    planned_as(&none, vec![], 0, false, None);
    planned_as(&none, vec![], 1, true, None);
}

#[test]
fn how_much_ground_of_its_own_makes_a_zone_is_data() {
    // A second zone that lies to nine tenths on the first.
    let zones = || vec![zone("one", square(108.5, 28.5, 0.1)), zone("two", square(108.51, 28.5, 0.1))];
    let stated = PLAN.replace("stated_km2=200.0\n", "");
    let check = |file: &str, layer: &str, expect: Option<&str>| {
        planned_as(&format!("{file}{stated}{layer}"), zones(), 0, false, expect);
    };
    check("own_ground=0.2\n", "", Some("1 of 2"));
    check("own_ground=0.05\n", "", None);
    check("own_ground=0.2\n", "own_ground=0.05\n", None);
    for wrong in ["-0.1", "1.5", "nan"] {
        let error = model::load(&format!("own_ground={wrong}\n{stated}"), Extent::WORLD, |_| None).unwrap_err();
        assert!(error.contains("between 0 and 1"), "{error}");
    }
}

/// The whole answer when one rule hits and another cannot be decided.
fn whole(hits: &str, undecided: &str, expect: Verdict) {
    let rule = |id: &str, verdict: &str, layers: &str, when: &str| {
        format!(
            "[[rule]]\nid='{id}'\nname_zh='规'\nname_en='r'\nverdict='{verdict}'\nlayers=[{layers}]\nbasis_zh='条'\nbasis_en='c'\nwhen=\"{when}\"\n"
        )
    };
    let text = rule("one", hits, "", "true") + &rule("two", undecided, "'absent'", "within('absent')");
    let book = RuleBook::load([("r.toml", text.as_str())]).unwrap();
    let site = Site {
        shape: Shape::point(108.5, 28.5),
        industry: "26".into(),
        attributes: BTreeMap::new(),
        on: Day::from_civil(2026, 11, 25),
    };
    assert_eq!(check(&site, &Arc::default(), &book).verdict, expect, "{hits} {undecided}");
}

#[test]
fn what_might_still_forbid_is_not_outvoted_by_a_condition() {
    whole("conditional", "prohibited", Verdict::Undetermined);
    whole("restricted", "prohibited", Verdict::Undetermined);
    whole("prohibited", "restricted", Verdict::Prohibited);
    whole("prohibited", "prohibited", Verdict::Prohibited);
    whole("conditional", "conditional", Verdict::Conditional);
}
