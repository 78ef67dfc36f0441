//! What pages ask of indicators: the whole plan at one glance, one indicator with its evidence, what-if.

use std::collections::BTreeMap;

use kernel::{Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::evidence::{Trace, path_method};
use super::facts::{elapsed_of, year_of};
use super::{Loaded, Plan, reading};
use crate::earlier::Earlier;
use crate::evaluate::{Basis, Cell, Sheet};
use crate::forecast::{self, Forecasts};
use crate::formula;
use crate::goal::{self, Goal};
use crate::item::{EntryKind, Item};
use crate::model::{Bindingness, Direction, Indicator};
use crate::projection::{self, Projection};
use crate::show;
use crate::target::{self, AddedUp, BodyTarget};
use crate::trajectory::{self, Needed, Standing};

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
    /// What the period ended with: `met`, `not_met`, `partial` (资料不全: its facts lack some of their evidence, so
    /// neither is said), `no_evidence`, `in_words`; `open` while it runs.
    pub result: String,
    /// Why the value itself is doubtful (存疑): quantities that may be counted twice.
    pub doubts: Vec<Name>,
    pub place: String,
    /// Its targets lie before the period: what the plan before this one ended with.
    #[serde(default)]
    pub earlier: bool,
    /// What the facts of a computed value lack, the first of it, and how much there is.
    #[serde(default)]
    pub missing: Vec<Name>,
    #[serde(default)]
    pub missing_count: usize,
}

/// What is missing is named so often in a row; the page of the indicator has all of it.
const MOST_NAMED: usize = 3;

/// What a value lacks: nothing where a document or the plan itself gives it, whatever the formula would have needed.
fn lacking(cell: &Cell) -> &[Name] {
    if matches!(cell.basis, Basis::Formula | Basis::Missing) { &cell.missing } else { &[] }
}

/// The year whose value is the result: the last target year of the pack within the period, whatever was changed since.
fn result_year(indicator: &Indicator, last: i32) -> i32 {
    let years = indicator.targets.iter().map(|target| target.year);
    years.clone().filter(|year| *year <= last).max().or_else(|| years.min()).unwrap_or(last)
}

/// A computed value whose facts lack some of their evidence.
fn partial(cell: &Cell) -> bool {
    cell.value.is_some() && cell.basis == Basis::Formula && !cell.missing.is_empty()
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
    /// Why the files that the pack has now could not be read: the revision in force stays.
    pub unreadable: Option<String>,
    /// Light → how many indicators.
    pub lights: BTreeMap<String, usize>,
    /// Result of the period → how many.
    pub results: BTreeMap<String, usize>,
    pub indicators: Vec<IndicatorRow>,
    pub projects: usize,
    /// 万元, as the plan has it.
    pub estimate: String,
    /// After approved changes.
    pub estimate_now: String,
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
    /// Projects (`project:9`) that the bodies are inferred from, where the plan names none.
    pub bodies_from: Vec<String>,
    pub projects: Vec<(u32, String)>,
    pub tasks: Vec<(String, String)>,
    pub items: Vec<Item>,
    pub findings: Vec<crate::Finding>,
    /// What the reader may enter; filled in for whoever asks.
    pub kinds: Vec<EntryKind>,
}

/// Goals of the pack and their approved changes.
pub(crate) fn goals_of(indicator: &Indicator, items: &[Item]) -> Vec<Goal> {
    goal::goals_with(indicator, items)
}

/// Everything about one indicator that is computed from a sheet.
pub(super) struct Reading<'r> {
    pub loaded: &'r Loaded,
    pub sheet: &'r Sheet,
    pub items: &'r [Item],
    pub this_year: i32,
    /// Share of this year that has gone.
    pub elapsed: f64,
    /// The last year whose values count; `None`: all that are over.
    pub known_to: Option<i32>,
}

impl<'r> Reading<'r> {
    pub fn new(loaded: &'r Loaded, sheet: &'r Sheet, items: &'r [Item], now: Timestamp) -> Self {
        Self { loaded, sheet, items, this_year: year_of(now), elapsed: elapsed_of(now), known_to: None }
    }

    /// As a paper of a year reads it: nothing that came later is known.
    fn known_to(mut self, year: i32) -> Self {
        self.known_to = Some(year);
        self
    }

    fn baseline(&self, indicator: &Indicator, goals: &[Goal]) -> Option<(i32, f64)> {
        let first = goals.first()?.year;
        let before = self.loaded.plan.period[0];
        self.whole(indicator).into_iter().rfind(|(year, _)| *year < before.min(first))
    }

    pub fn standing(&self, indicator: &Indicator, year: i32) -> Standing {
        let goals = goals_of(indicator, self.items);
        let cell = self.sheet.cell(&indicator.id, year);
        let value = cell.and_then(|cell| cell.value);
        let baseline = self.baseline(indicator, &goals);
        let complete = !cell.is_some_and(partial);
        let at = trajectory::At { complete, ..self.at(year) };
        let standing =
            trajectory::standing(indicator, &self.loaded.plan, &goals, baseline, &self.loaded.rules, at, value);
        // A part of the evidence shows a direction; it does not say that a target is met or missed.
        match standing.light.as_str() {
            "text" | "missing" => standing,
            _ if complete => standing,
            _ => standing.of_part(),
        }
    }

    fn at(&self, year: i32) -> trajectory::At {
        trajectory::At { year, this_year: self.this_year, elapsed: self.elapsed, complete: true }
    }

    /// Values by year with all of their evidence.
    fn whole(&self, indicator: &Indicator) -> Vec<(i32, f64)> {
        let mut series = self.sheet.series(&indicator.id);
        series.retain(|(year, _)| self.sheet.cell(&indicator.id, *year).is_some_and(|cell| !partial(cell)));
        series
    }

    /// What the running year would end with.
    fn projection(&self, indicator: &Indicator) -> Option<Projection> {
        let cell = self.sheet.cell(&indicator.id, self.this_year)?;
        let mut complete = self.whole(indicator);
        complete.retain(|(year, _)| *year < self.this_year);
        let at = (self.this_year, self.elapsed);
        let goals = goals_of(indicator, self.items);
        projection::project(indicator, &goals, &self.loaded.rules, cell, &complete, at, self.loaded.plan.period[0])
    }

    /// To the end of the period, the last target and the horizon, from what was known in the year it is asked from.
    fn forecast(&self, indicator: &Indicator, goals: &[Goal]) -> Forecasts {
        let plan = &self.loaded.plan;
        let known_to = self.known_to.unwrap_or(self.this_year - 1);
        let mut known = self.whole(indicator);
        known.retain(|(year, _)| *year <= known_to && *year < self.this_year);
        let mut wanted = vec![plan.period[1], plan.horizon];
        wanted.extend(goals.last().map(|goal| goal.year));
        // What is over has a value, or none; it is not forecast.
        wanted.retain(|year| *year > known_to);
        wanted.sort_unstable();
        wanted.dedup();
        forecast::forecast(indicator, goals, &self.loaded.rules, &known, &wanted)
    }

    pub fn targets(&self) -> Vec<BodyTarget> {
        target::targets(&self.loaded.ground(self.items), &|one, year| self.path(one, year))
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
        let end = result_year(indicator, plan.period[1]);
        let last = self.sheet.cell(&indicator.id, end);
        let final_value = last.and_then(|cell| cell.value);
        let result = match (goal::goal_of(&goals, end), final_value) {
            (None, _) => "in_words",
            _ if end >= self.this_year => "open",
            (Some(_), None) => "no_evidence",
            _ if last.is_some_and(partial) => "partial",
            (Some(goal), Some(value)) if goal::met(goal, indicator.direction, value) => "met",
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
            forecast: self.forecast(indicator, &goals),
            projection: (year == self.this_year).then(|| self.projection(indicator)).flatten(),
            result: result.to_owned(),
            doubts: crate::doubt::of(indicator, cell, &self.loaded.projects, &self.loaded.report),
            place: indicator.place.clone(),
            earlier: indicator.targets.iter().map(|target| target.year).max().is_some_and(|year| year < plan.period[0]),
            missing: lacking(cell).iter().take(MOST_NAMED).cloned().collect(),
            missing_count: lacking(cell).len(),
        }
    }
}

impl Plan {
    /// Standing of every indicator in the running year, in the order of the pack.
    pub(crate) fn lights(&self, now: Timestamp) -> Vec<(String, Standing)> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        let reading = Reading::new(&loaded, &sheet, &items, now);
        loaded.indicators.iter().map(|one| (one.id.clone(), reading.standing(one, reading.this_year))).collect()
    }

    pub fn rows_of(&self, year: i32, now: Timestamp) -> Vec<IndicatorRow> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        let reading = Reading::new(&loaded, &sheet, &items, now);
        loaded.indicators.iter().map(|one| reading.row(one, year)).collect()
    }

    /// The rows of a paper: what came after its year moves nothing, the forecasts neither.
    pub fn rows_known_to(&self, year: i32, now: Timestamp) -> Vec<IndicatorRow> {
        let (loaded, items, sheet) = (self.loaded(), self.items(), reading!(self.sheet));
        let reading = Reading::new(&loaded, &sheet, &items, now).known_to(year);
        loaded.indicators.iter().map(|one| reading.row(one, year)).collect()
    }

    pub fn home(&self, year: Option<i32>, now: Timestamp) -> Result<Home, Problem> {
        let loaded = self.loaded();
        let this_year = year_of(now);
        let years = reading!(self.sheet).years();
        // Of a plan that is over the question is how it ended; the running year is one choice away.
        let year = year.unwrap_or(this_year.min(loaded.plan.period[1])).clamp(*years.start(), *years.end());
        let rows = self.rows_of(year, now);
        let (mut lights, mut results) = (BTreeMap::new(), BTreeMap::new());
        // What the plan before this one ended with is no result of this one.
        for row in rows.iter().filter(|row| !row.earlier) {
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
            unreadable: loaded.unreadable.clone(),
            pending_revision: revisions.iter().find(|one| one.state == "pending").map(|one| one.number),
            lights,
            results,
            simulated: rows.iter().any(|row| row.simulated),
            indicators: rows,
            projects: projects.len(),
            estimate: projects.iter().map(|one| one.estimate).sum::<rust_decimal::Decimal>().normalize().to_string(),
            estimate_now: projects
                .iter()
                .map(|one| one.estimate_now)
                .sum::<rust_decimal::Decimal>()
                .normalize()
                .to_string(),
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
        self.projects_until(i32::MAX, now)
    }

    /// States at the end of a year that is over (or now), from what was entered for it and the years before.
    pub(super) fn projects_until(&self, year: i32, now: Timestamp) -> Vec<crate::portfolio::ProjectState> {
        let (loaded, items) = (self.loaded(), self.items());
        // A year that is over is looked at from the day after it: the last of December counts.
        let today = if year < year_of(now) { format!("{:04}-01-01", year + 1) } else { now.day().to_iso() };
        let mut own: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in items.iter().filter(|item| item.year <= year) {
            own.entry(&item.subject).or_default().push(item);
        }
        let of = |project: &crate::model::Project| {
            let items = own.get(format!("project:{}", project.number).as_str()).cloned().unwrap_or_default();
            loaded.state_of(project, &items, &today)
        };
        let mut states: Vec<_> = loaded.projects.iter().map(of).collect();
        crate::portfolio::warn_of_the_uncarried(&mut states);
        states
    }

    pub fn indicator(&self, id: &str, year: Option<i32>, now: Timestamp) -> Result<IndicatorDetail, Problem> {
        let (loaded, items) = (self.loaded(), self.items());
        let indicator = loaded.indicator(id)?;
        let this_year = year_of(now);
        let year = year.unwrap_or(this_year);
        let sheet = reading!(self.sheet);
        if !sheet.years().contains(&year) {
            let (from, to) = (sheet.years().start().to_owned(), sheet.years().end().to_owned());
            return Err(Problem::invalid(format!("{year} 年不在 {from}～{to} 内 (outside the years of the plan)")));
        }
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
            needed: value.and_then(|value| trajectory::needed(indicator, &goals, reading.at(year), value)),
            projection: reading.projection(indicator),
            added_up: target::added_up(indicator, &targets, &|one, year| reading.path(one, year)),
            targets,
            earlier: Earlier::of(indicator, *sheet.years().start()),
            goals,
            years,
            trace: self.trace(&loaded, &sheet, id, year),
            bodies: indicator.bodies.clone(),
            bodies_from: indicator.bodies_from.clone(),
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
            kinds: Vec::new(),
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
}
