//! From a packet to a case: exceeding hours of a judged outlet are one case, a late correction is told on it, and a
//! replay opens nothing.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use act::{Act, Workflows};
use judge::Judge;
use kernel::{Actor, Division, FactorLimit, LimitPeriod, Name, Point, PointKind, PointSet, PointSource, Timestamp};
use store::Store;
use store::contract::{IncomingFrame, NewObservation, ObservationKey, PacketBatch, Transport, Urgency};
use store::packed::{Mark, PackedValue, Scalar, Statistic};
use store::sqlite::{SqliteOptions, SqliteStore};

struct World {
    folder: std::path::PathBuf,
    store: Arc<dyn Store>,
    judge: Arc<Judge>,
    act: Arc<Act>,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn outlet() -> Point {
    let limit = FactorLimit {
        factor: "w01018".into(),
        period: LimitPeriod::Hour,
        upper: Some("50".parse().unwrap()),
        lower: None,
        unit: "mg/L".into(),
        converted: false,
        basis: "排污许可证".into(),
        valid_from: None,
        valid_until: None,
        unconfirmed: false,
        when: None,
    };
    Point {
        ledger: "outlets".into(),
        key: "DW001".into(),
        name: Name::new("废水总排口", "main outlet"),
        limits: vec![limit],
        factors: vec!["w01018".into()],
        schematic: false,
        ..Point::simulated(7, PointKind::WastewaterOutlet)
    }
}

impl World {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("qingshan-act-verdicts-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let division = Division(500_242);
        let migrations: Vec<_> = judge::MIGRATIONS.iter().chain(act::MIGRATIONS).copied().collect();
        let store: Arc<dyn Store> =
            SqliteStore::open(&folder, division, SqliteOptions::default(), &migrations).unwrap();
        let points: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::new(vec![Arc::new(outlet())])));
        let library = standards::Library::embedded().unwrap();
        let live = api::LiveBus::default();
        let judge = Judge::new(Arc::clone(&store), division, live.clone(), Arc::clone(&points), library).unwrap();
        let act = Act::new(Arc::clone(&store), division, live, points, Workflows::built_in().unwrap());
        Self { folder, store, judge, act }
    }

    fn hour(&self, of_day: i64, cod: i64, now: Timestamp) {
        let data_time = start().plus(of_day * 3_600_000);
        let batch = PacketBatch {
            frames: vec![IncomingFrame {
                bytes: format!("{of_day} {cod}").into_bytes(),
                received_at: now,
                transport: Transport::Hj212,
                peer: "127.0.0.1:1".into(),
            }],
            observations: vec![NewObservation {
                key: ObservationKey { point: 7, system: 32, kind: 2061, data_time, part: 0 },
                frame: 0,
                values: vec![PackedValue {
                    factor: self.store.factor_number("w01018").unwrap(),
                    statistic: Statistic::Average,
                    mark: Mark::NORMAL,
                    value: Scalar::Number { mantissa: cod, scale: 0 },
                }],
                judge: Urgency::Now,
            }],
            ..PacketBatch::default()
        };
        self.store.commit_packets(&batch, now).unwrap();
    }

    fn settle(&self, now: Timestamp) {
        self.judge.judge_due(now).unwrap();
        while self.act.consume(now).unwrap() > 0 {}
    }

    fn cases(&self) -> Vec<act::Case> {
        self.act.list(&Actor::system("test"), &act::rows::Filter::default()).unwrap()
    }
}

fn start() -> Timestamp {
    Timestamp::parse("2026-06-01T00:00:00").unwrap()
}

#[test]
fn exceeding_hours_are_one_case_and_a_correction_is_told_on_it() {
    let world = World::new();
    let now = start().plus(30 * 3_600_000);
    for (of_day, cod) in [(3, 60), (4, 40), (5, 120), (6, 51)] {
        world.hour(of_day, cod, now);
    }
    world.settle(now);
    let cases = world.cases();
    assert_eq!(cases.len(), 1, "{cases:?}");
    assert_eq!((cases[0].exceedances, cases[0].spell_from), (3, start().plus(3 * 3_600_000)));
    assert!(cases[0].due_at > now && !cases[0].owner.is_empty());
    let file = world.act.file(&Actor::system("test"), cases[0].id).unwrap();
    let verdict = file.verdicts.first().unwrap().parse::<judge::model::Key>().unwrap();
    assert!(world.judge.why(verdict, None, None).unwrap().verdict.finding.exceeding);
    for of_day in [3, 5, 6] {
        world.hour(of_day, [0, 0, 0, 60, 0, 120, 51][of_day as usize], now.plus(1000));
    }
    world.settle(now.plus(1000));
    assert_eq!(world.cases(), cases);
    // The device corrects one hour: the case stays, says so and counts one less.
    world.hour(6, 49, now.plus(2000));
    world.settle(now.plus(2000));
    let after = world.cases();
    assert_eq!((after.len(), after[0].exceedances), (1, 2));
    let file = world.act.file(&Actor::system("test"), after[0].id).unwrap();
    assert!(file.entries.iter().any(|entry| entry.action == "rejudged"));
}
