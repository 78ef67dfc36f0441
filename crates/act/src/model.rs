//! The nouns: a case, its timeline, its evidence.

use kernel::{Id, Name, Timestamp};
use serde::{Deserialize, Serialize};

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 超标
    Exceedance,
    /// 离线
    Offline,
}

impl Cause {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exceedance => "exceedance",
            Self::Offline => "offline",
        }
    }
}

/// A duty with an owner and a due time (案件).
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: Id,
    /// `警-2026-0001`; never changes, also when reopened.
    pub number: String,
    pub workflow: String,
    pub title: Name,
    pub state: String,
    pub severity: String,
    /// What it is about: cause, point and factor. Only one case with this subject is not closed at a time.
    pub subject: String,
    pub point: i64,
    /// Body that owns it.
    pub owner: String,
    /// Body or enterprise that the point belongs to; may read and work on it too.
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

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Timestamp,
    /// User id, or `act`.
    pub actor: String,
    pub actor_name: String,
    /// Transition id, or `opened`, `extended`, `rejudged`, `recovered`.
    pub action: String,
    pub note: String,
    /// Hashes of evidence that came with it.
    pub evidence: Vec<String>,
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
