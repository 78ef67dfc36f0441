//! Whether an entry fits the plan and what was entered before: years, bodies, bounds, the life cycle, what it corrects
//! or appeals against.

use kernel::{Action, Actor, Day, ErrorCode, Id, Problem, Timestamp};
use rust_decimal::Decimal;

use super::author::{answers_for, is_own, known_body};
use super::entry_rules::{may_be_opened, may_be_replaced, may_be_retracted};
use super::{Draft, Loaded, Plan, reading};
use crate::item::{self, Content, Item, MoneyStep};
use crate::model::{Direction, Indicator};
use crate::scheme::Stage;

impl Plan {
    /// Refuses what does not fit, by name. Looked at once more where it is decided: `entry_rules.rs`.
    pub(super) fn admit(&self, actor: &Actor, draft: &Draft, now: Timestamp) -> Result<(), Problem> {
        let loaded = self.loaded();
        let years = reading!(self.sheet).years();
        if !years.contains(&draft.year) {
            let (from, to) = (years.start(), years.end());
            return Err(Problem::invalid(format!(
                "{} 年不在规划的年份 {from}～{to} 里 (outside the years of the plan)",
                draft.year
            )));
        }
        not_of_the_future(draft, now.day())?;
        self.may_say(&loaded, actor, &draft.subject, draft.content.kind())?;
        self.corrects(&loaded, actor, draft)?;
        let indicator = draft.subject.strip_prefix("indicator:").and_then(|id| loaded.indicator(id).ok());
        let within = |value: &Decimal| indicator.map_or(Ok(()), |one| bounded(&loaded, one, value));
        match &draft.content {
            Content::Value { value } => within(value),
            Content::Target { target_year, operator, value } => {
                if !(loaded.plan.period[0]..=loaded.plan.horizon).contains(target_year) {
                    return Err(Problem::invalid(format!(
                        "{target_year} 年不在规划期和远景期里 (the plan has no such target year)"
                    )));
                }
                if let Some(indicator) = indicator {
                    fits_direction(indicator, operator)?;
                }
                within(value)
            }
            Content::Assignment { body, target, .. } => {
                known_body(&loaded, body)?;
                target.as_ref().map_or(Ok(()), within)
            }
            Content::Report { body, value, .. } => {
                self.fits_report(&loaded, actor, &draft.subject, body)?;
                value.as_ref().map_or(Ok(()), within)
            }
            Content::Inspection { lon: Some(lon), lat: Some(lat), .. } => match self.extent {
                Some([west, south, east, north]) if !(west..=east).contains(lon) || !(south..=north).contains(lat) => {
                    Err(Problem::invalid(format!(
                        "位置 {lon}, {lat} 不在县域 {west}～{east}, {south}～{north} 内 (outside the county)"
                    )))
                }
                _ => Ok(()),
            },
            Content::Stage { to } => self.fits_stage(draft, to, now),
            Content::Appeal { of, .. } => self.fits_appeal(&loaded, actor, draft, *of, now),
            Content::Retraction { of, .. } => self.fits_retraction(&loaded, actor, draft, *of),
            _ => Ok(()),
        }
    }

    /// A body reports for itself, about what it has a part in.
    fn fits_report(&self, loaded: &Loaded, actor: &Actor, subject: &str, body: &str) -> Result<(), Problem> {
        known_body(loaded, body)?;
        if !answers_for(loaded, subject, body, &self.items()) {
            return Err(Problem::invalid(format!("“{body}”不承担 {subject} (has no part in it: assign it first)")));
        }
        let key = loaded.body_key(body).unwrap_or(body);
        if !actor.may(Action::EditPlan, None) && actor.body.as_deref() != Some(key) {
            let why = format!("不能替“{body}”自评 (nobody reports for another body)");
            return Err(Problem::new(ErrorCode::NotAllowed, why));
        }
        Ok(())
    }

    /// A stage follows the one before it, with the proof and the reason that the life cycle asks for.
    fn fits_stage(&self, draft: &Draft, to: &str, now: Timestamp) -> Result<(), Problem> {
        let items = self.items();
        let stage = self.may_go(&items, &draft.subject, to, draft.replaces, now)?;
        let own: Vec<&Item> =
            items.iter().filter(|one| one.subject == draft.subject && Some(one.id) != draft.replaces).collect();
        let before =
            item::newest_stage(&own).and_then(|(id, _)| own.iter().find(|one| one.id == id).map(|one| one.year));
        if let Some(before) = before.filter(|before| draft.year < *before) {
            return Err(Problem::invalid(format!(
                "上一阶段是 {before} 年的，这一阶段不会早于它 (not before the stage that it follows)"
            )));
        }
        if stage.needs_evidence && draft.evidence.is_empty() {
            return Err(Problem::new(ErrorCode::EvidenceMissing, "这个阶段要附证明 (this stage needs its proof)"));
        }
        if stage.needs_note && draft.note.trim().is_empty() {
            return Err(Problem::invalid("这个阶段要写明理由 (say why)"));
        }
        Ok(())
    }

    /// An appeal is against a decision about one's own entry, in time.
    fn fits_appeal(
        &self,
        loaded: &Loaded,
        actor: &Actor,
        draft: &Draft,
        of: Id,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let items = self.items();
        let other = items.iter().find(|item| item.id == of);
        let other =
            other.ok_or_else(|| Problem::not_found("没有可申诉的审核结论 (nothing decided to appeal against)"))?;
        if other.subject != draft.subject {
            return Err(Problem::invalid(format!(
                "申诉的条目属于 {} (the entry belongs to another subject)",
                other.subject
            )));
        }
        if !is_own(loaded, actor, other) {
            let why = "只能就本单位的条目申诉 (an appeal is for one's own entry)";
            return Err(Problem::new(ErrorCode::NotAllowed, why));
        }
        let days = loaded.rules.scheme.appeal_days;
        let late = |at: Timestamp| days.is_some_and(|days| now.millis() - at.millis() > i64::from(days) * DAY);
        if other.decided_at.is_some_and(late) {
            let why = format!("申诉期限 {} 天已过 (too late to appeal)", days.unwrap_or_default());
            return Err(Problem::new(ErrorCode::NoTransition, why));
        }
        may_be_opened(other, &of_subject(&items, &draft.subject))
    }

    fn fits_retraction(&self, loaded: &Loaded, actor: &Actor, draft: &Draft, of: Id) -> Result<(), Problem> {
        let items = self.items();
        let other = items.iter().find(|item| item.id == of);
        let other = other.ok_or_else(|| Problem::not_found("没有要撤销的条目 (nothing to retract)"))?;
        if other.subject != draft.subject || other.year != draft.year {
            return Err(Problem::invalid("撤销与原条目同一对象、同一年 (of the same subject and year)"));
        }
        if !actor.may(Action::EditPlan, None) && !is_own(loaded, actor, other) {
            let why = "只能撤销本单位的条目 (one retracts one's own entry)";
            return Err(Problem::new(ErrorCode::NotAllowed, why));
        }
        may_be_retracted(loaded, other, &of_subject(&items, &draft.subject))
    }

    /// What a correction may take the place of.
    fn corrects(&self, loaded: &Loaded, actor: &Actor, draft: &Draft) -> Result<(), Problem> {
        let Some(id) = draft.replaces else { return Ok(()) };
        let items = self.items();
        let other = items.iter().find(|item| item.id == id);
        let other = other.ok_or_else(|| Problem::not_found(format!("没有要更正的条目 {id} (nothing to correct)")))?;
        let same = other.subject == draft.subject && other.content.kind() == draft.content.kind();
        let same = same && other.year == draft.year && same_place(&other.content, &draft.content);
        if !same || matches!(other.content, Content::Appeal { .. } | Content::Retraction { .. }) {
            return Err(Problem::invalid(
                "更正要与原条目同一对象、同一年、同一种类，同一单位、工程量、里程碑或资金来源 (of the same subject, year, kind, and body, quantity, milestone or source)",
            ));
        }
        if !actor.may(Action::EditPlan, None) && !is_own(loaded, actor, other) {
            return Err(Problem::new(ErrorCode::NotAllowed, "只能更正本单位的条目 (one corrects one's own entry)"));
        }
        may_be_replaced(other, &of_subject(&items, &draft.subject))
    }

    /// Whether a project may go on to a stage, from the given items; `skip` is the item that is being corrected.
    pub(crate) fn may_go(
        &self,
        items: &[Item],
        subject: &str,
        to: &str,
        skip: Option<Id>,
        now: Timestamp,
    ) -> Result<Stage, Problem> {
        let loaded = self.loaded();
        let project = loaded.project_of(subject)?;
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject && Some(item.id) != skip).collect();
        let state = loaded.state_of(project, &own, &now.day().to_iso());
        loaded.rules.may_go(state.stage.as_deref(), state.stage_before.as_deref(), to).cloned()
    }
}

fn of_subject<'i>(items: &'i [Item], subject: &str) -> Vec<&'i Item> {
    items.iter().filter(|item| item.subject == subject).collect()
}

/// Milliseconds.
const DAY: i64 = 86_400_000;

/// Nothing is reported, paid, done or signed before its time. Planned and arranged money, targets, assignments and due
/// dates lie ahead.
fn not_of_the_future(draft: &Draft, today: Day) -> Result<(), Problem> {
    let ahead = match &draft.content {
        Content::Money { step, .. } => matches!(step, MoneyStep::Planned | MoneyStep::Arranged),
        Content::Target { .. } | Content::Assignment { .. } => true,
        // Of what was entered ahead.
        Content::Appeal { .. } | Content::Retraction { .. } => true,
        Content::Milestone { done, .. } => done.is_none(),
        _ => false,
    };
    let (this_year, _, _) = today.civil();
    if !ahead && draft.year > this_year {
        return Err(Problem::invalid(format!("{} 年还没有到 (that year has not come)", draft.year)));
    }
    let today = today.to_iso();
    let dates = match &draft.content {
        Content::Milestone { done: Some(done), .. } => Some(("done", done)),
        Content::Contract { signed_on, .. } => Some(("signed_on", signed_on)),
        _ => None,
    };
    match dates.filter(|(_, date)| **date > today) {
        Some((name, date)) => Err(Problem::invalid(format!("{name} = {date}：这一天还没有到 (that day has not come)"))),
        None => Ok(()),
    }
}

/// Bounds of an indicator's values: its own, else those that the scheme has for its unit.
pub(super) fn bounded(loaded: &Loaded, indicator: &Indicator, value: &Decimal) -> Result<(), Problem> {
    let (least, most) = loaded.rules.range_of(indicator);
    if least.is_none_or(|least| *value >= least) && most.is_none_or(|most| *value <= most) {
        return Ok(());
    }
    let text = |bound: Option<Decimal>| bound.map_or_else(|| "不限".to_owned(), |bound| bound.normalize().to_string());
    Err(Problem::invalid(format!(
        "{value} {} 不可能：应在 {}～{} (impossible; the indicator may say its `range`)",
        indicator.unit,
        text(least),
        text(most)
    )))
}

fn fits_direction(indicator: &Indicator, operator: &str) -> Result<(), Problem> {
    let against = match indicator.direction {
        Direction::HigherIsBetter => operator.starts_with('<'),
        Direction::LowerIsBetter => operator.starts_with('>'),
        Direction::Neutral => false,
    };
    match against {
        false => Ok(()),
        true => Err(Problem::invalid(format!(
            "符号 {operator} 与指标的方向相反 (the operator is against the indicator's direction)"
        ))),
    }
}

/// Whether two entries of a kind speak of the same thing.
fn same_place(one: &Content, other: &Content) -> bool {
    match (one, other) {
        (Content::Report { body: one, .. }, Content::Report { body: other, .. })
        | (Content::Assignment { body: one, .. }, Content::Assignment { body: other, .. })
        | (Content::Quantity { quantity: one, .. }, Content::Quantity { quantity: other, .. })
        | (Content::Milestone { name: one, .. }, Content::Milestone { name: other, .. }) => one == other,
        (Content::Money { step: one, source: from, .. }, Content::Money { step: other, source, .. }) => {
            one == other && from == source
        }
        (Content::Target { target_year: one, .. }, Content::Target { target_year: other, .. }) => one == other,
        _ => true,
    }
}
