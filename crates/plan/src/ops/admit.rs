//! Whether an entry fits the plan and what was entered before: years, bodies, bounds, the life cycle, what it corrects
//! or appeals against.

use kernel::{Action, Actor, ErrorCode, Id, Problem, Timestamp};
use rust_decimal::Decimal;

use super::{Draft, Loaded, Plan};
use crate::item::{Content, Item, State};
use crate::model::{Direction, Indicator};
use crate::portfolio;
use crate::scheme::Stage;

/// Whether an item is a body's own: it entered it, or it is a report about it.
fn is_own(loaded: &Loaded, actor: &Actor, item: &Item) -> bool {
    let reported = match &item.content {
        Content::Report { body, .. } => Some(loaded.body_key(body).unwrap_or(body)),
        _ => None,
    };
    item.body == actor.body || (reported.is_some() && reported == actor.body.as_deref())
}

impl Plan {
    pub(super) fn admit(&self, actor: &Actor, draft: &Draft, now: Timestamp) -> Result<(), Problem> {
        let loaded = self.loaded();
        if !(loaded.plan.period[0] - 5..=loaded.plan.horizon + 10).contains(&draft.year) {
            return Err(Problem::invalid(format!("{} 年不在规划的年份里 (outside the years of the plan)", draft.year)));
        }
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
                known_body(&loaded, body)?;
                let key = loaded.body_key(body).unwrap_or(body);
                if !actor.may(Action::EditPlan, None) && actor.body.as_deref() != Some(key) {
                    return Err(Problem::new(
                        ErrorCode::NotAllowed,
                        format!("不能替“{body}”自评 (nobody reports for another body)"),
                    ));
                }
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
            Content::Stage { to } => {
                let stage = self.may_go(&self.items(), &draft.subject, to, draft.replaces, now)?;
                if stage.needs_evidence && draft.evidence.is_empty() {
                    return Err(Problem::new(
                        ErrorCode::EvidenceMissing,
                        "这个阶段要附证明 (this stage needs its proof)",
                    ));
                }
                if stage.needs_note && draft.note.trim().is_empty() {
                    return Err(Problem::invalid("这个阶段要写明理由 (say why)"));
                }
                Ok(())
            }
            Content::Quantity { quantity, unit, .. } => {
                let state = self.project_state(&draft.subject, now)?;
                let fits = state.quantities.iter().any(|row| {
                    row.kind == *quantity
                        && crate::unit::normalise(Decimal::ONE, &row.unit).0
                            == crate::unit::normalise(Decimal::ONE, unit).0
                });
                match fits {
                    true => Ok(()),
                    false => Err(Problem::invalid(format!(
                        "项目没有“{quantity}”，或单位“{unit}”不能换算 (no such quantity, or another unit)"
                    ))),
                }
            }
            Content::Appeal { of, .. } => {
                let items = self.items();
                let other = items
                    .iter()
                    .find(|item| item.id == *of)
                    .ok_or_else(|| Problem::not_found("没有可申诉的审核结论 (nothing decided to appeal against)"))?;
                if other.subject != draft.subject {
                    return Err(Problem::invalid(format!(
                        "申诉的条目属于 {} (the entry belongs to another subject)",
                        other.subject
                    )));
                }
                if !is_own(&loaded, actor, other) {
                    return Err(Problem::new(
                        ErrorCode::NotAllowed,
                        "只能就本单位的条目申诉 (an appeal is for one's own entry)",
                    ));
                }
                may_be_opened(other)
            }
            _ => Ok(()),
        }
    }

    /// What a correction may take the place of.
    fn corrects(&self, loaded: &Loaded, actor: &Actor, draft: &Draft) -> Result<(), Problem> {
        let Some(id) = draft.replaces else { return Ok(()) };
        let items = self.items();
        let other = items.iter().find(|item| item.id == id);
        let other = other.ok_or_else(|| Problem::not_found(format!("没有要更正的条目 {id} (nothing to correct)")))?;
        let same = other.subject == draft.subject && other.content.kind() == draft.content.kind();
        let same = same && other.year == draft.year && same_place(&other.content, &draft.content);
        if !same || matches!(other.content, Content::Appeal { .. }) {
            return Err(Problem::invalid(
                "更正要与原条目同一对象、同一年、同一种类，同一单位、工程量、里程碑或资金来源 (of the same subject, year, kind, and body, quantity, milestone or source)",
            ));
        }
        if !actor.may(Action::EditPlan, None) && !is_own(loaded, actor, other) {
            return Err(Problem::new(ErrorCode::NotAllowed, "只能更正本单位的条目 (one corrects one's own entry)"));
        }
        may_be_replaced(other)
    }

    /// Whether a project may go on to a stage, from the given items; `skip` is the item that is being corrected.
    pub(super) fn may_go(
        &self,
        items: &[Item],
        subject: &str,
        to: &str,
        skip: Option<Id>,
        now: Timestamp,
    ) -> Result<Stage, Problem> {
        let loaded = self.loaded();
        let number = subject.strip_prefix("project:").and_then(|number| number.parse().ok());
        let project = loaded.project(number.ok_or_else(|| Problem::not_found("没有这个项目 (no such project)"))?)?;
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject && Some(item.id) != skip).collect();
        let state = portfolio::state(project, &own, &loaded.rules, &loaded.townships, &now.day().to_iso());
        loaded.rules.may_go(state.stage.as_deref(), state.stage_before.as_deref(), to).cloned()
    }
}

/// An appeal opens a decision, and only a decision.
pub(super) fn may_be_opened(other: &Item) -> Result<(), Problem> {
    match other.state {
        State::Approved | State::Returned => Ok(()),
        _ => Err(Problem::new(
            ErrorCode::NoTransition,
            "条目没有审核结论，或已撤回、已更正，不能申诉 (not decided, withdrawn or corrected)",
        )),
    }
}

pub(super) fn may_be_replaced(other: &Item) -> Result<(), Problem> {
    match other.state {
        State::Approved => Ok(()),
        State::Replaced => {
            Err(Problem::new(ErrorCode::NoTransition, "原条目已有更正，请更正最新的一条 (corrected already)"))
        }
        _ => Err(Problem::new(
            ErrorCode::NoTransition,
            "只更正已审核的条目；未审核的请撤回重填 (only what was approved is corrected)",
        )),
    }
}

fn known_body(loaded: &Loaded, body: &str) -> Result<(), Problem> {
    let named = |list: &[String]| list.iter().any(|name| name == body);
    let known = loaded.bodies.iter().any(|(_, name)| name == body)
        || loaded.projects.iter().any(|one| named(&one.lead) || named(&one.cooperating))
        || loaded.tasks.iter().any(|one| named(&one.owners))
        || loaded.indicators.iter().any(|one| named(&one.bodies));
    match known {
        true => Ok(()),
        false => Err(Problem::invalid(format!("名录和规划里都没有单位“{body}” (no such body)"))),
    }
}

/// Bounds of an indicator's values: its own, else those that the scheme has for its unit.
fn bounded(loaded: &Loaded, indicator: &Indicator, value: &Decimal) -> Result<(), Problem> {
    let (least, most) = match indicator.range {
        Some([least, most]) => (Some(least), Some(most)),
        None => loaded.rules.bounds_of(&indicator.unit),
    };
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
