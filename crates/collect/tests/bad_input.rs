//! Bad input of every kind: a named count, nothing lost that was acknowledged, and the others go on.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use collect::{Device, Limits};
use common::{MN, Rig, device, frame, hour_packet};
use hj212::{Edition, Strictness};
use kernel::Timestamp;
use store::sqlite::SqliteOptions;

const GOOD: &str = "a34004-Avg=35.2,a34004-Flag=N";

async fn rig_with(change: impl FnOnce(&mut Device)) -> Rig {
    let mut station = device(MN, 22, 1);
    change(&mut station);
    Rig::start(vec![station]).await
}

/// Sends a frame: refused, counted under `name` at `point`, unanswered, nothing stored.
async fn check_refused(rig: &Rig, bytes: Vec<u8>, point: i64, name: &str) {
    let mut station = rig.connect().await;
    station.send(bytes).await;
    assert_eq!(station.answers().await, Vec::<String>::new());
    assert_eq!(rig.anomaly(point, name), 1, "{:?}", rig.anomalies());
    assert_eq!(rig.frames().len(), 0);
    check_alive(rig).await;
}

/// A good packet is still taken.
async fn check_alive(rig: &Rig) {
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert_eq!(station.answers().await.len(), 1);
}

fn runtime_limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_crc() {
    let mut bytes = hour_packet(MN, "20261124080000", GOOD);
    let digit = bytes.windows(4).position(|part| part == b"35.2").unwrap();
    bytes[digit] = b'9';
    check_refused(&rig_with(|_| {}).await, bytes, 1, "bad_crc").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_length() {
    let rig = rig_with(|station| station.strictness = Strictness::Strict).await;
    let mut bytes = hour_packet(MN, "20261124080000", GOOD);
    // Announces ten bytes less than there are; the end is still found.
    let declared: usize = std::str::from_utf8(&bytes[2..6]).unwrap().parse().unwrap();
    bytes[2..6].copy_from_slice(format!("{:04}", declared - 10).as_bytes());
    check_refused(&rig, bytes.clone(), 1, "wrong_length").await;
    let tolerant = rig_with(|_| {}).await;
    let mut station = tolerant.connect().await;
    station.send(bytes).await;
    assert_eq!(station.answers().await.len(), 1, "ordinary tolerance takes it");
    assert_eq!(tolerant.anomaly(1, "wrong_length"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password() {
    let rig = rig_with(|station| station.password = Some("654321".into())).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert!(station.answers().await.is_empty());
    assert_eq!(rig.anomaly(1, "wrong_password"), 1);
    assert_eq!((rig.frames().len(), rig.observations(1, 2061).len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn address_not_on_the_list() {
    let rig = rig_with(|station| station.addresses = vec!["192.0.2.7".parse().unwrap()]).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert!(station.answers().await.is_empty());
    assert_eq!(rig.anomaly(1, "address_not_allowed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_edition_than_registered() {
    let strict = rig_with(|station| {
        station.strictness = Strictness::Strict;
        station.edition = Some(Edition::V2025);
    })
    .await;
    let mut station = strict.connect().await;
    station.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert!(station.answers().await.is_empty());
    assert_eq!(strict.anomaly(1, "edition_differs"), 1);
    let tolerant = rig_with(|station| station.edition = Some(Edition::V2025)).await;
    check_alive(&tolerant).await;
    assert_eq!(tolerant.anomaly(1, "edition_differs"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_mn_is_quarantined_within_bounds() {
    let limits = runtime_limits(|limits| {
        limits.quarantined_devices = 2;
        limits.quarantined_frames = 3;
    });
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let mut station = rig.connect().await;
    for hour in 0..5 {
        station.send(hour_packet("NOBODY", &format!("202611240{hour}0000"), GOOD)).await;
    }
    assert_eq!(station.answers().await.len(), 3, "what is not kept is not acknowledged");
    assert_eq!(rig.frames().len(), 3);
    assert_eq!(rig.anomaly(0, "quarantine_full"), 2);
    for name in ["SECOND", "THIRD"] {
        station.send(hour_packet(name, "20261124080000", GOOD)).await;
    }
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.anomaly(0, "quarantine_devices_full"), 1);
    assert_eq!(rig.collect.status().refusals, [("quarantine_full", 2), ("quarantine_devices_full", 1)]);
    assert_eq!(rig.collect.status().quarantined, 2);
    check_alive(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_time() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20400101000000", GOOD)).await;
    station.send(hour_packet(MN, "20261345000000", GOOD)).await;
    let answers = station.answers().await;
    assert_eq!(answers.len(), 1, "the future is stored and answered; no time of the calendar is refused");
    assert_eq!(rig.anomaly(1, "future_data_time"), 1);
    assert_eq!(rig.anomaly(1, "impossible_data_time"), 1);
    assert_eq!(rig.observations(1, 2061).len(), 1);
    assert!(rig.store.latest(&[1]).is_empty(), "and does not stand as the newest for years");
    let dirty = rig.store.take_dirty(store::contract::PeriodLevel::Hour, Timestamp(i64::MAX / 2), 10).unwrap();
    assert!(dirty.is_empty(), "nor is it judged");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_long_ago_are_accepted_and_judged() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20180101000000", GOOD)).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.store.take_dirty(store::contract::PeriodLevel::Hour, kernel::time::now(), 10).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_factor() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", "x98765-Avg=1.50,x98765-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.anomaly(1, "unknown_factor"), 1);
    assert_eq!(rig.values(&rig.observations(1, 2061)[0]), ["x98765-Avg=1.50"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_factors_stay_in_the_raw_frame() {
    let limits = runtime_limits(|limits| limits.factors = 2);
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", "a1-Avg=1;a2-Avg=2;a3-Avg=3")).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!(rig.anomaly(1, "too_many_factors"), 1);
    assert_eq!(rig.values(&rig.observations(1, 2061)[0]), ["a1-Avg=1", "a2-Avg=2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_a_number_is_missing_and_not_zero() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    let area = "a34004-Avg=NaN,a34004-Flag=D;a34002-Avg=--;a21026-Avg=;a21004-Avg=1.2.3;p99101-Rtd=St";
    station.send(hour_packet(MN, "20261124080000", area)).await;
    assert_eq!(station.answers().await.len(), 1);
    assert!(rig.anomaly(1, "not_a_number") >= 1);
    assert_eq!(
        rig.values(&rig.observations(1, 2061)[0]),
        ["a21004-Avg=1.2.3", "a21026-Avg=", "a34002-Avg=", "a34004-Avg=", "p99101-Rtd=St"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_beyond_those_kept_are_rounded_by_name() {
    let area = "a34004-Avg=7.1000000000000005,a34004-Flag=N;a34002-Avg=0.30000000000000004;a21026-Avg=8.50";
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station.send(hour_packet(MN, "20261124080000", area)).await;
    assert_eq!(station.answers().await.len(), 1);
    assert_eq!((rig.anomaly(1, "rounded_number"), rig.anomaly(1, "not_a_number")), (1, 0));
    let observation = &rig.observations(1, 2061)[0];
    assert_eq!(
        rig.values(observation),
        ["a21026-Avg=8.50", "a34002-Avg=0.300000000000000", "a34004-Avg=7.100000000000000"]
    );
    assert!(observation.values.iter().all(|value| value.value.as_number().is_some()), "numbers, to be judged");
    let strict = rig_with(|station| station.strictness = Strictness::Strict).await;
    check_refused_strictly(&strict, hour_packet(MN, "20261124080000", area)).await;
}

async fn check_refused_strictly(rig: &Rig, bytes: Vec<u8>) {
    let mut station = rig.connect().await;
    station.send(bytes).await;
    assert!(station.answers().await.is_empty());
    assert_eq!(rig.anomaly(1, "rounded_number"), 1);
    assert!(rig.observations(1, 2061).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_without_mn_belongs_to_nobody() {
    // A binding without MN, as a ledger in which the field was forgotten would give it.
    let rig = Rig::start(vec![device("", 22, 2), device(MN, 22, 1)]).await;
    let mut station = rig.connect().await;
    for mn in ["", " "] {
        station.send(hour_packet(mn, "20261124080000", GOOD)).await;
    }
    assert_eq!(station.answers().await, Vec::<String>::new());
    assert_eq!(rig.anomaly(0, "no_mn"), 2, "{:?}", rig.anomalies());
    assert!(rig.observations(2, 2061).is_empty());
    assert_eq!((rig.frames().len(), rig.collect.status().quarantined), (0, 0));
    check_alive(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binding_of_the_system_code_says_how_a_device_is_treated() {
    let with = |system, point, password: &str| Device { password: Some(password.into()), ..device(MN, system, point) };
    let ended = Device { until: Some(Timestamp(1)), ..with(31, 3, "000000") };
    let rig = Rig::start(vec![with(22, 1, "123456"), ended, with(31, 2, "654321")]).await;
    let packet = |system: u16, password: &str| {
        frame(&format!(
            "QN=20261124090000000;ST={system};CN=2061;PW={password};MN={MN};Flag=5;CP=&&DataTime=20261124080000;{GOOD}&&"
        ))
    };
    let mut station = rig.connect().await;
    for (system, password) in [(22, "123456"), (31, "654321"), (22, "654321"), (31, "123456"), (31, "000000")] {
        station.send(packet(system, password)).await;
    }
    assert_eq!(station.answers().await.len(), 2);
    assert_eq!((rig.observations(1, 2061).len(), rig.observations(2, 2061).len()), (1, 1));
    assert_eq!((rig.anomaly(1, "wrong_password"), rig.anomaly(2, "wrong_password")), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_a_period_is_stored_under_no_other_period() {
    // DataTime as sent; the hour it is stored under, or nothing.
    let check = async |data_time: &str, expect: Option<&str>| {
        let rig = rig_with(|station| station.strictness = Strictness::Lenient).await;
        let mut station = rig.connect().await;
        let packet = frame(&format!("ST=22;CN=2061;PW=123456;MN={MN};Flag=5;CP=&&{data_time}{GOOD}&&"));
        // Without QN every repetition looks new.
        for _ in 0..2 {
            station.send(packet.clone()).await;
        }
        assert_eq!(station.answers().await.len(), 2, "{data_time}: taken, so that it is not sent for ever");
        let stored: Vec<String> =
            rig.observations(1, 2061).iter().map(|packet| packet.key.data_time.to_iso()).collect();
        let expect: Vec<String> = expect.map(str::to_owned).into_iter().collect();
        assert_eq!(stored, expect, "{data_time}");
        let unknown = if expect.is_empty() { 2 } else { 0 };
        assert_eq!(rig.anomaly(1, "period_unknown"), unknown, "{data_time}");
        assert!(!rig.frames().is_empty(), "the raw frame is kept");
    };
    check("DataTime=20261124080000;", Some("2026-11-24T08:00:00+08:00")).await;
    check("DataTime=2026112408;", Some("2026-11-24T08:00:00+08:00")).await;
    check("DataTime=202611240800;", Some("2026-11-24T08:00:00+08:00")).await;
    // A date does not say which of its hours.
    check("DataTime=20261124;", None).await;
    check("DataTime=2026-11-24 08;", None).await;
    check("DataTime=20261124250000;", None).await;
    check("", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_command_of_an_unknown_device_is_neither_kept_nor_answered() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station
        .send(frame("QN=20261124090000000;ST=22;CN=1012;PW=1;MN=STRANGER;Flag=5;CP=&&SystemTime=20261124090000&&"))
        .await;
    assert!(station.answers().await.is_empty());
    assert_eq!((rig.anomaly(0, "command_from_device"), rig.frames().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_without_a_frame_closes_the_connection() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    let mut flood = b"##9999".to_vec();
    flood.resize(1 << 20, b'x');
    // The platform may close while this is being written.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut station.stream, &flood).await;
    assert_eq!(station.answer_within(Duration::from_secs(5)).await, Ok(None), "closed");
    rig.until("counted", |rig| rig.anomaly(0, "too_much_garbage") == 1).await;
    check_alive(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_between_frames_is_passed_over() {
    let rig = rig_with(|_| {}).await;
    let mut station = rig.connect().await;
    station.send(b"GET / HTTP/1.1\r\n\r\n##12##xx\xff\xfe##".to_vec()).await;
    station.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert_eq!(station.answers().await.len(), 1);
    assert!(rig.anomaly(0, "garbage") >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_is_cut_off_and_a_slow_frame_is_not() {
    let limits = runtime_limits(|limits| limits.frame = Duration::from_millis(400));
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let bytes = hour_packet(MN, "20261124080000", GOOD);
    let mut steady = rig.connect().await;
    for part in bytes.chunks(bytes.len() / 5) {
        steady.send(part).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(steady.answers().await.len(), 1);
    let mut slow = rig.connect().await;
    slow.send(&bytes[..50]).await;
    assert_eq!(slow.answer_within(Duration::from_secs(3)).await, Ok(None), "closed");
    rig.until("counted", |rig| rig.anomalies().iter().any(|name| name.ends_with(":frame_timeout"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_closed() {
    let limits = runtime_limits(|limits| {
        limits.idle = Duration::from_millis(300);
        limits.idle_before_first_frame = Duration::from_millis(150);
    });
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let mut silent = rig.connect().await;
    assert_eq!(silent.answer_within(Duration::from_secs(3)).await, Ok(None));
    let mut spoke = rig.connect().await;
    spoke.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert!(spoke.answer().await.unwrap().contains("CN=9014"));
    assert_eq!(spoke.answer_within(Duration::from_secs(3)).await, Ok(None));
    rig.until("counted", |rig| rig.anomaly(1, "idle_timeout") == 1 && rig.anomaly(0, "idle_timeout") == 1).await;
    rig.until("gone", |rig| rig.collect.status().connections == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_is_closed_and_does_not_stop_the_others() {
    let limits = runtime_limits(|limits| limits.write = Duration::from_millis(300));
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let mut deaf = rig.connect().await;
    socket2::SockRef::from(&deaf.stream).set_recv_buffer_size(2048).unwrap();
    // Heartbeats cost nothing to store, and each wants an answer that nobody reads.
    let heartbeats =
        frame(&format!("QN=20261124080000001;ST=91;CN=9015;PW=123456;MN={MN};Flag=9;CP=&&&&")).repeat(2000);
    let flood = async {
        for _ in 0..200 {
            if tokio::io::AsyncWriteExt::write_all(&mut deaf.stream, &heartbeats).await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(20), flood).await;
    rig.until("closed", |rig| rig.anomalies().iter().any(|name| name.ends_with(":not_reading"))).await;
    check_alive(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_of_one_address() {
    let limits = runtime_limits(|limits| {
        limits.loopback_exempt = false;
        limits.connections_per_address = 2;
    });
    let rig = Rig::with(vec![device(MN, 22, 1)], limits, SqliteOptions::default()).await;
    let (mut first, _second) = (rig.connect().await, rig.connect().await);
    rig.until("both in", |rig| rig.collect.status().connections == 2).await;
    let mut third = rig.connect().await;
    assert_eq!(third.answer_within(Duration::from_secs(3)).await, Ok(None), "closed at once");
    first.send(hour_packet(MN, "20261124080000", GOOD)).await;
    assert_eq!(first.answers().await.len(), 1, "those that are in go on");
    rig.until("counted", |rig| rig.anomaly(0, "too_many_from_address") == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_says_so_and_recovers_by_itself() {
    let options = SqliteOptions { max_pages: Some(120), ..SqliteOptions::default() };
    let rig = Rig::with(vec![device(MN, 22, 1)], Limits::default(), options).await;
    let mut station = rig.connect().await;
    let packet = |number: u64| {
        let at = kernel::Timestamp::parse("2024-01-01T00:00:00").unwrap().plus(number as i64 * 3_600_000);
        let noise: String =
            (0..24).map(|place| format!(";a{:05}-Avg={}", 10_000 + place, number * 7919 % 99_991 + place)).collect();
        hour_packet(MN, &collect::wire::data_time(at), &noise[1..])
    };
    let mut acknowledged = 0;
    let refused = loop {
        station.send(packet(acknowledged)).await;
        match station.answer_within(Duration::from_millis(1500)).await {
            Ok(answer) => assert!(answer.unwrap().contains("CN=9014")),
            Err(()) => break acknowledged,
        }
        acknowledged += 1;
        assert!(acknowledged < 5000, "the disk never filled");
    };
    let trouble = rig.collect.status().trouble.expect("the overview says so").0;
    assert!(trouble.zh.contains("存储空间已满"), "{}", trouble.zh);
    assert_eq!(rig.observations(1, 2061).len() as u64, acknowledged, "what was acknowledged is there");
    // Unknown devices, until one of them finds no room either.
    let mut strangers = 0;
    loop {
        let noise: String = (0..150)
            .map(|place| format!("a{:05}-Avg={};", 10_000 + place, (strangers + 3) * 7919 * place % 99_991))
            .collect();
        station.send(hour_packet(&format!("NOBODY{strangers}"), "20261124080000", &noise)).await;
        if station.answer_within(Duration::from_millis(1500)).await.is_err() {
            break;
        }
        strangers += 1;
        assert!(strangers < 500, "the disk never filled");
    }
    assert_eq!(rig.collect.status().quarantined, strangers, "what is not kept takes no place in quarantine");
    assert!(rig.collect.status().refusals.iter().any(|&(name, count)| name == "not_stored" && count >= 2));
    // Room again: what an operator would do by deleting or enlarging.
    rig.store.write(|transaction| transaction.execute("PRAGMA max_page_count = 100000", &[]).or(Ok(0))).unwrap();
    rig.until("recovered", |rig| rig.collect.status().trouble.is_none()).await;
    station.send(packet(refused)).await;
    assert!(station.answer().await.unwrap().contains("CN=9014"), "the resent packet is taken");
}
