//! Act (办): every duty with a deadline. Alarms become cases with an owner, a due time and evidence.
//!
//! | file | holds |
//! |---|---|
//! | `workflow.rs` | definitions as data (`model/workflows`) |
//! | `transition.rs`, `alarm.rs`, `duty.rs`, `evidence.rs` | pure: may this be done; what an event or a record's duty means; what may be attached |
//! | `step_record.rs` | what a step writes into a ledger, as the definition says |
//! | `ops.rs`, `run.rs`, `follow.rs` | what people do; what the event log brings; what records ask for |
//! | `rows.rs`, `http.rs`, `fact.rs` | SQL; routes; facts for others |
//!
//! Invariants: nobody closes their own case; nothing closes without evidence (a workflow that allows either is
//! refused when it is read); every case has an owner and a due time; a reopened case keeps its number; one
//! spell of one factor at one point is one case, and so is one duty of one record with one last day; replaying an
//! event changes nothing.

pub mod alarm;
pub mod duty;
pub mod evidence;
mod fact;
mod follow;
pub mod http;
pub mod model;
pub mod ops;
pub mod rows;
mod run;
pub mod step_record;
pub mod transition;
pub mod workflow;

use std::sync::Arc;

pub use fact::fact_descriptions;
pub use http::CaseSummary;
pub use model::Case;
pub use ops::Act;
pub use rows::MIGRATIONS;
pub use workflow::Workflows;

impl Act {
    pub fn routes(self: &Arc<Self>) -> api::Routes {
        http::routes(self)
    }
}
