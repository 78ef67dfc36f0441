//! Declared stops and maintenance windows (停运、维护申报): who may declare what, and what takes effect at once.
//!
//! An enterprise declares for its own points. What it declares in time, over hours that nobody has found exceeding,
//! holds at once; anything else waits for a reviewer, so that no declaration takes back an exceedance that was judged.
//! In time is until noon of the next day: the deadline of the marking rules (公告 2022 年第 21 号) for marks by hand.

use kernel::time::HOUR_MILLIS;
use kernel::{Action, Actor, Day, ErrorCode, EventDraft, Hour, Point, Problem, Timestamp};
use serde_json::json;
use store::contract::PeriodLevel;
use store::event_log;

use crate::Judge;
use crate::model::Tier;
use crate::quality::{check_reason, days_over, span};
use crate::review::{self, Stop, StopDecision, StopState};

/// Hour of the next day until which a mark by hand is in time.
const DEADLINE_HOUR: i64 = 12;
/// Longest declaration, in hours.
const MOST_HOURS: i64 = 366 * 24;
/// Decisions on one declaration.
const MOST_DECISIONS: usize = 20;

/// A declared stop on its way.
#[derive(Clone, Debug)]
pub struct NewStop {
    pub point: i64,
    /// `stop` or `maintenance`.
    pub kind: String,
    pub from: Timestamp,
    pub until: Timestamp,
    pub reason: String,
}

/// The first instant that may still be declared: of yesterday until noon, of today after it.
pub fn earliest_in_time(now: Timestamp) -> Timestamp {
    let today = now.day();
    let before_noon = now < today.start().plus(DEADLINE_HOUR * HOUR_MILLIS);
    if before_noon { Day(today.0 - 1).start() } else { today.start() }
}

impl Judge {
    /// Keeps a declaration: of an enterprise for its own points, of duty officers and reviewers for those they may
    /// work on.
    ///
    /// # Errors
    /// When it is not allowed or not complete.
    pub fn declare_stop(&self, actor: &Actor, new: &NewStop, now: Timestamp) -> Result<Stop, Problem> {
        let point = self.known(new.point)?;
        let owner = point.owner.as_deref();
        let reviewer = actor.may(Action::ReviewData, owner);
        if !reviewer && !actor.may(Action::WorkCases, owner) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有申报权限 (may not declare a stop)"));
        }
        check_reason(&new.reason)?;
        if !matches!(new.kind.as_str(), "stop" | "maintenance") {
            return Err(Problem::invalid("kind 应为 stop 或 maintenance (stop or maintenance)"));
        }
        let hours = span(new.from, new.until)?;
        if hours.end() - hours.start() > MOST_HOURS {
            return Err(Problem::invalid("最长一年 (at most a year)"));
        }
        let in_time = new.from >= earliest_in_time(now);
        let waits = !reviewer && (!in_time || self.exceeded(&point, new.from, new.until)?);
        if !waits {
            self.refuse_over_final(point.id, new.from, new.until)?;
        }
        let stop = Stop {
            id: self.ids.next(now).0,
            point: new.point,
            kind: new.kind.clone(),
            from: new.from,
            until: new.until,
            reason: new.reason.trim().to_owned(),
            by_id: actor.id.0,
            by_name: actor.name.clone(),
            at: now,
            waits,
            decisions: Vec::new(),
        };
        let periods = if waits { Vec::new() } else { judged_periods(&stop, now) };
        self.store.write(|transaction| {
            review::put_stop(transaction, self.division, &stop)?;
            self.store.mark_dirty(transaction, &periods, now)?;
            let event = EventDraft {
                kind: "judge.stop_declared",
                actor: actor.id.to_string(),
                subject: stop.point.to_string(),
                payload: json!({
                    "stop": stop.id.to_string(),
                    "kind": stop.kind,
                    "from": stop.from,
                    "until": stop.until,
                    "reason": stop.reason,
                    "waits": stop.waits,
                }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        Ok(stop)
    }

    /// A reviewer accepts a declaration or refuses it, also one that holds already; what rests on it is judged again.
    ///
    /// # Errors
    /// When it is not allowed, changes nothing, or would change final data.
    pub fn decide_stop(
        &self,
        actor: &Actor,
        id: i64,
        accepted: bool,
        reason: &str,
        now: Timestamp,
    ) -> Result<Stop, Problem> {
        let missing = || Problem::not_found(format!("没有申报 {id} (no such declaration)"));
        let mut stop = self.store.read(|reader| review::stop(reader, self.division, id))?.ok_or_else(missing)?;
        let point = self.known(stop.point)?;
        if !actor.may(Action::ReviewData, point.owner.as_deref()) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有审核数据的权限 (may not review data)"));
        }
        check_reason(reason)?;
        let holds = stop.state() == StopState::InForce;
        let refused = stop.state() == StopState::Refused;
        if (accepted && holds) || (!accepted && refused) {
            return Err(Problem::new(ErrorCode::NoTransition, "申报已是这个状态 (it stands like that already)"));
        }
        if stop.decisions.len() >= MOST_DECISIONS {
            return Err(Problem::new(ErrorCode::TooMany, "这项申报改得太多次 (decided too often)"));
        }
        if accepted || holds {
            self.refuse_over_final(point.id, stop.from, stop.until)?;
        }
        let decision = StopDecision {
            accepted,
            reason: reason.trim().to_owned(),
            by_id: actor.id.0,
            by_name: actor.name.clone(),
            at: now,
        };
        let periods = if accepted || holds { judged_periods(&stop, now) } else { Vec::new() };
        self.store.write(|transaction| {
            review::put_decision(transaction, self.division, id, stop.decisions.len(), &decision)?;
            self.store.mark_dirty(transaction, &periods, now)?;
            let event = EventDraft {
                kind: "judge.stop_decided",
                actor: actor.id.to_string(),
                subject: stop.point.to_string(),
                payload: json!({ "stop": id.to_string(), "accepted": accepted, "reason": decision.reason }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        stop.decisions.push(decision);
        Ok(stop)
    }

    /// Whether an hour of the span was found to exceed.
    fn exceeded(&self, point: &Point, from: Timestamp, until: Timestamp) -> Result<bool, Problem> {
        let verdicts = self.verdicts(point.id, PeriodLevel::Hour, from.hour().start(), until)?;
        if verdicts.iter().any(|verdict| verdict.finding.exceeding) {
            return Ok(true);
        }
        // A day mean over its limit needs no hour over one.
        let days = self.verdicts(point.id, PeriodLevel::Day, from.day().start(), until)?;
        Ok(days.iter().any(|verdict| verdict.finding.exceeding))
    }

    /// Final hours are not changed; who has to, reopens them first.
    pub(crate) fn refuse_over_final(&self, point: i64, from: Timestamp, until: Timestamp) -> Result<(), Problem> {
        let known = self.store.read(|reader| review::of_point(reader, self.division, point, from, until))?;
        match span(from, until)?.find(|hour| review::tier(&known, Hour(*hour).start()) == Tier::Final) {
            None => Ok(()),
            Some(hour) => Err(Problem::new(
                ErrorCode::NoTransition,
                format!("{} 的数据已终审，要改先撤销终审 (final: reopen it first)", Hour(hour).start().to_iso()),
            )),
        }
    }
}

/// The hours of a declaration that have begun, and its days that are over.
fn judged_periods(stop: &Stop, now: Timestamp) -> Vec<(i64, PeriodLevel, i64)> {
    let last = stop.until.plus(-1).hour().0.min(now.hour().0);
    let hours = (stop.from.hour().0..=last).map(|hour| (stop.point, PeriodLevel::Hour, hour));
    hours.chain(days_over(stop.point, stop.from, stop.until, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_may_be_declared_until_noon() {
        let check = |now: &str, expect: &str| {
            let at = |text: &str| Timestamp::parse(text).unwrap();
            assert_eq!(earliest_in_time(at(now)), at(expect), "{now}");
        };
        check("2026-06-02T11:59:59", "2026-06-01T00:00:00");
        check("2026-06-02T12:00:00", "2026-06-02T00:00:00");
        check("2026-06-02T23:59:59", "2026-06-02T00:00:00");
        check("2026-06-02T00:00:00", "2026-06-01T00:00:00");
    }
}
