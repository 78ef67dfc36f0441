//! Plan (规划): the five-year plan as data, the linter that finds its contradictions, and the plan that computes
//! itself: every indicator from facts or documents, every project and duty from approved entries.
//!
//! | file | holds |
//! |---|---|
//! | `model.rs`, `source.rs` | the pack's `plan/*.toml` as nouns; files → model, with the line of everything |
//! | `fact.rs` | what the plan itself can be asked by formulas |
//! | `checks/`, `finding.rs`, `report.rs`, `waiver.rs` | the linter: one rule a function, none of them knows a county; what is waived |
//! | `formula.rs`, `evaluate.rs` | CEL over facts; the sheet of all indicators and years, recomputed where a fact changed |
//! | `scheme.rs` | lights, forecast, scores and the life cycle as data |
//! | `goal.rs`, `trajectory.rs`, `forecast.rs` | targets and their changes; path, standing, what is needed; where it is going |
//! | `projection.rs` | the value to date projected to the end of its running year, beside the value |
//! | `item.rs`, `amount.rs`, `portfolio.rs`, `curve.rs`, `site.rs` | entries; amounts in their words; projects, their money over the years, and where they are |
//! | `money.rs`, `performance.rs` | money checks; scores of projects by year and final |
//! | `difference.rs`, `doubt.rs` | what two revisions differ in; doubts that findings cast on a value |
//! | `duty.rs`, `target.rs`, `assessment.rs` | duties and scores; targets of bodies by year; documents |
//! | `ops/`, `rows.rs`, `http/`, `run.rs` | the service, its SQL, its routes, what it does by itself |
//!
//! Invariants: the plan's figures are kept exactly as its source has them, contradictions included; a finding is
//! silenced only by a waiver with a reason, and stays listed; missing evidence is missing, never zero; nothing that
//! people enter counts before somebody else approved it; an approved revision or document never changes.

mod amount;
pub mod assessment;
pub mod checks;
mod confusable;
pub mod curve;
mod difference;
mod doubt;
pub mod duty;
pub mod earlier;
pub mod evaluate;
mod fact;
pub mod finding;
pub mod forecast;
pub mod formula;
pub mod goal;
mod http;
pub mod item;
pub mod model;
mod money;
pub mod ops;
pub mod performance;
pub mod portfolio;
pub mod projection;
pub mod report;
pub mod rows;
mod run;
pub mod scheme;
pub mod site;
pub mod source;
pub mod target;
pub mod trajectory;
pub mod unit;
mod waiver;

use std::sync::Arc;

pub use fact::fact_descriptions;
pub use finding::{Finding, Severity};
pub use ops::Plan;
pub use portfolio::QUANTITY;
pub use report::{KnownFacts, Report, check, check_with};
pub use rows::MIGRATIONS;

impl Plan {
    pub fn routes(self: &Arc<Self>) -> api::Routes {
        http::routes(self)
    }
}

/// A value as the county publishes it: rounded half to even at its decimals (2 when not said), no trailing zeros.
pub(crate) fn show(value: f64, decimals: Option<u32>) -> String {
    use rust_decimal::prelude::FromPrimitive as _;
    let places = decimals.unwrap_or(2);
    match rust_decimal::Decimal::from_f64(value) {
        Some(exact) => exact.round_dp(places).normalize().to_string(),
        None => value.to_string(),
    }
}
