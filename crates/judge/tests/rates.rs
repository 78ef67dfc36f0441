//! Rates: over how long, of which hours, and what a mark of a condition leaves valid.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, point, time};
use judge::stop::NewStop;
use kernel::{Actor, ErrorCode, Id, Point, PointKind, Role, Timestamp};
use store::contract::PeriodLevel;
use store::packed::Mark;

const COUNTY: i32 = 500_242;

fn at(hours: i64) -> Timestamp {
    time("2026-06-01T00:00:00").plus(hours * 3_600_000)
}

fn of(kind: PointKind, factors: &[&str]) -> Point {
    Point { factors: factors.iter().map(|factor| (*factor).to_owned()).collect(), ..point(1, kind) }
}

#[test]
fn more_than_four_hundred_days_are_refused_and_not_cut() {
    let own = of(PointKind::WastewaterOutlet, &["w01018"]);
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let (long, now) = (at(-401 * 24), at(0));
    assert_eq!(bed.judge.rates(&own, long, now, now).unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(bed.judge.suspicions(&own, long.day(), now.day()).unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(bed.judge.verdicts(1, PeriodLevel::Hour, long, now).unwrap_err().code, ErrorCode::TooLarge);
    assert!(bed.judge.verdicts(1, PeriodLevel::Day, long, now).is_ok());
    assert_eq!(bed.judge.rates(&own, at(-400 * 24), now, now).unwrap().counts.hours_due, 9600);
    // What has not come yet makes no period too long.
    assert_eq!(bed.judge.rates(&own, at(-24), at(500 * 24), now).unwrap().counts.hours_due, 24);
}

/// A reviewer's mark: whatever the rules of time say.
fn marked(bed: &Bed, from: i64, until: i64) {
    let engineer = Actor { id: Id(9), name: "李工".into(), roles: vec![Role::MonitoringEngineer], body: None };
    let mark = NewStop {
        point: 1,
        kind: "condition".into(),
        condition: Some("ceramic_brick_start".into()),
        from: at(from),
        until: at(until),
        reason: "点火".into(),
    };
    bed.judge.declare_stop(&engineer, &mark, at(30)).unwrap();
    bed.judge.judge_due(at(31)).unwrap();
}

#[test]
fn a_mark_of_the_condition_makes_no_broken_value_valid() {
    let own = of(PointKind::WasteGasOutlet, &["a21002"]);
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let packets: Vec<Packet> = (0..24)
        .map(|of_day| {
            let value = if of_day == 4 { "-9" } else { "60" };
            let mut packet = hour(1, at(of_day), &[("a21002", value)]);
            if of_day == 3 {
                packet.values[0].3 = Mark(b'D');
            }
            packet
        })
        .collect();
    bed.commit(&packets, at(24));
    bed.judge.judge_due(at(25)).unwrap();
    let check = |expect: [u32; 3]| {
        let counts = bed.judge.rates(&own, at(0), at(24), at(31)).unwrap().counts;
        assert_eq!([counts.received, counts.valid, counts.hours_valid], expect);
    };
    check([24, 22, 22]);
    // Hours three and four stay what the device and the number say; what is marked is as valid as it was.
    marked(&bed, 2, 6);
    check([24, 22, 22]);
    marked(&bed, 8, 24);
    check([24, 22, 22]);
}

#[test]
fn marked_minutes_count_for_the_hour_that_they_would_have_made() {
    let own = of(PointKind::WasteGasOutlet, &["a21002"]);
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let minutes = |of_day: i64, broken: i64| {
        (0..6).map(move |ten| {
            let mut packet = Packet { kind: 2051, ..hour(1, at(of_day).plus(ten * 600_000), &[("a21002", "60")]) };
            if ten < broken {
                packet.values[0].3 = Mark(b'D');
            }
            packet
        })
    };
    let packets: Vec<Packet> = minutes(0, 0).chain(minutes(1, 0)).chain(minutes(2, 3)).collect();
    bed.commit(&packets, at(24));
    bed.judge.judge_due(at(25)).unwrap();
    let valid = || bed.judge.rates(&own, at(0), at(3), at(31)).unwrap().counts.valid;
    assert_eq!(valid(), 2);
    marked(&bed, 0, 3);
    assert_eq!(valid(), 2, "half of the third hour is broken, marked or not");
}

#[test]
fn every_fourth_hour_is_known_from_thirty_days_and_not_from_what_was_asked() {
    let section = of(PointKind::WaterSection, &["w01009"]);
    let check = |sent: &dyn Fn(i64) -> bool, expect: u32| {
        let bed = Bed::new(COUNTY, vec![section.clone()]);
        let packets: Vec<Packet> =
            (0..10 * 24).filter(|hour| sent(*hour)).map(|number| hour(1, at(number), &[("w01009", "8")])).collect();
        bed.commit(&packets, at(240));
        bed.judge.judge_due(at(240)).unwrap();
        assert_eq!(bed.judge.rates(&section, at(9 * 24), at(240), at(240)).unwrap().counts.due, expect);
    };
    check(&|hour| hour % 4 == 0, 6);
    check(&|_| true, 24);
    // An hourly station of which one value came, and a station of every fourth hour that was silent.
    check(&|hour| hour < 9 * 24 || hour == 9 * 24 + 4, 24);
    check(&|hour| hour < 9 * 24 && hour % 4 == 0, 6);
}

#[test]
fn a_well_without_a_device_owes_nothing() {
    let own = of(PointKind::GroundwaterWell, &["w01009"]);
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let bound = at(12);
    let rates = |bed: &Bed| bed.judge.rates(&own, at(0), at(24), at(24)).unwrap();
    assert_eq!(rates(&bed).counts.due, 24, "nobody says when devices were bound");
    bed.judge.set_devices(move |point| if point == 2 { vec![(bound, None)] } else { Vec::new() });
    assert_eq!((rates(&bed).counts.due, rates(&bed).networked), (0, false));
    let other = Point { id: 2, ..own.clone() };
    assert_eq!(bed.judge.rates(&other, at(0), at(24), at(24)).unwrap().counts.due, 12);
}
