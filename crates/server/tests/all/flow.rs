//! From a packet to the public page, with everybody who may and may not.

use std::time::Duration;

use hj212::Edition;
use hj212::encode::Draft;
use kernel::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::rig::{PASSWORD, Rig};

/// `yyyyMMddHHmmss` at +08:00.
pub fn stamp(time: Timestamp) -> String {
    time.to_iso()[..19].chars().filter(char::is_ascii_digit).collect()
}

pub fn packet(st: &str, cn: &str, mn: &str, area: &str, sent: Timestamp) -> Vec<u8> {
    let qn = format!("{}{:03}", stamp(sent), sent.millis().rem_euclid(1000));
    let draft = Draft::new(Edition::V2017, &qn, st, cn, "123456", mn, area.to_owned());
    Draft { answer: true, ..draft }.frame().unwrap()
}

async fn acknowledged(station: &mut TcpStream, frame: &[u8]) -> bool {
    station.write_all(frame).await.unwrap();
    let mut buffer = [0; 4096];
    let answer = tokio::time::timeout(Duration::from_secs(5), station.read(&mut buffer)).await;
    matches!(answer, Ok(Ok(length)) if String::from_utf8_lossy(&buffer[..length]).contains("CN=9014"))
}

/// Asks again until it holds, for at most ten seconds.
async fn until(browser: &mut Browser, path: &str, holds: impl Fn(&str) -> bool) -> String {
    let mut last = String::new();
    for _ in 0..100 {
        last = browser.get(path).await.text();
        if holds(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{path}: never; last {last}");
}

const MN: &str = "TEST5002420000000000001A";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packet_becomes_a_judged_value_on_the_public_page() {
    let rig = Rig::start("flow").await;
    let mut administrator = rig.administrator().await;
    let mut officer = rig.person(&mut administrator, "officer", &["duty_officer"], None).await;

    // An unknown device is heard, kept and adopted.
    let now = kernel::time::now();
    let hour = now.plus(-2 * 3_600_000).hour().start();
    let mut station = TcpStream::connect(rig.hj212).await.unwrap();
    let values = "a34004-Avg=36.0,a34004-Flag=N;a34002-Avg=52,a34002-Flag=N;a21026-Avg=8,a21026-Flag=N;\
                  a21004-Avg=20,a21004-Flag=N;a21005-Avg=0.6,a21005-Flag=N;a05024-Avg=68,a05024-Flag=N";
    let area = format!("DataTime={};{values}", stamp(hour));
    assert!(acknowledged(&mut station, &packet("22", "2061", MN, &area, now)).await);
    let waiting = officer.json("/api/quarantine").await;
    assert_eq!(waiting[0]["mn"], MN, "{waiting}");
    let points = officer.json("/api/points?kind=air_station&page_size=500").await;
    let point = points["items"].as_array().unwrap().iter().find(|point| point["state"]["code"] == "no_data").unwrap();
    let (id, name) = (point["id"].as_str().unwrap().to_owned(), point["name"]["zh"].as_str().unwrap().to_owned());
    let adopted = officer.post("/api/quarantine/adopt", &json!({ "mn": MN, "st": "22", "point": id })).await;
    assert_eq!(adopted.status, 200, "{}", adopted.text());
    // The binding stands in the ledger, where it can be seen and ended.
    let bindings = officer.json(&format!("/api/ledgers/device_binding/records?q={MN}")).await;
    assert_eq!(bindings["total"], 1, "{bindings}");

    // What it had sent is data now, and judged.
    let latest = officer.json(&format!("/api/points/{id}/latest")).await;
    let fine = latest.as_array().unwrap().iter().find(|value| value["factor"] == "a34004").unwrap();
    assert_eq!((fine["value"].as_str(), fine["kind"].as_i64()), (Some("36.0"), Some(2061)));
    let aqi_of = |text: &str| -> Option<i64> {
        let today: serde_json::Value = serde_json::from_str(text).ok()?;
        today.as_array()?.iter().find(|station| station["point"] == id)?["hour"]["aqi"].as_i64()
    };
    let today = until(&mut officer, "/api/air/today", |text| aqi_of(text).is_some()).await;
    let aqi = aqi_of(&today).unwrap();
    // 36 µg/m³ of PM2.5 is just above the first class in every edition.
    assert!((45..=75).contains(&aqi), "{aqi}");
    let verdicts = officer.json(&format!("/api/verdicts?point={id}&level=hour")).await;
    assert!(verdicts.to_string().contains("\"revision\":1"), "{verdicts}");
    let detail = officer.json(&format!("/api/points/{id}")).await;
    assert_eq!(detail["headline"]["factor"], "aqi", "{detail}");

    // A live value reaches those who watch within a second.
    let mut live = officer.live().await;
    let started = std::time::Instant::now();
    let now = kernel::time::now();
    let area = format!("DataTime={};a34004-Rtd=41.5,a34004-Flag=N", stamp(now));
    assert!(acknowledged(&mut station, &packet("22", "2011", MN, &area, now)).await);
    let told = live.until("41.5", Duration::from_secs(5)).await.expect("a live event");
    assert!(told.contains("event: latest") && told.contains(&id), "{told}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    let detail = officer.json(&format!("/api/points/{id}")).await;
    let devices = detail["devices"].as_array().unwrap();
    assert!(devices.iter().any(|device| device["mn"] == MN && device["connected"] == true), "{detail}");

    // The public sees it without signing in and without scripts.
    let mut visitor = rig.visitor();
    let page = until(&mut visitor, "/", |text| text.contains(&name) && text.contains(&format!("AQI {aqi}"))).await;
    assert!(!page.contains("<script"));
    let csv = visitor.get("/api/public/air?format=csv").await.text();
    assert!(csv.contains(&name), "{csv}");
    let english = visitor.get("/?lang=en").await.text();
    assert!(english.contains("lang=\"en\""));

    let overview = officer.json("/api/overview").await;
    assert!(overview["trouble"].is_null());
    assert!(overview["collect"]["packets_today"].as_u64().unwrap() >= 2, "{}", overview["collect"]);
    // An open stream does not keep the server from ending.
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_allowed_is_refused_with_its_number() {
    let rig = Rig::start("refusals").await;
    let token = rig.platform.identity.setup_token(kernel::time::now()).unwrap().unwrap();
    let setup = json!({ "token": token, "name": "admin", "display_name": "管理员", "password": PASSWORD });
    let json_only = [("content-type", "application/json")];
    let mut visitor = rig.visitor();
    let refusal = |status: u16, code: &str| (status, code.to_owned());

    // Forged: without our header, or from another site.
    let forged = visitor.send("POST", "/api/setup", &json_only, setup.to_string().as_bytes()).await;
    assert_eq!(forged.refusal(), refusal(403, "QS-1003"));
    let foreign = [json_only[0], ("x-qingshan", "1"), ("origin", "http://evil.example")];
    let foreign = visitor.send("POST", "/api/setup", &foreign, setup.to_string().as_bytes()).await;
    assert_eq!(foreign.refusal(), refusal(403, "QS-1003"));

    // The link works once.
    assert_eq!(visitor.json(&format!("/api/setup?token={token}")).await["valid"], true);
    assert_eq!(visitor.post("/api/setup", &setup).await.status, 200);
    assert_eq!(visitor.post("/api/setup", &setup).await.refusal(), refusal(403, "QS-1004"));
    assert_eq!(rig.platform.identity.setup_token(kernel::time::now()).unwrap(), None);

    // Sign-in: wrong, then slowed.
    let wrong = json!({ "name": "admin", "password": "not this one" });
    assert_eq!(visitor.post("/api/session", &wrong).await.refusal(), refusal(401, "QS-1002"));
    assert_eq!(visitor.get("/api/overview").await.refusal(), refusal(401, "QS-1001"));
    let mut administrator = rig.visitor();
    assert!(administrator.sign_in("admin", PASSWORD).await);

    // The three administrators stay apart; nobody changes their own rights.
    assert_eq!(administrator.get("/api/events").await.refusal(), refusal(403, "QS-1003"));
    let both = json!({ "name": "both", "display_name": "b", "password": PASSWORD, "roles": ["audit_administrator", "leader"] });
    assert_eq!(administrator.post("/api/users", &both).await.refusal(), refusal(422, "QS-2002"));
    let me = administrator.json("/api/session").await["user"]["id"].as_str().unwrap().to_owned();
    let headers = [json_only[0], ("x-qingshan", "1")];
    let own = administrator.send("PATCH", &format!("/api/users/{me}"), &headers, br#"{"roles":["leader"]}"#).await;
    assert_eq!(own.refusal(), refusal(403, "QS-1003"));
    let mut auditor = rig.person(&mut administrator, "auditor", &["audit_administrator"], None).await;
    let events = auditor.json("/api/events").await;
    assert!(events.to_string().contains("server.user_created"), "{events}");
    assert_eq!(auditor.json("/api/events/verification").await["good"], true);
    assert_eq!(auditor.get("/api/overview").await.refusal(), refusal(403, "QS-1003"));

    // A leader looks and does not touch; an enterprise sees its own only.
    let mut leader = rig.person(&mut administrator, "leader", &["leader"], None).await;
    assert_eq!(leader.get("/api/quarantine").await.refusal(), refusal(403, "QS-1003"));
    let adopt = json!({ "mn": "x", "st": "22", "point": "1" });
    assert_eq!(leader.post("/api/quarantine/adopt", &adopt).await.refusal(), refusal(403, "QS-1003"));
    let all = leader.json("/api/points?page_size=500").await;
    let of_others = all["items"][0]["id"].as_str().unwrap().to_owned();
    let mut enterprise = rig.person(&mut administrator, "works", &["enterprise"], Some("nobody-s-enterprise")).await;
    assert_eq!(enterprise.json("/api/points").await["total"], 0);
    assert_eq!(enterprise.get(&format!("/api/points/{of_others}")).await.refusal(), refusal(404, "QS-2001"));

    // Refusals of the framework carry numbers too.
    assert_eq!(visitor.get("/api/no-such-thing").await.refusal(), refusal(404, "QS-2001"));
    assert_eq!(leader.send("PUT", "/api/overview", &headers, b"{}").await.refusal().0, 405);
    assert_eq!(
        visitor.send("POST", "/api/session", &headers, &vec![b' '; 2 << 20]).await.refusal(),
        refusal(413, "QS-4001")
    );
    assert_eq!(visitor.send("POST", "/api/session", &headers, b"{").await.refusal(), refusal(422, "QS-2002"));

    // Signing out ends the session, and a new password ends the others.
    let cookie = leader.cookie.clone();
    assert_eq!(leader.send("DELETE", "/api/session", &headers, b"").await.status, 204);
    let mut stale = rig.visitor();
    stale.cookie = cookie;
    assert_eq!(stale.get("/api/overview").await.refusal(), refusal(401, "QS-1001"));
    let mut second = rig.visitor();
    assert!(second.sign_in("auditor", PASSWORD).await);
    let change = json!({ "old": PASSWORD, "new": "另一个足够长的新密码" });
    assert_eq!(auditor.send("PUT", "/api/session/password", &headers, change.to_string().as_bytes()).await.status, 204);
    assert_eq!(second.get("/api/events").await.refusal(), refusal(401, "QS-1001"));

    // Too long without saying so: cut off while it is read, with its number.
    let chunked = [headers[0], headers[1], ("transfer-encoding", "chunked")];
    let long = [b"200000\r\n".to_vec(), vec![b' '; 2 << 20], b"\r\n0\r\n\r\n".to_vec()].concat();
    assert_eq!(visitor.send("POST", "/api/session", &chunked, &long).await.refusal(), refusal(413, "QS-4001"));

    // Guessing is slowed where it comes from, and only there: nobody is locked out by a stranger.
    for _ in 0..8 {
        visitor.post("/api/session", &json!({ "name": "works", "password": "guess guess" })).await;
    }
    let right = json!({ "name": "works", "password": PASSWORD });
    assert_eq!(visitor.post("/api/session", &right).await.refusal(), refusal(429, "QS-4002"));
    let elsewhere = [headers[0], headers[1], ("x-forwarded-for", "10.7.7.7")];
    assert_eq!(visitor.send("POST", "/api/session", &elsewhere, right.to_string().as_bytes()).await.status, 200);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_guesses_at_the_same_moment_are_no_more_than_a_few() {
    let rig = Rig::start("guesses").await;
    let _administrator = rig.administrator().await;
    let server = rig.http;
    let guess = json!({ "name": "admin", "password": "guess guess" });
    let guesses: Vec<_> = (0..40)
        .map(|_| {
            let guess = guess.clone();
            tokio::spawn(async move { Browser::new(server).post("/api/session", &guess).await.refusal() })
        })
        .collect();
    let mut looked_at = 0;
    for answer in guesses {
        let (status, code) = answer.await.unwrap();
        looked_at += u32::from(code == "QS-1002");
        assert!([401, 429, 503].contains(&status), "{status} {code}");
    }
    assert!((1..=8).contains(&looked_at), "{looked_at} passwords were tried");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_stream_ends_with_its_session() {
    let rig = Rig::start("live-end").await;
    let mut administrator = rig.administrator().await;
    let mut leader = rig.person(&mut administrator, "leader", &["leader"], None).await;
    let mut leaver = rig.person(&mut administrator, "leaver", &["leader"], None).await;
    let (mut of_leader, mut of_leaver) = (leader.live().await, leaver.live().await);
    let headers = [("content-type", "application/json"), ("x-qingshan", "1")];
    assert_eq!(leaver.send("DELETE", "/api/session", &headers, b"").await.status, 204);
    assert!(of_leaver.ends(Duration::from_secs(5)).await, "signed out");
    assert!(!of_leader.ends(Duration::from_millis(300)).await, "the other goes on");
    let id = leader.json("/api/session").await["user"]["id"].as_str().unwrap().to_owned();
    let disabled = administrator.send("PATCH", &format!("/api/users/{id}"), &headers, br#"{"disabled":true}"#).await;
    assert_eq!(disabled.status, 200, "{}", disabled.text());
    assert!(of_leader.ends(Duration::from_secs(5)).await, "disabled");
    rig.stop().await;
}

/// Whoever is shut out while their new password is being hashed stays out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changed_meanwhile_brings_nobody_back() {
    let rig = Rig::start("password-race").await;
    let mut administrator = rig.administrator().await;
    let mut leader = rig.person(&mut administrator, "leader", &["leader"], None).await;
    let id = leader.json("/api/session").await["user"]["id"].as_str().unwrap().to_owned();
    let headers = [("content-type", "application/json"), ("x-qingshan", "1")];
    let changing = tokio::spawn(async move {
        let wanted = serde_json::to_vec(&json!({ "old": PASSWORD, "new": "Another-one-2026!" })).unwrap();
        leader.send("PUT", "/api/session/password", &headers, &wanted).await.status
    });
    // The old password is looked at and the new one hashed: together longer than this.
    tokio::time::sleep(Duration::from_millis(15)).await;
    let disabled = administrator.send("PATCH", &format!("/api/users/{id}"), &headers, br#"{"disabled":true}"#).await;
    assert_eq!(disabled.status, 200, "{}", disabled.text());
    let changed = changing.await.unwrap();
    let users = administrator.json("/api/users").await;
    let user = users["items"].as_array().unwrap().iter().find(|user| user["id"] == id.as_str()).unwrap();
    assert_eq!(user["disabled"], true, "the change of the password answered {changed}");
    for secret in [PASSWORD, "Another-one-2026!"] {
        assert!(!rig.visitor().sign_in("leader", secret).await);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_short_and_the_stream_is_not_held_back() {
    let rig = Rig::start("gzip").await;
    let mut administrator = rig.administrator().await;
    let mut leader = rig.person(&mut administrator, "leader", &["leader"], None).await;
    let gzip = [("accept-encoding", "gzip, br")];
    let mut check = async |path: &str| {
        let plain = leader.get(path).await;
        let short = leader.send("GET", path, &gzip, b"").await;
        assert_eq!(
            (plain.header("content-encoding"), short.header("content-encoding")),
            (None, Some("gzip")),
            "{path}"
        );
        assert!(short.header("vary").is_some_and(|vary| vary.contains("accept-encoding")));
        let mut whole = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&short.body[..]), &mut whole).unwrap();
        assert_eq!(whole.len(), plain.body.len(), "{path}");
        assert!(short.body.len() * 2 < plain.body.len(), "{path}: {} of {}", short.body.len(), plain.body.len());
    };
    for path in ["/api/openapi.json", "/api/points?page_size=200", "/public/water"] {
        check(path).await;
    }
    if server::assets::is_built() {
        let page = rig.visitor().get("/app/").await.text();
        let (_, script) = page.split_once("src=\"").unwrap();
        check(script.split('"').next().unwrap()).await;
    }
    assert_eq!(leader.send("GET", "/healthz", &gzip, b"").await.header("content-encoding"), None);
    // The live stream greets at once, as text.
    leader.accept = Some("gzip");
    let head = leader.live().await.head();
    assert!(head.contains("text/event-stream") && !head.to_lowercase().contains("content-encoding"), "{head}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_carry_their_guards() {
    let rig = Rig::start("pages").await;
    let mut visitor = rig.visitor();
    let page = visitor.get("/app/points/12?tab=frames").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let tag = page.header("etag").map(str::to_owned);
    if let Some(tag) = tag {
        assert_eq!(visitor.send("GET", "/app/", &[("if-none-match", &tag)], b"").await.status, 304);
    }
    assert_eq!(visitor.get("/setup?token=abc").await.header("location"), Some("/app/setup?token=abc"));
    assert_eq!(visitor.get("/healthz").await.text(), "ok");
    assert_eq!(visitor.get("/api/openapi.json").await.json()["openapi"], "3.1.0");
    let metrics = visitor.get("/metrics").await.text();
    assert!(
        metrics.contains("qingshan_packets_total 0") && metrics.contains("qingshan_dirty_periods{level=\"hour\"}"),
        "{metrics}"
    );
    let behind_a_proxy = visitor.send("GET", "/metrics", &[("x-forwarded-for", "10.1.1.1")], b"").await;
    assert_eq!(behind_a_proxy.refusal().0, 403);
    for path in ["/", "/public/air", "/public/water", "/public/method", "/?lang=en"] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains("酉阳") || page.text().contains("Youyang"), "{path}");
    }
    rig.stop().await;
}
