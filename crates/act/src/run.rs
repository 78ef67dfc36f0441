//! The event log → cases, from our own cursor. Replaying an event changes nothing: the cursor moves in the
//! transaction that applies it, and a period is counted once.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Actor, Event, Id, Point, Problem, Timestamp};
use store::{StoreError, Transaction, event_log};
use tokio::sync::watch;

use crate::alarm::{self, PresenceChanged, Step, VerdictChanged};
use crate::model::{Case, Cause};
use crate::ops::{Act, Line};
use crate::rows;
use crate::workflow::{Weight, Workflow, due_at};

const CURSOR: &str = "act";
/// Events of one transaction.
const BATCH: i64 = 200;
const PAUSE: Duration = Duration::from_millis(300);
/// Between two pages of a look at all records, so that others get their turn.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
/// After a failure.
const LONG_PAUSE: Duration = Duration::from_secs(5);

impl Act {
    /// Consumes the event log until told to stop.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let act = Arc::clone(&self);
            let step = tokio::task::spawn_blocking(move || {
                let now = kernel::time::now();
                let read = act.consume(now)?;
                // Events come first; the look at all records goes on when there are none.
                Ok::<_, Problem>((read, read == 0 && act.sweep_or_later(now)))
            });
            let pause = match step.await {
                Ok(Ok((read, _))) if read > 0 => Duration::ZERO,
                Ok(Ok((_, true))) => SHORT_PAUSE,
                Ok(Ok(_)) => PAUSE,
                Ok(Err(problem)) => {
                    tracing::warn!(%problem, "reading the event log for cases");
                    LONG_PAUSE
                }
                Err(error) => {
                    tracing::error!(%error, "reading the event log for cases");
                    LONG_PAUSE
                }
            };
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if *stop.borrow() {
                return;
            }
        }
    }

    /// Applies the next batch of events; returns how many were read.
    pub fn consume(&self, now: Timestamp) -> Result<usize, Problem> {
        let events = self.store.read(|reader| {
            let from = event_log::cursor(reader, self.division, CURSOR)?;
            event_log::after(reader, self.division, from, BATCH)
        })?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(0) };
        let relevant = |event: &&Event| {
            matches!(event.kind.as_str(), "judge.verdict_changed" | "collect.offline" | "collect.online")
        };
        // What records ask for is read before the transaction: it is another mechanism's to say.
        let told = self.told(&events, now);
        let changed = self.store.write(|transaction| {
            let mut changed = Vec::new();
            for event in events.iter().filter(relevant) {
                self.apply_event(transaction, event, now, &mut changed)?;
            }
            event_log::move_cursor(transaction, self.division, CURSOR, last)?;
            Ok(changed)
        })?;
        for case in changed {
            self.announce(&case, now);
        }
        // Apart, so that no alarm waits for a duty; what fails here, or is lost with the process, the next look at all
        // records finds.
        if !self.apply_all(&told, now) {
            self.sweep_anew();
        }
        Ok(events.len())
    }

    fn apply_event(
        &self,
        transaction: &dyn Transaction,
        event: &Event,
        now: Timestamp,
        changed: &mut Vec<Case>,
    ) -> Result<(), StoreError> {
        let points = self.points.points();
        match event.kind.as_str() {
            "judge.verdict_changed" => {
                let Ok(verdict) = serde_json::from_value::<VerdictChanged>(event.payload.clone()) else {
                    return Ok(());
                };
                let Some(point) = points.get(verdict.point) else { return Ok(()) };
                self.apply_verdict(transaction, point, &verdict, now, changed)
            }
            kind => {
                let Ok(presence) = serde_json::from_value::<PresenceChanged>(event.payload.clone()) else {
                    return Ok(());
                };
                let Some(point) = points.get(presence.point) else { return Ok(()) };
                let subject = alarm::subject(Cause::Offline, point.id, "");
                let newest = rows::newest_of(transaction.as_reader(), self.division, &subject)?;
                let step = match kind {
                    "collect.offline" => alarm::on_offline(point, &presence, newest.as_ref(), now),
                    _ => alarm::on_online(newest.as_ref(), now),
                };
                if let Some(step) = step {
                    changed.push(self.apply_step(transaction, point, step, now)?);
                }
                Ok(())
            }
        }
    }

    fn apply_verdict(
        &self,
        transaction: &dyn Transaction,
        point: &Point,
        verdict: &VerdictChanged,
        now: Timestamp,
        changed: &mut Vec<Case>,
    ) -> Result<(), StoreError> {
        let Some(start) = verdict.period_start else { return Ok(()) };
        let (reader, level) = (transaction.as_reader(), verdict.level.as_str());
        let exceedances = if verdict.exceeding { verdict.exceedances() } else { Vec::new() };
        let mut exceeding: Vec<String> = Vec::new();
        for one in &exceedances {
            let subject = alarm::subject(Cause::Exceedance, point.id, &one.factor);
            let known = rows::period(reader, self.division, &subject, level, start)?;
            let newest = rows::newest_of(reader, self.division, &subject)?;
            let counted = known.is_some_and(|(_, still)| still);
            let step = alarm::on_exceedance(point, one, verdict, newest.as_ref(), counted);
            let case = match step {
                Some(step) => {
                    let case = self.apply_step(transaction, point, step, now)?;
                    let id = case.id;
                    changed.push(case);
                    Some(id)
                }
                None => known.map(|(case, _)| case),
            };
            if let Some(case) = case {
                rows::set_period(transaction, self.division, &subject, level, start, case, &verdict.verdict_id, true)?;
            }
            exceeding.push(subject);
        }
        let prefix = alarm::subject(Cause::Exceedance, point.id, "");
        for (subject, case) in rows::exceeding_subjects(reader, self.division, &prefix, level, start)? {
            if exceeding.contains(&subject) {
                continue;
            }
            let counted = rows::find(reader, self.division, case)?;
            if let Some(step) = alarm::on_cleared(verdict, counted.as_ref(), true) {
                changed.push(self.apply_step(transaction, point, step, now)?);
            }
            rows::set_period(transaction, self.division, &subject, level, start, case, &verdict.verdict_id, false)?;
        }
        Ok(())
    }

    fn apply_step(
        &self,
        transaction: &dyn Transaction,
        point: &Point,
        step: Step,
        now: Timestamp,
    ) -> Result<Case, StoreError> {
        let actor = Actor::system("act");
        match step {
            Step::Open { subject, cause, title, at, times, note } => {
                let workflow = self.workflows.get("alarm")?;
                let severity = workflow.severity(Weight { cause, times, late: false });
                let case = Case {
                    id: self.ids.next(now),
                    number: self.next_number(transaction, workflow, now)?,
                    workflow: workflow.id.clone(),
                    title,
                    state: workflow.first_state.clone(),
                    severity: severity.id.clone(),
                    subject,
                    point: point.id,
                    duty: None,
                    owner: point.body.clone().unwrap_or_else(|| self.default_owner(workflow)),
                    point_owner: point.owner.clone(),
                    assignee: None,
                    assignee_name: None,
                    resolved_by: None,
                    opened_at: now,
                    due_at: due_at(severity.due, now, None, &self.workflows.calendar),
                    closed_at: None,
                    spell_from: at,
                    spell_until: at,
                    exceedances: i64::from(cause == Cause::Exceedance),
                    revision: 1,
                };
                self.record(transaction, &actor, &case, Line::of("opened", &note), now)?;
                Ok(case)
            }
            Step::Extend { case, at, note } => {
                let mut case = self.must_find(transaction, case)?;
                case.spell_from = case.spell_from.min(at);
                case.spell_until = case.spell_until.max(at);
                case.exceedances += 1;
                self.record(transaction, &actor, &case, Line::of("extended", &note), now)?;
                Ok(case)
            }
            Step::Annotate { case, action, note } => {
                let mut case = self.must_find(transaction, case)?;
                if action == "rejudged" {
                    case.exceedances = (case.exceedances - 1).max(0);
                } else if action == "extended" {
                    case.exceedances += 1;
                }
                self.record(transaction, &actor, &case, Line::of(action, &note), now)?;
                Ok(case)
            }
        }
    }

    /// Numbers of a workflow count up within a year.
    pub(crate) fn next_number(
        &self,
        transaction: &dyn Transaction,
        workflow: &Workflow,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let prefix = format!("{}-{}-", workflow.number_prefix, now.day().civil().0);
        let count = rows::count_with_prefix(transaction.as_reader(), self.division, &prefix)?;
        Ok(format!("{prefix}{:04}", count + 1))
    }

    pub(crate) fn must_find(&self, transaction: &dyn Transaction, id: Id) -> Result<Case, StoreError> {
        rows::find(transaction.as_reader(), self.division, id)?
            .ok_or_else(|| StoreError::Shape(format!("case {id} is missing")))
    }
}
