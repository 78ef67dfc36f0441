//! Durable state behind one contract.
//!
//! - [`contract`]: the store as mechanisms see it: transactions over SQL in the subset that SQLite and
//!   PostgreSQL share (five value types, numbered placeholders `$1`), and the observation path.
//! - [`sqlite`]: the embedded default (one writer, many readers, WAL, `synchronous=FULL`).
//! - [`event_log`], [`migration`]: written on the contract, the same for every store.
//! - [`packed`], [`frames`]: the pure codecs of observation rows and raw frame batches.
//! - [`contract_tests`]: the suite that every store must pass; a second store calls it with its own factory.
//!
//! Invariants: what [`contract::Store::commit_packets`] returned is on disk; an observation row is never
//! changed, only superseded by a higher revision; no SQL of a mechanism lives here.

pub mod contract;
pub mod contract_tests;
pub mod event_log;
pub mod frames;
pub mod migration;
pub mod packed;
pub mod sqlite;

pub use contract::{Reader, Row, Store, StoreError, Transaction, Value};
pub use migration::Migration;
pub use packed::{Mark, PackedValue, Scalar};
