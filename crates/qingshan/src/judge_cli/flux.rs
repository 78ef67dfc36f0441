//! `judge flux`: what a section carried, by one or all of the named estimators.

use super::Outcome;
use super::air::steps_json;
use super::arguments::Arguments;
use super::table::{Problem, Problems, Table};
use serde_json::json;
use standards::Decimal;
use standards::decimal::round_half_even;
use standards::flow::{Estimator, FluxInput, FluxSample, estimate};
use std::collections::BTreeMap;

const NAMES: [&str; 8] = [
    "all",
    "mean_concentration_mean_flow",
    "mean_concentration_period_flow",
    "mean_instantaneous_flux",
    "interval_flow",
    "flow_weighted_mean",
    "mixed",
    "beale_ratio",
];

/// `judge flux FILE.csv`: columns c (mg/L), q (m³/s), perhaps interval_flow and id; one JSON line a section and
/// estimator. `--estimator all` leaves out those whose input is not given.
pub fn flux(arguments: &Arguments) -> Outcome {
    arguments.only(&["estimator", "period-flow", "alpha", "population"])?;
    let name = arguments.choice("estimator", &NAMES, Some("all"))?;
    let period_flow: Option<Decimal> = arguments.number("period-flow")?;
    let alpha: Option<Decimal> = arguments.number("alpha")?;
    if alpha.is_some_and(|alpha| !(Decimal::ZERO..=Decimal::ONE).contains(&alpha)) {
        return Err(vec![Problem::new("--alpha 应在 0～1 must be from 0 to 1")]);
    }
    if period_flow.is_some_and(|flow| flow < Decimal::ZERO) {
        return Err(vec![Problem::new("--period-flow 不小于 0 is not below 0")]);
    }
    let population: Option<u32> = arguments.number("population")?;
    let table = Table::read(arguments)?;
    let needed = table.required(&[&["c", "concentration", "浓度"], &["q", "flow", "流量"]])?;
    let interval = table.column(&["interval_flow", "时段平均流量"]);
    let id = table.column(&["id", "station", "断面"]);
    let mut problems = Problems::default();
    let mut sections: BTreeMap<String, Vec<FluxSample>> = BTreeMap::new();
    for row in &table.rows {
        let number = |at: Option<usize>| at.map_or(Ok(None), |at| table.decimal(row, at));
        let cells = [number(needed.first().copied()), number(needed.get(1).copied()), number(interval)];
        let [concentration, flow, interval_flow] = cells.map(|cell| problems.keep(cell).flatten());
        let Some((concentration, flow)) = concentration.zip(flow) else {
            let hint = "缺值不估算 nothing is estimated without both";
            problems.push(Problem::at(row.line, "缺浓度或流量 concentration or flow is missing", hint));
            continue;
        };
        if [Some(concentration), Some(flow), interval_flow].into_iter().flatten().any(|value| value < Decimal::ZERO) {
            let hint = "浓度和流量不小于 0 neither is below 0";
            problems.push(Problem::at(row.line, "负的浓度或流量 a negative concentration or flow", hint));
            continue;
        }
        let section = id.map_or(String::new(), |id| table.text(row, id).to_owned());
        sections.entry(section).or_default().push(FluxSample { concentration, flow, interval_flow });
    }
    problems.finish()?;
    let mut problems = Problems::default();
    let mut output = String::new();
    for (section, samples) in &sections {
        let input = FluxInput { samples, period_flow };
        let all = name == "all";
        for estimator in chosen(name, alpha, population)? {
            let found = match estimate(estimator, &input) {
                Ok(found) => found,
                Err(_) if all => continue,
                Err(error) => {
                    problems.push(Problem::new(format!("{section} {}: {error}", estimator.name())));
                    continue;
                }
            };
            let mut line = json!({
                "id": section,
                "estimator": estimator.name(),
                "samples": samples.len(),
                "kg_per_day": round_half_even(found.kg_per_day(), 3),
                "tonnes_per_year": round_half_even(found.tonnes_per_year(), 3),
            });
            if arguments.flag("explain")
                && let Some(object) = line.as_object_mut()
            {
                object.insert("steps".into(), steps_json(&[found.step]));
            }
            output.push_str(&line.to_string());
            output.push('\n');
        }
    }
    problems.finish()?;
    Ok(output)
}

fn chosen(name: &str, alpha: Option<Decimal>, population: Option<u32>) -> Result<Vec<Estimator>, Vec<Problem>> {
    let plain = [
        Estimator::MeanConcentrationMeanFlow,
        Estimator::MeanConcentrationPeriodFlow,
        Estimator::MeanInstantaneousFlux,
        Estimator::IntervalFlow,
        Estimator::FlowWeightedMean,
    ];
    let mixed = alpha.map(|alpha| Estimator::Mixed { alpha });
    let beale = population.map(|population| Estimator::BealeRatio { population });
    let needs = |option: &str| vec![Problem::new(format!("缺少选项 missing option --{option}"))];
    match name {
        "all" => Ok(plain.into_iter().chain(mixed).chain(beale).collect()),
        "mixed" => mixed.map(|one| vec![one]).ok_or_else(|| needs("alpha")),
        "beale_ratio" => beale.map(|one| vec![one]).ok_or_else(|| needs("population")),
        name => Ok(plain.into_iter().filter(|one| one.name() == name).collect()),
    }
}
