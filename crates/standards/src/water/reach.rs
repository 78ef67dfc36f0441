//! Grade of a river, basin or region from its sections (河流、流域（水系）水质评价).

use super::standard::{ShareRow, Surface, count};
use super::{Body, Class, Grade, WaterResult, evaluate};
use crate::decimal::{mean, round_half_even};
use crate::measure::{Amount, MeasureError, Reading, percent};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// One section's class, with the items that are worse than III, for the share method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionClass {
    pub class: Class,
    /// Item keys worse than class III.
    pub over: Vec<String>,
}

impl SectionClass {
    /// From an evaluated section; `None` when it has no class.
    pub fn of(result: &WaterResult) -> Option<Self> {
        let over = result.items.iter().filter(|item| item.class > Some(Class::III)).map(|item| item.key.clone());
        Some(Self { class: result.class?, over: over.collect() })
    }
}

/// The evaluation of a river, basin or region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReachResult {
    pub sections: usize,
    /// Sections of each class I … V+.
    pub by_class: [usize; 6],
    /// 优良比例, percent to one decimal.
    pub good_share: Decimal,
    /// 劣V类比例, percent to one decimal.
    pub inferior_share: Decimal,
    pub grade: Grade,
    /// Item keys ordered by 断面超标率 with that rate in percent, at most three.
    pub main_pollutants: Vec<(String, Decimal)>,
    pub notes: Vec<Text>,
    pub steps: Vec<Step>,
}

/// Grades by shares of sections; `None` for fewer sections than the method asks for (use [`reach_by_means`]).
pub fn reach_grade(surface: &Surface, sections: &[SectionClass]) -> Option<ReachResult> {
    if sections.len() < surface.share_sections {
        return None;
    }
    let mut by_class = [0_usize; 6];
    for section in sections {
        if let Some(slot) = by_class.get_mut(section.class as usize) {
            *slot += 1;
        }
    }
    let whole = count(sections.len());
    let good = count(sections.iter().filter(|section| section.class <= Class::III).count());
    let inferior = count(sections.iter().filter(|section| section.class == Class::InferiorV).count());
    let mut notes = Vec::new();
    let grade =
        surface.shares.iter().find(|row| row.holds(good, inferior, whole)).map(|row| row.grade).or_else(|| {
            // Exactly 60 % good with exactly 40 % inferior is the only case that the table leaves open.
            notes.push(Text::new(
                "I～III类与劣V类比例落在分级表的空档，按重度污染处理",
                "The shares fall between the rows of the table; heavily polluted is taken",
            ));
            surface.shares.iter().map(|row| row.grade).max()
        })?;
    let good_share = percent(good, whole, 1)?;
    let inferior_share = percent(inferior, whole, 1)?;
    let step = Step::new(
        clause!("环办〔2011〕22号 河流、流域（水系）水质评价"),
        format!("{} 个断面，I～III类 {good_share}%，劣V类 {inferior_share}%：{}", sections.len(), grade.name().zh),
        format!(
            "{} sections, I–III {good_share} %, inferior V {inferior_share} %: {}",
            sections.len(),
            grade.name().en
        ),
    );
    let main_pollutants = if grade > Grade::Good { ranked_by_rate(surface, sections, whole) } else { Vec::new() };
    Some(ReachResult {
        sections: sections.len(),
        by_class,
        good_share,
        inferior_share,
        grade,
        main_pollutants,
        notes,
        steps: vec![step],
    })
}

impl ShareRow {
    /// Compares `100·part` with `bound·whole`, so that no division rounds a share across a bound.
    fn holds(&self, good: Decimal, inferior: Decimal, whole: Decimal) -> bool {
        let at_least = |part: Decimal, bound: Option<Decimal>| {
            bound.is_none_or(|bound| part * Decimal::ONE_HUNDRED >= bound * whole)
        };
        let below = |part: Decimal, bound: Option<Decimal>| {
            bound.is_none_or(|bound| part * Decimal::ONE_HUNDRED < bound * whole)
        };
        at_least(good, self.good_min)
            && below(good, self.good_below)
            && at_least(inferior, self.inferior_min)
            && below(inferior, self.inferior_below)
    }
}

fn ranked_by_rate(surface: &Surface, sections: &[SectionClass], whole: Decimal) -> Vec<(String, Decimal)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for section in sections {
        for key in &section.over {
            *counts.entry(key).or_default() += 1;
        }
    }
    let place = |key: &str| surface.items.iter().position(|item| item.key == key);
    let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
    ranked.sort_by_key(|(key, over)| (std::cmp::Reverse(*over), place(key)));
    let _ = clause!("环办〔2011〕22号 断面超标率");
    ranked
        .into_iter()
        .take(surface.main_pollutants)
        .filter_map(|(key, over)| Some((key.to_owned(), percent(count(over), whole, 1)?)))
        .collect()
}

/// Fewer than five sections: the mean of each item over the sections, then the single-factor method.
/// Below detection counts as half the limit; pH is averaged by hydrogen-ion concentration.
///
/// # Errors
/// As [`evaluate`], and when readings of one item come in different units or without amounts.
pub fn reach_by_means(surface: &Surface, body: Body, sections: &[Vec<Reading>]) -> Result<WaterResult, MeasureError> {
    let mut values: BTreeMap<String, (Vec<Decimal>, String)> = BTreeMap::new();
    for readings in sections {
        for reading in readings {
            let Some(item) = surface.item(&reading.factor, body) else { continue };
            let value = match surface.factors.amount_in(reading, &item.unit, &mut crate::NoTrace)? {
                Amount::Value(value) => value,
                Amount::BelowDetection(limit) => limit / Decimal::TWO,
                Amount::NotDetected | Amount::Present(_) => continue,
            };
            values.entry(item.key.clone()).or_insert_with(|| (Vec::new(), item.unit.clone())).0.push(value);
        }
    }
    let means: Vec<Reading> = values
        .into_iter()
        .filter_map(|(key, (list, unit))| {
            let value = if key == "PH" { mean_ph(&list)? } else { mean(list)? };
            Some(Reading::new(key, value).with_unit(unit))
        })
        .collect();
    let mut result = evaluate(surface, body, &means, None)?;
    result.steps.insert(
        0,
        Step::new(
            clause!("环办〔2011〕22号 断面少于 5 个时取均值"),
            format!("{} 个断面，各项取断面均值后单因子评价", sections.len()),
            format!("{} sections: the mean of each item over the sections, then single-factor", sections.len()),
        ),
    );
    Ok(result)
}

/// Mean pH by hydrogen-ion concentration, to two decimals (逐值换算氢离子浓度后取均值); `None` of none.
pub fn mean_ph(values: &[Decimal]) -> Option<Decimal> {
    use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
    if values.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    for value in values {
        sum += 10_f64.powf(-value.to_f64()?);
    }
    let mean = -(sum / values.len() as f64).log10();
    Decimal::from_f64(crate::decimal::round_float(mean, 6)).map(|mean| round_half_even(mean, 2))
}
