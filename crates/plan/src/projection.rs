//! Projection (推算) of a value to date to the end of its running year. Pure. It is shown beside the value and never
//! stands in for it: no light of the year, no score, no result and no paper reads it.

use kernel::Name;
use serde::{Deserialize, Serialize};
use standards::statistics::{median, theil_sen};

use crate::evaluate::{Basis, Cell};
use crate::goal::{Goal, goal_of, met};
use crate::model::{Indicator, ToDate};
use crate::portfolio::QUANTITY;
use crate::scheme::Rules;

/// What the year would end with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Projection {
    pub year: i32,
    /// Share of the year that has gone, 0 to 1.
    pub elapsed: f64,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Whether the projected value meets the goal that the year works towards.
    pub meets: Option<bool>,
    pub method: Name,
    /// Why there is no value, or no interval.
    pub none_because: Option<Name>,
}

/// Earlier than that a few days would stand for a year.
const LEAST_ELAPSED: f64 = 1.0 / 12.0;
/// Fewest complete years before it from which an interval is taken.
const LEAST_YEARS: usize = 3;

/// How the formula's value grows within its year: as the pack says, else by the facts that it reads.
fn to_date(indicator: &Indicator) -> Option<ToDate> {
    if indicator.to_date.is_some() {
        return indicator.to_date;
    }
    let of = |fact: &str| match fact {
        QUANTITY => ToDate::Sum,
        _ if fact.starts_with("register.") => ToDate::State,
        _ => ToDate::Mean,
    };
    let mut kinds = indicator.facts.values().map(|binding| (!binding.fact.is_empty()).then(|| of(&binding.fact)));
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// `known`: values of the years before, by year; `start`: first year of the plan, from which sums run.
pub fn project(
    indicator: &Indicator,
    goals: &[Goal],
    rules: &Rules,
    cell: &Cell,
    known: &[(i32, f64)],
    at: (i32, f64),
    start: i32,
) -> Option<Projection> {
    let (year, elapsed) = at;
    let value = cell.value.filter(|_| cell.basis == Basis::Formula && elapsed < 1.0)?;
    let none = |zh: &str, en: &str| Projection {
        year,
        elapsed,
        value: None,
        low: None,
        high: None,
        meets: None,
        method: Name::new("不推算", "not projected"),
        none_because: Some(Name::new(zh, en)),
    };
    if elapsed < LEAST_ELAPSED {
        return Some(none("今年过去不到一个月", "less than a month of the year has gone"));
    }
    let found = match to_date(indicator) {
        None => {
            return Some(none(
                "公式用到几种事实，说不清年内怎样变；可在指标里写 to_date",
                "its facts grow in different ways within a year; say `to_date` in the indicator",
            ));
        }
        Some(ToDate::State) => {
            return Some(none(
                "这是此刻的状态，不是年内累积的数",
                "a state of this moment, not something that grows within a year",
            ));
        }
        Some(ToDate::Mean) => mean(rules, known, year, elapsed, value),
        Some(ToDate::Sum) => sum(known, year, elapsed, value, start),
    };
    let bound = |value: f64| rules.bounded(indicator, value);
    let middle = bound(found.value);
    Some(Projection {
        year,
        elapsed,
        value: Some(middle),
        low: found.interval.map(|(low, _)| bound(low)),
        high: found.interval.map(|(_, high)| bound(high)),
        // A value that lacks evidence says nothing of met or missed, and neither does what is made of it.
        meets: goal_of(goals, year)
            .filter(|_| cell.missing.is_empty())
            .map(|goal| met(goal, indicator.direction, middle)),
        none_because: found.interval.is_none().then(|| {
            Name::new(
                format!("之前有值的完整年份不足 {LEAST_YEARS} 个，给不出区间"),
                format!("fewer than {LEAST_YEARS} complete years before it: no interval"),
            )
        }),
        method: with_gaps(found.method, cell.missing.len()),
    })
}

/// A value to date that itself lacks data says nothing of the days that it lacks; the weight of the part that has gone
/// is then too great, and the reader is told.
fn with_gaps(method: Name, gaps: usize) -> Name {
    match gaps {
        0 => method,
        _ => Name::new(
            format!("{}。至今值本身缺资料（{gaps} 项，见证据），推算只会更粗", method.zh),
            format!(
                "{}. The value to date itself lacks data ({gaps} things, see the evidence): the projection is the rougher for it",
                method.en
            ),
        ),
    }
}

struct Found {
    value: f64,
    interval: Option<(f64, f64)>,
    method: Name,
}

/// Means and rates: the part that has gone keeps its value; the rest is expected on the trend of the years before.
fn mean(rules: &Rules, known: &[(i32, f64)], year: i32, elapsed: f64, value: f64) -> Found {
    let rest = 1.0 - elapsed;
    let gone = (elapsed * 100.0).round();
    let x: Vec<f64> = known.iter().map(|(year, _)| f64::from(*year)).collect();
    let y: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let trend = (known.len() >= LEAST_YEARS.max(rules.scheme.forecast.least_years))
        .then(|| Some((theil_sen(&x, &y, rules.scheme.forecast.confidence)?, median(&x)?, median(&y)?)))
        .flatten();
    let Some((trend, middle, level)) = trend else {
        return Found {
            value,
            interval: None,
            method: Name::new(
                format!("已过 {gone}% 的年份；余下时间按至今值不变。没有考虑季节差异"),
                format!(
                    "{gone} % of the year has gone; the rest is taken to be as it was so far. Seasons are not considered"
                ),
            ),
        };
    };
    let on = |slope: f64, year: f64| level + slope * (year - middle);
    let off: Vec<f64> = x.iter().zip(&y).map(|(year, value)| value - on(trend.slope, *year)).collect();
    let (least, most) = off.iter().fold((0f64, 0f64), |(least, most), one| (least.min(*one), most.max(*one)));
    let now = f64::from(year);
    let (one, other) = (on(trend.low, now), on(trend.high, now));
    let part = |expected: f64| elapsed * value + rest * expected;
    Found {
        value: part(on(trend.slope, now)),
        interval: Some((part(one.min(other) + least), part(one.max(other) + most))),
        method: Name::new(
            format!(
                "已过 {gone}% 的年份按至今值，余下按之前 {} 个完整年份的 Theil–Sen 趋势；区间是趋势区间再加上各年偏离趋势的最大幅度。没有考虑季节差异",
                known.len()
            ),
            format!(
                "{gone} % of the year as it was so far, the rest on the Theil–Sen trend of {} complete years; the interval is that of the trend, widened by the largest deviations from it. Seasons are not considered",
                known.len()
            ),
        ),
    }
}

/// Sums since the plan began: what came within this year goes on at its pace.
fn sum(known: &[(i32, f64)], year: i32, elapsed: f64, value: f64, start: i32) -> Found {
    let within: Vec<(i32, f64)> = known.iter().copied().filter(|(one, _)| *one >= start).collect();
    let last_year = within.iter().find(|(one, _)| *one == year - 1).map(|(_, sum)| *sum);
    let pace = match last_year {
        Some(before) => (value - before) / elapsed,
        // Nothing is known of last year: the pace of the whole period so far.
        None => value / (f64::from((year - start).max(0)) + elapsed),
    };
    let mut yearly: Vec<f64> = Vec::new();
    let mut last = 0.0;
    for (_, sum) in &within {
        yearly.push(sum - last);
        last = *sum;
    }
    let rest = 1.0 - elapsed;
    let interval = (yearly.len() >= LEAST_YEARS).then(|| {
        let (least, most) = yearly.iter().fold((pace, pace), |(least, most), one| (least.min(*one), most.max(*one)));
        (value + rest * least, value + rest * most)
    });
    Found {
        value: value + rest * pace,
        interval,
        method: Name::new(
            format!("已过 {:.0}% 的年份，余下按至今的速度；区间取之前各年一年增量的最小与最大", elapsed * 100.0),
            format!(
                "{:.0} % of the year has gone, the rest at the pace so far; the interval takes the least and the greatest gain of a year before",
                elapsed * 100.0
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::goals;

    const MEAN: &str = "formula = \"m\"\nfacts = { m = { fact = \"air.mean\" } }";
    const SUM: &str = "cumulative = true\nformula = \"s\"\nfacts = { s = { fact = \"project.quantity\" } }";

    fn run(body: &str, basis: Basis, known: &[(i32, f64)], elapsed: f64, value: f64) -> Option<Projection> {
        let text = format!(
            "id = \"x\"\nname = \"x\"\nunit = \"u\"\ndirection = \"lower_is_better\"\nbindingness = \"binding\"\nplace = \"p\"\n{body}\n[[target]]\nyear = 2025\noperator = \"<=\"\nvalue = \"25\"\nplace = \"p\"\n"
        );
        let indicator: Indicator = toml::from_str(&text).unwrap();
        let cell = Cell { value: Some(value), basis, ..Cell::default() };
        let rules = Rules::built_in().unwrap();
        project(&indicator, &goals(&indicator), &rules, &cell, known, (2024, elapsed), 2021)
    }

    /// Value, low and high to a tenth.
    fn check(body: &str, known: &[(i32, f64)], elapsed: f64, value: f64, expect: (f64, Option<(f64, f64)>)) {
        let found = run(body, Basis::Formula, known, elapsed, value).unwrap();
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let interval = found.low.zip(found.high).map(|(low, high)| (tenth(low), tenth(high)));
        assert_eq!((found.value.map(tenth), interval), (Some(expect.0), expect.1), "{found:?}");
        assert_eq!(interval.is_none(), found.none_because.is_some(), "{found:?}");
    }

    #[test]
    fn the_part_that_has_gone_keeps_its_value_and_the_rest_follows_the_trend() {
        // Trend: one less each year, 27 in 2024.
        let falling = [(2021, 30.0), (2022, 29.0), (2023, 28.0)];
        check(MEAN, &falling, 0.5, 21.0, (24.0, Some((24.0, 24.0))));
        check(MEAN, &falling[1..], 0.5, 21.0, (21.0, None));
        let scattered = [(2020, 31.0), (2021, 30.0), (2022, 27.0), (2023, 28.0)];
        let found = run(MEAN, Basis::Formula, &scattered, 0.5, 21.0).unwrap();
        assert!(found.low < found.value && found.value < found.high && found.meets == Some(true), "{found:?}");
    }

    #[test]
    fn gaps_of_the_value_to_date_are_told() {
        let told = |gaps| with_gaps(Name::new("推算", "projected"), gaps).zh;
        assert_eq!(told(0), "推算");
        assert!(told(2).contains("缺资料（2 项"), "{}", told(2));
    }

    #[test]
    fn a_sum_goes_on_at_its_pace() {
        check(SUM, &[(2021, 10.0), (2022, 22.0), (2023, 30.0)], 0.5, 36.0, (42.0, Some((40.0, 42.0))));
        check(SUM, &[], 0.5, 35.0, (40.0, None));
    }

    #[test]
    fn what_is_no_value_to_date_is_not_projected() {
        assert_eq!(run(MEAN, Basis::Document, &[], 0.5, 21.0), None);
        assert_eq!(run(MEAN, Basis::Formula, &[], 1.0, 21.0), None);
        let refused = |body: &str, elapsed| {
            let found = run(body, Basis::Formula, &[], elapsed, 21.0).unwrap();
            assert!(found.value.is_none() && found.none_because.is_some(), "{found:?}");
        };
        refused(MEAN, 0.05);
        refused("formula = \"m\"\nfacts = { m = { fact = \"register.count\" } }", 0.5);
        refused("formula = \"m + n\"\nfacts = { m = { fact = \"register.count\" }, n = { fact = \"air.mean\" } }", 0.5);
        // The pack knows better.
        check(
            "to_date = \"mean\"\nformula = \"m\"\nfacts = { m = { fact = \"register.count\" } }",
            &[],
            0.5,
            21.0,
            (21.0, None),
        );
    }
}
