//! Compliance rate of functional zones (功能区达标率): met / monitored × 100, by class and in total, day and night
//! each counted by itself.

use super::Period;
use crate::clause;
use crate::decimal::round_half_even;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// One point and period (点次).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneResult {
    pub class: String,
    pub period: Period,
    pub complies: bool,
}

/// A rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ComplianceRate {
    pub monitored: u32,
    pub met: u32,
}

impl ComplianceRate {
    /// Percent, one decimal; `None` when nothing was monitored.
    pub fn percent(&self) -> Option<Decimal> {
        let _ = clause!("环办监测〔2024〕33 号 达标率");
        (self.monitored > 0)
            .then(|| round_half_even(Decimal::from(self.met) * Decimal::ONE_HUNDRED / Decimal::from(self.monitored), 1))
    }
}

/// Rates by (class, period); the class `""` is the total.
pub fn compliance_rates<'a>(
    results: impl IntoIterator<Item = &'a ZoneResult>,
) -> BTreeMap<(String, Period), ComplianceRate> {
    let mut rates: BTreeMap<(String, Period), ComplianceRate> = BTreeMap::new();
    for result in results {
        for class in [result.class.clone(), String::new()] {
            let rate = rates.entry((class, result.period)).or_default();
            rate.monitored += 1;
            rate.met += u32::from(result.complies);
        }
    }
    rates
}
