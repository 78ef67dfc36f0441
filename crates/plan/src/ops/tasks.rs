//! Tasks (任务) with who has them, what shows them, and how far they are.

use kernel::Id;
use serde::Serialize;

use super::{Loaded, Plan};
use crate::item::{ById, Content, Item, State};

/// One commitment of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TaskRow {
    pub id: String,
    pub text: String,
    /// Chapter and section.
    pub place: String,
    /// Bodies that the plan names.
    pub owners: Vec<String>,
    /// Projects (`project:9`) that they are inferred from, where the plan names none.
    pub owners_from: Vec<String>,
    /// Bodies that it was given to since.
    pub assigned: Vec<String>,
    pub deliverable: String,
    /// How it is shown to be done.
    pub proof: String,
    pub due: Option<i32>,
    /// Id and name.
    pub indicators: Vec<(String, String)>,
    pub projects: Vec<(u32, String)>,
    /// Share done in per cent: the least of the newest accepted reports of all bodies that have it; none while one of them
    /// is silent.
    pub progress: Option<String>,
    pub progress_year: Option<i32>,
    pub report: Option<Id>,
    /// Bodies that have it, and those of them that reported.
    pub bodies: usize,
    pub reported: usize,
    /// Entries that wait for a decision.
    pub waiting: usize,
}

/// What a body said last of a task.
pub(super) struct NewestReport {
    pub id: Id,
    pub year: i32,
    pub progress: rust_decimal::Decimal,
}

/// Bodies that a task was given to since, beside those that the plan names. `own`: the items of the task.
pub(super) fn assigned(task: &crate::model::Task, own: &[&Item]) -> Vec<String> {
    let given = own.iter().filter(|item| item.approved()).filter_map(|item| match &item.content {
        Content::Assignment { body, .. } => Some(body.clone()),
        _ => None,
    });
    let mut bodies: Vec<String> = given.filter(|body| !task.owners.contains(body)).collect();
    bodies.sort();
    bodies.dedup();
    bodies
}

/// The newest accepted report of each body that has a task; others say nothing of it. `own`: the items of the task.
pub(super) fn newest_reports(task: &crate::model::Task, assigned: &[String], own: &[&Item]) -> Vec<NewestReport> {
    let by_id = ById::new(own.iter().copied());
    let bodies = task.owners.iter().chain(assigned);
    let newest = |body: &String| {
        let said = own.iter().copied().filter(|item| item.approved()).filter_map(|item| match &item.content {
            Content::Report { body: by, progress, .. } if by == body => {
                Some((item.year, by_id.turn(item), item.id, *progress))
            }
            _ => None,
        });
        said.max().map(|(year, _, id, progress)| NewestReport { id, year, progress })
    };
    bodies.filter_map(newest).collect()
}

/// The tasks as they stood at the end of a year (none: now), in the order of the plan.
pub(super) fn rows(loaded: &Loaded, items: &[Item], until: Option<i32>) -> Vec<TaskRow> {
    let known = |item: &&Item| until.is_none_or(|year| item.year <= year);
    let row = |task: &crate::model::Task| {
        let subject = format!("task:{}", task.id);
        let own: Vec<&Item> = items.iter().filter(known).filter(|item| item.subject == subject).collect();
        let assigned = assigned(task, &own);
        let reports = newest_reports(task, &assigned, &own);
        let bodies = task.owners.len() + assigned.len();
        // Several bodies that share a task are as far as the one that is least far; one that is silent may be nowhere.
        let all = reports.len() == bodies.max(1);
        let least = reports.iter().min_by_key(|report| report.progress).filter(|_| all);
        TaskRow {
            id: task.id.clone(),
            text: task.text.clone(),
            place: task.place.clone(),
            owners: task.owners.clone(),
            owners_from: task.owners_from.clone(),
            assigned,
            deliverable: task.deliverable.clone(),
            proof: task.proof.clone(),
            due: task.due,
            indicators: task
                .indicators
                .iter()
                .map(|id| (id.clone(), loaded.indicator(id).map(|one| one.name.clone()).unwrap_or_default()))
                .collect(),
            projects: loaded
                .projects
                .iter()
                .filter(|project| project.tasks.contains(&task.id))
                .map(|project| (project.number, project.name.clone()))
                .collect(),
            progress: least.map(|report| {
                (report.progress * rust_decimal::Decimal::ONE_HUNDRED).round_dp(1).normalize().to_string()
            }),
            progress_year: least.map(|report| report.year),
            report: least.map(|report| report.id),
            bodies,
            reported: reports.len(),
            waiting: own.iter().filter(|item| item.state == State::Entered).count(),
        }
    };
    loaded.tasks.iter().map(row).collect()
}

impl Plan {
    pub fn tasks(&self, until: Option<i32>) -> Vec<TaskRow> {
        rows(&self.loaded(), &self.items(), until)
    }
}
