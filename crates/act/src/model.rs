//! The nouns: a case, its timeline, its evidence.

use kernel::{Day, Id, Name, Timestamp};
use serde::{Deserialize, Serialize};

use crate::step_record::StepRecord;

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 超标
    Exceedance,
    /// 离线
    Offline,
    /// 台账事项
    Duty,
}

impl Cause {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exceedance => "exceedance",
            Self::Offline => "offline",
            Self::Duty => "duty",
        }
    }
}

/// Why a record asks for a duty no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// 已办: the record was revised, and the duty is done or falls due on a later day.
    Fulfilled,
    /// 不再要求: the record is gone, or its date is, or the ledger asks for it no more.
    NotAsked,
}

/// The duty of a record that a case is about (台账事项), as it was when the case was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DutyLink {
    pub record: Id,
    pub ledger: String,
    pub key: String,
    pub title: Name,
    pub duty: String,
    pub name: Name,
    /// `2026-12-31`.
    pub last_day: String,
    /// What shows that it was done.
    pub evidence: Option<Name>,
    /// The record is simulated (模拟).
    pub simulated: bool,
    /// The record is invented to show the use (示意).
    #[serde(default)]
    pub schematic: bool,
    /// None while the record asks for it.
    pub settled: Option<Settled>,
}

impl DutyLink {
    pub fn last_day(&self) -> Option<Day> {
        Day::parse(&self.last_day)
    }
}

/// A duty with an owner and a due time (案件).
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: Id,
    /// `警-2026-0001`, `期-2026-0001`; never changes, also when reopened.
    pub number: String,
    pub workflow: String,
    pub title: Name,
    pub state: String,
    pub severity: String,
    /// What it is about: cause, point and factor, or record, duty and last day. Only one case with this subject is not
    /// closed at a time; of a duty there is only one at all.
    pub subject: String,
    /// [`Case::NO_POINT`] for a duty of a record.
    pub point: i64,
    pub duty: Option<DutyLink>,
    /// Body that owns it.
    pub owner: String,
    /// Body or enterprise that the point or the record belongs to; may read and work on it too.
    pub point_owner: Option<String>,
    pub assignee: Option<Id>,
    pub assignee_name: Option<String>,
    pub resolved_by: Option<Id>,
    pub opened_at: Timestamp,
    pub due_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// First and last period of the spell.
    pub spell_from: Timestamp,
    pub spell_until: Timestamp,
    /// Periods in which the limit was exceeded.
    pub exceedances: i64,
    /// Rises with every change; a change based on an older one is refused.
    pub revision: i64,
}

impl Case {
    pub const NO_POINT: i64 = 0;
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Timestamp,
    /// User id, or `act`.
    pub actor: String,
    pub actor_name: String,
    /// Transition id, or `opened`, `extended`, `rejudged`, `recovered`, `fulfilled`, `not_asked`, `asked_again`.
    pub action: String,
    pub note: String,
    /// Hashes of evidence that came with it.
    pub evidence: Vec<String>,
    /// The record that it wrote.
    pub record: Option<StepRecord>,
}

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Evidence {
    /// SHA-256, lower-case hexadecimal.
    pub hash: String,
    pub file_name: String,
    pub size: i64,
    pub content_type: String,
    pub by: String,
    pub at: Timestamp,
}
