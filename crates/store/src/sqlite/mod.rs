//! The embedded store: SQLite in WAL mode with `synchronous=FULL`, one writer, a few readers.
//!
//! | file | holds |
//! |---|---|
//! | `connection.rs` | opening, pragmas, the ticket lock of the writer, the pool of readers |
//! | `transaction.rs` | the contract's reader and transaction over one connection |
//! | `ingest.rs` | the observation path: one group commit |
//! | `latest.rs` | newest value of each series, in memory and on disk |
//! | `query.rs` | reading observations and raw frames back, sealing, verification |

mod connection;
mod ingest;
mod latest;
mod query;
mod transaction;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use kernel::{Division, Timestamp};

use crate::contract::{
    CommitReceipt, DirtyPeriod, LatestValue, ObservationQuery, PacketBatch, PeriodLevel, Reader, Store, StoreError,
    StoredFrame, StoredObservation, Transaction, Value,
};
use crate::event_log;
use crate::migration::{self, Migration};
use crate::packed::{unpack, unpack_factor};
use connection::{ReaderPool, WriterLock};
use latest::LatestValues;
use transaction::SqliteTransaction;

/// Tables of the observation path. Written for SQLite: `WITHOUT ROWID` keeps a row beside its neighbours in
/// time, which is what makes a series one short range scan.
pub const MIGRATIONS: &[Migration] = &[Migration {
    mechanism: "observation",
    number: 1,
    sql: "CREATE TABLE observation (
            division INTEGER NOT NULL, bucket INTEGER NOT NULL, point INTEGER NOT NULL, system INTEGER NOT NULL,
            kind INTEGER NOT NULL, data_time INTEGER NOT NULL, part INTEGER NOT NULL, revision INTEGER NOT NULL,
            frame INTEGER NOT NULL, received_at INTEGER NOT NULL, packed BLOB NOT NULL,
            PRIMARY KEY (division, bucket, point, system, kind, data_time, part, revision)) WITHOUT ROWID;
          CREATE TABLE frame_batch (
            division INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, sealed INTEGER NOT NULL,
            last_at INTEGER NOT NULL, previous_hash BLOB NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,
            PRIMARY KEY (division, first));
          CREATE INDEX frame_batch_unsealed ON frame_batch (division, first) WHERE sealed = 0;
          CREATE TABLE latest (
            division INTEGER NOT NULL, point INTEGER NOT NULL, system INTEGER NOT NULL, kind INTEGER NOT NULL,
            packed BLOB NOT NULL, PRIMARY KEY (division, point, system, kind)) WITHOUT ROWID;
          CREATE TABLE dirty_period (
            division INTEGER NOT NULL, level INTEGER NOT NULL, point INTEGER NOT NULL, period INTEGER NOT NULL,
            not_before INTEGER NOT NULL, stamp INTEGER NOT NULL,
            PRIMARY KEY (division, level, point, period)) WITHOUT ROWID;
          CREATE INDEX dirty_period_due ON dirty_period (division, level, stamp);
          CREATE TABLE factor (number INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
          CREATE TABLE quarantine (
            division INTEGER NOT NULL, device TEXT NOT NULL, system INTEGER NOT NULL, first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL, packets INTEGER NOT NULL, peer TEXT NOT NULL,
            PRIMARY KEY (division, device, system)) WITHOUT ROWID;
          CREATE TABLE quarantine_frame (
            division INTEGER NOT NULL, device TEXT NOT NULL, system INTEGER NOT NULL, frame INTEGER NOT NULL,
            PRIMARY KEY (division, device, system, frame)) WITHOUT ROWID;
          CREATE TABLE anomaly (
            division INTEGER NOT NULL, point INTEGER NOT NULL, name TEXT NOT NULL, day INTEGER NOT NULL,
            count INTEGER NOT NULL, last_at INTEGER NOT NULL,
            PRIMARY KEY (division, point, name, day)) WITHOUT ROWID",
}];

/// How to open the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct SqliteOptions {
    /// Bound on the size of the database file in pages of 4 KiB; `None`: only the disk bounds it.
    pub max_pages: Option<u32>,
    /// Skips the sync of the write-ahead log, so that an acknowledged packet can be lost with the power.
    /// Exists only so that the oracle test can be seen to fail.
    pub unsafe_without_sync: bool,
}

struct Factors {
    by_code: HashMap<Arc<str>, u32>,
    by_number: Vec<Arc<str>>,
}

/// The embedded store of one division.
pub struct SqliteStore {
    division: Division,
    path: PathBuf,
    writer: WriterLock,
    readers: ReaderPool,
    factors: RwLock<Factors>,
    latest: LatestValues,
    dirty_stamp: AtomicI64,
}

impl SqliteStore {
    /// Opens or makes `directory/qingshan.db` and brings its schema up to date.
    pub fn open(
        directory: &Path,
        division: Division,
        options: SqliteOptions,
        migrations: &[Migration],
    ) -> Result<Arc<Self>, StoreError> {
        let doing = |error: std::io::Error| StoreError::Database {
            doing: format!("creating {}", directory.display()),
            message: error.to_string(),
        };
        std::fs::create_dir_all(directory).map_err(doing)?;
        let path = directory.join("qingshan.db");
        let connection = connection::open_writer(&path, options)?;
        {
            let started = connection::begin(&connection)?;
            let transaction = SqliteTransaction::new(&connection);
            migration::apply(&transaction, event_log::MIGRATIONS, "BLOB")?;
            migration::apply(&transaction, MIGRATIONS, "BLOB")?;
            migration::apply(&transaction, migrations, "BLOB")?;
            started.commit()?;
        }
        Self::over(path, division, connection)
    }

    /// Opens `directory/qingshan.db` for reading only, for those who look at a data folder from beside: nothing is
    /// made or changed. What would write fails. A server may be running on the folder.
    ///
    /// # Errors
    /// When there is no store, another program holds it for itself, or its schema is older than `migrations`.
    pub fn open_to_read(
        directory: &Path,
        division: Division,
        migrations: &[Migration],
    ) -> Result<Arc<Self>, StoreError> {
        let path = directory.join("qingshan.db");
        if !path.is_file() {
            return Err(StoreError::Database {
                doing: format!("opening {}", path.display()),
                message: "没有数据库，先启动一次平台 (there is no store; start the platform once)".to_owned(),
            });
        }
        let connection = connection::open_reader(&path, connection::LITTLE_PATIENCE_MILLIS)?;
        let reader = SqliteTransaction::new(&connection);
        for known in [event_log::MIGRATIONS, MIGRATIONS, migrations] {
            migration::check(&reader, known)?;
        }
        Self::over(path, division, connection)
    }

    fn over(path: PathBuf, division: Division, connection: rusqlite::Connection) -> Result<Arc<Self>, StoreError> {
        let reader = SqliteTransaction::new(&connection);
        let factors = load_factors(&reader)?;
        let latest = LatestValues::load(&reader, division)?;
        let state = connection::WriterState::load(&reader, division)?;
        let stamp = reader
            .query_one("SELECT COALESCE(MAX(stamp), 0) FROM dirty_period", &[])?
            .map_or(Ok(0), |row| row.integer(0))?;
        Ok(Arc::new(Self {
            division,
            readers: ReaderPool::open(&path)?,
            path,
            writer: WriterLock::new(connection, state),
            factors: RwLock::new(factors),
            latest,
            dirty_stamp: AtomicI64::new(stamp),
        }))
    }

    fn next_stamp(&self) -> i64 {
        self.dirty_stamp.fetch_add(1, Ordering::Relaxed) + 1
    }
}

fn load_factors(reader: &dyn Reader) -> Result<Factors, StoreError> {
    let mut factors = Factors { by_code: HashMap::new(), by_number: vec!["".into()] };
    for row in reader.query("SELECT number, code FROM factor ORDER BY number", &[])? {
        let code: Arc<str> = row.text(1)?.into();
        factors.by_code.insert(Arc::clone(&code), factors.by_number.len() as u32);
        factors.by_number.push(code);
    }
    Ok(factors)
}

/// A poisoned lock only says that another thread panicked; the data under it is replaced as a whole, so it
/// is still good.
fn relock<T>(result: Result<T, std::sync::PoisonError<T>>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Store for SqliteStore {
    fn division(&self) -> Division {
        self.division
    }

    fn read_with(&self, work: &mut dyn FnMut(&dyn Reader) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let connection = self.readers.take();
        let _snapshot = connection::begin_read(&connection)?;
        work(&SqliteTransaction::new(&connection))
    }

    fn write_with(&self, work: &mut dyn FnMut(&dyn Transaction) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let writer = self.writer.lock();
        let started = connection::begin(&writer.connection)?;
        work(&SqliteTransaction::new(&writer.connection))?;
        started.commit()
    }

    fn commit_packets(&self, batch: &PacketBatch, now: Timestamp) -> Result<CommitReceipt, StoreError> {
        ingest::commit(self, batch, &[], now)
    }

    fn commit_stored(
        &self,
        batch: &PacketBatch,
        sequences: &[i64],
        now: Timestamp,
    ) -> Result<CommitReceipt, StoreError> {
        if sequences.len() != batch.frames.len() {
            return Err(StoreError::Shape("one number for each stored frame is needed".into()));
        }
        ingest::commit(self, batch, sequences, now)
    }

    fn observations(&self, query: ObservationQuery) -> Result<Vec<StoredObservation>, StoreError> {
        query::observations(&self.readers.take(), self.division, query, unpack)
    }

    fn observations_of_factor(
        &self,
        query: ObservationQuery,
        factor: u32,
    ) -> Result<Vec<StoredObservation>, StoreError> {
        query::observations(&self.readers.take(), self.division, query, |packed| unpack_factor(packed, factor))
    }

    fn latest(&self, points: &[i64]) -> Vec<LatestValue> {
        self.latest.of(points)
    }

    fn factor_number(&self, code: &str) -> Result<u32, StoreError> {
        if let Some(number) = relock(self.factors.read()).by_code.get(code) {
            return Ok(*number);
        }
        let writer = self.writer.lock();
        let mut factors = relock(self.factors.write());
        if let Some(number) = factors.by_code.get(code) {
            return Ok(*number);
        }
        let number = factors.by_number.len() as u32;
        let started = connection::begin(&writer.connection)?;
        SqliteTransaction::new(&writer.connection)
            .execute("INSERT INTO factor (number, code) VALUES ($1, $2)", &[number.into(), code.into()])?;
        started.commit()?;
        let code: Arc<str> = code.into();
        factors.by_code.insert(Arc::clone(&code), number);
        factors.by_number.push(code);
        Ok(number)
    }

    fn known_factor(&self, code: &str) -> Option<u32> {
        relock(self.factors.read()).by_code.get(code).copied()
    }

    fn factor_code(&self, number: u32) -> Option<Arc<str>> {
        relock(self.factors.read()).by_number.get(number as usize).filter(|code| !code.is_empty()).cloned()
    }

    fn take_dirty(&self, level: PeriodLevel, now: Timestamp, limit: usize) -> Result<Vec<DirtyPeriod>, StoreError> {
        let mut writer = self.writer.lock();
        let rows = SqliteTransaction::new(&writer.connection).query(
            "SELECT point, period, stamp FROM dirty_period
             WHERE division = $1 AND level = $2 AND not_before <= $3 ORDER BY stamp LIMIT $4",
            &[self.division.into(), (level as u8).into(), now.into(), (limit as i64).into()],
        )?;
        let mut periods = Vec::with_capacity(rows.len());
        for row in rows {
            let period = DirtyPeriod { point: row.integer(0)?, level, period: row.integer(1)?, stamp: row.integer(2)? };
            writer.state.known_dirty.remove(&(period.point, level, period.period));
            periods.push(period);
        }
        Ok(periods)
    }

    fn mark_dirty(
        &self,
        transaction: &dyn Transaction,
        periods: &[(i64, PeriodLevel, i64)],
        not_before: Timestamp,
    ) -> Result<(), StoreError> {
        for &(point, level, period) in periods {
            transaction.execute(
                ingest::MARK_DIRTY,
                &[
                    self.division.into(),
                    (level as u8).into(),
                    point.into(),
                    period.into(),
                    not_before.into(),
                    self.next_stamp().into(),
                ],
            )?;
        }
        Ok(())
    }

    fn clear_dirty(&self, transaction: &dyn Transaction, periods: &[DirtyPeriod]) -> Result<(), StoreError> {
        for period in periods {
            transaction.execute(
                "DELETE FROM dirty_period WHERE division = $1 AND level = $2 AND point = $3 AND period = $4 AND stamp = $5",
                &[
                    self.division.into(),
                    (period.level as u8).into(),
                    period.point.into(),
                    period.period.into(),
                    Value::Integer(period.stamp),
                ],
            )?;
        }
        Ok(())
    }

    fn frame(&self, sequence: i64) -> Result<Option<StoredFrame>, StoreError> {
        Ok(query::frames(&self.readers.take(), self.division, &[sequence])?.into_iter().next())
    }

    fn frames_of_point(&self, point: i64, before: Timestamp, limit: usize) -> Result<Vec<StoredFrame>, StoreError> {
        query::frames_of_point(&self.readers.take(), self.division, point, before, limit)
    }

    fn seal_frames(&self, now: Timestamp) -> Result<usize, StoreError> {
        query::seal(self, now)
    }

    fn verify_frames(&self, from: i64, until: i64) -> Result<u64, StoreError> {
        query::verify(&self.readers.take(), self.division, from, until)
    }

    fn maintain(&self) -> Result<(), StoreError> {
        connection::checkpoint(&self.path, &self.writer)
    }

    fn size_on_disk(&self) -> u64 {
        ["", "-wal"]
            .iter()
            .filter_map(|suffix| {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                std::fs::metadata(name).ok()
            })
            .map(|metadata| metadata.len())
            .sum()
    }
}

/// Copies a database, also while it is in use, into a new file (`VACUUM INTO`): one consistent snapshot.
pub fn backup_to(database: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| connection::database_error("backing up", &error);
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(database, flags).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(failed)?;
    Ok(())
}
