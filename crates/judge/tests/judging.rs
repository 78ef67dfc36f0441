//! What judging promises: arrival order never matters, a replay changes nothing, a late hour reaches its year and the
//! old answer is kept, every verdict can say why.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, point, time};
use judge::model::{Finding, Key, Stat};
use judge::{period, rows};
use kernel::{FactorLimit, LimitPeriod, Point, PointKind, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use store::contract::PeriodLevel;
use store::packed::{Mark, Statistic};

const COUNTY: i32 = 500_242;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn limit(factor: &str, period: LimitPeriod, upper: Option<&str>, lower: Option<&str>, converted: bool) -> FactorLimit {
    FactorLimit { upper: upper.map(decimal), lower: lower.map(decimal), converted, ..common::limit(factor, period, 0) }
}

fn outlet(id: i64) -> Point {
    Point {
        limits: vec![
            limit("w01018", LimitPeriod::Day, Some("50"), None, false),
            limit("w21003", LimitPeriod::Hour, Some("5"), None, false),
        ],
        standard: Some("GB 18918-2002".into()),
        ..point(id, PointKind::WastewaterOutlet)
    }
}

fn newest(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Option<judge::model::Verdict> {
    let key = Key::new(id, level, period::of(level, at));
    let division = bed.store.division();
    bed.store.read(|reader| rows::current(reader, division, key)).unwrap()
}

fn finding(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Finding {
    newest(bed, id, level, at).unwrap_or_else(|| panic!("no {level:?} of {id}")).finding
}

fn value(finding: &Finding, factor: &str, stat: Stat) -> Option<Decimal> {
    finding.items.iter().find(|item| item.factor == *factor && item.stat == stat)?.value
}

/// A day of air hours with one pollutant above its limit.
fn air_day(id: i64, day: &str, pm25: &str) -> Vec<Packet> {
    let start = time(&format!("{day}T00:00:00"));
    (0..24)
        .map(|of_day| {
            let values = [
                ("a34004", pm25),
                ("a34002", "90"),
                ("a21026", "6"),
                ("a21004", "20"),
                ("a21005", "0.6"),
                ("a05024", "80"),
            ];
            hour(id, start.plus(of_day * 3_600_000), &values)
        })
        .collect()
}

#[test]
fn a_late_hour_changes_what_depends_on_it_up_to_the_year_and_the_old_answer_is_kept() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let mut packets = air_day(1, "2026-06-01", "70");
    let late = packets.remove(10);
    let first = time("2026-06-02T00:10:00");
    bed.commit(&packets, first);
    bed.judge.judge_due(first).unwrap();
    let before = newest(&bed, 1, PeriodLevel::Day, late.at).unwrap();
    assert_eq!(before.finding.index, Some(110), "{:?}", before.finding);
    assert!(newest(&bed, 1, PeriodLevel::Hour, late.at).is_none());
    // Hours later the missing hour comes, with a much higher value.
    let mut late = late;
    late.values[0].2 = "470".into();
    let second = time("2026-06-02T09:00:00");
    bed.commit(&[late.clone()], second);
    let started = std::time::Instant::now();
    bed.judge.judge_due(second).unwrap();
    assert!(started.elapsed().as_secs_f32() < 5.0);
    let after = newest(&bed, 1, PeriodLevel::Day, late.at).unwrap();
    assert_eq!((after.revision, after.finding.index), (2, Some(125)), "{:?}", after.finding);
    for level in [PeriodLevel::Month, PeriodLevel::Year] {
        assert_eq!(newest(&bed, 1, level, late.at).unwrap().judged_at, second, "{level:?}");
    }
    // The old answer: by revision, and as of a moment between.
    let key = before.key;
    for why in [bed.judge.why(key, Some(1), None).unwrap(), bed.judge.why(key, None, Some(first)).unwrap()] {
        assert_eq!(why.verdict, before);
        assert!(!why.explain.notes.iter().any(|note| note.en.contains("judging again")), "{:?}", why.explain.notes);
        assert!(!why.explain.inputs.iter().any(|input| input.value == "470"));
        assert!(why.explain.steps.iter().any(|step| step.clause.contains("HJ 633-2026")));
    }
    let now = bed.judge.why(key, None, None).unwrap();
    assert!(now.explain.inputs.iter().any(|input| input.value == "470" && input.frame > 0));
    assert_eq!(now.revisions.len(), 2);
    // An event tells both.
    let events = bed.events("judge.verdict_changed");
    let change =
        events.iter().find(|event| event.payload["verdict_id"] == key.to_string() && event.payload["revision"] == 2);
    let payload = &change.unwrap().payload;
    assert_eq!((payload["old"]["index"].as_u64(), payload["new"]["index"].as_u64()), (Some(110), Some(125)));
    assert_eq!(payload["spell"]["factor"], "a34004");
}

#[test]
fn three_replays_of_a_day_change_nothing() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), outlet(2)]);
    let mut packets = air_day(1, "2026-06-01", "70");
    packets.extend((0..24).map(|of_day| {
        hour(2, time("2026-06-01T00:00:00").plus(of_day * 3_600_000), &[("w01018", "61.5"), ("w21003", "5.1")])
    }));
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let (counts, events) = (bed.counts(), bed.events("judge.verdict_changed").len());
    assert!(events > 20);
    for round in 1..=3 {
        let later = now.plus(round * 3_600_000);
        bed.commit(&packets, later);
        assert_eq!(bed.judge.judge_due(later).unwrap().changed, 0);
        let days = bed.judge.rejudge(&[1, 2], now.plus(-86_400_000).day(), now.day(), later).unwrap();
        assert_eq!(days.changed, 0);
    }
    assert_eq!((bed.counts(), bed.events("judge.verdict_changed").len()), (counts, events));
}

#[test]
fn an_outlet_is_judged_against_its_own_limits_by_hour_and_flow_weighted_day() {
    let bed = Bed::new(COUNTY, vec![outlet(2)]);
    let start = time("2026-06-01T00:00:00");
    let packets: Vec<Packet> = (0..24)
        .map(|of_day| {
            let (cod, flow) = if of_day < 12 { ("40", "10") } else { ("56", "30") };
            let ammonia = if of_day == 3 { "5.01" } else { "5" };
            hour(2, start.plus(of_day * 3_600_000), &[("w01018", cod), ("w21003", ammonia), ("w00000", flow)])
        })
        .collect();
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let day = finding(&bed, 2, PeriodLevel::Day, start);
    // (40×10 + 56×30) / 40 = 52, above 50; the plain mean, 48, would not be.
    assert_eq!(value(&day, "w01018", Stat::Mean), Some(decimal("52")));
    assert!(day.exceeding);
    assert_eq!(day.worst().unwrap().times, Some(decimal("0.04")));
    // A value on a limit is inside.
    assert!(!finding(&bed, 2, PeriodLevel::Hour, start).exceeding);
    assert!(finding(&bed, 2, PeriodLevel::Hour, start.plus(3 * 3_600_000)).exceeding);
    let month = finding(&bed, 2, PeriodLevel::Month, start);
    assert_eq!(value(&month, "days_over", Stat::Total), Some(decimal("1")));
}

#[test]
fn a_gas_outlet_is_compared_at_reference_conditions() {
    let gas = Point {
        limits: vec![limit("a21002", LimitPeriod::Hour, Some("100"), None, true)],
        ..point(3, PointKind::WasteGasOutlet)
    };
    let bed = Bed::new(COUNTY, vec![gas]);
    let at = time("2026-06-01T08:00:00");
    let values = vec![
        ("a21002".to_owned(), Statistic::Average, "80".to_owned(), Mark::NORMAL),
        ("a21002".to_owned(), Statistic::ConvertedAverage, "120".to_owned(), Mark::NORMAL),
    ];
    let now = at.plus(7_200_000);
    bed.commit(&[Packet { point: 3, kind: 2061, at, values }], now);
    bed.judge.judge_due(now).unwrap();
    let found = finding(&bed, 3, PeriodLevel::Hour, at);
    let worst = found.worst().unwrap();
    assert_eq!((worst.stat, worst.value, worst.times), (Stat::Converted, Some(decimal("120")), Some(decimal("0.2"))));
}

#[test]
fn minutes_make_an_hour_when_there_are_enough_and_marks_are_respected() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let at = time("2026-06-01T08:00:00");
    let minutes = |start: Timestamp, marks: &dyn Fn(i64) -> u8| -> Vec<Packet> {
        (0..60)
            .map(|minute| Packet {
                point: 1,
                kind: 2051,
                at: start.plus(minute * 60_000),
                values: vec![(
                    "a05024".into(),
                    Statistic::Average,
                    if marks(minute) == b'N' { "100" } else { "0.0" }.into(),
                    Mark(marks(minute)),
                )],
            })
            .collect()
    };
    let now = at.plus(7_300_000);
    bed.commit(&minutes(at, &|minute| if minute < 15 { b'D' } else { b'N' }), now);
    bed.commit(&minutes(at.plus(3_600_000), &|minute| if minute < 16 { b'D' } else { b'N' }), now);
    bed.judge.judge_due(now).unwrap();
    let enough = finding(&bed, 1, PeriodLevel::Hour, at);
    assert_eq!(value(&enough, "a05024", Stat::Mean), Some(decimal("100")));
    assert_eq!(value(&finding(&bed, 1, PeriodLevel::Hour, at.plus(3_600_000)), "a05024", Stat::Mean), None);
    let why = bed.judge.why(Key::new(1, PeriodLevel::Hour, at.hour().0), None, None).unwrap();
    assert_eq!(why.explain.inputs.iter().filter(|input| !input.used).count(), 15);
    assert!(why.explain.inputs.iter().find(|input| !input.used).unwrap().why.as_ref().unwrap().zh.contains("故障"));
    // The device's own hour comes later and counts instead.
    bed.commit(&[hour(1, at, &[("a05024", "90")])], now.plus(1000));
    bed.judge.judge_due(now.plus(1000)).unwrap();
    assert_eq!(value(&finding(&bed, 1, PeriodLevel::Hour, at), "a05024", Stat::Mean), Some(decimal("90")));
}

#[test]
fn a_section_has_class_main_pollutants_and_compliance() {
    let section = Point { function_class: Some("II".into()), ..point(4, PointKind::WaterSection) };
    let bed = Bed::new(COUNTY, vec![section]);
    let start = time("2026-06-01T00:00:00");
    // Every four hours; total phosphorus worse than class III, mercury in µg/L as HJ 212 has it.
    let packets: Vec<Packet> = (0..6)
        .map(|of_day| {
            let values = [
                ("w01001", "7.5"),
                ("w01009", "8.1"),
                ("w01019", "3"),
                ("w21003", "0.3"),
                ("w21011", "0.28"),
                ("w20111", "0.04"),
            ];
            hour(4, start.plus(of_day * 4 * 3_600_000), &values)
        })
        .collect();
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    for level in [PeriodLevel::Hour, PeriodLevel::Day, PeriodLevel::Month] {
        let found = finding(&bed, 4, level, start);
        assert_eq!((found.index, found.beside, found.exceeding), (Some(4), Some(2), true), "{level:?}");
        let main: Vec<_> =
            found.items.iter().filter(|item| item.primary()).map(|item| item.factor.to_string()).collect();
        assert_eq!(main, ["w21011"]);
        assert_eq!(value(&found, "w20111", Stat::Mean), Some(decimal("0.00004")));
    }
    let view = bed
        .judge
        .water_today(&Point { function_class: Some("II".into()), ..point(4, PointKind::WaterSection) }, now)
        .unwrap();
    assert_eq!((view.class.as_deref(), view.compliant), (Some("IV"), Some(false)));
}

#[test]
fn a_value_that_cannot_be_is_set_aside_alone() {
    let bed = Bed::new(COUNTY, vec![point(4, PointKind::WaterSection)]);
    let start = time("2026-06-01T00:00:00");
    let packets = [
        hour(4, start, &[("w01001", "15"), ("w21003", "0.3")]),
        hour(4, start.plus(4 * 3_600_000), &[("w01001", "7.5"), ("w21003", "0.3")]),
    ];
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let odd = finding(&bed, 4, PeriodLevel::Hour, start);
    assert_eq!(odd.index, Some(2));
    let ph = odd.items.iter().find(|item| item.factor == *"w01001").unwrap();
    assert!(!ph.valid() && ph.value.is_some());
    assert_eq!(value(&finding(&bed, 4, PeriodLevel::Day, start), "w01001", Stat::Mean), Some(decimal("7.5")));
}

/// The first edition of a place may begin in the middle of a month.
#[test]
fn hours_before_an_edition_do_not_take_the_hours_after_it_with_them() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let area = COUNTY.to_string();
    let library = standards::Library::embedded().unwrap();
    // The index, its limits and its method all have to be there.
    let begins = |family: &str| {
        let effects = library.find(family).flat_map(|standard| &standard.effects);
        effects.filter(|effect| effect.covers(&area, effect.from).is_some()).map(|effect| effect.from).min().unwrap()
    };
    let first = ["GB 3095", "HJ 633", "HJ 663"].into_iter().map(begins).max().unwrap();
    let day = kernel::Day(first.days_since_epoch());
    let mut packets = air_day(1, &kernel::Day(day.0 - 1).to_iso(), "70");
    packets.extend(air_day(1, &day.to_iso(), "70"));
    bed.commit(&packets, time("2026-06-02T01:00:00"));
    bed.judge.judge_due(time("2026-06-02T01:00:00")).unwrap();
    assert!(newest(&bed, 1, PeriodLevel::Hour, day.start()).is_some());
    assert!(newest(&bed, 1, PeriodLevel::Hour, day.start().plus(-1)).is_none());
}

#[test]
fn noise_has_day_and_night() {
    let place = Point { function_class: Some("2".into()), ..point(5, PointKind::NoisePoint) };
    let bed = Bed::new(COUNTY, vec![place.clone()]);
    let start = time("2026-06-01T00:00:00");
    let packets: Vec<Packet> = (0..24)
        .map(|of_day| {
            let level = if (6..22).contains(&of_day) { "58" } else { "50.1" };
            hour(5, start.plus(of_day * 3_600_000), &[("L10", "61"), ("Leq", level)])
        })
        .collect();
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let day = finding(&bed, 5, PeriodLevel::Day, start);
    let over: Vec<_> = day.items.iter().filter(|item| item.exceeding()).map(|item| item.factor.to_string()).collect();
    assert_eq!((over, value(&day, "Ld", Stat::DayLevel)), (vec!["Ln".to_owned()], Some(decimal("58"))));
    // An hour has no limit: the equivalent level speaks for it, whatever stands before it in the alphabet.
    let hour = newest(&bed, 5, PeriodLevel::Hour, start).unwrap();
    assert_eq!(bed.judge.headline(&place, &hour).unwrap().factor, "Leq");
}

#[test]
fn a_shortfall_of_minimum_flow_is_an_exceedance() {
    let dam = Point {
        limits: vec![FactorLimit {
            unit: String::new(),
            ..limit("w00000", LimitPeriod::Day, None, Some("300"), false)
        }],
        ..point(6, PointKind::EcologicalFlow)
    };
    let bed = Bed::new(COUNTY, vec![dam]);
    let start = time("2026-06-01T00:00:00");
    let packets: Vec<Packet> =
        (0..24).map(|of_day| hour(6, start.plus(of_day * 3_600_000), &[("w00000", "240")])).collect();
    let now = time("2026-06-02T01:00:00");
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let day = finding(&bed, 6, PeriodLevel::Day, start);
    assert_eq!((day.exceeding, day.worst().unwrap().times), (true, Some(decimal("0.2"))));
}

#[test]
fn a_date_that_no_edition_covers_is_not_judged() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    bed.commit(&air_day(1, "1999-06-01", "70"), time("2026-06-02T01:00:00"));
    let worked = bed.judge.judge_due(time("2026-06-02T01:00:00")).unwrap();
    assert!(worked.skipped > 0);
    assert_eq!(bed.counts(), (0, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// The order and the batches in which packets arrive, and when judging runs between them, never matter.
    #[test]
    fn arrival_order_never_matters(
        order in Just((0..48usize).collect::<Vec<_>>()).prop_shuffle(),
        cuts in proptest::collection::vec(1usize..20, 1..6),
    ) {
        let mut packets = air_day(1, "2026-06-01", "70");
        packets.extend((0..24).map(|of_day| {
            let cod = format!("{}.5", 30 + of_day);
            hour(2, time("2026-06-01T00:00:00").plus(of_day * 3_600_000), &[("w01018", &cod), ("w21003", "5.1"), ("w00000", "3")])
        }));
        let now = time("2026-06-02T01:00:00");
        let straight = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), outlet(2)]);
        straight.commit(&packets, now);
        straight.judge.judge_due(now).unwrap();
        let shuffled = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), outlet(2)]);
        let mixed: Vec<Packet> = order.iter().map(|place| packets[*place].clone()).collect();
        let (mut rest, mut at) = (mixed.as_slice(), now);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (some, others) = rest.split_at((*cut).min(rest.len()));
            shuffled.commit(some, at);
            shuffled.judge.judge_due(at).unwrap();
            rest = others;
            at = at.plus(60_000);
        }
        for id in [1, 2] {
            for of_day in 0..24 {
                let at = time("2026-06-01T00:00:00").plus(of_day * 3_600_000);
                prop_assert_eq!(finding(&straight, id, PeriodLevel::Hour, at), finding(&shuffled, id, PeriodLevel::Hour, at));
            }
            for level in [PeriodLevel::Day, PeriodLevel::Month, PeriodLevel::Year] {
                let at = time("2026-06-01T00:00:00");
                prop_assert_eq!(finding(&straight, id, level, at), finding(&shuffled, id, level, at));
            }
        }
    }
}
