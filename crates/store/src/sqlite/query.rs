//! Reading observations and raw frames back; sealing and verifying raw frames.

use kernel::time::DAY_MILLIS;
use kernel::{Division, Timestamp};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::connection::{self, database_error};
use super::ingest::SEAL_LEVEL;
use crate::contract::{ObservationKey, ObservationQuery, StoreError, StoredFrame, StoredObservation};
use crate::frames::{self, FrameMeta};
use crate::packed::PackedValue;

const SEAL_FRAMES: usize = 1000;
const SEAL_MAX_FRAMES: i64 = 4000;
const SEAL_MAX_BATCHES: i64 = 2000;
const SEAL_AGE_MILLIS: i64 = 600_000;
/// How many days back the list of a point's newest frames looks.
const FRAME_DAYS: i32 = 8;

pub fn observations(
    connection: &Connection,
    division: Division,
    query: ObservationQuery,
    unpack: impl Fn(&[u8]) -> Vec<PackedValue>,
) -> Result<Vec<StoredObservation>, StoreError> {
    let failed = |error: rusqlite::Error| database_error("reading observations", &error);
    let mut found: Vec<StoredObservation> = Vec::new();
    if query.until <= query.from {
        return Ok(found);
    }
    let buckets =
        ObservationKey::bucket(query.kind, query.from)..=ObservationKey::bucket(query.kind, query.until.plus(-1));
    let filter = if query.system.is_some() { "AND system = ?4" } else { "AND ?4 IS NULL" };
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT system, data_time, part, revision, frame, received_at, packed FROM observation
             WHERE division = ?1 AND bucket = ?2 AND point = ?3 {filter} AND kind = ?5
               AND data_time >= ?6 AND data_time < ?7
             ORDER BY system, data_time, part, revision"
        ))
        .map_err(failed)?;
    for bucket in buckets {
        let mut rows = statement
            .query(params![
                division.0,
                bucket,
                query.point,
                query.system,
                query.kind,
                query.from.millis(),
                query.until.millis()
            ])
            .map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let observation = (|| {
                Ok(StoredObservation {
                    key: ObservationKey {
                        point: query.point,
                        system: row.get(0)?,
                        kind: query.kind,
                        data_time: Timestamp(row.get(1)?),
                        part: row.get(2)?,
                    },
                    revision: row.get(3)?,
                    frame: row.get(4)?,
                    received_at: Timestamp(row.get(5)?),
                    values: unpack(row.get_ref(6)?.as_blob()?),
                })
            })()
            .map_err(failed)?;
            let full = found.len() >= query.limit;
            match found.last_mut() {
                Some(last) if !query.every_revision && last.key == observation.key => *last = observation,
                _ if full => return Ok(found),
                _ => found.push(observation),
            }
        }
    }
    Ok(found)
}

struct Batch {
    first: i64,
    count: i64,
    previous_hash: [u8; 32],
    hash: [u8; 32],
    last_at: i64,
    bytes: Vec<u8>,
}

fn read_batches(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Batch>, StoreError> {
    let failed = |error: rusqlite::Error| database_error("reading raw frames", &error);
    let sql = format!("SELECT first, count, previous_hash, hash, last_at, bytes FROM frame_batch WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement
        .query_map(parameters, |row| {
            Ok(Batch {
                first: row.get(0)?,
                count: row.get(1)?,
                previous_hash: row.get(2)?,
                hash: row.get(3)?,
                last_at: row.get(4)?,
                bytes: row.get(5)?,
            })
        })
        .map_err(failed)?;
    rows.collect::<Result<Vec<_>, _>>().map_err(failed)
}

fn unpack_batch(batch: &Batch) -> Result<Vec<StoredFrame>, StoreError> {
    let mut previous = batch.previous_hash;
    let frames = frames::decode(&batch.bytes)?;
    if frames.len() as i64 != batch.count {
        return Err(StoreError::Shape(format!("the raw frame batch at {} is short", batch.first)));
    }
    Ok(frames
        .into_iter()
        .enumerate()
        .map(|(place, (meta, bytes))| {
            let hash = frames::link(&previous, &meta, &bytes);
            let frame =
                StoredFrame { sequence: batch.first + place as i64, meta, bytes, previous_hash: previous, hash };
            previous = hash;
            frame
        })
        .collect())
}

/// Frames by their numbers, newest first; numbers that do not exist are left out.
pub fn frames(connection: &Connection, division: Division, sequences: &[i64]) -> Result<Vec<StoredFrame>, StoreError> {
    let mut wanted = sequences.to_vec();
    wanted.sort_unstable_by(|left, right| right.cmp(left));
    wanted.dedup();
    let mut result = Vec::with_capacity(wanted.len());
    let mut unpacked: Vec<StoredFrame> = Vec::new();
    for sequence in wanted {
        if unpacked.first().is_none_or(|first| first.sequence > sequence) {
            let batch = read_batches(
                connection,
                "division = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
                params![division.0, sequence],
            )?;
            unpacked = match batch.first() {
                Some(batch) => unpack_batch(batch)?,
                None => continue,
            };
        }
        if let Some(frame) = unpacked.iter().find(|frame| frame.sequence == sequence) {
            result.push(frame.clone());
        }
    }
    Ok(result)
}

pub fn frames_of_point(
    connection: &Connection,
    division: Division,
    point: i64,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<StoredFrame>, StoreError> {
    let failed = |error: rusqlite::Error| database_error("listing raw frames", &error);
    let today = before.day();
    let mut buckets: Vec<i64> = (0..FRAME_DAYS).map(|back| i64::from(today.0 - back)).collect();
    let last_month = before.plus(-31 * DAY_MILLIS).month();
    buckets.extend([i64::from(before.month().0), i64::from(last_month.0)]);
    let mut numbers = Vec::new();
    let mut statement = connection
        .prepare_cached(
            "SELECT DISTINCT frame FROM observation WHERE division = ?1 AND bucket = ?2 AND point = ?3
             AND received_at < ?4 ORDER BY frame DESC LIMIT ?5",
        )
        .map_err(failed)?;
    for bucket in buckets {
        let rows = statement
            .query_map(params![division.0, bucket, point, before.millis(), limit as i64], |row| row.get::<_, i64>(0))
            .map_err(failed)?;
        for number in rows {
            numbers.push(number.map_err(failed)?);
        }
    }
    numbers.sort_unstable_by(|left, right| right.cmp(left));
    numbers.dedup();
    numbers.truncate(limit);
    frames(connection, division, &numbers)
}

/// Merges committed batches into one segment when there are enough frames, or the oldest waits too long.
pub fn seal(store: &SqliteStore, now: Timestamp) -> Result<usize, StoreError> {
    let batches = {
        let reader = store.readers.take();
        read_batches(
            &reader,
            "division = ?1 AND sealed = 0 ORDER BY first LIMIT ?2",
            params![store.division.0, SEAL_MAX_BATCHES],
        )?
    };
    let mut chosen = 0usize;
    let mut count = 0i64;
    for batch in &batches {
        // A sealed-at-once batch may lie between unsealed ones; a segment must be one unbroken run.
        let follows = chosen == 0 || batches[chosen - 1].first + batches[chosen - 1].count == batch.first;
        if !follows || count >= SEAL_MAX_FRAMES {
            break;
        }
        count += batch.count;
        chosen += 1;
    }
    let Some(oldest) = batches.first() else { return Ok(0) };
    let broken_off = chosen < batches.len();
    let due = count as usize >= SEAL_FRAMES || broken_off || now.millis() - oldest.last_at >= SEAL_AGE_MILLIS;
    if !due {
        return Ok(0);
    }
    let chosen = &batches[..chosen];
    let mut frames: Vec<(FrameMeta, Vec<u8>)> = Vec::with_capacity(count as usize);
    for batch in chosen {
        frames.extend(frames::decode(&batch.bytes)?);
    }
    let bytes = frames::encode(frames.iter().map(|(meta, bytes)| (meta, bytes.as_slice())), SEAL_LEVEL)?;
    let last = &chosen[chosen.len() - 1];
    let failed = |error: rusqlite::Error| database_error("sealing raw frames", &error);
    let writer = store.writer.lock();
    let started = connection::begin(&writer.connection)?;
    writer
        .connection
        .prepare_cached("DELETE FROM frame_batch WHERE division = ?1 AND first >= ?2 AND first <= ?3")
        .and_then(|mut delete| delete.execute(params![store.division.0, oldest.first, last.first]))
        .map_err(failed)?;
    writer
        .connection
        .prepare_cached(
            "INSERT INTO frame_batch (division, first, count, sealed, last_at, previous_hash, hash, bytes)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                store.division.0,
                oldest.first,
                count,
                last.last_at,
                oldest.previous_hash.as_slice(),
                last.hash.as_slice(),
                bytes
            ])
        })
        .map_err(failed)?;
    started.commit()?;
    Ok(count as usize)
}

/// Recomputes the chain over `from..until`; returns how many frames were looked at.
pub fn verify(connection: &Connection, division: Division, from: i64, until: i64) -> Result<u64, StoreError> {
    let mut next = from;
    let mut known: Option<[u8; 32]> = None;
    let mut looked_at = 0;
    while next < until {
        let batches = read_batches(
            connection,
            "division = ?1 AND first + count > ?2 ORDER BY first LIMIT 1",
            params![division.0, next],
        )?;
        let Some(batch) = batches.first() else { break };
        let breaks = |place: i64| StoreError::Shape(format!("the raw frame chain breaks at {place}"));
        if known.is_some_and(|hash| hash != batch.previous_hash) || (known.is_some() && batch.first != next) {
            return Err(breaks(batch.first));
        }
        let frames = unpack_batch(batch).map_err(|_| breaks(batch.first))?;
        if frames.last().map(|frame| frame.hash) != Some(batch.hash) {
            return Err(breaks(batch.first));
        }
        looked_at += frames.len() as u64;
        known = Some(batch.hash);
        next = batch.first + batch.count;
    }
    Ok(looked_at)
}
