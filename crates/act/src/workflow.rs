//! Workflow definitions (流程定义): states, transitions, severities and deadlines as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Action, Day, ErrorCode, Name, Problem, Timestamp, WorkingCalendar};
use serde::Deserialize;

use crate::model::Cause;
use crate::step_record::Writes;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub id: String,
    pub name: Name,
    #[serde(default, rename = "final")]
    pub is_final: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    pub id: String,
    pub name: Name,
    pub from: Vec<String>,
    /// None: the state stays.
    #[serde(default)]
    pub to: Option<String>,
    pub right: Action,
    #[serde(default)]
    pub needs_note: bool,
    /// At least one piece of evidence hangs on the case.
    #[serde(default)]
    pub needs_evidence: bool,
    /// The action itself brings evidence.
    #[serde(default)]
    pub needs_new_evidence: bool,
    #[serde(default)]
    pub needs_assignee: bool,
    #[serde(default)]
    pub becomes_assignee: bool,
    /// Neither the assignee nor whoever resolved it may do this.
    #[serde(default)]
    pub not_by_handler: bool,
    /// The deadline starts anew.
    #[serde(default)]
    pub sets_due: bool,
    /// The record that it writes into a ledger.
    #[serde(default)]
    pub writes: Option<Writes>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityWhen {
    pub cause: Cause,
    #[serde(default)]
    pub times_at_least: Option<String>,
    /// Of a duty: its last day had (or had not) passed when the case was opened.
    #[serde(default)]
    pub late: Option<bool>,
}

/// What decides how severe something is.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    pub cause: Cause,
    /// Exceedance multiple (超标倍数).
    pub times: Option<f64>,
    pub late: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    Hours(u32),
    WorkingDays(u32),
    /// The end of the duty's last day.
    LastDay,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    pub id: String,
    pub name: Name,
    pub when: SeverityWhen,
    pub due: Due,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    pub id: String,
    pub version: u32,
    pub name: Name,
    pub number_prefix: String,
    pub default_owner: String,
    pub first_state: String,
    /// Where a case goes when its record asks for the duty no more; needed where a cause is a duty.
    #[serde(default)]
    pub settled_state: Option<String>,
    #[serde(rename = "state")]
    pub states: Vec<State>,
    #[serde(rename = "transition")]
    pub transitions: Vec<Transition>,
    #[serde(rename = "severity")]
    pub severities: Vec<Severity>,
}

impl Workflow {
    /// Reads a definition and checks the invariants that no workflow may break.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let broken = |what: String| Problem::new(ErrorCode::InvalidInput, format!("{file}: {what}"));
        let workflow: Workflow = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
        let state = |id: &str| workflow.state(id).ok_or_else(|| broken(format!("没有状态“{id}” (no such state)")));
        state(&workflow.first_state)?;
        if let Some(settled) = &workflow.settled_state
            && state(settled)?.is_final
        {
            return Err(broken(format!(
                "settled_state“{settled}”是终态，没有人核销 (a final state would close without another person)"
            )));
        }
        for severity in &workflow.severities {
            let of_duty = severity.when.cause == Cause::Duty;
            if matches!(severity.due, Due::LastDay) != of_duty || (of_duty && workflow.settled_state.is_none()) {
                return Err(broken(format!(
                    "“{}”：台账事项的期限是 last_day，并要有 settled_state (duties are due on their last day and need settled_state)",
                    severity.id
                )));
            }
        }
        for transition in &workflow.transitions {
            for from in &transition.from {
                state(from)?;
            }
            if let Some(word) = transition.writes.as_ref().and_then(|writes| writes.unknown_words().pop()) {
                return Err(broken(format!("“{}”：案件没有“{word}” (a case gives no such word)", transition.id)));
            }
            let Some(to) = &transition.to else { continue };
            if state(to)?.is_final && !(transition.not_by_handler && transition.needs_evidence) {
                return Err(broken(format!(
                    "“{}”进入终态，必须 not_by_handler 且 needs_evidence (a final state needs another person and evidence)",
                    transition.id
                )));
            }
        }
        if workflow.severities.is_empty() {
            return Err(broken("没有严重程度，也就没有期限 (no severity, so no due time)".into()));
        }
        Ok(workflow)
    }

    pub fn state(&self, id: &str) -> Option<&State> {
        self.states.iter().find(|state| state.id == id)
    }

    pub fn transition(&self, id: &str) -> Option<&Transition> {
        self.transitions.iter().find(|transition| transition.id == id)
    }

    pub fn is_final(&self, state: &str) -> bool {
        self.state(state).is_some_and(|state| state.is_final)
    }

    /// The first severity whose bounds are met, else the last.
    pub fn severity(&self, weight: Weight) -> &Severity {
        let meets = |severity: &&Severity| {
            severity.when.cause == weight.cause
                && severity.when.late.is_none_or(|late| late == weight.late)
                && severity.when.times_at_least.as_ref().is_none_or(|least| {
                    let least: f64 = least.parse().unwrap_or(f64::INFINITY);
                    weight.times.is_some_and(|times| times >= least)
                })
        };
        // `parse` refuses a workflow without severities.
        self.severities.iter().find(meets).unwrap_or(&self.severities[self.severities.len() - 1])
    }

    pub fn severity_named(&self, id: &str) -> Option<&Severity> {
        self.severities.iter().find(|severity| severity.id == id)
    }
}

/// When something that starts at `from` must be done; a duty has a last day.
pub fn due_at(due: Due, from: Timestamp, last_day: Option<Day>, calendar: &WorkingCalendar) -> Timestamp {
    match due {
        Due::LastDay => last_day.map_or(from, |day| day.end().plus(-1)),
        Due::Hours(hours) => from.plus(i64::from(hours) * kernel::time::HOUR_MILLIS),
        Due::WorkingDays(days) => calendar.after_working_days(from, days),
    }
}

/// All definitions and the working calendar.
#[derive(Debug)]
pub struct Workflows {
    by_id: BTreeMap<String, Arc<Workflow>>,
    pub calendar: WorkingCalendar,
}

impl Workflows {
    /// The definitions that ship with the program.
    ///
    /// # Errors
    /// When a definition is broken.
    pub fn built_in() -> Result<Arc<Self>, Problem> {
        let files = [
            ("model/workflows/alarm.toml", include_str!("../../../model/workflows/alarm.toml")),
            ("model/workflows/duty.toml", include_str!("../../../model/workflows/duty.toml")),
        ];
        Self::load(files)
    }

    pub fn load<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Arc<Self>, Problem> {
        let mut by_id = BTreeMap::new();
        for (file, text) in files {
            let workflow = Workflow::parse(file, text)?;
            by_id.insert(workflow.id.clone(), Arc::new(workflow));
        }
        let calendar = WorkingCalendar::built_in().map_err(Problem::invalid)?;
        Ok(Arc::new(Self { by_id, calendar }))
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.by_id.values()
    }

    /// Whether an action of any workflow writes a record.
    pub fn may_write(&self, action: &str) -> bool {
        let writes = |workflow: &Arc<Workflow>| workflow.transition(action).is_some_and(|one| one.writes.is_some());
        self.by_id.values().any(writes)
    }

    pub fn get(&self, id: &str) -> Result<&Arc<Workflow>, Problem> {
        self.by_id.get(id).ok_or_else(|| Problem::not_found(format!("没有流程“{id}” (no such workflow)")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALARM: &str = include_str!("../../../model/workflows/alarm.toml");
    const DUTY: &str = include_str!("../../../model/workflows/duty.toml");

    fn check(text: &str, from: &str, to: &str, expect: &str) {
        assert!(text.contains(from), "{from}");
        let error = Workflow::parse("w.toml", &text.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn a_workflow_cannot_give_up_the_invariants() {
        check(ALARM, "not_by_handler = true", "", "another person and evidence");
        check(ALARM, "to = \"resolved\"", "to = \"nowhere\"", "no such state");
        check(ALARM, "right = \"close_cases\"", "right = \"fly\"", "fly");
        check(DUTY, "not_by_handler = true", "", "another person and evidence");
        check(DUTY, "settled_state = \"resolved\"", "settled_state = \"closed\"", "without another person");
        check(DUTY, "settled_state = \"resolved\"", "", "need settled_state");
        check(DUTY, "due = \"last_day\"", "due = { hours = 4 }", "due on their last day");
        check(ALARM, "{enterprise}", "{weather}", "no such word");
        check(ALARM, "due = { hours = 4 }", "due = \"last_day\"", "due on their last day");
    }
}
