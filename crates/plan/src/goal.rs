//! Targets with figures (目标值), as the plan has them and as they were changed since. Pure.
//!
//! A changed target holds from the year in which the change was approved; the years before it are judged by the
//! original, which stays beside it.

use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::item::{Content, Item, State};
use crate::model::{Direction, Indicator};

/// A numbered target in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Goal {
    pub year: i32,
    /// `>=`, `>`, `<=`, `<`, `=`.
    pub operator: String,
    pub value: f64,
    pub place: String,
    /// Changed after approval: number of the item that says why.
    pub changed_by: Option<String>,
    /// Year of the approval of the change, from which it holds; `None`: from the beginning.
    #[serde(default)]
    pub from: Option<i32>,
    /// Year from which another one holds instead.
    #[serde(default)]
    pub until: Option<i32>,
    /// What it was before the change, as printed.
    #[serde(default)]
    pub was: Option<String>,
}

impl Goal {
    /// Operator and value as papers print them, with what was there before.
    pub fn text(&self) -> String {
        match &self.was {
            Some(was) => format!("{} {}（原 {was}）", self.operator, self.value),
            None => format!("{} {}", self.operator, self.value),
        }
    }
}

/// Targets with figures as the pack has them, by year.
pub fn goals(indicator: &Indicator) -> Vec<Goal> {
    let mut goals: Vec<Goal> = indicator
        .targets
        .iter()
        .filter_map(|target| {
            let value = target.value?.to_f64()?;
            (target.operator != "text").then(|| Goal {
                year: target.year,
                operator: target.operator.clone(),
                value,
                place: target.place.clone(),
                changed_by: None,
                from: None,
                until: None,
                was: None,
            })
        })
        .collect();
    goals.sort_by_key(|goal| goal.year);
    goals
}

/// Targets of the pack and their approved changes, by target year; what a change replaced stays, until its year. A
/// correction of a change holds from its own approval, and what it corrected held until then: a year that was closed
/// under a target stays so.
pub fn goals_with(indicator: &Indicator, items: &[Item]) -> Vec<Goal> {
    let mut goals = goals(indicator);
    let subject = format!("indicator:{}", indicator.id);
    let mut changes: Vec<&Item> = items
        .iter()
        .filter(|item| matches!(item.state, State::Approved | State::Replaced) && item.subject == subject)
        .filter(|item| matches!(item.content, Content::Target { .. }))
        .collect();
    changes.sort_by_key(|item| (item.decided_at, item.id));
    for item in changes {
        let Content::Target { target_year, operator, value } = &item.content else { continue };
        let Some(value) = value.to_f64() else { continue };
        let from = item.decided_at.map(|at| at.day().civil().0);
        let mut was = None;
        for old in goals.iter_mut().filter(|goal| goal.year == *target_year && goal.until.is_none()) {
            old.until = Some(from.unwrap_or(i32::MIN));
            was = Some(format!("{} {}", old.operator, old.value));
        }
        goals.push(Goal {
            year: *target_year,
            operator: operator.clone(),
            value,
            place: item.note.clone(),
            changed_by: Some(item.id.to_string()),
            from,
            until: None,
            was,
        });
    }
    goals.sort_by_key(|goal| (goal.year, goal.from));
    goals
}

/// Whether a value meets a goal. `=` means "at least" or "at most", as the indicator's direction says.
pub fn met(goal: &Goal, direction: Direction, value: f64) -> bool {
    match (goal.operator.as_str(), direction) {
        (">=", _) => value >= goal.value,
        (">", _) => value > goal.value,
        ("<=", _) => value <= goal.value,
        ("<", _) => value < goal.value,
        (_, Direction::HigherIsBetter) => value >= goal.value,
        (_, Direction::LowerIsBetter) => value <= goal.value,
        (_, Direction::Neutral) => value == goal.value,
    }
}

/// Goals that are in force in a year, by target year.
pub fn in_force(goals: &[Goal], year: i32) -> impl Iterator<Item = &Goal> {
    goals
        .iter()
        .filter(move |goal| goal.from.is_none_or(|from| from <= year) && goal.until.is_none_or(|until| year < until))
}

/// The goal that a year works towards: of those in force the first not before it, else the last.
pub fn goal_of(goals: &[Goal], year: i32) -> Option<&Goal> {
    in_force(goals, year).find(|goal| goal.year >= year).or_else(|| in_force(goals, year).last())
}
