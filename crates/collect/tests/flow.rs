//! What happens beside storing: acknowledgement per edition, duplicates, splits, commands, adoption, presence, import.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use collect::model::{CommandKind, CommandState};
use collect::{Device, Limits};
use common::{MN, Rig, Station, device, frame, hour_packet};
use kernel::{Actor, Timestamp};
use store::sqlite::SqliteOptions;

fn system() -> Actor {
    Actor::system("test")
}

async fn answered(rig: &Rig, segment: &str) -> Vec<String> {
    let mut station = rig.connect().await;
    station.send(frame(segment)).await;
    station.answers().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edition_is_answered_in_its_own_way() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let data = "CP=&&DataTime=20261124080000;a34004-Avg=1,a34004-Flag=N&&";
    let head = |flag: u8| format!("QN=20261124090000000;ST=22;CN=2061;PW=123456;MN={MN};Flag={flag};");
    let check = async |flag: u8, expect: &[&str]| {
        let answers = answered(&rig, &format!("{}{data}", head(flag))).await;
        assert_eq!(answers.len(), expect.len(), "{answers:?}");
        for (answer, expect) in answers.iter().zip(expect) {
            assert!(answer.contains(expect), "{answer}");
        }
    };
    check(4, &[]).await;
    check(5, &[&format!("QN=20261124090000000;ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&")]).await;
    check(9, &[&format!("QN=20261124090000000;ST=91;CN=9014;PW=123456;MN={MN};Flag=8;CP=&&&&")]).await;
    check(1, &[&format!("ST=91;CN=9014;PW=123456;MN={MN};Flag=0;CP=&&QN=20261124090000000;CN=2061&&")]).await;
    let heartbeat =
        answered(&rig, &format!("QN=20261124090000001;ST=22;CN=9015;PW=123456;MN={MN};Flag=9;CP=&&&&")).await;
    assert!(heartbeat[0].contains("CN=9013"), "{heartbeat:?}");
    assert_eq!(rig.observations(1, 2061).len(), 1, "one observation of four equal packets");
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_answered_again_and_stored_once() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let packet = hour_packet(MN, "20261124080000", "a34004-Avg=35.2,a34004-Flag=N");
    let mut station = rig.connect().await;
    for _ in 0..3 {
        station.send(&packet).await;
    }
    assert_eq!(station.answers().await.len(), 3);
    assert_eq!((rig.frames().len(), rig.observations(1, 2061).len()), (1, 1));
    assert_eq!(rig.collect.status().duplicates, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_split_packet_are_one_observation_in_any_order() {
    for order in [[1, 2], [2, 1]] {
        let rig = Rig::start(vec![device(MN, 31, 1)]).await;
        let mut station = rig.connect().await;
        for part in order {
            let area = ["a34013-Avg=7.5,a34013-Flag=N", "a21026-Avg=9.0,a21026-Flag=N"][part - 1];
            let segment = format!(
                "QN=2026112409000000{part};ST=31;CN=2061;PW=123456;MN={MN};Flag=7;PNUM=2;PNO={part};CP=&&DataTime=20261124080000;{area}&&"
            );
            station.send(frame(&segment)).await;
            station.send(frame(&segment)).await;
        }
        assert_eq!(station.answers().await.len(), 4, "each part is answered");
        let observations = rig.observations(1, 2061);
        assert_eq!(observations.len(), 1);
        assert_eq!(rig.values(&observations[0]), ["a21026-Avg=9.0", "a34013-Avg=7.5"]);
        assert_eq!(rig.frames().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binding_of_the_data_time_names_the_point() {
    let change = Timestamp::parse("2026-11-24T00:00:00").unwrap();
    let before = Device { until: Some(change), ..device(MN, 22, 1) };
    let rig = Rig::start(vec![before, Device::new(MN, 22, 2, change)]).await;
    let mut station = rig.connect().await;
    for time in ["20261123230000", "20261124000000"] {
        station.send(hour_packet(MN, time, "a34004-Avg=1,a34004-Flag=N")).await;
    }
    assert_eq!(station.answers().await.len(), 2);
    assert_eq!((rig.observations(1, 2061).len(), rig.observations(2, 2061).len()), (1, 1));
}

fn qn_of(request: &str) -> String {
    request.split_once("QN=").unwrap().1.split_once(';').unwrap().0.to_owned()
}

async fn next_request(station: &mut Station, cn: &str) -> String {
    loop {
        let next = station.answer().await.expect("still connected");
        if next.contains(&format!("CN={cn};")) {
            return next;
        }
    }
}

async fn heard(rig: &Rig) -> Station {
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", "a34004-Avg=1,a34004-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 1);
    station
}

fn state(rig: &Rig, id: kernel::Id) -> (String, Option<i64>, Option<i64>, Option<String>) {
    rig.store
        .read(|reader| {
            let row = reader.query_one(
                "SELECT state, qn_return, execution_return, answer FROM command WHERE id = $1",
                &[id.into()],
            )?;
            let row = row.unwrap();
            Ok((
                row.text(0)?.to_owned(),
                row.optional_integer(1)?,
                row.optional_integer(2)?,
                row.optional_text(3)?.map(str::to_owned),
            ))
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_from_queued_to_done() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let ask = |kind, arguments: &[(String, String)]| {
        rig.collect.ask(&system(), 1, kind, arguments, kernel::time::now()).unwrap()
    };
    let command = ask(CommandKind::GetTime, &[]);
    assert_eq!(command.state, CommandState::Queued, "nobody is connected");
    let mut station = heard(&rig).await;
    let request = next_request(&mut station, "1011").await;
    assert!(request.contains(&format!("ST=22;CN=1011;PW=123456;MN={MN};Flag=5;CP=&&&&")), "{request}");
    rig.until("sent", |rig| state(rig, command.id).0 == "sent").await;
    let qn = qn_of(&request);
    station.send(frame(&format!("QN={qn};ST=91;CN=9011;PW=123456;MN={MN};Flag=4;CP=&&QnRtn=1&&"))).await;
    rig.until("accepted", |rig| state(rig, command.id).0 == "accepted").await;
    station
        .send(frame(&format!("QN={qn};ST=22;CN=1011;PW=123456;MN={MN};Flag=4;CP=&&SystemTime=20261124080000&&")))
        .await;
    station.send(frame(&format!("QN={qn};ST=91;CN=9012;PW=123456;MN={MN};Flag=4;CP=&&ExeRtn=1&&"))).await;
    rig.until("done", |rig| state(rig, command.id).0 == "done").await;
    let done = state(&rig, command.id);
    assert_eq!((done.1, done.2, done.3.as_deref()), (Some(1), Some(1), Some("SystemTime=20261124080000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_repeated_and_given_up_or_refused() {
    let limits = Limits { command_answer: Duration::from_millis(200), command_tries: 3, ..Limits::default() };
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let mut station = heard(&rig).await;
    let now = kernel::time::now();
    let ignored = rig.collect.ask(&system(), 1, CommandKind::StartRealtime, &[], now).unwrap();
    let first = qn_of(&next_request(&mut station, "2011").await);
    for _ in 0..2 {
        assert_eq!(qn_of(&next_request(&mut station, "2011").await), first, "sent again under the same QN");
    }
    rig.until("given up", |rig| state(rig, ignored.id).0 == "timed_out").await;
    let refused =
        rig.collect.ask(&system(), 1, CommandKind::SampleNow, &[("PolId".into(), "a34004".into())], now).unwrap();
    let qn = qn_of(&next_request(&mut station, "3012").await);
    station.send(frame(&format!("QN={qn};ST=91;CN=9011;PW=123456;MN={MN};Flag=4;CP=&&QnRtn=3&&"))).await;
    rig.until("refused", |rig| state(rig, refused.id).0 == "refused").await;
    let wrong = rig.collect.ask(&system(), 1, CommandKind::SampleNow, &[], now).unwrap_err();
    assert_eq!(wrong.code, kernel::ErrorCode::InvalidInput);
    let foreign = Actor {
        id: kernel::Id(9),
        name: "x".into(),
        roles: vec![kernel::Role::Enterprise],
        body: Some("bureau".into()),
    };
    let denied = rig.collect.ask(&foreign, 1, CommandKind::GetTime, &[], now).unwrap_err();
    assert_eq!(denied.code, kernel::ErrorCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_asked_for_comes_in_by_the_same_pipe() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut station = heard(&rig).await;
    let arguments =
        [("BeginTime".to_owned(), "20261123000000".to_owned()), ("EndTime".to_owned(), "20261123010000".to_owned())];
    let command = rig.collect.ask(&system(), 1, CommandKind::History, &arguments, kernel::time::now()).unwrap();
    let request = next_request(&mut station, "2061").await;
    assert!(request.contains("CP=&&BeginTime=20261123000000;EndTime=20261123010000&&"), "{request}");
    let qn = qn_of(&request);
    station.send(frame(&format!("QN={qn};ST=91;CN=9011;PW=123456;MN={MN};Flag=4;CP=&&QnRtn=1&&"))).await;
    for hour in 0..2 {
        station.send(hour_packet(MN, &format!("202611230{hour}0000"), "a34004-Avg=7,a34004-Flag=N")).await;
    }
    station.send(frame(&format!("QN={qn};ST=91;CN=9012;PW=123456;MN={MN};Flag=4;CP=&&ExeRtn=1&&"))).await;
    rig.until("done", |rig| state(rig, command.id).0 == "done").await;
    assert_eq!(rig.observations(1, 2061).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_asks_for_its_clock_gets_9013_and_then_1012() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut station = rig.connect().await;
    station
        .send(frame(&format!("QN=20261124080000001;ST=22;CN=1013;PW=123456;MN={MN};Flag=5;CP=&&PolId=w01018&&")))
        .await;
    assert!(station.answer().await.unwrap().contains("CN=9013;"));
    let request = next_request(&mut station, "1012").await;
    let time = request.split_once("SystemTime=").unwrap().1.split_once("&&").unwrap().0;
    let sent = hj212::time::parse(time.as_bytes()).unwrap().unix_millis();
    assert!((kernel::time::now().millis() - sent).abs() < 10_000, "{request}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantined_device_is_adopted_with_its_data() {
    let rig = Rig::start(vec![]).await;
    let mut station = rig.connect().await;
    for hour in [8, 9, 9] {
        station.send(hour_packet("NEWCOMER", &format!("202611240{hour}0000"), "a34004-Avg=35.2,a34004-Flag=N")).await;
    }
    assert_eq!(station.answers().await.len(), 3);
    let before = rig.frames().len();
    let report = rig.collect.adopt(&system(), "NEWCOMER", 22, 1, kernel::time::now()).await.unwrap();
    assert_eq!((report.frames, report.stored, report.duplicates, report.refused), (3, 2, 1, 0));
    assert_eq!(rig.observations(1, 2061).len(), 2);
    assert_eq!(rig.frames().len(), before, "no frame is stored twice");
    assert_eq!(rig.collect.status().quarantined, 0);
    station.send(hour_packet("NEWCOMER", "20261124100000", "a34004-Avg=1,a34004-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.observations(1, 2061).len(), 3, "and goes on reporting for the point");
    rig.collect.set_directory(collect::Directory::default());
    station.send(hour_packet("NEWCOMER", "20261124110000", "a34004-Avg=1,a34004-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.observations(1, 2061).len(), 4, "also after the register has changed");
    assert_eq!(
        rig.collect.adopt(&system(), "NEWCOMER", 22, 1, kernel::time::now()).await.unwrap_err().code,
        kernel::ErrorCode::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_mn_gets_one_when_it_is_adopted() {
    let rig = Rig::start(vec![]).await;
    let mut station = rig.connect().await;
    let hello = frame(
        "QN=20261124080000001;ST=22;CN=1001;PW=123456;MN=;Flag=9;CP=&&i23005-Info=6970000000001ABC;i23006-Info=CPU1&&",
    );
    station.send(&hello).await;
    assert!(station.answer().await.unwrap().contains("CN=9013;"));
    let report = rig.collect.adopt(&system(), "serial:6970000000001ABC", 22, 1, kernel::time::now()).await.unwrap();
    assert_eq!(report.mn.len(), 24);
    station.send(&hello).await;
    let request = next_request(&mut station, "1002").await;
    assert!(request.contains(&format!("MN={};Flag=9;CP=&&i23005-Info=6970000000001ABC&&", report.mn)), "{request}");
    station.send(hour_packet(&report.mn, "20261124080000", "a34004-Avg=1,a34004-Flag=N")).await;
    next_request(&mut station, "9014").await;
    assert_eq!(rig.observations(1, 2061).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_issued_and_then_opens_the_devices_data() {
    let old = *b"0000000000000000";
    let rig = Rig::start(vec![Device { sm4_key: Some(old), ..device(MN, 22, 1) }]).await;
    let mut station = rig.connect().await;
    station
        .send(frame(&format!(
            "QN=20261124080000001;ST=22;CN=1014;PW=123456;MN={MN};Flag=9;CP=&&SKCreateTime=20261124080000001&&"
        )))
        .await;
    let mut raw = Vec::new();
    // The answer is ciphertext, so it is read by length and not by line.
    let request = loop {
        let mut buffer = [0; 1024];
        let count = tokio::io::AsyncReadExt::read(&mut station.stream, &mut buffer).await.unwrap();
        raw.extend_from_slice(&buffer[..count]);
        let mut framer = hj212::Framer::new();
        framer.push(&raw);
        let mut found = None;
        while let Some(unit) = framer.next() {
            if let hj212::Unit::Frame(cut) = unit
                && let Ok(plain) = hj212::cipher::open(&cut, &old)
                && plain.windows(8).any(|part| part == b"CN=1014;")
            {
                found = Some(String::from_utf8(plain).unwrap());
            }
        }
        if let Some(found) = found {
            break found;
        }
    };
    let key: [u8; 16] = request.split_once("NewSK=").unwrap().1.as_bytes()[..16].try_into().unwrap();
    let segment = format!(
        "QN=20261124090000001;ST=22;CN=2061;PW=123456;MN={MN};Flag=9;CP=&&DataTime=20261124080000;a34004-Avg=35.2,a34004-Flag=N&&"
    );
    let mut second = rig.connect().await;
    for key in [key, old, *b"wrongwrongwrong!"] {
        second
            .send(hj212::encode::encrypted_frame(segment.as_bytes(), &key, hj212::cipher::WireForm::Binary).unwrap())
            .await;
    }
    assert_eq!(second.answers().await.len(), 2, "new and old key open, another does not");
    assert_eq!(rig.anomaly(1, "not_decrypted"), 1);
    assert_eq!(rig.values(&rig.observations(1, 2061)[0]), ["a34004-Avg=35.2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_counted_once() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut station = rig.connect().await;
    for minute in 0..6 {
        let qn = collect::wire::qn(kernel::time::now().plus(-900_000 + minute));
        station
            .send(frame(&format!(
                "QN={qn};ST=22;CN=2051;PW=123456;MN={MN};Flag=5;CP=&&DataTime=2026112408{minute:02}00;a34004-Avg=1&&"
            )))
            .await;
    }
    assert_eq!(station.answers().await.len(), 6);
    assert_eq!(rig.anomaly(1, "clock_off"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_pages_are_told_of_new_values_and_commands() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut live = rig.live.subscribe();
    let _station = heard(&rig).await;
    let latest = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let event = live.recv().await.unwrap();
            if event.kind == "latest" {
                return event;
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(
        (latest.data["point"].as_str(), latest.data["factor"].as_str(), latest.data["value"].as_str()),
        (Some("1"), Some("a34004"), Some("1"))
    );
    assert_eq!(latest.owner.as_deref(), Some("bureau"));
    rig.collect.ask(&system(), 1, CommandKind::GetTime, &[], kernel::time::now()).unwrap();
    let command = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let event = live.recv().await.unwrap();
            if event.kind == "command" {
                return event;
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(command.data["state"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_national_snapshot_is_imported_with_its_dashes_and_zeros() {
    let shared =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/air/cnemc_near_youyang.csv");
    let Ok(text) = std::fs::read_to_string(shared) else { return };
    let header: Vec<&str> = text.lines().next().unwrap().trim_start_matches('\u{feff}').split(',').collect();
    let column = |name: &str| header.iter().position(|cell| *cell == name).unwrap();
    let cells = |line: &'_ str| -> Vec<String> {
        let mut quoted = false;
        let split = |letter: char| {
            quoted ^= letter == '"';
            letter == ',' && !quoted
        };
        line.split(split).map(str::to_owned).collect()
    };
    let rows: Vec<Vec<String>> = text.lines().skip(1).filter(|line| !line.is_empty()).map(cells).collect();
    let code = column("StationCode");
    let mut codes: Vec<&str> = rows.iter().map(|row| row[code].as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let devices = codes.iter().zip(1..).map(|(code, point)| device(code, 22, point)).collect();
    let rig = Rig::start(devices).await;
    let mut dry = rig.collect.import(&system(), "cnemc", text.clone().into_bytes(), true).await.unwrap();
    assert_eq!(rig.collect.status().packets, 0, "a dry run stores nothing");
    let report = rig.collect.import(&system(), "cnemc", text.clone().into_bytes(), false).await.unwrap();
    dry.duplicates = report.duplicates;
    assert_eq!(
        (dry.rows, dry.values, dry.missing, dry.accepted),
        (report.rows, report.values, report.missing, report.accepted + report.duplicates)
    );
    let factors = ["PM2_5", "PM10", "SO2", "NO2", "O3", "CO"];
    let present =
        |cell: &str| !matches!(cell, "" | "—" | "-" | "--") && cell.parse::<f64>().is_ok_and(|value| value != 0.0);
    let expected: usize =
        rows.iter().map(|row| factors.iter().filter(|factor| present(&row[column(factor)])).count()).sum();
    assert_eq!((report.rows, report.values, report.rejected), (rows.len(), expected, 0), "{:?}", report.problems);
    assert!(report.missing > 0);
    let stored: usize = (1..=codes.len() as i64)
        .flat_map(|point| rig.observations(point, 2061))
        .map(|observation| {
            assert!(observation.values.iter().all(|value| value.value.as_f64().is_some_and(|value| value > 0.0)));
            observation.values.len()
        })
        .sum();
    assert_eq!(stored, expected);
    let again = rig.collect.import(&system(), "cnemc", text.into_bytes(), false).await.unwrap();
    assert_eq!(again.accepted, 0, "the same file again changes nothing");
}
