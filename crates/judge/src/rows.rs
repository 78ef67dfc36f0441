//! The tables of verdicts. The newest finding of a period is in `verdict_hour` (24 hours of a point and day in one
//! row) or `verdict`; what it replaced is in `verdict_old`, for ever.

use kernel::{Day, Division, Timestamp};
use store::contract::PeriodLevel;
use store::{Migration, Reader, StoreError, Transaction};

use crate::model::{Finding, Key, Verdict};
use crate::packed::{Slot, Slots, pack, pack_day, unpack, unpack_day};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        mechanism: "judge",
        number: 1,
        sql: "CREATE TABLE verdict_hour (
                division BIGINT NOT NULL, point BIGINT NOT NULL, day BIGINT NOT NULL, exceeding BIGINT NOT NULL,
                packed {BYTES} NOT NULL, PRIMARY KEY (division, point, day));
              CREATE TABLE verdict (
                division BIGINT NOT NULL, point BIGINT NOT NULL, level BIGINT NOT NULL, period BIGINT NOT NULL,
                revision BIGINT NOT NULL, judged_at BIGINT NOT NULL, horizon BIGINT NOT NULL,
                exceeding BIGINT NOT NULL, packed {BYTES} NOT NULL, PRIMARY KEY (division, point, level, period));
              CREATE TABLE verdict_old (
                division BIGINT NOT NULL, point BIGINT NOT NULL, level BIGINT NOT NULL, period BIGINT NOT NULL,
                revision BIGINT NOT NULL, judged_at BIGINT NOT NULL, horizon BIGINT NOT NULL,
                replaced_at BIGINT NOT NULL, packed {BYTES} NOT NULL,
                PRIMARY KEY (division, point, level, period, revision))",
    },
    Migration {
        mechanism: "judge",
        number: 2,
        sql: "CREATE TABLE judge_review (
                division BIGINT NOT NULL, id BIGINT NOT NULL, point BIGINT NOT NULL, factor TEXT, action TEXT NOT NULL,
                from_time BIGINT NOT NULL, until_time BIGINT NOT NULL, value TEXT, reason TEXT NOT NULL,
                by_id BIGINT NOT NULL, by_name TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (division, id));
              CREATE INDEX judge_review_point ON judge_review (division, point, from_time);
              CREATE TABLE judge_stop (
                division BIGINT NOT NULL, id BIGINT NOT NULL, point BIGINT NOT NULL, kind TEXT NOT NULL,
                from_time BIGINT NOT NULL, until_time BIGINT NOT NULL, reason TEXT NOT NULL,
                by_id BIGINT NOT NULL, by_name TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (division, id));
              CREATE INDEX judge_stop_point ON judge_stop (division, point, from_time)",
    },
    Migration {
        mechanism: "judge",
        number: 3,
        sql: "CREATE TABLE judge_confirmation (
                division BIGINT NOT NULL, id BIGINT NOT NULL, figure TEXT NOT NULL, value TEXT, source TEXT NOT NULL,
                by_id BIGINT NOT NULL, by_name TEXT NOT NULL, at BIGINT NOT NULL, done_at BIGINT,
                changed BIGINT NOT NULL, PRIMARY KEY (division, id))",
    },
    Migration {
        mechanism: "judge",
        number: 4,
        sql: "ALTER TABLE judge_stop ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
              CREATE TABLE judge_stop_decision (
                division BIGINT NOT NULL, stop BIGINT NOT NULL, number BIGINT NOT NULL, accepted BIGINT NOT NULL,
                reason TEXT NOT NULL, by_id BIGINT NOT NULL, by_name TEXT NOT NULL, at BIGINT NOT NULL,
                PRIMARY KEY (division, stop, number))",
    },
    Migration {
        mechanism: "judge",
        number: 5,
        sql: "ALTER TABLE judge_stop ADD COLUMN condition TEXT;
              ALTER TABLE judge_stop ADD COLUMN factors TEXT",
    },
    Migration {
        mechanism: "judge",
        number: 6,
        sql: "CREATE TABLE judge_basis (
                division BIGINT NOT NULL, point BIGINT NOT NULL, basis TEXT NOT NULL, at BIGINT NOT NULL,
                PRIMARY KEY (division, point))",
    },
    Migration {
        mechanism: "judge",
        number: 7,
        sql: "CREATE TABLE judge_dust (
                division BIGINT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, book TEXT NOT NULL,
                done_at BIGINT, PRIMARY KEY (division, number))",
    },
    Migration {
        mechanism: "judge",
        number: 8,
        sql: "CREATE TABLE judge_release (
                division BIGINT NOT NULL, name TEXT NOT NULL, family TEXT, fingerprint TEXT NOT NULL,
                from_day BIGINT NOT NULL, until_day BIGINT, at BIGINT NOT NULL, PRIMARY KEY (division, name))",
    },
];

fn damaged(key: impl std::fmt::Display) -> StoreError {
    StoreError::Shape(format!("verdict {key} is damaged"))
}

/// The hours of a point and day.
pub fn hours(reader: &dyn Reader, division: Division, point: i64, day: Day) -> Result<Option<Slots>, StoreError> {
    let row = reader.query_one(
        "SELECT packed FROM verdict_hour WHERE division = $1 AND point = $2 AND day = $3",
        &[division.into(), point.into(), day.0.into()],
    )?;
    row.map(|row| unpack_day(row.bytes(0)?).ok_or_else(|| damaged(format!("{point}-d{}", day.0)))).transpose()
}

/// The hours of a point over days `from..until`, oldest day first.
pub fn hours_between(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    from: Day,
    until: Day,
) -> Result<Vec<(Day, Slots)>, StoreError> {
    let rows = reader.query(
        "SELECT day, packed FROM verdict_hour WHERE division = $1 AND point = $2 AND day >= $3 AND day < $4 ORDER BY day",
        &[division.into(), point.into(), from.0.into(), until.0.into()],
    )?;
    rows.iter()
        .map(|row| {
            let day = Day(row.integer(0)? as i32);
            Ok((day, unpack_day(row.bytes(1)?).ok_or_else(|| damaged(format!("{point}-d{}", day.0)))?))
        })
        .collect()
}

/// The newest day before `until` that has judged hours.
pub fn newest_hours(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    until: Day,
) -> Result<Option<(Day, Slots)>, StoreError> {
    let row = reader.query_one(
        "SELECT day, packed FROM verdict_hour WHERE division = $1 AND point = $2 AND day < $3 ORDER BY day DESC LIMIT 1",
        &[division.into(), point.into(), until.0.into()],
    )?;
    row.map(|row| {
        let day = Day(row.integer(0)? as i32);
        Ok((day, unpack_day(row.bytes(1)?).ok_or_else(|| damaged(format!("{point}-d{}", day.0)))?))
    })
    .transpose()
}

pub fn put_hours(
    transaction: &dyn Transaction,
    division: Division,
    point: i64,
    day: Day,
    slots: &Slots,
) -> Result<(), StoreError> {
    let exceeding = slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| slot.as_ref().is_some_and(|slot| slot.finding.exceeding))
        .fold(0i64, |mask, (hour, _)| mask | 1 << hour);
    transaction.execute(
        "INSERT INTO verdict_hour (division, point, day, exceeding, packed) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (division, point, day) DO UPDATE SET exceeding = excluded.exceeding, packed = excluded.packed",
        &[division.into(), point.into(), day.0.into(), exceeding.into(), pack_day(slots).into()],
    )?;
    Ok(())
}

const COLUMNS: &str = "point, level, period, revision, judged_at, horizon, packed";

fn verdict_of(row: &store::Row) -> Result<Verdict, StoreError> {
    let level = match row.integer(1)? {
        1 => PeriodLevel::Hour,
        2 => PeriodLevel::Day,
        3 => PeriodLevel::Month,
        4 => PeriodLevel::Year,
        other => return Err(StoreError::Shape(format!("verdict level {other}"))),
    };
    let key = Key::new(row.integer(0)?, level, row.integer(2)?);
    Ok(Verdict {
        key,
        revision: row.integer(3)? as u32,
        judged_at: row.time(4)?,
        horizon: row.integer(5)?,
        finding: unpack(row.bytes(6)?).ok_or_else(|| damaged(key))?,
    })
}

/// The newest verdict of a period.
pub fn current(reader: &dyn Reader, division: Division, key: Key) -> Result<Option<Verdict>, StoreError> {
    if key.level == PeriodLevel::Hour {
        let hour = kernel::Hour(key.period);
        let slots = hours(reader, division, key.point, hour.day())?;
        return Ok(slots.and_then(|mut slots| slots[hour.of_day()].take()).map(|slot| of_slot(key, slot)));
    }
    let row = reader.query_one(
        &format!("SELECT {COLUMNS} FROM verdict WHERE division = $1 AND point = $2 AND level = $3 AND period = $4"),
        &[division.into(), key.point.into(), (key.level as u8).into(), key.period.into()],
    )?;
    row.as_ref().map(verdict_of).transpose()
}

pub fn of_slot(key: Key, slot: Slot) -> Verdict {
    Verdict { key, revision: slot.revision, judged_at: slot.judged_at, horizon: slot.horizon, finding: slot.finding }
}

/// Day, month or year verdicts of a point over periods `from..until`, oldest first.
pub fn between(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    level: PeriodLevel,
    from: i64,
    until: i64,
) -> Result<Vec<Verdict>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT {COLUMNS} FROM verdict WHERE division = $1 AND point = $2 AND level = $3
             AND period >= $4 AND period < $5 ORDER BY period"
        ),
        &[division.into(), point.into(), (level as u8).into(), from.into(), until.into()],
    )?;
    rows.iter().map(verdict_of).collect()
}

/// The newest verdict of a level before `until`.
pub fn newest(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    level: PeriodLevel,
    until: i64,
) -> Result<Option<Verdict>, StoreError> {
    let row = reader.query_one(
        &format!(
            "SELECT {COLUMNS} FROM verdict WHERE division = $1 AND point = $2 AND level = $3 AND period < $4
             ORDER BY period DESC LIMIT 1"
        ),
        &[division.into(), point.into(), (level as u8).into(), until.into()],
    )?;
    row.as_ref().map(verdict_of).transpose()
}

/// What a verdict replaced, newest first.
pub fn replaced(reader: &dyn Reader, division: Division, key: Key) -> Result<Vec<Verdict>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT {COLUMNS} FROM verdict_old WHERE division = $1 AND point = $2 AND level = $3 AND period = $4
             ORDER BY revision DESC LIMIT 1000"
        ),
        &[division.into(), key.point.into(), (key.level as u8).into(), key.period.into()],
    )?;
    rows.iter().map(verdict_of).collect()
}

pub fn put(transaction: &dyn Transaction, division: Division, verdict: &Verdict) -> Result<(), StoreError> {
    let key = verdict.key;
    transaction.execute(
        "INSERT INTO verdict (division, point, level, period, revision, judged_at, horizon, exceeding, packed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (division, point, level, period) DO UPDATE SET revision = excluded.revision,
           judged_at = excluded.judged_at, horizon = excluded.horizon, exceeding = excluded.exceeding,
           packed = excluded.packed",
        &[
            division.into(),
            key.point.into(),
            (key.level as u8).into(),
            key.period.into(),
            verdict.revision.into(),
            verdict.judged_at.into(),
            verdict.horizon.into(),
            verdict.finding.exceeding.into(),
            pack(&verdict.finding).into(),
        ],
    )?;
    Ok(())
}

pub fn put_old(
    transaction: &dyn Transaction,
    division: Division,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = verdict.key;
    transaction.execute(
        "INSERT INTO verdict_old (division, point, level, period, revision, judged_at, horizon, replaced_at, packed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        &[
            division.into(),
            key.point.into(),
            (key.level as u8).into(),
            key.period.into(),
            verdict.revision.into(),
            verdict.judged_at.into(),
            verdict.horizon.into(),
            now.into(),
            pack(&verdict.finding).into(),
        ],
    )?;
    Ok(())
}

/// How often verdicts were written and replaced, for tests and the status page.
pub fn counts(reader: &dyn Reader, division: Division) -> Result<(i64, i64, i64), StoreError> {
    let count = |table: &str| -> Result<i64, StoreError> {
        let row = reader.query_one(&format!("SELECT COUNT(*) FROM {table} WHERE division = $1"), &[division.into()])?;
        row.map_or(Ok(0), |row| row.integer(0))
    };
    Ok((count("verdict_hour")?, count("verdict")?, count("verdict_old")?))
}

/// A finding for a key that has none yet, or one that differs from the newest: what to write.
pub fn next_revision(current: Option<&Verdict>, finding: &Finding) -> Option<u32> {
    match current {
        None => Some(1),
        Some(current) if current.finding == *finding => None,
        Some(current) => Some(current.revision + 1),
    }
}
