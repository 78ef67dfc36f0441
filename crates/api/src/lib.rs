//! How mechanisms offer routes: every route is registered with who may call it and the shapes that go in and
//! out. `server` merges them, enforces access at one place, and writes the OpenAPI document and the golden
//! lists from the same registry.
//!
//! - [`routes`]: the registry.
//! - [`caller`]: who asks, and the JSON, query and problem types of every handler.
//! - [`table`]: one answer as JSON or CSV at the same address.
//! - [`live`]: what the event stream announces.
//!
//! Invariants: no route without an [`Access`]; no decision of a mechanism lives here.

pub mod caller;
pub mod live;
pub mod routes;
pub mod table;

pub use caller::{ApiProblem, ApiResult, Caller, Json, Path, Query, blocking};
pub use live::{LiveBus, LiveEvent};
pub use routes::{Access, Operation, Routes, operation};
pub use table::{Column, Format, Table};
