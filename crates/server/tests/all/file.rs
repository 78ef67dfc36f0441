//! The file of an enterprise with the duties of its records, as of a day; and the map of all stations as few marks.

use std::time::Duration;

use kernel::Day;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::rig::Rig;

async fn make(browser: &mut Browser, ledger: &str, fields: Value) -> String {
    let path = format!("/api/ledgers/{ledger}/records");
    let made = browser.post(&path, &json!({ "reason": "试验", "fields": fields })).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Asks until the answer holds what is wanted, for at most ten seconds.
async fn until(browser: &mut Browser, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..100 {
        last = browser.json(path).await;
        if holds(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {path}; last {last}");
}

/// Keys of the records of a section's ledger in a file.
fn keys<'f>(file: &'f Value, section: &str, ledger: &str) -> Vec<&'f str> {
    let all = |value: &'f Value| value.as_array().unwrap().iter();
    let parts = all(&file["sections"]).filter(|one| one["id"] == section).flat_map(|one| all(&one["ledgers"]));
    let records = parts.filter(|part| part["ledger"] == ledger).flat_map(|part| all(&part["records"]));
    records.map(|record| record["key"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duties_credit_and_manifests_stand_in_the_file_as_of_the_day() {
    let rig = Rig::start("file").await;
    let mut admin = rig.administrator().await;
    let mut officer = rig.person(&mut admin, "officer", &["duty_officer"], None).await;
    let today = kernel::time::now().day();
    let day = |days: i32| Day(today.0 + days).to_iso();
    let before = officer.json("/api/overview").await["cases"].clone();
    let id = make(
        &mut admin,
        "enterprise",
        json!({ "number": "ent-file", "name": "试验厂", "location_note": "未知", "source": "试验", "schematic": true }),
    )
    .await;
    let source = make(&mut admin, "risk_source", json!({ "number": "rs-file", "name": "试验储罐", "enterprise": "ent-file", "reviewed_on": day(-400), "location_note": "未知", "source": "试验", "schematic": true })).await;
    make(&mut admin, "environmental_credit", json!({ "number": "2025-ent-file", "name": "试验厂 2025 年度", "enterprise": "ent-file", "year": 2025, "score": "85", "grade": "good", "evaluated_by": "示意", "source": "示意", "schematic": true })).await;
    let manifest = |number: &str, code: &str| json!({ "number": number, "name": "废机油", "enterprise": "ent-file", "waste_code": code, "category": "HW08", "quantity": "1.2", "received_quantity": "1.15", "receiver": "示意单位", "sent_on": day(-3), "state": "received", "source": "示意", "schematic": true });
    make(&mut admin, "waste_manifest", manifest("20265002000001", "900-214-08")).await;
    for wrong in [manifest("2026", "900-214-08"), manifest("20265002000002", "900-214-43")] {
        let refused =
            admin.post("/api/ledgers/waste_manifest/records", &json!({ "reason": "试验", "fields": wrong })).await;
        assert_ne!(refused.status, 200, "{}", refused.text());
    }
    let path = format!("/api/enterprises/{id}");
    let file = until(&mut officer, &path, |file| file["cases"].as_array().is_some_and(|cases| !cases.is_empty())).await;
    assert_eq!(file["cases"].as_array().unwrap().len(), 1, "{}", file["cases"]);
    assert_eq!((&file["cases"][0]["workflow"], &file["missing"]), (&json!("duty"), &json!([])), "{}", file["cases"]);
    assert_eq!(keys(&file, "risk", "risk_source"), ["rs-file"]);
    assert_eq!(keys(&file, "credit", "environmental_credit"), ["2025-ent-file"]);
    assert_eq!(keys(&file, "manifest", "waste_manifest"), ["20265002000001"]);
    let parts = file["sections"].as_array().unwrap().iter().flat_map(|one| one["ledgers"].as_array().unwrap());
    let derived: Vec<String> = parts
        .filter(|part| ["environmental_credit", "waste_manifest"].contains(&part["ledger"].as_str().unwrap()))
        .map(|part| part["records"][0]["derived"][0]["value"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(derived, ["环保良好", "-0.050"]);
    let overview = officer.json("/api/overview").await["cases"].clone();
    let more = |what: &str| overview[what].as_u64().unwrap() - before[what].as_u64().unwrap();
    assert!(more("duties") >= 1 && more("open") >= more("duties"), "{overview} after {before}");

    // The tank goes to another enterprise: today's file forgets it and its case; yesterday's knows neither.
    make(
        &mut admin,
        "enterprise",
        json!({ "number": "ent-other", "name": "他厂", "location_note": "未知", "source": "试验", "schematic": true }),
    )
    .await;
    let body = json!({ "revision": 1, "reason": "转让", "fields": { "number": "rs-file", "name": "试验储罐", "enterprise": "ent-other", "reviewed_on": day(-400), "location_note": "未知", "source": "试验", "schematic": true } });
    let headers = [("content-type", "application/json"), ("x-qingshan", "1")];
    let moved = admin.send("PUT", &format!("/api/records/{source}"), &headers, body.to_string().as_bytes()).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    let file = officer.json(&path).await;
    assert_eq!((keys(&file, "risk", "risk_source").len(), &file["cases"]), (0, &json!([])), "{file}");
    rig.stop().await;
}

/// The marks of the county at a zoom.
async fn marks(browser: &mut Browser, zoom: u32, more: &str) -> Value {
    browser.json(&format!("/api/points/marks?bbox=107,27,111,31&zoom={zoom}{more}")).await
}

fn count(answer: &Value) -> u64 {
    answer["marks"].as_array().unwrap().iter().map(|mark| mark["count"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_map_of_stations_holds_all_of_them_in_few_marks() {
    let rig = Rig::start("station-marks").await;
    let mut admin = rig.administrator().await;
    let mut officer = rig.person(&mut admin, "officer", &["duty_officer"], None).await;
    let listed = officer.json("/api/points?page_size=500").await;
    let all = listed["items"].as_array().unwrap();
    let placed = all.iter().filter(|point| !point["location"].is_null()).count() as u64;
    let far = marks(&mut officer, 6, "").await;
    assert_eq!((far["matched"].as_u64(), far["placed"].as_u64()), (listed["total"].as_u64(), Some(placed)));
    assert_eq!((count(&far), far["counts"]["total"].as_u64()), (placed, listed["total"].as_u64()));
    let near = marks(&mut officer, 16, "").await;
    let length = |answer: &Value| answer["marks"].as_array().unwrap().len();
    assert!(count(&near) == placed && length(&near) > length(&far), "{} and {}", length(&near), length(&far));
    // Kinds and states are asked as in the list; the counts stay those of all.
    let air = marks(&mut officer, 6, "&kind=air_station").await;
    let of_air = all.iter().filter(|point| point["kind"] == "air_station").count() as u64;
    assert_eq!((air["matched"].as_u64(), &air["counts"]), (Some(of_air), &far["counts"]));
    let none = marks(&mut officer, 6, "&state=exceeding").await;
    assert_eq!((count(&none), none["matched"].as_u64()), (0, Some(0)), "{none}");
    for wrong in ["bbox=1,2,3&zoom=4", "bbox=107,27,111,31&zoom=x", "bbox=107,27,111,31&zoom=4&kind=moon"] {
        assert_eq!(officer.get(&format!("/api/points/marks?{wrong}")).await.status, 422, "{wrong}");
    }
    rig.stop().await;
}
