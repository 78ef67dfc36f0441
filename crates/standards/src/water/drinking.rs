//! Drinking-water sources (集中式饮用水水源地): compliance of a sample, rates by count and by volume.

use super::{Body, Class, Exceedance, Ignored, SourceItem, Surface, evaluate};
use crate::decimal::round_half_even;
use crate::groundwater::Groundwater;
use crate::measure::{Amount, MeasureError, Reading, multiple_of, percent};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// An item of table 2 or 3 over its limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceExceedance {
    pub key: String,
    pub factor: String,
    pub name: Text,
    pub value: Decimal,
    pub unit: String,
    pub limit: Decimal,
    /// To two decimals.
    pub multiple: Option<Decimal>,
}

/// The judgement of one sample of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceResult {
    /// `None` when nothing could be judged.
    pub compliant: Option<bool>,
    /// Class over the 21 items of table 1.
    pub class: Option<Class>,
    /// Items of table 1 worse than class III.
    pub over_class: Vec<Exceedance>,
    /// Items of tables 2 and 3 over their limits.
    pub over_limit: Vec<SourceExceedance>,
    /// Items judged, over all tables.
    pub judged: usize,
    pub missing: Vec<String>,
    pub ignored: Vec<Ignored>,
    pub steps: Vec<Step>,
}

/// Judges a surface source: every item of table 1 within class III and every item of tables 2 and 3 within its limit.
/// Of table 3 only the items in `chosen` are expected (keys such as `T3-19`); others that were measured are judged
/// too. Water temperature and total nitrogen are not judged, faecal coliforms are shown apart.
///
/// # Errors
/// As [`evaluate`].
pub fn judge_surface_source(
    surface: &Surface,
    body: Body,
    readings: &[Reading],
    chosen: &[&str],
) -> Result<SourceResult, MeasureError> {
    let basic = evaluate(surface, body, readings, Some(Class::III))?;
    let mut steps = basic.steps;
    let mut over_limit = Vec::new();
    let mut missing = basic.missing;
    let mut ignored = Vec::new();
    let mut judged = basic.items.len();
    let expected = |item: &SourceItem| {
        chosen.contains(&item.key.as_str()) || surface.supplementary.iter().any(|other| other.key == item.key)
    };
    for item in surface.supplementary.iter().chain(&surface.specific) {
        let mut own = readings.iter().filter(|reading| item.is(&reading.factor));
        let Some(reading) = own.next() else {
            if expected(item) {
                missing.push(item.key.clone());
            }
            continue;
        };
        if own.next().is_some() {
            return Err(MeasureError::Duplicate { factor: item.key.clone() });
        }
        match judge_limit(surface, item, reading, &mut steps)? {
            Ok(Some(found)) => over_limit.push(found),
            Ok(None) => {}
            Err(reason) => {
                ignored.push(Ignored { factor: reading.factor.clone(), reason });
                continue;
            }
        }
        judged += 1;
    }
    let source_item = |factor: &str| surface.supplementary.iter().chain(&surface.specific).any(|item| item.is(factor));
    ignored.extend(basic.ignored.into_iter().filter(|entry| !source_item(&entry.factor)));
    let compliant = (judged > 0).then_some(basic.over_target.is_empty() && over_limit.is_empty());
    steps.push(Step::new(
        clause!("GB 3838-2002 5.3 集中式饮用水水源地"),
        format!("表 1 按 III 类、表 2 与表 3 按限值，判定 {judged} 项：{}", verdict(compliant).zh),
        format!("Table 1 by class III, tables 2 and 3 by their limits, {judged} items: {}", verdict(compliant).en),
    ));
    Ok(SourceResult {
        compliant,
        class: basic.class,
        over_class: basic.over_target,
        over_limit,
        judged,
        missing,
        ignored,
        steps,
    })
}

/// Judges a groundwater source: every item within class III of GB/T 14848.
///
/// # Errors
/// As [`Groundwater::evaluate`].
pub fn judge_groundwater_source(rules: &Groundwater, readings: &[Reading]) -> Result<SourceResult, MeasureError> {
    let result = rules.evaluate(readings)?;
    let mut steps = result.steps;
    let over: Vec<SourceExceedance> = result
        .items
        .iter()
        .filter(|item| item.class > Class::III)
        .map(|item| SourceExceedance {
            key: item.key.clone(),
            factor: item.factor.clone(),
            name: item.name.clone(),
            value: item.value.unwrap_or_default(),
            unit: item.unit.clone(),
            limit: item.class_iii_limit.unwrap_or_default(),
            multiple: item
                .value
                .zip(item.class_iii_limit)
                .filter(|_| item.key != "PH")
                .and_then(|(value, limit)| multiple_of(value, limit))
                .map(|multiple| round_half_even(multiple, 2)),
        })
        .collect();
    let judged = result.items.len();
    let compliant = (judged > 0).then_some(over.is_empty());
    steps.push(Step::new(
        clause!("GB/T 14848-2017 III类作为地下水饮用水源限值"),
        format!("按 III 类判定 {judged} 项：{}", verdict(compliant).zh),
        format!("{judged} items by class III: {}", verdict(compliant).en),
    ));
    Ok(SourceResult {
        compliant,
        class: result.class,
        over_class: Vec::new(),
        over_limit: over,
        judged,
        missing: result.missing,
        ignored: result.ignored,
        steps,
    })
}

fn verdict(compliant: Option<bool>) -> Text {
    match compliant {
        Some(true) => Text::new("达标", "compliant"),
        Some(false) => Text::new("不达标", "not compliant"),
        None => Text::new("无可判定项目", "nothing to judge"),
    }
}

fn judge_limit(
    surface: &Surface,
    item: &SourceItem,
    reading: &Reading,
    steps: &mut Vec<Step>,
) -> Result<Result<Option<SourceExceedance>, Text>, MeasureError> {
    let value = match surface.factors.amount_in(reading, &item.unit, steps)? {
        Amount::Value(value) => value,
        Amount::BelowDetection(limit) => limit / Decimal::TWO,
        Amount::NotDetected => {
            return Ok(Err(Text::new("未检出但未给检出限", "not detected, without the detection limit")));
        }
        Amount::Present(_) => {
            return Err(MeasureError::Kind {
                factor: reading.factor.clone(), expected: Text::new("数值", "a number")
            });
        }
    };
    let clause = if surface.supplementary.iter().any(|other| other.key == item.key) {
        clause!("GB 3838-2002 表 2")
    } else {
        clause!("GB 3838-2002 表 3")
    };
    let over = value > item.limit;
    let (zh, en) = if over { ("超标", "over") } else { ("达标", "within") };
    steps.push(Step::new(
        clause,
        format!("{} {} {}，限值 {}：{zh}", item.name.zh, value.normalize(), item.unit, item.limit),
        format!("{} {} {}, limit {}: {en}", item.name.en, value.normalize(), item.unit, item.limit),
    ));
    Ok(Ok(over.then(|| SourceExceedance {
        key: item.key.clone(),
        factor: reading.factor.clone(),
        name: item.name.clone(),
        value,
        unit: item.unit.clone(),
        limit: item.limit,
        multiple: multiple_of(value, item.limit).map(|multiple| round_half_even(multiple, 2)),
    })))
}

impl SourceItem {
    fn is(&self, factor: &str) -> bool {
        self.key == factor || self.factors.iter().any(|code| code == factor)
    }
}

/// One source in a period, for the rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePeriod {
    /// One entry a sample: compliant, and the intake volume it stands for (any one unit), if known.
    pub samples: Vec<(bool, Option<Decimal>)>,
}

/// Compliance of several sources in a period (达标率), in percent to one decimal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRates {
    pub sources: usize,
    pub compliant_sources: usize,
    /// 水源达标率: sources of which every sample passed.
    pub by_count: Option<Decimal>,
    /// 水量达标率; `None` when a sample's volume is not known, or nothing was taken.
    pub by_volume: Option<Decimal>,
    pub notes: Vec<Text>,
}

/// Rates over sources; a source without samples is left out and noted.
pub fn source_rates(sources: &[SourcePeriod]) -> SourceRates {
    let sampled: Vec<&SourcePeriod> = sources.iter().filter(|source| !source.samples.is_empty()).collect();
    let compliant = sampled.iter().filter(|source| source.samples.iter().all(|(passed, _)| *passed)).count();
    let decimal = |number: usize| super::standard::count(number);
    let mut notes = Vec::new();
    let unsampled = sources.len() - sampled.len();
    if unsampled > 0 {
        notes.push(Text::new(
            format!("{unsampled} 个水源无样品，未计入"),
            format!("{unsampled} sources have no sample and are left out"),
        ));
    }
    let volumes = || -> Option<(Decimal, Decimal)> {
        let mut sums = (Decimal::ZERO, Decimal::ZERO);
        for (passed, volume) in sampled.iter().flat_map(|source| &source.samples) {
            let volume = (*volume)?;
            sums.1 = sums.1.checked_add(volume)?;
            if *passed {
                sums.0 = sums.0.checked_add(volume)?;
            }
        }
        Some(sums)
    };
    let _ = clause!("饮用水水源 水量达标率与水源达标率");
    let by_volume = volumes().and_then(|(passed, all)| percent(passed, all, 1));
    if by_volume.is_none() && !sampled.is_empty() {
        notes.push(Text::new("缺取水量，不计算水量达标率", "an intake volume is missing: no rate by volume"));
    }
    SourceRates {
        sources: sampled.len(),
        compliant_sources: compliant,
        by_count: percent(decimal(compliant), decimal(sampled.len()), 1),
        by_volume,
        notes,
    }
}
