//! Facts (事实): read questions that one mechanism answers for others, each answer with its evidence.
//!
//! Formulas, rules, guards, colours and scores are written over facts that were gathered *before* the
//! evaluation; the list of facts used is the evidence of the result.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Name, Problem, Timestamp};

/// A value in a fact. Numbers that must be exact travel as decimal text beside their meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// Not known: never to be read as zero.
    #[default]
    Missing,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<FactValue>),
    Map(BTreeMap<String, FactValue>),
}

/// A question: `air.good_day_ratio` with `year = 2025`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactQuery {
    pub name: String,
    #[serde(default)]
    pub arguments: BTreeMap<String, FactValue>,
}

impl FactQuery {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), arguments: BTreeMap::new() }
    }

    pub fn with(mut self, argument: &str, value: FactValue) -> Self {
        self.arguments.insert(argument.to_owned(), value);
        self
    }

    pub fn integer(&self, argument: &str) -> Result<i64, Problem> {
        match self.arguments.get(argument) {
            Some(FactValue::Integer(value)) => Ok(*value),
            other => Err(Problem::invalid(format!("{}: {argument} = {other:?}, wanted an integer", self.name))),
        }
    }

    pub fn text(&self, argument: &str) -> Result<&str, Problem> {
        match self.arguments.get(argument) {
            Some(FactValue::Text(value)) => Ok(value),
            other => Err(Problem::invalid(format!("{}: {argument} = {other:?}, wanted a text", self.name))),
        }
    }
}

/// Where a reader can see what a fact rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    pub label: Name,
    /// Path of the API or page.
    pub href: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fact {
    pub value: FactValue,
    pub unit: String,
    pub as_of: Timestamp,
    /// How it was computed, in words.
    pub method: Name,
    pub evidence: Vec<Evidence>,
    /// What is missing for a complete answer.
    pub missing: Vec<Name>,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactDescription {
    pub name: String,
    pub label: Name,
    /// Argument name → what it means.
    pub arguments: BTreeMap<String, Name>,
    pub unit: String,
}

pub trait FactSource: Send + Sync {
    fn describe(&self) -> Vec<FactDescription>;
    /// Answers one of the described questions.
    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem>;
}

/// All sources, by the names that they describe.
#[derive(Clone, Default)]
pub struct Facts {
    sources: BTreeMap<String, (FactDescription, Arc<dyn FactSource>)>,
}

impl Facts {
    pub fn add(&mut self, source: Arc<dyn FactSource>) {
        for description in source.describe() {
            self.sources.insert(description.name.clone(), (description, Arc::clone(&source)));
        }
    }

    pub fn describe(&self) -> Vec<FactDescription> {
        self.sources.values().map(|(description, _)| description.clone()).collect()
    }

    pub fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        match self.sources.get(&query.name) {
            Some((_, source)) => source.answer(query, now),
            None => Err(Problem::new(ErrorCode::NotFound, format!("没有事实“{}” (no such fact)", query.name))),
        }
    }
}
