//! From a date in a ledger to a case, and from a revised record to its closing, over HTTP.

use std::time::Duration;

use kernel::Day;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::rig::Rig;

/// Asks for the duty of a record again until its case is as wanted, for at most ten seconds.
async fn case_of(browser: &mut Browser, record: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..100 {
        last = browser.json(&format!("/api/duties?record={record}&all=true")).await["lines"].clone();
        if holds(&last[0]["case"]) {
            return last[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never; last {last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permit_that_runs_out_is_a_case_until_it_is_renewed_and_closed_by_another() {
    let rig = Rig::start("duties").await;
    let mut admin = rig.administrator().await;
    let mut officer = rig.person(&mut admin, "officer", &["duty_officer"], None).await;
    let mut leader = rig.person(&mut admin, "plan", &["plan_officer"], None).await;
    let today = kernel::time::now().day();
    let until = |days: i32| Day(today.0 + days).to_iso();
    let fields = |reviewed: &str| json!({ "number": "rs-duty", "name": "试验风险源", "location_note": "未知", "source": "试验", "reviewed_on": reviewed });
    let reviewed = until(-350);
    let made =
        admin.post("/api/ledgers/risk_source/records", &json!({ "reason": "试验", "fields": fields(&reviewed) })).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let record = made.json()["id"].as_str().unwrap().to_owned();
    let line = case_of(&mut officer, &record, Value::is_object).await;
    assert_eq!((&line["state"], &line["case"]["closed"]), (&json!("due"), &json!(false)), "{line}");
    assert_eq!(line["case"]["owner_name"]["zh"], "县生态环境局", "the owner that the ledger names");
    let id = line["case"]["id"].as_str().unwrap().to_owned();
    let case = officer.json(&format!("/api/cases/{id}")).await;
    assert_eq!((&case["duty"]["record"], &case["point"]), (&json!(record), &json!("")), "{case}");
    assert_eq!(&case["duty"]["last_day"], &line["until"]);
    let found = officer.json(&format!("/api/cases?record={record}&workflow=duty&state=open")).await;
    assert_eq!(found["total"], 1, "{found}");
    let alarms = officer.json("/api/cases?workflow=alarm").await;
    assert!(alarms["items"].as_array().unwrap().iter().all(|case| case["id"] != json!(id)));
    // Whoever may read ledgers but no cases sees the duty alone.
    let seen = leader.json(&format!("/api/duties?record={record}")).await["lines"].clone();
    assert_eq!((&seen[0]["duty"], &seen[0]["case"]), (&json!("review"), &Value::Null), "{seen}");

    // The administrator reviews the source: the case is before whoever closes, who asks for evidence.
    let body = json!({ "revision": 1, "reason": "已核查", "fields": fields(&until(0)) });
    let answer = admin
        .send(
            "PUT",
            &format!("/api/records/{record}"),
            &[("content-type", "application/json"), ("x-qingshan", "1")],
            body.to_string().as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut case = Value::Null;
    for _ in 0..100 {
        case = officer.json(&format!("/api/cases/{id}")).await;
        if case["state"]["code"] == "resolved" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&case["state"]["code"], &case["duty"]["settled"]), (&json!("resolved"), &json!("fulfilled")), "{case}");
    let close = json!({ "action": "close", "note": "核实", "revision": case["revision"] });
    let refused = officer.post(&format!("/api/cases/{id}/actions"), &close).await;
    assert_ne!(refused.status, 200, "no evidence");
    let kept = officer
        .send(
            "POST",
            &format!("/api/cases/{id}/evidence?file_name=a.txt"),
            &[("content-type", "application/octet-stream"), ("x-qingshan", "1")],
            "更新后的评估".as_bytes(),
        )
        .await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let revision = officer.json(&format!("/api/cases/{id}")).await["revision"].clone();
    let closed = officer
        .post(&format!("/api/cases/{id}/actions"), &json!({ "action": "close", "note": "核实", "revision": revision }))
        .await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    // The next review is not due for a year.
    let line = case_of(&mut officer, &record, Value::is_null).await;
    assert_eq!(line["state"], "coming", "{line}");
    rig.stop().await;
}
