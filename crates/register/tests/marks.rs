//! The map of a list: what the marks count is what the list finds.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use std::collections::BTreeMap;

use bench::{Bench, NOW, admin, bench, draft, make, someone};
use kernel::{Actor, Day, Role};
use register::clusters::Frame;
use register::ops::{Drawing, MOST_SHAPES, Question, Target};
use serde_json::{Value, json};

fn today() -> Day {
    Day::from_civil(2026, 11, 25)
}

fn question(filters: &[(&str, &str)], text: &str) -> Question {
    let filters: BTreeMap<String, String> =
        filters.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
    Question { ledger: "enterprise".into(), filters, text: text.into(), ..Question::default() }
}

fn drawn(bench: &Bench, actor: &Actor, question: &Question, zoom: u32) -> Drawing {
    let county = Frame::of(108.2, 28.2, 109.5, 29.5).unwrap();
    bench.register.marks(actor, question, county, zoom, today()).unwrap()
}

/// Records counted by the marks, matches of the list, those of them with a place.
fn check(bench: &Bench, actor: &Actor, question: &Question, expect: (u32, usize, usize)) {
    for zoom in [0, 9, 18] {
        let found = drawn(bench, actor, question, zoom);
        let counted = found.marks.iter().map(|(mark, _)| mark.count).sum::<u32>();
        assert_eq!((counted, found.matched, found.placed), expect, "{question:?} at {zoom}");
    }
}

fn enterprise(key: &str, lon: Option<f64>, state: &str) -> Value {
    let mut fields =
        json!({ "number": key, "name": format!("厂{key}"), "state": state, "source": "试验", "location_note": "未知" });
    if let Some(lon) = lon {
        fields["location"] = json!({ "lon": lon, "lat": 28.84, "accuracy": "surveyed" });
    }
    fields
}

#[test]
fn a_map_counts_what_the_list_finds_and_follows_what_is_written() {
    let bench = bench("marks");
    let places = [Some(108.77), Some(108.77), Some(108.78), Some(109.3), None];
    for (at, lon) in places.iter().enumerate() {
        let state = if at == 0 { "stopped" } else { "running" };
        make(&bench.register, "enterprise", enterprise(&format!("e{at}"), *lon, state));
    }
    let (admin, own) = (admin(), someone(Role::Enterprise, Some("e3")));
    check(&bench, &admin, &question(&[], ""), (4, 5, 4));
    check(&bench, &admin, &question(&[("state", "running")], ""), (3, 4, 3));
    check(&bench, &admin, &question(&[("state", "running")], "厂e1"), (1, 1, 1));
    check(&bench, &admin, &question(&[("state", "closed")], ""), (0, 0, 0));
    check(&bench, &own, &question(&[], ""), (1, 1, 1));
    let close = drawn(&bench, &admin, &question(&[], ""), 18);
    let named: Vec<Vec<&str>> =
        close.marks.iter().map(|(_, records)| records.iter().map(|record| record.key.as_str()).collect()).collect();
    assert_eq!(named, [vec!["e0", "e1"], vec!["e2"], vec!["e3"]], "a spot names its records");
    assert_eq!((close.marks[0].0.state, close.marks[0].0.state_count), (0, 1), "one of them is stopped");
    let far = drawn(&bench, &admin, &question(&[], ""), 0);
    assert!(far.marks.len() == 1 && far.marks[0].1.is_empty(), "looking closer parts them");
    // A box sees what lies in it.
    let west = Frame::of(108.2, 28.2, 108.775, 29.5).unwrap();
    let part = bench.register.marks(&admin, &question(&[], ""), west, 9, today()).unwrap();
    assert_eq!((part.marks[0].0.count, part.placed), (2, 4));

    // Moved, deleted, made: the next look knows.
    let record = bench.register.record_by_key(&admin, "enterprise", "e4").unwrap();
    let moved = draft(enterprise("e4", Some(109.3), "running"), Some(1));
    bench.register.write(&admin, Target::Existing(record.id), &moved, NOW).unwrap();
    check(&bench, &admin, &question(&[], ""), (5, 5, 5));
    bench.register.set_deleted(&admin, record.id, 2, true, "试验", NOW).unwrap();
    check(&bench, &admin, &question(&[], ""), (4, 4, 4));
    check(&bench, &admin, &question(&[("state", "running")], ""), (3, 3, 3));
}

#[test]
fn areas_are_drawn_in_their_middle_and_what_has_no_place_is_refused() {
    let bench = bench("marks-areas");
    let ring = json!([[108.5, 28.5], [108.7, 28.5], [108.7, 28.6], [108.5, 28.6], [108.5, 28.5]]);
    let area = json!({ "type": "Polygon", "coordinates": [ring] });
    make(
        &bench.register,
        "red_line_patch",
        json!({ "number": "p1", "name": "图斑", "source": "试验", "geometry": area }),
    );
    let asked = Question { ledger: "red_line_patch".into(), ..Question::default() };
    let found = drawn(&bench, &admin(), &asked, 12);
    let mark = &found.marks[0].0;
    assert_eq!((mark.lon, mark.lat), (1_086_000_000, 285_500_000));
    let refused = |question: Question| {
        let world = Frame::of(-180.0, -90.0, 180.0, 90.0).unwrap();
        bench.register.marks(&admin(), &question, world, 5, today()).unwrap_err().to_string()
    };
    let without = Question { ledger: "nonroad_machine".into(), ..Question::default() };
    assert!(refused(without).contains("without places"));
    assert!(refused(Question { deleted: true, ..asked.clone() }).contains("deleted"));
    assert!(
        refused(Question { filters: [("name".to_owned(), "x".to_owned())].into(), ..asked }).contains("not a filter")
    );
}

/// Lines and areas in a box: how many are drawn, how many are not, positions of the first.
fn shapes_are(bench: &Bench, filters: &[(&str, &str)], frame: [f64; 4], zoom: u32, expect: (usize, usize, usize)) {
    let question = Question { ledger: "red_line_patch".into(), ..question(filters, "") };
    let [west, south, east, north] = frame;
    let frame = Frame::of(west, south, east, north).unwrap();
    let found = bench.register.marks(&admin(), &question, frame, zoom, today()).unwrap();
    let first = found.shapes.first().map_or(0, |shape| shape.geometry["coordinates"][0].as_array().unwrap().len());
    assert_eq!((found.shapes.len(), found.undrawn, first), expect, "{filters:?} in {frame:?} at {zoom}");
}

#[test]
fn lines_and_areas_are_drawn_where_few_reach_into_the_box() {
    let bench = bench("shapes");
    let area = |key: &str, west: f64, side: f64| {
        let (east, south, north) = (west + side, 28.8, 28.8 + side);
        // One position too many: half a pixel off at zoom 9.
        let ring = json!([
            [west, south],
            [west + side / 2.0, south - 0.0003],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ]);
        let geometry = json!({ "type": "Polygon", "coordinates": [ring] }).to_string();
        let fields = json!({ "number": key, "name": key, "geometry": geometry, "source": "试验" });
        make(&bench.register, "red_line_patch", fields)
    };
    let large = area("p0", 108.6, 0.2);
    area("p1", 109.0, 0.001);
    let county = [108.2, 28.2, 109.5, 29.5];
    shapes_are(&bench, &[], county, 9, (1, 1, 5));
    shapes_are(&bench, &[], county, 16, (2, 0, 6));
    shapes_are(&bench, &[], [108.2, 28.2, 108.61, 28.81], 16, (1, 0, 6));
    shapes_are(&bench, &[], [108.2, 28.2, 108.5, 28.5], 16, (0, 0, 0));
    bench.register.set_deleted(&admin(), large.id, 1, true, "合并", NOW).unwrap();
    shapes_are(&bench, &[], county, 16, (1, 0, 6));
    for number in 2..=MOST_SHAPES {
        area(&format!("p{number}"), 108.3 + number as f64 * 0.002, 0.001);
    }
    shapes_are(&bench, &[], county, 16, (MOST_SHAPES, 0, 6));
    area("q", 109.2, 0.001);
    shapes_are(&bench, &[], county, 16, (0, MOST_SHAPES + 1, 0));
    shapes_are(&bench, &[], [109.1, 28.2, 109.5, 29.5], 16, (1, 0, 6));
}
