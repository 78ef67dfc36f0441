//! Whether an entry fits the plan and what was entered before: years, bodies, bounds, the life cycle, what it corrects
//! or appeals against.

use kernel::{Action, Actor, Day, ErrorCode, Id, Problem, Timestamp};
use rust_decimal::Decimal;

use super::{Draft, Loaded, Plan, reading};
use crate::item::{self, Content, Item, MoneyStep, State};
use crate::model::{Direction, Indicator};
use crate::portfolio;
use crate::scheme::Stage;
use crate::unit::normalise;

/// Whether an item is a body's own: it entered it, or it is a report about it.
fn is_own(loaded: &Loaded, actor: &Actor, item: &Item) -> bool {
    let reported = match &item.content {
        Content::Report { body, .. } => Some(loaded.body_key(body).unwrap_or(body)),
        _ => None,
    };
    item.entered_by == actor.id
        || actor.body.as_deref().is_some_and(|own| item.body.as_deref() == Some(own) || reported == Some(own))
}

/// Whether a body has a part in a subject: the plan says so, or somebody assigned it since.
pub(super) fn answers_for(loaded: &Loaded, subject: &str, body: &str, items: &[Item]) -> bool {
    let same = |name: &str| name == body || loaded.body_key(name).is_some_and(|key| key == body);
    let assigned = |item: &Item| {
        item.approved()
            && item.subject == subject
            && matches!(&item.content, Content::Assignment { body: to, .. } if same(to))
    };
    loaded.bodies_of(subject).iter().any(|name| same(name)) || items.iter().any(assigned)
}

/// What is looked at again, in the transaction that keeps or decides: what may be there once, and what adds up.
/// `own` are the items of the subject, `skip` those whose place the content takes.
pub(super) fn may_stand(
    loaded: &Loaded,
    (subject, year, content): (&str, i32, &Content),
    own: &[Item],
    skip: &[Option<Id>],
    today: &str,
) -> Result<(), Problem> {
    let others: Vec<&Item> = own.iter().filter(|item| !skip.contains(&Some(item.id))).collect();
    not_twice(year, content, &others)?;
    if let Content::Quantity { .. } = content {
        let replaced = own.iter().find(|item| item.approved() && skip.contains(&Some(item.id)));
        adds_up_possibly(loaded, (subject, content), &others, replaced, today)?;
    }
    Ok(())
}

/// What can be there once only is corrected, not entered again.
fn not_twice(year: i32, content: &Content, others: &[&Item]) -> Result<(), Problem> {
    let twice = |what: String| Err(Problem::new(ErrorCode::NoTransition, what));
    let approved = || others.iter().filter(|item| item.approved());
    match content {
        Content::Value { .. }
            if approved().any(|item| item.year == year && matches!(item.content, Content::Value { .. })) =>
        {
            twice(format!("{year} 年已有审核通过的数值，请更正它 (correct the approved value instead)"))
        }
        Content::Assignment { body, .. } => {
            let same = |item: &&&Item| {
                item.year == year && matches!(&item.content, Content::Assignment { body: to, .. } if to == body)
            };
            match approved().find(same) {
                Some(_) => {
                    twice(format!("{year} 年已分解给“{body}”，请更正它 (correct the approved assignment instead)"))
                }
                None => Ok(()),
            }
        }
        Content::Contract { number, .. } => {
            let same = |item: &&&Item| matches!(&item.content, Content::Contract { number: known, .. } if known.trim() == number.trim());
            match approved().find(same) {
                Some(_) => twice(format!("合同“{number}”已经填过 (this contract is there already)")),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Done quantities together within `most_done` of the scheme; a correction that lowers the sum always is.
fn adds_up_possibly(
    loaded: &Loaded,
    (subject, content): (&str, &Content),
    others: &[&Item],
    replaced: Option<&Item>,
    today: &str,
) -> Result<(), Problem> {
    let Content::Quantity { quantity, unit, amount } = content else { return Ok(()) };
    let number = subject.strip_prefix("project:").and_then(|number| number.parse().ok());
    let project = loaded.project(number.ok_or_else(|| Problem::not_found("没有这个项目 (no such project)"))?)?;
    let state = portfolio::state(project, others, &loaded.rules, &loaded.townships, today);
    let (dimension, one) = normalise(Decimal::ONE, unit);
    let row = state
        .quantities
        .iter()
        .find(|row| row.kind == *quantity && normalise(Decimal::ONE, &row.unit).0 == dimension)
        .ok_or_else(|| {
            Problem::invalid(format!(
                "项目没有“{quantity}”，或单位“{unit}”不能换算 (no such quantity, or another unit)"
            ))
        })?;
    let in_row =
        |amount: Decimal, one: Decimal| amount.checked_mul(one)?.checked_div(normalise(Decimal::ONE, &row.unit).1);
    let wanted = in_row(*amount, one);
    let before = match replaced.map(|item| &item.content) {
        Some(Content::Quantity { amount, unit, .. }) => in_row(*amount, normalise(Decimal::ONE, unit).1),
        _ => None,
    };
    let (done, most) = (row.done.unwrap_or_default(), loaded.rules.scheme.most_done);
    let lowers = before.zip(wanted).is_some_and(|(before, wanted)| wanted <= before);
    if lowers || wanted.is_some_and(|amount| done + amount <= row.planned * most) {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "已完成 {done} {}，再加 {amount} {unit} 超过计划 {} 的 {most} 倍，请核对单位 (more than {most} times what is planned: check the unit)",
        row.unit, row.planned
    )))
}

impl Plan {
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
        self.may_say(&loaded, actor, draft)?;
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
                if !answers_for(&loaded, &draft.subject, body, &self.items()) {
                    return Err(Problem::invalid(format!(
                        "“{body}”不承担 {} (has no part in it: assign it first)",
                        draft.subject
                    )));
                }
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
                let items = self.items();
                let stage = self.may_go(&items, &draft.subject, to, draft.replaces, now)?;
                let own: Vec<&Item> =
                    items.iter().filter(|one| one.subject == draft.subject && Some(one.id) != draft.replaces).collect();
                let before = item::newest_stage(&own)
                    .and_then(|(id, _)| own.iter().find(|one| one.id == id).map(|one| one.year));
                if let Some(before) = before.filter(|before| draft.year < *before) {
                    return Err(Problem::invalid(format!(
                        "上一阶段是 {before} 年的，这一阶段不会早于它 (not before the stage that it follows)"
                    )));
                }
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
                let days = loaded.rules.scheme.appeal_days;
                let late = |at: Timestamp| days.is_some_and(|days| now.millis() - at.millis() > i64::from(days) * DAY);
                if other.decided_at.is_some_and(late) {
                    return Err(Problem::new(
                        ErrorCode::NoTransition,
                        format!("申诉期限 {} 天已过 (too late to appeal)", days.unwrap_or_default()),
                    ));
                }
                let own: Vec<&Item> = items.iter().filter(|item| item.subject == draft.subject).collect();
                may_be_opened(other, &own)
            }
            Content::Retraction { of, .. } => {
                let items = self.items();
                let other = items.iter().find(|item| item.id == *of);
                let other = other.ok_or_else(|| Problem::not_found("没有要撤销的条目 (nothing to retract)"))?;
                if other.subject != draft.subject || other.year != draft.year {
                    return Err(Problem::invalid("撤销与原条目同一对象、同一年 (of the same subject and year)"));
                }
                if !actor.may(Action::EditPlan, None) && !is_own(&loaded, actor, other) {
                    return Err(Problem::new(
                        ErrorCode::NotAllowed,
                        "只能撤销本单位的条目 (one retracts one's own entry)",
                    ));
                }
                let own: Vec<&Item> = items.iter().filter(|item| item.subject == draft.subject).collect();
                may_be_retracted(&loaded, other, &own)
            }
            _ => Ok(()),
        }
    }

    /// Whether an actor may say that kind of thing: a body that was given a part reports, what a project has come to is
    /// said by those who lead it, and inspections are made by others than the inspected.
    fn may_say(&self, loaded: &Loaded, actor: &Actor, draft: &Draft) -> Result<(), Problem> {
        if actor.may(Action::EditPlan, None) {
            return Ok(());
        }
        let of_body = |names: &[String]| {
            names.iter().any(|name| actor.body.as_deref() == Some(loaded.body_key(name).unwrap_or(name)))
        };
        let refuse = |why: &str| Err(Problem::new(ErrorCode::NotAllowed, why.to_owned()));
        match &draft.content {
            Content::Inspection { .. } if actor.may(Action::InspectProjects, None) => Ok(()),
            Content::Inspection { .. } => {
                refuse("现场检查由执法、规划人员填，不由被检查的单位填 (not by the inspected body)")
            }
            // Of one's own, whatever one has a part in now; whose it is, is looked at with what it is about.
            Content::Appeal { .. } | Content::Retraction { .. } => Ok(()),
            _ if !self.has_part(actor, &draft.subject) => {
                refuse("只能填本单位承担的事项 (only what your body is responsible for)")
            }
            Content::Stage { .. } | Content::Change { .. } | Content::Contract { .. } => {
                let number = draft.subject.strip_prefix("project:").and_then(|number| number.parse().ok());
                match number.and_then(|number| loaded.project(number).ok()) {
                    Some(project) if of_body(&project.lead) => Ok(()),
                    _ => {
                        refuse("阶段、变更、合同由牵头单位填 (only the lead body enters stages, changes and contracts)")
                    }
                }
            }
            Content::Value { .. } if !of_body(&loaded.bodies_of(&draft.subject)) => {
                refuse("数值由指标的责任单位填 (only a body that the indicator names states its value)")
            }
            _ => Ok(()),
        }
    }

    /// What somebody may enter of an indicator.
    pub(crate) fn indicator_kinds(&self, actor: &Actor, id: &str) -> Vec<&'static str> {
        if actor.may(Action::EditPlan, None) {
            return vec!["value", "target", "assignment"];
        }
        let loaded = self.loaded();
        let named = loaded.bodies_of(&format!("indicator:{id}"));
        let own = |name: &String| actor.may(Action::EditPlan, Some(loaded.body_key(name).unwrap_or(name)));
        if named.iter().any(own) { vec!["value"] } else { Vec::new() }
    }

    /// What somebody may enter of a project.
    pub(crate) fn kinds_for(&self, actor: &Actor, number: u32) -> Vec<&'static str> {
        let loaded = self.loaded();
        let Ok(project) = loaded.project(number) else { return Vec::new() };
        let own = |names: &[String]| {
            names.iter().any(|name| actor.may(Action::EditPlan, Some(loaded.body_key(name).unwrap_or(name))))
        };
        let all = actor.may(Action::EditPlan, None);
        let (lead, part) = (all || own(&project.lead), all || own(&project.cooperating) || own(&project.lead));
        let quantities = !project.quantities.is_empty();
        let kinds = [
            ("stage", lead),
            ("money", part),
            ("quantity", part && quantities),
            ("milestone", part),
            ("contract", lead),
            ("change", lead),
            ("inspection", actor.may(Action::InspectProjects, None)),
        ];
        kinds.into_iter().filter(|(_, may)| *may).map(|(kind, _)| kind).collect()
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
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == draft.subject).collect();
        may_be_replaced(other, &own)
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
        let number = subject.strip_prefix("project:").and_then(|number| number.parse().ok());
        let project = loaded.project(number.ok_or_else(|| Problem::not_found("没有这个项目 (no such project)"))?)?;
        let own: Vec<&Item> = items.iter().filter(|item| item.subject == subject && Some(item.id) != skip).collect();
        let state = portfolio::state(project, &own, &loaded.rules, &loaded.townships, &now.day().to_iso());
        loaded.rules.may_go(state.stage.as_deref(), state.stage_before.as_deref(), to).cloned()
    }
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

/// Only what is approved is taken back. A change of a target is changed again instead, so that the years that were
/// judged by it stay; of stages only the last goes.
pub(super) fn may_be_retracted(loaded: &Loaded, other: &Item, own: &[&Item]) -> Result<(), Problem> {
    match &other.content {
        // What a body was asked for is not taken from under its reports.
        Content::Assignment { body, .. } if other.approved() && reported_on(loaded, other, body, own) => {
            Err(Problem::new(
                ErrorCode::NoTransition,
                "这个单位已就此自评，先撤销自评再撤销分解 (the body reported on it: retract the report first)",
            ))
        }
        Content::Appeal { .. } | Content::Retraction { .. } => {
            Err(Problem::new(ErrorCode::NoTransition, "申诉和撤销本身不能撤销 (not of appeals and retractions)"))
        }
        Content::Target { .. } => Err(Problem::new(
            ErrorCode::NoTransition,
            "目标变更不撤销，再填一次变更改回 (change the target again instead)",
        )),
        _ if !other.approved() => {
            Err(Problem::new(ErrorCode::NoTransition, "只撤销已审核的条目 (only what was approved is retracted)"))
        }
        _ => may_be_replaced(other, own),
    }
}

/// Whether a body that only an assignment named reported on it.
fn reported_on(loaded: &Loaded, assignment: &Item, body: &str, own: &[&Item]) -> bool {
    !loaded.bodies_of(&assignment.subject).iter().any(|name| name == body)
        && own.iter().any(|item| {
            matches!(item.state, State::Approved | State::Entered)
                && matches!(&item.content, Content::Report { body: by, .. } if by == body)
        })
}

/// An appeal opens a decision, and only a decision. `own`: the items of its subject.
pub(super) fn may_be_opened(other: &Item, own: &[&Item]) -> Result<(), Problem> {
    if other.approved() {
        match &other.content {
            // Years were judged by it since.
            Content::Target { .. } => {
                let why = "已批准的目标变更不因申诉撤回，再填一次变更 (change the target again instead)";
                return Err(Problem::new(ErrorCode::NoTransition, why));
            }
            Content::Stage { .. } => may_be_replaced(other, own)?,
            _ => {}
        }
    }
    if matches!(other.content, Content::Appeal { .. } | Content::Retraction { .. }) {
        let why = "对申诉的结论不再申诉 (no appeal against the decision on an appeal)";
        return Err(Problem::new(ErrorCode::NoTransition, why));
    }
    match other.state {
        State::Approved | State::Returned => Ok(()),
        _ => Err(Problem::new(
            ErrorCode::NoTransition,
            "条目没有审核结论，或已撤回、已更正，不能申诉 (not decided, withdrawn or corrected)",
        )),
    }
}

/// `own`: the items of its subject.
pub(super) fn may_be_replaced(other: &Item, own: &[&Item]) -> Result<(), Problem> {
    // The life cycle went on from the earlier ones.
    if matches!(other.content, Content::Stage { .. })
        && other.approved()
        && item::newest_stage(own).is_none_or(|(id, _)| id != other.id)
    {
        return Err(Problem::new(
            ErrorCode::NoTransition,
            "只能更正最近的阶段 (only the last stage is corrected: the life cycle went on from the others)",
        ));
    }
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
