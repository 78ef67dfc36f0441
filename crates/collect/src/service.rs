//! The mechanism as the wiring sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use kernel::{Division, ErrorCode, PointSource, Problem, Timestamp};
use store::Store;

use crate::activity::Activity;
use crate::directory::Directory;
use crate::factors::Factors;
use crate::limits::Limits;
use crate::model::CollectStatus;
use crate::pipeline::{self, PipelineSender, PipelineState};
use crate::presence::{self, Presence};
use crate::quarantine::Quarantine;
use crate::sessions::Sessions;

/// The collect mechanism. Share it by `Arc`.
pub struct Collect {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) limits: Limits,
    pub(crate) directory: ArcSwap<Directory>,
    pub(crate) factors: Factors,
    pub(crate) quarantine: Quarantine,
    pub(crate) activity: Activity,
    pub(crate) sessions: Sessions,
    pub(crate) sender: PipelineSender,
    pub(crate) state: Arc<PipelineState>,
    pub(crate) started_at: Timestamp,
    pub(crate) next_connection: AtomicU64,
}

impl Collect {
    /// Starts the thread that commits; nothing listens yet.
    pub fn new(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
    ) -> Result<Arc<Self>, Problem> {
        Self::with_limits(store, division, live, points, Limits::default())
    }

    pub fn with_limits(
        store: Arc<dyn Store>,
        division: Division,
        live: api::LiveBus,
        points: Arc<dyn PointSource>,
        limits: Limits,
    ) -> Result<Arc<Self>, Problem> {
        let (sender, state) = pipeline::start(Arc::clone(&store))
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("starting the ingest thread: {error}")))?;
        let quarantine = store.read(|reader| Quarantine::load(reader, division, &limits))?;
        Ok(Arc::new(Self {
            factors: Factors::new(Arc::clone(&store), limits.factors),
            activity: Activity::load(&*store),
            store,
            division,
            live,
            points,
            limits,
            directory: ArcSwap::default(),
            quarantine,
            sessions: Sessions::default(),
            sender,
            state,
            started_at: kernel::time::now(),
            next_connection: AtomicU64::new(1),
        }))
    }

    /// Exchanges all bindings at once; packets that are being read keep the set they began with.
    pub fn set_directory(&self, directory: Directory) {
        self.directory.store(Arc::new(directory));
    }

    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Is this point heard from?
    pub fn presence(&self, point: i64, now: Timestamp) -> Presence {
        let heard = self.activity.get(point).and_then(|activity| activity.last_received());
        presence::presence(heard, self.expected_seconds(point, now), now)
    }

    /// When the newest data of a point arrived, and what time they tell of.
    pub fn last_data(&self, point: i64) -> Option<(Timestamp, Timestamp)> {
        let activity = self.activity.get(point)?;
        Some((activity.last_received()?, activity.last_data()?))
    }

    /// Is a device that reports for this point connected now?
    pub fn connected(&self, point: i64, now: Timestamp) -> bool {
        self.directory.load().of_point(point, now).iter().any(|device| self.sessions.get(&device.mn).is_some())
    }

    /// The shortest interval at which data of a point are expected: from its devices, else from its record.
    pub(crate) fn expected_seconds(&self, point: i64, now: Timestamp) -> Option<u32> {
        let devices = self.directory.load().of_point(point, now);
        devices.iter().filter_map(|device| device.intervals.shortest()).min().or_else(|| {
            let points = self.points.points();
            let point = points.get(point)?;
            point.realtime_seconds.or_else(|| point.minute_minutes.map(|minutes| minutes.saturating_mul(60)))
        })
    }

    pub fn status(&self) -> CollectStatus {
        let (counters, now) = (&self.state.counters, kernel::time::now());
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let last = counters.last_packet_at.load(Ordering::Relaxed);
        CollectStatus {
            accepting: self.state.accepting(),
            trouble: self.state.trouble().map(|trouble| (trouble.name, trouble.since)),
            packets_today: counters.packets_today(now),
            packets_per_second: counters.packets_per_second(now),
            connections: read(&counters.connections),
            last_packet_at: (last != 0).then_some(Timestamp(last)),
            packets: read(&counters.packets),
            duplicates: read(&counters.duplicates),
            refused: read(&counters.refused),
            commits: read(&counters.commits),
            quarantined: self.quarantine.len() as u64,
        }
    }
}

impl Collect {
    /// Serves stations on a listener until `stop` turns true.
    pub async fn serve_tcp(
        self: Arc<Self>,
        listener: tokio::net::TcpListener,
        stop: tokio::sync::watch::Receiver<bool>,
    ) {
        crate::tcp::serve(self, listener, stop).await;
    }

    /// Counts something that carries no packet; dropped when the queue is full, since it only counts.
    pub(crate) fn count(&self, packet: crate::pipeline::ReadyPacket) {
        self.sender.try_count(packet);
    }

    pub(crate) fn issued_keys(&self, _mn: &str) -> Vec<[u8; 16]> {
        Vec::new()
    }

    /// Does what a group asked for once it is durable and answered.
    pub(crate) async fn apply(self: &Arc<Self>, _effect: crate::intake::Effect, _outbox: &crate::sessions::Outbox) {}

    pub fn routes(self: &Arc<Self>) -> api::Routes {
        api::Routes::new("collect")
    }
}

impl Collect {
    /// What runs by itself beside the listeners: presence, missing hours, command time-outs, sealing of raw
    /// frames, housekeeping of the store, the live stream. Returns when `stop` turns true.
    pub async fn run(self: Arc<Self>, mut stop: tokio::sync::watch::Receiver<bool>) {
        crate::connection::stopped(&mut stop).await;
    }
}
