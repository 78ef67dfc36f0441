//! A whole way in for tests: a store in a scratch folder, the service, a listener on loopback.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use collect::{Collect, Device, Directory, Limits};
use kernel::{Division, Point, PointKind, PointSet, Timestamp};
use store::Store;
use store::contract::{ObservationQuery, StoredFrame, StoredObservation};
use store::sqlite::{SqliteOptions, SqliteStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const DIVISION: Division = Division(500_242);
pub const MN: &str = "010000A8900016F000169DC0";

/// A scratch folder, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("qingshan-collect-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn open(folder: &Folder, options: SqliteOptions) -> Arc<dyn Store> {
    SqliteStore::open(&folder.0, DIVISION, options, collect::MIGRATIONS).unwrap()
}

pub fn point(id: i64, kind: PointKind, owner: Option<&str>) -> Arc<Point> {
    Arc::new(Point {
        ledger: "test".into(),
        key: format!("p{id}"),
        name: kernel::Name::new(format!("点位{id}"), format!("point {id}")),
        owner: owner.map(str::to_owned),
        simulated: false,
        schematic: false,
        ..Point::simulated(id, kind)
    })
}

pub struct Rig {
    pub collect: Arc<Collect>,
    pub store: Arc<dyn Store>,
    pub address: SocketAddr,
    pub live: api::LiveBus,
    stop: tokio::sync::watch::Sender<bool>,
    folder: Folder,
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl Rig {
    pub async fn start(devices: Vec<Device>) -> Self {
        Self::with(devices, Limits::default(), SqliteOptions::default()).await
    }

    pub async fn with(devices: Vec<Device>, limits: Limits, options: SqliteOptions) -> Self {
        let folder = Folder::new("rig");
        let store = open(&folder, options);
        let mut ids: Vec<i64> = devices.iter().map(|device| device.point).chain(1..=3).collect();
        ids.sort_unstable();
        ids.dedup();
        let points = ids.into_iter().map(|id| point(id, PointKind::AirStation, Some("bureau"))).collect();
        let live = api::LiveBus::default();
        let points: Arc<dyn kernel::PointSource> = Arc::new(Arc::new(PointSet::new(points)));
        let collect = Collect::with_limits(Arc::clone(&store), DIVISION, live.clone(), points, limits).unwrap();
        collect.set_directory(Directory::new(devices));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        tokio::spawn(Arc::clone(&collect).serve_tcp(listener, stopped.clone()));
        tokio::spawn(Arc::clone(&collect).run(stopped));
        Self { collect, store, address, live, stop, folder }
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    pub async fn connect(&self) -> Station {
        Station { stream: TcpStream::connect(self.address).await.unwrap(), received: Vec::new() }
    }

    /// Every raw frame on disk.
    pub fn frames(&self) -> Vec<StoredFrame> {
        (1..).map_while(|sequence| self.store.frame(sequence).unwrap()).collect()
    }

    pub fn observations(&self, point: i64, kind: u16) -> Vec<StoredObservation> {
        self.revisions(point, kind, false)
    }

    pub fn revisions(&self, point: i64, kind: u16, every_revision: bool) -> Vec<StoredObservation> {
        // Every bucket between two years: enough for the samples, quick for months, bearable for days.
        let query = ObservationQuery {
            point,
            system: None,
            kind,
            from: Timestamp::parse("2016-01-01").unwrap_or_else(|| Timestamp::parse("2016-01-01T00:00:00").unwrap()),
            until: Timestamp::parse("2041-01-01T00:00:00").unwrap(),
            every_revision,
            limit: 100_000,
        };
        self.store.observations(query).unwrap()
    }

    /// `factor-statistic=value` of an observation, sorted.
    pub fn values(&self, observation: &StoredObservation) -> Vec<String> {
        let mut shown: Vec<String> = observation
            .values
            .iter()
            .map(|value| {
                let factor = self.store.factor_code(value.factor).unwrap();
                format!("{factor}-{}={}", value.statistic.name(), value.value)
            })
            .collect();
        shown.sort();
        shown
    }

    /// How often an anomaly was counted.
    pub fn anomaly(&self, point: i64, name: &str) -> i64 {
        self.store
            .read(|reader| {
                let row = reader.query_one(
                    "SELECT COALESCE(SUM(count), 0) FROM anomaly WHERE division = $1 AND point = $2 AND name = $3",
                    &[DIVISION.into(), point.into(), name.into()],
                )?;
                row.map_or(Ok(0), |row| row.integer(0))
            })
            .unwrap()
    }

    /// All anomalies that were counted, `point:name`.
    pub fn anomalies(&self) -> Vec<String> {
        self.store
            .read(|reader| {
                let rows = reader.query(
                    "SELECT point, name FROM anomaly WHERE division = $1 ORDER BY point, name",
                    &[DIVISION.into()],
                )?;
                rows.iter().map(|row| Ok(format!("{}:{}", row.integer(0)?, row.text(1)?))).collect()
            })
            .unwrap()
    }

    /// Waits until something holds, at most five seconds.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..500 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}; anomalies {:?}", self.anomalies());
    }
}

/// One station's end of a connection.
pub struct Station {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Station {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Frames from the platform until a barrier: a heartbeat is answered after everything before it.
    pub async fn answers(&mut self) -> Vec<String> {
        let heartbeat = frame("QN=20990101000000001;ST=91;CN=9015;PW=x;MN=BARRIER;Flag=9;CP=&&&&");
        self.send(heartbeat).await;
        let mut frames = Vec::new();
        loop {
            let next = self.answer().await.expect("an answer to the heartbeat");
            if next.contains("MN=BARRIER") {
                return frames;
            }
            frames.push(next);
        }
    }

    /// The next frame from the platform; `None`: it closed the connection. Panics after five seconds.
    pub async fn answer(&mut self) -> Option<String> {
        self.answer_within(Duration::from_secs(5)).await.expect("an answer within five seconds")
    }

    /// `Err`: nothing came in time.
    pub async fn answer_within(&mut self, limit: Duration) -> Result<Option<String>, ()> {
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            let mut buffer = [0; 4096];
            match tokio::time::timeout(limit, self.stream.read(&mut buffer)).await {
                Err(_) => return Err(()),
                Ok(Ok(0) | Err(_)) => return Ok(None),
                Ok(Ok(count)) => self.received.extend_from_slice(&buffer[..count]),
            }
        }
    }
}

/// Wraps a data segment.
pub fn frame(segment: &str) -> Vec<u8> {
    hj212::encode::frame_of(segment.as_bytes())
}

/// An hour packet of the station under test that wants an answer.
pub fn hour_packet(mn: &str, data_time: &str, area: &str) -> Vec<u8> {
    frame(&format!("QN={data_time}000;ST=22;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime={data_time};{area}&&"))
}

pub fn device(mn: &str, system: u16, point: i64) -> Device {
    Device::new(mn, system, point, Timestamp(0))
}
