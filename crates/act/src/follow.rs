//! What records ask for → cases: a written record at once, from the event log; all of them at the start of the
//! program and of every day, page by page. Looking again changes nothing.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use kernel::{Actor, Day, Event, Id, Name, Problem, Timestamp};
use store::{StoreError, Transaction};

use crate::duty::{self, DutyNow, DutySource, RecordDuties, Step};
use crate::model::{Case, Cause, DutyLink, Settled};
use crate::ops::{Act, Line};
use crate::rows::{self, Filter};
use crate::workflow::{Weight, due_at};

const WORKFLOW: &str = "duty";
/// Records, or open cases, that one step of a look at all of them takes.
const MOST_RECORDS: i64 = 500;
/// After a failure of that look.
const RETRY_MILLIS: i64 = 60_000;
/// After a look that some records failed.
const AGAIN_MILLIS: i64 = 10 * 60_000;
/// Cases of one record that are known; a monthly duty has as many in eighty years.
const MOST_CASES: i64 = 1_000;

/// How far the look at all records is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sweep {
    /// The day it is for; another day begins anew.
    day: Option<Day>,
    stage: Stage,
    /// After a failure: not before.
    not_before: Option<Timestamp>,
    /// Some record failed: when the look is over, another follows at this time.
    again: Option<Timestamp>,
    /// Counts beginnings, so that a page of an older look does not end a newer one.
    number: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Begun,
    /// Living records after this one.
    Records(Id),
    /// Open cases after this one: records that were deleted meanwhile are found by them.
    Cases(Id),
    Ended,
}

/// A record that something was heard of, and what it asks for; none when it is gone.
pub(crate) struct Told {
    record: Id,
    now: Option<RecordDuties>,
    author: Option<Id>,
}

impl Act {
    /// What the records of these events ask for. What changes many records at once makes all be looked at, and so does
    /// a record that cannot be read: alarms in the same events are not to wait for it.
    pub(crate) fn told(&self, events: &[Event], now: Timestamp) -> Vec<Told> {
        let Some(source) = self.duties.get() else { return Vec::new() };
        let mut records = BTreeSet::new();
        for event in events.iter().filter(|event| event.kind.starts_with("register.")) {
            match event.kind.as_str() {
                "register.record_written" | "register.record_deleted" => {
                    records.extend(event.subject.parse::<Id>().ok());
                }
                "register.attached" | "register.attachment_removed" => {}
                _ => self.sweep_anew(),
            }
        }
        let mut told = Vec::with_capacity(records.len());
        for record in records {
            match told_of(source.as_ref(), record, now.day()) {
                Ok(one) => told.push(one),
                Err(problem) => {
                    tracing::warn!(%problem, %record, "reading the duties of a record");
                    self.sweep_anew();
                }
            }
        }
        told
    }

    pub(crate) fn sweep_anew(&self) {
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        *sweep = Sweep { stage: Stage::Begun, number: sweep.number + 1, ..*sweep };
    }

    /// One page of the look at all records; true while there is more to look at.
    pub fn sweep(&self, now: Timestamp) -> Result<bool, Problem> {
        let Some(source) = self.duties.get() else { return Ok(false) };
        let today = now.day();
        let at = {
            let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
            if sweep.day != Some(today) {
                *sweep = Sweep { day: Some(today), stage: Stage::Begun, number: sweep.number + 1, ..*sweep };
            }
            if sweep.stage == Stage::Ended && sweep.again.is_some_and(|at| now >= at) {
                *sweep = Sweep { stage: Stage::Begun, again: None, number: sweep.number + 1, ..*sweep };
            }
            *sweep
        };
        if at.not_before.is_some_and(|at| now < at) {
            return Ok(false);
        }
        let (next, failed) = match at.stage {
            Stage::Ended => return Ok(false),
            Stage::Begun => self.sweep_records(source.as_ref(), Id(0), now)?,
            Stage::Records(after) => self.sweep_records(source.as_ref(), after, now)?,
            Stage::Cases(after) => self.sweep_cases(source.as_ref(), after, now)?,
        };
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        if sweep.number == at.number {
            sweep.stage = next;
        }
        if failed {
            sweep.again = Some(now.plus(AGAIN_MILLIS));
        }
        Ok(sweep.stage != Stage::Ended)
    }

    /// The same, for the loop that reads events: a failure is told and tried again later, and nothing waits for it.
    pub(crate) fn sweep_or_later(&self, now: Timestamp) -> bool {
        self.sweep(now).unwrap_or_else(|problem| {
            tracing::warn!(%problem, "looking at the duties of all records");
            let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
            sweep.not_before = Some(now.plus(RETRY_MILLIS));
            false
        })
    }

    /// The next stage, and whether a record failed.
    fn sweep_records(&self, source: &dyn DutySource, after: Id, now: Timestamp) -> Result<(Stage, bool), Problem> {
        let page = source.after(after, MOST_RECORDS, now.day())?;
        let (mut told, mut failed) = (Vec::new(), false);
        for record in page.records {
            match source.last_author(record.record) {
                Ok(author) => told.push(Told { record: record.record, author, now: Some(record) }),
                Err(problem) => {
                    tracing::warn!(%problem, record = %record.record, "reading the author of a record");
                    failed = true;
                }
            }
        }
        failed |= !self.apply_all(&told, now);
        Ok((page.last.map_or(Stage::Cases(Id(0)), Stage::Records), failed))
    }

    fn sweep_cases(&self, source: &dyn DutySource, after: Id, now: Timestamp) -> Result<(Stage, bool), Problem> {
        let open = self.store.read(|reader| rows::records_of_open(reader, self.division, after, MOST_RECORDS))?;
        let records: BTreeSet<Id> = open.iter().map(|(_, record)| *record).collect();
        let (mut told, mut failed) = (Vec::with_capacity(records.len()), false);
        for record in records {
            match told_of(source, record, now.day()) {
                Ok(one) => told.push(one),
                Err(problem) => {
                    tracing::warn!(%problem, %record, "reading the duties of a record");
                    failed = true;
                }
            }
        }
        failed |= !self.apply_all(&told, now);
        Ok((open.last().map_or(Stage::Ended, |(case, _)| Stage::Cases(*case)), failed))
    }

    /// Each record by itself: one that fails is told and keeps none waiting. True when none did.
    pub(crate) fn apply_all(&self, told: &[Told], now: Timestamp) -> bool {
        let mut good = true;
        for one in told {
            if let Err(error) = self.apply_one(one, now) {
                tracing::warn!(%error, record = %one.record, "following the duties of a record");
                good = false;
            }
        }
        good
    }

    fn apply_one(&self, told: &Told, now: Timestamp) -> Result<(), StoreError> {
        // Most days most records ask for nothing: then nothing is written, and no writer waits.
        let asks = self.store.read(|reader| {
            let cases = rows::list(reader, self.division, &of_record(told.record), MOST_CASES)?;
            Ok(!duty::steps(told.record, told.now.as_ref(), &cases, now.day()).is_empty())
        })?;
        if !asks {
            return Ok(());
        }
        let changed = self.store.write(|transaction| {
            let mut changed = Vec::new();
            self.apply_duties(transaction, told, now, &mut changed)?;
            Ok(changed)
        })?;
        for case in changed {
            self.announce(&case, now);
        }
        Ok(())
    }

    fn apply_duties(
        &self,
        transaction: &dyn Transaction,
        told: &Told,
        now: Timestamp,
        changed: &mut Vec<Case>,
    ) -> Result<(), StoreError> {
        let cases = rows::list(transaction.as_reader(), self.division, &of_record(told.record), MOST_CASES)?;
        for step in duty::steps(told.record, told.now.as_ref(), &cases, now.day()) {
            let case = match (step, &told.now) {
                (Step::Open { duty, last, late }, Some(record)) => {
                    self.open_duty(transaction, record, duty, (last, late), now)?
                }
                (Step::Open { .. }, None) => continue,
                (Step::Settle { case, how, note }, _) => {
                    self.settle(transaction, case, (how, told.author), &note, now)?
                }
                (Step::AskAgain { case }, _) => self.ask_again(transaction, case, now)?,
            };
            changed.push(case);
        }
        Ok(())
    }

    fn open_duty(
        &self,
        transaction: &dyn Transaction,
        record: &RecordDuties,
        duty: DutyNow,
        (last, late): (Day, bool),
        now: Timestamp,
    ) -> Result<Case, StoreError> {
        let workflow = self.workflows.get(WORKFLOW)?;
        let severity = workflow.severity(Weight { cause: Cause::Duty, times: None, late });
        let from = duty.days.map_or(last, |(from, _)| from);
        let (mark, mark_en) = match (record.simulated, record.schematic) {
            (true, _) => ("（模拟）", " (simulated)"),
            (_, true) => ("（示意）", " (schematic)"),
            _ => ("", ""),
        };
        let english = |name: &Name| if name.en.is_empty() { name.zh.clone() } else { name.en.clone() };
        let title = Name::new(
            format!("{}：{}{mark}", record.title.zh, duty.name.zh),
            format!("{}: {}{mark_en}", english(&record.title), english(&duty.name)),
        );
        let (asked, asked_en) = match &duty.evidence {
            Some(evidence) => (format!("，须交：{}", evidence.zh), format!(", evidence: {}", english(evidence))),
            None => (String::new(), String::new()),
        };
        let last_day = last.to_iso();
        let note = format!("最后一天 {last_day}{asked} (last day {last_day}{asked_en})");
        let case = Case {
            id: self.ids.next(now),
            number: self.next_number(transaction, workflow, now)?,
            workflow: workflow.id.clone(),
            title,
            state: workflow.first_state.clone(),
            severity: severity.id.clone(),
            subject: duty::subject(record.record, &duty.duty, last),
            point: Case::NO_POINT,
            owner: duty.body.unwrap_or_else(|| self.default_owner(workflow)),
            point_owner: record.owner.clone(),
            duty: Some(DutyLink {
                record: record.record,
                ledger: record.ledger.clone(),
                key: record.key.clone(),
                title: record.title.clone(),
                duty: duty.duty,
                name: duty.name,
                last_day,
                evidence: duty.evidence,
                simulated: record.simulated,
                schematic: record.schematic,
                settled: None,
            }),
            assignee: None,
            assignee_name: None,
            resolved_by: None,
            opened_at: now,
            due_at: due_at(severity.due, now, Some(last), &self.workflows.calendar),
            closed_at: None,
            spell_from: from.start(),
            spell_until: last.start(),
            exceedances: 0,
            revision: 1,
        };
        self.record(transaction, &Actor::system("act"), &case, Line::of("opened", &note), now)?;
        Ok(case)
    }

    /// Whoever revised the record has handled the case, and so does not close it.
    fn settle(
        &self,
        transaction: &dyn Transaction,
        case: Id,
        (how, author): (Settled, Option<Id>),
        note: &str,
        now: Timestamp,
    ) -> Result<Case, StoreError> {
        let mut case = self.must_find(transaction, case)?;
        let workflow = self.workflows.get(&case.workflow)?;
        if let Some(link) = &mut case.duty {
            link.settled = Some(how);
        }
        if let Some(state) = workflow.settled_state.as_ref().filter(|state| **state != case.state) {
            case.state.clone_from(state);
            case.resolved_by = author;
        }
        case.revision += 1;
        let action = match how {
            Settled::Fulfilled => "fulfilled",
            Settled::NotAsked => "not_asked",
        };
        self.record(transaction, &Actor::system("act"), &case, Line::of(action, note), now)?;
        Ok(case)
    }

    fn ask_again(&self, transaction: &dyn Transaction, case: Id, now: Timestamp) -> Result<Case, StoreError> {
        let mut case = self.must_find(transaction, case)?;
        let workflow = self.workflows.get(&case.workflow)?;
        if let Some(link) = &mut case.duty {
            link.settled = None;
        }
        case.state.clone_from(&workflow.first_state);
        case.resolved_by = None;
        case.revision += 1;
        let note = "记录改回去了，仍要办理 (the record was changed back: still to be done)";
        self.record(transaction, &Actor::system("act"), &case, Line::of("asked_again", note), now)?;
        Ok(case)
    }
}

fn told_of(source: &dyn DutySource, record: Id, today: Day) -> Result<Told, Problem> {
    let now = source.of_record(record, today)?;
    Ok(Told { record, now, author: source.last_author(record)? })
}

fn of_record(record: Id) -> Filter {
    Filter { record: Some(record), ..Filter::default() }
}
