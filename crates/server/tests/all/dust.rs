//! A confirmed record of the ledger of dust days reaches the judge, and the statistics say which view judges.

use std::time::Duration;

use kernel::Day;
use serde_json::json;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_dust_days_reaches_the_judge() {
    let rig = Rig::start("dust").await;
    let mut admin = rig.administrator().await;
    let fields = |confirmed: bool| {
        json!({ "number": "2026-03-14", "name": "三月沙尘", "from": "2026-03-14", "until": "2026-03-15", "basis": "总站函",
                "source": "试验", "location_note": "全县", "confirmed": confirmed })
    };
    let made = admin.post("/api/ledgers/dust_day/records", &json!({ "reason": "试验", "fields": fields(false) })).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let record = made.json()["id"].as_str().unwrap().to_owned();
    let judge = &rig.platform.points.judge;
    let days = |confirmed: bool| {
        judge.dust().days(7, Day::from_civil(2026, 1, 1), Day::from_civil(2027, 1, 1), confirmed).len()
    };
    let wait = async |expect: (usize, usize)| {
        for _ in 0..100 {
            if (days(true), days(false)) == expect {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never {expect:?}; {} confirmed, {} waiting", days(true), days(false));
    };
    wait((0, 2)).await;
    let body = json!({ "revision": 1, "reason": "核对了文件", "fields": fields(true) });
    let answer = admin
        .send(
            "PUT",
            &format!("/api/records/{record}"),
            &[("content-type", "application/json"), ("x-qingshan", "1")],
            body.to_string().as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    wait((2, 0)).await;
    let table = admin.json("/api/air/statistics?period=2026").await;
    assert!(table["method"]["zh"].as_str().unwrap().contains("环办监测〔2016〕120 号"), "{table}");
    assert_eq!(admin.get("/api/air/statistics?period=2026-13").await.status, 422);
    rig.stop().await;
}
