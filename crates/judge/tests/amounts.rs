//! Amounts (累计量): that of the hour stays whatever minutes say, a corrected hour keeps one, and an amount is a value
//! that came.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::{Finding, Stat};
use judge::quality::NewReview;
use judge::review::ReviewAction;
use kernel::{Actor, Id, LimitPeriod, Point, PointKind, Role, Timestamp};
use rust_decimal::Decimal;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

const COUNTY: i32 = 500_242;

fn at(hours: i64) -> Timestamp {
    time("2026-06-01T00:00:00").plus(hours * 3_600_000)
}

fn outlet(factors: &[&str]) -> Point {
    Point {
        factors: factors.iter().map(|factor| (*factor).to_owned()).collect(),
        limits: vec![limit("w01018", LimitPeriod::Day, 50)],
        ..point(1, PointKind::WastewaterOutlet)
    }
}

fn with(mut packet: Packet, values: &[(&str, Statistic, &str, u8)]) -> Packet {
    let values = values
        .iter()
        .map(|(factor, statistic, text, mark)| ((*factor).to_owned(), *statistic, (*text).to_owned(), Mark(*mark)));
    packet.values.extend(values);
    packet
}

fn value(finding: &Finding, factor: &str, stat: Stat) -> Option<String> {
    let item = finding.items.iter().find(|item| item.factor == *factor && item.stat == stat)?;
    item.value.filter(|_| item.valid()).map(|value| value.normalize().to_string())
}

fn day(bed: &Bed) -> Finding {
    bed.verdict(1, PeriodLevel::Day, at(0)).unwrap().finding
}

#[test]
fn amounts_of_minutes_leave_the_amount_of_the_hour_alone() {
    let bed = Bed::new(COUNTY, vec![outlet(&["w01018", "w00000"])]);
    let mut packets = Vec::new();
    for (of_day, (cod, amount)) in [("10", "1"), ("40", "3")].into_iter().enumerate() {
        let start = at(of_day as i64);
        packets.push(with(hour(1, start, &[("w01018", cod)]), &[("w00000", Statistic::Total, amount, b'N')]));
        packets.extend((0..6).map(|ten| {
            let minute = Packet { kind: 2051, ..hour(1, start.plus(ten * 600_000), &[]) };
            with(minute, &[("w00000", Statistic::Total, "0.1", b'N')])
        }));
    }
    bed.commit(&packets, at(25));
    bed.judge.judge_due(at(25)).unwrap();
    let first = bed.verdict(1, PeriodLevel::Hour, at(0)).unwrap().finding;
    assert_eq!(value(&first, "w00000", Stat::Total).as_deref(), Some("1"));
    assert_eq!(value(&day(&bed), "w00000", Stat::Total).as_deref(), Some("4"));
    assert_eq!(value(&day(&bed), "w01018", Stat::Mean).as_deref(), Some("32.5"), "weighted by flow");
}

#[test]
fn a_corrected_hour_keeps_an_amount_and_the_day_its_weights() {
    use Statistic::{Average, Total};
    let check = |hours: [&[(&str, Statistic, &str, u8)]; 2], factor: &str, right: i64, expect: [Option<&str>; 3]| {
        let bed = Bed::new(COUNTY, vec![outlet(&[])]);
        let packets: Vec<Packet> =
            hours.iter().zip(0..).map(|(values, of_day)| with(hour(1, at(of_day), &[]), values)).collect();
        bed.commit(&packets, at(25));
        bed.judge.judge_due(at(25)).unwrap();
        let engineer = Actor { id: Id(9), name: "李工".into(), roles: vec![Role::MonitoringEngineer], body: None };
        let review = NewReview {
            point: 1,
            factor: Some(factor.into()),
            action: ReviewAction::Correct,
            from: at(1),
            until: at(2),
            value: Some(Decimal::from(right)),
            reason: "比对".into(),
        };
        bed.judge.review(&engineer, &[review], at(26)).unwrap();
        bed.judge.judge_due(at(26)).unwrap();
        let day = day(&bed);
        let found = [("w01018", Stat::Mean), ("w00000", Stat::Total), ("w01018", Stat::Total)]
            .map(|(factor, stat)| value(&day, factor, stat));
        assert_eq!(found, expect.map(|text| text.map(str::to_owned)), "{hours:?} {factor} {right}");
    };
    let (n, d) = (b'N', b'D');
    // L/s and m³ an hour: 5 L/s are 18 m³. Beside them means, or amounts alone, or a flow that did not count.
    check(
        [
            &[("w01018", Average, "10", n), ("w00000", Average, "1", n), ("w00000", Total, "3.6", n)],
            &[("w01018", Average, "40", n), ("w00000", Average, "3", n), ("w00000", Total, "10.8", n)],
        ],
        "w00000",
        5,
        [Some("35"), Some("21.6"), None],
    );
    check(
        [
            &[("w01018", Average, "10", n), ("w00000", Total, "3.6", n)],
            &[("w01018", Average, "40", n), ("w00000", Total, "10.8", n)],
        ],
        "w00000",
        5,
        [Some("35"), Some("21.6"), None],
    );
    check(
        [
            &[("w01018", Average, "10", n), ("w00000", Total, "3.6", n)],
            &[("w01018", Average, "40", n), ("w00000", Average, "900", d), ("w00000", Total, "3240", d)],
        ],
        "w00000",
        5,
        [Some("35"), Some("21.6"), None],
    );
    // Without amounts a correction makes none.
    check(
        [
            &[("w01018", Average, "10", n), ("w00000", Average, "1", n)],
            &[("w01018", Average, "40", n), ("w00000", Average, "3", n)],
        ],
        "w00000",
        5,
        [Some("35"), None, None],
    );
    // What was discharged goes with the concentration.
    check(
        [
            &[("w01018", Average, "10", n), ("w01018", Total, "0.1", n)],
            &[("w01018", Average, "40", n), ("w01018", Total, "0.4", n)],
        ],
        "w01018",
        20,
        [Some("15"), None, Some("0.3")],
    );
}

#[test]
fn an_amount_alone_was_received() {
    let own = outlet(&["w00000"]);
    let bed = Bed::new(COUNTY, vec![own.clone()]);
    let packets: Vec<Packet> = [b'N', b'N', b'D']
        .into_iter()
        .zip(0..)
        .map(|(mark, of_day)| with(hour(1, at(of_day), &[]), &[("w00000", Statistic::Total, "7", mark)]))
        .collect();
    bed.commit(&packets, at(3));
    bed.judge.judge_due(at(3)).unwrap();
    let rates = bed.judge.rates(&own, at(0), at(4), at(4)).unwrap();
    let states: Vec<&str> = rates.missing.iter().map(|missing| missing.state).collect();
    assert_eq!((rates.counts.due, rates.counts.received, rates.counts.valid), (4, 3, 2));
    assert_eq!(states, ["invalid", "missing"]);
}
