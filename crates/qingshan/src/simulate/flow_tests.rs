//! Simulated stations against the real way in: store, collect and a listener on the loopback.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use collect::model::CommandKind;
use collect::{Collect, Device, Directory, Limits};
use hj212::Edition;
use kernel::{Actor, Division, Point, PointKind, PointSet, PointSource, Timestamp};
use store::Store;
use store::contract::ObservationQuery;
use store::sqlite::{SqliteOptions, SqliteStore};

use super::plan::{StationPlan, station_types};
use super::{Simulation, spawn};

const DIVISION: Division = Division(500_242);

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn point(id: i64) -> Arc<Point> {
    Arc::new(Point::simulated(id, PointKind::AirStation))
}

/// One station of every kind, both editions, one of them encrypting.
fn stations() -> Vec<StationPlan> {
    let editions = [Edition::V2017, Edition::V2025];
    station_types()
        .iter()
        .zip(1..)
        .zip(editions.into_iter().cycle())
        .map(|((kind, number), edition)| StationPlan {
            realtime_seconds: Some(1),
            disturbed: false,
            sm4_key: (number == 4).then_some([7; 16]),
            ..kind.station(number, edition)
        })
        .collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_station_is_taken_in_whole() {
    let folder = Scratch(std::env::temp_dir().join(format!("qingshan-simulate-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let store: Arc<dyn Store> =
        SqliteStore::open(&folder.0, DIVISION, SqliteOptions::default(), collect::MIGRATIONS).unwrap();
    let stations = stations();
    let count = stations.len() as i64;
    let points: Arc<dyn PointSource> = Arc::new(Arc::new(PointSet::new((1..=count).map(point).collect())));
    let collect =
        Collect::with_limits(Arc::clone(&store), DIVISION, api::LiveBus::default(), points, Limits::default()).unwrap();
    collect.set_directory(Directory::new(stations.iter().zip(1..).map(|(plan, id)| {
        let device = Device::new(plan.mn.clone(), plan.st.parse().unwrap(), id, Timestamp(0));
        Device { password: Some(plan.password.clone()), sm4_key: plan.sm4_key, ..device }
    })));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(Arc::clone(&collect).serve_tcp(listener, stopped.clone()));
    tokio::spawn(Arc::clone(&collect).run(stopped.clone()));
    let now = kernel::time::now();
    let task = spawn(Simulation { stations, address, seed: 7, backfill_days: 2 }, stopped);

    let of = |point: i64, kind: u16| {
        let (from, until) = (now.plus(-4 * kernel::time::DAY_MILLIS), now.plus(kernel::time::DAY_MILLIS));
        let query = ObservationQuery { point, system: None, kind, from, until, every_revision: true, limit: 10_000 };
        store.observations(query).unwrap().len() as i64
    };
    let hours = 48 + (now.hour().0 - now.day().hour(0).0);
    until("every hour of two days and today, once", || (1..=count).all(|point| of(point, 2061) >= hours)).await;
    until("both days", || (1..=count).all(|point| of(point, 2031) == 2)).await;
    until("real-time values", || (1..=count).all(|point| of(point, 2011) >= 2)).await;
    for point in 1..=count {
        assert!((hours..=hours + 1).contains(&of(point, 2061)), "point {point}: {} hours of {hours}", of(point, 2061));
    }
    let status = collect.status();
    assert_eq!((status.refused, status.quarantined, status.connections as i64), (0, 0, count));

    // A history request brings what is there already: equal values, so nothing new is stored.
    let before = of(3, 2061);
    let arguments: Vec<(String, String)> = [("BeginTime", -5), ("EndTime", -2)]
        .map(|(name, back)| {
            let time = hj212::time::CivilTime::from_unix_millis(
                now.plus(back * kernel::time::HOUR_MILLIS).hour().start().millis(),
            );
            (name.to_owned(), time.unwrap().to_data_time())
        })
        .to_vec();
    let actor = Actor::system("test");
    let command = collect.ask(&actor, 3, CommandKind::History, &arguments, kernel::time::now()).unwrap();
    until("the command is done", || {
        let sql = "SELECT state FROM command WHERE id = $1";
        let state = store.read(|reader| {
            reader.query_one(sql, &[command.id.0.into()])?.map(|row| row.text(0).map(str::to_owned)).transpose()
        });
        state.unwrap().as_deref() == Some("done")
    })
    .await;
    assert!(of(3, 2061) <= before + 1, "history is stored twice");
    assert!(collect.status().duplicates >= 4);
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
}
