//! The one way in: whatever the transport, packets come through this queue and are committed in groups.
//!
//! Group commit without a timer: take whatever is queued, commit, sync, answer all, again. A lone packet
//! waits for nobody; under load the groups grow by themselves. Work per commit is bounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kernel::{Name, Timestamp};
use store::contract::{
    AnomalyCount, CommitReceipt, IncomingFrame, NewObservation, ObservationKey, Outcome, PacketBatch, Quarantined,
    Urgency,
};
use store::{PackedValue, Store, StoreError};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::quarantine::Quarantine;
use crate::sessions::{Acknowledgement, Outbox};
use crate::{anomaly, relock};

/// Chunks waiting to be committed; senders wait beyond it.
const QUEUE: usize = 4096;
/// A commit takes at most this many packets or bytes.
const MAX_PACKETS: usize = 8192;
const MAX_BYTES: usize = 8 << 20;
const ANNOUNCEMENTS: usize = 256;
/// One announcement lists at most this many packets; a reader that needs more asks for the newest values.
const MAX_ANNOUNCED: usize = 500;

/// A packet ready for disk.
#[derive(Debug)]
pub struct ReadyPacket {
    /// Verbatim bytes; `None`: counted only (a heartbeat, a refused packet).
    pub frame: Option<IncomingFrame>,
    pub content: Content,
    pub anomalies: Vec<(i64, &'static str)>,
}

impl ReadyPacket {
    /// Point and data time of an observation.
    pub fn data_time(&self) -> Option<(i64, Timestamp)> {
        match &self.content {
            Content::Observation { key, .. } => Some((key.point, key.data_time)),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub enum Content {
    Observation {
        key: ObservationKey,
        values: Vec<PackedValue>,
        judge: Urgency,
    },
    Quarantine {
        device: String,
        system: u16,
    },
    /// Nothing but the frame, or not even that (a heartbeat).
    Other,
    /// Counted only: it was not accepted.
    Refused,
}

/// What became of a chunk, told to its sender after the sync.
#[derive(Clone, Debug)]
pub enum ChunkResult {
    /// Durable. Outcomes of its observations, in order.
    Committed(Vec<Outcome>),
    /// Not stored; nothing may be acknowledged.
    Refused,
}

pub struct Chunk {
    pub packets: Vec<ReadyPacket>,
    pub done: Done,
}

/// How the sender wants to be told.
pub enum Done {
    Oneshot(oneshot::Sender<ChunkResult>),
    /// Handed to the connection when durable; dropped otherwise, which frees its place in the window.
    Acknowledge {
        acknowledgement: Acknowledgement,
        outbox: Outbox,
    },
}

/// Told to listeners after each commit.
#[derive(Clone, Debug)]
pub struct Announcement {
    pub at: Timestamp,
    /// What is new, at most [`MAX_ANNOUNCED`] packets.
    pub packets: Vec<(ObservationKey, Arc<[PackedValue]>)>,
    pub truncated: bool,
}

/// Counters that the overview shows. All since start, except `packets_today`.
#[derive(Debug, Default)]
pub struct Counters {
    pub packets: AtomicU64,
    pub duplicates: AtomicU64,
    pub refused: AtomicU64,
    pub bytes: AtomicU64,
    pub commits: AtomicU64,
    pub connections: AtomicU64,
    pub last_packet_at: AtomicI64,
    today: Mutex<(i32, u64)>,
    rate: Mutex<Rate>,
    /// Refused packets by the name of their reason; names are a closed list.
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

#[derive(Debug, Default)]
struct Rate {
    /// Packets of the last seconds, by second modulo the window.
    seconds: [(i64, u64); 10],
}

impl Counters {
    fn count(&self, packets: u64, now: Timestamp) {
        if packets == 0 {
            return;
        }
        self.packets.fetch_add(packets, Ordering::Relaxed);
        self.last_packet_at.store(now.millis(), Ordering::Relaxed);
        let mut today = relock(self.today.lock());
        if today.0 != now.day().0 {
            *today = (now.day().0, 0);
        }
        today.1 += packets;
        drop(today);
        let second = now.millis().div_euclid(1000);
        let mut rate = relock(self.rate.lock());
        let slot = &mut rate.seconds[second.rem_euclid(10) as usize];
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 += packets;
    }

    pub fn refuse(&self, name: &'static str, packets: u64) {
        if packets > 0 {
            self.refused.fetch_add(packets, Ordering::Relaxed);
            *relock(self.refusals.lock()).entry(name).or_default() += packets;
        }
    }

    /// Why packets were refused, and how many, most first.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        let mut counted: Vec<_> = relock(self.refusals.lock()).iter().map(|(&name, &count)| (name, count)).collect();
        counted.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
        counted
    }

    pub fn packets_today(&self, now: Timestamp) -> u64 {
        let today = relock(self.today.lock());
        if today.0 == now.day().0 { today.1 } else { 0 }
    }

    /// Mean over the last nine whole seconds.
    pub fn packets_per_second(&self, now: Timestamp) -> f64 {
        let second = now.millis().div_euclid(1000);
        let rate = relock(self.rate.lock());
        let sum: u64 =
            rate.seconds.iter().filter(|slot| slot.0 < second && slot.0 >= second - 9).map(|slot| slot.1).sum();
        sum as f64 / 9.0
    }
}

/// Why packets are being refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub name: Name,
    pub since: Timestamp,
}

/// Shared between the pipeline and whoever shows its state.
pub struct PipelineState {
    pub counters: Counters,
    accepting: AtomicBool,
    trouble: Mutex<Option<Trouble>>,
    announcements: broadcast::Sender<Arc<Announcement>>,
}

impl PipelineState {
    pub fn trouble(&self) -> Option<Trouble> {
        relock(self.trouble.lock()).clone()
    }

    pub fn accepting(&self) -> bool {
        self.accepting.load(Ordering::Relaxed)
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Announcement>> {
        self.announcements.subscribe()
    }

    /// Packets are stored again.
    pub fn recovered(&self) {
        if !self.accepting() {
            tracing::info!("storing again; packets are accepted");
            self.set_trouble(None);
        }
    }

    fn set_trouble(&self, trouble: Option<Trouble>) {
        self.accepting.store(trouble.is_none(), Ordering::Relaxed);
        let mut current = relock(self.trouble.lock());
        // The first moment of a trouble is the one to show.
        if let (Some(old), Some(new)) = (&*current, &trouble)
            && old.name == new.name
        {
            return;
        }
        *current = trouble;
    }
}

/// Sends chunks into the pipeline.
#[derive(Clone)]
pub struct PipelineSender(mpsc::Sender<Chunk>);

impl PipelineSender {
    /// Waits for room in the queue; `Err` only while the program stops.
    pub async fn send(&self, chunk: Chunk) -> Result<(), Stopped> {
        self.0.send(chunk).await.map_err(|_| Stopped)
    }

    /// Counts without waiting; nothing when the queue is full.
    pub fn try_count(&self, packet: ReadyPacket) {
        let (done, _) = oneshot::channel();
        let _ = self.0.try_send(Chunk { packets: vec![packet], done: Done::Oneshot(done) });
    }

    /// Puts packets into the queue; what became of them is told to the receiver.
    pub async fn begin(&self, packets: Vec<ReadyPacket>) -> Result<oneshot::Receiver<ChunkResult>, Stopped> {
        let (done, result) = oneshot::channel();
        self.send(Chunk { packets, done: Done::Oneshot(done) }).await?;
        Ok(result)
    }

    /// Sends and waits until it is durable.
    pub async fn commit(&self, packets: Vec<ReadyPacket>) -> Result<ChunkResult, Stopped> {
        self.begin(packets).await?.await.map_err(|_| Stopped)
    }

    /// Waits until everything that stood in the queue before this call was committed or refused.
    pub async fn barrier(&self) -> Result<(), Stopped> {
        self.commit(Vec::new()).await.map(drop)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the program is stopping")]
pub struct Stopped;

/// Starts the thread that commits. It ends when the last sender is dropped.
pub fn start(
    store: Arc<dyn Store>,
    quarantine: Arc<Quarantine>,
) -> std::io::Result<(PipelineSender, Arc<PipelineState>)> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let state = Arc::new(PipelineState {
        counters: Counters::default(),
        accepting: AtomicBool::new(true),
        trouble: Mutex::new(None),
        announcements: broadcast::channel(ANNOUNCEMENTS).0,
    });
    let shared = Arc::clone(&state);
    std::thread::Builder::new().name("ingest".into()).spawn(move || run(&*store, receiver, &shared, &quarantine))?;
    Ok((PipelineSender(sender), state))
}

fn run(store: &dyn Store, mut receiver: mpsc::Receiver<Chunk>, state: &PipelineState, quarantine: &Quarantine) {
    let mut chunks = Vec::new();
    while let Some(first) = receiver.blocking_recv() {
        let (mut packets, mut bytes) = size(&first);
        chunks.push(first);
        while packets < MAX_PACKETS && bytes < MAX_BYTES {
            let Ok(next) = receiver.try_recv() else { break };
            let (more_packets, more_bytes) = size(&next);
            packets += more_packets;
            bytes += more_bytes;
            chunks.push(next);
        }
        commit(store, state, quarantine, &mut chunks, bytes);
        chunks.clear();
    }
}

fn size(chunk: &Chunk) -> (usize, usize) {
    let bytes = chunk.packets.iter().filter_map(|packet| packet.frame.as_ref()).map(|frame| frame.bytes.len()).sum();
    (chunk.packets.len(), bytes)
}

/// Moves the packets of all chunks into one batch; remembers how many observations each chunk had.
fn gather(chunks: &mut [Chunk], now: Timestamp) -> (PacketBatch, Vec<usize>) {
    let mut batch = PacketBatch::default();
    let mut observations = Vec::with_capacity(chunks.len());
    let mut anomalies: HashMap<(i64, &'static str), u32> = HashMap::new();
    for chunk in chunks {
        let before = batch.observations.len();
        for packet in chunk.packets.drain(..) {
            for anomaly in packet.anomalies {
                *anomalies.entry(anomaly).or_default() += 1;
            }
            let Some(frame) = packet.frame else { continue };
            let place = batch.frames.len();
            batch.frames.push(frame);
            match packet.content {
                Content::Observation { key, values, judge } => {
                    batch.observations.push(NewObservation { key, frame: place, values, judge });
                }
                Content::Quarantine { device, system } => {
                    batch.quarantined.push(Quarantined { device, system, frame: place });
                }
                Content::Other | Content::Refused => {}
            }
        }
        observations.push(batch.observations.len() - before);
    }
    batch.anomalies =
        anomalies.into_iter().map(|((point, name), count)| AnomalyCount { point, name, count, last_at: now }).collect();
    (batch, observations)
}

fn commit(store: &dyn Store, state: &PipelineState, quarantine: &Quarantine, chunks: &mut Vec<Chunk>, bytes: usize) {
    let now = kernel::time::now();
    let mut packets = 0;
    for packet in chunks.iter().flat_map(|chunk| &chunk.packets) {
        match (&packet.content, packet.anomalies.first()) {
            // Told beside a frame that was taken: nothing was refused.
            (Content::Refused, Some(&(_, anomaly::CLOCK_OFF))) => {}
            (Content::Refused, Some(&(_, name))) => state.counters.refuse(name, 1),
            _ => packets += 1,
        }
    }
    let (batch, observations) = gather(chunks, now);
    let result = store.commit_packets(&batch, now);
    state.counters.count(packets, now);
    match result {
        Ok(receipt) => {
            // Counting alone needs no room, so it proves none.
            if !batch.frames.is_empty() {
                state.recovered();
            }
            state.counters.commits.fetch_add(1, Ordering::Relaxed);
            state.counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            let duplicates = receipt.outcomes.iter().filter(|outcome| **outcome == Outcome::Duplicate).count();
            state.counters.duplicates.fetch_add(duplicates as u64, Ordering::Relaxed);
            answer(chunks, &observations, &receipt);
            announce(state, batch, &receipt, now);
        }
        Err(error) => {
            state.counters.refuse(anomaly::NOT_STORED, packets);
            // What was let into quarantine is not there: its places are free again.
            for entry in &batch.quarantined {
                quarantine.release(&entry.device, entry.system, 1);
            }
            if state.accepting() {
                tracing::error!("packets are not stored and not acknowledged: {error}");
            }
            state.set_trouble(Some(Trouble { name: trouble_name(&error), since: now }));
            refuse(chunks);
        }
    }
}

fn trouble_name(error: &StoreError) -> Name {
    match error {
        StoreError::Full => Name::new(
            "存储空间已满：新数据不再入库、不予应答，站点会自行补发；腾出空间后自动恢复",
            "the disk is full: new data are not stored and not acknowledged, stations will resend; recovers by itself once there is room",
        ),
        other => Name::new(format!("数据无法入库：{other}"), format!("data cannot be stored: {other}")),
    }
}

fn answer(chunks: &mut Vec<Chunk>, observations: &[usize], receipt: &CommitReceipt) {
    let mut outcomes = receipt.outcomes.iter().copied();
    for (chunk, &count) in chunks.drain(..).zip(observations) {
        let own: Vec<Outcome> = outcomes.by_ref().take(count).collect();
        match chunk.done {
            Done::Oneshot(sender) => drop(sender.send(ChunkResult::Committed(own))),
            // The window guarantees room in the outbox; only a closed connection refuses.
            Done::Acknowledge { acknowledgement, outbox } => {
                let _ = outbox.acknowledge(acknowledgement);
            }
        }
    }
}

fn refuse(chunks: &mut Vec<Chunk>) {
    for chunk in chunks.drain(..) {
        if let Done::Oneshot(sender) = chunk.done {
            let _ = sender.send(ChunkResult::Refused);
        }
    }
}

fn announce(state: &PipelineState, batch: PacketBatch, receipt: &CommitReceipt, now: Timestamp) {
    if state.announcements.receiver_count() == 0 {
        return;
    }
    let mut packets = Vec::new();
    let mut truncated = false;
    for (observation, outcome) in batch.observations.into_iter().zip(&receipt.outcomes) {
        if *outcome == Outcome::Duplicate {
            continue;
        }
        if packets.len() >= MAX_ANNOUNCED {
            truncated = true;
            break;
        }
        packets.push((observation.key, observation.values.into()));
    }
    let _ = state.announcements.send(Arc::new(Announcement { at: now, packets, truncated }));
}
