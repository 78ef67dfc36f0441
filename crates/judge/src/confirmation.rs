//! Confirming a figure of a standard (确认数值): an administrator who has read it in a source says so; it judges from
//! then on, and only what depends on it is judged again. What was judged before stays readable, with the rules of then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::{Actor, Day, Division, EventDraft, Point, Problem, Role, Timestamp};
use serde_json::json;
use standards::library::{Area, Confirmation, Standard};
use standards::{Date, Library};
use store::contract::{ObservationQuery, PeriodLevel};
use store::{Reader, StoreError, Transaction, event_log};

use crate::confirmation_value;
use crate::model::Method;
use crate::ops::{DAY_SETTLE_MILLIS, guarded};
use crate::plan::{Rules, method_of};
use crate::stop::marking_of;
use crate::{Judge, Worked, gather, period};

/// Figures in one batch: the largest table of unconfirmed figures has fewer than a hundred.
pub const MOST_ITEMS: usize = 200;
const MOST_SOURCE: usize = 1000;
/// Confirmations kept in all; the library has fewer unconfirmed figures.
const MOST_KEPT: usize = 10_000;

/// A statement as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmed {
    pub id: i64,
    /// `standard/table/row/column` or `standard/figure`.
    pub figure: String,
    /// The figure as read in the source; `None`: as we have it.
    pub value: Option<String>,
    pub source: String,
    pub by_id: i64,
    pub by_name: String,
    pub at: Timestamp,
    /// What depends on it has been judged again, and how many verdicts that changed.
    pub done_at: Option<Timestamp>,
    pub changed: i64,
}

/// Every confirmation, oldest first.
pub fn all(reader: &dyn Reader, division: Division) -> Result<Vec<Confirmed>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT id, figure, value, source, by_id, by_name, at, done_at, changed FROM judge_confirmation
             WHERE division = $1 ORDER BY id LIMIT {MOST_KEPT}"
        ),
        &[division.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Confirmed {
                id: row.integer(0)?,
                figure: row.text(1)?.to_owned(),
                value: row.optional_text(2)?.map(str::to_owned),
                source: row.text(3)?.to_owned(),
                by_id: row.integer(4)?,
                by_name: row.text(5)?.to_owned(),
                at: row.time(6)?,
                done_at: row.optional_integer(7)?.map(Timestamp),
                changed: row.integer(8)?,
            })
        })
        .collect()
}

fn put(transaction: &dyn Transaction, division: Division, one: &Confirmed) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO judge_confirmation (division, id, figure, value, source, by_id, by_name, at, done_at, changed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (division, id) DO UPDATE SET done_at = excluded.done_at, changed = excluded.changed",
        &[
            division.into(),
            one.id.into(),
            (&one.figure).into(),
            one.value.clone().into(),
            (&one.source).into(),
            one.by_id.into(),
            (&one.by_name).into(),
            one.at.into(),
            one.done_at.into(),
            one.changed.into(),
        ],
    )?;
    Ok(())
}

/// The shipped library with what was confirmed until `as_of` (without it: until now).
///
/// # Errors
/// When a confirmation names a figure that the library does not have.
pub fn library_with(
    shipped: &Arc<Library>,
    confirmed: &[Confirmed],
    as_of: Option<Timestamp>,
) -> Result<Arc<Library>, Problem> {
    let then: Vec<&Confirmed> = confirmed.iter().filter(|one| as_of.is_none_or(|at| one.at <= at)).collect();
    if then.is_empty() {
        return Ok(Arc::clone(shipped));
    }
    // What a newer release of the program no longer has, or ships confirmed, is not an obstacle to starting.
    let open = shipped.unconfirmed();
    let statements: Vec<Confirmation> = then
        .into_iter()
        .filter(|one| open.iter().any(|known| known.figure == one.figure))
        .map(|one| Confirmation { figure: one.figure.clone(), value: one.value.clone(), source: one.source.clone() })
        .collect();
    let library = shipped.confirmed(&statements).map_err(|error| Problem::invalid(error.text().zh))?;
    Ok(Arc::new(library))
}

/// A confirmation on its way.
#[derive(Clone, Debug)]
pub struct NewConfirmation {
    pub figure: String,
    pub value: Option<String>,
    pub source: String,
}

/// What rests on a standard: the lowest level of verdicts, or nothing at all.
pub fn depends(point: &Point, family: &str) -> Option<PeriodLevel> {
    let own = || {
        point.standard.as_deref().is_some_and(|standard| standard.starts_with(family))
            || point.emission.iter().any(|basis| basis.family == family)
    };
    match (method_of(point.kind), family) {
        // Hours are compared and indexed without HJ 663; days, months and years are counted by it.
        (Method::Air, "HJ 663") => Some(PeriodLevel::Day),
        // Dust days leave the statistics of months and years.
        (Method::Air, "DUST") => Some(PeriodLevel::Month),
        (Method::Air, "GB 3095" | "HJ 633") => Some(PeriodLevel::Hour),
        (Method::Water { .. }, "GB 3838" | "地表水环境质量评价办法") => Some(PeriodLevel::Hour),
        (Method::Noise, "GB 3096" | "HJ 906") => Some(PeriodLevel::Day),
        (Method::Groundwater, "GB/T 14848") => Some(PeriodLevel::Hour),
        (Method::Electromagnetic, "GB 8702") => Some(PeriodLevel::Hour),
        (Method::Limits, "HJ 76" | "HJ 356") => Some(PeriodLevel::Day),
        (Method::Limits, _) if own() => Some(PeriodLevel::Hour),
        _ => None,
    }
}

impl Judge {
    /// Confirms figures: all of them, or none. What depends on them is judged again by the loop, or by
    /// [`Judge::judge_confirmed`].
    ///
    /// # Errors
    /// When the caller is no administrator, a figure is not among the unconfirmed ones, has no source, or does not read
    /// as what its table holds.
    pub fn confirm(&self, actor: &Actor, items: &[NewConfirmation], now: Timestamp) -> Result<Vec<Confirmed>, Problem> {
        if !actor.is_system() && !actor.roles.contains(&Role::SystemAdministrator) {
            let what = "只有系统管理员可以确认标准数值 (only a system administrator confirms figures)";
            return Err(Problem::new(kernel::ErrorCode::NotAllowed, what));
        }
        if items.is_empty() || items.len() > MOST_ITEMS {
            return Err(Problem::invalid(format!("一批 1～{MOST_ITEMS} 个 (a batch has 1 to {MOST_ITEMS})")));
        }
        let open = self.shipped.unconfirmed();
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            let figure = item.figure.trim();
            let Some(known) = open.iter().find(|known| known.figure == figure) else {
                return Err(Problem::not_found(format!("没有未确认的数值“{figure}” (no such unconfirmed figure)")));
            };
            if let Err(why) = confirmation_value::check(known, item.value.as_deref()) {
                return Err(Problem::invalid(format!("{figure}：{} ({})", why.zh, why.en)));
            }
            let source = item.source.trim();
            if source.is_empty() || source.chars().count() > MOST_SOURCE {
                return Err(Problem::invalid("要写明在哪里读到（文件、页、条） (say where it was read)"));
            }
            kept.push(Confirmed {
                id: self.ids.next(now).0,
                figure: figure.to_owned(),
                value: item.value.as_deref().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned),
                source: source.to_owned(),
                by_id: actor.id.0,
                by_name: actor.name.clone(),
                at: now,
                done_at: None,
                changed: 0,
            });
        }
        let _held = self.confirming.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut known = self.confirmations()?;
        known.extend(kept.iter().cloned());
        // Read before it is kept: a figure that does not parse never becomes a rule.
        let rules = Rules::new(library_with(&self.shipped, &known, None)?, self.division.to_string())?;
        marking_of(&rules.library, now)?;
        rules.set_units((*self.rules().units()).clone());
        self.store.write(|transaction| {
            let mut events = Vec::new();
            for one in &kept {
                put(transaction, self.division, one)?;
                events.push(EventDraft {
                    kind: "judge.figure_confirmed",
                    actor: actor.id.to_string(),
                    subject: one.figure.clone(),
                    payload: json!({ "figure": one.figure, "value": one.value, "source": one.source }),
                });
            }
            event_log::append(transaction, self.division, now, &events)?;
            Ok(())
        })?;
        self.standard_points.set_library(Arc::clone(&rules.library));
        self.current_rules.store(Arc::new(rules));
        // At once, whatever rests.
        self.confirmations_again.set(false, now);
        self.confirmations_wait.store(true, Ordering::Release);
        Ok(kept)
    }

    /// Every confirmation, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn confirmations(&self) -> Result<Vec<Confirmed>, Problem> {
        Ok(self.store.read(|reader| all(reader, self.division))?)
    }

    /// The rules as they were at a moment, for explaining a verdict of then.
    pub(crate) fn rules_as_of(&self, at: Timestamp) -> Result<Arc<Rules>, Problem> {
        let confirmed = self.confirmations()?;
        if confirmed.iter().all(|one| one.at <= at) {
            return Ok(self.rules());
        }
        let rules = Rules::new(library_with(&self.shipped, &confirmed, Some(at))?, self.division.to_string())?;
        rules.set_units((*self.rules().units()).clone());
        Ok(Arc::new(rules))
    }

    /// Judges again what depends on figures confirmed since; nothing else. A break-off is taken up at the next start;
    /// a point that cannot be judged keeps the figure waiting, and is tried again in ten minutes.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn judge_confirmed(&self, now: Timestamp) -> Result<Worked, Problem> {
        if self.confirmations_again.rests(now) || !self.confirmations_wait.swap(false, Ordering::AcqRel) {
            return Ok(Worked::default());
        }
        let judged = self.judge_waiting(now);
        if judged.is_err() {
            self.confirmations_wait.store(true, Ordering::Release);
        }
        judged
    }

    fn judge_waiting(&self, now: Timestamp) -> Result<Worked, Problem> {
        let waiting: Vec<Confirmed> = self.confirmations()?.into_iter().filter(|one| one.done_at.is_none()).collect();
        let mut worked = Worked::default();
        let rules = self.rules();
        let mut standards: Vec<&Standard> = Vec::new();
        for standard in rules.library.all() {
            let prefix = format!("{}/", standard.id());
            if waiting.iter().any(|one| one.figure.starts_with(&prefix)) {
                standards.push(standard);
            }
        }
        let mut put_off = false;
        for standard in &standards {
            let (done, complete) = self.judge_standard(standard, now)?;
            worked += done;
            if !complete {
                put_off = true;
                continue;
            }
            self.store.write(|transaction| {
                let prefix = format!("{}/", standard.id());
                for one in waiting.iter().filter(|one| one.figure.starts_with(&prefix)) {
                    let one = Confirmed { done_at: Some(now), changed: done.changed as i64, ..one.clone() };
                    put(transaction, self.division, &one)?;
                }
                Ok(())
            })?;
        }
        self.confirmations_again.set(put_off, now);
        if put_off {
            self.confirmations_wait.store(true, Ordering::Release);
        }
        Ok(worked)
    }

    /// Judges again what depends on a standard, and whether that was possible of every point.
    fn judge_standard(&self, standard: &Standard, now: Timestamp) -> Result<(Worked, bool), Problem> {
        let (mut worked, mut complete) = (Worked::default(), true);
        let area = self.division.to_string();
        let spans = standard.effects.iter().filter(|effect| match &effect.area {
            Area::National => true,
            Area::Divisions(_) => effect.covers(&area, effect.from).is_some(),
        });
        let points = self.points.points();
        for effect in spans {
            let day = |date: Date| Day(date.days_since_epoch());
            let until = effect.until.map_or(now.day(), |date| day(date).min(now.day()));
            for point in points.iter() {
                let Some(lowest) = depends(point, &standard.family) else { continue };
                let judged = guarded(|| {
                    let Some(first) = self.first_day(point.id, day(effect.from), now)? else {
                        return Ok(Worked::default());
                    };
                    let from = first.max(day(effect.from));
                    if from > until {
                        return Ok(Worked::default());
                    }
                    self.rejudge_levels(point, lowest, from, Day(until.0 + 1), now)
                });
                match judged {
                    Ok(more) => worked += more,
                    Err(problem) => {
                        complete = false;
                        self.note_put_off(point, &problem);
                    }
                }
            }
        }
        Ok((worked, complete))
    }

    /// The first day with data of a point from `from` on.
    pub(crate) fn first_day(&self, point: i64, from: Day, now: Timestamp) -> Result<Option<Day>, Problem> {
        let division = self.division;
        let known = self.store.read(|reader| {
            let row = reader.query_one(
                "SELECT MIN(day) FROM verdict_hour WHERE division = $1 AND point = $2 AND day >= $3",
                &[division.into(), point.into(), from.0.into()],
            )?;
            row.map_or(Ok(None), |row| row.optional_integer(0))
        })?;
        let mut first = known.map(|day| Day(day as i32));
        for kind in [gather::HOUR, gather::MINUTE, gather::REALTIME, gather::DAY] {
            let query = ObservationQuery {
                point,
                system: None,
                kind,
                from: from.start(),
                until: first.map_or(now, Day::start),
                every_revision: false,
                limit: 1,
            };
            if query.from < query.until
                && let Some(packet) = self.store.observations(query)?.first()
            {
                first = Some(packet.key.data_time.day());
            }
        }
        Ok(first)
    }

    /// Judges the periods of `from..until` again from a level upward, so far as they have ended: the running hour, the
    /// running day and what was sent of the future are left to their time. An unchanged finding writes nothing.
    pub(crate) fn rejudge_levels(
        &self,
        point: &Arc<Point>,
        lowest: PeriodLevel,
        from: Day,
        until: Day,
        now: Timestamp,
    ) -> Result<Worked, Problem> {
        let mut worked = Worked::default();
        let mut month = from.month();
        let last = Day(until.0 - 1).month();
        while month <= last {
            let start = month.first_day().max(from);
            let end = month.next().first_day().min(until);
            if lowest == PeriodLevel::Hour {
                let hours: Vec<i64> = (start.hour(0).0..end.hour(0).0.min(now.hour().0)).collect();
                worked += self.judge_again(point, PeriodLevel::Hour, &hours, now)?;
            }
            if matches!(lowest, PeriodLevel::Hour | PeriodLevel::Day) {
                let over = |day: &i32| Day(*day).end().plus(DAY_SETTLE_MILLIS) <= now;
                let days: Vec<i64> = (start.0..end.0).filter(over).map(i64::from).collect();
                worked += self.judge_again(point, PeriodLevel::Day, &days, now)?;
            }
            month = month.next();
        }
        for level in [PeriodLevel::Month, PeriodLevel::Year] {
            let numbers: Vec<i64> =
                (period::of(level, from.start())..=period::of(level, until.start().plus(-1))).collect();
            worked += self.judge_again(point, level, &numbers, now)?;
        }
        Ok(worked)
    }
}
