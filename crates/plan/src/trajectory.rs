//! Trajectory (路径): where an indicator should stand each year, how it stands, what is still needed. Pure.
//!
//! Path: straight from the baseline to the first target and on to the next. A cumulative indicator starts at zero
//! in the year before the plan. Where the baseline is missing, or better than the target already, the path is the
//! target itself from the first year. After the last target its value is held.

use std::collections::BTreeMap;

use kernel::{FactValue, Name};
use serde::{Deserialize, Serialize};

use crate::goal::{Goal, goal_of, in_force, met};
use crate::model::{Direction, Indicator, Plan};
use crate::scheme::Rules;

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
    use crate::goal::goals;

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
