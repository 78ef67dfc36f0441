//! Trajectory (路径与预测): where an indicator should stand each year, how it stands, where it is going. Pure.
//!
//! Path: straight from the baseline to the first target and on to the next. A cumulative indicator starts at zero
//! in the year before the plan. Where the baseline is missing, or better than the target already, the path is the
//! target itself from the first year. After the last target its value is held. A changed target holds from the year in
//! which the change was approved; the years before it are judged by the original, which stays beside it.

use std::collections::BTreeMap;

use kernel::{FactValue, Name};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use standards::statistics::{median, theil_sen};

use crate::item::{Content, Item, State};
use crate::model::{Direction, Indicator, Plan};
use crate::scheme::Rules;

/// A numbered target in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Goal {
    pub year: i32,
    /// `>=`, `>`, `<=`, `<`, `=`.
    pub operator: String,
    pub value: f64,
    pub place: String,
    /// Changed after approval: number of the item that says why.
    pub changed_by: Option<String>,
    /// Year of the approval of the change, from which it holds; `None`: from the beginning.
    #[serde(default)]
    pub from: Option<i32>,
    /// Year from which another one holds instead.
    #[serde(default)]
    pub until: Option<i32>,
    /// What it was before the change, as printed.
    #[serde(default)]
    pub was: Option<String>,
}

impl Goal {
    /// Operator and value as papers print them, with what was there before.
    pub fn text(&self) -> String {
        match &self.was {
            Some(was) => format!("{} {}（原 {was}）", self.operator, self.value),
            None => format!("{} {}", self.operator, self.value),
        }
    }
}

/// Targets with figures as the pack has them, by year.
pub fn goals(indicator: &Indicator) -> Vec<Goal> {
    let mut goals: Vec<Goal> = indicator
        .targets
        .iter()
        .filter_map(|target| {
            let value = target.value?.to_f64()?;
            (target.operator != "text").then(|| Goal {
                year: target.year,
                operator: target.operator.clone(),
                value,
                place: target.place.clone(),
                changed_by: None,
                from: None,
                until: None,
                was: None,
            })
        })
        .collect();
    goals.sort_by_key(|goal| goal.year);
    goals
}

/// Targets of the pack and their approved changes, by target year; what a change replaced stays, until its year. A
/// correction of a change holds from its own approval, and what it corrected held until then: a year that was closed
/// under a target stays so.
pub fn goals_with(indicator: &Indicator, items: &[Item]) -> Vec<Goal> {
    let mut goals = goals(indicator);
    let subject = format!("indicator:{}", indicator.id);
    let mut changes: Vec<&Item> = items
        .iter()
        .filter(|item| matches!(item.state, State::Approved | State::Replaced) && item.subject == subject)
        .filter(|item| matches!(item.content, Content::Target { .. }))
        .collect();
    changes.sort_by_key(|item| (item.decided_at, item.id));
    for item in changes {
        let Content::Target { target_year, operator, value } = &item.content else { continue };
        let Some(value) = value.to_f64() else { continue };
        let from = item.decided_at.map(|at| at.day().civil().0);
        let mut was = None;
        for old in goals.iter_mut().filter(|goal| goal.year == *target_year && goal.until.is_none()) {
            old.until = Some(from.unwrap_or(i32::MIN));
            was = Some(format!("{} {}", old.operator, old.value));
        }
        goals.push(Goal {
            year: *target_year,
            operator: operator.clone(),
            value,
            place: item.note.clone(),
            changed_by: Some(item.id.to_string()),
            from,
            until: None,
            was,
        });
    }
    goals.sort_by_key(|goal| (goal.year, goal.from));
    goals
}

/// Whether a value meets a goal. `=` means "at least" or "at most", as the indicator's direction says.
pub fn met(goal: &Goal, direction: Direction, value: f64) -> bool {
    match (goal.operator.as_str(), direction) {
        (">=", _) => value >= goal.value,
        (">", _) => value > goal.value,
        ("<=", _) => value <= goal.value,
        ("<", _) => value < goal.value,
        (_, Direction::HigherIsBetter) => value >= goal.value,
        (_, Direction::LowerIsBetter) => value <= goal.value,
        (_, Direction::Neutral) => value == goal.value,
    }
}

/// Goals that are in force in a year, by target year.
fn in_force(goals: &[Goal], year: i32) -> impl Iterator<Item = &Goal> {
    goals
        .iter()
        .filter(move |goal| goal.from.is_none_or(|from| from <= year) && goal.until.is_none_or(|until| year < until))
}

/// The way that a year lies on: where it starts (none: the target is asked for from the beginning), and its goal. After
/// the last goal it is the last way.
fn way<'g>(
    indicator: &Indicator,
    plan: &Plan,
    goals: &'g [Goal],
    baseline: Option<(i32, f64)>,
    year: i32,
) -> Option<(Option<(i32, f64)>, &'g Goal)> {
    let start = if indicator.cumulative { Some((plan.period[0] - 1, 0.0)) } else { baseline };
    let mut before = start.filter(|(from, value)| {
        in_force(goals, year).next().is_some_and(|first| *from < first.year && !met(first, indicator.direction, *value))
    });
    let mut found = None;
    for goal in in_force(goals, year) {
        found = Some((before, goal));
        if year <= goal.year {
            break;
        }
        before = Some((goal.year, goal.value));
    }
    found
}

/// The value that a year asks for, `None` without a goal.
pub fn path(
    indicator: &Indicator,
    plan: &Plan,
    goals: &[Goal],
    baseline: Option<(i32, f64)>,
    year: i32,
) -> Option<f64> {
    let (before, goal) = way(indicator, plan, goals, baseline, year)?;
    Some(match before {
        _ if year > goal.year => goal.value,
        Some((from, value)) if year <= from => value,
        Some((from, value)) => value + (goal.value - value) * f64::from(year - from) / f64::from(goal.year - from),
        None => goal.value,
    })
}

/// The goal that a year works towards: of those in force the first not before it, else the last.
pub fn goal_of(goals: &[Goal], year: i32) -> Option<&Goal> {
    in_force(goals, year).find(|goal| goal.year >= year).or_else(|| in_force(goals, year).last())
}

/// How one year stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Standing {
    /// A light of the scheme, `missing` without a value, `text` without a numbered target.
    pub light: String,
    pub name: Name,
    pub path: Option<f64>,
    pub target: Option<Goal>,
    pub met: Option<bool>,
    /// How far behind the path, as a share of `distance`, else of the target; not above zero: not behind.
    pub lag: Option<f64>,
    /// From the baseline, or the target before it, to the target; `None` where no way leads from one to the other.
    #[serde(default)]
    pub distance: Option<f64>,
    /// The value lacks a part of its evidence (证据不全): the light shows a direction and says nothing of met or missed.
    #[serde(default)]
    pub partial: bool,
}

impl Standing {
    /// The same of a value that lacks a part of its evidence.
    #[must_use]
    pub fn of_part(mut self) -> Self {
        self.met = None;
        self.partial = true;
        self.name = Name::new(
            format!("证据不全，仅看方向：{}", self.name.zh),
            format!("part of the evidence: {}", self.name.en),
        );
        self
    }
}

/// The year that a value is of.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub year: i32,
    /// The year that runs now: a target year is over when it lies before that one.
    pub this_year: i32,
    /// Share of this year that has gone.
    pub elapsed: f64,
    /// Whether all of the evidence is there: without it nothing is over.
    pub complete: bool,
}

/// How a value stands. A sum that grows over the years is held against what its path asks to date; a mean or a state of
/// the running year against the whole year.
pub fn standing(
    indicator: &Indicator,
    plan: &Plan,
    goals: &[Goal],
    baseline: Option<(i32, f64)>,
    rules: &Rules,
    at: At,
    value: Option<f64>,
) -> Standing {
    let year = at.year;
    let plain = |light: &str, zh: &str, en: &str| Standing {
        light: light.to_owned(),
        name: Name::new(zh, en),
        path: path(indicator, plan, goals, baseline, year),
        target: goal_of(goals, year).cloned(),
        met: None,
        lag: None,
        distance: None,
        partial: false,
    };
    let to_date = || {
        let whole = path(indicator, plan, goals, baseline, year)?;
        if !indicator.cumulative || year != at.this_year {
            return Some(whole);
        }
        let before = path(indicator, plan, goals, baseline, year - 1).filter(|_| year > plan.period[0]).unwrap_or(0.0);
        Some(before + (whole - before) * at.elapsed)
    };
    let (Some((before, goal)), Some(asked)) = (way(indicator, plan, goals, baseline, year), to_date()) else {
        return plain("text", "目标是文字，由材料判断", "the target is in words: judged by a document");
    };
    let Some(value) = value else { return plain("missing", "缺证据", "no evidence") };
    let behind = match indicator.direction {
        Direction::HigherIsBetter => asked - value,
        Direction::LowerIsBetter => value - asked,
        Direction::Neutral => (value - asked).abs(),
    };
    let distance = before.map(|(_, value)| (goal.value - value).abs()).filter(|distance| *distance > 1e-9);
    // A target of zero has no share of itself: there the lag is the number itself.
    let target_size = Some(goal.value.abs()).filter(|size| *size > 1e-9).unwrap_or(1.0);
    let lag = behind / distance.unwrap_or(target_size);
    let reached = met(goal, indicator.direction, value);
    let number = FactValue::Number;
    let variables = BTreeMap::from([
        ("value".to_owned(), number(value)),
        ("path".to_owned(), number(asked)),
        ("target".to_owned(), number(goal.value)),
        ("behind".to_owned(), number(behind)),
        ("distance".to_owned(), distance.map_or(FactValue::Missing, number)),
        ("spanned".to_owned(), FactValue::Bool(distance.is_some())),
        ("lag".to_owned(), number(lag)),
        ("met".to_owned(), FactValue::Bool(reached)),
        ("over".to_owned(), FactValue::Bool(at.complete && year == goal.year && year < at.this_year)),
    ]);
    match rules.light(&variables) {
        Some(light) => Standing {
            light: light.code.clone(),
            name: light.name.clone(),
            path: Some(asked),
            target: Some(goal.clone()),
            met: Some(reached),
            lag: Some(lag),
            distance,
            partial: false,
        },
        None => Standing {
            met: Some(reached),
            lag: Some(lag),
            distance,
            ..plain("missing", "没有适用的规则", "no rule applies")
        },
    }
}

/// A forecast for one year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Forecast {
    pub year: i32,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// Whether both ends of the interval meet the target, or neither does; `None`: one does and the other not (说不准), or
    /// there is no target.
    pub meets: Option<bool>,
    /// A target stands for that year.
    #[serde(default)]
    pub has_target: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Forecasts {
    pub method: Name,
    pub years: Vec<Forecast>,
    /// Why there is none.
    pub none_because: Option<Name>,
}

/// The most that an interval over the slopes of so few years can be sure of: all orders of them but two.
fn attainable(years: usize) -> f64 {
    let orders: f64 = (1..=years.min(20)).map(|number| number as f64).product();
    1.0 - 2.0 / orders.max(2.0)
}

/// Theil–Sen over complete years with all of their evidence; values stay within the bounds that the scheme or the
/// indicator has for its unit.
pub fn forecast(
    indicator: &Indicator,
    goals: &[Goal],
    rules: &Rules,
    known: &[(i32, f64)],
    wanted: &[i32],
) -> Forecasts {
    let rule = &rules.scheme.forecast;
    let sure = (attainable(known.len()).min(rule.confidence) * 100.0).floor();
    let method = Name::new(
        format!(
            "Theil–Sen 斜率中位数，{sure:.0}% 置信区间（Sen 1968；只含斜率的不确定，{} 个年份），只用证据完整的年份",
            known.len()
        ),
        format!(
            "Theil–Sen median slope with its {sure:.0} % interval (Sen 1968; the slope's uncertainty only, {} years), years with complete evidence only",
            known.len()
        ),
    );
    let none = |zh: String, en: String| Forecasts {
        method: method.clone(),
        years: Vec::new(),
        none_because: Some(Name::new(zh, en)),
    };
    if known.len() < rule.least_years.max(2) {
        // Of an interval that there is not nothing is said.
        let method = Name::new(
            "Theil–Sen 斜率中位数，只用证据完整的年份",
            "Theil–Sen median slope, years with complete evidence only",
        );
        let none =
            |zh: String, en: String| Forecasts { method, years: Vec::new(), none_because: Some(Name::new(zh, en)) };
        return none(
            format!("只有 {} 个完整年份有值，至少要 {} 个", known.len(), rule.least_years),
            format!("{} complete years have values, at least {} are needed", known.len(), rule.least_years),
        );
    }
    let x: Vec<f64> = known.iter().map(|(year, _)| f64::from(*year)).collect();
    let y: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let (Some(trend), Some(middle), Some(level)) = (theil_sen(&x, &y, rule.confidence), median(&x), median(&y)) else {
        return none("算不出趋势".into(), "no trend can be computed".into());
    };
    let bound = |value: f64| rules.bounded(indicator, value);
    let years = wanted
        .iter()
        .map(|&year| {
            let at = |slope: f64| bound(level + slope * (f64::from(year) - middle));
            let (one, other) = (at(trend.low), at(trend.high));
            let value = at(trend.slope);
            let (low, high) = (one.min(other), one.max(other));
            let goal = goal_of(goals, year);
            let ends = goal.map(|goal| [low, high].map(|end| met(goal, indicator.direction, end)));
            Forecast {
                year,
                value,
                low,
                high,
                meets: ends.and_then(|[low, high]| (low == high).then_some(low)),
                has_target: goal.is_some(),
            }
        })
        .collect();
    Forecasts { method, years, none_because: None }
}

/// What each year that is left must bring: the rest of the way and the rest per year. Negative or zero: reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Needed {
    pub target_year: i32,
    /// Target minus value, with its sign.
    pub rest: f64,
    /// Of the running year what is left of it counts.
    pub years_left: f64,
    /// `None` when no year is left.
    pub per_year: Option<f64>,
    pub met: bool,
}

pub fn needed(indicator: &Indicator, goals: &[Goal], at: At, value: f64) -> Option<Needed> {
    let year = at.year;
    let goal = goal_of(goals, year)?;
    let reached = met(goal, indicator.direction, value);
    let rest = if reached { 0.0 } else { goal.value - value };
    let running = if year == at.this_year { 1.0 - at.elapsed } else { 0.0 };
    let years_left = ((f64::from(goal.year - year) + running).max(0.0) * 100.0).round() / 100.0;
    Some(Needed {
        target_year: goal.year,
        rest,
        years_left,
        per_year: (years_left > 0.0).then(|| rest / years_left),
        met: reached,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indicator(rest: &str) -> Indicator {
        toml::from_str(&format!(
            "id = \"i\"\nname = \"i\"\nunit = \"%\"\nbindingness = \"text\"\nplace = \"p\"\n{rest}\n"
        ))
        .unwrap()
    }

    fn plan() -> Plan {
        toml::from_str(
            "name = \"p\"\nname_en = \"p\"\nperiod = [2021, 2025]\nhorizon = 2035\ndocument = \"d\"\nissued = \"i\"",
        )
        .unwrap()
    }

    fn at(year: i32, this_year: i32) -> At {
        At { year, this_year, elapsed: 1.0, complete: true }
    }

    /// Path values of 2020 to 2026 of a target in 2025.
    fn check(rest: &str, baseline: Option<f64>, expect: [f64; 7]) {
        let indicator = indicator(rest);
        let goals = goals(&indicator);
        let baseline = baseline.map(|value| (2020, value));
        let found: Vec<f64> =
            (2020..=2026).map(|year| path(&indicator, &plan(), &goals, baseline, year).unwrap()).collect();
        assert_eq!(found, expect, "{rest}");
    }

    const HIGHER: &str =
        "direction = \"higher_is_better\"\ntarget = [{ year = 2025, operator = \">=\", value = 60, place = \"p\" }]";
    const LOWER: &str =
        "direction = \"lower_is_better\"\ntarget = [{ year = 2025, operator = \"<=\", value = 25, place = \"p\" }]";

    #[test]
    fn the_path_is_straight_from_the_baseline_and_holds_after_the_target() {
        check(HIGHER, Some(50.0), [50.0, 52.0, 54.0, 56.0, 58.0, 60.0, 60.0]);
        // No baseline, or one that meets the target: the target from the first year.
        check(HIGHER, None, [60.0; 7]);
        check(LOWER, Some(21.0), [25.0; 7]);
        let sums = format!("cumulative = true\n{HIGHER}");
        check(&sums, Some(50.0), [0.0, 12.0, 24.0, 36.0, 48.0, 60.0, 60.0]);
    }

    #[test]
    fn a_light_needs_a_value_and_a_figure() {
        let (rules, indicator) = (Rules::built_in().unwrap(), indicator(LOWER));
        let goals = goals(&indicator);
        let light = |goals: &[Goal], value| {
            standing(&indicator, &plan(), goals, Some((2020, 21.0)), &rules, at(2024, 2024), value).light
        };
        assert_eq!(light(&goals, Some(24.0)), "green");
        assert_eq!(light(&goals, Some(26.0)), "yellow");
        assert_eq!(light(&goals, Some(27.0)), "red");
        assert_eq!(light(&goals, None), "missing");
        assert_eq!(light(&[], Some(24.0)), "text");
    }

    #[test]
    fn a_forecast_needs_years_and_keeps_per_cents_in_bounds() {
        let (rules, indicator) = (Rules::built_in().unwrap(), indicator(HIGHER));
        let goals = goals(&indicator);
        let two = forecast(&indicator, &goals, &rules, &[(2021, 50.0), (2022, 52.0)], &[2025]);
        assert!(two.years.is_empty() && two.none_because.is_some());
        let known = [(2021, 50.0), (2022, 52.0), (2023, 54.0), (2024, 56.0)];
        let found = forecast(&indicator, &goals, &rules, &known, &[2025, 2099]);
        assert_eq!((found.years[0].value, found.years[0].meets), (58.0, Some(false)));
        assert_eq!((found.years[1].value, found.years[1].high, found.years[1].meets), (100.0, 100.0, Some(true)));
    }

    #[test]
    fn few_years_are_not_ninety_per_cent_sure() {
        let share = |years| (attainable(years) * 100.0).floor();
        assert_eq!((share(2), share(3), share(4), share(30)), (0.0, 66.0, 91.0, 100.0));
    }

    #[test]
    fn what_is_still_needed_is_spread_over_the_years_that_are_left() {
        let indicator = indicator(HIGHER);
        let goals = goals(&indicator);
        let left = needed(&indicator, &goals, at(2023, 2024), 54.0).unwrap();
        assert_eq!((left.rest, left.years_left, left.per_year, left.met), (6.0, 2.0, Some(3.0), false));
        let over = needed(&indicator, &goals, at(2026, 2027), 54.0).unwrap();
        assert_eq!((over.rest, over.per_year), (6.0, None));
        assert!(needed(&indicator, &goals, at(2023, 2024), 61.0).unwrap().met);
    }
}
