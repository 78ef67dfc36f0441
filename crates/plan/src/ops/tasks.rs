//! Tasks (任务) with who has them, what shows them, and how far they are.

use kernel::Id;
use serde::Serialize;

use super::{Loaded, Plan};
use crate::item::{Content, Item, State};

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
    /// Share done as the newest accepted report says, in per cent.
    pub progress: Option<String>,
    pub progress_year: Option<i32>,
    pub report: Option<Id>,
    /// Entries that wait for a decision.
    pub waiting: usize,
}

/// The tasks as they stood at the end of a year (none: now), in the order of the plan.
pub(super) fn rows(loaded: &Loaded, items: &[Item], until: Option<i32>) -> Vec<TaskRow> {
    let known = |item: &&Item| until.is_none_or(|year| item.year <= year);
    let row = |task: &crate::model::Task| {
        let subject = format!("task:{}", task.id);
        let own: Vec<&Item> = items.iter().filter(known).filter(|item| item.subject == subject).collect();
        let approved = || own.iter().filter(|item| item.approved());
        let mut assigned: Vec<String> = approved()
            .filter_map(|item| match &item.content {
                Content::Assignment { body, .. } => Some(body.clone()),
                _ => None,
            })
            .collect();
        assigned.sort();
        assigned.dedup();
        assigned.retain(|body| !task.owners.contains(body));
        // Of the newest year; several bodies that share a task are as far as the one that is least far.
        let newest =
            approved().filter(|item| matches!(item.content, Content::Report { .. })).map(|item| item.year).max();
        let mut by_body: std::collections::BTreeMap<&str, (Id, rust_decimal::Decimal)> = Default::default();
        for item in approved().filter(|item| Some(item.year) == newest) {
            if let Content::Report { body, progress, .. } = &item.content {
                let place = by_body.entry(body.as_str()).or_insert((item.id, *progress));
                if item.id >= place.0 {
                    *place = (item.id, *progress);
                }
            }
        }
        let least = by_body.values().min_by_key(|(_, progress)| *progress);
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
            progress: least.map(|(_, progress)| {
                (progress * rust_decimal::Decimal::ONE_HUNDRED).round_dp(1).normalize().to_string()
            }),
            progress_year: newest,
            report: least.map(|(id, _)| *id),
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
