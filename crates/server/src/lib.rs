//! HTTP: sign-in, the gate, the OpenAPI document, the live stream, the embedded web app; and the wiring of all
//! mechanisms.
//!
//! | file | holds |
//! |---|---|
//! | `platform.rs` | the wiring: one store, the mechanisms, who tells whom what |
//! | `identity/` | users, passwords, sessions, the one-time set-up link |
//! | `access.rs` | who may call a route at all: one decision, from the registry |
//! | `app.rs`, `openapi.rs`, `assets.rs`, `compress.rs` | the application, its document, the embedded web app, gzip |
//! | `points/`, `overview.rs`, `county.rs`, `public.rs`, `enterprise.rs`, `factors.rs`, `zones.rs`, `duties.rs`, `step_records.rs`, `dust.rs`, `soil.rs` | what several mechanisms know, merged for people |
//! | `live.rs`, `announce.rs` | event stream; states of points on it |
//! | `audit.rs`, `metrics.rs` | audit log; numbers for Prometheus |
//!
//! Invariants: a route that is not in the registry is open to nobody; nothing here decides for a mechanism; what a
//! caller may not read is not there for them.

pub mod access;
pub mod announce;
pub mod app;
pub mod assets;
pub mod audit;
mod bindings;
mod compress;
mod county;
mod dust;
mod duties;
mod enterprise;
mod factors;
pub mod identity;
pub mod live;
mod metrics;
pub mod openapi;
mod overview;
pub mod platform;
pub mod points;
mod public;
mod soil;
mod step_records;
mod zones;

pub use platform::{Platform, Settings};
pub use zones::layers_of;
