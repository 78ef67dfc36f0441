//! Discharged mass (排放量).

use crate::clause;
use rust_decimal::Decimal;
use std::fmt;

/// A mass that cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassError {
    Negative,
    Overflow,
}

impl fmt::Display for MassError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Negative => "a concentration, flow or time is negative",
            Self::Overflow => "the mass does not fit the number",
        })
    }
}

impl std::error::Error for MassError {}

/// Rate of a gas pollutant in kg/h: the measured dry concentration (mg/m³, never the converted one) times the dry
/// flow at standard state (m³/h) times 10⁻⁶.
///
/// # Errors
/// Negative or too large numbers.
pub fn gas_mass_kg_per_hour(concentration: Decimal, dry_flow: Decimal) -> Result<Decimal, MassError> {
    let _ = clause!("HJ 212-2017 废气排放量");
    product(&[concentration, dry_flow, Decimal::new(1, 6)])
}

/// Water volume in m³ of a flow (L/s) over a time (s).
///
/// # Errors
/// Negative or too large numbers.
pub fn water_volume_m3(litres_per_second: Decimal, seconds: Decimal) -> Result<Decimal, MassError> {
    let _ = clause!("HJ 212-2017 废水排放量");
    product(&[litres_per_second, seconds, Decimal::new(1, 3)])
}

/// Mass in kg of a water volume (m³) at a concentration (mg/L).
///
/// # Errors
/// Negative or too large numbers.
pub fn water_mass_kg(volume: Decimal, concentration: Decimal) -> Result<Decimal, MassError> {
    let _ = clause!("HJ 212-2017 废水污染物排放量");
    product(&[volume, concentration, Decimal::new(1, 3)])
}

fn product(factors: &[Decimal]) -> Result<Decimal, MassError> {
    if factors.iter().any(|factor| factor.is_sign_negative() && !factor.is_zero()) {
        return Err(MassError::Negative);
    }
    factors.iter().try_fold(Decimal::ONE, |product, factor| product.checked_mul(*factor)).ok_or(MassError::Overflow)
}
