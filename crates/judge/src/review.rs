//! What people say of data (审核): invalidate, correct, confirm; and declared stops (停运、维护申报). Raw data are never
//! touched; a statement is a row with who, when and why.

use kernel::{Division, Timestamp};
use rust_decimal::Decimal;
use store::{Reader, Row, StoreError, Transaction};

use crate::code::Code;
use crate::model::Tier;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAction {
    /// 判为无效
    Invalidate,
    /// 更正
    Correct,
    /// 确认: looked at and found good.
    Confirm,
    /// 终审: no change after it, until somebody reopens it.
    Finalise,
    /// 恢复: takes back earlier invalidations and corrections; the value as sent counts again.
    Restore,
    /// 撤销终审: reviewed, no longer final.
    Reopen,
}

impl ReviewAction {
    const ALL: [Self; 6] =
        [Self::Invalidate, Self::Correct, Self::Confirm, Self::Finalise, Self::Restore, Self::Reopen];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Invalidate => "invalidate",
            Self::Correct => "correct",
            Self::Confirm => "confirm",
            Self::Finalise => "finalise",
            Self::Restore => "restore",
            Self::Reopen => "reopen",
        }
    }
}

/// One statement about a point's data.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    pub id: i64,
    pub point: i64,
    /// `None`: every factor.
    pub factor: Option<Code>,
    pub action: ReviewAction,
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    /// The right value of each hour, in the unit that the device sends.
    pub value: Option<Decimal>,
    pub reason: String,
    pub by_id: i64,
    pub by_name: String,
    pub at: Timestamp,
}

impl Review {
    /// Whether it says what counts, rather than how far people have looked.
    pub const fn decides(&self) -> bool {
        matches!(self.action, ReviewAction::Invalidate | ReviewAction::Correct | ReviewAction::Restore)
    }

    pub fn covers(&self, factor: Code, at: Timestamp) -> bool {
        self.from <= at && at < self.until && self.factor.is_none_or(|only| only == factor)
    }
}

/// A declared stop or maintenance window of a point (停运、维护申报).
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub id: i64,
    pub point: i64,
    /// `stop` 停产停运, `maintenance` 维护, `condition` 工况标记.
    pub kind: String,
    /// Of a condition mark: the row of the marking rules.
    pub condition: Option<String>,
    /// What it sets aside; empty: every factor.
    pub factors: Vec<Code>,
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    pub reason: String,
    pub by_id: i64,
    pub by_name: String,
    pub at: Timestamp,
    /// Declared too late, or over hours that exceeded: without effect until a reviewer accepts it.
    pub waits: bool,
    /// What reviewers said of it, oldest first; the last one counts.
    pub decisions: Vec<StopDecision>,
}

/// A reviewer's word on a declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct StopDecision {
    pub accepted: bool,
    pub reason: String,
    pub by_id: i64,
    pub by_name: String,
    pub at: Timestamp,
}

/// How a declaration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopState {
    /// 待审
    Waiting,
    /// 生效
    InForce,
    /// 不予认可
    Refused,
}

impl Stop {
    pub fn state(&self) -> StopState {
        match self.decisions.last() {
            Some(decision) if decision.accepted => StopState::InForce,
            Some(_) => StopState::Refused,
            None if self.waits => StopState::Waiting,
            None => StopState::InForce,
        }
    }

    fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until && self.state() == StopState::InForce
    }

    /// Whether a factor's values of an instant do not count.
    pub fn covers(&self, factor: Code, at: Timestamp) -> bool {
        self.holds_at(at) && (self.factors.is_empty() || self.factors.contains(&factor))
    }

    /// Whether nothing is due at an instant. What is marked for its condition is due all the same: the device runs.
    pub fn stops(&self, at: Timestamp) -> bool {
        self.condition.is_none() && self.holds_at(at)
    }

    /// As it stood at a moment; `None` before it was declared.
    pub fn as_of(mut self, at: Timestamp) -> Option<Self> {
        self.decisions.retain(|decision| decision.at <= at);
        (self.at <= at).then_some(self)
    }
}

/// How far people have looked at an hour, from the statements that cover it, oldest first. Statements about one factor
/// review the hour; only one about all of them makes it final.
pub fn tier(reviews: &[Review], at: Timestamp) -> Tier {
    let covering = reviews.iter().filter(|review| review.from <= at && at < review.until);
    covering.fold(Tier::Provisional, |tier, review| match review.action {
        ReviewAction::Finalise if review.factor.is_none() => Tier::Final,
        ReviewAction::Reopen => tier.min(Tier::Reviewed),
        ReviewAction::Confirm if review.factor.is_none() => tier.max(Tier::Reviewed),
        ReviewAction::Invalidate | ReviewAction::Correct | ReviewAction::Restore => tier.max(Tier::Reviewed),
        ReviewAction::Confirm | ReviewAction::Finalise => tier,
    })
}

/// Statements of a point that touch `from..until`, oldest first; the newest 10,000 at most.
pub fn of_point(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Review>, StoreError> {
    let rows = reader.query(
        "SELECT id, point, factor, action, from_time, until_time, value, reason, by_id, by_name, at FROM judge_review
         WHERE division = $1 AND point = $2 AND from_time < $3 AND until_time > $4 ORDER BY id DESC LIMIT 10000",
        &[division.into(), point.into(), until.into(), from.into()],
    )?;
    rows.iter().rev().map(review_of).collect()
}

fn review_of(row: &Row) -> Result<Review, StoreError> {
    let action = row.text(3)?;
    Ok(Review {
        id: row.integer(0)?,
        point: row.integer(1)?,
        factor: row.optional_text(2)?.and_then(Code::new),
        action: ReviewAction::ALL
            .into_iter()
            .find(|known| known.key() == action)
            .ok_or_else(|| StoreError::Shape(format!("review action `{action}`")))?,
        from: row.time(4)?,
        until: row.time(5)?,
        value: row.optional_text(6)?.and_then(|text| text.parse().ok()),
        reason: row.text(7)?.to_owned(),
        by_id: row.integer(8)?,
        by_name: row.text(9)?.to_owned(),
        at: row.time(10)?,
    })
}

/// Statements of all points that touch `from..until`, newest first.
pub fn newest(
    reader: &dyn Reader,
    division: Division,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let rows = reader.query(
        "SELECT id, point, factor, action, from_time, until_time, value, reason, by_id, by_name, at FROM judge_review
         WHERE division = $1 AND from_time < $2 AND until_time > $3 ORDER BY id DESC LIMIT $4",
        &[division.into(), until.into(), from.into(), limit.into()],
    )?;
    rows.iter().map(review_of).collect()
}

/// Declared stops of all points that touch `from..until`, newest first.
pub fn newest_stops(
    reader: &dyn Reader,
    division: Division,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Stop>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT {STOP} FROM judge_stop WHERE division = $1 AND from_time < $2 AND until_time > $3
             ORDER BY id DESC LIMIT $4"
        ),
        &[division.into(), until.into(), from.into(), limit.into()],
    )?;
    rows.iter().map(|row| stop_of(reader, division, row)).collect()
}

/// One declaration.
pub fn stop(reader: &dyn Reader, division: Division, id: i64) -> Result<Option<Stop>, StoreError> {
    let row = reader.query_one(
        &format!("SELECT {STOP} FROM judge_stop WHERE division = $1 AND id = $2"),
        &[division.into(), id.into()],
    )?;
    row.map(|row| stop_of(reader, division, &row)).transpose()
}

const STOP: &str = "id, point, kind, from_time, until_time, reason, by_id, by_name, at, waits, condition, factors";

fn stop_of(reader: &dyn Reader, division: Division, row: &Row) -> Result<Stop, StoreError> {
    let id = row.integer(0)?;
    let decisions = reader.query(
        "SELECT accepted, reason, by_id, by_name, at FROM judge_stop_decision
         WHERE division = $1 AND stop = $2 ORDER BY number LIMIT 100",
        &[division.into(), id.into()],
    )?;
    let decisions = decisions.iter().map(|row| {
        Ok(StopDecision {
            accepted: row.integer(0)? != 0,
            reason: row.text(1)?.to_owned(),
            by_id: row.integer(2)?,
            by_name: row.text(3)?.to_owned(),
            at: row.time(4)?,
        })
    });
    Ok(Stop {
        id,
        point: row.integer(1)?,
        kind: row.text(2)?.to_owned(),
        condition: row.optional_text(10)?.map(str::to_owned),
        factors: row.optional_text(11)?.unwrap_or_default().split_whitespace().filter_map(Code::new).collect(),
        from: row.time(3)?,
        until: row.time(4)?,
        reason: row.text(5)?.to_owned(),
        by_id: row.integer(6)?,
        by_name: row.text(7)?.to_owned(),
        at: row.time(8)?,
        waits: row.integer(9)? != 0,
        decisions: decisions.collect::<Result<_, StoreError>>()?,
    })
}

pub fn put(transaction: &dyn Transaction, division: Division, review: &Review) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO judge_review (division, id, point, factor, action, from_time, until_time, value, reason, by_id, by_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            division.into(),
            review.id.into(),
            review.point.into(),
            review.factor.map(|factor| factor.as_str().to_owned()).into(),
            review.action.key().into(),
            review.from.into(),
            review.until.into(),
            review.value.map(|value| value.to_string()).into(),
            (&review.reason).into(),
            review.by_id.into(),
            (&review.by_name).into(),
            review.at.into(),
        ],
    )?;
    Ok(())
}

/// Declared stops of a point that touch `from..until`; at most 10,000.
pub fn stops_of_point(
    reader: &dyn Reader,
    division: Division,
    point: i64,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Stop>, StoreError> {
    let rows = reader.query(
        &format!(
            "SELECT {STOP} FROM judge_stop WHERE division = $1 AND point = $2 AND from_time < $3 AND until_time > $4
             ORDER BY id DESC LIMIT 10000"
        ),
        &[division.into(), point.into(), until.into(), from.into()],
    )?;
    rows.iter().rev().map(|row| stop_of(reader, division, row)).collect()
}

/// How many declarations of a point wait for a reviewer.
pub fn waiting(reader: &dyn Reader, division: Division, point: i64) -> Result<i64, StoreError> {
    let row = reader.query_one(
        "SELECT COUNT(*) FROM judge_stop WHERE division = $1 AND point = $2 AND waits <> 0 AND NOT EXISTS (
           SELECT 1 FROM judge_stop_decision AS said WHERE said.division = judge_stop.division AND said.stop = judge_stop.id)",
        &[division.into(), point.into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

pub fn put_stop(transaction: &dyn Transaction, division: Division, stop: &Stop) -> Result<(), StoreError> {
    transaction.execute(
        &format!(
            "INSERT INTO judge_stop (division, {STOP}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        ),
        &[
            division.into(),
            stop.id.into(),
            stop.point.into(),
            (&stop.kind).into(),
            stop.from.into(),
            stop.until.into(),
            (&stop.reason).into(),
            stop.by_id.into(),
            (&stop.by_name).into(),
            stop.at.into(),
            i64::from(stop.waits).into(),
            stop.condition.clone().into(),
            stop.factors.iter().map(|factor| factor.as_str()).collect::<Vec<_>>().join(" ").into(),
        ],
    )?;
    Ok(())
}

/// Keeps what a reviewer said; `number` counts the decisions of a declaration from 0.
pub fn put_decision(
    transaction: &dyn Transaction,
    division: Division,
    stop: i64,
    number: usize,
    decision: &StopDecision,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO judge_stop_decision (division, stop, number, accepted, reason, by_id, by_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            division.into(),
            stop.into(),
            (number as i64).into(),
            i64::from(decision.accepted).into(),
            (&decision.reason).into(),
            decision.by_id.into(),
            (&decision.by_name).into(),
            decision.at.into(),
        ],
    )?;
    Ok(())
}
