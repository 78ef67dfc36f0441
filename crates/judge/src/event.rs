//! What a changed verdict tells others.

use kernel::{EventDraft, Point};
use serde_json::json;

use crate::http::unit_of;
use crate::model::{Finding, Item};
use crate::ops::Change;
use crate::plan::Rules;
use crate::{names, period, summary};

/// The event of a change: told when it exceeds, or when an earlier verdict was corrected. The first verdict of a
/// period that is inside its limits is no event: it is the ordinary case, and the verdict row is its record.
pub fn of_change(rules: &Rules, point: &Point, change: &Change) -> Option<EventDraft> {
    let verdict = &change.new;
    if change.old.is_none() && !verdict.finding.exceeding || verdict.finding.running {
        return None;
    }
    let spell = |item: &Item| {
        json!({
            "factor": item.factor.as_str(),
            "name": summary::factor_name(item.factor.as_str()),
            "value": item.value.map(|value| value.to_string()),
            "limit": item.limit.map(|limit| limit.to_string()),
            "unit": unit_of(rules, point, item, verdict.key.start()),
            "times": item.times.map(|times| times.to_string()),
            "over": names::over(item),
            "statistic": item.stat.key(),
        })
    };
    let spells: Vec<_> = verdict.finding.items.iter().filter(|item| item.exceeding()).map(spell).collect();
    let brief = |finding: &Finding| {
        json!({
            "exceeding": finding.exceeding,
            "valid": finding.valid,
            "index": finding.index,
            "summary": summary::of(point, finding),
        })
    };
    Some(EventDraft {
        kind: "judge.verdict_changed",
        actor: "judge".into(),
        subject: point.id.to_string(),
        payload: json!({
            "point": point.id.to_string(),
            "point_kind": point.kind.name(),
            "simulated": point.simulated,
            "level": period::level_name(verdict.key.level),
            "period_start": verdict.key.start(),
            "period_end": verdict.key.end(),
            "standard": verdict.finding.standard,
            "verdict_id": verdict.key.to_string(),
            "revision": verdict.revision,
            "exceeding": verdict.finding.exceeding,
            "spell": verdict.finding.worst().map(spell),
            "spells": spells,
            "old": change.old.as_ref().map(brief),
            "new": brief(&verdict.finding),
        }),
    })
}
