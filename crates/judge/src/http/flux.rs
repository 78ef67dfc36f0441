//! What a section carried (断面通量) in a period, by the named estimators, from daily means of concentration and flow.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::time::DAY_MILLIS;
use kernel::{Action, Name, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use standards::decimal::{mean, round_half_even};
use standards::flow::{Estimator, FluxInput, FluxSample, estimate};
use standards::measure::Unit;
use store::contract::PeriodLevel;

use super::air::source_of;
use super::quality::period;
use super::view::unit_of;
use crate::code::Code;
use crate::model::{Stat, Verdict};
use crate::plan::Rules;
use crate::waters::FLOW;
use crate::{Judge, names};

/// Without dates: the last year.
const DAYS: i64 = 365;
const MOST_DAYS: i64 = 3700;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct FluxQuery {
    point: String,
    /// HJ 212 code of what is carried, such as `w21011`.
    factor: String,
    from: Option<String>,
    until: Option<String>,
    /// Weight of the mean instantaneous flux in the mixed estimator, 0 to 1; without it a half.
    alpha: Option<String>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let judge = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/water/flux",
        operation(
            "断面通量（按具名方法估算）",
            "flux of a section by the named estimators",
            Access::May(Action::ReadMonitoring),
        )
        .query::<FluxQuery>()
        .returns::<Table>()
        .also("text/csv"),
        async move |caller: Caller, Query(query): Query<FluxQuery>| -> ApiResult<Response> {
            let judge = Arc::clone(&judge);
            let format = query.format;
            Ok(blocking(move || flux_of(&judge, &caller, &query)).await?.respond(format))
        },
    )
}

/// Days with concentration and flow, every flow, and what is missing.
#[derive(Debug, Default)]
struct Inputs {
    samples: Vec<FluxSample>,
    flows: Vec<Decimal>,
    without_value: usize,
    without_flow: usize,
    wrong_unit: usize,
}

impl Inputs {
    /// Daily means in mg/L and m³/s. A sample stands for the days that are nearer to its own than to another's: the flow
    /// of its interval is the mean of theirs.
    fn of(rules: &Rules, point: &Point, factor: Code, days: &[Verdict]) -> Self {
        let mut inputs = Self::default();
        let (mut sampled, mut flowing): (Vec<i64>, Vec<(i64, Decimal)>) = (Vec::new(), Vec::new());
        for day in days {
            let mut value_in = |factor: Code, target: &str| {
                let item = day.finding.item(factor, Stat::Mean).filter(|item| item.valid())?;
                let unit = unit_of(rules, point, item, day.key.start());
                let from: Option<Unit> = unit.parse().ok();
                let found = from.zip(target.parse().ok()).and_then(|(from, to)| from.convert(item.value?, to));
                inputs.wrong_unit += usize::from(found.is_none() && item.value.is_some());
                found
            };
            let concentration = value_in(factor, "mg/L");
            let flow = Code::new(FLOW).and_then(|flow| value_in(flow, "m3/s"));
            inputs.flows.extend(flow);
            flowing.extend(flow.map(|flow| (day.key.period, flow)));
            inputs.without_value += usize::from(concentration.is_none());
            inputs.without_flow += usize::from(flow.is_none());
            if let (Some(concentration), Some(flow)) = (concentration, flow) {
                sampled.push(day.key.period);
                inputs.samples.push(FluxSample { concentration, flow, interval_flow: None });
            }
        }
        for (sample, flows) in inputs.samples.iter_mut().zip(intervals(&sampled, &flowing)) {
            sample.interval_flow = mean(flows);
        }
        inputs
    }

    fn missing(&self, days: usize, wanted: i64) -> (String, String) {
        let silent = usize::try_from(wanted).unwrap_or(0).saturating_sub(days);
        (
            format!(
                "缺：没有日判定 {silent} 天，没有浓度 {} 天，没有流量（{FLOW}）{} 天，单位不能换算 {} 个值",
                self.without_value, self.without_flow, self.wrong_unit
            ),
            format!(
                "missing: {silent} days without a verdict, {} without a concentration, {} without flow ({FLOW}), \
                 {} values in a unit that does not convert",
                self.without_value, self.without_flow, self.wrong_unit
            ),
        )
    }
}

/// The flows of the days that each sampled day stands for; of two that are equally near, the earlier one. Both sorted.
fn intervals(sampled: &[i64], flowing: &[(i64, Decimal)]) -> Vec<Vec<Decimal>> {
    let mut found = vec![Vec::new(); sampled.len()];
    let mut place = 0;
    for (day, flow) in flowing {
        while sampled.get(place + 1).is_some_and(|next| next - day < day - sampled[place]) {
            place += 1;
        }
        if let Some(flows) = found.get_mut(place) {
            flows.push(*flow);
        }
    }
    found
}

/// Every named estimator. Of the days of a period (the population of Beale's) those with both values are the samples.
fn estimators(alpha: Decimal, days: i64) -> [(Estimator, &'static str); 7] {
    let population = u32::try_from(days).unwrap_or(u32::MAX);
    [
        (Estimator::MeanConcentrationMeanFlow, "平均浓度 × 平均流量"),
        (Estimator::MeanConcentrationPeriodFlow, "平均浓度 × 时段平均流量"),
        (Estimator::MeanInstantaneousFlux, "瞬时通量平均"),
        (Estimator::IntervalFlow, "时段流量法"),
        (Estimator::FlowWeightedMean, "流量加权平均浓度 × 时段平均流量"),
        (Estimator::Mixed { alpha }, "瞬时通量平均与时段流量法加权（α）"),
        (Estimator::BealeRatio { population }, "Beale 比率估计（含偏差订正）"),
    ]
}

fn flux_of(judge: &Judge, caller: &Caller, query: &FluxQuery) -> Result<Table, Problem> {
    let point = super::one(judge, caller, &query.point)?;
    if point.kind != PointKind::WaterSection {
        return Err(Problem::invalid("通量只对地表水断面 (flux is of surface-water sections)"));
    }
    let factor = Code::new(query.factor.trim())
        .filter(|factor| *factor != *FLOW)
        .ok_or_else(|| Problem::invalid(format!("factor = {}：不是污染物 (no pollutant)", query.factor)))?;
    let now = kernel::time::now();
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), DAYS)?;
    let until = until.min(now);
    let wanted = (until.millis() - from.millis()).div_euclid(DAY_MILLIS);
    if wanted > MOST_DAYS {
        return Err(Problem::invalid("时段最长十年 (at most ten years)"));
    }
    let alpha = match query.alpha.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => Decimal::new(5, 1),
        Some(text) => text
            .parse()
            .ok()
            .filter(|alpha: &Decimal| (Decimal::ZERO..=Decimal::ONE).contains(alpha))
            .ok_or_else(|| Problem::invalid(format!("alpha = {text}：应在 0～1 (must be from 0 to 1)")))?,
    };
    let days = judge.verdicts(point.id, PeriodLevel::Day, from, until)?;
    Ok(table_of(judge, &point, (factor, alpha), &days, (from, until, wanted), now))
}

fn table_of(
    judge: &Judge,
    point: &Point,
    (factor, alpha): (Code, Decimal),
    days: &[Verdict],
    (from, until, wanted): (Timestamp, Timestamp, i64),
    now: Timestamp,
) -> Table {
    let inputs = Inputs::of(&judge.rules(), point, factor, days);
    let input = FluxInput { samples: &inputs.samples, period_flow: mean(inputs.flows.iter().copied()) };
    let estimators = estimators(alpha, wanted);
    let rows = estimators.iter().map(|(estimator, zh)| {
        let found = estimate(*estimator, &input);
        let shown = |value: Decimal| round_half_even(value, 3).normalize().to_string();
        let (daily, yearly, whole, missing) = match &found {
            Ok(flux) => {
                // Over the days of the period, with and without a sample alike.
                let whole = flux.kg_per_day().checked_mul(Decimal::from(wanted)).map(|kg| kg / Decimal::ONE_THOUSAND);
                let whole = whole.map(shown).unwrap_or_default();
                (shown(flux.kg_per_day()), shown(flux.tonnes_per_year()), whole, String::new())
            }
            Err(error) => (String::new(), String::new(), String::new(), error.to_string()),
        };
        vec![
            estimator.name().to_owned(),
            (*zh).to_owned(),
            inputs.samples.len().to_string(),
            daily,
            whole,
            yearly,
            missing,
        ]
    });
    let (zh, en) = inputs.missing(days.len(), wanted);
    let name = names::factor_name(factor.as_str());
    let span = format!("{}～{}", from.day().to_iso(), until.plus(-1).day().to_iso());
    Table {
        title: Name::new(
            format!("{} {}通量 {span}", point.name.zh, name.zh),
            format!("flux of {} at {} {span}", name.en, point.name.en),
        ),
        method: Name::new(
            format!("日均浓度与日均流量；各方法并列，差别本身是不确定度。α = {alpha}。{zh}"),
            format!(
                "daily means of concentration and flow; the spread of the methods shows how unsure it is. α = {alpha}. {en}"
            ),
        ),
        source: source_of(point),
        as_of: now,
        simulated: point.simulated,
        columns: vec![
            Column::new("estimator", "方法", "estimator", ""),
            Column::new("method", "方法名", "name in Chinese", ""),
            Column::new("samples", "样本天数", "days", "d"),
            Column::new("kg_per_day", "通量", "flux", "kg/d"),
            Column::new("tonnes", "时段总量", "whole period", "t"),
            Column::new("tonnes_per_year", "折合全年", "per year", "t/a"),
            Column::new("missing", "缺少", "missing", ""),
        ],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Item, Key};
    use standards::Library;

    #[test]
    fn a_sample_stands_for_the_days_nearest_to_it() {
        let check = |sampled: &[i64], flowing: &[i64], expect: &[&[i64]]| {
            let flowing: Vec<(i64, Decimal)> = flowing.iter().map(|day| (*day, Decimal::from(*day))).collect();
            let expect: Vec<Vec<Decimal>> =
                expect.iter().map(|days| days.iter().map(|day| Decimal::from(*day)).collect()).collect();
            assert_eq!(intervals(sampled, &flowing), expect, "{sampled:?} {flowing:?}");
        };
        check(&[], &[1, 2], &[]);
        check(&[5], &[1, 5, 9], &[&[1, 5, 9]]);
        check(&[2, 6], &[1, 2, 3, 4, 5, 6, 7], &[&[1, 2, 3, 4], &[5, 6, 7]]);
        check(&[1, 2, 9], &[1, 2, 9], &[&[1], &[2], &[9]]);
    }

    #[test]
    fn only_days_with_both_values_are_samples_and_the_rest_is_counted() {
        let rules = Rules::new(Library::embedded().unwrap(), "500242".into()).unwrap();
        let point = Point::simulated(1, PointKind::WaterSection);
        let phosphorus = Code::new("w21011").unwrap();
        let day = |number: i64, values: &[(&str, &str)]| Verdict {
            key: Key::new(1, PeriodLevel::Day, 20_000 + number),
            revision: 1,
            judged_at: Timestamp(0),
            horizon: 0,
            finding: Finding {
                items: values
                    .iter()
                    .map(|(factor, value)| {
                        Item::new(Code::new(factor).unwrap(), Stat::Mean, value.parse().ok(), true, 24)
                    })
                    .collect(),
                ..Finding::default()
            },
        };
        let days = [
            day(0, &[("w21011", "0.1"), ("w00000", "2000")]),
            day(1, &[("w21011", "0.3"), ("w00000", "4000")]),
            day(2, &[("w21011", "0.2")]),
            day(3, &[("w00000", "6000")]),
        ];
        let inputs = Inputs::of(&rules, &point, phosphorus, &days);
        assert_eq!((inputs.samples.len(), inputs.without_value, inputs.without_flow), (2, 1, 1));
        assert_eq!(inputs.samples[0].flow, Decimal::TWO, "L/s became m³/s");
        // The second sample stands for the fourth day as well.
        let flows: Vec<_> =
            inputs.samples.iter().map(|sample| sample.interval_flow.unwrap().normalize().to_string()).collect();
        assert_eq!(flows, ["2", "5"]);
        assert_eq!(mean(inputs.flows.iter().copied()), Some(Decimal::from(4)));
        assert!(inputs.missing(4, 10).0.contains("没有日判定 6 天"));
    }
}
