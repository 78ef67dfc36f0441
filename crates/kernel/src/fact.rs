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

/// What an argument means and takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactArgument {
    pub label: Name,
    pub required: bool,
    /// Takes a whole number; the others take text.
    pub whole: bool,
    /// All that it takes, as text; empty: not known here.
    pub values: Vec<String>,
    /// Code list of the ledgers that holds what it takes.
    pub codes: Option<String>,
}

impl FactArgument {
    pub fn new(label: Name) -> Self {
        Self { label, ..Self::default() }
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn whole_number(mut self) -> Self {
        self.whole = true;
        self
    }

    pub fn one_of<'v>(mut self, values: impl IntoIterator<Item = &'v str>) -> Self {
        self.values = values.into_iter().map(str::to_owned).collect();
        self
    }

    pub fn of_codes(mut self, list: &str) -> Self {
        self.codes = Some(list.to_owned());
        self
    }
}

/// What can be asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactDescription {
    pub name: String,
    pub label: Name,
    pub arguments: BTreeMap<String, FactArgument>,
    /// Empty: none, or it follows from the arguments.
    pub unit: String,
}

impl FactDescription {
    /// Refuses a question with wrong arguments.
    pub fn hold(&self, query: &FactQuery) -> Result<(), Problem> {
        match self.complaint(query) {
            Some(why) => Err(Problem::invalid(format!("{} ({})", why.zh, why.en))),
            None => Ok(()),
        }
    }

    /// What is wrong with the arguments of a question: one that there is not would be left unread and another number
    /// computed. `year` may still be to come: whoever writes a question down leaves it open.
    pub fn complaint(&self, query: &FactQuery) -> Option<Name> {
        let known = || self.arguments.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        for (name, value) in &query.arguments {
            let Some(argument) = self.arguments.get(name) else {
                return Some(Name::new(
                    format!("{} 不认识参数“{name}”，有 {}", self.name, known()),
                    format!("{} has no argument `{name}`, it has {}", self.name, known()),
                ));
            };
            // What is of another kind would be left unread, as if it had not been said.
            let text = match (value, argument.whole) {
                (FactValue::Text(text), false) => text.clone(),
                (FactValue::Integer(number), true) => number.to_string(),
                (_, whole) => {
                    let (zh, en) = if whole { ("整数", "a whole number") } else { ("文字", "text") };
                    return Some(Name::new(
                        format!("{} 的参数 {name} 应写成{zh}", self.name),
                        format!("the argument {name} of {} must be {en}", self.name),
                    ));
                }
            };
            if !argument.values.is_empty() && !argument.values.contains(&text) {
                let all = argument.values.join("、");
                return Some(Name::new(
                    format!("{} 的参数 {name} 没有“{text}”，只有 {all}", self.name),
                    format!("the argument {name} of {} is none of its values: `{text}`", self.name),
                ));
            }
        }
        let lacking = self.arguments.iter().find(|(name, argument)| {
            argument.required && *name != "year" && !query.arguments.contains_key(name.as_str())
        });
        lacking.map(|(name, _)| {
            Name::new(format!("{} 没有写 {name}", self.name), format!("{}: `{name}` is missing", self.name))
        })
    }
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
            Some((description, source)) => {
                description.hold(query)?;
                source.answer(query, now)
            }
            None => Err(Problem::new(ErrorCode::NotFound, format!("没有事实“{}” (no such fact)", query.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_held_against_what_a_fact_takes() {
        let argument = |values: &[&str]| FactArgument::default().one_of(values.iter().copied());
        let description = FactDescription {
            name: "air.days".into(),
            arguments: BTreeMap::from([
                ("year".to_owned(), FactArgument::default().required().whole_number()),
                ("level".to_owned(), argument(&["1", "2"]).required().whole_number()),
                ("edition".to_owned(), argument(&[])),
            ]),
            ..FactDescription::default()
        };
        let check = |arguments: &[(&str, FactValue)], expect: Option<&str>| {
            let query = FactQuery {
                name: "air.days".into(),
                arguments: arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            };
            let found = description.complaint(&query).map(|why| why.zh);
            assert_eq!(found.is_some(), expect.is_some(), "{arguments:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(expect.unwrap_or_default()), "{arguments:?}");
        };
        let text = |text: &str| FactValue::Text(text.into());
        check(&[("level", FactValue::Integer(2))], None);
        let edition = |value: FactValue| {
            [("level", FactValue::Integer(2)), ("year", FactValue::Integer(2026)), ("edition", value)]
        };
        check(&edition(text("2012")), None);
        check(&edition(FactValue::Integer(2012)), Some("应写成文字"));
        check(&[("level", text("2"))], Some("应写成整数"));
        check(&[("level", FactValue::Integer(7))], Some("没有“7”"));
        check(&[("levle", FactValue::Integer(2))], Some("不认识参数“levle”"));
        check(&[], Some("没有写 level"));
    }
}
