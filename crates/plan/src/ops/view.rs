//! What pages ask of indicators: the whole plan at one glance, one indicator with its evidence, what-if.

use std::collections::BTreeMap;

use kernel::fact::Evidence;
use kernel::{Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::{elapsed_of, year_of};
use super::{Loaded, Plan, reading};
use crate::earlier::Earlier;
use crate::evaluate::{Basis, Cell, Sheet, key_of};
use crate::formula::{self, Read};
use crate::item::Item;
use crate::model::{Bindingness, Direction, Indicator};
use crate::projection::{self, Projection};
use crate::show;
use crate::target::{self, AddedUp, BodyTarget};
use crate::trajectory::{self, Forecasts, Goal, Needed, Standing};

/// One indicator in one year, as a list shows it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, schemars::JsonSchema)]
pub struct IndicatorRow {
    pub id: String,
    pub name: Name,
    pub unit: String,
    pub direction: Direction,
    pub bindingness: Bindingness,
    pub cumulative: bool,
    pub year: i32,
    /// Rounded as the county publishes it; the number itself is in the cell.
    pub value: Option<String>,
    pub basis: Basis,
    pub simulated: bool,
    /// Problem of the formula, in words.
    pub error: Option<Name>,
    pub standing: Standing,
    /// Target in words where it has no figure.
    pub target_text: Option<String>,
    pub forecast: Forecasts,
    /// The value to date projected to the end of its year; only while the year runs, and never in place of the value.
    pub projection: Option<Projection>,
    /// What the period ended with: `met`, `not_met`, `no_evidence`, `in_words`; `open` while it runs.
    pub result: String,
    /// Why the value itself is doubtful (存疑): quantities that may be counted twice.
    pub doubts: Vec<Name>,
    pub place: String,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Home {
    pub name: Name,
    pub document: String,
    pub period: [i32; 2],
    pub horizon: i32,
    pub year: i32,
    pub years: [i32; 2],
    pub this_year: i32,
    pub revision: i64,
    pub approved_at: Option<Timestamp>,
    pub pending_revision: Option<i64>,
    /// Light → how many indicators.
    pub lights: BTreeMap<String, usize>,
    /// Result of the period → how many.
    pub results: BTreeMap<String, usize>,
    pub indicators: Vec<IndicatorRow>,
    pub projects: usize,
    /// 万元
    pub estimate: String,
    pub arranged: Option<String>,
    pub paid: Option<String>,
    pub projects_without_stage: usize,
    pub tasks: usize,
    pub tasks_without_owner: usize,
    pub findings: usize,
    pub warnings: usize,
    pub waiting: usize,
    pub simulated: bool,
    pub as_of: Timestamp,
}

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

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct YearValue {
    pub year: i32,
    pub cell: Cell,
    pub shown: Option<String>,
    pub standing: Standing,
    /// The year still runs: a value to date.
    pub to_date: bool,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct IndicatorDetail {
    pub row: IndicatorRow,
    pub formula: Option<String>,
    /// Which document proves it, where no formula can.
    pub document: Option<String>,
    pub path_method: Name,
    pub goals: Vec<Goal>,
    /// Values and targets of the plans before, which the years do not show.
    pub earlier: Vec<Earlier>,
    pub years: Vec<YearValue>,
    pub trace: Vec<Trace>,
    pub needed: Option<Needed>,
    /// The running year, whatever year is shown.
    pub projection: Option<Projection>,
    /// What bodies are asked for by year, and whether it adds up.
    pub targets: Vec<BodyTarget>,
    pub added_up: Vec<AddedUp>,
    pub bodies: Vec<String>,
    pub projects: Vec<(u32, String)>,
    pub tasks: Vec<(String, String)>,
    pub items: Vec<Item>,
    pub findings: Vec<crate::Finding>,
}

/// Goals of the pack and their approved changes.
pub(crate) fn goals_of(indicator: &Indicator, items: &[Item]) -> Vec<Goal> {
    trajectory::goals_with(indicator, items)
}

/// Everything about one indicator that is computed from a sheet.
pub(super) struct Reading<'r> {
    pub loaded: &'r Loaded,
    pub sheet: &'r Sheet,
    pub items: &'r [Item],
    pub this_year: i32,
    /// Share of this year that has gone.
    pub elapsed: f64,
}

impl<'r> Reading<'r> {
    pub fn new(loaded: &'r Loaded, sheet: &'r Sheet, items: &'r [Item], now: Timestamp) -> Self {
        Self { loaded, sheet, items, this_year: year_of(now), elapsed: elapsed_of(now) }
    }

    fn baseline(&self, indicator: &Indicator, goals: &[Goal]) -> Option<(i32, f64)> {
        let first = goals.first()?.year;
        let before = self.loaded.plan.period[0];
        let series = self.sheet.series(&indicator.id);
        series.into_iter().rfind(|(year, _)| *year < before.min(first))
    }

    pub fn standing(&self, indicator: &Indicator, year: i32) -> Standing {
        let goals = goals_of(indicator, self.items);
        let value = self.sheet.cell(&indicator.id, year).and_then(|cell| cell.value);
        let baseline = self.baseline(indicator, &goals);
        let at = (year, self.this_year);
        trajectory::standing(indicator, &self.loaded.plan, &goals, baseline, &self.loaded.rules, at, value)
    }

    /// What the running year would end with.
    fn projection(&self, indicator: &Indicator) -> Option<Projection> {
        let cell = self.sheet.cell(&indicator.id, self.this_year)?;
        let mut complete = self.sheet.series(&indicator.id);
        complete.retain(|(year, _)| *year < self.this_year);
        let at = (self.this_year, self.elapsed);
        let goals = goals_of(indicator, self.items);
        projection::project(indicator, &goals, &self.loaded.rules, cell, &complete, at, self.loaded.plan.period[0])
    }

    pub fn targets(&self) -> Vec<BodyTarget> {
        let ground = crate::duty::Ground {
            projects: self.loaded.projects.iter().collect(),
            tasks: self.loaded.tasks.iter().collect(),
            indicators: self.loaded.indicators.iter().collect(),
            items: self.items,
            rules: &self.loaded.rules,
        };
        target::targets(&ground, &|one, year| self.path(one, year))
    }

    /// What the plan asks of an indicator in a year.
    pub fn path(&self, indicator: &Indicator, year: i32) -> Option<f64> {
        let goals = goals_of(indicator, self.items);
        let baseline = self.baseline(indicator, &goals);
        trajectory::path(indicator, &self.loaded.plan, &goals, baseline, year)
    }

    pub fn row(&self, indicator: &Indicator, year: i32) -> IndicatorRow {
        let goals = goals_of(indicator, self.items);
        let empty = Cell::default();
        let cell = self.sheet.cell(&indicator.id, year).unwrap_or(&empty);
        let plan = &self.loaded.plan;
        let mut complete = self.sheet.series(&indicator.id);
        complete.retain(|(one, _)| *one < self.this_year);
        let mut wanted = vec![plan.period[1], plan.horizon];
        wanted.extend(goals.last().map(|goal| goal.year));
        wanted.sort_unstable();
        wanted.dedup();
        let end = goals.first().map_or(plan.period[1], |goal| goal.year);
        let final_value = self.sheet.cell(&indicator.id, end).and_then(|cell| cell.value);
        let result = match (trajectory::goal_of(&goals, end), final_value) {
            (None, _) => "in_words",
            _ if end >= self.this_year => "open",
            (Some(_), None) => "no_evidence",
            (Some(goal), Some(value)) if trajectory::met(goal, indicator.direction, value) => "met",
            _ => "not_met",
        };
        IndicatorRow {
            id: indicator.id.clone(),
            name: Name::new(indicator.name.clone(), indicator.name_en.clone()),
            unit: indicator.unit.clone(),
            direction: indicator.direction,
            bindingness: indicator.bindingness,
            cumulative: indicator.cumulative,
            year,
            value: cell.value.map(|value| show(value, indicator.decimals)),
            basis: cell.basis,
            simulated: cell.simulated,
            error: cell.error.as_ref().map(formula::FormulaError::text),
            standing: self.standing(indicator, year),
            target_text: indicator
                .targets
                .iter()
                .find(|target| target.value.is_none())
                .map(|target| target.text.clone()),
            forecast: trajectory::forecast(indicator, &goals, &self.loaded.rules, &complete, &wanted),
            projection: (year == self.this_year).then(|| self.projection(indicator)).flatten(),
            result: result.to_owned(),
            doubts: crate::doubt::of(indicator, cell, &self.loaded.projects, &self.loaded.report),
            place: indicator.place.clone(),
        }
    }
}

impl Plan {
    /// Standing of every indicator in a year, in the order of the pack.
    pub(crate) fn lights(&self, year: i32) -> Vec<(String, Standing)> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        let reading = Reading { loaded: &loaded, sheet: &sheet, items: &items, this_year: year, elapsed: 1.0 };
        loaded.indicators.iter().map(|one| (one.id.clone(), reading.standing(one, year))).collect()
    }

    pub fn rows_of(&self, year: i32, now: Timestamp) -> Vec<IndicatorRow> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        let reading = Reading::new(&loaded, &sheet, &items, now);
        loaded.indicators.iter().map(|one| reading.row(one, year)).collect()
    }

    pub fn home(&self, year: Option<i32>, now: Timestamp) -> Result<Home, Problem> {
        let loaded = self.loaded();
        let this_year = year_of(now);
        let years = reading!(self.sheet).years();
        let year = year.unwrap_or(this_year).clamp(*years.start(), *years.end());
        let rows = self.rows_of(year, now);
        let (mut lights, mut results) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            *lights.entry(row.standing.light.clone()).or_insert(0) += 1;
            *results.entry(row.result.clone()).or_insert(0) += 1;
        }
        let projects = self.projects(now);
        let sum = |of: fn(&crate::portfolio::Sums) -> Option<rust_decimal::Decimal>| {
            let known: Vec<_> = projects.iter().filter_map(|project| of(&project.sums)).collect();
            (!known.is_empty()).then(|| known.into_iter().sum::<rust_decimal::Decimal>().normalize().to_string())
        };
        let revisions = self.revisions()?;
        Ok(Home {
            name: Name::new(loaded.plan.name.clone(), loaded.plan.name_en.clone()),
            document: loaded.plan.document.clone(),
            period: loaded.plan.period,
            horizon: loaded.plan.horizon,
            year,
            years: [*years.start(), *years.end()],
            this_year,
            revision: loaded.revision,
            approved_at: revisions.iter().find(|one| one.number == loaded.revision).and_then(|one| one.approved_at),
            pending_revision: revisions.iter().find(|one| one.state == "pending").map(|one| one.number),
            lights,
            results,
            simulated: rows.iter().any(|row| row.simulated),
            indicators: rows,
            projects: projects.len(),
            estimate: projects.iter().map(|one| one.estimate).sum::<rust_decimal::Decimal>().normalize().to_string(),
            arranged: sum(|sums| sums.arranged),
            paid: sum(|sums| sums.paid),
            projects_without_stage: projects.iter().filter(|project| project.stage.is_none()).count(),
            tasks: loaded.tasks.len(),
            tasks_without_owner: loaded.tasks.iter().filter(|task| task.owners.is_empty()).count(),
            findings: loaded.report.errors,
            warnings: loaded.report.warnings,
            waiting: self.items().iter().filter(|item| item.state == crate::item::State::Entered).count(),
            as_of: now,
        })
    }

    /// What bodies are asked for by year.
    pub fn body_targets(&self, now: Timestamp) -> Vec<BodyTarget> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        Reading::new(&loaded, &sheet, &items, now).targets()
    }

    /// States of all projects now.
    pub fn projects(&self, now: Timestamp) -> Vec<crate::portfolio::ProjectState> {
        let (loaded, items) = (self.loaded(), self.items());
        let today = now.day().to_iso();
        let mut own: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in items.iter() {
            own.entry(&item.subject).or_default().push(item);
        }
        let of = |project: &crate::model::Project| {
            let items = own.get(format!("project:{}", project.number).as_str()).cloned().unwrap_or_default();
            crate::portfolio::state(project, &items, &loaded.rules, &loaded.townships, &today)
        };
        loaded.projects.iter().map(of).collect()
    }

    pub fn indicator(&self, id: &str, year: Option<i32>, now: Timestamp) -> Result<IndicatorDetail, Problem> {
        let (loaded, items) = (self.loaded(), self.items());
        let indicator = loaded.indicator(id)?;
        let this_year = year_of(now);
        let year = year.unwrap_or(this_year);
        let sheet = reading!(self.sheet);
        let reading = Reading::new(&loaded, &sheet, &items, now);
        let goals = goals_of(indicator, &items);
        let last = goals.last().map_or(this_year, |goal| goal.year.max(this_year));
        let years = sheet
            .years()
            .filter(|year| *year <= last)
            .map(|year| {
                let cell = sheet.cell(id, year).cloned().unwrap_or_default();
                YearValue {
                    year,
                    shown: cell.value.map(|value| show(value, indicator.decimals)),
                    standing: reading.standing(indicator, year),
                    to_date: year == this_year,
                    cell,
                }
            })
            .collect();
        let value = sheet.cell(id, year).and_then(|cell| cell.value);
        let mut targets = reading.targets();
        targets.retain(|one| one.subject.strip_prefix("indicator:") == Some(id));
        let detail = IndicatorDetail {
            row: reading.row(indicator, year),
            formula: indicator.has_formula().then(|| formula::shown(indicator)),
            document: (!indicator.document.is_empty()).then(|| indicator.document.clone()),
            path_method: path_method(indicator, &goals, reading.baseline(indicator, &goals)),
            needed: value.and_then(|value| trajectory::needed(indicator, &goals, year, value)),
            projection: reading.projection(indicator),
            added_up: target::added_up(indicator, &targets, &|one, year| reading.path(one, year)),
            targets,
            earlier: Earlier::of(indicator, *sheet.years().start()),
            goals,
            years,
            trace: self.trace(&loaded, &sheet, id, year),
            bodies: indicator.bodies.clone(),
            projects: loaded
                .projects
                .iter()
                .filter(|project| project.indicators.iter().any(|one| one == id))
                .map(|project| (project.number, project.name.clone()))
                .collect(),
            tasks: loaded
                .tasks
                .iter()
                .filter(|task| task.indicators.iter().any(|one| one == id))
                .map(|task| (task.id.clone(), task.text.clone()))
                .collect(),
            items: self.items_of(&format!("indicator:{id}")),
            findings: loaded
                .report
                .findings
                .iter()
                .filter(|finding| finding.subjects.iter().any(|subject| *subject == format!("indicator:{id}")))
                .cloned()
                .collect(),
        };
        Ok(detail)
    }

    /// Every variable of a cell, down to verdicts and records.
    fn trace(&self, loaded: &Loaded, sheet: &Sheet, id: &str, year: i32) -> Vec<Trace> {
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

fn path_method(indicator: &Indicator, goals: &[Goal], baseline: Option<(i32, f64)>) -> Name {
    let Some(first) = goals.first() else {
        return Name::new("目标没有数字，没有路径", "the target has no figure, so there is no path");
    };
    if indicator.cumulative {
        return Name::new("累计指标：从零直线到目标", "cumulative: straight from zero to the target");
    }
    match baseline {
        Some((year, value)) if !trajectory::met(first, indicator.direction, value) => Name::new(
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
