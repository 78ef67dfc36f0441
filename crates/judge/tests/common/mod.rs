//! A store, a judge and packets for the tests of judging.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use judge::Judge;
use judge::confirmation::NewConfirmation;
use judge::model::{Key, Verdict};
use kernel::{
    Actor, Division, FactorLimit, Id, LimitPeriod, Name, Point, PointKind, PointSet, PointSource, Role, Timestamp,
};
use store::Store;
use store::contract::{IncomingFrame, NewObservation, ObservationKey, PacketBatch, PeriodLevel, Transport, Urgency};
use store::packed::{Mark, PackedValue, Scalar, Statistic};
use store::sqlite::{SqliteOptions, SqliteStore};

static BEDS: AtomicU32 = AtomicU32::new(0);

pub struct Bed {
    folder: PathBuf,
    pub store: Arc<dyn Store>,
    pub judge: Arc<Judge>,
    points: Arc<Changing>,
}

/// Points of a register whose records change.
struct Changing(Mutex<Arc<PointSet>>);

impl PointSource for Changing {
    fn points(&self) -> Arc<PointSet> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

fn set_of(points: Vec<Point>) -> Arc<PointSet> {
    Arc::new(PointSet::new(points.into_iter().map(Arc::new).collect()))
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn point(id: i64, kind: PointKind) -> Point {
    Point {
        ledger: "test".into(),
        name: Name::new(format!("点位{id}"), format!("point {id}")),
        schematic: false,
        ..Point::simulated(id, kind)
    }
}

/// One packet: its time, kind and values `(factor, statistic, text, mark)`.
#[derive(Clone, Debug)]
pub struct Packet {
    pub point: i64,
    pub kind: u16,
    pub at: Timestamp,
    pub values: Vec<(String, Statistic, String, Mark)>,
}

/// An upper limit of a permit, in the unit that water or gas is limited in.
pub fn limit(factor: &str, period: LimitPeriod, upper: i64) -> FactorLimit {
    FactorLimit {
        factor: factor.into(),
        period,
        upper: Some(upper.into()),
        lower: None,
        unit: if factor.starts_with('w') { "mg/L".into() } else { "mg/m3".into() },
        converted: false,
        basis: "排污许可证".into(),
        valid_from: None,
        valid_until: None,
        unconfirmed: false,
        when: None,
    }
}

pub fn scalar(text: &str) -> Scalar {
    if text.is_empty() {
        return Scalar::Empty;
    }
    let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Scalar::Number { mantissa: text.replace('.', "").parse().unwrap(), scale: scale as u8 }
}

/// An hour packet of means with mark N.
pub fn hour(point: i64, at: Timestamp, values: &[(&str, &str)]) -> Packet {
    let values = values
        .iter()
        .map(|(factor, text)| ((*factor).to_owned(), Statistic::Average, (*text).to_owned(), Mark::NORMAL))
        .collect();
    Packet { point, kind: 2061, at, values }
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

impl Bed {
    pub fn new(division: i32, points: Vec<Point>) -> Self {
        let number = BEDS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("qingshan-judge-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let store: Arc<dyn Store> =
            SqliteStore::open(&folder, Division(division), SqliteOptions::default(), judge::MIGRATIONS).unwrap();
        let points = Arc::new(Changing(Mutex::new(set_of(points))));
        let library = standards::Library::embedded().unwrap();
        let judge =
            Judge::new(Arc::clone(&store), Division(division), api::LiveBus::default(), points.clone(), library)
                .unwrap();
        Self { folder, store, judge, points }
    }

    /// As when records of the register change.
    pub fn set_points(&self, points: Vec<Point>) {
        *self.points.0.lock().unwrap() = set_of(points);
    }

    /// Another judge over the same store, as after a restart.
    pub fn reopened(&self) -> Arc<Judge> {
        self.reopened_with(standards::Library::embedded().unwrap())
    }

    /// As after the start of another release of the program.
    pub fn reopened_with(&self, library: Arc<standards::Library>) -> Arc<Judge> {
        let (store, division) = (Arc::clone(&self.store), self.store.division());
        Judge::new(store, division, api::LiveBus::default(), self.points.clone(), library).unwrap()
    }

    /// Commits packets in batches, as `collect` does; the bytes of a packet follow from what it says.
    pub fn commit(&self, packets: &[Packet], received_at: Timestamp) {
        self.commit_as(packets, received_at, Urgency::Now);
    }

    pub fn commit_as(&self, packets: &[Packet], received_at: Timestamp, judge: Urgency) {
        for some in packets.chunks(2000) {
            let mut batch = PacketBatch::default();
            for packet in some {
                let values: Vec<PackedValue> = packet
                    .values
                    .iter()
                    .map(|(factor, statistic, text, mark)| PackedValue {
                        factor: self.store.factor_number(factor).unwrap(),
                        statistic: *statistic,
                        mark: *mark,
                        value: scalar(text),
                    })
                    .collect();
                batch.frames.push(IncomingFrame {
                    bytes: format!("{packet:?}").into_bytes(),
                    received_at,
                    transport: Transport::Hj212,
                    peer: "127.0.0.1:1".into(),
                });
                batch.observations.push(NewObservation {
                    key: ObservationKey {
                        point: packet.point,
                        system: 22,
                        kind: packet.kind,
                        data_time: packet.at,
                        part: 0,
                    },
                    frame: batch.frames.len() - 1,
                    values,
                    judge,
                });
            }
            self.store.commit_packets(&batch, received_at).unwrap();
        }
    }

    /// As when an administrator has read every figure of a standard that is not confirmed.
    pub fn confirm_all(&self, standard: &str, now: Timestamp) {
        let open = standards::Library::embedded().unwrap().unconfirmed().into_iter();
        let items: Vec<NewConfirmation> = open
            .filter(|figure| figure.figure.starts_with(standard))
            .map(|figure| NewConfirmation { figure: figure.figure, value: None, source: "公告附件".into() })
            .collect();
        if !items.is_empty() {
            let admin =
                Actor { id: Id(7), name: "张管理".into(), roles: vec![Role::SystemAdministrator], body: None };
            self.judge.confirm(&admin, &items, now).unwrap();
        }
    }

    /// The newest verdict of a period.
    pub fn verdict(&self, point: i64, level: PeriodLevel, at: Timestamp) -> Option<Verdict> {
        let key = Key::new(point, level, judge::period::of(level, at));
        let division = self.store.division();
        self.store.read(|reader| judge::rows::current(reader, division, key)).unwrap()
    }

    pub fn counts(&self) -> (i64, i64, i64) {
        let division = self.store.division();
        self.store.read(|reader| judge::rows::counts(reader, division)).unwrap()
    }

    pub fn events(&self, kind: &str) -> Vec<kernel::Event> {
        let division = self.store.division();
        let events = self.store.read(|reader| store::event_log::after(reader, division, 0, 100_000)).unwrap();
        events.into_iter().filter(|event| event.kind == kind).collect()
    }
}
