//! Composite index (环境空气质量综合指数) with weights by date of effect.

use super::{Method, PeriodStatistics, Pollutant};
use crate::decimal::round_half_even;
use crate::library::FigureError;
use crate::{Standard, Step, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// Statistic, limit and weight of each single index.
#[derive(Clone, Debug, PartialEq)]
pub struct CompositeRules {
    /// `true` = the period's mean, `false` = its percentile; limit; weight.
    entries: [(bool, Decimal, Decimal); 6],
}

/// One pollutant's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SingleIndex {
    pub pollutant: Pollutant,
    /// Concentration as rounded (whole µg/m³; CO one decimal).
    pub concentration: Decimal,
    pub limit: Decimal,
    pub weight: Decimal,
    /// concentration / limit.
    pub index: Decimal,
}

/// The composite index of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeIndex {
    pub parts: Vec<SingleIndex>,
    /// Unrounded Σ weight × index; two decimals are printed.
    pub value: Decimal,
    /// The largest part (最大指数污染物), all that tie.
    pub largest: Vec<Pollutant>,
    pub steps: Vec<Step>,
}

impl CompositeIndex {
    pub fn printed(&self) -> Decimal {
        round_half_even(self.value, 2)
    }
}

impl CompositeRules {
    /// # Errors
    /// When a figure is absent or not confirmed.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let table = standard.table("composite")?;
        let mut entries = [(false, Decimal::ONE, Decimal::ZERO); 6];
        for pollutant in Pollutant::ALL {
            let key = pollutant.key();
            let not_a_number =
                || FigureError::NotANumber { figure: format!("{}/{key}", table.path), text: String::new() };
            entries[pollutant.index()] = (
                table.text(key, "statistic")? == "mean",
                table.decimal(key, "limit")?.filter(|limit| *limit > Decimal::ZERO).ok_or_else(not_a_number)?,
                table.decimal(key, "weight")?.ok_or_else(not_a_number)?,
            );
        }
        Ok(Self { entries })
    }

    /// The index from each pollutant's statistic, rounded first; `None` when one is missing.
    pub fn of(&self, concentrations: &[Option<Decimal>; 6]) -> Option<CompositeIndex> {
        let mut parts = Vec::with_capacity(6);
        let mut value = Decimal::ZERO;
        for pollutant in Pollutant::ALL {
            let (_, limit, weight) = self.entries[pollutant.index()];
            let places = if pollutant == Pollutant::Co { 1 } else { 0 };
            let concentration = round_half_even(concentrations[pollutant.index()]?, places);
            let index = concentration / limit;
            value += index * weight;
            parts.push(SingleIndex { pollutant, concentration, limit, weight, index });
        }
        let top = parts.iter().map(|part| part.index).max()?;
        let largest = parts.iter().filter(|part| part.index == top).map(|part| part.pollutant).collect();
        let printed = round_half_even(value, 2);
        let formula: Vec<String> =
            parts.iter().map(|part| format!("{}×{}/{}", part.weight, part.concentration, part.limit)).collect();
        let formula = formula.join(" + ");
        let steps = vec![Step::new(
            clause!("HJ 663 综合指数"),
            format!("综合指数 = {formula} = {printed}"),
            format!("composite index = {formula} = {printed}"),
        )];
        Some(CompositeIndex { parts, value, largest, steps })
    }

    /// The index of a period from its statistics (mean or percentile as the rule says, whether or not the period is
    /// valid: callers say so beside it).
    pub fn of_period(&self, period: &PeriodStatistics) -> Option<CompositeIndex> {
        let concentrations = Pollutant::ALL.map(|pollutant| {
            let item = &period.items[pollutant.index()];
            if self.entries[pollutant.index()].0 { item.mean } else { item.percentile }
        });
        self.of(&concentrations)
    }
}

impl Method {
    /// The composite index of a period.
    ///
    /// # Errors
    /// When the edition's weights are not confirmed.
    pub fn composite_index(&self, period: &PeriodStatistics) -> Result<Option<CompositeIndex>, FigureError> {
        match &self.composite {
            Ok(rules) => Ok(rules.of_period(period)),
            Err(error) => Err(error.clone()),
        }
    }
}
