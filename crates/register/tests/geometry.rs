//! Lines and areas on records: checked, kept, imported from files, exported again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;

use std::collections::BTreeMap;

use bench::{NOW, admin, bench, draft, someone};
use kernel::Role;
use register::import::Options;
use register::import::geometry_file::GeometryOptions;
use register::ops::{Question, Target};
use register::{Register, export};
use serde_json::{Value, json};

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]] })
}

fn patch(key: &str, geometry: Value) -> Value {
    json!({ "number": key, "name": format!("图斑{key}"), "source": "试验", "geometry": geometry })
}

/// Writes a red-line patch and compares the refusal; nothing may be in the store after one.
fn refused(register: &Register, geometry: Value, expect: &str) {
    let error = register
        .write(&admin(), Target::New { ledger: "red_line_patch" }, &draft(patch("p", geometry), None), NOW)
        .unwrap_err()
        .to_string();
    assert!(error.contains(expect), "{error}");
    let question = Question { ledger: "red_line_patch".into(), page_size: 10, ..Question::default() };
    assert_eq!(register.list(&admin(), &question).unwrap().total, 0, "nothing is written");
}

#[test]
fn bad_geometry_is_refused_by_name() {
    let bench = bench("geometry-bad");
    let register = &bench.register;
    let bow = json!({ "type": "Polygon", "coordinates": [[[108.5, 28.5], [108.6, 28.6], [108.6, 28.5], [108.5, 28.6], [108.5, 28.5]]] });
    refused(register, bow, "self_crossing");
    let swapped =
        json!({ "type": "Polygon", "coordinates": [[[28.5, 108.5], [28.6, 108.5], [28.6, 108.6], [28.5, 108.5]]] });
    refused(register, swapped, "swapped");
    refused(register, square(100.0, 28.5, 0.1), "outside_county");
    refused(register, json!({ "type": "Point", "coordinates": [108.5, 28.5] }), "wants an area");
    refused(register, json!({ "type": "Circle" }), "not_geometry");
    refused(register, json!(5), "not_geometry");
    let on_point_ledger = json!({ "number": "e", "name": "甲", "location_note": "-", "source": "试验", "geometry": square(108.5, 28.5, 0.1) });
    let error = register
        .write(&admin(), Target::New { ledger: "enterprise" }, &draft(on_point_ledger, None), NOW)
        .unwrap_err()
        .to_string();
    assert!(error.contains("wants a place"), "{error}");
}

#[test]
fn a_geometry_stays_until_it_is_spoken_of() {
    let bench = bench("geometry-stays");
    let register = &bench.register;
    let made = register
        .write(
            &admin(),
            Target::New { ledger: "red_line_patch" },
            &draft(patch("p1", square(108.5, 28.5, 0.1)), None),
            NOW,
        )
        .unwrap();
    let again = |fields: Value, revision: i64| {
        register.write(&admin(), Target::Existing(made.id), &draft(fields, Some(revision)), NOW).unwrap()
    };
    let renamed = again(json!({ "number": "p1", "name": "改名", "source": "试验" }), 1);
    assert!(renamed.content.geometry.is_some(), "a form that does not show it does not take it away");
    let moved = again(patch("p1", square(108.6, 28.6, 0.1)), 2);
    assert_ne!(moved.content.geometry, renamed.content.geometry);
    let change = register.revisions(&admin(), made.id).unwrap().remove(0).changes;
    let outline = change.iter().find(|change| change.field == "geometry").unwrap();
    assert!(outline.after.as_str().unwrap().starts_with("polygon (5 vertices, 1083"), "{:?}", outline.after);
    let (drawn, without) = register.drawn("red_line_patch", &BTreeMap::new()).unwrap();
    assert_eq!((drawn.len(), without), (1, 0));
    assert!(again(patch("p1", Value::Null), 3).content.geometry.is_none());
    let (drawn, without) = register.drawn("red_line_patch", &BTreeMap::new()).unwrap();
    assert_eq!((drawn.len(), without), (0, 1));
}

#[test]
fn an_xlsx_of_the_same_records_keeps_their_geometry() {
    let bench = bench("geometry-csv");
    let register = &bench.register;
    register
        .write(
            &admin(),
            Target::New { ledger: "red_line_patch" },
            &draft(patch("p1", square(108.5, 28.5, 0.1)), None),
            NOW,
        )
        .unwrap();
    let options = Options { dry_run: false, ..Options::default() };
    let file = "number,name,source,tags\np1,新名,试验,重点;待核实\n";
    let report = register.import(&admin(), "red_line_patch", file.as_bytes(), &options, NOW).unwrap();
    assert!(report.written, "{:?}", report.problems);
    let record = register.record_by_key(&admin(), "red_line_patch", "p1").unwrap();
    assert!(record.content.geometry.is_some() && record.content.title.zh == "新名");
    assert_eq!(record.content.tags, ["重点", "待核实"]);
    let question = Question {
        ledger: "red_line_patch".into(),
        page_size: 10,
        filters: [("tags".to_owned(), "重点".to_owned())].into(),
        ..Question::default()
    };
    assert_eq!(register.list(&admin(), &question).unwrap().total, 1);
    let text = |format: &str| {
        let records = register.export(&admin(), &question).unwrap();
        String::from_utf8(export::write(&register.catalog(), "red_line_patch", &records, format, true, &[]).unwrap().2)
            .unwrap()
    };
    assert!(text("geojson").contains("\"type\":\"Polygon\"") && text("kml").contains("<outerBoundaryIs><LinearRing>"));
}

fn collection(features: &[(Value, Value)]) -> Vec<u8> {
    let features: Vec<Value> = features
        .iter()
        .map(|(geometry, properties)| json!({ "type": "Feature", "geometry": geometry, "properties": properties }))
        .collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string().into_bytes()
}

#[test]
fn a_file_is_looked_at_first_and_written_whole() {
    let bench = bench("geometry-file");
    let register = &bench.register;
    let options = |dry_run: bool| GeometryOptions {
        import: Options { dry_run, apply_fixes: true, reason: "导入".into() },
        source: "县自然资源局 2026".into(),
        mapping: [("name".to_owned(), "MC".to_owned())].into(),
        ..GeometryOptions::default()
    };
    let good = collection(&[
        (square(108.5, 28.5, 0.1), json!({ "编号": "hx-1", "MC": "龙潭片区", "面积": 108.3 })),
        (square(108.7, 28.5, 0.1), json!({ "编号": "hx-2", "MC": "后溪片区" })),
    ]);
    let run = |bytes: &[u8], dry_run: bool| {
        register.import_geometry(&admin(), "red_line_patch", bytes, &options(dry_run), NOW)
    };
    let seen = run(&good, true).unwrap();
    assert_eq!((seen.import.created, seen.import.problems.len(), seen.import.written), (2, 0, false));
    assert_eq!((seen.system.as_str(), seen.told_by.as_str()), ("wgs84", "numbers"));
    assert_eq!(seen.preview["features"].as_array().unwrap().len(), 2);
    assert_eq!(register.drawn("red_line_patch", &BTreeMap::new()).unwrap().0.len(), 0, "a dry run writes nothing");
    assert!(run(&good, false).unwrap().import.written);
    let record = register.record_by_key(&admin(), "red_line_patch", "hx-1").unwrap();
    assert_eq!((record.content.title.zh.as_str(), record.content.text("area")), ("龙潭片区", Some("108.3")));
    assert_eq!(record.content.source, "县自然资源局 2026");
    // The same file again revises; what it does not say stays.
    let moved = collection(&[(square(108.6, 28.5, 0.1), json!({ "编号": "hx-1" }))]);
    let again = run(&moved, false).unwrap();
    assert_eq!((again.import.created, again.import.revised), (0, 1));
    let record = register.record_by_key(&admin(), "red_line_patch", "hx-1").unwrap();
    assert_eq!((record.revision, record.content.title.zh.as_str()), (2, "龙潭片区"));
    // One mistake and nothing is written.
    let bow = json!({ "type": "Polygon", "coordinates": [[[108.5, 28.5], [108.6, 28.6], [108.6, 28.5], [108.5, 28.6], [108.5, 28.5]]] });
    let bad = collection(&[
        (square(108.5, 28.6, 0.1), json!({ "编号": "hx-3", "MC": "新片区" })),
        (bow, json!({ "编号": "hx-4", "MC": "坏片区" })),
    ]);
    let report = run(&bad, false).unwrap();
    assert!(!report.import.written && report.import.problems[0].what.en.contains("self_crossing"));
    assert_eq!(report.import.problems[0].row, 2);
    assert!(register.record_by_key(&admin(), "red_line_patch", "hx-3").is_err());
    let nobody = someone(Role::Leader, None);
    assert!(register.import_geometry(&nobody, "red_line_patch", &good, &options(false), NOW).is_err());
    let no_name = collection(&[(square(108.5, 28.6, 0.1), json!({ "编号": "hx-5" }))]);
    let report = run(&no_name, false).unwrap();
    assert!(!report.import.written && report.import.problems.iter().any(|problem| problem.what.en.contains("name")));
}

/// What is exported for a map program comes back as it was: marks, accuracy, notes, tags and lists.
#[test]
fn geojson_of_records_changes_nothing_when_it_comes_back() {
    let bench = bench("geometry-round");
    let register = &bench.register;
    let place = json!({ "lon": 108.7, "lat": 28.8, "accuracy": "township_centre", "note": "镇中心" });
    bench::make(
        register,
        "enterprise",
        json!({ "number": "e1", "name": "甲厂", "location": place, "simulated": true, "schematic": true, "note": "记",
                "valid_from": "2026-01-01", "tags": ["重点", "a;b"], "location_note": "说明", "source": "试验" }),
    );
    bench::make(
        register,
        "enterprise",
        json!({ "number": "e2", "name": "乙厂", "location_note": "地址未公开", "source": "试验" }),
    );
    let question = Question { ledger: "enterprise".into(), page_size: 10, ..Question::default() };
    let records = register.export(&admin(), &question).unwrap();
    let file = export::geojson(&records);
    let run = |file: &Value| {
        let options = GeometryOptions {
            import: Options { dry_run: false, apply_fixes: false, reason: "导入".into() },
            ..GeometryOptions::default()
        };
        let bytes = file.to_string().into_bytes();
        register.import_geometry(&admin(), "enterprise", &bytes, &options, NOW).unwrap().import
    };
    let same = run(&file);
    assert_eq!((same.problems.len(), same.unchanged, same.changes.len()), (0, 2, 0), "{same:?}");
    // Under other keys: all but the key.
    let other = file.to_string().replace("\"e1\"", "\"e3\"").replace("\"e2\"", "\"e4\"");
    let made = run(&serde_json::from_str(&other).unwrap());
    assert_eq!((made.problems.len(), made.created), (0, 2), "{made:?}");
    let content = |key: &str| register.record_by_key(&admin(), "enterprise", key).unwrap().content;
    for (from, to) in [("e1", "e3"), ("e2", "e4")] {
        let mut expect = content(from);
        (expect.key, expect.values["number"]) = (to.to_owned(), json!(to));
        let mut found = content(to);
        (found.owner, expect.owner) = (None, None);
        assert_eq!(found, expect, "{from}");
    }
}

/// A record without a place is wrong only for itself, and no place becomes a surveyed one by itself.
#[test]
fn places_of_files_are_not_known_better_than_somebody_says() {
    let bench = bench("geometry-accuracy");
    let register = &bench.register;
    let point = |lon: f64| json!({ "type": "Point", "coordinates": [lon, 28.8] });
    let run = |features: &[(Value, Value)], accuracy: Option<register::location::Accuracy>| {
        let options = GeometryOptions {
            import: Options { dry_run: false, ..Options::default() },
            source: "试验".into(),
            accuracy,
            ..GeometryOptions::default()
        };
        register.import_geometry(&admin(), "enterprise", &collection(features), &options, NOW).unwrap().import
    };
    let check = |key: &str, rest: Value, lon: f64, asked: Option<&str>, expect: &str| {
        let mut properties = json!({ "number": key, "name": key });
        properties.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let report = run(&[(point(lon), properties)], asked.and_then(register::location::Accuracy::from_name));
        assert!(report.written, "{:?}", report.problems);
        let place = register.record_by_key(&admin(), "enterprise", key).unwrap().content.location.unwrap();
        assert_eq!(place.accuracy.name(), expect, "{key} {rest}");
    };
    check("e1", json!({}), 108.7, None, "approximate");
    check("e2", json!({ "accuracy": 4.5 }), 108.7, None, "approximate");
    check("e3", json!({ "模拟": "是" }), 108.7, None, "schematic");
    check("e3", json!({}), 108.8, None, "schematic");
    check("e4", json!({}), 108.7, Some("surveyed"), "surveyed");
    check("e4", json!({ "name": "改名" }), 108.7, None, "surveyed");
    check("e4", json!({}), 108.8, None, "approximate");
    let report = run(
        &[
            (Value::Null, json!({ "number": "e1", "name": "有位置的" })),
            (Value::Null, json!({ "number": "e9", "name": "新的" })),
        ],
        None,
    );
    let rows: Vec<u32> = report.problems.iter().map(|problem| problem.row).collect();
    assert_eq!(rows, [2], "{:?}", report.problems);
}

/// A file's numbers are not made into others unless somebody asks for it.
#[test]
fn a_file_of_geometry_is_not_fixed_unasked() {
    let bench = bench("geometry-fixes");
    let register = &bench.register;
    let run = |area: &str, apply_fixes: bool| {
        let file = collection(&[(
            square(108.5, 28.5, 0.1),
            json!({ "number": "p1", "name": "甲", "面积": area, "source": "试验" }),
        )]);
        let options = GeometryOptions {
            import: Options { dry_run: true, apply_fixes, reason: String::new() },
            ..GeometryOptions::default()
        };
        let report = register.import_geometry(&admin(), "red_line_patch", &file, &options, NOW).unwrap().import;
        (report.problems.len(), report.fixes.len())
    };
    assert_eq!(run("1,200", false), (1, 0));
    assert_eq!(run("1,200", true), (0, 1));
    assert_eq!(run("1.2万", true), (1, 0));
}
