//! The event log on the contract: append inside a transaction, read after a cursor, verify the chain.

use kernel::event::chain_hash;
use kernel::{Division, Event, EventDraft, IdSource, Timestamp};

use crate::contract::{Reader, Row, StoreError, Transaction};
use crate::migration::Migration;

pub const MIGRATIONS: &[Migration] = &[Migration {
    mechanism: "event_log",
    number: 1,
    sql: "CREATE TABLE event (
            division BIGINT NOT NULL, sequence BIGINT NOT NULL, id BIGINT NOT NULL, at BIGINT NOT NULL,
            kind TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, payload TEXT NOT NULL,
            previous_hash {BYTES} NOT NULL, hash {BYTES} NOT NULL,
            PRIMARY KEY (division, sequence));
          CREATE INDEX event_subject ON event (division, subject, sequence);
          CREATE TABLE event_cursor (division BIGINT NOT NULL, reader TEXT NOT NULL, sequence BIGINT NOT NULL,
            PRIMARY KEY (division, reader))",
}];

static EVENT_IDS: IdSource = IdSource::new();

/// Appends events and returns the sequence number of the last. The chain is extended under the writer's
/// lock, so sequence numbers have no gaps and no forks.
pub fn append(
    transaction: &dyn Transaction,
    division: Division,
    at: Timestamp,
    drafts: &[EventDraft],
) -> Result<i64, StoreError> {
    let last = transaction.query_one(
        "SELECT sequence, hash FROM event WHERE division = $1 ORDER BY sequence DESC LIMIT 1",
        &[division.into()],
    )?;
    let (mut sequence, mut previous) = match last {
        Some(row) => (row.integer(0)?, hash_of(row.bytes(1)?)?),
        None => (0, [0; 32]),
    };
    for draft in drafts {
        sequence += 1;
        let id = EVENT_IDS.next(at);
        let payload = draft.payload.to_string();
        let hash =
            chain_hash(&previous, division, sequence, id, at, draft.kind, &draft.actor, &draft.subject, &payload);
        transaction.execute(
            "INSERT INTO event (division, sequence, id, at, kind, actor, subject, payload, previous_hash, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                division.into(),
                sequence.into(),
                id.into(),
                at.into(),
                draft.kind.into(),
                (&draft.actor).into(),
                (&draft.subject).into(),
                payload.into(),
                previous.as_slice().into(),
                hash.as_slice().into(),
            ],
        )?;
        previous = hash;
    }
    Ok(sequence)
}

const COLUMNS: &str = "sequence, id, at, kind, actor, subject, payload, previous_hash, hash";

/// Events after a sequence number, oldest first.
pub fn after(reader: &dyn Reader, division: Division, sequence: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows = reader.query(
        &format!("SELECT {COLUMNS} FROM event WHERE division = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"),
        &[division.into(), sequence.into(), limit.into()],
    )?;
    rows.iter().map(event_of).collect()
}

/// Events before a sequence number, newest first.
pub fn before(reader: &dyn Reader, division: Division, sequence: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows = reader.query(
        &format!("SELECT {COLUMNS} FROM event WHERE division = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3"),
        &[division.into(), sequence.into(), limit.into()],
    )?;
    rows.iter().map(event_of).collect()
}

pub fn last_sequence(reader: &dyn Reader, division: Division) -> Result<i64, StoreError> {
    let row =
        reader.query_one("SELECT COALESCE(MAX(sequence), 0) FROM event WHERE division = $1", &[division.into()])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Where a reader of the log has got to.
pub fn cursor(reader: &dyn Reader, division: Division, name: &str) -> Result<i64, StoreError> {
    let row = reader.query_one(
        "SELECT sequence FROM event_cursor WHERE division = $1 AND reader = $2",
        &[division.into(), name.into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn move_cursor(
    transaction: &dyn Transaction,
    division: Division,
    name: &str,
    sequence: i64,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO event_cursor (division, reader, sequence) VALUES ($1, $2, $3)
         ON CONFLICT (division, reader) DO UPDATE SET sequence = excluded.sequence",
        &[division.into(), name.into(), sequence.into()],
    )?;
    Ok(())
}

/// Recomputes the chain of up to `limit` events after `sequence`; returns the last good one, or names the
/// first that does not fit.
pub fn verify(reader: &dyn Reader, division: Division, sequence: i64, limit: i64) -> Result<i64, StoreError> {
    let mut previous = match sequence {
        0 => [0; 32],
        _ => {
            let row = reader.query_one(
                "SELECT hash FROM event WHERE division = $1 AND sequence = $2",
                &[division.into(), sequence.into()],
            )?;
            let row = row.ok_or_else(|| StoreError::Shape(format!("event {sequence} is missing")))?;
            hash_of(row.bytes(0)?)?
        }
    };
    let mut expected = sequence;
    let rows = reader.query(
        &format!("SELECT {COLUMNS} FROM event WHERE division = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"),
        &[division.into(), sequence.into(), limit.into()],
    )?;
    for row in rows {
        expected += 1;
        let (found, id, at) = (row.integer(0)?, row.id(1)?, row.time(2)?);
        let hash =
            chain_hash(&previous, division, found, id, at, row.text(3)?, row.text(4)?, row.text(5)?, row.text(6)?);
        if found != expected || row.bytes(7)? != previous || row.bytes(8)? != hash {
            return Err(StoreError::Shape(format!("the event chain breaks at {expected}")));
        }
        previous = hash;
    }
    Ok(expected)
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Shape("a hash that is not 32 bytes".into()))
}

fn event_of(row: &Row) -> Result<Event, StoreError> {
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(Event {
        sequence: row.integer(0)?,
        id: row.id(1)?,
        at: row.time(2)?,
        kind: row.text(3)?.to_owned(),
        actor: row.text(4)?.to_owned(),
        subject: row.text(5)?.to_owned(),
        payload: serde_json::from_str(row.text(6)?)
            .map_err(|error| StoreError::Shape(format!("event payload: {error}")))?,
        previous_hash: hexadecimal(row.bytes(7)?),
        hash: hexadecimal(row.bytes(8)?),
    })
}
