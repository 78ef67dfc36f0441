//! What specialists work with: tiers of review, the sheet, wells and electromagnetic stations, hours of charts, reports.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Read;
use std::sync::Arc;

use common::{Bed, Packet, hour, point, time};
use judge::code::Code;
use judge::model::{Key, Stat, Tier, Verdict};
use judge::quality::NewReview;
use judge::report::{Kind, Period, file};
use judge::review::ReviewAction;
use judge::{period, rows};
use kernel::{Actor, Day, ErrorCode, Id, Point, PointKind, Role, Timestamp};
use rust_decimal::Decimal;
use store::contract::PeriodLevel;

const COUNTY: i32 = 500_242;

fn start() -> Timestamp {
    time("2026-06-01T00:00:00")
}

fn engineer() -> Actor {
    Actor { id: Id(9), name: "李工".into(), roles: vec![Role::MonitoringEngineer], body: None }
}

fn verdict(bed: &Bed, id: i64, level: PeriodLevel, at: Timestamp) -> Verdict {
    let key = Key::new(id, level, period::of(level, at));
    let division = bed.store.division();
    bed.store.read(|reader| rows::current(reader, division, key)).unwrap().unwrap()
}

fn statement(action: ReviewAction, factor: Option<&str>, from: i64, until: i64) -> NewReview {
    NewReview {
        point: 1,
        factor: factor.map(str::to_owned),
        action,
        from: start().plus(from * 3_600_000),
        until: start().plus(until * 3_600_000),
        value: None,
        reason: "核对记录".into(),
    }
}

#[test]
fn data_go_from_provisional_to_reviewed_to_final_and_final_data_are_not_changed() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::WaterSection)]);
    let now = time("2026-06-02T01:00:00");
    let packets: Vec<Packet> = (0..24)
        .map(|of_day| hour(1, start().plus(of_day * 3_600_000), &[("w21003", "0.4"), ("w21011", "0.1")]))
        .collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let at = |number: i64| start().plus(number * 3_600_000);
    let mut clock = now;
    let mut say = |items: &[NewReview], expect: Option<ErrorCode>| {
        clock = clock.plus(60_000);
        assert_eq!(bed.judge.review(&engineer(), items, clock).err().map(|problem| problem.code), expect);
        bed.judge.judge_due(clock).unwrap();
    };
    let tier = |number: i64| verdict(&bed, 1, PeriodLevel::Hour, at(number)).finding.tier;
    let value = |number: i64| {
        let found = verdict(&bed, 1, PeriodLevel::Hour, at(number));
        found.finding.item(Code::new("w21003").unwrap(), Stat::Mean).and_then(|item| item.value)
    };
    // A batch: one hour is invalid, the rest of the day is looked at and found good.
    say(
        &[statement(ReviewAction::Invalidate, Some("w21003"), 5, 6), statement(ReviewAction::Confirm, None, 0, 24)],
        None,
    );
    assert_eq!((tier(0), tier(5), value(5)), (Tier::Reviewed, Tier::Reviewed, None));
    assert_eq!(verdict(&bed, 1, PeriodLevel::Day, at(0)).finding.tier, Tier::Reviewed);
    // Confirming the day did not bring the invalid hour back; restoring does.
    say(&[statement(ReviewAction::Restore, Some("w21003"), 5, 6)], None);
    assert_eq!(value(5), Some(Decimal::new(4, 1)));
    say(&[statement(ReviewAction::Finalise, None, 0, 24)], None);
    assert_eq!(tier(5), Tier::Final);
    say(&[statement(ReviewAction::Invalidate, Some("w21003"), 5, 6)], Some(ErrorCode::NoTransition));
    say(&[statement(ReviewAction::Reopen, None, 5, 6)], None);
    assert_eq!((tier(5), tier(6)), (Tier::Reviewed, Tier::Final));
    say(&[statement(ReviewAction::Invalidate, Some("w21003"), 5, 6)], None);
    assert_eq!(value(5), None);
    // The sheet shows what was sent beside what counts.
    let section = point(1, PointKind::WaterSection);
    let sheet = bed.judge.sheet(&section, Some("w21003"), start(), at(24)).unwrap();
    assert_eq!((sheet.rows.len(), sheet.reviewed, sheet.finished), (24, 1, 23));
    let row = &sheet.rows[5];
    assert_eq!((row.sent.as_str(), row.value.as_str(), row.valid), ("0.4", "", false));
    assert!(row.why.as_ref().unwrap().zh.contains("李工") && row.verdict.is_some());
    // Nor do charts use it.
    let hours = bed.judge.hours_of(&section, &[Code::new("w21003").unwrap()], start(), at(24)).unwrap();
    assert_eq!(hours.len(), 23);
    assert!(bed.judge.sheet(&section, None, start(), at(24 * 40)).is_err());
}

#[test]
fn a_well_is_judged_by_its_worst_item_and_one_that_supplies_water_must_keep_class_three() {
    let supply = Point { ledger: "drinking_water_source".into(), ..point(1, PointKind::GroundwaterWell) };
    let bed = Bed::new(COUNTY, vec![supply.clone(), point(2, PointKind::GroundwaterWell)]);
    let now = time("2026-06-02T01:00:00");
    for id in [1, 2] {
        bed.commit(&[hour(id, start(), &[("w01001", "7.2"), ("w21003", "0.80")])], now);
    }
    bed.judge.judge_due(now).unwrap();
    for level in [PeriodLevel::Hour, PeriodLevel::Day] {
        let found = verdict(&bed, 1, level, start());
        assert_eq!(
            (found.finding.index, found.finding.beside, found.finding.exceeding),
            (Some(4), Some(3), true),
            "{level:?}"
        );
        assert!(found.finding.standard.starts_with("GB/T 14848"));
        let ammonia = found.finding.item(Code::new("w21003").unwrap(), Stat::Mean).unwrap();
        assert_eq!((ammonia.limit, ammonia.times), (Some(Decimal::new(5, 1)), Some(Decimal::new(6, 1))));
        let other = verdict(&bed, 2, level, start());
        assert_eq!((other.finding.index, other.finding.beside, other.finding.exceeding), (Some(4), None, false));
    }
    // Among the waters stands the well that supplies drinking water, with its class and whether it keeps it.
    let shown = |point: &Point| judge::http::is_water(point).then(|| bed.judge.water_today(point, now).unwrap());
    let today = shown(&supply).unwrap();
    assert_eq!(
        (today.class.as_deref(), today.target_class.as_deref(), today.compliant, today.grade),
        (Some("IV"), Some("III"), Some(false), None)
    );
    assert!(today.edition.starts_with("GB/T 14848") && today.colour.is_some() && today.main_pollutants.len() == 1);
    assert!(shown(&point(2, PointKind::GroundwaterWell)).is_none());
    let why = bed.judge.why(verdict(&bed, 1, PeriodLevel::Day, start()).key, None, None).unwrap();
    assert!(why.explain.steps.iter().any(|step| step.clause.contains("GB/T 14848")));
    assert!(!why.explain.notes.iter().any(|note| note.en.contains("judging again")), "{:?}", why.explain.notes);
}

#[test]
fn fields_inside_their_own_limits_may_exceed_together() {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::ElectromagneticStation)]);
    let now = time("2026-06-02T01:00:00");
    let at = |number: i64| start().plus(number * 3_600_000);
    // 50 Hz: 4,000 V/m and 100 µT; the two radio quantities share one sum of squares.
    let check = |number: i64, values: &[(&str, &str)], exceeding: bool| {
        bed.commit(&[hour(1, at(number), values)], now);
        bed.judge.judge_due(now).unwrap();
        let found = verdict(&bed, 1, PeriodLevel::Hour, at(number));
        assert_eq!(found.finding.exceeding, exceeding, "{values:?} {:?}", found.finding);
        assert!(found.finding.standard.starts_with("GB 8702"));
    };
    check(0, &[("E50", "4000"), ("B50", "100")], false);
    check(1, &[("E50", "4000.1"), ("B50", "1")], true);
    check(2, &[("Erf", "8"), ("Srf", "0.2")], false);
    check(3, &[("Erf", "10"), ("Srf", "0.3")], true);
}

fn air(id: i64, days: i64) -> Vec<Packet> {
    (0..days * 24)
        .map(|step| {
            let pm25 = if step / 24 == 2 { "90" } else { "30" };
            let values = [
                ("a34004", pm25),
                ("a34002", "60"),
                ("a21026", "6"),
                ("a21004", "20"),
                ("a21005", "0.6"),
                ("a05024", "80"),
            ];
            hour(id, start().plus(step * 3_600_000), &values)
        })
        .collect()
}

#[test]
fn every_number_of_a_report_leads_to_its_verdict_also_in_files() {
    let noise = Point { function_class: Some("2".into()), ..point(2, PointKind::NoisePoint) };
    let points = vec![point(1, PointKind::AirStation), noise, point(3, PointKind::WaterSection)];
    let bed = Bed::new(COUNTY, points.clone());
    let points: Vec<Arc<Point>> = points.into_iter().map(Arc::new).collect();
    let now = time("2026-07-01T01:00:00");
    bed.commit(&air(1, 30), now);
    let loud: Vec<Packet> =
        (0..24).map(|of_day| hour(2, start().plus(of_day * 3_600_000), &[("Leq", "63.2")])).collect();
    bed.commit(&loud, now);
    bed.commit(&[hour(3, start(), &[("w21003", "1.2"), ("w01009", "6")])], now);
    bed.judge.judge_due(now).unwrap();
    let today = now.day();
    let report = |kind: Kind, text: &str| {
        let period = Period::parse(kind, Some(text), today).unwrap();
        bed.judge.report(kind, period, &points, now).unwrap()
    };
    let daily = report(Kind::AirDaily, "2026-06-03");
    let cells = &daily.sections[0].rows[0];
    let key = verdict(&bed, 1, PeriodLevel::Day, time("2026-06-03T00:00:00")).key.to_string();
    assert_eq!((cells[4].text.as_str(), cells[4].verdict.as_deref(), cells[4].alarm), ("90", Some(key.as_str()), true));
    assert!(daily.simulated && !daily.running);
    let monthly = report(Kind::AirMonthly, "2026-06");
    let (row, days) = (&monthly.sections[0].rows[0], &monthly.sections[1].rows);
    assert_eq!((row[1].text.as_str(), row[2].text.as_str(), days.len()), ("30", "29", 30));
    let noise = report(Kind::Noise, "2026-06");
    let over: Vec<&str> = noise.sections[2].rows.iter().map(|row| row[5].text.as_str()).collect();
    assert_eq!(over, ["超标 3.2 dB(A)", "超标 13.2 dB(A)"]);
    let water = report(Kind::WaterDaily, "2026-06-01");
    assert_eq!(water.sections[0].rows[0][2].text, "Ⅳ类");
    for kind in Kind::ALL {
        let text = if kind.daily() { "2026-06-01" } else { "2026-06" };
        let report = report(kind, text);
        let links =
            report.sections.iter().flat_map(|section| &section.rows).flatten().filter_map(|cell| cell.verdict.as_ref());
        for verdict in links {
            assert!(bed.judge.why(verdict.parse().unwrap(), None, None).is_ok(), "{kind:?} {verdict}");
        }
        assert!(file::xlsx(&report, "https://env.example.cn").unwrap().starts_with(b"PK"), "{kind:?}");
        let bytes = file::docx(&report, "https://env.example.cn").unwrap();
        let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut parts = String::new();
        for name in ["word/document.xml", "word/_rels/document.xml.rels"] {
            package.by_name(name).unwrap().read_to_string(&mut parts).unwrap();
        }
        assert!(parts.contains(&report.title.zh) && parts.contains("模拟") == report.simulated, "{kind:?}");
        if kind == Kind::AirDaily {
            assert!(parts.contains("https://env.example.cn/app/verdicts/1-d"), "{parts}");
        }
    }
    assert_eq!(Day(today.0).to_iso(), "2026-07-01");
}
