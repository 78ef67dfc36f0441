//! A confirmed figure judges from then on: what depends on it is judged again, nothing else, and the old verdict stays
//! readable. And how long one late hour takes up to the facts.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, point, time};
use judge::confirmation::NewConfirmation;
use judge::model::{Key, Verdict};
use judge::{period, rows};
use kernel::{Actor, Day, ErrorCode, FactQuery, FactSource, FactValue, Id, PointKind, Role, Timestamp};
use store::contract::PeriodLevel;

const COUNTY: i32 = 500_242;

fn person(role: Role) -> Actor {
    Actor { id: Id(7), name: "张管理".into(), roles: vec![role], body: None }
}

fn air_days(from: &str, days: i64) -> Vec<Packet> {
    let start = time(&format!("{from}T00:00:00"));
    (0..days * 24)
        .map(|step| {
            let values = [
                ("a34004", "30"),
                ("a34002", "60"),
                ("a21026", "6"),
                ("a21004", "20"),
                ("a21005", "0.6"),
                ("a05024", "80"),
            ];
            hour(1, start.plus(step * 3_600_000), &values)
        })
        .collect()
}

fn current(bed: &Bed, level: PeriodLevel, at: Timestamp) -> Verdict {
    let key = Key::new(1, level, period::of(level, at));
    let division = bed.store.division();
    bed.store.read(|reader| rows::current(reader, division, key)).unwrap().unwrap()
}

fn composite(verdict: &Verdict) -> Option<String> {
    let item = verdict.finding.items.iter().find(|item| item.factor == *"composite")?;
    item.value.map(|value| value.normalize().to_string())
}

fn weights(source: &str) -> Vec<NewConfirmation> {
    let library = standards::Library::embedded().unwrap();
    let open = library.unconfirmed().into_iter().filter(|figure| figure.figure.starts_with("HJ 663-2026/composite/"));
    open.map(|figure| NewConfirmation { figure: figure.figure, value: None, source: source.into() }).collect()
}

#[test]
fn a_confirmed_figure_judges_what_depends_on_it_and_the_old_verdict_stays() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), point(2, PointKind::WaterSection)]);
    let start = time("2026-06-01T00:00:00");
    let before = time("2026-07-01T00:30:00");
    bed.commit(&air_days("2026-06-01", 30), before);
    bed.commit(&[hour(2, start, &[("w01009", "6.5"), ("w21003", "0.4")])], before);
    bed.judge.judge_due(before).unwrap();
    let old = current(&bed, PeriodLevel::Month, start);
    assert_eq!((composite(&old), old.revision), (None, 1));
    let (_, _, replaced) = bed.counts();
    let now = before.plus(60_000);
    let admin = person(Role::SystemAdministrator);
    let made = bed.judge.confirm(&admin, &weights("HJ 663-2026 附录 A，第 9 页"), now).unwrap();
    assert_eq!(made.len(), 18);
    let worked = bed.judge.judge_confirmed(now.plus(1000)).unwrap();
    let new = current(&bed, PeriodLevel::Month, start);
    // Concentration over limit, times weight: 6/60 + 2·20/40 + 60/60 + 3·30/30 + 0.6/4 + 2·80/160.
    assert_eq!((composite(&new).as_deref(), new.revision), (Some("6.25"), 2));
    // Month and year changed; hours, days and the section did not.
    assert_eq!(worked.changed, 2, "{worked:?}");
    assert_eq!(bed.counts().2, replaced + 2);
    assert_eq!(current(&bed, PeriodLevel::Day, start).revision, 1);
    // What was known then is still the answer of then, explained with the rules of then.
    let then = bed.judge.why(old.key, None, Some(before)).unwrap();
    assert_eq!(then.verdict, old);
    assert!(!then.explain.notes.iter().any(|note| note.en.contains("judging again")), "{:?}", then.explain.notes);
    assert_eq!(composite(&bed.judge.why(old.key, None, None).unwrap().verdict).as_deref(), Some("6.25"));
    assert_eq!(bed.events("judge.figure_confirmed").len(), 18);
    let kept = bed.judge.confirmations().unwrap();
    assert!(kept.iter().all(|one| one.done_at.is_some() && one.by_name == "张管理"));
    // Nothing waits any more, and a second round changes nothing.
    assert_eq!(bed.judge.judge_confirmed(now.plus(2000)).unwrap().judged, 0);
    // A judge that starts on the same store knows what was confirmed.
    let again = bed.reopened();
    assert_eq!(again.rejudge(&[1], Day(start.day().0), Day(start.day().0 + 30), now.plus(3000)).unwrap().changed, 0);
}

#[test]
fn only_an_administrator_confirms_and_only_with_a_source_and_a_number() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let now = time("2026-07-01T00:30:00");
    let figure = "HJ 663-2026/composite/SO2/weight";
    let item = |figure: &str, value: Option<&str>, source: &str| {
        vec![NewConfirmation { figure: figure.into(), value: value.map(str::to_owned), source: source.into() }]
    };
    let check = |role: Role, items: &[NewConfirmation], expect: Option<ErrorCode>| {
        assert_eq!(bed.judge.confirm(&person(role), items, now).err().map(|problem| problem.code), expect);
    };
    check(Role::MonitoringEngineer, &item(figure, None, "原文"), Some(ErrorCode::NotAllowed));
    check(Role::SystemAdministrator, &item(figure, None, "  "), Some(ErrorCode::InvalidInput));
    check(Role::SystemAdministrator, &item(figure, Some("一"), "原文"), Some(ErrorCode::InvalidInput));
    check(Role::SystemAdministrator, &item("GB 3095-2012/limits/nothing", None, "原文"), Some(ErrorCode::NotFound));
    check(Role::SystemAdministrator, &[], Some(ErrorCode::InvalidInput));
    assert!(bed.judge.confirmations().unwrap().is_empty());
    check(Role::SystemAdministrator, &item(figure, Some("1"), "原文"), None);
}

#[test]
fn one_late_hour_reaches_its_year_and_the_facts_within_five_seconds() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation)]);
    let mut packets = air_days("2026-03-01", 270);
    let mut late = packets.remove(100 * 24 + 10);
    let first = time("2026-11-26T00:10:00");
    bed.commit(&packets, first);
    bed.judge.judge_due(first).unwrap();
    let ask = |now| {
        let query = FactQuery::new("air.good_day_ratio").with("year", FactValue::Integer(2026));
        bed.judge.answer(&query, now).unwrap().value
    };
    let before = ask(first);
    let year = current(&bed, PeriodLevel::Year, late.at);
    late.values[0].2 = "950".into();
    let now = time("2026-11-26T09:00:00");
    bed.commit(&[late.clone()], now);
    let started = std::time::Instant::now();
    bed.judge.judge_due(now).unwrap();
    let after = ask(now);
    let took = started.elapsed();
    eprintln!("one late hour to the facts: {took:?}");
    assert!(took.as_secs_f32() < 5.0, "{took:?}");
    assert_ne!(before, after);
    assert_eq!(current(&bed, PeriodLevel::Year, late.at).revision, year.revision + 1);
}
