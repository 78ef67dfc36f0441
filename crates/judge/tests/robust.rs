//! What judging withstands: impossible numbers, damaged rows, partial packets, day values that would bring back what
//! was set aside, declarations that come too late.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::{Finding, Key, Stat, Verdict};
use judge::quality::NewReview;
use judge::review::{ReviewAction, StopState};
use judge::stop::NewStop;
use judge::{period, rows};
use kernel::{Actor, ErrorCode, FactorLimit, Id, LimitPeriod, Point, PointKind, Role, Timestamp};
use rust_decimal::Decimal;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

const COUNTY: i32 = 500_242;

fn person(role: Role, body: Option<&str>) -> Actor {
    Actor { id: Id(9), name: "李工".into(), roles: vec![role], body: body.map(str::to_owned) }
}

fn at(hours: i64) -> Timestamp {
    time("2026-06-01T00:00:00").plus(hours * 3_600_000)
}

fn day_packet(id: i64, at: Timestamp, values: &[(&str, &str)]) -> Packet {
    Packet { kind: 2031, ..hour(id, at, values) }
}

fn minute_packet(id: i64, at: Timestamp, values: &[(&str, &str)]) -> Packet {
    Packet { kind: 2051, ..hour(id, at, values) }
}

fn verdict(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Option<Verdict> {
    let key = Key::new(id, level, period::of(level, at));
    let division = bed.store.division();
    bed.store.read(|reader| rows::current(reader, division, key)).unwrap()
}

fn finding(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Finding {
    verdict(bed, id, level, at).unwrap_or_else(|| panic!("no {level:?} of {id}")).finding
}

fn value(finding: &Finding, factor: &str, stat: Stat) -> Option<String> {
    let item = finding.items.iter().find(|item| item.factor == *factor && item.stat == stat)?;
    item.value.filter(|_| item.valid()).map(|value| value.normalize().to_string())
}

fn outlet(id: i64, factors: &[&str]) -> Point {
    let limit = limit("w01018", LimitPeriod::Hour, 50);
    Point {
        owner: Some("plant".into()),
        factors: factors.iter().map(|factor| (*factor).to_owned()).collect(),
        limits: vec![limit.clone(), FactorLimit { period: LimitPeriod::Day, ..limit }],
        ..point(id, PointKind::WastewaterOutlet)
    }
}

#[test]
fn what_no_instrument_measures_is_no_index() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let (at, now) = (time("2026-06-01T08:00:00"), time("2026-06-01T09:30:00"));
    bed.commit(&[hour(1, at, &[("a34002", "1000000000"), ("a34004", "35")])], now);
    bed.judge.judge_due(now).unwrap();
    let air = finding(&bed, 1, PeriodLevel::Hour, at);
    assert_eq!((value(&air, "a34002", Stat::Mean), value(&air, "a34004", Stat::Mean)), (None, Some("35".into())));
    assert_ne!(air.beside, Some(500));
}

#[test]
fn an_impossible_number_is_set_aside_and_the_day_is_judged() {
    let bed = Bed::new(COUNTY, vec![outlet(1, &[])]);
    let flow = |at, value: &str, flow: &str| {
        let mut packet = hour(1, at, &[("w01018", value)]);
        packet.values.push(("w00000".into(), Statistic::Total, flow.into(), Mark::NORMAL));
        packet
    };
    let mut packets: Vec<Packet> = (0..24).map(|of_day| flow(at(of_day), "30", "10")).collect();
    packets[3] = flow(at(3), "90000000000000000", "90000000000000000");
    let now = at(25);
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let broken = finding(&bed, 1, PeriodLevel::Hour, at(3));
    assert_eq!((value(&broken, "w01018", Stat::Mean), broken.valid, broken.exceeding), (None, false, false));
    let why = bed.judge.why(Key::new(1, PeriodLevel::Hour, at(3).hour().0), None, None).unwrap();
    let whys: Vec<_> = why.explain.inputs.iter().map(|input| input.why.as_ref().map(|why| why.zh.clone())).collect();
    assert_eq!(whys, vec![Some("数值大得不可能".to_owned()); 2]);
    let day = finding(&bed, 1, PeriodLevel::Day, at(0));
    assert_eq!(value(&day, "w01018", Stat::Mean).as_deref(), Some("30"));
    assert_eq!(value(&day, "w00000", Stat::Total).as_deref(), Some("230"));
    assert_eq!(bed.judge.times_put_off(), 0);
}

#[test]
fn a_period_that_cannot_be_judged_does_not_stop_the_others() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::WaterSection), point(2, PointKind::WaterSection)]);
    let now = at(2);
    let packets = |value: &str| -> Vec<Packet> {
        [1, 2]
            .into_iter()
            .flat_map(|id| (0..2).map(move |of_day| (id, of_day)))
            .map(|(id, of_day)| hour(id, at(of_day), &[("w01009", value)]))
            .collect()
    };
    bed.commit(&packets("8"), now);
    bed.judge.judge_due(now).unwrap();
    let good = bed
        .store
        .read(|reader| reader.query_one("SELECT packed FROM verdict_hour WHERE point = 1", &[]))
        .unwrap()
        .unwrap();
    let set = |bytes: &[u8]| {
        bed.store
            .write(|transaction| {
                transaction.execute("UPDATE verdict_hour SET packed = $1 WHERE point = 1", &[bytes.to_vec().into()])
            })
            .unwrap();
    };
    set(&[1, 2, 3]);
    bed.commit(&packets("7"), now);
    bed.judge.judge_due(now).unwrap();
    assert_eq!(value(&finding(&bed, 2, PeriodLevel::Hour, at(1)), "w01009", Stat::Mean).as_deref(), Some("7"));
    assert!(bed.judge.times_put_off() > 0);
    // Put off, not forgotten: mended, it is judged ten minutes later and not before.
    set(good.bytes(0).unwrap());
    bed.judge.judge_due(now.plus(60_000)).unwrap();
    assert_eq!(value(&finding(&bed, 1, PeriodLevel::Hour, at(1)), "w01009", Stat::Mean).as_deref(), Some("8"));
    bed.judge.judge_due(now.plus(11 * 60_000)).unwrap();
    assert_eq!(value(&finding(&bed, 1, PeriodLevel::Hour, at(1)), "w01009", Stat::Mean).as_deref(), Some("7"));
}

#[test]
fn a_factor_that_the_hour_packet_lacks_comes_from_the_minutes() {
    for factors in [&["w01018", "w21003"][..], &[]] {
        let bed = Bed::new(COUNTY, vec![outlet(1, factors)]);
        let now = at(1);
        let mut packets = vec![hour(1, at(0), &[("w01018", "30")])];
        packets.extend(
            (0..6).map(|ten| minute_packet(1, at(0).plus(ten * 600_000), &[("w01018", "99"), ("w21003", "2")])),
        );
        bed.commit(&packets, now);
        bed.judge.judge_due(now).unwrap();
        let found = finding(&bed, 1, PeriodLevel::Hour, at(0));
        assert_eq!(value(&found, "w01018", Stat::Mean).as_deref(), Some("30"), "{factors:?}");
        assert_eq!(value(&found, "w21003", Stat::Mean).as_deref(), Some("2"), "{factors:?}");
    }
}

#[test]
fn amounts_and_rates_of_flow_are_not_weighed_against_each_other() {
    let check = |flows: [(Statistic, &str); 2], expect: &str| {
        let bed = Bed::new(COUNTY, vec![outlet(1, &[])]);
        let packets: Vec<Packet> = flows
            .into_iter()
            .zip(["10", "40"])
            .zip(0..)
            .map(|(((statistic, flow), value), of_day)| {
                let mut packet = hour(1, at(of_day), &[("w01018", value)]);
                packet.values.push(("w00000".into(), statistic, flow.into(), Mark::NORMAL));
                packet
            })
            .collect();
        bed.commit(&packets, at(25));
        bed.judge.judge_due(at(25)).unwrap();
        let day = finding(&bed, 1, PeriodLevel::Day, at(0));
        assert_eq!(value(&day, "w01018", Stat::Mean).as_deref(), Some(expect), "{flows:?}");
    };
    check([(Statistic::Total, "1"), (Statistic::Total, "3")], "32.5");
    check([(Statistic::Average, "1"), (Statistic::Average, "3")], "32.5");
    check([(Statistic::Total, "1"), (Statistic::Average, "3")], "25");
}

#[test]
fn rolling_means_of_a_station_of_minutes_do_not_depend_on_arrival() {
    let start = time("2024-06-01T00:00:00");
    let packets: Vec<Packet> = (0..30 * 4)
        .map(|quarter| {
            minute_packet(1, start.plus(quarter * 900_000), &[("a05024", if quarter < 48 { "40" } else { "80" })])
        })
        .collect();
    let at_once = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let one_by_one = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let now = start.plus(40 * 3_600_000);
    at_once.commit(&packets, now);
    at_once.judge.judge_due(now).unwrap();
    for (number, four) in packets.chunks(4).enumerate() {
        let now = start.plus((number as i64 + 1) * 3_600_000);
        one_by_one.commit(four, now);
        one_by_one.judge.judge_due(now).unwrap();
    }
    for of_day in 0..30 {
        let at = start.plus(of_day * 3_600_000);
        let found = [&at_once, &one_by_one].map(|bed| finding(bed, 1, PeriodLevel::Hour, at));
        assert_eq!(found[0], found[1], "hour {of_day}");
        assert_eq!(value(&found[0], "a05024", Stat::Rolling8).is_some(), of_day >= 5, "hour {of_day}");
    }
    // Late hours change the rolling means after them.
    let late = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    late.commit(&packets[20..], now);
    late.judge.judge_due(now).unwrap();
    late.commit(&packets[..20], now.plus(1000));
    late.judge.judge_due(now.plus(1000)).unwrap();
    for of_day in 0..30 {
        let at = start.plus(of_day * 3_600_000);
        assert_eq!(finding(&late, 1, PeriodLevel::Hour, at), finding(&at_once, 1, PeriodLevel::Hour, at), "{of_day}");
    }
}

fn invalidate(factor: &str, from: i64, until: i64, action: ReviewAction) -> NewReview {
    let value = (action == ReviewAction::Correct).then(|| Decimal::from(77));
    NewReview {
        point: 1,
        factor: Some(factor.into()),
        action,
        from: at(from),
        until: at(until),
        value,
        reason: "采样管脱落".into(),
    }
}

#[test]
fn what_was_set_aside_does_not_come_back_with_the_day_value_of_the_device() {
    let check = |kind: PointKind, factor: &str, hours: bool, reviews: &[NewReview], expect: Option<&str>| {
        let bed = Bed::new(COUNTY, vec![Point { owner: None, ..point(1, kind) }]);
        let now = at(25);
        let mut packets = vec![day_packet(1, at(0), &[(factor, "60")])];
        if hours {
            packets.extend((0..24).map(|of_day| hour(1, at(of_day), &[(factor, "50")])));
        }
        bed.commit(&packets, now);
        bed.judge.judge_due(now).unwrap();
        let engineer = person(Role::MonitoringEngineer, None);
        for (number, review) in reviews.iter().enumerate() {
            bed.judge.review(&engineer, std::slice::from_ref(review), now.plus(number as i64 + 1)).unwrap();
        }
        bed.judge.judge_due(now.plus(1000)).unwrap();
        let found = verdict(&bed, 1, PeriodLevel::Day, at(0)).and_then(|day| value(&day.finding, factor, Stat::Mean));
        assert_eq!(found.as_deref(), expect, "{kind:?} {hours} {reviews:?}");
    };
    use ReviewAction::{Correct, Invalidate, Restore};
    for (kind, factor) in [
        (PointKind::AirStation, "a34004"),
        (PointKind::WastewaterOutlet, "w01018"),
        (PointKind::WaterSection, "w01018"),
    ] {
        let of = |from, until, action| invalidate(factor, from, until, action);
        check(kind, factor, false, &[], Some("60"));
        check(kind, factor, true, &[of(0, 24, Invalidate)], None);
        check(kind, factor, false, &[of(0, 24, Invalidate)], None);
        check(kind, factor, false, &[of(9, 10, Invalidate)], None);
        check(kind, factor, false, &[of(9, 10, Invalidate), of(9, 10, Restore)], Some("60"));
        check(kind, factor, false, &[of(0, 24, Invalidate), of(9, 10, Restore)], None);
        check(kind, factor, false, &[of(9, 10, Correct)], None);
        check(kind, factor, false, &[of(0, 24, Correct)], Some("77"));
        // Hours that the device itself marks as a fault, and a day value that it does not.
        let bed = Bed::new(COUNTY, vec![point(1, kind)]);
        let mut packets = vec![day_packet(1, at(0), &[(factor, "60")])];
        packets.extend((0..24).map(|of_day| {
            let mut packet = hour(1, at(of_day), &[(factor, "50")]);
            packet.values[0].3 = Mark(b'D');
            packet
        }));
        bed.commit(&packets, at(25));
        bed.judge.judge_due(at(25)).unwrap();
        let found = verdict(&bed, 1, PeriodLevel::Day, at(0)).and_then(|day| value(&day.finding, factor, Stat::Mean));
        assert_eq!(found, None, "{kind:?}");
    }
}

#[test]
fn a_declaration_that_comes_late_or_hides_an_exceedance_waits_for_a_reviewer() {
    let enterprise = person(Role::Enterprise, Some("plant"));
    let engineer = person(Role::MonitoringEngineer, None);
    let bed = Bed::new(COUNTY, vec![outlet(1, &["w01018"])]);
    let packets: Vec<Packet> =
        (0..24).map(|of_day| hour(1, at(of_day), &[("w01018", if of_day == 10 { "400" } else { "30" })])).collect();
    let now = at(30);
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let declare = |from, until, now| {
        let new = NewStop {
            point: 1,
            kind: "stop".into(),
            condition: None,
            from: at(from),
            until: at(until),
            reason: "检修".into(),
        };
        let stop = bed.judge.declare_stop(&enterprise, &new, now).unwrap();
        bed.judge.judge_due(now.plus(1000)).unwrap();
        stop
    };
    // Of yesterday, and of a day that has not ended: neither changes anything.
    let hiding = declare(9, 12, now);
    assert_eq!((hiding.state(), finding(&bed, 1, PeriodLevel::Hour, at(10)).exceeding), (StopState::Waiting, true));
    let late = declare(2, 4, at(24 + 12));
    assert_eq!(late.state(), StopState::Waiting);
    assert_eq!(value(&finding(&bed, 1, PeriodLevel::Hour, at(2)), "w01018", Stat::Mean).as_deref(), Some("30"));
    assert_eq!(declare(24, 48, at(36)).state(), StopState::Waiting);
    // What is to come holds at once; what overlaps a span that waits does not.
    assert_eq!(declare(60, 70, at(36)).state(), StopState::InForce);
    assert_eq!(declare(40, 47, at(36)).state(), StopState::Waiting);
    // Only a reviewer decides.
    let now = at(37);
    let refused = bed.judge.decide_stop(&enterprise, hiding.id, true, "属实", now).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    let accepted = bed.judge.decide_stop(&engineer, hiding.id, true, "有运行记录", now).unwrap();
    assert_eq!(accepted.state(), StopState::InForce);
    bed.judge.judge_due(now.plus(1000)).unwrap();
    let after = verdict(&bed, 1, PeriodLevel::Hour, at(10)).unwrap();
    assert_eq!((after.finding.exceeding, after.revision), (false, 2));
    // The old verdict stays readable as it was known then.
    let key = Key::new(1, PeriodLevel::Hour, at(10).hour().0);
    assert!(bed.judge.why(key, Some(1), None).unwrap().explain.inputs[0].used);
    assert!(!bed.judge.why(key, None, None).unwrap().explain.inputs[0].used);
    // Taken back, the exceedance stands again; the same word twice changes nothing.
    let now = at(38);
    bed.judge.decide_stop(&engineer, hiding.id, false, "记录系伪造", now).unwrap();
    let again = bed.judge.decide_stop(&engineer, hiding.id, false, "再说一次", now).unwrap_err();
    assert_eq!(again.code, ErrorCode::NoTransition);
    bed.judge.judge_due(now.plus(1000)).unwrap();
    assert!(finding(&bed, 1, PeriodLevel::Hour, at(10)).exceeding);
    assert_eq!(bed.events("judge.stop_decided").len(), 2);
}

#[test]
fn declarations_that_have_not_ended_are_bounded() {
    let bed = Bed::new(COUNTY, vec![outlet(1, &[])]);
    let declare = |number: i64| {
        let (from, until) = (at(100 + number), at(101 + number));
        let new = NewStop { point: 1, kind: "stop".into(), condition: None, from, until, reason: "检修".into() };
        bed.judge.declare_stop(&person(Role::Enterprise, Some("plant")), &new, at(0))
    };
    (0..50).for_each(|number| drop(declare(number).unwrap()));
    assert_eq!(declare(50).unwrap_err().code, ErrorCode::TooMany);
}

#[test]
fn what_is_final_stays_until_somebody_reopens_it() {
    let bed = Bed::new(COUNTY, vec![outlet(1, &[])]);
    let engineer = person(Role::MonitoringEngineer, None);
    let send = |value: &str, now| {
        bed.commit(&[hour(1, at(10), &[("w01018", value)])], now);
        bed.judge.judge_due(now).unwrap();
        let hour = verdict(&bed, 1, PeriodLevel::Hour, at(10)).unwrap();
        (value_of(&hour), hour.finding.exceeding)
    };
    assert_eq!(send("400", at(12)), ("400".to_owned(), true));
    let all = |action| NewReview { factor: None, ..invalidate("w01018", 10, 11, action) };
    bed.judge.review(&engineer, &[all(ReviewAction::Finalise)], at(13)).unwrap();
    bed.judge.judge_due(at(13)).unwrap();
    assert_eq!(send("5", at(14)), ("400".to_owned(), true));
    bed.judge.review(&engineer, &[all(ReviewAction::Reopen)], at(15)).unwrap();
    assert_eq!(send("5", at(16)), ("5".to_owned(), false));
}

fn value_of(verdict: &Verdict) -> String {
    value(&verdict.finding, "w01018", Stat::Mean).unwrap_or_default()
}

/// A kiln with a limit of 30 at 10 % oxygen; what an hour of these values comes to: valid, exceeding.
fn kiln(values: &[(&str, Statistic, &str, u8)]) -> (bool, bool) {
    let own = outlet(1, &[]).limits[0].clone();
    let limit = FactorLimit {
        factor: "a34013".into(),
        upper: Some(Decimal::from(30)),
        unit: "mg/m3".into(),
        converted: true,
        ..own
    };
    let kiln =
        Point { reference_oxygen: Some(Decimal::from(10)), limits: vec![limit], ..point(1, PointKind::WasteGasOutlet) };
    let bed = Bed::new(COUNTY, vec![kiln]);
    let values = values
        .iter()
        .map(|(factor, statistic, text, mark)| ((*factor).to_owned(), *statistic, (*text).to_owned(), Mark(*mark)))
        .collect();
    bed.commit(&[Packet { values, ..hour(1, at(0), &[]) }], at(1));
    bed.judge.judge_due(at(1)).unwrap();
    let found = finding(&bed, 1, PeriodLevel::Hour, at(0));
    (found.valid, found.exceeding)
}

#[test]
fn converted_values_are_recomputed_and_what_cannot_be_compared_is_not_good() {
    use Statistic::{Average, ConvertedAverage};
    let check = |values: &[(&str, Statistic, &str, u8)], expect| assert_eq!(kiln(values), expect, "{values:?}");
    let oxygen = ("a19001", Average, "10", b'N');
    check(&[("a34013", Average, "20", b'N'), oxygen], (true, false));
    check(&[("a34013", Average, "31", b'N'), oxygen], (true, true));
    // The device's own converted value: right, flattering, alone.
    check(&[("a34013", Average, "31", b'N'), ("a34013", ConvertedAverage, "31", b'N'), oxygen], (true, true));
    check(&[("a34013", Average, "500", b'N'), ("a34013", ConvertedAverage, "9", b'N'), oxygen], (true, true));
    check(&[("a34013", ConvertedAverage, "90", b'N')], (true, true));
    check(&[("a34013", ConvertedAverage, "9", b'N')], (true, false));
    // No oxygen that counts: nothing to compare, and no good hour.
    check(&[("a34013", Average, "500", b'N'), ("a19001", Average, "10", b'D')], (false, false));
    check(&[("a34013", Average, "500", b'N'), ("a19001", Average, "21", b'N')], (false, false));
    check(&[("a34013", Average, "500", b'N')], (false, false));
}

#[test]
fn an_hour_packet_of_extremes_alone_leaves_the_mean_to_the_minutes() {
    let bed = Bed::new(COUNTY, vec![outlet(1, &["w01018"])]);
    let mut extremes = hour(1, at(0), &[]);
    extremes.values.push(("w01018".into(), Statistic::Maximum, "80".into(), Mark::NORMAL));
    let mut packets = vec![extremes];
    packets.extend((0..6).map(|ten| minute_packet(1, at(0).plus(ten * 600_000), &[("w01018", "60")])));
    bed.commit(&packets, at(1));
    bed.judge.judge_due(at(1)).unwrap();
    let found = finding(&bed, 1, PeriodLevel::Hour, at(0));
    assert_eq!((value(&found, "w01018", Stat::Mean).as_deref(), found.exceeding), (Some("60"), true));
}
