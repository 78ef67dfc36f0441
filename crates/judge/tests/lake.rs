//! Trophic state of lakes in months and years, and what is said where a parameter is missing.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{Bed, hour, point, time};
use judge::model::Key;
use judge::report::{Kind, Period};
use judge::{rows, trophic};
use kernel::{Day, PointKind, Timestamp};
use store::contract::PeriodLevel;

const COUNTY: i32 = 500_242;
/// The vector of the shared reference: TLI(Σ) = 46.575.
const ALL: [(&str, &str); 5] =
    [("w01016", "10"), ("w21011", "0.05"), ("w21001", "1.0"), ("SD", "1.5"), ("w01019", "4.0")];

fn lake(values: &[(&str, &str)], now: Timestamp) -> Bed {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::LakePoint)]);
    let packets: Vec<_> =
        (0..24).map(|at| hour(1, Day::parse("2026-06-01").unwrap().hour(at).start(), values)).collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    bed
}

fn key(level: PeriodLevel) -> Key {
    let june = Day::parse("2026-06-01").unwrap().month().0;
    Key::new(1, level, if level == PeriodLevel::Year { 2026 } else { june.into() })
}

/// TLI(Σ) of the verdict, the row of the monthly report, and the notes of why.
fn check(values: &[(&str, &str)], tli: Option<&str>, row: [&str; 4], note: Option<&str>) {
    let now = time("2026-07-01T01:00:00");
    let bed = lake(values, now);
    for level in [PeriodLevel::Month, PeriodLevel::Year] {
        let verdict =
            bed.store.read(|reader| rows::current(reader, bed.store.division(), key(level))).unwrap().unwrap();
        let item = verdict.finding.items.iter().find(|item| item.factor == *trophic::TLI);
        assert_eq!(item.and_then(|item| item.value).map(|value| value.to_string()).as_deref(), tli, "{level:?}");
    }
    let why = bed.judge.why(key(PeriodLevel::Month), None, None).unwrap();
    assert!(!why.explain.notes.iter().any(|note| note.en.starts_with("judging again")), "{:?}", why.explain.notes);
    assert_eq!(why.explain.steps.iter().any(|step| step.clause.contains("综合营养状态指数")), tli.is_some());
    if let Some(wanted) = note {
        assert!(why.explain.notes.iter().any(|note| note.zh.contains(wanted)), "{:?}", why.explain.notes);
    }
    let june = Period { from: Day::parse("2026-06-01").unwrap(), until: Day::parse("2026-07-01").unwrap() };
    let points = [Arc::new(point(1, PointKind::LakePoint))];
    let report = bed.judge.report(Kind::WaterMonthly, june, &points, now).unwrap();
    let section = report.sections.iter().find(|section| section.title.zh == "湖库营养状态").unwrap();
    let cells: Vec<&str> = section.rows[0].iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(cells[1..5], row);
}

#[test]
fn a_lake_has_a_trophic_state_by_month_and_year() {
    check(&ALL, Some("46.575"), ["46.575", "中营养", "", "46.575"], None);
}

#[test]
fn what_is_missing_or_cannot_be_is_named_and_nothing_is_computed_without_it() {
    check(&ALL[..3], None, ["", "", "透明度、高锰酸盐指数", ""], Some("缺 透明度、高锰酸盐指数"));
    let mut none = ALL;
    none[0].1 = "0";
    let bed_note = "叶绿素a";
    check(&none, None, ["", "", &missing_of_zero(), ""], Some(bed_note));
}

/// No chlorophyll at all has no logarithm: the parameter is missing, and the value is named.
fn missing_of_zero() -> String {
    "叶绿素a、w01016 = 0 超出可能范围 > 0".to_owned()
}

#[test]
fn a_lake_judged_before_there_was_an_index_is_judged_again_once() {
    let now = time("2026-07-01T01:00:00");
    let bed = lake(&ALL, now);
    bed.judge.judge_changed_points(now).unwrap();
    let old = |transaction: &dyn store::Transaction| {
        transaction.execute(
            "UPDATE judge_basis SET basis = REPLACE(basis, '\"trophic\":true,', '') WHERE division = $1",
            &[bed.store.division().into()],
        )
    };
    assert_eq!(bed.store.write(old).unwrap(), 1);
    let judge = bed.reopened();
    assert!(judge.judge_changed_points(now).unwrap().judged > 0);
    assert_eq!(judge.judge_changed_points(now).unwrap().judged, 0);
}
