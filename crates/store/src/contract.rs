//! The store as mechanisms see it.

use kernel::{Division, Timestamp};

use crate::frames::FrameMeta;
use crate::packed::PackedValue;

/// One of the five value types that every store speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

macro_rules! value_from {
    ($($source:ty => $variant:ident),*) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Value::$variant(value.into())
            }
        }
    )*};
}
value_from!(i64 => Integer, i32 => Integer, u32 => Integer, u16 => Integer, u8 => Integer, bool => Integer,
            f64 => Float, &str => Text, String => Text, &String => Text, Vec<u8> => Bytes, &[u8] => Bytes);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<kernel::Id> for Value {
    fn from(id: kernel::Id) -> Self {
        Value::Integer(id.0)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Value::Integer(time.millis())
    }
}

impl From<Division> for Value {
    fn from(division: Division) -> Self {
        Value::Integer(division.0.into())
    }
}

/// A result row; columns by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    fn unexpected(&self, column: usize, wanted: &str) -> StoreError {
        StoreError::Shape(format!("column {column} is {:?}, wanted {wanted}", self.0.get(column)))
    }

    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::Integer(value)) => Ok(*value),
            _ => Err(self.unexpected(column, "an integer")),
        }
    }

    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value),
            _ => Err(self.unexpected(column, "text")),
        }
    }

    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(value),
            _ => Err(self.unexpected(column, "bytes")),
        }
    }

    pub fn id(&self, column: usize) -> Result<kernel::Id, StoreError> {
        self.integer(column).map(kernel::Id)
    }

    pub fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.integer(column).map(Timestamp)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the bound set for it, is full. Nothing of the transaction was kept.
    #[error("the disk is full")]
    Full,
    #[error("a unique or check rule was broken: {0}")]
    Constraint(String),
    #[error("the stored shape is not what was expected: {0}")]
    Shape(String),
    #[error("{doing}: {message}")]
    Database { doing: String, message: String },
    /// Refused by the caller's own closure; its transaction was rolled back.
    #[error(transparent)]
    Problem(#[from] kernel::Problem),
}

impl From<StoreError> for kernel::Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Problem(problem) => problem,
            StoreError::Full => {
                kernel::Problem::new(kernel::ErrorCode::StoreFull, "存储空间已满，未保存 (disk full, nothing saved)")
            }
            other => kernel::Problem::new(kernel::ErrorCode::Internal, other.to_string()),
        }
    }
}

/// Reads, inside or outside a transaction. Placeholders are `$1`, `$2`, …
pub trait Reader {
    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError>;

    fn query_one(&self, sql: &str, parameters: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }
}

/// Writes; everything in one transaction is kept, or nothing.
pub trait Transaction: Reader {
    /// Returns the number of rows touched.
    fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError>;
    fn as_reader(&self) -> &dyn Reader;
}

/// Where a raw frame came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Transport {
    Hj212 = 0,
    Mqtt = 1,
    Import = 2,
}

/// A raw frame on its way to disk, verbatim.
#[derive(Clone, Debug)]
pub struct IncomingFrame {
    pub bytes: Vec<u8>,
    pub received_at: Timestamp,
    pub transport: Transport,
    pub peer: std::sync::Arc<str>,
}

/// What is observed, without its values. Ordered as the disk is: bucket before point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObservationKey {
    pub point: i64,
    /// System code (系统编码), HJ 212 ST.
    pub system: u16,
    /// Command code (命令编码), HJ 212 CN: 2011 real-time, 2051 minute, 2061 hour, 2031 day, …
    pub kind: u16,
    /// Start of the period, or the instant of a real-time value.
    pub data_time: Timestamp,
    /// Part of a split packet, 0 when it was not split.
    pub part: u16,
}

impl ObservationKey {
    /// A day for real-time and minute data, a month for hours and days.
    pub fn bucket(kind: u16, data_time: Timestamp) -> i64 {
        match kind {
            2061 | 2031 | 2041 => i64::from(data_time.month().0),
            _ => i64::from(data_time.day().0),
        }
    }
}

/// When the periods that this observation belongs to should be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Not judged (calibration records, states).
    Never,
    /// As soon as possible: hour and day data, and anything late.
    Now,
    /// After that time: minute data of an hour that is still running.
    After(Timestamp),
}

/// A packet's values on their way to disk.
#[derive(Clone, Debug)]
pub struct NewObservation {
    pub key: ObservationKey,
    /// Index into [`PacketBatch::frames`].
    pub frame: usize,
    pub values: Vec<PackedValue>,
    pub judge: Urgency,
}

/// A frame of a device that nobody has adopted.
#[derive(Clone, Debug)]
pub struct Quarantined {
    pub device: String,
    pub system: u16,
    pub frame: usize,
}

/// A named oddity that was tolerated or refused, to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnomalyCount {
    /// 0 where no point is known.
    pub point: i64,
    pub name: &'static str,
    pub count: u32,
    pub last_at: Timestamp,
}

/// Everything one group commit stores. `frames` not referred to by an observation or quarantine entry
/// (answers to commands) are kept as well.
#[derive(Debug, Default)]
pub struct PacketBatch {
    pub frames: Vec<IncomingFrame>,
    pub observations: Vec<NewObservation>,
    pub quarantined: Vec<Quarantined>,
    pub anomalies: Vec<AnomalyCount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    /// The same values again: nothing was written.
    Duplicate,
    /// More factors for the same time: a new revision with the union.
    Merged,
    /// Different values: a new revision; the older stays.
    Revised,
}

/// What a group commit did; `outcomes` runs parallel to `PacketBatch::observations`.
#[derive(Debug, Default)]
pub struct CommitReceipt {
    pub outcomes: Vec<Outcome>,
    /// Sequence number of each frame of the batch; `None` for a duplicate, whose first copy is kept.
    pub frames: Vec<Option<i64>>,
}

/// An observation row read back.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObservation {
    pub key: ObservationKey,
    pub revision: u32,
    pub frame: i64,
    pub received_at: Timestamp,
    pub values: Vec<PackedValue>,
}

/// The newest value of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct LatestValue {
    pub point: i64,
    pub system: u16,
    pub kind: u16,
    pub value: PackedValue,
    pub data_time: Timestamp,
    pub received_at: Timestamp,
    pub frame: i64,
}

/// A period waiting to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DirtyPeriod {
    pub point: i64,
    pub level: PeriodLevel,
    /// Number of the hour, day or month (see `kernel::time`).
    pub period: i64,
    /// Grows each time the period is marked; clearing with an older stamp does nothing.
    pub stamp: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum PeriodLevel {
    Hour = 1,
    Day = 2,
    Month = 3,
    Year = 4,
}

/// A raw frame read back with its place in the chain.
#[derive(Clone, Debug)]
pub struct StoredFrame {
    pub sequence: i64,
    pub meta: FrameMeta,
    pub bytes: Vec<u8>,
    pub previous_hash: [u8; 32],
    pub hash: [u8; 32],
}

/// What one observation query returns: the newest revision of each key, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct ObservationQuery {
    pub point: i64,
    /// `None`: every system.
    pub system: Option<u16>,
    pub kind: u16,
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    pub every_revision: bool,
    pub limit: usize,
}

/// Durable state. Implementations are cheap to share (`Arc<dyn Store>`).
pub trait Store: Send + Sync {
    fn division(&self) -> Division;

    /// Reads a consistent snapshot.
    fn read_with(&self, work: &mut dyn FnMut(&dyn Reader) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Writes in one transaction: kept when `work` returns `Ok`, rolled back otherwise.
    fn write_with(&self, work: &mut dyn FnMut(&dyn Transaction) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// The observation path: all of the batch is durable when this returns `Ok`, none of it otherwise.
    fn commit_packets(&self, batch: &PacketBatch, now: Timestamp) -> Result<CommitReceipt, StoreError>;

    /// The observation path for frames that are on disk already (an adopted device's): `sequences` runs parallel
    /// to `batch.frames`, whose bytes are compared and not stored again. Durable when this returns `Ok`.
    fn commit_stored(
        &self,
        batch: &PacketBatch,
        sequences: &[i64],
        now: Timestamp,
    ) -> Result<CommitReceipt, StoreError>;

    fn observations(&self, query: ObservationQuery) -> Result<Vec<StoredObservation>, StoreError>;

    /// The same with the values of one factor only (a series); rows that have none of it are there without values.
    fn observations_of_factor(
        &self,
        query: ObservationQuery,
        factor: u32,
    ) -> Result<Vec<StoredObservation>, StoreError>;

    /// Newest value of each series of these points (all points when empty), in no particular order.
    fn latest(&self, points: &[i64]) -> Vec<LatestValue>;

    /// Number of a factor code in packed rows, made when new.
    fn factor_number(&self, code: &str) -> Result<u32, StoreError>;
    /// Number of a factor code that has one.
    fn known_factor(&self, code: &str) -> Option<u32>;
    fn factor_code(&self, number: u32) -> Option<std::sync::Arc<str>>;

    /// Up to `limit` periods that are due for judging at `now`, oldest mark first. Marks that arrive after this
    /// call get a higher stamp, so that [`Store::clear_dirty`] cannot lose them.
    fn take_dirty(&self, level: PeriodLevel, now: Timestamp, limit: usize) -> Result<Vec<DirtyPeriod>, StoreError>;

    /// Marks periods inside a running transaction.
    fn mark_dirty(
        &self,
        transaction: &dyn Transaction,
        periods: &[(i64, PeriodLevel, i64)],
        not_before: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets judged periods inside the transaction that stores their verdicts.
    fn clear_dirty(&self, transaction: &dyn Transaction, periods: &[DirtyPeriod]) -> Result<(), StoreError>;

    fn frame(&self, sequence: i64) -> Result<Option<StoredFrame>, StoreError>;

    /// Sequence numbers of up to `limit` newest frames before `before` that carry data of a point.
    fn frames_of_point(&self, point: i64, before: Timestamp, limit: usize) -> Result<Vec<StoredFrame>, StoreError>;

    /// Seals committed frames into compressed segments; returns how many frames were sealed. Bounded work.
    fn seal_frames(&self, now: Timestamp) -> Result<usize, StoreError>;

    /// Walks the frame chain between two sequence numbers; `Err` names the first frame that does not fit.
    fn verify_frames(&self, from: i64, until: i64) -> Result<u64, StoreError>;

    /// Housekeeping that may run at any time: checkpoints, statistics. Bounded work.
    fn maintain(&self) -> Result<(), StoreError>;

    /// Bytes on disk.
    fn size_on_disk(&self) -> u64;
}

impl dyn Store + '_ {
    /// [`Store::read_with`] with a result.
    pub fn read<T>(&self, mut work: impl FnMut(&dyn Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut result = None;
        self.read_with(&mut |reader| {
            result = Some(work(reader)?);
            Ok(())
        })?;
        result.ok_or_else(|| StoreError::Shape("a read that did not run".into()))
    }

    /// [`Store::write_with`] with a result.
    pub fn write<T>(&self, mut work: impl FnMut(&dyn Transaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut result = None;
        self.write_with(&mut |transaction| {
            result = Some(work(transaction)?);
            Ok(())
        })?;
        result.ok_or_else(|| StoreError::Shape("a write that did not run".into()))
    }
}
