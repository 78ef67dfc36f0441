//! Outlets judged by the limits that their standards give them, each edition in its time.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::{Finding, Key, Stat};
use judge::{period, rows};
use kernel::{EmissionBasis, LimitPeriod, Point, PointKind, Timestamp};
use rust_decimal::Decimal;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

fn works() -> Point {
    let basis = EmissionBasis {
        family: "GB 18918".into(),
        table: "basic".into(),
        grade: "1A".into(),
        conditions: vec!["built_from_2006".into()],
        valid_from: None,
        valid_until: None,
    };
    Point { emission: vec![basis], standard: Some("GB 18918-2002".into()), ..point(1, PointKind::WastewaterOutlet) }
}

/// The day's finding of a works that sends these means every hour.
fn day_of(works: Point, start: &str, values: &[(&str, &str)]) -> Finding {
    let bed = Bed::new(500_242, vec![works]);
    let start = time(start);
    let packets: Vec<Packet> = (0..24).map(|of_day| hour(1, start.plus(of_day * 3_600_000), values)).collect();
    let now = start.plus(25 * 3_600_000);
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    found(&bed, PeriodLevel::Day, start)
}

fn found(bed: &Bed, level: PeriodLevel, at: Timestamp) -> Finding {
    let division = bed.store.division();
    let key = Key::new(1, level, period::of(level, at));
    bed.store.read(|reader| rows::current(reader, division, key)).unwrap().unwrap().finding
}

/// The factor's limit and multiple, when it exceeds.
fn over(finding: &Finding, factor: &str) -> Option<(String, Option<String>)> {
    let item = finding.items.iter().find(|item| item.factor == *factor && item.exceeding())?;
    Some((item.limit.unwrap().normalize().to_string(), item.times.map(|times| times.normalize().to_string())))
}

#[test]
fn ammonia_is_judged_by_the_temperature_of_the_water() {
    let check = |values: &[(&str, &str)], expect: Option<(&str, &str)>| {
        let day = day_of(works(), "2026-01-10T00:00:00", values);
        let expect = expect.map(|(limit, times)| (limit.to_owned(), Some(times.to_owned())));
        assert_eq!(over(&day, "w21003"), expect, "{values:?}");
    };
    check(&[("w21003", "6"), ("w01010", "12.1")], Some(("5", "0.2")));
    check(&[("w21003", "6"), ("w01010", "12")], None);
    check(&[("w21003", "8"), ("w01010", "9")], None);
    check(&[("w21003", "10"), ("w01010", "9")], Some(("8", "0.25")));
    // Nothing is judged by guess: without a temperature only what exceeds at any.
    check(&[("w21003", "6")], None);
    check(&[("w21003", "10")], Some(("8", "0.25")));
}

#[test]
fn a_momentary_limit_begins_with_its_edition_and_has_two_sides() {
    let with = |mean: &str, start: &str, low: &str, high: &str, expect: Option<(&str, Stat)>| {
        let bed = Bed::new(500_242, vec![works()]);
        let start = time(start);
        let mut packet = hour(1, start, &[("w01001", mean)]);
        packet.values.push(("w01001".into(), Statistic::Minimum, low.into(), Mark::NORMAL));
        packet.values.push(("w01001".into(), Statistic::Maximum, high.into(), Mark::NORMAL));
        bed.commit(&[packet], start.plus(3_700_000));
        bed.judge.judge_due(start.plus(3_700_000)).unwrap();
        let hour = found(&bed, PeriodLevel::Hour, start);
        let item = hour.items.iter().find(|item| item.exceeding());
        let seen = item.map(|item| (item.limit.unwrap().normalize().to_string(), item.stat));
        assert_eq!(seen, expect.map(|(limit, stat)| (limit.to_owned(), stat)), "{start:?} {low} {high}");
    };
    let check = |start: &str, low: &str, high: &str, expect| with("7", start, low, high, expect);
    // A mean outside its own extremes is one itself.
    with("11", "2026-03-01T10:00:00", "6.5", "8.5", Some(("9", Stat::Maximum)));
    check("2026-02-28T10:00:00", "5.5", "9.5", None);
    check("2026-03-01T10:00:00", "6", "9", None);
    check("2026-03-01T10:00:00", "5.5", "8", Some(("6", Stat::Minimum)));
    check("2026-03-01T10:00:00", "6.5", "9.5", Some(("9", Stat::Maximum)));
}

#[test]
fn of_a_permit_and_a_standard_the_stricter_is_shown() {
    let with = |upper: i64| Point { limits: vec![limit("w01018", LimitPeriod::Day, upper)], ..works() };
    let check = |upper: i64, value: &str, expect: Option<(&str, &str)>| {
        let day = day_of(with(upper), "2026-06-01T00:00:00", &[("w01018", value)]);
        let expect = expect.map(|(limit, times)| (limit.to_owned(), Some(times.to_owned())));
        assert_eq!(over(&day, "w01018"), expect, "permit {upper}, value {value}");
        let item = day.items.iter().find(|item| item.factor == *"w01018" && item.stat == Stat::Mean).unwrap();
        assert_eq!(item.limit, Some(Decimal::from(upper.min(50))), "permit {upper}, value {value}");
        // The verdict rests on the document that the limit shown stands in.
        let basis = if upper < 50 { "排污许可证" } else { "GB 18918-2002 表" };
        assert!(day.standard.starts_with(basis), "permit {upper}, value {value}: {}", day.standard);
    };
    check(60, "40", None);
    check(60, "55", Some(("50", "0.1")));
    check(60, "75", Some(("50", "0.5")));
    check(40, "75", Some(("40", "0.88")));
}

#[test]
fn a_verdict_rests_on_the_document_that_its_worst_item_is_over() {
    let works = Point { limits: vec![limit("w01018", LimitPeriod::Day, 40)], ..works() };
    let check = |cod: &str, ammonia: &str, expect: &str| {
        let values = [("w01018", cod), ("w21003", ammonia), ("w01010", "20")];
        let day = day_of(works.clone(), "2026-06-01T00:00:00", &values);
        assert!(day.standard.starts_with(expect), "{cod} {ammonia}: {}", day.standard);
    };
    check("45", "20", "GB 18918-2002 表");
    check("200", "6", "排污许可证");
    check("30", "6", "GB 18918-2002 表");
}

#[test]
fn a_standard_binds_from_the_day_on_that_the_ledger_says() {
    // Grade 1B until the works was rebuilt, 1A from the tenth of June on.
    let of = |grade: &str, from: Option<&str>, until: Option<&str>| EmissionBasis {
        grade: grade.into(),
        valid_from: from.map(time),
        valid_until: until.map(time),
        ..works().emission[0].clone()
    };
    let rebuilt = "2026-06-10T00:00:00";
    let bound = |bases: Vec<EmissionBasis>| Point { emission: bases, ..works() };
    let both = || vec![of("1B", None, Some(rebuilt)), of("1A", Some(rebuilt), None)];
    let check = |bases: Vec<EmissionBasis>, start: &str, expect: Option<&str>| {
        let day = day_of(bound(bases), start, &[("w01018", "100")]);
        assert_eq!(over(&day, "w01018").map(|(limit, _)| limit).as_deref(), expect, "{start}");
    };
    check(both(), "2026-06-09T00:00:00", Some("60"));
    check(both(), "2026-06-10T00:00:00", Some("50"));
    check(vec![of("1A", Some(rebuilt), None)], "2026-06-09T00:00:00", None);
    check(vec![of("1B", None, Some(rebuilt))], "2026-06-10T00:00:00", None);
    // Dates that leave it no time are named, whatever the moment.
    let bed = Bed::new(500_242, vec![bound(vec![of("1A", Some(rebuilt), Some(rebuilt))])]);
    let point = bed.judge.points().points().get(1).cloned().unwrap();
    let gaps = bed.judge.limit_gaps(&point, time("2026-06-09T00:00:00"));
    assert!(gaps.len() == 1 && gaps[0].zh.contains("止不晚于起"), "{gaps:?}");
    // Of a binding that came later only what it concerns is judged again.
    let bed = Bed::new(500_242, vec![bound(vec![of("1B", None, None)])]);
    let (before, after) = (time("2026-06-08T00:00:00"), time("2026-06-11T00:00:00"));
    let packets: Vec<Packet> = [before, after]
        .into_iter()
        .flat_map(|start| (0..24).map(move |of_day| hour(1, start.plus(of_day * 3_600_000), &[("w01018", "55")])))
        .collect();
    let now = after.plus(25 * 3_600_000);
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    bed.judge.judge_changed_points(now).unwrap();
    let state = |at: Timestamp| {
        let verdict = bed.verdict(1, PeriodLevel::Day, at).unwrap();
        (verdict.revision, over(&verdict.finding, "w01018").is_some())
    };
    assert_eq!((state(before), state(after)), ((1, false), (1, false)));
    bed.set_points(vec![bound(both())]);
    bed.judge.judge_changed_points(now).unwrap();
    assert_eq!((state(before), state(after)), ((1, false), (2, true)));
}

#[test]
fn points_are_made_anew_only_when_something_changed() {
    let bed = Bed::new(500_242, vec![works(), point(2, PointKind::AirStation)]);
    let points = bed.judge.points();
    let (first, second) = (points.points(), points.points());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert!(first.get(1).unwrap().limits.len() > 10 && first.get(2).unwrap().limits.is_empty());
}
