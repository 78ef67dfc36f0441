//! What the value of an indicator rests on: its variables, down to verdicts and records, and the words for its path.

use std::collections::BTreeMap;

use kernel::fact::Evidence;
use kernel::{Name, Timestamp};
use serde::Serialize;

use super::{Loaded, Plan};
use crate::evaluate::{Sheet, key_of};
use crate::formula::{self, Read};
use crate::goal::{self, Goal};
use crate::model::Indicator;

/// A variable of a formula with what it rests on.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Trace {
    pub variable: String,
    /// Name of the fact, or `indicator`.
    pub fact: String,
    pub arguments: BTreeMap<String, kernel::FactValue>,
    pub label: Option<Name>,
    pub value: kernel::FactValue,
    pub unit: String,
    pub as_of: Option<Timestamp>,
    pub method: Option<Name>,
    pub missing: Vec<Name>,
    pub simulated: bool,
    pub evidence: Vec<Evidence>,
}

impl Plan {
    /// Every variable of a cell, down to verdicts and records.
    pub(super) fn trace(&self, loaded: &Loaded, sheet: &Sheet, id: &str, year: i32) -> Vec<Trace> {
        let book = sheet.book();
        let Some(formula) = book.place(id).and_then(|place| book.formula(place)) else { return Vec::new() };
        let described = self.facts.describe();
        let one = |input: &formula::Input| {
            let year = year - input.years_back;
            match &input.read {
                Read::Indicator(place) => {
                    let other = &book.ids[*place];
                    let found = loaded.indicator(other).ok();
                    let cell = sheet.cell(other, year);
                    let value = cell.and_then(|cell| cell.value);
                    let label = found.map(|one| Name::new(one.name.clone(), one.name_en.clone()));
                    Trace {
                        variable: input.variable.clone(),
                        fact: "indicator".into(),
                        arguments: BTreeMap::from([("year".into(), kernel::FactValue::Integer(year.into()))]),
                        value: value.map_or(kernel::FactValue::Missing, kernel::FactValue::Number),
                        unit: found.map(|one| one.unit.clone()).unwrap_or_default(),
                        as_of: None,
                        method: None,
                        missing: Vec::new(),
                        simulated: cell.is_some_and(|cell| cell.simulated),
                        evidence: vec![Evidence {
                            label: label.clone().unwrap_or_default(),
                            href: format!("/app/plan/indicators/{other}?year={year}"),
                        }],
                        label,
                    }
                }
                Read::Fact { query, .. } => {
                    let query = query.clone().with("year", kernel::FactValue::Integer(year.into()));
                    let key = key_of(&query);
                    let answer = self.answer(&key);
                    let failed = sheet.known(&key).and_then(|known| known.failed.clone());
                    let mut missing = answer.as_ref().map(|fact| fact.missing.clone()).unwrap_or_default();
                    missing.extend(failed.map(|why| Name::new(why.clone(), why)));
                    Trace {
                        variable: input.variable.clone(),
                        label: described.iter().find(|fact| fact.name == query.name).map(|fact| fact.label.clone()),
                        fact: query.name,
                        arguments: query.arguments,
                        value: answer.as_ref().map(|fact| fact.value.clone()).unwrap_or_default(),
                        unit: answer.as_ref().map(|fact| fact.unit.clone()).unwrap_or_default(),
                        as_of: answer.as_ref().map(|fact| fact.as_of),
                        method: answer.as_ref().map(|fact| fact.method.clone()),
                        simulated: answer.as_ref().is_some_and(|fact| fact.simulated),
                        evidence: answer.map(|fact| fact.evidence).unwrap_or_default(),
                        missing,
                    }
                }
            }
        };
        formula.inputs.iter().map(one).collect()
    }
}

pub(super) fn path_method(indicator: &Indicator, goals: &[Goal], baseline: Option<(i32, f64)>) -> Name {
    let Some(first) = goals.first() else {
        return Name::new("目标没有数字，没有路径", "the target has no figure, so there is no path");
    };
    if indicator.cumulative {
        return Name::new("累计指标：从零直线到目标", "cumulative: straight from zero to the target");
    }
    match baseline {
        Some((year, value)) if !goal::met(first, indicator.direction, value) => Name::new(
            format!("从 {year} 年 {value} 直线到目标"),
            format!("straight from {value} in {year} to the target"),
        ),
        Some((year, value)) => Name::new(
            format!("{year} 年 {value} 已达目标：路径即目标值"),
            format!("{value} in {year} meets the target already: the path is the target"),
        ),
        None => Name::new("没有基数：路径即目标值", "no baseline: the path is the target"),
    }
}
