//! The routes: shapes, row-level permission, CSV.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;

use api::Caller;
use common::{MN, Rig, device, hour_packet};
use kernel::{Actor, Id, Role};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Serves the routes as one caller and answers requests.
struct Client(std::net::SocketAddr);

impl Client {
    async fn start(rig: &Rig, roles: Vec<Role>, body: Option<&str>) -> Self {
        let actor = Actor { id: Id(7), name: "t".into(), roles, body: body.map(str::to_owned) };
        let router = rig.collect.routes().router.layer(axum::Extension(Caller(Arc::new(actor))));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self(address)
    }

    async fn text(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = tokio::net::TcpStream::connect(self.0).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.text("GET", path, "").await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let (status, text) = self.text("POST", path, &body.to_string()).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

async fn filled() -> Rig {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut station = rig.connect().await;
    for (hour, value) in [(8, "35.20"), (9, "36.1")] {
        let area = format!("a34004-Min=1,a34004-Avg={value},a34004-Max=99.9,a34004-Flag=N");
        station.send(hour_packet(MN, &format!("202611240{hour}0000"), &area)).await;
    }
    station.send(hour_packet("STRANGER", "20261124080000", "a34004-Avg=5,a34004-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 3);
    drop(station);
    rig.until("the station gone", |rig| rig.collect.status().connections == 0).await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_as_they_were_sent() {
    let rig = filled().await;
    let client = Client::start(&rig, vec![Role::MonitoringEngineer], None).await;
    let (status, latest) = client.get("/api/points/1/latest").await;
    assert_eq!(status, 200);
    let average = latest.as_array().unwrap().iter().find(|value| value["statistic"] == "Avg").unwrap();
    assert_eq!((&average["value"], &average["mark"], &average["kind"]), (&json!("36.1"), &json!("N"), &json!(2061)));
    assert_eq!(average["data_time"], "2026-11-24T09:00:00+08:00");
    assert_eq!(average["mark_name"]["zh"].as_str().map(|name| name.is_empty()), Some(false));
    let path = "/api/points/1/series?factor=a34004&kind=hour&from=2026-11-24&until=2026-11-25";
    let (_, series) = client.get(path).await;
    let items = series["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["value"], &items[0]["min"], &items[0]["max"]),
        (&json!("35.20"), &json!("1"), &json!("99.9"))
    );
    let (_, csv) = client.text("GET", &format!("{path}&format=csv"), "").await;
    assert!(csv.contains("2026-11-24T08:00:00+08:00,35.20,1,99.9,N,0,"), "{csv}");
    let (status, problem) = client.get("/api/points/1/series?factor=a34004&kind=hour&from=never").await;
    assert_eq!((status, &problem["code"]), (422, &json!("QS-2002")));
    assert_eq!(client.get("/api/points/99/latest").await.0, 404);
    let (_, status) = client.get("/api/collect/status").await;
    assert_eq!((&status["packets"], &status["quarantined"], &status["trouble"]), (&json!(4), &json!(1), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_shown_with_their_chain_and_without_the_password() {
    let rig = filled().await;
    let client = Client::start(&rig, vec![Role::MonitoringEngineer], None).await;
    let (_, frames) = client.get("/api/points/1/frames").await;
    let frames = frames.as_array().unwrap();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0]["previous_hash"], frames[1]["hash"]);
    assert_eq!(frames[0]["decoded"]["values"][1]["value"], "36.1");
    assert!(!frames[0].to_string().contains("123456"), "{}", frames[0]);
    let sequence = frames[0]["sequence"].as_str().unwrap();
    assert_eq!(client.get(&format!("/api/frames/{sequence}")).await.1, frames[0]);
    assert_eq!(client.get("/api/frames/9999").await.0, 404);
    let (_, anomalies) = client.get("/api/points/1/anomalies").await;
    assert_eq!(anomalies, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_others_are_not_shown() {
    let rig = filled().await;
    // Point 1 belongs to `bureau`; this enterprise is another.
    let client = Client::start(&rig, vec![Role::Enterprise], Some("enterprise")).await;
    assert_eq!(client.post("/api/quarantine/discard", json!({"mn": "STRANGER", "st": "22"})).await.0, 403);
    for path in [
        "/api/points/1/latest",
        "/api/points/1/series?factor=a34004&kind=hour",
        "/api/points/1/frames",
        "/api/frames/1",
        "/api/points/1/anomalies",
        "/api/points/1/commands",
        "/api/points/1/devices",
    ] {
        assert_eq!(client.get(path).await.0, 403, "{path}");
    }
    assert_eq!(client.post("/api/points/1/commands", json!({"kind": "get_time"})).await.0, 403);
    assert_eq!(client.post("/api/quarantine/adopt", json!({"mn": "STRANGER", "st": "22", "point": "1"})).await.0, 403);
    let own = Client::start(&rig, vec![Role::Enterprise], Some("bureau")).await;
    assert_eq!(own.get("/api/points/1/latest").await.0, 200);
    assert_eq!(own.get("/api/frames/1").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_a_device_is_shows_only_to_those_who_work_with_it() {
    let rig = filled().await;
    let check = async |role: Role, sees: bool| {
        let client = Client::start(&rig, vec![role], Some("bureau")).await;
        let (status, devices) = client.get("/api/points/1/devices").await;
        assert_eq!(status, 200, "{role:?}");
        let device = &devices[0];
        for field in ["mn", "addresses", "password_set"] {
            assert_eq!(!device[field].is_null(), sees, "{role:?} {field}");
        }
        assert!(device["peer"].is_null(), "{role:?}: nobody is connected");
        assert_eq!(device["st"], "22", "{role:?}");
        assert_eq!(device.to_string().contains(MN), sees, "{role:?}");
    };
    for role in
        [Role::SystemAdministrator, Role::DutyOfficer, Role::MonitoringEngineer, Role::Inspector, Role::Enterprise]
    {
        check(role, true).await;
    }
    for role in [Role::Body, Role::PlanOfficer, Role::Leader, Role::Neighbour] {
        check(role, false).await;
    }
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124100000", "a34004-Avg=1")).await;
    station.answers().await;
    for (role, sees) in [(Role::DutyOfficer, true), (Role::Leader, false)] {
        let client = Client::start(&rig, vec![role], None).await;
        let (_, devices) = client.get("/api/points/1/devices").await;
        assert_eq!((devices[0]["connected"] == true, !devices[0]["peer"].is_null()), (true, sees), "{role:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_is_discarded_by_http() {
    let rig = filled().await;
    let leader = Client::start(&rig, vec![Role::Leader], None).await;
    let asked = json!({"mn": "STRANGER", "st": "22"});
    assert_eq!(leader.post("/api/quarantine/discard", asked.clone()).await.0, 403);
    let client = Client::start(&rig, vec![Role::DutyOfficer], None).await;
    let (_, quarantine) = client.get("/api/quarantine").await;
    assert_eq!((&quarantine[0]["encrypted"], &quarantine[0]["refused"]), (&json!(false), &json!(0)));
    let (status, report) = client.post("/api/quarantine/discard", asked.clone()).await;
    assert_eq!((status, &report["frames"]), (200, &json!(1)));
    assert_eq!(client.get("/api/quarantine").await.1, json!([]));
    assert_eq!(client.post("/api/quarantine/discard", asked).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_by_reason() {
    let rig = filled().await;
    let mut station = rig.connect().await;
    for _ in 0..2 {
        station.send(hour_packet("", "20261124100000", "a34004-Avg=1")).await;
    }
    station.answers().await;
    let client = Client::start(&rig, vec![Role::Leader], None).await;
    let (_, status) = client.get("/api/collect/status").await;
    assert_eq!((&status["refused"], &status["refusals"][0]["packets"]), (&json!(2), &json!(2)), "{status}");
    assert_eq!(
        (&status["refusals"][0]["name"], &status["refusals"][0]["title"]["zh"]),
        (&json!("no_mn"), &json!("没有设备标识MN"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_adoption_by_http() {
    let rig = filled().await;
    let client = Client::start(&rig, vec![Role::MonitoringEngineer], None).await;
    let (status, command) = client
        .post("/api/points/1/commands", json!({"kind": "set_realtime_interval", "arguments": {"RtdInterval": "60"}}))
        .await;
    assert_eq!((status, &command["state"], &command["cn"]), (200, &json!("queued"), &json!(1062)));
    let (status, problem) =
        client.post("/api/points/1/commands", json!({"kind": "set_realtime_interval", "arguments": {}})).await;
    assert_eq!((status, &problem["code"]), (422, &json!("QS-2002")));
    let (_, listed) = client.get("/api/points/1/commands").await;
    assert_eq!(listed[0]["id"], command["id"]);
    let (_, kinds) = client.get("/api/command-kinds").await;
    assert_eq!(kinds.as_array().unwrap().len(), 15);
    let (_, quarantine) = client.get("/api/quarantine").await;
    assert_eq!((&quarantine[0]["mn"], &quarantine[0]["packets"]), (&json!("STRANGER"), &json!(1)));
    assert!(quarantine[0]["sample"].as_str().unwrap().contains("PW=******"));
    let (status, report) =
        client.post("/api/quarantine/adopt", json!({"mn": "STRANGER", "st": "22", "point": "2"})).await;
    assert_eq!((status, &report["stored"]), (200, &json!(1)));
    let (_, devices) = client.get("/api/points/2/devices").await;
    assert_eq!((&devices[0]["mn"], &devices[0]["connected"]), (&json!("STRANGER"), &json!(false)));
    let (_, report) = client
        .text(
            "POST",
            "/api/import?profile=long",
            "station,time,factor,stat,value,flag\np2,2026-11-24T07:00:00,a34004,Avg,1.5,N\n",
        )
        .await;
    assert!(report.contains("\"accepted\":1"), "{report}");
    let (_, profiles) = client.get("/api/import/profiles").await;
    assert!(profiles.as_array().unwrap().len() >= 4);
}
