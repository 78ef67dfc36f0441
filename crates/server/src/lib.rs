//! HTTP: sign-in, the gate, the OpenAPI document, the live stream, the embedded web app; and the wiring of all
//! mechanisms.
//!
//! | file | holds |
//! |---|---|
//! | `identity/` | users, passwords, sessions, the one-time set-up link |
//! | `access.rs` | who may call a route at all: one decision, from the registry |
//! | `app.rs`, `openapi.rs`, `assets.rs` | the application, its document, the embedded web app |
//! | `live.rs`, `audit.rs` | event stream; audit log |
//!
//! Invariants: a route that is not in the registry is open to nobody; nothing here decides for a mechanism.

pub mod access;
pub mod app;
pub mod assets;
pub mod audit;
pub mod identity;
pub mod live;
pub mod openapi;
