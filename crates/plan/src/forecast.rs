//! Where an indicator is going (趋势预测), by a plain and named method. Pure.

use kernel::Name;
use serde::{Deserialize, Serialize};
use standards::statistics::{median, theil_sen};

use crate::goal::{Goal, in_force, met};
use crate::model::Indicator;
use crate::scheme::Rules;

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
/// indicator has for its unit. A sum is asked for until its last target and no further: what would be done after it
/// nobody has said. A year is held against a target that is still ahead of it, never against one that has passed.
pub fn forecast(
    indicator: &Indicator,
    goals: &[Goal],
    rules: &Rules,
    known: &[(i32, f64)],
    wanted: &[i32],
) -> Forecasts {
    let rule = &rules.scheme.forecast;
    // Of an interval that there is not nothing is said.
    let none = |zh: String, en: String| Forecasts {
        method: Name::new(
            "Theil–Sen 斜率中位数，只用证据完整的年份",
            "Theil–Sen median slope, years with complete evidence only",
        ),
        years: Vec::new(),
        none_because: Some(Name::new(zh, en)),
    };
    let last = goals.iter().map(|goal| goal.year).max();
    let asked: Vec<i32> =
        wanted.iter().copied().filter(|year| !indicator.cumulative || last.is_none_or(|last| *year <= last)).collect();
    if let Some(last) = last.filter(|_| asked.is_empty() && !wanted.is_empty()) {
        return none(
            format!("累计量只预测到最后的目标年（{last}），之后做多少没有人说过"),
            format!("a sum is forecast to its last target year ({last}) only: nobody has said what follows"),
        );
    }
    if known.len() < rule.least_years.max(2) {
        return none(
            format!("只有 {} 个完整年份有值，至少要 {} 个", known.len(), rule.least_years),
            format!("{} complete years have values, at least {} are needed", known.len(), rule.least_years),
        );
    }
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
    let x: Vec<f64> = known.iter().map(|(year, _)| f64::from(*year)).collect();
    let y: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let (Some(trend), Some(middle), Some(level)) = (theil_sen(&x, &y, rule.confidence), median(&x), median(&y)) else {
        return none("算不出趋势".into(), "no trend can be computed".into());
    };
    let bound = |value: f64| rules.bounded(indicator, value);
    let years = asked
        .into_iter()
        .map(|year| {
            let at = |slope: f64| bound(level + slope * (f64::from(year) - middle));
            let (one, other) = (at(trend.low), at(trend.high));
            let value = at(trend.slope);
            let (low, high) = (one.min(other), one.max(other));
            let goal = in_force(goals, year).find(|goal| goal.year >= year);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::goals;

    const KNOWN: [(i32, f64); 4] = [(2021, 50.0), (2022, 52.0), (2023, 54.0), (2024, 56.0)];

    fn indicator(rest: &str) -> Indicator {
        toml::from_str(&format!(
            "id = \"i\"\nname = \"i\"\nunit = \"%\"\nbindingness = \"text\"\nplace = \"p\"\n\
             direction = \"higher_is_better\"\n\
             target = [{{ year = 2025, operator = \">=\", value = 60, place = \"p\" }}]\n{rest}\n"
        ))
        .unwrap()
    }

    /// Year, value, and what it says of its target.
    fn check(rest: &str, known: &[(i32, f64)], wanted: &[i32], expect: &[(i32, f64, Option<bool>)]) {
        let indicator = indicator(rest);
        let found = forecast(&indicator, &goals(&indicator), &Rules::built_in().unwrap(), known, wanted);
        let years: Vec<_> = found.years.iter().map(|one| (one.year, one.value, one.meets)).collect();
        assert_eq!(years, expect, "{rest}");
        assert_eq!(found.none_because.is_some(), expect.is_empty(), "{rest}");
    }

    #[test]
    fn a_forecast_needs_years_and_keeps_per_cents_in_bounds() {
        check("", &KNOWN[..2], &[2025], &[]);
        check("", &KNOWN, &[2025, 2099], &[(2025, 58.0, Some(false)), (2099, 100.0, None)]);
    }

    #[test]
    fn a_target_that_has_passed_says_nothing_of_the_years_after_it() {
        check("", &KNOWN, &[2035], &[(2035, 78.0, None)]);
        check("", &KNOWN, &[2024, 2025], &[(2024, 56.0, Some(false)), (2025, 58.0, Some(false))]);
    }

    #[test]
    fn a_sum_ends_with_its_target() {
        check("cumulative = true", &KNOWN, &[2025, 2035], &[(2025, 58.0, Some(false))]);
        check("cumulative = true", &KNOWN, &[2035], &[]);
    }

    #[test]
    fn few_years_are_not_ninety_per_cent_sure() {
        let share = |years| (attainable(years) * 100.0).floor();
        assert_eq!((share(2), share(3), share(4), share(30)), (0.0, 66.0, 91.0, 100.0));
    }
}
