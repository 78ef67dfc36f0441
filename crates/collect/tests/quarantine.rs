//! Out of quarantine: adopted while frames keep coming, adopted with a key, discarded.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use collect::{Device, Directory, Limits};
use common::{DIVISION, Rig, device, frame, hour_packet};
use hj212::cipher::WireForm;
use kernel::{Actor, ErrorCode, Timestamp, time};
use store::sqlite::SqliteOptions;

const STATIONS: i64 = 6;
const BURST: i64 = 25;

fn system() -> Actor {
    Actor::system("test")
}

/// Frames of a device that stand in quarantine on disk.
fn kept(rig: &Rig, mn: &str) -> i64 {
    count(rig, "SELECT COUNT(*) FROM quarantine_frame WHERE division = $1 AND device = $2", &[mn.into()])
}

fn count(rig: &Rig, sql: &str, more: &[store::Value]) -> i64 {
    let parameters: Vec<store::Value> = std::iter::once(DIVISION.into()).chain(more.iter().cloned()).collect();
    rig.store.read(|reader| reader.query_one(sql, &parameters)?.map_or(Ok(0), |row| row.integer(0))).unwrap()
}

/// One logger's connection that sends bursts of hours until it is stopped; gives how many it sent, all of which
/// were acknowledged.
async fn keep_sending(mut station: common::Station, mn: &str, number: i64, stop: Arc<AtomicBool>) -> i64 {
    let first = Timestamp::parse("2017-01-01T00:00:00").unwrap().plus(number * 3 * 365 * 24 * time::HOUR_MILLIS);
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut burst = Vec::new();
        for hour in sent..sent + BURST {
            let at = collect::wire::data_time(first.plus(hour * time::HOUR_MILLIS));
            burst.extend(hour_packet(mn, &at, "a34004-Avg=35.2,a34004-Flag=N"));
        }
        station.send(burst).await;
        for _ in 0..BURST {
            assert!(station.answer().await.expect("still connected").contains("CN=9014"));
        }
        sent += BURST;
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_loses_nothing_and_doubles_nothing_while_frames_keep_coming() {
    for round in 0..2 {
        let limits = Limits { quarantined_frames: 1_000_000, ..Limits::default() };
        let rig = Rig::with(vec![], limits, SqliteOptions::default()).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = Vec::new();
        for number in 0..STATIONS {
            let station = rig.connect().await;
            running.push(tokio::spawn(keep_sending(station, "NEWCOMER", number, Arc::clone(&stop))));
        }
        rig.until("well in", |rig| kept(rig, "NEWCOMER") > 300 * (round + 1)).await;
        let report = rig.collect.adopt(&system(), "NEWCOMER", 22, 1, time::now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.store(true, Ordering::Relaxed);
        let mut sent = 0;
        for station in running {
            sent += station.await.unwrap();
        }
        assert!(report.stored > 0 && report.frames == report.stored, "{report:?}");
        let stored = rig.revisions(1, 2061, true).len() as i64;
        assert!(sent > report.frames as i64, "frames came after the adoption too");
        assert_eq!((stored, kept(&rig, "NEWCOMER")), (sent, 0), "of {sent} acknowledged; {report:?}");
        assert_eq!(count(&rig, "SELECT SUM(count) FROM frame_batch WHERE division = $1", &[]), sent, "each frame once");
        assert_eq!(rig.collect.status().quarantined, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ciphertext_of_an_unknown_device_waits_for_its_key() {
    let key = *b"0123456789abcdef";
    let rig = Rig::start(vec![]).await;
    let mut station = rig.connect().await;
    for (hour, form) in [(8, WireForm::Binary), (9, WireForm::Printed)] {
        let segment = format!(
            "QN=2026112409000000{hour};ST=22;CN=2061;PW=123456;MN=SECRETIVE;Flag=9;CP=&&DataTime=202611240{hour}0000;a34004-Avg=35.2,a34004-Flag=N&&"
        );
        station.send(hj212::encode::encrypted_frame(segment.as_bytes(), &key, form).unwrap()).await;
    }
    let answers = station.answers().await;
    assert_eq!(answers.len(), 2, "kept, so acknowledged: {answers:?}");
    assert_eq!(kept(&rig, "SECRETIVE"), 2);
    let first = rig.collect.adopt(&system(), "SECRETIVE", 22, 1, time::now()).await.unwrap();
    assert_eq!((first.frames, first.stored, first.refused), (2, 0, 2), "adopted, but nothing opens them yet");
    assert_eq!((kept(&rig, "SECRETIVE"), rig.collect.status().quarantined), (2, 1), "so they stay");
    let known = Device { sm4_key: Some(key), ..Device::new("SECRETIVE", 22, 1, Timestamp(0)) };
    rig.collect.set_directory(Directory::new([known]));
    let second = rig.collect.adopt(&system(), "SECRETIVE", 22, 1, time::now()).await.unwrap();
    assert_eq!((second.frames, second.stored, second.refused), (2, 2, 0));
    assert_eq!((kept(&rig, "SECRETIVE"), rig.collect.status().quarantined), (0, 0));
    let observations = rig.observations(1, 2061);
    assert_eq!(observations.len(), 2);
    assert_eq!(rig.values(&observations[0]), ["a34004-Avg=35.2"]);
    assert_eq!(rig.frames().len(), 2, "no frame is stored twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_binding_refuses_stays_in_quarantine() {
    let rig = Rig::start(vec![]).await;
    let mut station = rig.connect().await;
    station.send(hour_packet("NEWCOMER", "20261124080000", "a34004-Avg=1")).await;
    // No time of the calendar: ordinary tolerance does not take it.
    station.send(hour_packet("NEWCOMER", "20261345000000", "a34004-Avg=2")).await;
    assert_eq!(station.answers().await.len(), 2);
    let report = rig.collect.adopt(&system(), "NEWCOMER", 22, 1, time::now()).await.unwrap();
    assert_eq!((report.frames, report.stored, report.refused), (2, 1, 1));
    assert_eq!((kept(&rig, "NEWCOMER"), rig.collect.status().quarantined), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mn_that_looks_like_our_name_for_a_serial_number_is_none() {
    let rig = Rig::start(vec![]).await;
    let mut station = rig.connect().await;
    station.send(hour_packet("serial:6970000000001ABC", "20261124080000", "a34004-Avg=1")).await;
    assert!(station.answers().await.is_empty());
    assert_eq!((rig.anomaly(0, "no_mn"), rig.frames().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_device_is_gone_and_its_frames_are_not() {
    let rig = Rig::start(vec![device("OTHER", 22, 1)]).await;
    let mut station = rig.connect().await;
    for hour in [8, 9] {
        station.send(hour_packet("UNWANTED", &format!("202611240{hour}0000"), "a34004-Avg=1")).await;
    }
    station
        .send(frame("QN=20261124090000000;ST=32;CN=2061;PW=1;MN=UNWANTED;Flag=5;CP=&&DataTime=20261124080000&&"))
        .await;
    assert_eq!(station.answers().await.len(), 3);
    let leader =
        Actor { id: kernel::Id(9), name: "x".into(), roles: vec![kernel::Role::Leader], body: Some("bureau".into()) };
    let denied = rig.collect.discard(&leader, "UNWANTED", 22, time::now()).await.unwrap_err();
    assert_eq!(denied.code, ErrorCode::NotAllowed);
    let report = rig.collect.discard(&system(), "UNWANTED", 22, time::now()).await.unwrap();
    assert_eq!(report.frames, 2);
    assert_eq!((kept(&rig, "UNWANTED"), rig.collect.status().quarantined), (1, 1), "another system code stays");
    assert_eq!(rig.frames().len(), 3, "the chain of raw frames is as it was");
    let again = rig.collect.discard(&system(), "UNWANTED", 22, time::now()).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
    let told = rig
        .store
        .read(|reader| {
            let sql = "SELECT COUNT(*) FROM event WHERE kind = 'collect.device_discarded' AND subject = 'UNWANTED'";
            reader.query_one(sql, &[])?.map_or(Ok(0), |row| row.integer(0))
        })
        .unwrap();
    assert_eq!(told, 1);
    station.send(hour_packet("UNWANTED", "20261124100000", "a34004-Avg=1")).await;
    assert_eq!(station.answers().await.len(), 1, "it is kept anew when it sends again");
    assert_eq!((kept(&rig, "UNWANTED"), rig.collect.status().quarantined), (2, 2));
}
