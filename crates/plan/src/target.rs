//! Targets of bodies by year (分解目标): what an approved assignment asks of a body in a year, what the body's
//! approved report says it reached, and whether the parts add up to what the plan asks. Pure.

use std::collections::BTreeMap;

use kernel::Id;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::duty::Ground;
use crate::item::{Content, State};
use crate::model::{Direction, Indicator};

/// What one body is asked for in one year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BodyTarget {
    /// `indicator:pm25`, `task:T-3.1-1`.
    pub subject: String,
    pub name: String,
    pub body: String,
    pub year: i32,
    pub what: String,
    /// `None`: in words only.
    #[schemars(with = "Option<String>")]
    pub target: Option<Decimal>,
    pub unit: String,
    /// What the body's approved report says; `None`: not reported, or not approved.
    #[schemars(with = "Option<String>")]
    pub reached: Option<Decimal>,
    /// `None` without a target, a value or a direction.
    pub met: Option<bool>,
    /// Asks less than the plan's own path does in that year.
    pub weaker: bool,
    pub item: Id,
    pub report: Option<Id>,
    pub report_state: Option<State>,
}

/// Whether the parts of a countable indicator add up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddedUp {
    pub year: i32,
    /// All bodies, from the first year to this one.
    #[schemars(with = "String")]
    pub sum: Decimal,
    pub path: Option<f64>,
    /// How much the parts fall short of the path; `None`: they do not.
    pub short: Option<f64>,
}

/// Amounts add up over bodies and years only where they are amounts.
pub fn adds_up(indicator: &Indicator) -> bool {
    indicator.cumulative && indicator.unit != "%"
}

fn holds(direction: Direction, value: Decimal, target: Decimal) -> Option<bool> {
    match direction {
        Direction::HigherIsBetter => Some(value >= target),
        Direction::LowerIsBetter => Some(value <= target),
        Direction::Neutral => None,
    }
}

/// All targets in force, by subject, body and year; of several for one, the newest that was approved. `path` is what
/// the plan asks of an indicator in a year.
pub fn targets(ground: &Ground<'_>, path: &dyn Fn(&Indicator, i32) -> Option<f64>) -> Vec<BodyTarget> {
    let by_id = &ground.entries.by_id;
    let mut newest: BTreeMap<(&str, &str, i32), &crate::item::Item> = BTreeMap::new();
    for item in ground.entries.assigned.iter().copied() {
        if let Content::Assignment { body, .. } = &item.content {
            let held = newest.entry((&item.subject, body, item.year)).or_insert(item);
            if by_id.turn(held) < by_id.turn(item) {
                *held = item;
            }
        }
    }
    let one = |((subject, body, year), item): ((&str, &str, i32), &crate::item::Item)| {
        let Content::Assignment { target, what, .. } = &item.content else { return None };
        let indicator = subject
            .strip_prefix("indicator:")
            .and_then(|id| ground.indicators.iter().copied().find(|indicator| indicator.id == id));
        let task = subject.strip_prefix("task:").and_then(|id| ground.tasks.iter().find(|task| task.id == id));
        let reports = ground.entries.of(subject).iter().copied().filter(|report| {
            report.year == year
                && !report.state.is_gone()
                && matches!(&report.content, Content::Report { body: by, .. } if by == body)
        });
        let newest_report = reports.clone().max_by_key(|report| report.id);
        let reached =
            reports.filter(|report| report.approved()).max_by_key(|report| by_id.turn(report)).and_then(|report| {
                match &report.content {
                    Content::Report { value, .. } => *value,
                    _ => None,
                }
            });
        let met = indicator
            .zip(target.zip(reached))
            .and_then(|(one, (target, reached))| holds(one.direction, reached, target));
        // Of amounts each body carries a part; anything else every body is asked for in full.
        let weaker = indicator
            .filter(|one| !adds_up(one))
            .zip(*target)
            .and_then(|(one, target)| Some((one.direction, target.to_f64()?, path(one, year)?)))
            .is_some_and(|(direction, target, path)| match direction {
                Direction::HigherIsBetter => target < path - 1e-9,
                Direction::LowerIsBetter => target > path + 1e-9,
                Direction::Neutral => false,
            });
        Some(BodyTarget {
            subject: subject.to_owned(),
            name: indicator.map(|one| one.name.clone()).or(task.map(|task| task.text.clone())).unwrap_or_default(),
            body: body.to_owned(),
            year,
            what: what.clone(),
            target: *target,
            unit: indicator.map(|one| one.unit.clone()).unwrap_or_default(),
            reached,
            met,
            weaker,
            item: item.id,
            report: newest_report.map(|report| report.id),
            report_state: newest_report.map(|report| report.state),
        })
    };
    newest.into_iter().filter_map(one).collect()
}

/// Sums by year, for an indicator whose amounts add up.
pub fn added_up(
    indicator: &Indicator,
    targets: &[BodyTarget],
    path: &dyn Fn(&Indicator, i32) -> Option<f64>,
) -> Vec<AddedUp> {
    if !adds_up(indicator) {
        return Vec::new();
    }
    let mut by_year: BTreeMap<i32, Decimal> = BTreeMap::new();
    for target in targets {
        if let Some(amount) = target.target {
            *by_year.entry(target.year).or_default() += amount;
        }
    }
    let mut sum = Decimal::ZERO;
    by_year
        .into_iter()
        .map(|(year, amount)| {
            sum += amount;
            let path = path(indicator, year);
            let short = path.zip(sum.to_f64()).map(|(path, sum)| path - sum).filter(|short| *short > 1e-9);
            AddedUp { year, sum: sum.normalize(), path, short }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;

    use super::*;
    use crate::duty::Entries;
    use crate::item::Item;
    use crate::scheme::Rules;

    const AMOUNT: &str = "unit = \"亩\"\ncumulative = true\ndirection = \"higher_is_better\"";
    const LEVEL: &str = "unit = \"µg/m³\"\ndirection = \"lower_is_better\"";

    fn item(id: i64, year: i32, content: Content, state: State) -> Item {
        Item {
            id: Id(id),
            subject: "indicator:x".into(),
            year,
            content,
            note: String::new(),
            evidence: Vec::new(),
            replaces: None,
            state,
            entered_by: Id(1),
            entered_name: "a".into(),
            body: None,
            entered_at: Timestamp(id),
            decided_by: Some(Id(2)),
            decided_name: Some("b".into()),
            decided_at: Some(Timestamp(id)),
            decision_note: String::new(),
        }
    }

    fn asks(id: i64, body: &str, year: i32, target: i64) -> Item {
        let content =
            Content::Assignment { body: body.into(), target: Some(Decimal::from(target)), what: "完成".into() };
        item(id, year, content, State::Approved)
    }

    fn reports(id: i64, body: &str, year: i32, value: i64, state: State) -> Item {
        let value = Some(Decimal::from(value));
        let content = Content::Report { body: body.into(), progress: Decimal::ONE, value, text: "自评".into() };
        item(id, year, content, state)
    }

    /// Body, year, target, reached, met, weaker of each; and year, sum, short of the sums.
    type Row = (&'static str, i32, i64, Option<i64>, Option<bool>, bool);
    fn check(body: &str, items: &[Item], expect: &[Row], sums: &[(i32, i64, Option<f64>)]) {
        let text = format!("id = \"x\"\nname = \"x\"\nbindingness = \"binding\"\nplace = \"p\"\n{body}\n");
        let indicator: Indicator = toml::from_str(&text).unwrap();
        let rules = Rules::built_in().unwrap();
        let ground = Ground {
            projects: Vec::new(),
            tasks: Vec::new(),
            indicators: vec![&indicator],
            entries: Entries::new(items),
            rules: &rules,
            period: [2021, 2025],
            since: Timestamp(0),
            later: &BTreeMap::new(),
        };
        let path = |_: &Indicator, year: i32| Some(f64::from(year - 2020) * 100.0);
        let found = targets(&ground, &path);
        let number = |value: Option<Decimal>| value.and_then(|value| value.to_i64());
        let rows: Vec<_> = found
            .iter()
            .map(|one| {
                (one.body.as_str(), one.year, number(one.target).unwrap(), number(one.reached), one.met, one.weaker)
            })
            .collect();
        assert_eq!(rows, expect);
        let added: Vec<_> = added_up(&indicator, &found, &path)
            .iter()
            .map(|one| (one.year, one.sum.to_i64().unwrap(), one.short))
            .collect();
        assert_eq!(added, sums);
    }

    #[test]
    fn the_newest_approved_target_counts_and_amounts_add_up() {
        let items = [
            asks(1, "县林业局", 2021, 10),
            asks(2, "县林业局", 2021, 60),
            asks(3, "县水利局", 2021, 40),
            asks(4, "县水利局", 2022, 30),
        ];
        let rows: [Row; 3] = [
            ("县林业局", 2021, 60, None, None, false),
            ("县水利局", 2021, 40, None, None, false),
            ("县水利局", 2022, 30, None, None, false),
        ];
        check(AMOUNT, &items, &rows, &[(2021, 100, None), (2022, 130, Some(70.0))]);
        let mut waiting = asks(1, "县林业局", 2021, 10);
        waiting.state = State::Entered;
        check(AMOUNT, &[waiting], &[], &[]);
    }

    #[test]
    fn what_was_reached_is_what_an_approved_report_says() {
        let target = asks(1, "镇", 2021, 90);
        let approved = reports(2, "镇", 2021, 95, State::Approved);
        let waiting = reports(3, "镇", 2021, 80, State::Entered);
        check(LEVEL, std::slice::from_ref(&target), &[("镇", 2021, 90, None, None, false)], &[]);
        check(LEVEL, &[target.clone(), waiting.clone()], &[("镇", 2021, 90, None, None, false)], &[]);
        check(LEVEL, &[target, approved, waiting], &[("镇", 2021, 90, Some(95), Some(false), false)], &[]);
        // 110 µg/m³ where the plan's path asks for 100.
        check(LEVEL, &[asks(1, "镇", 2021, 110)], &[("镇", 2021, 110, None, None, true)], &[]);
    }
}
