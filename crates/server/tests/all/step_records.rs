//! From an alarm to the ledgers of inspections and penalties, and into the file of the enterprise.

use std::time::Duration;

use kernel::EventDraft;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::rig::Rig;

/// An alarm at a point, as the judge would tell it.
async fn alarm(rig: &Rig, officer: &mut Browser, point: i64) -> Value {
    let now = kernel::time::now();
    let payload = json!({
        "point": point.to_string(), "level": "hour", "period_start": now.hour().start(), "verdict_id": "9",
        "exceeding": true,
        "spell": { "factor": "w01018", "value": "75", "limit": "50", "unit": "mg/L", "times": "0.50" },
    });
    let event =
        EventDraft { kind: "judge.verdict_changed", actor: "judge".into(), subject: point.to_string(), payload };
    let (store, division) = (&rig.platform.store, rig.platform.division);
    store
        .write(|transaction| store::event_log::append(transaction, division, now, std::slice::from_ref(&event)))
        .unwrap();
    for _ in 0..100 {
        let found = officer.json(&format!("/api/cases?point={point}")).await;
        if let Some(case) = found["items"].get(0) {
            return case.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no case at {point}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_and_a_penalty_of_a_case_stand_in_their_ledgers_once() {
    use kernel::PointSource as _;
    let rig = Rig::start("step-records").await;
    let mut admin = rig.administrator().await;
    let mut officer = rig.person(&mut admin, "officer", &["duty_officer"], None).await;
    let points = rig.platform.points.register.points();
    let outlet = points.iter().find(|point| point.enterprise.as_deref() == Some("ent-wulingshan-kunyao")).unwrap();
    let mut plant = rig.person(&mut admin, "plant", &["enterprise"], outlet.owner.as_deref()).await;
    let case = alarm(&rig, &mut officer, outlet.id).await;
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    let path = format!("/api/cases/{id}/actions");
    let detail = officer.json(&format!("/api/cases/{id}")).await;
    let action = |detail: &Value, code: &str| {
        detail["actions"].as_array().unwrap().iter().find(|action| action["code"] == code).unwrap().clone()
    };
    let form = action(&detail, "inspect")["writes"].clone();
    assert_eq!(form["ledger"], "inspection");
    assert_eq!(form["fields"][0], json!({ "id": "number", "preset": format!("{number}-检1") }));
    assert_eq!(form["fields"][1], json!({ "id": "checked_on", "preset": kernel::time::now().day().to_iso() }));
    // An enterprise writes no inspection of itself.
    assert_eq!(action(&plant.json(&format!("/api/cases/{id}")).await, "inspect")["allowed"], false);
    let fields = json!({ "finding": "在线设备采样管被拔出", "kind": "alarm" });
    let inspect = json!({ "action": "inspect", "note": "现场检查", "fields": fields, "revision": detail["revision"] });
    assert_ne!(plant.post(&path, &inspect).await.status, 200);
    // What the ledger refuses refuses the step: nothing is written, nothing is lost in silence.
    let seen = &detail["revision"];
    let wrong = json!({ "action": "inspect", "note": "现场检查", "fields": { "kind": "party" }, "revision": seen });
    let refused = officer.post(&path, &wrong).await;
    assert!(refused.status == 422 && refused.text().contains("party"), "{}", refused.text());
    let stray = json!({ "action": "inspect", "note": "", "fields": { "enterprise": "ent-jiuxin" }, "revision": seen });
    assert_eq!(officer.post(&path, &stray).await.status, 422);
    // Without the revision that was seen a repeated request would write twice.
    let blind = officer.post(&path, &json!({ "action": "inspect", "note": "x", "fields": { "kind": "alarm" } })).await;
    assert!(blind.status == 422 && blind.text().contains("revision"), "{}", blind.text());
    let unchanged = officer.json(&format!("/api/cases/{id}")).await;
    assert_eq!(unchanged["revision"], detail["revision"]);

    let done = officer.post(&path, &inspect).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let entry = done.json()["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&entry["action"]["code"], &entry["record"]["ledger"]), (&json!("inspect"), &json!("inspection")));
    assert_eq!(entry["record"]["key"], format!("{number}-检1"));
    // The same click again is of an older revision and writes nothing.
    assert_eq!(officer.post(&path, &inspect).await.status, 409);
    let record = officer.json(&format!("/api/records/{}", entry["record"]["record"].as_str().unwrap())).await;
    let written = &record["fields"];
    assert_eq!(
        (&written["finding"], &written["case_number"], &written["state"], &record["updated_by"]),
        (&json!("在线设备采样管被拔出"), &json!(number), &json!("open"), &json!("officer")),
        "{record}"
    );
    assert_eq!(record["simulated"], json!(outlet.simulated), "what rests on simulated data says so");

    let take = officer.post(&path, &json!({ "action": "take" })).await;
    assert_eq!(take.status, 200, "{}", take.text());
    let penalty = json!({ "number": "酉环罚〔2026〕9 号", "kinds": ["fine"], "amount": "3.5", "basis": "水污染防治法第八十三条" });
    let penalise =
        |seen: &Value| json!({ "action": "penalise", "note": "决定送达", "fields": penalty, "revision": seen });
    let done = officer.post(&path, &penalise(&take.json()["revision"])).await;
    assert_eq!(done.status, 200, "{}", done.text());
    // A decision has one number: the ledger does not take it twice.
    let again = officer.post(&path, &penalise(&done.json()["revision"])).await;
    assert!(again.status == 422 && again.text().contains("已有"), "{}", again.text());
    assert_eq!(officer.post(&path, &json!({ "action": "note", "note": "x", "fields": { "a": 1 } })).await.status, 422);

    // Events that are read again write nothing again; both stand in the file of the enterprise.
    alarm(&rig, &mut officer, outlet.id).await;
    let enterprise = admin.json("/api/ledgers/enterprise/records?page_size=200").await;
    let enterprise = enterprise["items"].as_array().unwrap().iter().find(|one| one["key"] == "ent-wulingshan-kunyao");
    let file = admin.json(&format!("/api/enterprises/{}", enterprise.unwrap()["id"].as_str().unwrap())).await;
    let keys = |section: &str| -> Vec<String> {
        let sections = file["sections"].as_array().unwrap().iter().filter(|part| part["id"] == section);
        let records = sections
            .flat_map(|part| part["ledgers"].as_array().unwrap())
            .flat_map(|part| part["records"].as_array().unwrap());
        records.map(|record| record["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (keys("inspection"), keys("penalty")),
        (vec![format!("{number}-检1")], vec!["酉环罚〔2026〕9 号".to_owned()])
    );

    // A point of no enterprise: the step says why it is not possible.
    let section = points.iter().find(|point| point.kind == kernel::PointKind::WaterSection).unwrap();
    let case = alarm(&rig, &mut officer, section.id).await;
    let detail = officer.json(&format!("/api/cases/{}", case["id"].as_str().unwrap())).await;
    let inspect = action(&detail, "inspect");
    assert_eq!(inspect["allowed"], false);
    assert!(inspect["why_not"].as_str().unwrap().contains("不属于哪家企业"), "{inspect}");
    rig.stop().await;
}
