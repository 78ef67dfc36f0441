//! Simulated stations against a platform that is not there, and one that is (on the loopback).

use std::sync::Arc;

use hj212::encode::{Answer, Draft, answer};
use hj212::{Content, Edition, Framer, Packet, Unit};

use super::plan::{Incident, IncidentKind, StationPlan, station_types};
use super::station::Station;
use super::values::{self, Period};

const HOUR: i64 = 3_600_000;
/// 2026-11-20T10:00:00+08:00
const NOON: i64 = 1_795_140_000_000;

fn plan(kind: &str, edition: Edition) -> StationPlan {
    let kind = station_types().into_iter().find(|known| known.id == kind).unwrap();
    StationPlan { disturbed: false, ..kind.station(1, edition) }
}

/// `CN DataTime RF` of a frame.
fn short(bytes: &[u8]) -> String {
    let frame = hj212::frame::single(bytes).unwrap();
    assert_eq!(frame.crc.kind, hj212::CrcKind::Hj212);
    let packet = Packet::parse(frame.segment).unwrap();
    let content = Content::of(&packet);
    let rf = if packet.is_catch_up() { " RF" } else { "" };
    let code = content.param("QnRtn").or(content.param("ExeRtn")).map(|code| format!(" ={code}")).unwrap_or_default();
    format!("{}{}{rf}{code}", packet.cn, content.data_time.map(|time| format!(" {time}")).unwrap_or_default())
}

fn acknowledge(station: &mut Station, frames: &[Vec<u8>], now: i64) {
    for bytes in frames {
        let frame = hj212::frame::single(bytes).unwrap();
        let packet = Packet::parse(frame.segment).unwrap();
        let kind = if packet.cn == "9015" { Answer::Notify } else { Answer::Data };
        let reply = answer(&packet, kind);
        assert!(station.receive(hj212::frame::single(&reply).unwrap().segment, now).is_empty());
    }
}

#[test]
fn built_in_kinds_are_read_and_their_codes_known() {
    let kinds = station_types();
    assert_eq!(kinds.len(), 8);
    for factor in kinds.iter().flat_map(|kind| &kind.factors) {
        assert!(hj212::factor::find(&factor.code).is_some(), "{}", factor.code);
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_another_others() {
    let plan = plan("waste-water", Edition::V2017);
    let area = |seed| values::area(seed, &plan, Period::Hour, NOON).unwrap();
    assert_eq!(area(1), area(1));
    assert_ne!(area(1), area(2));
    assert!(area(1).starts_with("DataTime=20261120100000;w00000-Cou="), "{}", area(1));
}

#[test]
fn numbers_stay_where_the_plan_puts_them() {
    for kind in station_types() {
        let plan = plan(&kind.id, Edition::V2017);
        for factor in &plan.factors {
            let found: Vec<f64> =
                (0..2000).map(|hour| values::sample(7, &plan, factor, NOON + hour * HOUR).value).collect();
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            assert!((mean - factor.base).abs() <= factor.noise.max(factor.swing.abs() * 0.3), "{} {mean}", factor.code);
            assert!(found.iter().all(|&value| value >= factor.least), "{}", factor.code);
        }
    }
}

#[test]
fn what_happens_to_a_station_shows_in_its_data() {
    let calm = plan("waste-water", Edition::V2017);
    let with = |kind: IncidentKind| StationPlan {
        incidents: vec![Incident { kind, from: NOON, until: NOON + HOUR }],
        ..calm.clone()
    };
    let average = |plan: &StationPlan| {
        let area = values::area(7, plan, Period::Hour, NOON)?;
        let start = area.find("w01018-Avg=")? + 11;
        area[start..].split(',').next()?.parse::<f64>().ok()
    };
    let factor = "w01018".to_owned();
    let exceeding = with(IncidentKind::Exceedance { factor: factor.clone(), times: 4.0 });
    let (before, after) = (average(&calm).unwrap(), average(&exceeding).unwrap());
    assert!((after / before - 4.0).abs() < 0.1, "{before} {after}");
    let faulty = values::area(7, &with(IncidentKind::Fault { factor }), Period::Hour, NOON).unwrap();
    assert!(faulty.contains("w01018-Flag=D") && faulty.contains("w21003-Flag=N"), "{faulty}");
    assert_eq!(values::area(7, &with(IncidentKind::Gap), Period::Hour, NOON), None);
    assert!(values::area(7, &with(IncidentKind::Gap), Period::Hour, NOON + HOUR).is_some());
}

#[test]
fn the_demonstration_has_one_of_each() {
    let mut stations: Vec<StationPlan> = station_types().iter().map(|kind| kind.station(1, Edition::V2017)).collect();
    super::script_demonstration(&mut stations, NOON);
    let of = |test: fn(&IncidentKind) -> bool| -> Vec<&str> {
        stations
            .iter()
            .filter(|plan| plan.incidents.iter().any(|incident| test(&incident.kind)))
            .map(|plan| plan.st.as_str())
            .collect()
    };
    assert_eq!(of(|kind| matches!(kind, IncidentKind::Exceedance { .. })), ["32"]);
    assert_eq!(of(|kind| *kind == IncidentKind::Outage), ["44"]);
    assert_eq!(of(|kind| matches!(kind, IncidentKind::Fault { .. })).len(), 1);
    assert_eq!(of(|kind| *kind == IncidentKind::Gap).len(), 1);
    super::script_demonstration(&mut [], NOON);
}

#[test]
fn periods_are_sent_when_they_are_over() {
    let mut station = Station::new(Arc::new(plan("air", Edition::V2017)), 7, NOON + 30_000, 0);
    let first = station.turn(NOON + 30_000, true).send;
    assert_eq!(first.iter().map(|bytes| short(bytes)).collect::<Vec<_>>(), ["2011 20261120100000"]);
    acknowledge(&mut station, &first, NOON + 30_000);
    let mut later = Vec::new();
    for minute in 1..=60 {
        let now = NOON + minute * 60_000;
        let sent = station.turn(now, true).send;
        acknowledge(&mut station, &sent, now);
        later.extend(sent.iter().map(|bytes| short(bytes)));
    }
    let count = |cn: &str| later.iter().filter(|text| text.starts_with(cn)).count();
    assert_eq!((count("2011"), count("2051"), count("2061"), count("2031")), (60, 6, 1, 0));
    assert!(later.contains(&"2061 20261120100000".to_owned()), "{later:?}");
    assert_eq!(station.kept(), 0);
}

#[test]
fn without_an_answer_it_is_sent_again_and_then_given_up() {
    let mut station = Station::new(Arc::new(plan("noise", Edition::V2017)), 7, NOON, 0);
    let first = station.turn(NOON, true).send;
    let again = station.turn(NOON + 10_000, true).send;
    assert_eq!(first, again, "the same bytes, the same QN");
    station.turn(NOON + 20_000, true);
    assert!(station.turn(NOON + 30_000, true).reconnect);
}

#[test]
fn after_an_outage_it_catches_up_with_its_mark() {
    let mut station = Station::new(Arc::new(plan("air", Edition::V2025)), 7, NOON, 0);
    let first = station.turn(NOON, true).send;
    assert_eq!(first.len(), 1);
    // Not answered: it comes again with RF=1, and so does what was measured meanwhile.
    station.disconnected();
    station.turn(NOON + 5 * 60_000, false);
    let turn = station.turn(NOON + 5 * 60_000 + 1000, true);
    let mut late: Vec<String> = turn.send.iter().map(|bytes| short(bytes)).collect();
    assert_eq!(late.pop().as_deref(), Some("9015"), "silent for five minutes");
    assert_eq!(late.len(), 6, "{late:?}");
    assert!(late.iter().all(|text| text.ends_with(" RF")), "{late:?}");
    assert_eq!(late[0], "2011 20261120100000 RF");
}

#[test]
fn the_days_before_the_start_come_first_and_once() {
    let mut station = Station::new(
        Arc::new(StationPlan { realtime_seconds: None, minute_minutes: None, ..plan("waste-gas", Edition::V2017) }),
        7,
        NOON,
        2,
    );
    let mut sent = Vec::new();
    loop {
        let turn = station.turn(NOON, true);
        if turn.send.is_empty() {
            break;
        }
        assert!(turn.send.len() <= 64);
        acknowledge(&mut station, &turn.send, NOON);
        sent.extend(turn.send.iter().map(|bytes| short(bytes)));
    }
    let count = |cn: &str| sent.iter().filter(|text| text.starts_with(cn)).count();
    // Two whole days and the ten hours of today; two days.
    assert_eq!(
        sent.iter().filter(|text| text.starts_with("2061")).collect::<std::collections::BTreeSet<_>>().len(),
        58
    );
    assert!(count("2031") >= 2, "{sent:?}");
}

/// A request and the short forms of what comes back.
fn check_command(station: &mut Station, cn: &str, cp: &str, expect: &[&str]) -> Vec<Vec<u8>> {
    let (st, mn) = (station.plan().st.clone(), station.plan().mn.clone());
    let mut draft = Draft::new(Edition::V2017, "20261120100000123", &st, cn, "123456", &mn, cp.to_owned());
    draft.answer = true;
    let out = station.receive(&draft.segment().unwrap(), NOON + HOUR);
    assert_eq!(out.iter().map(|bytes| short(bytes)).collect::<Vec<_>>(), expect, "{cn} {cp}");
    out
}

#[test]
fn commands_of_the_platform_are_answered() {
    let mut station = Station::new(Arc::new(plan("waste-water", Edition::V2017)), 7, NOON, 0);
    check_command(&mut station, "1012", "SystemTime=20261120110500", &["9011 =1", "9012 =1"]);
    let clock = check_command(&mut station, "1011", "", &["9011 =1", "1011", "9012 =1"]);
    assert!(String::from_utf8_lossy(&clock[1]).contains("SystemTime=20261120110500"));
    check_command(&mut station, "1062", "RtdInterval=30", &["9011 =1", "9012 =1"]);
    check_command(&mut station, "1062", "RtdInterval=5", &["9011 =1", "9012 =3"]);
    let interval = check_command(&mut station, "1061", "", &["9011 =1", "1061", "9012 =1"]);
    assert!(String::from_utf8_lossy(&interval[1]).contains("RtdInterval=30"));
    check_command(&mut station, "3011", "PolId=w01018", &["9011 =1", "9012 =1"]);
    check_command(&mut station, "3024", "PolId=w01018", &["9011 =1", "2062 20261120110000", "9012 =1"]);
    check_command(&mut station, "2012", "", &["9013"]);
    check_command(&mut station, "4711", "", &["9011 =8"]);
    check_command(
        &mut station,
        "2061",
        "BeginTime=20261120070000;EndTime=20261120090000",
        &["9011 =1", "2061 20261120070000", "2061 20261120080000", "2061 20261120090000", "9012 =1"],
    );
    check_command(&mut station, "2061", "BeginTime=20301120070000;EndTime=20301120090000", &["9011 =1", "9012 =100"]);
    check_command(&mut station, "1072", "NewPW=654321", &["9011 =1", "9012 =1"]);
    check_command(&mut station, "1011", "", &["9011 =3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let stations = vec![StationPlan { realtime_seconds: Some(1), ..plan("noise", Edition::V2025) }];
    let task = super::spawn(super::Simulation { stations, address, seed: 7, backfill_days: 1 }, stopped);
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut framer = Framer::new();
    let mut buffer = vec![0; 4096];
    let (mut hours, mut realtime, mut answered) = (0, 0, false);
    let mut asked = false;
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while tokio::time::Instant::now() < until && !(hours >= 24 && realtime >= 2 && answered) {
        let read = tokio::time::timeout_at(until, stream.read(&mut buffer)).await;
        let Ok(Ok(count)) = read else { break };
        framer.push(&buffer[..count]);
        let mut out = Vec::new();
        while let Some(Unit::Frame(frame)) = framer.next() {
            let packet = Packet::parse(frame.segment).unwrap();
            match packet.cn {
                "2061" => hours += usize::from(packet.is_catch_up()),
                "2011" => realtime += 1,
                "9012" => answered = true,
                _ => {}
            }
            if packet.needs_answer() {
                out.extend(answer(&packet, Answer::Data));
            }
            if !asked {
                asked = true;
                let mut draft = Draft::new(
                    Edition::V2025,
                    "20261120100000123",
                    "23",
                    "3012",
                    "123456",
                    packet.mn,
                    "PolId=Leq".into(),
                );
                draft.answer = true;
                out.extend(draft.frame().unwrap());
            }
        }
        stream.write_all(&out).await.unwrap();
    }
    assert!(hours >= 24 && realtime >= 2 && answered, "{hours} {realtime} {answered}");
    stop.send(true).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), task).await.unwrap().unwrap();
}
