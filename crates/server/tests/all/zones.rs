//! From an uploaded polygon to the admission check, over HTTP.

use serde_json::{Value, json};

use crate::rig::Rig;

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]] })
}

fn layer<'a>(layers: &'a Value, id: &str) -> &'a Value {
    layers.as_array().unwrap().iter().find(|layer| layer["id"] == id).unwrap()
}

fn rule<'a>(answer: &'a Value, id: &str) -> &'a Value {
    answer["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_polygon_replaces_the_absent_layer() {
    let rig = Rig::start("zones").await;
    let mut admin = rig.administrator().await;
    let layers = admin.get("/api/zones/layers").await.json();
    assert!(layer(&layers, "source_zone_first")["absent"].is_object());
    let question = json!({ "lon": 108.77, "lat": 28.84, "industry": "2614", "attributes": { "heavy_metal": "no", "fuel": "gas", "discharges": "no" }, "note": "试验" });
    let before = admin.post("/api/admissions", &question).await.json();
    assert_eq!(before["answer"]["verdict"], "undetermined", "layers are absent: never allowed");
    assert_eq!(rule(&before["answer"], "source-zone-first")["hit"], false);
    let record = json!({ "reason": "上传", "fields": { "number": "sz-1", "name": "试验一级区", "level": "first", "source": "试验（示意）", "schematic": true, "geometry": square(108.75, 28.82, 0.05) } });
    let answer = admin.post("/api/ledgers/source_protection_zone/records", &record).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // What was written before the question counts, at once.
    let after = admin.post("/api/admissions", &question).await.json();
    let hit = rule(&after["answer"], "source-zone-first");
    assert_eq!(
        (&hit["hit"], &hit["verdict"], &after["answer"]["verdict"]),
        (&json!(true), &json!("prohibited"), &json!("prohibited"))
    );
    assert_eq!(hit["measurements"][0]["schematic"], true, "示意 is said with the result");
    // The first check is compared with today.
    let number = before["number"].as_str().unwrap();
    assert!(number.starts_with("准-"), "{number}");
    let path: String = number.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let compared = admin.get(&format!("/api/admissions/{path}")).await.json();
    assert_eq!(compared["answer"], before["answer"], "what was said stays said");
    assert!(compared["today"]["differences"].as_array().unwrap().iter().any(|one| one["rule"] == "source-zone-first"));
    let word = admin.get(&format!("/api/admissions/{path}/docx")).await;
    assert!(word.status == 200 && word.body.starts_with(b"PK\x03\x04"), "a docx");
    let list = admin.get("/api/admissions").await.json();
    assert_eq!(list.as_array().unwrap().last().unwrap()["number"], number);
    // Bad sites are refused by name and not saved.
    let saved = list.as_array().unwrap().len();
    let bow = json!({ "type": "Polygon", "coordinates": [[[108.5, 28.5], [108.6, 28.6], [108.6, 28.5], [108.5, 28.6], [108.5, 28.5]]] });
    for (bad, what) in [
        (json!({ "geometry": bow, "industry": "2614", "attributes": {}, "note": "" }), "crosses itself"),
        (json!({ "lon": 28.84, "lat": 108.77, "industry": "2614", "attributes": {}, "note": "" }), "swapped"),
        (json!({ "lon": 108.77, "lat": 28.84, "industry": "化工", "attributes": {}, "note": "" }), "industry code"),
    ] {
        let answer = admin.post("/api/admissions", &bad).await;
        assert!(answer.status == 422 && answer.text().contains(what), "{}", answer.text());
    }
    assert_eq!(admin.get("/api/admissions").await.json().as_array().unwrap().len(), saved);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_big_geometry_file_passes_the_gate_and_a_small_body_bound_does_not_meet_it() {
    let rig = Rig::start("zones-file").await;
    let mut admin = rig.administrator().await;
    let features: Vec<Value> = (0..3000)
        .map(|place| {
            let (west, south) = (108.3 + f64::from(place % 60) * 0.01, 28.3 + f64::from(place / 60) * 0.01);
            json!({ "type": "Feature", "geometry": square(west, south, 0.005), "properties": { "number": format!("g-{place}"), "name": format!("图斑{place}"), "pad": "x".repeat(300) } })
        })
        .collect();
    let file = json!({ "type": "FeatureCollection", "features": features }).to_string();
    assert!(file.len() > 1 << 20, "more than a plain body may have");
    let path = "/api/ledgers/red_line_patch/geometry/import?dry_run=false&source=x&reason=y&schematic=true";
    let answer = admin
        .send("POST", path, &[("x-qingshan", "1"), ("content-type", "application/octet-stream")], file.as_bytes())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let report = answer.json();
    assert_eq!((&report["created"], &report["written"]), (&json!(3000), &json!(true)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_file_holds_what_names_it() {
    let rig = Rig::start("enterprise").await;
    let mut admin = rig.administrator().await;
    let outlets = admin.get("/api/ledgers/wastewater_outlet/records?page_size=100").await.json();
    let outlet =
        outlets["items"].as_array().unwrap().iter().find(|one| one["fields"]["enterprise"].is_string()).unwrap();
    let enterprise = outlet["links"]["enterprise"][0].clone();
    let path = format!("/api/enterprises/{}", enterprise["id"].as_str().unwrap());
    let answer = admin.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let file = answer.json();
    assert_eq!(file["record"]["key"], enterprise["key"]);
    let names: Vec<&str> =
        file["outlets"].as_array().unwrap().iter().map(|one| one["point"].as_str().unwrap()).collect();
    assert!(names.contains(&outlet["id"].as_str().unwrap()), "{names:?}");
    let limits = file["outlets"][0]["limits"].as_array().unwrap();
    assert!(!limits.is_empty(), "its limits come from the ledger");
    // Before the county was loaded there was no such enterprise.
    assert_eq!(admin.get(&format!("{path}?as_of=2020-01-01")).await.status, 404);
    assert_eq!(admin.get(&format!("{path}?as_of=soon")).await.status, 422);
    assert_eq!(admin.get(&format!("/api/enterprises/{}", outlet["id"].as_str().unwrap())).await.status, 404);
    // An enterprise sees its own file and nobody else's.
    let own = file["record"]["key"].as_str().unwrap().to_owned();
    let mut insider = rig.person(&mut admin, "insider", &["enterprise"], Some(&own)).await;
    assert_eq!(insider.get(&path).await.status, 200);
    let mut stranger = rig.person(&mut admin, "stranger", &["enterprise"], Some("somebody-else")).await;
    assert_eq!(stranger.get(&path).await.status, 404);

    rig.stop().await;
}
