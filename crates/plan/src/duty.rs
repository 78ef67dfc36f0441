//! Duties (责任) of bodies, their self-reports, and the score by the published scheme. Pure. A criterion without
//! facts is not scored; a body with nothing scored has no score and no rank. Of several reports the newest approved one
//! counts; one that waits stands beside it. What was due and not reported by the deadline counts what the scheme says.

use std::collections::{BTreeMap, HashMap};

use kernel::{FactValue, Id, Name, Timestamp};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::item::{ById, Content, Item, State};
use crate::model::{Indicator, Project, Task};
use crate::scheme::{Rules, Scored, share_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Lead,
    Cooperating,
    /// Named by the plan for a task or indicator.
    Owner,
    /// Broken down by the county since.
    Assigned,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Duty {
    /// `project:7`, `task:T-3.1-1`, `indicator:pm25`.
    pub subject: String,
    pub name: String,
    pub part: Part,
    /// Projects (`project:9`) that the duty was inferred from, where the plan names no body.
    pub inferred_from: Vec<String>,
    /// Share that should be done by the end of the year.
    pub due: f64,
    /// Newest approved report of the year, else the newest that was not withdrawn.
    pub report: Option<Id>,
    pub report_state: Option<State>,
    /// A report after the approved one that was not approved.
    pub pending: Option<Id>,
    pub pending_state: Option<State>,
    pub progress: Option<f64>,
    pub criteria: Vec<Scored>,
    /// Per cent of the points that could be scored.
    pub score: Option<f64>,
    /// Why it is scored although nothing was reported.
    pub unreported: Option<Name>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BodyScore {
    pub body: String,
    pub duties: usize,
    /// With an approved report.
    pub reported: usize,
    pub scored: usize,
    /// Duties of which something was due in the year.
    pub due: usize,
    pub score: Option<f64>,
    /// Not ranked, because too little of what was due was scored (`least_scored` of the scheme).
    pub too_few: bool,
    pub rank: Option<usize>,
    pub estimate: String,
}

/// A duty before anybody has looked for reports.
struct Asked {
    subject: String,
    name: String,
    part: Part,
    due: f64,
    /// Since when the body knows of it.
    since: Timestamp,
}

/// Entries, found by what they are about: a ranking asks for every duty of every body.
pub struct Entries<'g> {
    of_subject: HashMap<&'g str, Vec<&'g Item>>,
    /// Approved assignments.
    pub assigned: Vec<&'g Item>,
    pub by_id: ById<'g>,
}

impl<'g> Entries<'g> {
    pub fn new(items: &'g [Item]) -> Self {
        let mut of_subject: HashMap<&str, Vec<&Item>> = HashMap::new();
        for item in items {
            of_subject.entry(&item.subject).or_default().push(item);
        }
        let is_assignment = |item: &&Item| item.approved() && matches!(item.content, Content::Assignment { .. });
        Self { of_subject, assigned: items.iter().filter(is_assignment).collect(), by_id: ById::new(items) }
    }

    /// In the order in which they were entered.
    pub fn of(&self, subject: &str) -> &[&'g Item] {
        self.of_subject.get(subject).map_or(&[], Vec::as_slice)
    }
}

/// Everything that duties come from.
pub struct Ground<'g> {
    pub projects: Vec<&'g Project>,
    pub tasks: Vec<&'g Task>,
    pub indicators: Vec<&'g Indicator>,
    pub entries: Entries<'g>,
    pub rules: &'g Rules,
    /// First and last year of the plan.
    pub period: [i32; 2],
    /// Since when anybody could report here: silence before that is nobody's.
    pub since: Timestamp,
    /// Subjects that came later, with since when.
    pub later: &'g BTreeMap<String, Timestamp>,
}

impl Ground<'_> {
    /// Bodies that have any duty, in the order of the plan.
    pub fn bodies(&self) -> Vec<String> {
        let mut bodies: Vec<String> = Vec::new();
        let mut add = |body: &String| {
            if !bodies.contains(body) {
                bodies.push(body.clone());
            }
        };
        self.projects.iter().flat_map(|project| project.lead.iter().chain(&project.cooperating)).for_each(&mut add);
        self.tasks.iter().flat_map(|task| &task.owners).for_each(&mut add);
        self.indicators.iter().flat_map(|indicator| &indicator.bodies).for_each(&mut add);
        for item in &self.entries.assigned {
            if let Content::Assignment { body, .. } = &item.content {
                add(body);
            }
        }
        bodies
    }

    /// Duties of a body in a year, as they stand at a moment.
    pub fn duties(&self, body: &str, year: i32, now: Timestamp) -> Vec<Duty> {
        let names = |list: &[String]| list.iter().any(|name| name == body);
        let mut found: Vec<Asked> = Vec::new();
        let from_plan = |subject: String, name: &str, part: Part, due: f64| Asked {
            since: self.later.get(&subject).copied().unwrap_or(self.since).max(self.since),
            subject,
            name: name.to_owned(),
            part,
            due,
        };
        for project in self.projects.iter().filter(|project| project.years[0] <= year) {
            let part = if names(&project.lead) {
                Part::Lead
            } else if names(&project.cooperating) {
                Part::Cooperating
            } else {
                continue;
            };
            let whole = f64::from((project.years[1] - project.years[0] + 1).max(1));
            let due = (f64::from(year - project.years[0] + 1) / whole).clamp(0.0, 1.0);
            found.push(from_plan(format!("project:{}", project.number), &project.name, part, due));
        }
        for task in self.tasks.iter().filter(|task| names(&task.owners)) {
            // A commitment without a date stands at the end of the period.
            let due = due_of(task.due.unwrap_or(self.period[1]), year);
            found.push(from_plan(format!("task:{}", task.id), &task.text, Part::Owner, due));
        }
        for indicator in self.indicators.iter().filter(|indicator| names(&indicator.bodies)) {
            let last = indicator.targets.iter().map(|target| target.year).max().unwrap_or(self.period[1]);
            found.push(from_plan(
                format!("indicator:{}", indicator.id),
                &indicator.name,
                Part::Owner,
                due_of(last, year),
            ));
        }
        for item in self.entries.assigned.iter().filter(|item| item.year == year) {
            let Content::Assignment { body: to, what, .. } = &item.content else { continue };
            if to != body {
                continue;
            }
            // Since its first text: a correction asks for nothing later.
            let (since, _) = self.entries.by_id.turn(item);
            // Asked for in that year, whatever the plan says of the end.
            match found.iter_mut().find(|asked| asked.subject == item.subject) {
                Some(asked) if asked.due < 1.0 => {
                    asked.due = 1.0;
                    asked.since = asked.since.max(since);
                }
                Some(_) => {}
                None => found.push(Asked {
                    subject: item.subject.clone(),
                    name: what.clone(),
                    part: Part::Assigned,
                    due: 1.0,
                    since: since.max(self.since),
                }),
            }
        }
        // What was done in a year before asks for nothing any more.
        found.retain(|asked| !self.done_before(&asked.subject, body, year));
        found.into_iter().map(|asked| self.duty(body, (year, now), asked)).collect()
    }

    /// Whether a project or task was finished before a year: by the body's newest accepted report, or by its stage.
    fn done_before(&self, subject: &str, body: &str, year: i32) -> bool {
        // An indicator is measured every year.
        if subject.starts_with("indicator:") {
            return false;
        }
        let earlier: Vec<&Item> = self.entries.of(subject).iter().copied().filter(|item| item.year < year).collect();
        let by_id = ById::new(earlier.iter().copied());
        let report = earlier
            .iter()
            .filter(|item| item.approved())
            .filter_map(|item| match &item.content {
                Content::Report { body: by, progress, .. } if by == body => {
                    Some((item.year, by_id.turn(item), *progress))
                }
                _ => None,
            })
            .max();
        report.is_some_and(|(_, _, progress)| progress >= rust_decimal::Decimal::ONE)
            || crate::item::newest_stage(&earlier).is_some_and(|(_, stage)| self.rules.is_finished(stage))
    }

    fn duty(&self, body: &str, at: (i32, Timestamp), asked: Asked) -> Duty {
        let ((year, now), Asked { subject, name, part, due, since }) = (at, asked);
        let reports: Vec<&Item> = self
            .entries
            .of(&subject)
            .iter()
            .copied()
            .filter(|item| item.year == year && !item.state.is_gone())
            .filter(|item| matches!(&item.content, Content::Report { body: by, .. } if by == body))
            .collect();
        let accepted =
            reports.iter().copied().filter(|item| item.approved()).max_by_key(|item| self.entries.by_id.turn(item));
        let newest = reports.iter().copied().max_by_key(|item| item.id);
        let report = accepted.or(newest);
        let pending = newest.filter(|newest| !newest.approved() && accepted.is_some_and(|one| one.id < newest.id));
        // What was returned and not mended is no report.
        let reported = accepted.is_some() || reports.iter().any(|item| item.state == State::Entered);
        let progress = accepted.and_then(|item| match &item.content {
            Content::Report { progress, .. } => progress.to_f64(),
            _ => None,
        });
        let number = |value: Option<f64>| value.map_or(FactValue::Missing, FactValue::Number);
        let deadline = self.rules.report_end(year).start();
        let variables = BTreeMap::from([
            ("reported".to_owned(), FactValue::Bool(reported)),
            ("accepted".to_owned(), FactValue::Bool(accepted.is_some())),
            // Whoever was asked, or could report, only after the deadline was not silent.
            ("overdue".to_owned(), FactValue::Bool(now >= deadline && since < deadline)),
            ("evidence".to_owned(), number(accepted.map(|item| item.evidence.len() as f64))),
            (
                "in_time".to_owned(),
                // A report on what nobody could report in time is not late.
                accepted
                    .filter(|_| since < deadline)
                    .map_or(FactValue::Missing, |item| FactValue::Bool(self.first_said(item) < deadline)),
            ),
            ("progress".to_owned(), number(progress)),
            ("due".to_owned(), FactValue::Number(due)),
        ]);
        let criteria = self.rules.score_duty(&variables);
        let silence = self.rules.silence(&variables);
        Duty {
            inferred_from: if part == Part::Owner { self.inferred_from(&subject) } else { Vec::new() },
            subject,
            name,
            part,
            due,
            report: report.map(|item| item.id),
            report_state: report.map(|item| item.state),
            pending: pending.map(|item| item.id),
            pending_state: pending.map(|item| item.state),
            progress,
            score: share_of(&criteria).or(silence.map(|silence| silence.score)),
            criteria,
            unreported: silence.map(|silence| silence.explain.clone()),
        }
    }

    fn inferred_from(&self, subject: &str) -> Vec<String> {
        let task = || self.tasks.iter().find(|task| Some(task.id.as_str()) == subject.strip_prefix("task:"));
        let indicator =
            || self.indicators.iter().find(|one| Some(one.id.as_str()) == subject.strip_prefix("indicator:"));
        task()
            .map(|task| task.owners_from.clone())
            .or_else(|| Some(indicator()?.bodies_from.clone()))
            .unwrap_or_default()
    }

    /// When a report was first entered: a correction is as punctual as what it corrects.
    fn first_said(&self, item: &Item) -> Timestamp {
        self.entries.by_id.first(item).entered_at
    }

    /// Years that can be scored: of the plan, and not still to come.
    pub fn has_year(&self, year: i32, now: Timestamp) -> bool {
        (self.period[0]..=now.day().civil().0).contains(&year)
    }

    /// All bodies with their scores, the best first; those without a score last.
    pub fn ranking(&self, year: i32, now: Timestamp) -> Vec<BodyScore> {
        let mut scores: Vec<BodyScore> = self
            .bodies()
            .into_iter()
            .map(|body| {
                let duties = self.duties(&body, year, now);
                let scored: Vec<f64> = duties.iter().filter_map(|duty| duty.score).collect();
                let estimate: rust_decimal::Decimal = self
                    .projects
                    .iter()
                    .filter(|project| project.lead.contains(&body))
                    .map(|project| project.estimate)
                    .sum();
                let due = duties.iter().filter(|duty| duty.due > 0.0).count();
                BodyScore {
                    due,
                    too_few: !scored.is_empty() && (scored.len() as f64) < self.rules.scheme.least_scored * due as f64,
                    body,
                    duties: duties.len(),
                    reported: duties.iter().filter(|duty| duty.report_state == Some(State::Approved)).count(),
                    scored: scored.len(),
                    score: (!scored.is_empty()).then(|| round(scored.iter().sum::<f64>() / scored.len() as f64)),
                    rank: None,
                    estimate: estimate.normalize().to_string(),
                }
            })
            .collect();
        scores.sort_by(|one, other| {
            // Those that are not ranked stand behind those that are.
            let key =
                |score: &BodyScore| score.score.map_or(-1e6, |value| if score.too_few { value - 1e3 } else { value });
            key(other).total_cmp(&key(one)).then(other.scored.cmp(&one.scored))
        });
        let mut rank = 0;
        let mut last = f64::NAN;
        for (at, score) in scores.iter_mut().enumerate() {
            let Some(value) = score.score.filter(|_| !score.too_few) else { break };
            if value != last {
                (rank, last) = (at + 1, value);
            }
            score.rank = Some(rank);
        }
        scores
    }
}

fn due_of(due: i32, year: i32) -> f64 {
    if year >= due { 1.0 } else { 0.0 }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
