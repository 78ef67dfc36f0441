//! The mechanism as the wiring sees it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use kernel::{Division, ErrorCode, PointSource, Problem, Timestamp};
use store::Store;

use crate::activity::Activity;
use crate::command_book::CommandBook;
use crate::directory::{BindingKeeper, Directory};
use crate::factors::Factors;
use crate::keys::IssuedKeys;
use crate::limits::Limits;
use crate::model::CollectStatus;
use crate::pipeline::{self, PipelineSender, PipelineState};
use crate::presence::{self, Presence};
use crate::quarantine::Quarantine;
use crate::rows;
use crate::sessions::Sessions;

/// Room that must be there again before packets count as accepted.
const PROBE_BYTES: usize = 256 << 10;

/// Commands that are taken up again after a start.
const MAX_OPEN_COMMANDS: i64 = 10_000;

/// The collect mechanism. Share it by `Arc`.
pub struct Collect {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) division: Division,
    pub(crate) live: api::LiveBus,
    pub(crate) points: Arc<dyn PointSource>,
    pub(crate) limits: Limits,
    /// What the register says, and with the adopted devices.
    pub(crate) registered: ArcSwap<Directory>,
    pub(crate) directory: ArcSwap<Directory>,
    pub(crate) keeper: OnceLock<Arc<dyn BindingKeeper>>,
    pub(crate) keys: IssuedKeys,
    pub(crate) commands: CommandBook,
    pub(crate) factors: Factors,
    pub(crate) quarantine: Arc<Quarantine>,
    /// Held for reading from the moment a packet's bindings are looked up until it stands in the queue.
    pub(crate) deciding: tokio::sync::RwLock<()>,
    /// One adoption or discarding at a time.
    pub(crate) quarantine_work: tokio::sync::Mutex<()>,
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
        let (quarantine, keys, open) = store.read(|reader| {
            Ok((
                Quarantine::load(reader, division, &limits)?,
                IssuedKeys::load(reader, division)?,
                rows::open_commands(reader, division, MAX_OPEN_COMMANDS)?,
            ))
        })?;
        let quarantine = Arc::new(quarantine);
        let (sender, state) = pipeline::start(Arc::clone(&store), Arc::clone(&quarantine))
            .map_err(|error| Problem::new(ErrorCode::Internal, format!("starting the ingest thread: {error}")))?;
        let collect = Arc::new(Self {
            factors: Factors::new(Arc::clone(&store), limits.factors),
            activity: Activity::load(&*store),
            store,
            division,
            live,
            points,
            limits,
            registered: ArcSwap::default(),
            directory: ArcSwap::default(),
            keeper: OnceLock::new(),
            keys,
            commands: CommandBook::load(open),
            quarantine,
            deciding: tokio::sync::RwLock::new(()),
            quarantine_work: tokio::sync::Mutex::new(()),
            sessions: Sessions::default(),
            sender,
            state,
            started_at: kernel::time::now(),
            next_connection: AtomicU64::new(1),
        });
        collect.merge_adoptions()?;
        Ok(collect)
    }

    /// Exchanges all bindings at once; packets that are being read keep the set they began with.
    pub fn set_directory(&self, directory: Directory) {
        self.registered.store(Arc::new(directory));
        // Adopted devices stand on disk; when they cannot be read now, the register's bindings hold alone.
        if let Err(problem) = self.merge_adoptions() {
            tracing::warn!("reading adopted devices: {problem}");
            self.directory.store(self.registered.load_full());
        }
    }

    /// Names who keeps the bindings of adopted devices; once, before anybody adopts.
    pub fn set_binding_keeper(&self, keeper: Arc<dyn BindingKeeper>) {
        if self.keeper.set(keeper).is_err() {
            tracing::warn!("a second keeper of bindings is not used");
        }
    }

    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Is this point heard from?
    pub fn presence(&self, point: i64, now: Timestamp) -> Presence {
        let heard = self.activity.get(point).and_then(|activity| activity.last_received());
        presence::presence(heard, self.expected_seconds(point, now), now)
    }

    pub(crate) fn presence_since(&self, heard: Timestamp, point: i64, now: Timestamp) -> Presence {
        presence::presence(Some(heard), self.expected_seconds(point, now), now)
    }

    /// While nothing can be stored, tries whether there is room again: stations that have stopped sending
    /// would otherwise leave the trouble standing.
    pub(crate) fn probe(&self) {
        if !self.state.accepting() && rows::try_room(&*self.store, self.division, PROBE_BYTES).is_ok() {
            self.state.recovered();
        }
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
            refusals: counters.refusals(),
            commits: read(&counters.commits),
            quarantined: self.quarantine.devices() as u64,
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

    pub(crate) fn issued_keys(&self, mn: &str) -> Vec<[u8; 16]> {
        self.keys.of(mn)
    }

    pub fn routes(self: &Arc<Self>) -> api::Routes {
        crate::http::routes(self)
    }
}
