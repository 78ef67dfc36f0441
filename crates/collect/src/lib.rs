//! The way in (采集): stations over HJ 212, MQTT and files, to acknowledged observations on disk; commands back.
//!
//! | file | holds |
//! |---|---|
//! | `service.rs` | [`Collect`]: the mechanism as the wiring sees it |
//! | `limits.rs` | every bound of the way in |
//! | `tcp.rs`, `connection.rs` | listening; one connection: bytes → frames → packets → acknowledgements |
//! | `intake.rs` | pure: what to do with one frame |
//! | `directory.rs`, `quarantine.rs`, `adopt.rs` | which point a device reports for; devices nobody has adopted; how they leave |
//! | `pipeline.rs` | group commit: whatever the transport, one way to disk |
//! | `sessions.rs`, `activity.rs`, `clock.rs`, `presence.rs`, `gap.rs` | who is connected, who is heard, whose clock is off, who is silent, what is missing |
//! | `command.rs`, `ops.rs` | life of a command (pure); what people do: command, import |
//! | `watch.rs`, `announce.rs` | what runs by itself: presence, gaps, time-outs, sealing; the live stream |
//! | `mqtt.rs`, `import/` | the other two transports |
//! | `rows.rs`, `http/` | SQL; routes |
//!
//! Invariants: a packet is acknowledged only after the sync of the commit that holds it; a refused packet is
//! counted by name and never acknowledged; raw frames are kept verbatim; the same packet again changes nothing
//! and is answered again; every queue, window and table is bounded by `limits.rs`; values are stored as sent.

pub mod activity;
mod adopt;
mod announce;
pub mod anomaly;
pub mod clock;
pub mod command;
mod command_book;
pub mod connection;
pub mod directory;
pub mod factors;
pub mod gap;
pub mod http;
pub mod import;
pub mod intake;
mod keys;
pub mod limits;
pub mod model;
pub mod mqtt;
pub mod ops;
pub mod pipeline;
pub mod presence;
mod priority;
pub mod quarantine;
mod rows;
pub mod service;
pub mod sessions;
pub mod tcp;
pub mod watch;
pub mod wire;

pub use directory::{Device, Directory, ExpectedIntervals};
pub use limits::Limits;
pub use model::{CollectStatus, Command, CommandKind, CommandState, MIGRATIONS};
pub use presence::Presence;
pub use service::Collect;

/// A poisoned lock only says that another thread panicked; what is under our locks is replaced as a whole.
pub(crate) fn relock<T>(result: Result<T, std::sync::PoisonError<T>>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}
