//! Bilingual text and the steps of an evaluation.

use serde::{Deserialize, Serialize};

/// A text in both languages of the product; Chinese is the one of record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The same characters in both languages (codes, formulas).
    pub fn same(text: impl Into<String>) -> Self {
        let zh = text.into();
        Self { en: zh.clone(), zh }
    }
}

/// One step of an evaluation (判定步骤): what was done and under which clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub text: Text,
    /// Standard and clause, as marked in the code by [`crate::clause!`].
    pub clause: String,
}

impl Step {
    /// `clause` comes from [`crate::clause!`], so that making a step also marks coverage.
    pub fn new(clause: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { text: Text::new(zh, en), clause: clause.to_owned() }
    }
}

/// Receives the steps of an evaluation. [`NoTrace`] costs nothing (the closure is never called), a `Vec<Step>`
/// keeps them: the fast path and the explained path are the same code.
pub trait Trace {
    fn step(&mut self, make: impl FnOnce() -> Step);
}

/// Discards steps.
pub struct NoTrace;

impl Trace for NoTrace {
    fn step(&mut self, _make: impl FnOnce() -> Step) {}
}

impl Trace for Vec<Step> {
    fn step(&mut self, make: impl FnOnce() -> Step) {
        self.push(make());
    }
}
