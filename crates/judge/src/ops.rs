//! Judging what is due: in bounded batches, upward from hour to year.

mod planning;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::time::HOUR_MILLIS;
use kernel::{Action, Day, EventDraft, Hour, Point, Problem, Timestamp};
use serde_json::json;
use store::contract::{DirtyPeriod, PeriodLevel};
use store::{StoreError, Transaction, event_log};

use crate::Judge;
use crate::model::{Finding, Key, Tier, Verdict};
use crate::packed::{Slot, Slots};
use crate::{event, period, rows, summary};

/// Dirty periods looked at in one go.
const BATCH: usize = 4096;
/// Periods stored in one transaction: enough to share a sync, few enough that packets do not wait for it.
const TRANSACTION: usize = 512;
/// A day is judged this long after its end, so that its last hour is in.
pub(crate) const DAY_SETTLE_MILLIS: i64 = 5 * 60_000;
/// Changes older than this are not told to the live stream: a recomputed year is no news.
const LIVE_MILLIS: i64 = 48 * HOUR_MILLIS;
/// Pause of the loop when nothing is due.
const PAUSE: Duration = Duration::from_millis(400);

/// What could not be judged is tried again after this long.
pub(crate) const PUT_OFF_MILLIS: i64 = 10 * 60_000;

const LEVELS: [PeriodLevel; 4] = [PeriodLevel::Hour, PeriodLevel::Day, PeriodLevel::Month, PeriodLevel::Year];

/// What a round of judging did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// Periods judged.
    pub judged: u64,
    /// Verdicts that are new or changed.
    pub changed: u64,
    /// Periods that no standard covers, or whose point is gone.
    pub skipped: u64,
}

impl std::ops::AddAssign for Worked {
    fn add_assign(&mut self, other: Self) {
        self.judged += other.judged;
        self.changed += other.changed;
        self.skipped += other.skipped;
    }
}

/// A verdict that was written.
pub(crate) struct Change {
    pub old: Option<Finding>,
    pub new: Verdict,
}

/// Findings of one point that are stored together, and the marks that they answer.
struct Piece {
    point: Arc<Point>,
    planned: Vec<Planned>,
    due: Vec<DirtyPeriod>,
}

/// A planned finding.
struct Planned {
    key: Key,
    finding: Finding,
    horizon: i64,
}

impl Judge {
    /// Judges what is due until told to stop.
    pub async fn run(self: Arc<Self>, mut stop: tokio::sync::watch::Receiver<bool>) {
        while !*stop.borrow() {
            let judge = Arc::clone(&self);
            let work = move || {
                let mut worked = judge.judge_due(kernel::time::now())?;
                worked += judge.judge_confirmed(kernel::time::now())?;
                worked += judge.judge_changed_points(kernel::time::now())?;
                worked += judge.judge_changed_dust(kernel::time::now())?;
                worked += judge.judge_changed_release(kernel::time::now())?;
                Ok::<_, Problem>(worked)
            };
            let round = tokio::task::spawn_blocking(work).await;
            let idle = match round {
                Ok(Ok(worked)) => worked.judged + worked.skipped == 0,
                Ok(Err(problem)) => {
                    tracing::warn!(%problem, "judging what is due");
                    true
                }
                Err(error) => {
                    tracing::error!(%error, "a round of judging broke off");
                    true
                }
            };
            if idle {
                tokio::select! {
                    changed = stop.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// One round: hours first, so that a late hour reaches its year in the same round. Bounded work.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn judge_due(&self, now: Timestamp) -> Result<Worked, Problem> {
        let mut worked = Worked::default();
        for level in LEVELS {
            loop {
                let due = self.store.take_dirty(level, now, BATCH)?;
                let count = due.len();
                worked += self.judge_batch(level, due, now)?;
                if count < BATCH {
                    break;
                }
            }
        }
        Ok(worked)
    }

    fn judge_batch(&self, level: PeriodLevel, due: Vec<DirtyPeriod>, now: Timestamp) -> Result<Worked, Problem> {
        let mut by_point: BTreeMap<i64, Vec<DirtyPeriod>> = BTreeMap::new();
        for period in due {
            by_point.entry(period.point).or_default().push(period);
        }
        let points = self.points.points();
        let mut worked = Worked::default();
        let mut waiting: Vec<Piece> = Vec::new();
        for (id, mut periods) in by_point {
            periods.sort_by_key(|period| period.period);
            let Some(point) = points.get(id) else {
                worked.skipped += periods.len() as u64;
                self.store.write(|transaction| self.store.clear_dirty(transaction, &periods))?;
                continue;
            };
            for chunk in chunks(level, &periods) {
                waiting.extend(self.pieces(point, level, chunk, now, &mut worked)?);
                if waiting.iter().map(|piece| piece.due.len()).sum::<usize>() >= TRANSACTION {
                    worked.changed += self.keep_or_put_off(level, std::mem::take(&mut waiting), now)?;
                }
            }
        }
        worked.changed += self.keep_or_put_off(level, waiting, now)?;
        Ok(worked)
    }

    /// Plans a chunk; where that breaks off, each of its periods by itself, so that one that cannot be judged does
    /// not take the others with it.
    fn pieces(
        &self,
        point: &Arc<Point>,
        level: PeriodLevel,
        chunk: &[DirtyPeriod],
        now: Timestamp,
        worked: &mut Worked,
    ) -> Result<Vec<Piece>, Problem> {
        let mut plan = |due: &[DirtyPeriod]| {
            let numbers: Vec<i64> = due.iter().map(|period| period.period).collect();
            let planned = guarded(|| self.plan(point, level, &numbers, now, worked))?;
            Ok::<_, Problem>(Piece { point: Arc::clone(point), planned, due: due.to_vec() })
        };
        if let Ok(piece) = plan(chunk) {
            return Ok(vec![piece]);
        }
        let mut pieces = Vec::with_capacity(chunk.len());
        for period in chunk {
            match plan(std::slice::from_ref(period)) {
                Ok(piece) => pieces.push(piece),
                Err(problem) => self.put_off(std::slice::from_ref(period), &problem, now)?,
            }
        }
        Ok(pieces)
    }

    /// Keeps pieces together; where that fails, each by itself.
    fn keep_or_put_off(&self, level: PeriodLevel, pieces: Vec<Piece>, now: Timestamp) -> Result<u64, Problem> {
        if let Ok(changed) = guarded(|| self.keep(level, &pieces, now)) {
            return Ok(changed);
        }
        let mut changed = 0;
        for piece in &pieces {
            match guarded(|| self.keep(level, std::slice::from_ref(piece), now)) {
                Ok(more) => changed += more,
                Err(problem) => self.put_off(&piece.due, &problem, now)?,
            }
        }
        Ok(changed)
    }

    /// Looks at periods that could not be judged again later, and says so. Where the store itself fails, so does this:
    /// nothing is forgotten.
    fn put_off(&self, due: &[DirtyPeriod], problem: &Problem, now: Timestamp) -> Result<(), Problem> {
        for period in due {
            let key = Key::new(period.point, period.level, period.period);
            tracing::error!(verdict = %key, %problem, "this period could not be judged; it is tried again in ten minutes");
        }
        let again: Vec<_> = due.iter().map(|period| (period.point, period.level, period.period)).collect();
        self.store.write(|transaction| {
            self.store.clear_dirty(transaction, due)?;
            self.store.mark_dirty(transaction, &again, now.plus(PUT_OFF_MILLIS))
        })?;
        self.put_off.fetch_add(due.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// Plans some periods of a level (sorted); where no standard covers them the plan is empty and they are counted.
    fn plan(
        &self,
        point: &Point,
        level: PeriodLevel,
        numbers: &[i64],
        now: Timestamp,
        worked: &mut Worked,
    ) -> Result<Vec<Planned>, Problem> {
        let planned = match level {
            PeriodLevel::Hour => self.plan_hours(point, numbers, now)?,
            PeriodLevel::Day => self.plan_days(point, numbers)?,
            _ => self.plan_periods(point, level, numbers, now)?,
        };
        worked.judged += numbers.len() as u64;
        Ok(planned.unwrap_or_else(|why| {
            tracing::debug!(point = point.id, reason = %why.en, "not judged");
            worked.skipped += numbers.len() as u64;
            Vec::new()
        }))
    }

    /// Stores what differs from the newest verdicts, with its events, marks what rests on it, and forgets what was
    /// due: all in one transaction. Returns how many verdicts changed.
    fn keep(&self, level: PeriodLevel, pieces: &[Piece], now: Timestamp) -> Result<u64, Problem> {
        if pieces.is_empty() {
            return Ok(0);
        }
        let rules = self.rules();
        let kept = self.store.write(|transaction| {
            let mut kept = Vec::with_capacity(pieces.len());
            let mut events: Vec<EventDraft> = Vec::new();
            for piece in pieces {
                let changes = match level {
                    PeriodLevel::Hour => self.apply_hours(transaction, &piece.point, &piece.planned, now)?,
                    _ => self.apply(transaction, &piece.planned, now)?,
                };
                self.mark_parents(transaction, &changes, now)?;
                events.extend(changes.iter().filter_map(|change| event::of_change(&rules, &piece.point, change)));
                self.store.clear_dirty(transaction, &piece.due)?;
                kept.push(changes);
            }
            if !events.is_empty() {
                event_log::append(transaction, self.division, now, &events)?;
            }
            Ok(kept)
        })?;
        for (piece, changes) in pieces.iter().zip(&kept) {
            self.announce(&piece.point, changes, now);
            let years = changes.iter().filter(|change| change.new.key.level != PeriodLevel::Hour);
            self.changes.note(years.map(|change| period::date(change.new.key.start().day()).year().into()));
        }
        Ok(kept.iter().map(|changes| changes.len() as u64).sum())
    }

    /// Plans and keeps periods that nobody marked; what is as it was takes no transaction.
    pub(crate) fn judge_again(
        &self,
        point: &Arc<Point>,
        level: PeriodLevel,
        numbers: &[i64],
        now: Timestamp,
    ) -> Result<Worked, Problem> {
        let mut worked = Worked::default();
        let mut planned = self.plan(point, level, numbers, now, &mut worked)?;
        let (Some(first), Some(last)) = (planned.first(), planned.last()) else { return Ok(worked) };
        let (from, until) = (first.key.start(), last.key.end());
        let known = self.verdicts(point.id, level, from, until)?;
        let mut known = known.iter().peekable();
        planned.retain(|planned| {
            while known.next_if(|verdict| verdict.key.period < planned.key.period).is_some() {}
            known.peek().is_none_or(|verdict| verdict.key != planned.key || verdict.finding != planned.finding)
        });
        if !planned.is_empty() {
            let piece = Piece { point: Arc::clone(point), planned, due: Vec::new() };
            worked.changed = self.keep(level, &[piece], now)?;
        }
        Ok(worked)
    }

    fn apply_hours(
        &self,
        transaction: &dyn Transaction,
        point: &Point,
        planned: &[Planned],
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for group in planned.chunk_by(|left, right| Hour(left.key.period).day() == Hour(right.key.period).day()) {
            let Some(first) = group.first() else { continue };
            let day = Hour(first.key.period).day();
            let stored = rows::hours(transaction.as_reader(), self.division, point.id, day)?;
            let mut slots: Slots = stored.unwrap_or_else(|| std::array::from_fn(|_| None));
            let before = changes.len();
            for planned in group {
                let slot = &mut slots[Hour(planned.key.period).of_day()];
                let old = slot.take().map(|slot| rows::of_slot(planned.key, slot));
                // What is final stays as it was finalised, whatever comes in later, until somebody reopens it.
                let is_final = planned.finding.tier == Tier::Final
                    && old.as_ref().is_some_and(|old| old.finding.tier == Tier::Final);
                let next = rows::next_revision(old.as_ref(), &planned.finding).filter(|_| !is_final);
                let Some(revision) = next else {
                    *slot = old.map(slot_of);
                    continue;
                };
                if let Some(old) = &old {
                    rows::put_old(transaction, self.division, old, now)?;
                }
                let new = self.verdict(planned, revision, now);
                *slot = Some(slot_of(new.clone()));
                changes.push(Change { old: old.map(|old| old.finding), new });
            }
            if changes.len() > before {
                rows::put_hours(transaction, self.division, point.id, day, &slots)?;
            }
        }
        Ok(changes)
    }

    fn apply(
        &self,
        transaction: &dyn Transaction,
        planned: &[Planned],
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for planned in planned {
            let old = rows::current(transaction.as_reader(), self.division, planned.key)?;
            let Some(revision) = rows::next_revision(old.as_ref(), &planned.finding) else { continue };
            if let Some(old) = &old {
                rows::put_old(transaction, self.division, old, now)?;
            }
            let new = self.verdict(planned, revision, now);
            rows::put(transaction, self.division, &new)?;
            changes.push(Change { old: old.map(|old| old.finding), new });
        }
        Ok(changes)
    }

    fn verdict(&self, planned: &Planned, revision: u32, now: Timestamp) -> Verdict {
        Verdict {
            key: planned.key,
            revision,
            judged_at: now,
            horizon: planned.horizon,
            finding: planned.finding.clone(),
        }
    }

    /// What a changed verdict is part of must be judged again; a running day when it is over.
    fn mark_parents(
        &self,
        transaction: &dyn Transaction,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut parents: BTreeMap<(i64, u8, i64), (PeriodLevel, Timestamp)> = BTreeMap::new();
        for change in changes {
            let key = change.new.key;
            let Some((level, number)) = period::parent(key.level, key.period) else { continue };
            let due = match level {
                PeriodLevel::Day => Key::new(key.point, level, number).end().plus(DAY_SETTLE_MILLIS).max(now),
                _ => now,
            };
            parents.insert((key.point, level as u8, number), (level, due));
        }
        for ((point, _, number), (level, due)) in parents {
            self.store.mark_dirty(transaction, &[(point, level, number)], due)?;
        }
        Ok(())
    }

    fn announce(&self, point: &Point, changes: &[Change], now: Timestamp) {
        for change in changes.iter().filter(|change| now.millis() - change.new.key.end().millis() < LIVE_MILLIS) {
            let verdict = &change.new;
            self.live.send(api::LiveEvent {
                kind: "verdict",
                at: now,
                action: Action::ReadMonitoring,
                owner: point.owner.clone(),
                data: json!({
                    "id": verdict.key.to_string(),
                    "point": point.id.to_string(),
                    "level": period::level_name(verdict.key.level),
                    "start": verdict.key.start(),
                    "exceeding": verdict.finding.exceeding,
                    "summary": summary::of(point, &verdict.finding),
                }),
            });
        }
    }

    /// Judges every period of some points and days again from the store, whatever is marked: after a standard was
    /// confirmed, or a point's limits changed. Two points at a time.
    ///
    /// # Errors
    /// When the store fails; what was judged until then is kept.
    pub fn rejudge(&self, points: &[i64], from: Day, until: Day, now: Timestamp) -> Result<Worked, Problem> {
        let set = self.points.points();
        let next = std::sync::atomic::AtomicUsize::new(0);
        let work = || -> Result<Worked, Problem> {
            let mut worked = Worked::default();
            loop {
                let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(id) = points.get(place) else { return Ok(worked) };
                if let Some(point) = set.get(*id) {
                    worked += self.rejudge_levels(point, PeriodLevel::Hour, from, until, now)?;
                }
            }
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(work);
            let mut worked = work()?;
            let joined =
                other.join().map_err(|_| Problem::new(kernel::ErrorCode::Internal, "a judging thread broke off"))?;
            worked += joined?;
            Ok(worked)
        })
    }
}

/// Runs a step of judging; one that breaks off is a problem of what it looked at, not the end of judging.
pub(crate) fn guarded<T>(step: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(step)).unwrap_or_else(|broken| {
        let said = broken
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| broken.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        Err(Problem::new(kernel::ErrorCode::Internal, format!("判定中断 (judging broke off): {said}")))
    })
}

fn slot_of(verdict: Verdict) -> Slot {
    Slot {
        revision: verdict.revision,
        judged_at: verdict.judged_at,
        horizon: verdict.horizon,
        finding: verdict.finding,
    }
}

/// Hours of one point in pieces of at most a month; other levels in one piece.
fn chunks(level: PeriodLevel, periods: &[DirtyPeriod]) -> Vec<&[DirtyPeriod]> {
    match level {
        PeriodLevel::Hour => periods
            .chunk_by(|left, right| Hour(left.period).start().month() == Hour(right.period).start().month())
            .collect(),
        PeriodLevel::Day => periods
            .chunk_by(|left, right| Day(left.period as i32).month() == Day(right.period as i32).month())
            .collect(),
        _ => vec![periods],
    }
}
