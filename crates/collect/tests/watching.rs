//! What runs by itself: silence is told once a spell, missing hours are asked for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use collect::watch::Asked;
use collect::{Device, ExpectedIntervals, Presence};
use common::{DIVISION, MN, Rig, Station, device, frame, hour_packet};
use kernel::{Timestamp, time::HOUR_MILLIS};
use store::event_log;

fn told(rig: &Rig) -> Vec<(String, String)> {
    rig.store
        .read(|reader| event_log::after(reader, DIVISION, 0, 10_000))
        .unwrap()
        .into_iter()
        .filter(|event| event.kind == "collect.offline" || event.kind == "collect.online")
        .map(|event| (event.kind, event.payload["point"].as_str().unwrap().to_owned()))
        .collect()
}

async fn speak(station: &mut Station, at: Timestamp) {
    station.send(hour_packet(MN, &collect::wire::data_time(at), "a34004-Avg=1,a34004-Flag=N")).await;
    assert_eq!(station.answers().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_told_once_a_spell() {
    let intervals = ExpectedIntervals { minute: Some(300), ..ExpectedIntervals::default() };
    let rig = Rig::start(vec![Device { intervals, ..device(MN, 22, 1) }]).await;
    let now = kernel::time::now();
    let mut memory = None;
    rig.collect.watch_presence(&mut memory, now);
    assert_eq!(told(&rig), [], "a point that was never heard is not silent");
    let mut station = rig.connect().await;
    speak(&mut station, now.plus(-HOUR_MILLIS)).await;
    rig.collect.watch_presence(&mut memory, now);
    assert_eq!(told(&rig), [], "the first packet is no return");
    let later = |seconds: i64| now.plus(seconds * 1000);
    assert_eq!(rig.collect.presence(1, later(700)), Presence::Stale);
    rig.collect.watch_presence(&mut memory, later(700));
    assert_eq!(told(&rig).len(), 0);
    rig.collect.watch_presence(&mut memory, later(1900));
    rig.collect.watch_presence(&mut memory, later(2000));
    // A start in the middle of a spell tells nothing new.
    let mut after_restart = None;
    rig.collect.watch_presence(&mut after_restart, later(2100));
    let offline = ("collect.offline".to_owned(), "1".to_owned());
    assert_eq!(told(&rig), std::slice::from_ref(&offline));
    speak(&mut station, now).await;
    rig.collect.watch_presence(&mut after_restart, kernel::time::now());
    assert_eq!(told(&rig), [offline, ("collect.online".to_owned(), "1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_hours_are_asked_for_newest_first_and_not_again_at_once() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let now = kernel::time::now();
    let this_hour = now.plus(-20 * 60_000).hour().start();
    let hour = |back: i64| this_hour.plus(-back * HOUR_MILLIS);
    let mut station = rig.connect().await;
    for back in [9, 8, 5, 4] {
        speak(&mut station, hour(back)).await;
    }
    let mut asked = Asked::new();
    rig.collect.ask_for_gaps(&mut asked, now);
    rig.collect.ask_for_gaps(&mut asked, now);
    let request = station.answer().await.unwrap();
    let expect = format!(
        "CN=2061;PW=123456;MN={MN};Flag=5;CP=&&BeginTime={};EndTime={}&&",
        collect::wire::data_time(hour(3)),
        collect::wire::data_time(now.plus(-15 * 60_000).hour().start().plus(-HOUR_MILLIS)),
    );
    assert!(request.contains(&expect), "{request}\n{expect}");
    let qn = request.split_once("QN=").unwrap().1.split_once(';').unwrap().0.to_owned();
    station.send(frame(&format!("QN={qn};ST=91;CN=9011;PW=123456;MN={MN};Flag=4;CP=&&QnRtn=1&&"))).await;
    station.send(frame(&format!("QN={qn};ST=91;CN=9012;PW=123456;MN={MN};Flag=4;CP=&&ExeRtn=100&&"))).await;
    station.answers().await;
    // Over, without data: the older gap is next; the newer one waits an hour.
    for _ in 0..3 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        rig.collect.ask_for_gaps(&mut asked, now);
    }
    let request = station.answer().await.unwrap();
    assert!(
        request.contains(&format!(
            "BeginTime={};EndTime={}&&",
            collect::wire::data_time(hour(7)),
            collect::wire::data_time(hour(6))
        )),
        "{request}"
    );
}
