//! Designing ledgers (台账设计): an administrator changes a definition or adds one, and what records already say
//! decides what may change. Definitions in force come from the release, the county pack and the designer, each
//! covering those before it (ADR 0009).
//!
//! - [`compare`], [`codes`]: what differs between two definitions, and what of stored records each difference depends on.
//!   Pure.
//! - [`tally`]: looks at records one by one and says which differences are fine, to be accepted or refused. Pure.
//! - [`text`]: a definition as TOML and as JSON, for the page's form.
//! - [`rules`]: what a designed definition must keep beside what every definition must. Pure.
//! - `sense`: rules that can hold, formulas that can be computed, labels that tell fields apart. Pure.
//! - [`rows`]: SQL of every definition that was ever in force.

pub mod codes;
pub mod compare;
pub mod rows;
pub mod rules;
mod sense;
pub mod tally;
pub mod text;

pub use codes::{compare_codes, uses_of};
pub use compare::{Difference, Hit, Question, compare_ledgers};
pub use tally::{DesignChange, Effect, Tally};
