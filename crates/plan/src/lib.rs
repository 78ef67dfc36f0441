//! The five-year plan (规划) as data, and the linter that finds its contradictions.
//!
//! - [`model`]: indicators, tasks, projects, lists, figures and waivers as the pack's `plan/*.toml` hold them.
//! - [`source`]: files → model, with the line of everything.
//! - [`checks`]: one rule a function, none of them knows a county.
//! - [`finding`], [`report`]: findings in the manner of a compiler, as text and JSON.
//!
//! Invariants: the plan's figures are kept exactly as its source has them, contradictions included; a finding
//! is silenced only by a waiver with a reason, and stays listed; nothing here does I/O.

pub mod checks;
pub mod finding;
pub mod model;
pub mod report;
pub mod source;
pub mod unit;

pub use finding::{Finding, Severity};
pub use report::{Report, check};
