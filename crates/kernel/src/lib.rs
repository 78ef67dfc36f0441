//! What every part of Qingshan (青山) shares: identifiers, time, divisions, actors and permissions,
//! the event envelope and numbered errors.
//!
//! Invariants: nothing here performs I/O or reads a clock (the clock is handed in, except in
//! [`id::IdSource`], which is told the time by its caller); nothing here imports another crate of ours.

pub mod calendar;
pub mod error;
pub mod event;
pub mod fact;
pub mod id;
pub mod permission;
pub mod point;
pub mod time;
pub mod upload;

pub use calendar::WorkingCalendar;
pub use error::{ErrorCode, Problem};
pub use event::{Event, EventDraft};
pub use fact::{Fact, FactQuery, FactSource, FactValue, Facts};
pub use id::{Id, IdSource};
pub use permission::{Action, Actor, Role};
pub use point::{EmissionBasis, FactorLimit, LimitPeriod, LimitWhen, Point, PointKind, PointSet, PointSource};
pub use time::{Day, Hour, Month, Timestamp};

/// A county or other administrative division (行政区划), by its six-digit GB/T 2260 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Division(pub i32);

impl std::fmt::Display for Division {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:06}", self.0)
    }
}

/// A name in both languages of the product; Chinese is the one of record.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Name {
    pub zh: String,
    pub en: String,
}

impl Name {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}
