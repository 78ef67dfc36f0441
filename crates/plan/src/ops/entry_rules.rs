//! What may stand beside what is there, and what may be taken back: looked at when something is entered, and once more
//! in the transaction that decides, because both may have changed while an entry waited.

use kernel::{ErrorCode, Id, Problem};
use rust_decimal::Decimal;

use super::Loaded;
use crate::item::{self, Content, Item, State};
use crate::unit::normalise;

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
    let replaced = own.iter().find(|item| item.approved() && skip.contains(&Some(item.id)));
    match content {
        Content::Quantity { .. } => adds_up_possibly(loaded, (subject, content), &others, replaced, today),
        Content::Money { .. } | Content::Contract { .. } | Content::Change { estimate: Some(_), .. } => {
            is_payable(loaded, (subject, content), &others, replaced, today)
        }
        _ => Ok(()),
    }
}

/// Amount of an entry about money, 万元.
fn amount_of(content: &Content) -> Option<Decimal> {
    match content {
        Content::Money { amount, .. } | Content::Contract { amount, .. } => Some(*amount),
        Content::Change { estimate, .. } => *estimate,
        _ => None,
    }
}

/// Money of a step and contracts together within `most_money` of the scheme, a changed estimate within `most_change`; a
/// correction that lowers it always is.
fn is_payable(
    loaded: &Loaded,
    (subject, content): (&str, &Content),
    others: &[&Item],
    replaced: Option<&Item>,
    today: &str,
) -> Result<(), Problem> {
    let Some(amount) = amount_of(content) else { return Ok(()) };
    if replaced.and_then(|item| amount_of(&item.content)).is_some_and(|before| amount <= before) {
        return Ok(());
    }
    let state = loaded.state_of(loaded.project_of(subject)?, others, today);
    // Where the plan has no figure there is none to hold it against.
    if state.estimate_now.is_zero() {
        return Ok(());
    }
    let before = match content {
        Content::Money { step, .. } => state.sums.get(*step),
        Content::Contract { .. } => state.contracts,
        _ => None,
    };
    let scheme = &loaded.rules.scheme;
    let (times, instead) = match content {
        Content::Change { .. } => (scheme.most_change, ""),
        _ => (scheme.most_money, "；估算确有调整的先填变更 (or enter the changed estimate first)"),
    };
    let sum = before.unwrap_or_default().checked_add(amount);
    if sum.zip(state.estimate_now.checked_mul(times)).is_some_and(|(sum, most)| sum <= most) {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "{amount} 万元加上已有的 {} 万元，超过估算 {} 万元的 {times} 倍：请核对单位是不是万元 (more than {times} times the estimate: check that the unit is 10,000 yuan){instead}",
        before.unwrap_or_default().normalize(),
        state.estimate_now.normalize(),
    )))
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
    let state = loaded.state_of(loaded.project_of(subject)?, others, today);
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
