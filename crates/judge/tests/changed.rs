//! What is judged again when the register changes what a point is judged by.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, limit, point, time};
use judge::model::Key;
use judge::{period, rows};
use kernel::{FactorLimit, LimitPeriod, Point, PointKind, Timestamp};
use store::contract::PeriodLevel;

const COUNTY: i32 = 500_242;

fn outlet(limits: &[FactorLimit]) -> Point {
    Point { limits: limits.to_vec(), ..point(1, PointKind::WastewaterOutlet) }
}

/// Revision of an hour and whether it is over its limit.
fn state(bed: &Bed, at: Timestamp) -> (u32, bool) {
    let key = Key::new(1, PeriodLevel::Hour, period::of(PeriodLevel::Hour, at));
    let verdict = bed.store.read(|reader| rows::current(reader, bed.store.division(), key)).unwrap().unwrap();
    (verdict.revision, verdict.finding.exceeding)
}

#[test]
fn changed_limits_judge_again_the_time_they_concern_and_nothing_else() {
    let (first, second) = (time("2026-06-01T10:00:00"), time("2026-06-03T10:00:00"));
    let now = time("2026-06-04T01:00:00");
    let old = limit("w01018", LimitPeriod::Hour, 50);
    let bed = Bed::new(COUNTY, vec![outlet(std::slice::from_ref(&old))]);
    let packets: Vec<Packet> = [first, second].map(|at| hour(1, at, &[("w01018", "45")])).to_vec();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    // What is seen for the first time was judged by it.
    assert_eq!(bed.judge.judge_changed_points(now).unwrap().judged, 0);
    // Nothing changed but the order of the records.
    bed.set_points(vec![outlet(std::slice::from_ref(&old))]);
    assert_eq!(bed.judge.judge_changed_points(now).unwrap().judged, 0);
    // A new permit from the second of June on.
    let from = Some(time("2026-06-02T00:00:00"));
    let permit = [
        FactorLimit { valid_until: from, ..old.clone() },
        FactorLimit { valid_from: from, ..limit("w01018", LimitPeriod::Hour, 40) },
    ];
    bed.set_points(vec![outlet(&permit)]);
    bed.judge.judge_changed_points(now).unwrap();
    assert_eq!((state(&bed, first), state(&bed, second)), ((1, false), (2, true)));
    let day = Key::new(1, PeriodLevel::Day, period::of(PeriodLevel::Day, second));
    assert!(bed.store.read(|reader| rows::current(reader, bed.store.division(), day)).unwrap().is_some());
    // The verdict of the old limit is still there.
    let key = Key::new(1, PeriodLevel::Hour, period::of(PeriodLevel::Hour, second));
    assert!(!bed.judge.why(key, Some(1), None).unwrap().verdict.finding.exceeding);
    // While the program was not running the permit was corrected: the next start finds it.
    let corrected = [permit[0].clone(), FactorLimit { upper: Some(60.into()), ..permit[1].clone() }];
    bed.set_points(vec![outlet(&corrected)]);
    let judge = bed.reopened();
    judge.judge_changed_points(now).unwrap();
    assert_eq!((state(&bed, first), state(&bed, second)), ((1, false), (3, false)));
    assert_eq!(judge.judge_changed_points(now).unwrap().judged, 0);
}
