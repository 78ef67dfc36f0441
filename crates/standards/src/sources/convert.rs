//! Conversion to reference conditions (折算) and to dry standard state.

use crate::Text;
use crate::{Step, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a measured concentration is converted to (基准含氧量或过量空气系数).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Reference oxygen in percent.
    ReferenceOxygen(Decimal),
    /// Excess-air coefficient of the standard.
    ExcessAir(Decimal),
    /// No reference: the measured value is the one to compare.
    AsMeasured,
}

/// Why a concentration cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversionError {
    /// Measured oxygen of 21 % or more (or negative): the formula divides by zero, the value is invalid.
    Oxygen(Decimal),
    /// A reference outside what the formula allows.
    Reference(Decimal),
    Negative(Decimal),
    /// Does not fit 28 digits.
    Overflow,
}

impl ConversionError {
    pub fn text(&self) -> Text {
        match self {
            Self::Oxygen(value) => Text::new(
                format!("实测含氧量 {value}% 不在 0～21%（不含 21%）内，无法折算，值无效"),
                format!(
                    "measured oxygen {value} % is not within 0 to below 21 %; the value cannot be converted and is invalid"
                ),
            ),
            Self::Reference(value) => {
                Text::new(format!("基准值 {value} 不合理"), format!("the reference {value} is impossible"))
            }
            Self::Negative(value) => Text::new(format!("负值 {value}"), format!("negative value {value}")),
            Self::Overflow => Text::new("数值过大", "the number is too large"),
        }
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for ConversionError {}

const AIR_OXYGEN: Decimal = Decimal::from_parts(21, 0, 0, false, 0);

impl Conversion {
    /// The converted concentration (折算浓度) of a dry one at standard state, with its step. One division, so the
    /// result is exact to 28 digits.
    ///
    /// # Errors
    /// When the measured oxygen or the reference makes the formula meaningless.
    pub fn apply(self, concentration: Decimal, oxygen: Decimal) -> Result<(Decimal, Step), ConversionError> {
        if concentration.is_sign_negative() && !concentration.is_zero() {
            return Err(ConversionError::Negative(concentration));
        }
        if self == Self::AsMeasured {
            let step = Step::new(
                clause!("HJ 212-2017 折算：无基准"),
                format!("未规定基准含氧量或过量空气系数，按实测值 {concentration} 比较"),
                format!("No reference oxygen or excess air is given: the measured value {concentration} is compared"),
            );
            return Ok((concentration, step));
        }
        if oxygen.is_sign_negative() || oxygen >= AIR_OXYGEN {
            return Err(ConversionError::Oxygen(oxygen));
        }
        let overflow = || ConversionError::Overflow;
        let margin = AIR_OXYGEN - oxygen;
        match self {
            Self::ReferenceOxygen(reference) => {
                if reference.is_sign_negative() || reference >= AIR_OXYGEN {
                    return Err(ConversionError::Reference(reference));
                }
                let numerator = concentration.checked_mul(AIR_OXYGEN - reference).ok_or_else(overflow)?;
                let converted = numerator.checked_div(margin).ok_or_else(overflow)?;
                let shown = converted.round_dp(3).normalize();
                let step = Step::new(
                    clause!("HJ 212-2017 折算：基准含氧量"),
                    format!("C折 = {concentration}×(21−{reference})/(21−{oxygen}) = {shown}"),
                    format!("C = {concentration}×(21−{reference})/(21−{oxygen}) = {shown}"),
                );
                Ok((converted, step))
            }
            Self::ExcessAir(coefficient) => {
                if coefficient < Decimal::ONE {
                    return Err(ConversionError::Reference(coefficient));
                }
                let denominator = margin.checked_mul(coefficient).ok_or_else(overflow)?;
                let numerator = concentration.checked_mul(AIR_OXYGEN).ok_or_else(overflow)?;
                let converted = numerator.checked_div(denominator).ok_or_else(overflow)?;
                let shown = converted.round_dp(3).normalize();
                let step = Step::new(
                    clause!("HJ 212-2017 折算：过量空气系数"),
                    format!("α = 21/(21−{oxygen})，C折 = {concentration}×α/{coefficient} = {shown}"),
                    format!("α = 21/(21−{oxygen}), C = {concentration}×α/{coefficient} = {shown}"),
                );
                Ok((converted, step))
            }
            Self::AsMeasured => Err(ConversionError::Overflow),
        }
    }
}

/// Concentration of the actual state brought to 273 K and 101,325 Pa (标态): C·101325/(Ba+Ps)·(273+t)/273;
/// pressures in Pa, temperature in °C.
///
/// # Errors
/// When the absolute pressure or temperature is not positive.
pub fn standard_concentration(
    concentration: Decimal,
    atmospheric: Decimal,
    static_pressure: Decimal,
    celsius: Decimal,
) -> Result<Decimal, ConversionError> {
    let _ = clause!("HJ 212-2017 标态换算");
    let (pressure, kelvin) = absolute(atmospheric, static_pressure, celsius)?;
    let numerator = concentration.checked_mul(Decimal::from(101_325)).and_then(|value| value.checked_mul(kelvin));
    let denominator = pressure.checked_mul(Decimal::from(273));
    divide(numerator, denominator)
}

/// Dry concentration from a wet one and the moisture share (0–1): C/(1−X).
///
/// # Errors
/// When the share is not within 0 to below 1.
pub fn dry_from_wet(concentration: Decimal, moisture: Decimal) -> Result<Decimal, ConversionError> {
    if moisture.is_sign_negative() || moisture >= Decimal::ONE {
        return Err(ConversionError::Reference(moisture));
    }
    let _ = clause!("HJ 212-2017 干湿换算");
    divide(Some(concentration), Some(Decimal::ONE - moisture))
}

/// mg/m³ at standard state from a volume ratio in ppm and the molar mass in g/mol: M/22.4·Cv.
///
/// # Errors
/// Only when the numbers overflow.
pub fn mg_from_ppm(ppm: Decimal, molar_mass: Decimal) -> Result<Decimal, ConversionError> {
    let _ = clause!("HJ 212-2017 体积比换算");
    divide(ppm.checked_mul(molar_mass), Some(Decimal::new(224, 1)))
}

/// NOx as NO2 from mass concentrations: C(NO)·46/30 + C(NO2).
///
/// # Errors
/// Only when the numbers overflow.
pub fn nox_as_no2(no: Decimal, no2: Decimal) -> Result<Decimal, ConversionError> {
    let _ = clause!("HJ 212-2017 氮氧化物以二氧化氮计");
    let part = divide(no.checked_mul(Decimal::from(46)), Some(Decimal::from(30)))?;
    part.checked_add(no2).ok_or(ConversionError::Overflow)
}

/// Dry flow at standard state in m³/h from the actual one: Q·273/(273+t)·(Ba+Ps)/101325·(1−X).
///
/// # Errors
/// When the absolute pressure or temperature is not positive, or the moisture not a share.
pub fn standard_flow(
    actual: Decimal,
    atmospheric: Decimal,
    static_pressure: Decimal,
    celsius: Decimal,
    moisture: Decimal,
) -> Result<Decimal, ConversionError> {
    if moisture.is_sign_negative() || moisture >= Decimal::ONE {
        return Err(ConversionError::Reference(moisture));
    }
    let _ = clause!("HJ 212-2017 标干流量");
    let (pressure, kelvin) = absolute(atmospheric, static_pressure, celsius)?;
    let numerator = [Decimal::from(273), pressure, Decimal::ONE - moisture]
        .into_iter()
        .try_fold(actual, |product, factor| product.checked_mul(factor));
    divide(numerator, kelvin.checked_mul(Decimal::from(101_325)))
}

fn absolute(atmospheric: Decimal, gauge: Decimal, celsius: Decimal) -> Result<(Decimal, Decimal), ConversionError> {
    let pressure = atmospheric.checked_add(gauge).ok_or(ConversionError::Overflow)?;
    let kelvin = celsius.checked_add(Decimal::from(273)).ok_or(ConversionError::Overflow)?;
    if pressure <= Decimal::ZERO {
        return Err(ConversionError::Reference(pressure));
    }
    if kelvin <= Decimal::ZERO {
        return Err(ConversionError::Reference(celsius));
    }
    Ok((pressure, kelvin))
}

fn divide(numerator: Option<Decimal>, denominator: Option<Decimal>) -> Result<Decimal, ConversionError> {
    numerator
        .zip(denominator)
        .and_then(|(numerator, denominator)| numerator.checked_div(denominator))
        .ok_or(ConversionError::Overflow)
}
