//! Declared stops and maintenance windows (停运、维护申报): who may declare what, and what takes effect at once.
//!
//! An enterprise declares for its own points. What it declares before it begins, and not for too long, holds at once;
//! anything else waits for a reviewer: a span that has begun may hide what was measured in it, whether it is judged
//! already, will be judged as a day after midnight, or has not been sent yet. A span that was refused once, or waits,
//! waits again.
//!
//! A condition mark is of a time that has begun, so more is asked: the rules' figures confirmed, a facility that the
//! condition is of, nothing else declared within a day on either side, and few of them in a month.

use kernel::time::{DAY_MILLIS, HOUR_MILLIS};
use kernel::{Action, Actor, ErrorCode, EventDraft, Hour, Point, PointKind, Problem, Timestamp};
use serde_json::json;
use standards::sources::Marking;
use standards::{Date, Library};
use store::contract::{PeriodLevel, Transaction};
use store::event_log;

use crate::Judge;
use crate::code::Code;
use crate::model::Tier;
use crate::quality::{check_reason, days_over, span};
use crate::review::{self, Review, Stop, StopDecision, StopState};

/// Longest stop and maintenance that hold without a reviewer, in hours.
const OWN_STOP_HOURS: i64 = 31 * 24;
const OWN_MAINTENANCE_HOURS: i64 = 24;
/// Declarations of a point that have not ended.
const MOST_OPEN: usize = 50;
/// Declarations of a point that wait for a reviewer, whether they have ended or not.
const MOST_WAITING: i64 = 50;
/// Marks that hold without a reviewer have a day before and after them without another declaration: by whatever way
/// round they come, starts do not add up to a day that nobody judges.
const APART_MILLIS: i64 = DAY_MILLIS;
/// Of one condition so many of its windows hold within so long on either side; a facility that starts more often shows
/// a reviewer why. Our own bound: the rules give none.
const MOST_WINDOWS: i64 = 2;
const WINDOWS_MILLIS: i64 = 30 * DAY_MILLIS;
/// Longest declaration, in hours.
const MOST_HOURS: i64 = 366 * 24;
/// Decisions on one declaration.
const MOST_DECISIONS: usize = 20;

/// A declared stop on its way.
#[derive(Clone, Debug)]
pub struct NewStop {
    pub point: i64,
    /// `stop`, `maintenance` or `condition`.
    pub kind: String,
    /// Of a condition mark: the row of the marking rules.
    pub condition: Option<String>,
    pub from: Timestamp,
    pub until: Timestamp,
    pub reason: String,
}

/// A condition mark (工况标记) as the rules bound it: the longest window, and the hour of the next day until which it may
/// be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub hours: i64,
    pub deadline_hour: i64,
    /// Its figures are confirmed, and the point is known to be a facility that the condition is of.
    pub sure: bool,
}

/// Whether a self-declared span holds without a reviewer. `others`: the point's declarations within [`around`] it.
pub fn holds_at_once(new: &NewStop, window: Option<Window>, others: &[Stop], now: Timestamp) -> bool {
    let touch = |other: &&Stop, apart: i64| other.from < new.until.plus(apart) && new.from.plus(-apart) < other.until;
    let length = new.until.millis() - new.from.millis();
    if let Some(window) = window {
        let most = window.hours * HOUR_MILLIS;
        // The rules leave until noon of the next day; what has not begun is no condition yet.
        let deadline = new.from.day().end().plus(window.deadline_hour * HOUR_MILLIS);
        let in_time = new.from <= now && now < deadline;
        let alone = !others.iter().any(|other| touch(&other, APART_MILLIS));
        let alike = others.iter().filter(|other| {
            other.condition == new.condition && other.state() == StopState::InForce && touch(other, WINDOWS_MILLIS)
        });
        let marked: i64 = alike.map(|other| other.until.millis() - other.from.millis()).sum();
        return window.sure && length <= most && in_time && alone && marked + length <= MOST_WINDOWS * most;
    }
    let begins_later = new.from >= now.hour().end();
    let most = if new.kind == "maintenance" { OWN_MAINTENANCE_HOURS } else { OWN_STOP_HOURS };
    let mut touching = others.iter().filter(|other| touch(other, 0));
    let undisputed = touching.all(|other| other.state() == StopState::InForce);
    begins_later && length <= most * HOUR_MILLIS && undisputed
}

/// How far before and after a span the declarations count that decide whether it holds at once.
const fn around(window: Option<Window>) -> i64 {
    if window.is_some() { WINDOWS_MILLIS } else { 0 }
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
        if !matches!(new.kind.as_str(), "stop" | "maintenance" | "condition") {
            return Err(Problem::invalid("kind 应为 stop、maintenance 或 condition (stop, maintenance or condition)"));
        }
        let (window, factors) = self.window_of(&point, new)?;
        let hours = span(new.from, new.until)?;
        if hours.end() - hours.start() > MOST_HOURS {
            return Err(Problem::invalid("最长一年 (at most a year)"));
        }
        let id = self.ids.next(now).0;
        // What stands is read where it is written: of equal declarations at once only the first finds nothing.
        self.store.write(|transaction| {
            let reader = transaction.as_reader();
            let of = |from, until| review::stops_of_point(reader, self.division, new.point, from, until);
            let apart = around(window);
            let others = of(new.from.plus(-apart), new.until.plus(apart))?;
            let waits = !reviewer && !holds_at_once(new, window, &others, now);
            let open = of(now, Timestamp(i64::MAX))?.len();
            let waiting = if waits { review::waiting(reader, self.division, new.point)? } else { 0 };
            if open >= MOST_OPEN || waiting >= MOST_WAITING {
                let what = "这个点位未结束或待审的申报太多 (too many declarations that are open or wait)";
                return Ok(Err(Problem::new(ErrorCode::TooMany, what)));
            }
            if !waits {
                let known = review::of_point(reader, self.division, new.point, new.from, new.until)?;
                if let Err(problem) = check_not_final(&known, hours.clone()) {
                    return Ok(Err(problem));
                }
            }
            let stop = Stop {
                id,
                point: new.point,
                kind: new.kind.clone(),
                condition: new.condition.clone(),
                factors: factors.clone(),
                from: new.from,
                until: new.until,
                reason: new.reason.trim().to_owned(),
                by_id: actor.id.0,
                by_name: actor.name.clone(),
                at: now,
                waits,
                decisions: Vec::new(),
            };
            review::put_stop(transaction, self.division, &stop)?;
            let periods = if waits { Vec::new() } else { judged_periods(&stop, now) };
            self.store.mark_dirty(transaction, &periods, now)?;
            let event = EventDraft {
                kind: "judge.stop_declared",
                actor: actor.id.to_string(),
                subject: stop.point.to_string(),
                payload: json!({
                    "stop": stop.id.to_string(),
                    "kind": stop.kind,
                    "condition": stop.condition,
                    "from": stop.from,
                    "until": stop.until,
                    "reason": stop.reason,
                    "waits": stop.waits,
                }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(Ok(stop))
        })?
    }

    /// What the marking rules say of a condition mark: its window and its factors; nothing of other declarations.
    fn window_of(&self, point: &Point, new: &NewStop) -> Result<(Option<Window>, Vec<Code>), Problem> {
        let id = match (new.kind.as_str(), &new.condition) {
            ("condition", Some(id)) => id,
            ("condition", None) => return Err(Problem::invalid("缺少工况 (condition is missing)")),
            (_, Some(_)) => {
                return Err(Problem::invalid("只有工况标记才有工况 (only condition marks have a condition)"));
            }
            (_, None) => return Ok((None, Vec::new())),
        };
        if point.kind != PointKind::WasteGasOutlet {
            return Err(Problem::invalid("工况标记只用于废气排放口 (condition marks are of waste-gas outlets)"));
        }
        let marking = self.marking(new.from)?;
        let known = marking.as_ref().and_then(|marking| Some((marking, marking.condition(id)?)));
        let Some((marking, condition)) = known else {
            return Err(Problem::invalid(format!("标记规则中没有工况 {id} (no such condition in the marking rules)")));
        };
        let mut binding = point.emission.iter().filter(|basis| basis.in_force(new.from));
        let fits = binding.any(|basis| condition.fits(&basis.family, &basis.conditions))
            || point.standard.as_deref().is_some_and(|standard| condition.fits(standard, &[]));
        let window = Window {
            hours: condition.hours.into(),
            deadline_hour: marking.deadline_hour.into(),
            sure: fits && marking.confirmed && condition.confirmed,
        };
        Ok((Some(window), condition.factors.iter().filter_map(|factor| Code::new(factor)).collect()))
    }

    /// The marking rules (标记规则) in force at a moment.
    ///
    /// # Errors
    /// When the library's figures of them are broken.
    pub fn marking(&self, at: Timestamp) -> Result<Option<Marking>, Problem> {
        marking_of(&self.rules().library, at)
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
        check_reason(reason)?;
        // What stands is read where it is written: of two decisions at once the second sees the first.
        Ok(self.store.write(|transaction| {
            let stop = review::stop(transaction.as_reader(), self.division, id)?.ok_or_else(missing)?;
            Ok(self.decide_in(transaction, actor, stop, accepted, reason, now)?)
        })?)
    }

    fn decide_in(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        mut stop: Stop,
        accepted: bool,
        reason: &str,
        now: Timestamp,
    ) -> Result<Stop, Problem> {
        let id = stop.id;
        let point = self.known(stop.point)?;
        if !actor.may(Action::ReviewData, point.owner.as_deref()) {
            return Err(Problem::new(ErrorCode::NotAllowed, "没有审核数据的权限 (may not review data)"));
        }
        let holds = stop.state() == StopState::InForce;
        let refused = stop.state() == StopState::Refused;
        if (accepted && holds) || (!accepted && refused) {
            return Err(Problem::new(ErrorCode::NoTransition, "申报已是这个状态 (it stands like that already)"));
        }
        if stop.decisions.len() >= MOST_DECISIONS {
            return Err(Problem::new(ErrorCode::TooMany, "这项申报改得太多次 (decided too often)"));
        }
        if accepted || holds {
            let known = review::of_point(transaction.as_reader(), self.division, point.id, stop.from, stop.until)?;
            check_not_final(&known, span(stop.from, stop.until)?)?;
        }
        let decision = StopDecision {
            accepted,
            reason: reason.trim().to_owned(),
            by_id: actor.id.0,
            by_name: actor.name.clone(),
            at: now,
        };
        let periods = if accepted || holds { judged_periods(&stop, now) } else { Vec::new() };
        review::put_decision(transaction, self.division, id, stop.decisions.len(), &decision)?;
        self.store.mark_dirty(transaction, &periods, now)?;
        let event = EventDraft {
            kind: "judge.stop_decided",
            actor: actor.id.to_string(),
            subject: stop.point.to_string(),
            payload: json!({ "stop": id.to_string(), "accepted": accepted, "reason": decision.reason }),
        };
        event_log::append(transaction, self.division, now, &[event])?;
        stop.decisions.push(decision);
        Ok(stop)
    }

    /// Final hours are not changed; who has to, reopens them first.
    pub(crate) fn refuse_over_final(&self, point: i64, from: Timestamp, until: Timestamp) -> Result<(), Problem> {
        let known = self.store.read(|reader| review::of_point(reader, self.division, point, from, until))?;
        check_not_final(&known, span(from, until)?)
    }
}

/// The marking rules of a library in force at a moment.
pub(crate) fn marking_of(library: &Library, at: Timestamp) -> Result<Option<Marking>, Problem> {
    let date = Date::from_days_since_epoch(at.day().0);
    Marking::in_force(library, date)
        .map_err(|error| Problem::new(ErrorCode::Internal, format!("reading the marking rules: {}", error.text().en)))
}

fn check_not_final(known: &[Review], mut hours: std::ops::RangeInclusive<i64>) -> Result<(), Problem> {
    match hours.find(|hour| review::tier(known, Hour(*hour).start()) == Tier::Final) {
        None => Ok(()),
        Some(hour) => Err(Problem::new(
            ErrorCode::NoTransition,
            format!("{} 的数据已终审，要改先撤销终审 (final: reopen it first)", Hour(hour).start().to_iso()),
        )),
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
    fn only_what_is_to_come_and_not_for_long_holds_at_once() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-06-02T10:20:00");
        let check = |kind: &str, from: &str, until: &str, expect: bool| {
            let window = (kind == "condition").then_some(Window { hours: 8, deadline_hour: 12, sure: true });
            let new = NewStop {
                point: 1,
                kind: kind.into(),
                condition: None,
                from: at(from),
                until: at(until),
                reason: "检修".into(),
            };
            assert_eq!(holds_at_once(&new, window, &[], now), expect, "{kind} {from} {until}");
        };
        // Of yesterday until noon of today, within the window.
        check("condition", "2026-06-01T02:00:00", "2026-06-01T10:00:00", true);
        check("condition", "2026-06-01T02:00:00", "2026-06-01T10:00:01", false);
        check("condition", "2026-05-31T23:00:00", "2026-06-01T01:00:00", false);
        check("stop", "2026-06-02T11:00:00", "2026-06-20T00:00:00", true);
        check("stop", "2026-06-02T10:59:00", "2026-06-02T12:00:00", false);
        check("stop", "2026-06-02T00:00:00", "2026-06-03T00:00:00", false);
        check("stop", "2026-06-03T00:00:00", "2026-07-04T00:00:00", true);
        check("stop", "2026-06-03T00:00:00", "2026-07-04T00:00:01", false);
        check("maintenance", "2026-06-03T00:00:00", "2026-06-04T00:00:00", true);
        check("maintenance", "2026-06-03T00:00:00", "2026-06-04T01:00:00", false);
    }
}
