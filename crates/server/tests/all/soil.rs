//! Samples on records of the soil ledgers are judged, and areas make a safe-use rate or say what is missing.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::rig::Rig;

async fn record(browser: &mut Browser, ledger: &str, more: Value) -> String {
    let mut fields = json!({ "source": "试验", "location_note": "不明" });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = format!("/api/ledgers/{ledger}/records");
    let made = browser.post(&path, &json!({ "reason": "试验", "fields": fields })).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn samples_of_soil_are_judged_on_their_record() {
    let rig = Rig::start("soil").await;
    let mut admin = rig.administrator().await;
    let sample = |factor: &str, value: &str| json!({ "sample": "S1", "date": "2024-05-01", "factor": factor, "value": value, "ph": "5.2", "laboratory": "站" });
    let block = json!({
        "number": "nyd-1", "name": "试验片块", "class": "safe", "area": "120", "land_use": "paddy", "contaminated": true,
        "safe_use": "safely_used", "samples": [sample("镉", "0.9"), sample("PB", "20"), sample("石头", "1")],
    });
    let id = record(&mut admin, "farmland_block", block).await;
    let soil = admin.json(&format!("/api/records/{id}/soil")).await;
    let found = &soil["samples"][0];
    assert_eq!((&found["standard"], &found["risk"]), (&json!("GB 15618-2018"), &json!("possible")), "{soil}");
    assert_eq!((&found["items"][0]["factor"], &found["items"][0]["screening"]), (&json!("CD"), &json!("0.3")));
    assert!(found["steps"].as_array().unwrap().iter().any(|step| step["clause"] == "GB 15618-2018 表 1"), "{soil}");
    assert!(found["ignored"][0]["zh"].as_str().unwrap().contains("石头"));
    let csv = admin.get(&format!("/api/records/{id}/soil?format=csv")).await.text();
    assert!(csv.contains("S1,2024-05-01,paddy,5.2,镉,0.9,mg/kg,0.3,1.5,possible,GB 15618-2018"), "{csv}");

    let more = json!({ "number": "nyd-2", "name": "另一片块", "class": "strict", "area": "80", "contaminated": true });
    record(&mut admin, "farmland_block", more).await;
    let rate = admin.json("/api/soil/safe-use").await;
    let last = rate["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&last[0], &last[2]), (&json!("安全利用率"), &json!("60.0")), "{rate}");
    assert!(last[4].as_str().unwrap().contains("另一片块：缺利用情况"), "{rate}");
    // The formula of construction land is not confirmed: areas, no rate.
    let plot = json!({ "number": "dk-9", "name": "试验地块", "stage": "released", "area": "500", "key_plot": true,
                       "reused_on": "2026-03-01", "reuse_compliant": true });
    let plot = record(&mut admin, "soil_plot", plot).await;
    let rate = admin.json("/api/soil/safe-use?land=construction&year=2026").await;
    let last = rate["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&rate["rows"][1][2], &last[2]), (&json!("500"), &json!("")), "{rate}");
    assert!(last[4].as_str().unwrap().contains("未经确认"), "{rate}");
    let soil = admin.json(&format!("/api/records/{plot}/soil")).await;
    assert_eq!(
        (soil["samples"].as_array().unwrap().len(), soil["missing"].as_array().unwrap().len()),
        (0, 2),
        "{soil}"
    );
    assert_eq!(admin.get("/api/records/1/soil").await.status, 404);

    // Without data the tables of the water page say what is missing.
    let places = admin.json("/api/water/today").await;
    let of_kind = |kind: &str| {
        let found = places.as_array().unwrap().iter().find(|place| place["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in the pack"))["point"].as_str().unwrap().to_owned()
    };
    let (section, lake) = (of_kind("water_section"), of_kind("lake_point"));
    let path = format!("/api/water/flux?point={section}&factor=w21011&from=2026-01-01&until=2026-02-01");
    let flux = admin.json(&path).await;
    assert!(flux["method"]["zh"].as_str().unwrap().contains("没有日判定 31 天"), "{flux}");
    assert_eq!((flux["rows"].as_array().unwrap().len(), &flux["rows"][0][3]), (7, &json!("")), "{flux}");
    assert_eq!(admin.get(&format!("/api/water/flux?point={lake}&factor=w21011")).await.status, 422);
    assert_eq!(admin.get(&format!("/api/water/flux?point={section}&factor=w00000")).await.status, 422);
    assert_eq!(admin.get(&format!("{path}&alpha=1.1")).await.status, 422);
    let rivers = admin.json("/api/water/rivers?period=2026-01").await;
    let county = rivers["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&county[1], &county[5], &county[2]), (&json!("全县"), &json!("0"), &json!("")), "{rivers}");
    assert!(!county[16].as_str().unwrap().is_empty(), "sections without a class are named: {rivers}");
    assert_eq!(admin.get("/api/water/rivers?period=2026-13").await.status, 422);
    let index = admin.json("/api/water/city-index?period=2026-01").await;
    assert_eq!(index["rows"].as_array().unwrap().len(), 0);
    assert!(index["method"]["zh"].as_str().unwrap().contains("未经确认"), "{index}");
    let trophic = admin.json(&format!("/api/water/trophic?point={lake}&year=2026")).await;
    assert_eq!((trophic["rows"].as_array().unwrap().len(), trophic["columns"].as_array().unwrap().len()), (0, 12));
    assert_eq!(admin.get("/api/water/trophic?year=1066").await.status, 422);
    rig.stop().await;
}
