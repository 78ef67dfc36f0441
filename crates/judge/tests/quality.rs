//! Reviews, declared stops, rates and facts over a store.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::{Key, Stat, Tier};
use judge::quality::NewReview;
use judge::review::ReviewAction;
use judge::stop::NewStop;
use judge::{period, rows};
use kernel::{
    Actor, ErrorCode, FactQuery, FactSource, FactValue, FactorLimit, Id, LimitPeriod, Point, PointKind, Role, Timestamp,
};
use rust_decimal::Decimal;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

const COUNTY: i32 = 500_242;

fn person(role: Role, body: Option<&str>) -> Actor {
    Actor { id: Id(9), name: "李工".into(), roles: vec![role], body: body.map(str::to_owned) }
}

fn start() -> Timestamp {
    time("2026-06-01T00:00:00")
}

/// A day of one pollutant, `high` at ten o'clock.
fn day(high: &str) -> Vec<Packet> {
    let at = |of_day: i64| start().plus(of_day * 3_600_000);
    (0..24).map(|of_day| hour(1, at(of_day), &[("a05024", if of_day == 10 { high } else { "80" })])).collect()
}

fn ozone(bed: &Bed, of_day: i64) -> (Option<Decimal>, Tier, u32) {
    let key = Key::new(1, PeriodLevel::Hour, period::of(PeriodLevel::Hour, start().plus(of_day * 3_600_000)));
    let division = bed.store.division();
    let verdict = bed.store.read(|reader| rows::current(reader, division, key)).unwrap().unwrap();
    let item = verdict.finding.items.iter().find(|item| item.factor == *"a05024" && item.stat == Stat::Mean).unwrap();
    (item.value, verdict.finding.tier, verdict.revision)
}

fn review(action: ReviewAction, value: Option<i64>) -> NewReview {
    NewReview {
        point: 1,
        factor: Some("a05024".into()),
        action,
        from: start().plus(10 * 3_600_000),
        until: start().plus(11 * 3_600_000),
        value: value.map(Decimal::from),
        reason: "采样管脱落".into(),
    }
}

#[test]
fn a_review_changes_the_verdict_keeps_the_raw_and_says_who_and_why() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let now = time("2026-06-02T01:00:00");
    bed.commit(&day("400"), now);
    bed.judge.judge_due(now).unwrap();
    assert_eq!(ozone(&bed, 10), (Some(Decimal::from(400)), Tier::Provisional, 1));
    let engineer = person(Role::MonitoringEngineer, None);
    let now = now.plus(60_000);
    let refused = bed.judge.review(&person(Role::DutyOfficer, None), &[review(ReviewAction::Invalidate, None)], now);
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotAllowed);
    let nameless = NewReview { reason: " ".into(), ..review(ReviewAction::Invalidate, None) };
    assert_eq!(bed.judge.review(&engineer, &[nameless], now).unwrap_err().code, ErrorCode::InvalidInput);
    bed.judge.review(&engineer, &[review(ReviewAction::Invalidate, None)], now).unwrap();
    let later = now.plus(1000);
    bed.judge.judge_due(later).unwrap();
    assert_eq!(ozone(&bed, 10), (None, Tier::Reviewed, 2));
    let key = Key::new(1, PeriodLevel::Hour, period::of(PeriodLevel::Hour, start().plus(10 * 3_600_000)));
    let why = bed.judge.why(key, None, None).unwrap();
    let input = &why.explain.inputs[0];
    assert_eq!((input.value.as_str(), input.used), ("400", false));
    assert!(input.why.as_ref().unwrap().zh.contains("李工") && input.why.as_ref().unwrap().zh.contains("采样管脱落"));
    // The first revision still says what was known then.
    let first = bed.judge.why(key, Some(1), None).unwrap();
    assert!(first.explain.inputs[0].used);
    // Corrected after all: the later statement counts.
    bed.judge.review(&engineer, &[review(ReviewAction::Correct, Some(90))], later).unwrap();
    bed.judge.judge_due(later.plus(1000)).unwrap();
    assert_eq!(ozone(&bed, 10), (Some(Decimal::from(90)), Tier::Reviewed, 3));
    assert_eq!(bed.events("judge.reviewed").len(), 2);
    // The same packet again does not undo what people said.
    bed.commit(&day("400"), later.plus(2000));
    bed.judge.judge_due(later.plus(2000)).unwrap();
    assert_eq!(ozone(&bed, 10).2, 3);
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let now = time("2026-06-02T00:10:00");
    bed.commit(&day("400"), now);
    bed.judge.judge_due(now).unwrap();
    let engineer = person(Role::MonitoringEngineer, None);
    let check = |item: NewReview, expect: Option<&str>| {
        let found = bed.judge.review(&engineer, &[item], now).err();
        assert_eq!(found.is_some(), expect.is_some(), "{found:?}");
        assert!(expect.is_none_or(|part| found.unwrap().to_string().contains(part)));
    };
    let known = || review(ReviewAction::Correct, Some(90));
    check(NewReview { value: Some((-5).into()), ..known() }, Some("negative"));
    check(NewReview { until: known().from.plus(600_000), ..known() }, Some("whole hours"));
    // Of the running hour and of what is to come nothing is decided.
    for action in [ReviewAction::Invalidate, ReviewAction::Finalise] {
        let later = NewReview { from: now.hour().start(), until: now.hour().end(), ..review(action, None) };
        check(later, Some("have ended"));
    }
    check(known(), None);
}

#[test]
fn a_corrected_hour_that_was_stopped_does_not_judge() {
    let limits = vec![limit("w01018", LimitPeriod::Hour, 50)];
    let bed = Bed::new(COUNTY, vec![Point { limits, ..point(1, PointKind::WastewaterOutlet) }]);
    let (at, now) = (start().plus(10 * 3_600_000), time("2026-06-02T01:00:00"));
    bed.commit(&[hour(1, at, &[("w01018", "30")])], now);
    let engineer = person(Role::MonitoringEngineer, None);
    let corrected = NewReview {
        factor: Some("w01018".into()),
        from: at,
        until: at.plus(3_600_000),
        ..review(ReviewAction::Correct, Some(500))
    };
    bed.judge.review(&engineer, &[corrected], now).unwrap();
    bed.judge.judge_due(now).unwrap();
    assert!(bed.verdict(1, PeriodLevel::Hour, at).unwrap().finding.exceeding);
    let stop = NewStop {
        point: 1,
        kind: "stop".into(),
        condition: None,
        from: start(),
        until: start().plus(24 * 3_600_000),
        reason: "停产".into(),
    };
    let stop = bed.judge.declare_stop(&engineer, &stop, now).unwrap();
    bed.judge.judge_due(now.plus(1000)).unwrap();
    for level in [PeriodLevel::Hour, PeriodLevel::Day] {
        let finding = bed.verdict(1, level, at).unwrap().finding;
        assert!(!finding.exceeding && finding.items.iter().all(|item| item.value.is_none()), "{finding:?}");
    }
    // Of many decisions at once one stands, and the others are told so.
    let codes: Vec<Option<ErrorCode>> = std::thread::scope(|scope| {
        let decide =
            || bed.judge.decide_stop(&engineer, stop.id, false, "没有停", now.plus(2000)).err().map(|why| why.code);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(decide)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 1, "{codes:?}");
    assert!(codes.iter().flatten().all(|code| *code == ErrorCode::NoTransition), "{codes:?}");
    bed.judge.judge_due(now.plus(3000)).unwrap();
    assert!(bed.verdict(1, PeriodLevel::Hour, at).unwrap().finding.exceeding, "the correction counts again");
}

#[test]
fn a_declared_stop_sets_values_aside_and_is_not_due() {
    let own =
        Point { owner: Some("plant".into()), factors: vec!["w01018".into()], ..point(1, PointKind::WastewaterOutlet) };
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let now = time("2026-06-02T00:00:00");
    let packets: Vec<Packet> =
        (0..20).map(|of_day| hour(1, start().plus(of_day * 3_600_000), &[("w01018", "30")])).collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let before = bed.judge.rates(&own, start(), now, now).unwrap();
    assert_eq!((before.counts.due, before.counts.received), (24, 20));
    assert_eq!(before.missing.len(), 4);
    let stop = NewStop {
        point: 1,
        kind: "stop".into(),
        condition: None,
        from: start().plus(18 * 3_600_000),
        until: now,
        reason: "计划检修".into(),
    };
    let stranger = person(Role::Enterprise, Some("other"));
    assert_eq!(bed.judge.declare_stop(&stranger, &stop, now).unwrap_err().code, ErrorCode::NotAllowed);
    let declared = bed.judge.declare_stop(&person(Role::Enterprise, Some("plant")), &stop, now).unwrap();
    assert_eq!(bed.judge.rates(&own, start(), now, now).unwrap().counts.hours_stopped, 0, "it has begun: it waits");
    let engineer = person(Role::MonitoringEngineer, None);
    bed.judge.decide_stop(&engineer, declared.id, true, "有检修记录", now).unwrap();
    bed.judge.judge_due(now.plus(1000)).unwrap();
    let after = bed.judge.rates(&own, start(), now, now).unwrap();
    assert_eq!((after.counts.due, after.counts.received, after.counts.hours_stopped), (18, 18, 6));
    assert_eq!(after.shares.transmission, Some("1.0000".parse().unwrap()));
}

#[test]
fn a_condition_mark_keeps_its_factors_from_judging_and_stays_valid() {
    let limits = ["a21002", "a34013"].map(|factor| limit(factor, LimitPeriod::Hour, 50)).to_vec();
    let own = Point {
        owner: Some("plant".into()),
        factors: vec!["a21002".into(), "a34013".into()],
        limits,
        standard: Some("GB 4915-2013".into()),
        ..point(1, PointKind::WasteGasOutlet)
    };
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let now = time("2026-06-02T10:00:00");
    bed.confirm_all("公告 2022 年第 21 号/", now);
    let at = |of_day: i64| start().plus(of_day * 3_600_000);
    let packets: Vec<Packet> =
        (0..24).map(|of_day| hour(1, at(of_day), &[("a21002", "90"), ("a34013", "90")])).collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let plant = person(Role::Enterprise, Some("plant"));
    let mark = |condition: Option<&str>, from: i64, until: i64| NewStop {
        point: 1,
        kind: "condition".into(),
        condition: condition.map(str::to_owned),
        from: at(from),
        until: at(until),
        reason: "点火升温".into(),
    };
    for wrong in [
        mark(None, 2, 6),
        mark(Some("of_our_own"), 2, 6),
        NewStop { kind: "stop".into(), ..mark(Some("cement_kiln_hot_start"), 2, 6) },
    ] {
        assert_eq!(bed.judge.declare_stop(&plant, &wrong, now).unwrap_err().code, ErrorCode::InvalidInput);
    }
    let declared = bed.judge.declare_stop(&plant, &mark(Some("cement_kiln_hot_start"), 2, 6), now).unwrap();
    assert!(!declared.waits && declared.factors.len() == 2, "{declared:?}");
    // A second start within a day, and one that is longer than the rules allow, wait.
    assert!(bed.judge.declare_stop(&plant, &mark(Some("cement_kiln_hot_start"), 12, 14), now).unwrap().waits);
    bed.judge.judge_due(now.plus(1000)).unwrap();
    let over = |of_day: i64| {
        let key = Key::new(1, PeriodLevel::Hour, period::of(PeriodLevel::Hour, at(of_day)));
        let verdict = bed.store.read(|reader| rows::current(reader, bed.store.division(), key)).unwrap().unwrap();
        let items = verdict.finding.items.iter().filter(|item| item.exceeding());
        items.map(|item| item.factor.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(over(1), ["a21002", "a34013"]);
    assert_eq!(over(2), ["a34013"], "particulate matter has no window");
    assert_eq!(over(13), ["a21002", "a34013"], "a mark that waits has no effect");
    let rates = bed.judge.rates(&own, start(), at(24), now).unwrap();
    assert_eq!((rates.counts.due, rates.counts.valid, rates.counts.hours_stopped), (48, 48, 0));
}

#[test]
fn values_heap_under_a_converted_limit_in_another_unit() {
    // The device sends mg/m3; the permit says 0.1 g/m3 at reference conditions.
    let own = FactorLimit {
        unit: "g/m3".into(),
        converted: true,
        upper: Some("0.1".parse().unwrap()),
        ..limit("a21002", LimitPeriod::Hour, 0)
    };
    let outlet = Point { limits: vec![own], ..point(1, PointKind::WasteGasOutlet) };
    let bed = Bed::new(COUNTY, vec![outlet.clone()]);
    let now = time("2026-06-04T01:00:00");
    let packets: Vec<Packet> = (0..72)
        .map(|of_day| {
            let at = start().plus(of_day * 3_600_000);
            let mut packet = hour(1, at, &[("a21002", "40")]);
            let near = format!("{}", 96 + of_day % 4);
            packet.values.push(("a21002".to_owned(), Statistic::ConvertedAverage, near, Mark::NORMAL));
            packet
        })
        .collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let found = bed.judge.suspicions(&outlet, start().day(), now.day()).unwrap();
    let checks: Vec<&str> = found.iter().map(|one| one.check).collect();
    assert!(checks.contains(&"heap_under_limit"), "{checks:?}");
}

#[test]
fn an_hour_whose_first_packet_came_late_stays_caught_up_when_it_is_corrected() {
    let outlet = Point { factors: vec!["w01018".into()], ..point(1, PointKind::WastewaterOutlet) };
    let bed = Bed::new(COUNTY, vec![outlet.clone()]);
    let at = |of_day: i64| start().plus(of_day * 3_600_000);
    let commit = |of_day: i64, value: &str, received_at: Timestamp| {
        bed.commit(&[hour(1, at(of_day), &[("w01018", value)])], received_at);
    };
    commit(0, "30", at(1));
    commit(1, "30", at(10));
    // Corrected: the first one was in time, the other was not.
    commit(0, "31", at(11));
    commit(1, "31", at(11));
    let now = at(12);
    bed.judge.judge_due(now).unwrap();
    let rates = bed.judge.rates(&outlet, start(), at(2), now).unwrap();
    assert_eq!((rates.counts.hours_caught_up, rates.counts.hours_due), (1, 2));
}

#[test]
fn what_was_over_is_a_share_of_what_was_compared() {
    let limits = vec![limit("w01018", LimitPeriod::Hour, 50), limit("w01018", LimitPeriod::Day, 50)];
    let outlet = Point { limits, factors: vec!["w01018".into()], ..point(1, PointKind::WastewaterOutlet) };
    // Without a class to keep, a section is over nothing.
    let bed = Bed::new(COUNTY, vec![outlet.clone(), point(2, PointKind::WaterSection)]);
    let now = time("2026-06-02T01:00:00");
    let value = |of_day: i64| if of_day < 6 { "60" } else { "30" };
    for of_day in 0..24 {
        let at = start().plus(of_day * 3_600_000);
        bed.commit(&[hour(1, at, &[("w01018", value(of_day))]), hour(2, at, &[("w21003", "1.8")])], now);
    }
    bed.judge.judge_due(now).unwrap();
    let check = |id: i64, expect: [u32; 4]| {
        let of =
            Point { factors: vec![], ..bed.judge.points().points().get(id).map(|point| (**point).clone()).unwrap() };
        let counts = bed.judge.rates(&of, start(), now, now).unwrap().counts;
        let found = [counts.hours_compared, counts.hours_exceeding, counts.days_compared, counts.days_exceeding];
        assert_eq!(found, expect, "{id}");
    };
    check(1, [24, 6, 1, 0]);
    check(2, [0, 0, 0, 0]);
}

#[test]
fn facts_answer_with_evidence_and_say_what_is_missing() {
    let section = |id, level: &str| Point {
        function_class: Some("III".into()),
        level: Some(level.into()),
        ..point(id, PointKind::WaterSection)
    };
    let well = |id, ledger: &str| Point { ledger: ledger.into(), ..point(id, PointKind::GroundwaterWell) };
    let points = vec![
        point(1, PointKind::AirStation),
        section(2, "national"),
        section(3, "county"),
        // Neither a section nor held to anything here.
        Point { function_class: Some("III".into()), ..point(4, PointKind::LakePoint) },
        well(5, "drinking_water_source"),
        well(6, "groundwater_well"),
    ];
    let bed = Bed::new(COUNTY, points);
    let now = time("2026-06-03T01:00:00");
    let mut packets = Vec::new();
    for of_day in 0..48 {
        let at = start().plus(of_day * 3_600_000);
        let pm25 = if of_day < 24 { "30" } else { "80" };
        let air = [
            ("a34004", pm25),
            ("a34002", "90"),
            ("a21026", "6"),
            ("a21004", "20"),
            ("a21005", "0.6"),
            ("a05024", "80"),
        ];
        packets.push(hour(1, at, &air));
        packets.push(hour(2, at, &[("w01009", "6.5"), ("w21003", "0.4"), ("w01019", "3")]));
    }
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let ask = |name: &str| bed.judge.answer(&FactQuery::new(name).with("year", FactValue::Integer(2026)), now).unwrap();
    let good = ask("air.good_day_ratio");
    assert_eq!(good.value, FactValue::Number(50.0));
    assert!(good.simulated && !good.missing.is_empty() && !good.evidence.is_empty());
    let ratio = ask("water.section_compliance_ratio");
    // One section has no verdict, the other none of January to May.
    assert_eq!((ratio.value, ratio.missing.len()), (FactValue::Number(100.0), 2));
    assert!(ratio.missing[0].zh.contains("已过的 5 个月中有 5 个月"), "{:?}", ratio.missing);
    let of_level = |level: &str| {
        let query = FactQuery::new("water.good_section_ratio").with("year", FactValue::Integer(2026));
        let found = bed.judge.answer(&query.with("level", FactValue::Text(level.into())), now).unwrap();
        (found.value, found.missing.len())
    };
    assert_eq!(of_level("national"), (FactValue::Number(100.0), 1));
    assert_eq!(of_level("county"), (FactValue::Missing, 1));
    // A level of which there is no section says so.
    assert_eq!(of_level("municipal"), (FactValue::Missing, 1));
    let sources = ask("source.compliance_ratio");
    assert_eq!((sources.value, sources.missing.len()), (FactValue::Missing, 1), "a well that supplies, no other");
    for description in bed.judge.describe() {
        let mut query = FactQuery::new(&description.name).with("year", FactValue::Integer(2026));
        for (argument, value) in [("factor", "a34004"), ("point", "2")] {
            query = query.with(argument, FactValue::Text(value.into()));
        }
        bed.judge.answer(&query.with("level", FactValue::Integer(3)), now).unwrap();
    }
    assert!(bed.judge.answer(&FactQuery::new("air.nonsense").with("year", FactValue::Integer(2026)), now).is_err());
}
