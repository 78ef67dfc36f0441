//! One group commit of the observation path.
//!
//! Order of work: observations (so that duplicates are known), then the frames that are kept, then newest
//! values, periods to judge, quarantine, anomaly counts and one event; then the sync. Everything that lives
//! in memory is changed only after the commit has succeeded.

use std::collections::{HashMap, HashSet};

use kernel::{EventDraft, Timestamp};
use rusqlite::{CachedStatement, Connection, params};

use super::SqliteStore;
use super::connection::{self, WriterState, database_error};
use super::latest::{self, Cells, SeriesKey};
use super::query;
use super::transaction::SqliteTransaction;
use crate::contract::{
    CommitReceipt, NewObservation, ObservationKey, Outcome, PacketBatch, PeriodLevel, StoreError, Urgency,
};
use crate::event_log;
use crate::frames::{self, FrameMeta};
use crate::packed::{Comparison, PackedValue, compare, pack, unpack};

/// Commits of at least this many frames are sealed as they come.
const SEAL_AT_ONCE: usize = 1000;
const FAST_LEVEL: i32 = 1;
pub const SEAL_LEVEL: i32 = 9;
/// A packet is compared with at most this many older revisions.
const MAX_COMPARED: i64 = 32;
/// Values stamped further in the future than this do not become "the newest".
const FUTURE_TOLERANCE_MILLIS: i64 = 3_600_000;

pub const MARK_DIRTY: &str = "INSERT INTO dirty_period (division, level, point, period, not_before, stamp)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (division, level, point, period)
     DO UPDATE SET not_before = MIN(not_before, excluded.not_before), stamp = excluded.stamp";

type DirtyKey = (i64, PeriodLevel, i64);

/// What a commit will change in memory once it is durable.
struct Pending {
    outcomes: Vec<Outcome>,
    frame_numbers: Vec<Option<i64>>,
    /// Frames to keep, in the order of their numbers.
    kept: Vec<usize>,
    latest: HashMap<SeriesKey, Cells>,
    dirty: HashMap<DirtyKey, Timestamp>,
    next_frame: i64,
    chain: [u8; 32],
}

impl Pending {
    fn number(&mut self, frame: usize) -> i64 {
        if let Some(number) = self.frame_numbers[frame] {
            return number;
        }
        let number = self.next_frame;
        self.next_frame += 1;
        self.frame_numbers[frame] = Some(number);
        self.kept.push(frame);
        number
    }
}

/// `stored` is empty, or gives the number of each frame of the batch when all of them are on disk already.
pub fn commit(
    store: &SqliteStore,
    batch: &PacketBatch,
    stored: &[i64],
    now: Timestamp,
) -> Result<CommitReceipt, StoreError> {
    let mut writer = store.writer.lock();
    let started = connection::begin(&writer.connection)?;
    let mut frame_numbers: Vec<Option<i64>> = stored.iter().copied().map(Some).collect();
    frame_numbers.resize(batch.frames.len(), None);
    let mut pending = Pending {
        outcomes: Vec::with_capacity(batch.observations.len()),
        frame_numbers,
        kept: Vec::with_capacity(batch.frames.len()),
        latest: HashMap::new(),
        dirty: HashMap::new(),
        next_frame: writer.state.next_frame,
        chain: writer.state.chain,
    };
    insert_observations(store, &writer.connection, &writer.state, batch, &mut pending, now)?;
    keep_other_frames(batch, &mut pending);
    insert_frames(store, &writer.connection, batch, &mut pending, writer.state.next_frame)?;
    write_latest(store, &writer.connection, &pending)?;
    write_dirty(store, &writer.connection, &pending)?;
    write_quarantine(store, &writer.connection, batch, &mut pending)?;
    write_anomalies(store, &writer.connection, batch)?;
    if let Some(event) = commit_event(batch, &pending, writer.state.next_frame) {
        event_log::append(&SqliteTransaction::new(&writer.connection), store.division, now, &[event])?;
    }
    started.commit()?;

    writer.state.next_frame = pending.next_frame;
    writer.state.chain = pending.chain;
    writer.state.known_dirty.extend(pending.dirty);
    store.latest.replace(pending.latest);
    Ok(CommitReceipt { outcomes: pending.outcomes, frames: pending.frame_numbers })
}

fn insert_observations(
    store: &SqliteStore,
    connection: &Connection,
    state: &WriterState,
    batch: &PacketBatch,
    pending: &mut Pending,
    now: Timestamp,
) -> Result<(), StoreError> {
    if batch.observations.is_empty() {
        return Ok(());
    }
    let failed = |error: rusqlite::Error| database_error("storing an observation", &error);
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO observation (division, bucket, point, system, kind, data_time, part, revision, frame, received_at, packed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
        )
        .map_err(failed)?;
    let mut newest = connection
        .prepare_cached(
            "SELECT revision, packed FROM observation WHERE division = ?1 AND bucket = ?2 AND point = ?3 AND system = ?4
             AND kind = ?5 AND data_time = ?6 AND part = ?7 ORDER BY revision DESC LIMIT 1",
        )
        .map_err(failed)?;
    for observation in &batch.observations {
        let received_at = batch.frames[observation.frame].received_at;
        let already_kept = pending.frame_numbers[observation.frame];
        let frame = already_kept.unwrap_or(pending.next_frame);
        let mut put = |revision: i64, values: &[PackedValue]| {
            insert_row(&mut insert, store, &observation.key, revision, frame, received_at, values)
        };
        let outcome = if put(0, &observation.values)? {
            Outcome::Stored
        } else {
            let (revision, stored) = newest_row(&mut newest, store, &observation.key)?;
            match compare(&stored, &observation.values) {
                Comparison::Same => Outcome::Duplicate,
                Comparison::Adds(union) => {
                    put(revision + 1, &union)?;
                    Outcome::Merged
                }
                Comparison::Changes(_) if is_replay(store, connection, batch, pending, observation)? => {
                    Outcome::Duplicate
                }
                Comparison::Changes(union) => {
                    put(revision + 1, &union)?;
                    Outcome::Revised
                }
            }
        };
        if outcome != Outcome::Duplicate {
            let frame = pending.number(observation.frame);
            remember_latest(store, pending, observation, received_at, frame);
            remember_dirty(state, pending, observation, now);
        }
        pending.outcomes.push(outcome);
    }
    Ok(())
}

fn insert_row(
    insert: &mut CachedStatement<'_>,
    store: &SqliteStore,
    key: &ObservationKey,
    revision: i64,
    frame: i64,
    received_at: Timestamp,
    values: &[PackedValue],
) -> Result<bool, StoreError> {
    let changed = insert
        .execute(params![
            store.division.0,
            ObservationKey::bucket(key.kind, key.data_time),
            key.point,
            key.system,
            key.kind,
            key.data_time.millis(),
            key.part,
            revision,
            frame,
            received_at.millis(),
            pack(values),
        ])
        .map_err(|error| database_error("storing an observation", &error))?;
    Ok(changed == 1)
}

/// Is this packet, which differs from the newest revision, an older one sent once more? Only the same bytes
/// are: a device may well correct a value back to what it was, and says so in a new packet.
fn is_replay(
    store: &SqliteStore,
    connection: &Connection,
    batch: &PacketBatch,
    pending: &Pending,
    observation: &NewObservation,
) -> Result<bool, StoreError> {
    let failed = |error: rusqlite::Error| database_error("reading older revisions", &error);
    let key = &observation.key;
    let mut statement = connection
        .prepare_cached(
            "SELECT frame, packed FROM observation WHERE division = ?1 AND bucket = ?2 AND point = ?3 AND system = ?4
             AND kind = ?5 AND data_time = ?6 AND part = ?7 ORDER BY revision DESC LIMIT ?8",
        )
        .map_err(failed)?;
    let mut rows = statement
        .query(params![
            store.division.0,
            ObservationKey::bucket(key.kind, key.data_time),
            key.point,
            key.system,
            key.kind,
            key.data_time.millis(),
            key.part,
            MAX_COMPARED,
        ])
        .map_err(failed)?;
    let bytes = &batch.frames[observation.frame].bytes;
    while let Some(row) = rows.next().map_err(failed)? {
        let packed = row.get_ref(1).map_err(failed)?.as_blob().map_err(|error| failed(error.into()))?;
        if compare(&unpack(packed), &observation.values) != Comparison::Same {
            continue;
        }
        let number: i64 = row.get(0).map_err(failed)?;
        let same = match pending.frame_numbers.iter().position(|&known| known == Some(number)) {
            Some(place) => batch.frames[place].bytes == *bytes,
            None => query::frames(connection, store.division, &[number])?.iter().any(|frame| frame.bytes == *bytes),
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

fn newest_row(
    newest: &mut CachedStatement<'_>,
    store: &SqliteStore,
    key: &ObservationKey,
) -> Result<(i64, Vec<PackedValue>), StoreError> {
    newest
        .query_row(
            params![
                store.division.0,
                ObservationKey::bucket(key.kind, key.data_time),
                key.point,
                key.system,
                key.kind,
                key.data_time.millis(),
                key.part,
            ],
            |row| Ok((row.get(0)?, unpack(row.get_ref(1)?.as_blob()?))),
        )
        .map_err(|error| database_error("reading the stored revision", &error))
}

fn remember_latest(
    store: &SqliteStore,
    pending: &mut Pending,
    observation: &NewObservation,
    received_at: Timestamp,
    frame: i64,
) {
    let key = &observation.key;
    if key.data_time.millis() > received_at.millis() + FUTURE_TOLERANCE_MILLIS {
        return;
    }
    let series = (key.point, key.system, key.kind);
    let cells = pending.latest.entry(series).or_insert_with(|| store.latest.copy(&series));
    latest::merge(cells, &observation.values, key.data_time, received_at, frame);
}

fn remember_dirty(state: &WriterState, pending: &mut Pending, observation: &NewObservation, now: Timestamp) {
    let due = match observation.judge {
        Urgency::Never => return,
        Urgency::Now => now,
        Urgency::After(time) => time,
    };
    let key = &observation.key;
    let period = match key.kind {
        2031 => (key.point, PeriodLevel::Day, i64::from(key.data_time.day().0)),
        _ => (key.point, PeriodLevel::Hour, key.data_time.hour().0),
    };
    // A period already marked as due no later than this needs no second mark; it is still unjudged.
    if state.known_dirty.get(&period).is_some_and(|&known| known <= due) {
        return;
    }
    let entry = pending.dirty.entry(period).or_insert(due);
    *entry = (*entry).min(due);
}

/// Frames without an observation of their own (answers to commands, quarantined devices) are kept too.
fn keep_other_frames(batch: &PacketBatch, pending: &mut Pending) {
    let observed: HashSet<usize> = batch.observations.iter().map(|observation| observation.frame).collect();
    for frame in 0..batch.frames.len() {
        if !observed.contains(&frame) {
            pending.number(frame);
        }
    }
}

fn insert_frames(
    store: &SqliteStore,
    connection: &Connection,
    batch: &PacketBatch,
    pending: &mut Pending,
    first: i64,
) -> Result<(), StoreError> {
    if pending.kept.is_empty() {
        return Ok(());
    }
    let metas: Vec<FrameMeta> = pending.kept.iter().map(|&frame| batch.frames[frame].meta()).collect();
    let kept = metas.iter().zip(pending.kept.iter().map(|&frame| batch.frames[frame].bytes.as_slice()));
    let previous = pending.chain;
    for (meta, bytes) in kept.clone() {
        pending.chain = frames::link(&pending.chain, meta, bytes);
    }
    let sealed = pending.kept.len() >= SEAL_AT_ONCE;
    let bytes = frames::encode(kept, FAST_LEVEL)?;
    let last_at = metas.iter().map(|meta| meta.received_at).max().unwrap_or_default();
    let failed = |error: rusqlite::Error| database_error("storing raw frames", &error);
    connection
        .prepare_cached(
            "INSERT INTO frame_batch (division, first, count, sealed, last_at, previous_hash, hash, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                store.division.0,
                first,
                pending.kept.len() as i64,
                sealed,
                last_at.millis(),
                previous.as_slice(),
                pending.chain.as_slice(),
                bytes
            ])
        })
        .map_err(failed)?;
    Ok(())
}

fn write_latest(store: &SqliteStore, connection: &Connection, pending: &Pending) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| database_error("storing newest values", &error);
    let mut upsert = connection
        .prepare_cached(
            "INSERT INTO latest (division, point, system, kind, packed) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (division, point, system, kind) DO UPDATE SET packed = excluded.packed",
        )
        .map_err(failed)?;
    for (&(point, system, kind), cells) in &pending.latest {
        upsert.execute(params![store.division.0, point, system, kind, latest::encode(cells)]).map_err(failed)?;
    }
    Ok(())
}

fn write_dirty(store: &SqliteStore, connection: &Connection, pending: &Pending) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| database_error("marking a period to judge", &error);
    let mut upsert = connection.prepare_cached(&MARK_DIRTY.replace('$', "?")).map_err(failed)?;
    for (&(point, level, period), due) in &pending.dirty {
        upsert
            .execute(params![store.division.0, level as u8, point, period, due.millis(), store.next_stamp()])
            .map_err(failed)?;
    }
    Ok(())
}

fn write_quarantine(
    store: &SqliteStore,
    connection: &Connection,
    batch: &PacketBatch,
    pending: &mut Pending,
) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| database_error("storing a quarantined packet", &error);
    for entry in &batch.quarantined {
        let frame = &batch.frames[entry.frame];
        connection
            .prepare_cached(
                "INSERT INTO quarantine (division, device, system, first_at, last_at, packets, peer) VALUES (?1, ?2, ?3, ?4, ?4, 1, ?5)
                 ON CONFLICT (division, device, system)
                 DO UPDATE SET last_at = excluded.last_at, packets = packets + 1, peer = excluded.peer",
            )
            .and_then(|mut upsert| {
                upsert.execute(params![
                    store.division.0,
                    entry.device,
                    entry.system,
                    frame.received_at.millis(),
                    &*frame.peer
                ])
            })
            .map_err(failed)?;
        let number = pending.number(entry.frame);
        connection
            .prepare_cached(
                "INSERT INTO quarantine_frame (division, device, system, frame) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut insert| insert.execute(params![store.division.0, entry.device, entry.system, number]))
            .map_err(failed)?;
    }
    Ok(())
}

fn write_anomalies(store: &SqliteStore, connection: &Connection, batch: &PacketBatch) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| database_error("counting an anomaly", &error);
    for anomaly in &batch.anomalies {
        connection
            .prepare_cached(
                "INSERT INTO anomaly (division, point, name, day, count, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (division, point, name, day)
                 DO UPDATE SET count = count + excluded.count, last_at = MAX(last_at, excluded.last_at)",
            )
            .and_then(|mut upsert| {
                upsert.execute(params![
                    store.division.0,
                    anomaly.point,
                    anomaly.name,
                    anomaly.last_at.day().0,
                    anomaly.count,
                    anomaly.last_at.millis()
                ])
            })
            .map_err(failed)?;
    }
    Ok(())
}

/// One event per group commit: how many, over what time, which frames, and the head of their chain.
fn commit_event(batch: &PacketBatch, pending: &Pending, first: i64) -> Option<EventDraft> {
    if pending.kept.is_empty() {
        return None;
    }
    let times = batch.observations.iter().map(|observation| observation.key.data_time);
    let hash: String = pending.chain.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(EventDraft {
        kind: "collect.committed",
        actor: "collect".into(),
        subject: "frames".into(),
        payload: serde_json::json!({
            "frames": pending.kept.len(),
            "first_frame": first.to_string(),
            "observations": batch.observations.len(),
            "from": times.clone().min().map(Timestamp::to_iso),
            "until": times.max().map(Timestamp::to_iso),
            "hash": hash,
        }),
    })
}
