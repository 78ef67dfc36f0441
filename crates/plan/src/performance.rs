//! Performance (绩效) of a project: of each year, as things stood at its end, and final, as they stand now. Pure.

use std::collections::BTreeMap;

use kernel::FactValue;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::item::{Content, Item};
use crate::model::Project;
use crate::money;
use crate::portfolio::{Ledger, quantity};
use crate::scheme::{Rules, Scored, share_of};

/// Score of one year (年度绩效).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct YearPerformance {
    pub year: i32,
    pub criteria: Vec<Scored>,
    /// Per cent of the points that could be scored.
    pub score: Option<f64>,
}

/// Years of a project that are shown at most.
const MOST_YEARS: i32 = 60;

/// Every year from the first of the project to the one that runs.
pub fn by_year(project: &Project, approved: &[&Item], rules: &Rules, today: &str) -> Vec<YearPerformance> {
    let this_year: i32 = today.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    let [first, last] = project.years;
    (first..=this_year.min(first + MOST_YEARS))
        .map(|year| {
            let known: Vec<&Item> = approved.iter().copied().filter(|item| item.year <= year).collect();
            let end = format!("{year}-12-31");
            // Of a year that is over the last of December counts as well.
            let next = format!("{}-01-01", year + 1);
            let days = if year < this_year { (next.as_str(), end.as_str()) } else { (today, today) };
            let whole = f64::from((last - first + 1).max(1));
            let due = (f64::from(year - first + 1) / whole).clamp(0.0, 1.0);
            let criteria = rules.score_project(&variables(project, &known, &milestones(&known, approved), days, due));
            YearPerformance { year, score: share_of(&criteria), criteria }
        })
        .collect()
}

/// As things stand today, against the whole plan.
pub fn last(project: &Project, approved: &[&Item], rules: &Rules, today: &str) -> Vec<Scored> {
    rules.score_project(&variables(project, approved, &milestones(approved, approved), (today, today), 1.0))
}

/// Due and done day of each milestone: due as the newest word of what was `known` says, so that moving it later changes
/// no year before; done as the newest word of all says.
fn milestones(known: &[&Item], all: &[&Item]) -> Vec<(String, Option<String>)> {
    let mut newest: BTreeMap<&str, (String, Option<String>)> = BTreeMap::new();
    for item in known {
        if let Content::Milestone { name, due, .. } = &item.content {
            newest.insert(name, (due.clone(), None));
        }
    }
    for item in all {
        if let Content::Milestone { name, done, .. } = &item.content
            && let Some(row) = newest.get_mut(name.as_str())
        {
            row.1.clone_from(done);
        }
    }
    newest.into_values().collect()
}

fn variables(
    project: &Project,
    approved: &[&Item],
    milestones: &[(String, Option<String>)],
    (day, until): (&str, &str),
    due_share: f64,
) -> BTreeMap<String, FactValue> {
    let number = |value: Option<f64>| value.map_or(FactValue::Missing, FactValue::Number);
    let share = |above: Option<Decimal>, below: Option<Decimal>| {
        let (above, below) = (above?, below?);
        above.checked_div(below)?.to_f64()
    };
    let quantities = project.quantities.iter().map(|planned| quantity(planned, approved));
    let known: Vec<Option<f64>> = quantities.map(|row| share(row.done, Some(row.planned))).collect();
    // One quantity that nobody entered leaves the whole unknown.
    let all: Option<Vec<f64>> = known.iter().copied().collect();
    let all = all.filter(|all| !all.is_empty());
    let ledger = Ledger::of(project, approved);
    let done_by = |done: &Option<String>| done.as_deref().is_some_and(|done| done <= until);
    let due: Vec<_> = milestones.iter().filter(|(due, done)| due.as_str() < day || done_by(done)).collect();
    let done = due.iter().filter(|(_, done)| done_by(done)).count();
    let rows: Vec<_> = ledger.rows.into_values().collect();
    let checks = money::checks(&rows, &ledger.sums, ledger.contracts, ledger.estimate);
    BTreeMap::from([
        ("paid_share".to_owned(), number(share(ledger.sums.paid, ledger.sums.arrived))),
        ("money_ok".to_owned(), FactValue::Bool(checks.is_empty())),
        ("due_share".to_owned(), FactValue::Number(due_share)),
        (
            "quantity_share".to_owned(),
            number(all.map(|all| all.iter().map(|share| share.min(1.0)).sum::<f64>() / all.len() as f64)),
        ),
        ("milestones_share".to_owned(), number((!due.is_empty()).then(|| done as f64 / due.len() as f64))),
    ])
}
