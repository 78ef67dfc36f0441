//! Opening, pragmas, the writer's ticket lock and the pool of readers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard};

use kernel::{Division, Timestamp};
use rusqlite::{Connection, OpenFlags};

use super::{SqliteOptions, relock};
use crate::contract::{PeriodLevel, Reader, StoreError};

/// Readers at once; more wait. Four is enough for two cores and keeps their page caches small.
const READERS: usize = 4;
/// The write-ahead log is folded back by the writer itself beyond this size.
const WAL_LIMIT_BYTES: u64 = 64 << 20;
/// Folding back waits until so much has gathered: each time costs the disk two more syncs beside the commits'.
const WAL_WORTH_BYTES: u64 = 16 << 20;
/// Each passive round folds back what was written during the one before it, so that little is left for the last.
const PASSIVE_ROUNDS: usize = 3;
const STATEMENT_CACHE: usize = 128;

/// Turns SQLite's errors into the contract's.
pub fn database_error(doing: &str, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ffi::ErrorCode as Sqlite;
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => match failure.code {
            Sqlite::DiskFull => StoreError::Full,
            Sqlite::DatabaseBusy | Sqlite::DatabaseLocked => StoreError::Database {
                doing: doing.to_owned(),
                message: "数据库被另一个程序占用 (another program holds the database)".to_owned(),
            },
            Sqlite::ConstraintViolation => {
                StoreError::Constraint(message.clone().unwrap_or_else(|| failure.to_string()))
            }
            _ => StoreError::Database { doing: doing.to_owned(), message: error.to_string() },
        },
        _ => StoreError::Database { doing: doing.to_owned(), message: error.to_string() },
    }
}

pub fn open_writer(path: &Path, options: SqliteOptions) -> Result<Connection, StoreError> {
    let doing = format!("opening {}", path.display());
    let failed = |error: rusqlite::Error| database_error(&doing, &error);
    let connection = Connection::open(path).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    let synchronous = if options.unsafe_without_sync { "OFF" } else { "FULL" };
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;
             PRAGMA busy_timeout = 10000;"
        ))
        .map_err(failed)?;
    // The WAL needs a checkpoint of what an earlier run left before a bound on pages can mean anything.
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").map_err(failed)?;
    if let Some(pages) = options.max_pages {
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages};")).map_err(failed)?;
    }
    Ok(connection)
}

/// How long a reader waits for a program that holds the database for itself.
const PATIENCE_MILLIS: u32 = 10_000;
/// The same for somebody who looks from beside and can try again.
pub const LITTLE_PATIENCE_MILLIS: u32 = 2_000;

pub fn open_reader(path: &Path, patience_millis: u32) -> Result<Connection, StoreError> {
    let doing = format!("opening {} for reading", path.display());
    let failed = |error: rusqlite::Error| database_error(&doing, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection
        .execute_batch(&format!(
            "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA busy_timeout = {patience_millis};"
        ))
        .map_err(failed)?;
    Ok(connection)
}

/// A started transaction; rolls back when dropped without [`Started::commit`].
pub struct Started<'c> {
    connection: &'c Connection,
    open: bool,
}

impl Started<'_> {
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.connection.execute_batch("COMMIT").map_err(|error| database_error("committing", &error))?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        // After a full disk SQLite may have rolled back by itself; then there is nothing left to do.
        if self.open && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

pub fn begin(connection: &Connection) -> Result<Started<'_>, StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| database_error("beginning to write", &error))?;
    Ok(Started { connection, open: true })
}

pub fn begin_read(connection: &Connection) -> Result<Started<'_>, StoreError> {
    connection.execute_batch("BEGIN").map_err(|error| database_error("beginning to read", &error))?;
    Ok(Started { connection, open: true })
}

/// What the writer remembers between commits, so that the hot path asks the disk for nothing it knows.
pub struct WriterState {
    pub next_frame: i64,
    pub chain: [u8; 32],
    /// Periods that stand in `dirty_period`, with the time from which they are due.
    pub known_dirty: HashMap<(i64, PeriodLevel, i64), Timestamp>,
}

impl WriterState {
    pub fn load(reader: &dyn Reader, division: Division) -> Result<Self, StoreError> {
        let last = reader.query_one(
            "SELECT first + count, hash FROM frame_batch WHERE division = $1 ORDER BY first DESC LIMIT 1",
            &[division.into()],
        )?;
        let (next_frame, chain) = match last {
            Some(row) => {
                let hash: [u8; 32] = row
                    .bytes(1)?
                    .try_into()
                    .map_err(|_| StoreError::Shape("a frame hash that is not 32 bytes".into()))?;
                (row.integer(0)?, hash)
            }
            None => (1, [0; 32]),
        };
        Ok(Self { next_frame, chain, known_dirty: HashMap::new() })
    }
}

pub struct Writer {
    pub connection: Connection,
    pub state: WriterState,
}

/// A first-come, first-served lock: under a flood of packets an ordinary mutex would let the ingest thread
/// take the writer again and again while a judge or a user waits.
pub struct WriterLock {
    queue: Mutex<Queue>,
    turn: Condvar,
    writer: Mutex<Writer>,
}

struct Queue {
    next_ticket: u64,
    serving: u64,
}

pub struct WriterGuard<'l> {
    lock: &'l WriterLock,
    guard: Option<MutexGuard<'l, Writer>>,
}

impl WriterLock {
    pub fn new(connection: Connection, state: WriterState) -> Self {
        Self {
            queue: Mutex::new(Queue { next_ticket: 0, serving: 0 }),
            turn: Condvar::new(),
            writer: Mutex::new(Writer { connection, state }),
        }
    }

    pub fn lock(&self) -> WriterGuard<'_> {
        let mut queue = relock(self.queue.lock());
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        while queue.serving != ticket {
            queue = relock(self.turn.wait(queue));
        }
        drop(queue);
        WriterGuard { lock: self, guard: Some(relock(self.writer.lock())) }
    }
}

impl Drop for WriterGuard<'_> {
    fn drop(&mut self) {
        self.guard = None;
        relock(self.lock.queue.lock()).serving += 1;
        self.lock.turn.notify_all();
    }
}

impl std::ops::Deref for WriterGuard<'_> {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        match &self.guard {
            Some(guard) => guard,
            None => unreachable!("the guard is only taken in drop"),
        }
    }
}

impl std::ops::DerefMut for WriterGuard<'_> {
    fn deref_mut(&mut self) -> &mut Writer {
        match &mut self.guard {
            Some(guard) => guard,
            None => unreachable!("the guard is only taken in drop"),
        }
    }
}

/// A bounded set of read connections.
pub struct ReaderPool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

pub struct PooledReader<'p> {
    pool: &'p ReaderPool,
    connection: Option<Connection>,
}

impl ReaderPool {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let idle = (0..READERS).map(|_| open_reader(path, PATIENCE_MILLIS)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    pub fn take(&self) -> PooledReader<'_> {
        let mut idle = relock(self.idle.lock());
        loop {
            if let Some(connection) = idle.pop() {
                return PooledReader { pool: self, connection: Some(connection) };
            }
            idle = relock(self.returned.wait(idle));
        }
    }
}

impl std::ops::Deref for PooledReader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("the connection is only taken in drop"),
        }
    }
}

impl Drop for PooledReader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            relock(self.pool.idle.lock()).push(connection);
            self.pool.returned.notify_one();
        }
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push("-wal");
    name.into()
}

/// Folds the write-ahead log back. Passive checkpoints run beside the writer; when the log is past its bound all
/// the same (a flood never leaves a gap), the writer is held for the little that the passive ones left. Judged by
/// the frames in the log, not by the size of its file, which never shrinks.
pub fn checkpoint(path: &Path, writer: &WriterLock) -> Result<(), StoreError> {
    if std::fs::metadata(wal_path(path)).map_or(0, |metadata| metadata.len()) < WAL_WORTH_BYTES {
        return Ok(());
    }
    let failed = |error: rusqlite::Error| database_error("folding back the write-ahead log", &error);
    let connection = Connection::open(path).map_err(failed)?;
    connection.execute_batch("PRAGMA busy_timeout = 100;").map_err(failed)?;
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(failed)?;
    let fold = |how: &str| connection.query_row(how, [], |row| row.get::<_, i64>(1)).map_err(failed);
    for _ in 0..PASSIVE_ROUNDS {
        let pages = fold("PRAGMA wal_checkpoint(PASSIVE)")?;
        if pages.max(0) as u64 * page as u64 <= WAL_LIMIT_BYTES {
            return Ok(());
        }
    }
    // On this connection, so that a long reader costs its busy time of 100 ms and not the writer's ten seconds.
    let held = writer.lock();
    fold("PRAGMA wal_checkpoint(RESTART)")?;
    drop(held);
    Ok(())
}
