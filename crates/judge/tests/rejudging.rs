//! When the register changes: what is judged again, what is left to its time, and one point that cannot be judged.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::Stat;
use kernel::{LimitPeriod, Point, PointKind, Timestamp};
use store::contract::{PeriodLevel, Urgency};

const COUNTY: i32 = 500_242;

fn at(hours: i64) -> Timestamp {
    time("2026-06-02T00:00:00").plus(hours * 3_600_000)
}

fn outlet(id: i64, upper: i64) -> Point {
    let limits = [LimitPeriod::Hour, LimitPeriod::Day].map(|period| limit("w01018", period, upper)).to_vec();
    Point { limits, factors: vec!["w01018".into()], ..point(id, PointKind::WastewaterOutlet) }
}

fn hours(id: i64, from: i64, until: i64) -> Vec<Packet> {
    (from..until).map(|of_day| hour(id, at(of_day), &[("w01018", "45")])).collect()
}

fn over(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Option<bool> {
    bed.verdict(id, level, at).map(|verdict| verdict.finding.exceeding)
}

#[test]
fn a_change_of_limits_leaves_today_to_its_end() {
    let bed = Bed::new(COUNTY, vec![outlet(1, 50)]);
    let now = at(5);
    bed.commit(&hours(1, -24, 5), now);
    bed.judge.judge_due(now).unwrap();
    bed.judge.judge_changed_points(now).unwrap();
    bed.set_points(vec![outlet(1, 40)]);
    bed.judge.judge_changed_points(now).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Day, at(-1)), Some(true));
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(4)), Some(true));
    assert_eq!(over(&bed, 1, PeriodLevel::Day, now), None, "five hours are no day");
    // Nor in the minutes that its last hour has to come in.
    bed.set_points(vec![outlet(1, 41)]);
    bed.judge.judge_changed_points(at(24)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Day, now), None);
    bed.judge.judge_due(at(25)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Day, now), Some(true));
}

#[test]
fn what_was_sent_of_the_future_is_never_judged() {
    let bed = Bed::new(COUNTY, vec![outlet(1, 50)]);
    let now = at(5).plus(600_000);
    bed.commit(&hours(1, 0, 5), now);
    // The running hour is due when it has ended; two hours of tomorrow came from a wrong clock.
    bed.commit_as(&hours(1, 5, 6), now, Urgency::After(at(6)));
    bed.commit_as(&hours(1, 30, 32), now, Urgency::Never);
    bed.judge.judge_due(now).unwrap();
    bed.judge.judge_changed_points(now).unwrap();
    bed.set_points(vec![outlet(1, 40)]);
    bed.judge.judge_changed_points(now).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(4)), Some(true));
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(5)), None, "it is running");
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(30)), None);
    // Nor when that time has come.
    bed.set_points(vec![outlet(1, 30)]);
    bed.judge.judge_changed_points(at(72)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(30)), None);
    // Sent again in its time, another value is judged.
    bed.commit(&[hour(1, at(30), &[("w01018", "20")])], at(73));
    bed.judge.judge_due(at(73)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(30)), Some(false));
}

#[test]
fn rolling_means_reach_no_hour_to_come() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let start = time("2024-06-02T10:00:00");
    let ozone = |hours: i64| hour(1, start.plus(hours * 3_600_000), &[("a05024", "80")]);
    bed.commit_as(&[ozone(5)], start, Urgency::Never);
    bed.commit(&[ozone(0)], start.plus(3_700_000));
    bed.judge.judge_due(start.plus(3_700_000)).unwrap();
    assert!(bed.verdict(1, PeriodLevel::Hour, start).is_some());
    assert!(bed.verdict(1, PeriodLevel::Hour, start.plus(5 * 3_600_000)).is_none());
}

#[test]
fn another_list_of_factors_is_another_basis() {
    let bed = Bed::new(COUNTY, vec![outlet(1, 50)]);
    let mut packets = hours(1, 0, 1);
    packets.extend((0..6).map(|ten| Packet { kind: 2051, ..hour(1, at(0).plus(ten * 600_000), &[("w21003", "2")]) }));
    bed.commit(&packets, at(1));
    bed.judge.judge_due(at(1)).unwrap();
    bed.judge.judge_changed_points(at(1)).unwrap();
    let ammonia = |bed: &Bed| {
        let finding = bed.verdict(1, PeriodLevel::Hour, at(0)).unwrap().finding;
        finding.items.iter().any(|item| item.factor == *"w21003" && item.stat == Stat::Mean)
    };
    assert!(!ammonia(&bed), "the ledger does not expect it, so minutes are not read");
    bed.set_points(vec![Point { factors: vec!["w21003".into(), "w01018".into()], ..outlet(1, 50) }]);
    bed.judge.judge_changed_points(at(2)).unwrap();
    assert!(ammonia(&bed));
    // Another order is no change.
    bed.set_points(vec![Point { factors: vec!["w01018".into(), "w21003".into()], ..outlet(1, 50) }]);
    assert_eq!(bed.judge.judge_changed_points(at(2)).unwrap().judged, 0);
}

/// What a point's hours look like when the disk has eaten them.
fn damage(bed: &Bed, id: i64, bytes: &[u8]) {
    let set = |transaction: &dyn store::Transaction| {
        let values = [bytes.to_vec().into(), id.into()];
        transaction.execute("UPDATE verdict_hour SET packed = $1 WHERE point = $2", &values)
    };
    bed.store.write(set).unwrap();
}

fn bytes_of(bed: &Bed, id: i64) -> Vec<u8> {
    let read =
        |reader: &dyn store::Reader| reader.query_one("SELECT packed FROM verdict_hour WHERE point = $1", &[id.into()]);
    bed.store.read(read).unwrap().unwrap().bytes(0).unwrap().to_vec()
}

#[test]
fn one_point_that_cannot_be_judged_again_does_not_stop_the_others() {
    let bed = Bed::new(COUNTY, vec![outlet(1, 50), outlet(2, 50)]);
    let now = at(5);
    bed.commit(&[hours(1, 0, 5), hours(2, 0, 5)].concat(), now);
    bed.judge.judge_due(now).unwrap();
    bed.judge.judge_changed_points(now).unwrap();
    let good = bytes_of(&bed, 1);
    damage(&bed, 1, &[1, 2, 3]);
    let changed = vec![outlet(1, 40), outlet(2, 40), outlet(3, 40)];
    bed.set_points(changed);
    bed.judge.judge_changed_points(now).unwrap();
    assert_eq!(over(&bed, 2, PeriodLevel::Hour, at(1)), Some(true));
    let kept = |id: i64| {
        let row = |reader: &dyn store::Reader| {
            reader.query_one("SELECT basis FROM judge_basis WHERE point = $1", &[id.into()])
        };
        bed.store.read(row).unwrap().is_some()
    };
    assert!(kept(3), "what is seen for the first time is kept");
    // Put off for ten minutes, not tried with every round, and not forgotten.
    let tries = bed.judge.times_put_off();
    assert!(tries > 0);
    bed.judge.judge_changed_points(now.plus(1000)).unwrap();
    assert_eq!(bed.judge.times_put_off(), tries);
    damage(&bed, 1, &good);
    bed.judge.judge_changed_points(now.plus(60_000)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(1)), Some(false));
    bed.judge.judge_changed_points(now.plus(11 * 60_000)).unwrap();
    assert_eq!(over(&bed, 1, PeriodLevel::Hour, at(1)), Some(true));
    assert_eq!(bed.judge.judge_changed_points(now.plus(22 * 60_000)).unwrap().judged, 0);
}

#[test]
fn a_confirmed_figure_waits_for_the_point_that_cannot_be_judged_again() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), point(2, PointKind::AirStation)]);
    let now = at(25);
    let values = [("a34004", "30"), ("a34002", "60"), ("a21026", "6"), ("a21004", "20"), ("a05024", "80")];
    for id in [1, 2] {
        let packets: Vec<Packet> = (0..24).map(|of_day| hour(id, at(of_day), &values)).collect();
        bed.commit(&packets, now);
    }
    bed.judge.judge_due(now).unwrap();
    let good = bytes_of(&bed, 1);
    damage(&bed, 1, &[1, 2, 3]);
    bed.confirm_all("HJ 663-2026/composite/", now);
    let open = || bed.judge.confirmations().unwrap().iter().filter(|one| one.done_at.is_none()).count();
    let all = open();
    let first = bed.judge.judge_confirmed(now).unwrap();
    assert!(first.judged > 0 && open() == all, "the other point was judged, the figures wait");
    assert_eq!(bed.judge.judge_confirmed(now.plus(1000)).unwrap().judged, 0);
    damage(&bed, 1, &good);
    assert!(bed.judge.judge_confirmed(now.plus(11 * 60_000)).unwrap().judged > 0);
    assert_eq!(open(), 0);
}
