//! What an enterprise may set aside by its own word: condition marks where they fit and in their time, one at a time,
//! and not without an end.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, hour, limit, point, time};
use judge::review::{Stop, StopState};
use judge::stop::NewStop;
use kernel::{Actor, Day, EmissionBasis, ErrorCode, Id, LimitPeriod, Point, PointKind, Problem, Role, Timestamp};

const COUNTY: i32 = 500_242;
const MARKS: &str = "公告 2022 年第 21 号/";

fn plant() -> Actor {
    Actor { id: Id(9), name: "厂".into(), roles: vec![Role::Enterprise], body: Some("plant".into()) }
}

fn at(hours: i64) -> Timestamp {
    time("2026-06-01T00:00:00").plus(hours * 3_600_000)
}

/// A kiln of bricks: its standard says what it is.
fn kiln(id: i64) -> Point {
    Point {
        owner: Some("plant".into()),
        standard: Some("GB 29620-2013".into()),
        ..point(id, PointKind::WasteGasOutlet)
    }
}

fn mark(condition: &str, from: i64, until: i64) -> NewStop {
    NewStop {
        point: 1,
        kind: "condition".into(),
        condition: Some(condition.into()),
        from: at(from),
        until: at(until),
        reason: "点火".into(),
    }
}

fn start(from: i64, until: i64) -> NewStop {
    mark("ceramic_brick_start", from, until)
}

fn bed(points: Vec<Point>) -> Bed {
    let bed = Bed::new(COUNTY, points);
    bed.confirm_all(MARKS, at(0));
    bed
}

fn state(stop: Result<Stop, Problem>) -> StopState {
    stop.unwrap().state()
}

#[test]
fn marks_declared_backwards_in_time_do_not_chain() {
    let bed = bed(vec![kiln(1)]);
    let declare = |until: i64| state(bed.judge.declare_stop(&plant(), &start(until - 4, until), at(32)));
    let found: Vec<StopState> = (0..7).map(|number| declare(32 - 4 * number)).collect();
    assert_eq!(found[0], StopState::InForce);
    assert!(found[1..].iter().all(|state| *state == StopState::Waiting), "{found:?}");
}

#[test]
fn of_equal_marks_at_once_one_holds() {
    let bed = bed(vec![kiln(1)]);
    let states: Vec<StopState> = std::thread::scope(|scope| {
        let run = || state(bed.judge.declare_stop(&plant(), &start(2, 6), at(8)));
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(states.iter().filter(|state| **state == StopState::InForce).count(), 1, "{states:?}");
}

#[test]
fn a_mark_needs_a_stack_that_its_condition_fits() {
    for kind in [PointKind::AirStation, PointKind::WastewaterOutlet] {
        let bed = bed(vec![Point { kind, ..kiln(1) }]);
        let refused = bed.judge.declare_stop(&plant(), &start(2, 6), at(8)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput, "{kind:?}");
    }
    let named = |standard: Option<&str>| Point { standard: standard.map(str::to_owned), ..kiln(1) };
    let bound = |family: &str, conditions: &[&str]| {
        let basis = EmissionBasis {
            family: family.into(),
            table: "stack".into(),
            grade: "new".into(),
            conditions: conditions.iter().map(|condition| (*condition).to_owned()).collect(),
            valid_from: None,
            valid_until: None,
        };
        Point { emission: vec![basis], ..named(None) }
    };
    let check = |point: Point, condition: &str, expect: StopState| {
        let bed = bed(vec![point.clone()]);
        let found = state(bed.judge.declare_stop(&plant(), &mark(condition, 2, 3), at(8)));
        assert_eq!(found, expect, "{condition} of {:?} {:?}", point.standard, point.emission);
    };
    check(named(Some("GB 29620-2013")), "ceramic_brick_start", StopState::InForce);
    check(named(Some("GB 29620-2013")), "cement_kiln_hot_start", StopState::Waiting);
    check(named(Some("GB 296200-2013")), "ceramic_brick_start", StopState::Waiting);
    check(named(None), "ceramic_brick_start", StopState::Waiting);
    check(bound("GB 4915", &[]), "cement_kiln_hot_start", StopState::InForce);
    check(bound("GB 13271", &["coal"]), "coal_boiler_hot_start", StopState::InForce);
    check(bound("GB 13271", &["gas"]), "coal_boiler_hot_start", StopState::Waiting);
    check(named(Some("GB 13271-2014")), "coal_boiler_hot_start", StopState::Waiting);
    check(bound("GB 13271", &["coal"]), "power_unit_start", StopState::Waiting);
}

#[test]
fn a_mark_is_made_when_it_has_begun_and_not_again_and_again() {
    let bed = bed(vec![kiln(1)]);
    let declare = |from: i64, now: i64| state(bed.judge.declare_stop(&plant(), &start(from, from + 4), at(now)));
    assert_eq!(declare(9, 8), StopState::Waiting, "it has not begun");
    // Two starts within thirty days hold; what waits or was refused counts for no hours.
    assert_eq!(declare(3 * 24, 3 * 24 + 5), StopState::InForce);
    assert_eq!(declare(10 * 24, 10 * 24 + 1), StopState::InForce, "it is going on");
    assert_eq!(declare(20 * 24, 20 * 24 + 5), StopState::Waiting, "a third one");
    assert_eq!(declare(55 * 24, 55 * 24 + 5), StopState::InForce);
}

#[test]
fn a_window_that_nobody_confirmed_waits_for_a_reviewer() {
    let bed = Bed::new(COUNTY, vec![kiln(1)]);
    assert_eq!(state(bed.judge.declare_stop(&plant(), &start(2, 6), at(8))), StopState::Waiting);
    bed.confirm_all(MARKS, at(100));
    assert_eq!(state(bed.judge.declare_stop(&plant(), &start(98, 100), at(101))), StopState::InForce);
}

#[test]
fn undecided_declarations_are_bounded_though_they_ended() {
    let bed = bed(vec![kiln(1)]);
    let declare = |number: i64| {
        let stop = NewStop { kind: "stop".into(), condition: None, ..start(number, number + 1) };
        bed.judge.declare_stop(&plant(), &stop, at(200))
    };
    (0..50).for_each(|number| assert_eq!(state(declare(number)), StopState::Waiting));
    assert_eq!(declare(50).unwrap_err().code, ErrorCode::TooMany);
    // What was decided makes room.
    let engineer = Actor { roles: vec![Role::MonitoringEngineer], body: None, ..plant() };
    let known = declare_by(&bed, &engineer, 60);
    bed.judge.decide_stop(&engineer, known.id, false, "没有记录", at(201)).unwrap();
    assert_eq!(declare(51).unwrap_err().code, ErrorCode::TooMany);
    let first = bed.store.read(|reader| reader.query_one("SELECT MIN(id) FROM judge_stop", &[])).unwrap().unwrap();
    bed.judge.decide_stop(&engineer, first.integer(0).unwrap(), false, "没有记录", at(202)).unwrap();
    assert_eq!(state(declare(52)), StopState::Waiting);
}

fn declare_by(bed: &Bed, actor: &Actor, from: i64) -> Stop {
    let stop = NewStop { kind: "stop".into(), condition: None, ..start(from, from + 1) };
    bed.judge.declare_stop(actor, &stop, at(200)).unwrap()
}

#[test]
fn what_a_stopped_outlet_measured_stands_out() {
    let stack = Point {
        limits: vec![limit("a21026", LimitPeriod::Hour, 50)],
        owner: Some("plant".into()),
        ..point(1, PointKind::WasteGasOutlet)
    };
    let engineer = Actor { roles: vec![Role::MonitoringEngineer], body: None, ..plant() };
    // Two days of running, then a stop of a day in which it goes on as before from noon to three.
    let course = |in_stop: &'static str, flow: &'static str| {
        (0..72).map(move |number| match number {
            60..63 => hour(1, at(number), &[("a21026", in_stop), ("a00000", flow)]),
            48.. => hour(1, at(number), &[("a21026", "0"), ("a00000", "0")]),
            _ => hour(1, at(number), &[("a21026", "30"), ("a00000", "1000")]),
        })
    };
    let check = |kind: &str, in_stop: &'static str, flow: &'static str, expect: &[(&str, Timestamp)]| {
        let bed = Bed::new(COUNTY, vec![stack.clone()]);
        let stop = NewStop { kind: kind.into(), condition: None, ..start(48, 72) };
        bed.judge.declare_stop(&engineer, &stop, at(40)).unwrap();
        bed.commit(&course(in_stop, flow).collect::<Vec<_>>(), at(73));
        bed.judge.judge_due(at(73)).unwrap();
        let of_point = bed.judge.points().points().get(1).cloned().unwrap();
        let (from, until) = (at(0).day(), Day(at(72).day().0));
        let found = bed.judge.suspicions(&of_point, from, until).unwrap();
        let found: Vec<(&str, Timestamp)> =
            found.iter().filter(|one| one.check.ends_with("in_stop")).map(|one| (one.check, one.from)).collect();
        assert_eq!(found, expect, "{kind} {in_stop} {flow}");
    };
    check("stop", "30", "0", &[]);
    check("stop", "60", "0", &[("over_in_stop", at(60))]);
    check("stop", "30", "600", &[("flow_in_stop", at(60))]);
    // Checks with gas are part of maintenance.
    check("maintenance", "60", "600", &[]);
}
