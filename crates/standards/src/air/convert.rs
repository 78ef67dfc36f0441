//! Unit and reference-state conversion (单位和状态换算) before anything is compared.

use super::Pollutant;
use crate::{Date, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// State that a gas concentration refers to (参比状态、标准状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceState {
    /// 273 K, 101.325 kPa (标准状态): data to 2018-08-31.
    Standard273,
    /// 298.15 K, 1013.25 hPa (参比状态): data from 2018-09-01.
    Reference298,
}

/// First day of the 298.15 K reference state, 2018-09-01.
pub const REFERENCE_CHANGE: (i16, u8, u8) = (2018, 9, 1);

impl ReferenceState {
    /// The state official concentrations of that day are in.
    pub fn of_date(date: Date) -> Self {
        let _ = clause!("GB 3095-2012 修改单：2018-09-01 起参比状态");
        if (date.year(), date.month(), date.day()) < REFERENCE_CHANGE { Self::Standard273 } else { Self::Reference298 }
    }

    const fn centikelvin(self) -> i64 {
        match self {
            Self::Standard273 => 27_300,
            Self::Reference298 => 29_815,
        }
    }
}

/// A gas concentration in another reference state, C₂ = C₁ × T₁/T₂ (same pressure). Unrounded.
pub fn convert_gas_state(value: Decimal, from: ReferenceState, to: ReferenceState) -> Decimal {
    value * Decimal::from(from.centikelvin()) / Decimal::from(to.centikelvin())
}

/// A particle concentration from 273 K, 101.325 kPa to the temperature (K) and pressure (kPa) while sampling,
/// C × (273/T) × (P/101.325). `None` for a temperature or pressure that is not positive.
pub fn convert_particle_state(value: Decimal, kelvin: Decimal, kilopascal: Decimal) -> Option<Decimal> {
    let positive = kelvin > Decimal::ZERO && kilopascal > Decimal::ZERO;
    positive.then(|| value * Decimal::from(273) * kilopascal / (kelvin * Decimal::new(101_325, 3)))
}

/// µg/m³ at 298.15 K and 1013.25 hPa of a gas given in ppb: ppb × M / 24.465. `None` for particles.
pub fn mass_from_ppb(pollutant: Pollutant, ppb: Decimal) -> Option<Decimal> {
    let molar_mass = Decimal::new(pollutant.molar_mass()?, 3);
    Some(ppb * molar_mass / Decimal::new(24_465, 3))
}

/// mg/m³ → µg/m³, exact.
pub fn mg_to_ug(value: Decimal) -> Decimal {
    value * Decimal::ONE_THOUSAND
}

/// µg/m³ → mg/m³, exact.
pub fn ug_to_mg(value: Decimal) -> Decimal {
    value * Decimal::new(1, 3)
}
