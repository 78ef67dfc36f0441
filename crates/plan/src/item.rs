//! Entries (填报): everything that people add to the plan, one item each. An item is never changed: it is decided
//! (approved or returned) by somebody else than its author, or withdrawn; a correction is a new item that names the one
//! it replaces, and takes its place once it is approved.

use std::collections::HashMap;

use kernel::{Day, Id, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::amount;

/// Where money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoneySource {
    /// 中央
    Central,
    /// 市级
    Municipal,
    /// 县级
    County,
    /// 债券与贷款
    Loan,
    /// 社会资本
    Social,
    /// 其他
    Other,
}

/// How far money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoneyStep {
    /// 计划
    Planned,
    /// 安排（下达）
    Arranged,
    /// 到位
    Arrived,
    /// 支付
    Paid,
}

/// What an item says. Amounts of money are in 万元.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Content {
    /// Documented value of an indicator in a year.
    Value {
        #[schemars(with = "String")]
        value: Decimal,
    },
    /// A target changed after the plan was approved.
    Target {
        target_year: i32,
        operator: String,
        #[schemars(with = "String")]
        value: Decimal,
    },
    Money {
        step: MoneyStep,
        source: MoneySource,
        #[schemars(with = "String")]
        amount: Decimal,
    },
    /// Amount of a planned quantity done within the year.
    Quantity {
        quantity: String,
        #[schemars(with = "String")]
        amount: Decimal,
        unit: String,
    },
    Stage {
        to: String,
    },
    Milestone {
        name: String,
        /// `2026-06-30`
        due: String,
        done: Option<String>,
    },
    Contract {
        number: String,
        party: String,
        #[schemars(with = "String")]
        amount: Decimal,
        signed_on: String,
    },
    /// A change of the project against the plan.
    Change {
        what: String,
        before: String,
        after: String,
        /// The new estimate (调整后估算), where that is what changes: money is checked against it.
        #[serde(default)]
        #[schemars(with = "Option<String>")]
        estimate: Option<Decimal>,
    },
    Inspection {
        finding: String,
        lon: Option<f64>,
        lat: Option<f64>,
    },
    /// A task or indicator broken down to a body and a year.
    Assignment {
        body: String,
        #[schemars(with = "Option<String>")]
        target: Option<Decimal>,
        what: String,
    },
    /// Self-report (自评) of a duty.
    Report {
        body: String,
        /// 0 to 1.
        #[schemars(with = "String")]
        progress: Decimal,
        /// What was reached, in the unit of the indicator.
        #[serde(default)]
        #[schemars(with = "Option<String>")]
        value: Option<Decimal>,
        text: String,
    },
    /// Against the decision on an item.
    Appeal {
        of: Id,
        text: String,
    },
    /// That an approved item should never have been there (撤销): once approved, it counts no more.
    Retraction {
        of: Id,
        text: String,
    },
}

/// What an item is about, as `kind` of its content says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Value,
    Target,
    Money,
    Quantity,
    Stage,
    Milestone,
    Contract,
    Change,
    Inspection,
    Assignment,
    Report,
    Appeal,
    Retraction,
}

impl EntryKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Target => "target",
            Self::Money => "money",
            Self::Quantity => "quantity",
            Self::Stage => "stage",
            Self::Milestone => "milestone",
            Self::Contract => "contract",
            Self::Change => "change",
            Self::Inspection => "inspection",
            Self::Assignment => "assignment",
            Self::Report => "report",
            Self::Appeal => "appeal",
            Self::Retraction => "retraction",
        }
    }
}

impl Content {
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Value { .. } => EntryKind::Value,
            Self::Target { .. } => EntryKind::Target,
            Self::Money { .. } => EntryKind::Money,
            Self::Quantity { .. } => EntryKind::Quantity,
            Self::Stage { .. } => EntryKind::Stage,
            Self::Milestone { .. } => EntryKind::Milestone,
            Self::Contract { .. } => EntryKind::Contract,
            Self::Change { .. } => EntryKind::Change,
            Self::Inspection { .. } => EntryKind::Inspection,
            Self::Assignment { .. } => EntryKind::Assignment,
            Self::Report { .. } => EntryKind::Report,
            Self::Appeal { .. } => EntryKind::Appeal,
            Self::Retraction { .. } => EntryKind::Retraction,
        }
    }

    /// Kinds that are worth nothing without a paper.
    const fn needs_evidence(&self) -> bool {
        matches!(self, Self::Value { .. } | Self::Quantity { .. } | Self::Inspection { .. })
    }

    const fn needs_note(&self) -> bool {
        matches!(self, Self::Target { .. } | Self::Change { .. })
    }

    /// Which subjects the kind belongs to.
    fn belongs_to(&self, subject: &str) -> bool {
        let of = |kinds: &[&str]| subject.split_once(':').is_some_and(|(kind, _)| kinds.contains(&kind));
        match self {
            Self::Value { .. } | Self::Target { .. } => of(&["indicator"]),
            Self::Assignment { .. } => of(&["task", "indicator"]),
            Self::Report { .. } => of(&["task", "indicator", "project"]),
            Self::Appeal { .. } | Self::Retraction { .. } => of(&["task", "indicator", "project"]),
            _ => of(&["project"]),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Entered,
    Approved,
    Returned,
    Withdrawn,
    /// An approved correction took its place (已更正): it counts no more and stays readable.
    Replaced,
    /// An approved retraction took it back (已撤销): it counts no more and stays readable.
    Retracted,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Entered, Self::Approved, Self::Returned, Self::Withdrawn, Self::Replaced, Self::Retracted];

    /// Whether it asks for nothing and counts for nothing any more.
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Replaced | Self::Retracted)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
            Self::Retracted => "retracted",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A file beside an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Attached {
    /// SHA-256, lower-case hexadecimal.
    pub hash: String,
    pub file_name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Item {
    pub id: Id,
    /// `indicator:pm25`, `project:33`, `task:T-3.1-1`.
    pub subject: String,
    pub year: i32,
    pub content: Content,
    pub note: String,
    pub evidence: Vec<Attached>,
    /// The item that this one corrects.
    pub replaces: Option<Id>,
    pub state: State,
    pub entered_by: Id,
    pub entered_name: String,
    /// Body (key) of the author.
    pub body: Option<String>,
    pub entered_at: Timestamp,
    pub decided_by: Option<Id>,
    pub decided_name: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub decision_note: String,
}

impl Item {
    /// Items that this one is about.
    pub fn names(&self) -> impl Iterator<Item = Id> + use<> {
        let of = match &self.content {
            Content::Appeal { of, .. } | Content::Retraction { of, .. } => Some(*of),
            _ => None,
        };
        of.into_iter().chain(self.replaces)
    }

    pub fn approved(&self) -> bool {
        self.state == State::Approved
    }
}

const MOST_TEXT: usize = 4_000;
const MOST_FILES: usize = 20;

fn is_date(text: &str) -> bool {
    let parts: Vec<i32> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = parts[..] else { return false };
    let (Ok(month), Ok(day)) = (u32::try_from(month), u32::try_from(day)) else { return false };
    text.len() == 10
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (1990..2200).contains(&year)
        && Day::from_civil(year, month, day).to_iso() == text
}

/// Whether an item can be taken at all. Pure; what it refers to is checked by the caller.
pub fn check(subject: &str, content: &Content, note: &str, evidence: &[Attached]) -> Result<(), Problem> {
    let refuse = |why: String| Err(Problem::invalid(why));
    if !content.belongs_to(subject) {
        return refuse(format!("{subject} 不能填 {} (does not take this kind)", content.kind().name()));
    }
    if content.needs_evidence() && evidence.is_empty() {
        return Err(Problem::new(
            kernel::ErrorCode::EvidenceMissing,
            format!("{} 要附材料 (attach the document)", content.kind().name()),
        ));
    }
    if content.needs_note() && note.trim().is_empty() {
        return refuse("要写明理由 (say why)".into());
    }
    if evidence.len() > MOST_FILES || note.chars().count() > MOST_TEXT {
        return refuse(format!("最多 {MOST_FILES} 个附件、{MOST_TEXT} 字 (too much)"));
    }
    let text = |name: &str, text: &str| match text.trim().is_empty() || text.chars().count() > MOST_TEXT {
        true => Err(Problem::invalid(format!("{name} 没有写或太长 (missing or too long)"))),
        false => Ok(()),
    };
    let date = |name: &str, text: &str| match is_date(text) {
        true => Ok(()),
        false => Err(Problem::invalid(format!("{name} = {text}：应写成 2026-06-30 (not a date)"))),
    };
    let amount = |value: &Decimal| match value.is_sign_negative() || *value > Decimal::from(1_000_000_000) {
        true => Err(Problem::invalid(format!("{value}：数额不在合理范围 (amount out of range)"))),
        false => Ok(()),
    };
    match content {
        Content::Value { .. } | Content::Stage { .. } => Ok(()),
        Content::Target { operator, target_year, .. } => {
            if ![">=", ">", "<=", "<", "="].contains(&operator.as_str()) || !(1990..2200).contains(target_year) {
                return refuse(format!("{operator} {target_year}：符号或年份不对 (operator or year)"));
            }
            Ok(())
        }
        Content::Money { amount: value, .. } => amount(value),
        Content::Quantity { amount: value, quantity, .. } => text("quantity", quantity).and_then(|()| amount(value)),
        Content::Milestone { name, due, done } => {
            text("name", name)?;
            date("due", due)?;
            if let Some(done) = done {
                date("done", done)?;
                if evidence.is_empty() {
                    return Err(Problem::new(
                        kernel::ErrorCode::EvidenceMissing,
                        "完成里程碑要附证明 (a milestone done needs its proof)",
                    ));
                }
            }
            Ok(())
        }
        Content::Contract { number, party, amount: value, signed_on } => {
            text("number", number)?;
            text("party", party)?;
            date("signed_on", signed_on)?;
            amount(value)
        }
        Content::Change { what, before, after, estimate } => {
            text("what", what)?;
            text("before", before)?;
            text("after", after)?;
            // An estimate in words would be approved and then left out of the money checks.
            let names_estimate = ["估算", "概算", "总投资", "estimate"].iter().any(|word| what.contains(word));
            match estimate {
                // The paper prints the words, the checks use the number.
                Some(value) if amount::contradicts(after, *value) => {
                    let why = "“变更后”里写的是另一个数 (what it says of the new estimate is another number)";
                    refuse(format!("{value} 万元：{why}"))
                }
                Some(value) => amount(value),
                None if names_estimate => refuse("调整估算要填调整后的数额 (say the new estimate as a number)".into()),
                None => Ok(()),
            }
        }
        Content::Inspection { finding, lon, lat } => {
            if lon.is_some_and(|lon| !(-180.0..=180.0).contains(&lon))
                || lat.is_some_and(|lat| !(-90.0..=90.0).contains(&lat))
            {
                return refuse("位置不在地球上 (not a place)".into());
            }
            if lon.is_some() != lat.is_some() {
                return refuse("经度、纬度要一起填 (longitude and latitude together)".into());
            }
            text("finding", finding)
        }
        Content::Assignment { body, what, .. } => text("body", body).and_then(|()| text("what", what)),
        Content::Report { body, progress, text: words, .. } => {
            if progress.is_sign_negative() || *progress > Decimal::ONE {
                return refuse(format!("progress = {progress}：应在 0～1 (between 0 and 1)"));
            }
            text("body", body).and_then(|()| text("text", words))
        }
        Content::Appeal { text: words, .. } | Content::Retraction { text: words, .. } => text("text", words),
    }
}

/// The first of a chain of corrections, which holds from when it was entered and decided. `find` knows all that may have
/// been corrected.
pub fn first_of<'i>(find: impl Fn(Id) -> Option<&'i Item>, item: &'i Item) -> &'i Item {
    let mut first = item;
    // A correction is younger than what it corrects, so this ends.
    while let Some(older) = first.replaces.and_then(&find).filter(|other| other.id < first.id) {
        first = older;
    }
    first
}

/// When an item was decided (entered, before it is): of several the last one counts.
pub type Turn = (Timestamp, Id);

/// Items by their number.
pub struct ById<'i>(HashMap<Id, &'i Item>);

impl<'i> ById<'i> {
    pub fn new(items: impl IntoIterator<Item = &'i Item>) -> Self {
        Self(items.into_iter().map(|item| (item.id, item)).collect())
    }

    /// The first of the chain of corrections that an item is the last of.
    pub fn first(&self, item: &'i Item) -> &'i Item {
        first_of(|id| self.0.get(&id).copied(), item)
    }

    /// A correction stands in the place of what it corrects: it does not come before what was decided since.
    pub fn turn(&self, item: &'i Item) -> Turn {
        let first = self.first(item);
        (first.decided_at.unwrap_or(first.entered_at), first.id)
    }
}

/// The stage that approved items say last, with its item; `items` are those of one project. A correction stands in the
/// place of what it corrects.
pub fn newest_stage<'i>(items: &[&'i Item]) -> Option<(Id, &'i str)> {
    let by_id = ById::new(items.iter().copied());
    let stages = items.iter().copied().filter(|item| item.approved()).filter_map(|item| match &item.content {
        Content::Stage { to } => Some((by_id.turn(item), item.id, to.as_str())),
        _ => None,
    });
    stages.max().map(|(_, id, to)| (id, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(subject: &str, content: Content, note: &str, files: usize) -> Option<String> {
        let files = vec![Attached { hash: "00".into(), file_name: "a.pdf".into() }; files];
        check(subject, &content, note, &files).err().map(|problem| problem.code.describe().0.to_owned())
    }

    #[test]
    fn what_an_item_must_have() {
        let value = || Content::Value { value: Decimal::from(65) };
        assert_eq!(refused("indicator:forest-cover", value(), "", 1), None);
        assert_eq!(refused("indicator:forest-cover", value(), "", 0).as_deref(), Some("QS-3002"));
        assert_eq!(refused("project:1", value(), "", 1).as_deref(), Some("QS-2002"));
        let target = || Content::Target { target_year: 2025, operator: "<=".into(), value: Decimal::from(27) };
        assert_eq!(refused("indicator:pm25", target(), "", 0).as_deref(), Some("QS-2002"));
        assert_eq!(refused("indicator:pm25", target(), "市级下达新目标", 0), None);
        let done = |done: Option<&str>| Content::Milestone {
            name: "完工".into(),
            due: "2025-06-30".into(),
            done: done.map(str::to_owned),
        };
        assert_eq!(refused("project:1", done(None), "", 0), None);
        assert_eq!(refused("project:1", done(Some("2025-06-01")), "", 0).as_deref(), Some("QS-3002"));
        assert_eq!(refused("project:1", done(Some("2025-02-30")), "", 1).as_deref(), Some("QS-2002"));
        let money = |amount| Content::Money { step: MoneyStep::Paid, source: MoneySource::County, amount };
        assert_eq!(refused("project:1", money(Decimal::from(-1)), "", 0).as_deref(), Some("QS-2002"));
    }
}
