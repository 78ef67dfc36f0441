//! Surface water, sources and wells over a moment or a period: means by factor, then class and compliance.

use std::collections::BTreeMap;

use kernel::{Day, Point};
use rust_decimal::Decimal;
use standards::water::Surface;

use crate::code::Code;
use crate::hour::HourMean;
use crate::model::{Explain, Finding, Item, Method, Stat};
use crate::packed::canonical;
use crate::plan::{NotJudged, groundwater_target, method_of, target_class, water_body};
use crate::rule::groundwater;
use crate::rule::limit;
use crate::rule::water::{Water, WaterValue};
use crate::rules::Rules;
use crate::source::came_by_hours;

/// Flow meter of a source or section.
pub const FLOW: &str = "w00000";

fn water<'w>(point: &Point, surface: &'w Surface) -> Water<'w> {
    Water {
        surface,
        body: water_body(point.kind),
        target: target_class(point),
        source: method_of(point.kind) == Method::Water { source: true },
    }
}

/// Surface water or groundwater of a moment or a period.
pub fn judge_water(
    rules: &Rules,
    point: &Point,
    day: Day,
    values: &[WaterValue],
    explain: &mut Option<&mut Explain>,
) -> Result<Finding, NotJudged> {
    if method_of(point.kind) == Method::Groundwater {
        return groundwater::judge(&*rules.groundwater_at(day)?, groundwater_target(point), values, explain);
    }
    let surface = rules.surface_at(day)?;
    water(point, &surface).judge(values, explain)
}

/// Water of a day, month or year from the means of its parts; `device`: day values that the device sent itself.
pub fn water_period(
    rules: &Rules,
    point: &Point,
    day: Day,
    findings: &[(usize, &Finding)],
    device: &[HourMean],
    explain: &mut Option<&mut Explain>,
) -> Result<Finding, NotJudged> {
    let mut values = if method_of(point.kind) == Method::Groundwater {
        let groundwater = rules.groundwater_at(day)?;
        means_of(findings, |factor| groundwater::unit_of(&groundwater, factor))
    } else {
        let surface = rules.surface_at(day)?;
        let water = water(point, &surface);
        means_of(findings, |factor| water.unit_of(factor))
    };
    for mean in device.iter().filter(|mean| mean.valid) {
        if let Some(value) = mean.mean
            && !came_by_hours(mean.factor, findings)
        {
            values.push(WaterValue { factor: mean.factor, value, unit: None, count: 1 });
        }
    }
    let mut finding = judge_water(rules, point, day, &values, explain)?;
    add_volume(&mut finding, findings);
    Ok(finding)
}

/// What was taken or flowed in the period: the sum of the totals of its parts.
fn add_volume(finding: &mut Finding, parts: &[(usize, &Finding)]) {
    let totals = parts.iter().flat_map(|(_, part)| &part.items).filter(|item| item.stat == Stat::Total && item.valid());
    let volumes: Vec<Decimal> = totals.filter(|item| item.factor == *FLOW).filter_map(|item| item.value).collect();
    if let (Some(factor), Some(sum), false) = (Code::new(FLOW), limit::sum(&volumes), volumes.is_empty()) {
        finding.items.push(Item::new(factor, Stat::Total, Some(sum), true, volumes.len() as u16));
    }
}

/// The mean of the valid means of several findings, by factor.
fn means_of(findings: &[(usize, &Finding)], unit: impl Fn(Code) -> String) -> Vec<WaterValue> {
    let mut sums: BTreeMap<Code, Vec<Decimal>> = BTreeMap::new();
    for (_, finding) in findings {
        for item in finding.items.iter().filter(|item| item.stat == Stat::Mean && item.valid()) {
            if let Some(value) = item.value {
                sums.entry(item.factor).or_default().push(value);
            }
        }
    }
    sums.into_iter()
        .filter_map(|(factor, values)| {
            let value = standards::decimal::mean(values.iter().copied())?;
            let unit = Some(unit(factor)).filter(|unit| !unit.is_empty());
            Some(WaterValue { factor, value: canonical(value), unit, count: values.len() as u16 })
        })
        .collect()
}
