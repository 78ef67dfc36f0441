//! Units (计量单位) and exact conversion between those that only differ by a power of ten.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a unit measures; only units of one quantity convert into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// pH, ratios printed without unit (无量纲).
    None,
    /// Mass per volume of water or gas; base mg/L.
    MassPerVolume,
    /// Mass per mass of soil; base mg/kg.
    MassPerMass,
    /// Counts per volume (个、MPN、CFU); base 1/L.
    CountPerVolume,
    /// Base %.
    Percent,
    /// Base Bq/L.
    Activity,
    Temperature,
    /// 度、倍 (colour).
    Colour,
    /// NTU.
    Turbidity,
    /// Base m.
    Length,
    /// Base m³/s.
    Flow,
    /// Base kg/h.
    MassFlow,
}

/// A unit: a quantity and the power of ten to its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    pub quantity: Quantity,
    exponent: i32,
}

/// A text that names no unit known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownUnit(pub String);

impl fmt::Display for UnknownUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown unit `{}`", self.0)
    }
}

impl std::error::Error for UnknownUnit {}

/// Every spelling after normalisation (µ and μ are `u`, ³ is `3`, letters lower case).
const UNITS: &[(&str, Quantity, i32)] = &[
    ("", Quantity::None, 0),
    ("1", Quantity::None, 0),
    ("-", Quantity::None, 0),
    ("–", Quantity::None, 0),
    ("ph", Quantity::None, 0),
    ("无量纲", Quantity::None, 0),
    ("g/l", Quantity::MassPerVolume, 3),
    ("mg/l", Quantity::MassPerVolume, 0),
    ("ug/l", Quantity::MassPerVolume, -3),
    ("ng/l", Quantity::MassPerVolume, -6),
    ("g/m3", Quantity::MassPerVolume, 0),
    ("mg/m3", Quantity::MassPerVolume, -3),
    ("ug/m3", Quantity::MassPerVolume, -6),
    ("ng/m3", Quantity::MassPerVolume, -9),
    ("g/kg", Quantity::MassPerMass, 3),
    ("mg/kg", Quantity::MassPerMass, 0),
    ("ug/kg", Quantity::MassPerMass, -3),
    ("ng/kg", Quantity::MassPerMass, -6),
    ("1/l", Quantity::CountPerVolume, 0),
    ("个/l", Quantity::CountPerVolume, 0),
    ("mpn/l", Quantity::CountPerVolume, 0),
    ("cfu/l", Quantity::CountPerVolume, 0),
    ("1/100ml", Quantity::CountPerVolume, 1),
    ("mpn/100ml", Quantity::CountPerVolume, 1),
    ("cfu/100ml", Quantity::CountPerVolume, 1),
    ("1/ml", Quantity::CountPerVolume, 3),
    ("cfu/ml", Quantity::CountPerVolume, 3),
    ("%", Quantity::Percent, 0),
    ("bq/l", Quantity::Activity, 0),
    ("°c", Quantity::Temperature, 0),
    ("℃", Quantity::Temperature, 0),
    ("度", Quantity::Colour, 0),
    ("倍", Quantity::Colour, 0),
    ("铂钴度", Quantity::Colour, 0),
    ("colourdegree", Quantity::Colour, 0),
    ("ntu", Quantity::Turbidity, 0),
    ("m", Quantity::Length, 0),
    ("cm", Quantity::Length, -2),
    ("m3/s", Quantity::Flow, 0),
    ("l/s", Quantity::Flow, -3),
    ("kg/h", Quantity::MassFlow, 0),
    ("g/h", Quantity::MassFlow, -3),
    ("mg/h", Quantity::MassFlow, -6),
];

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let normal: String = text
            .chars()
            .filter(|character| !character.is_whitespace())
            .map(|character| match character {
                'µ' | 'μ' => 'u',
                '³' => '3',
                other => other.to_ascii_lowercase(),
            })
            .collect();
        UNITS
            .iter()
            .find(|(spelling, _, _)| *spelling == normal)
            .map(|(_, quantity, exponent)| Self { quantity: *quantity, exponent: *exponent })
            .ok_or_else(|| UnknownUnit(text.to_owned()))
    }
}

impl Unit {
    /// `value` of this unit in `target`, exactly; `None` when the quantities differ or the result does not fit.
    pub fn convert(self, value: Decimal, target: Self) -> Option<Decimal> {
        if self.quantity != target.quantity {
            return None;
        }
        let shift = self.exponent - target.exponent;
        if shift == 0 {
            return Some(value);
        }
        let factor = Decimal::from(10_i64.checked_pow(shift.unsigned_abs())?);
        if shift > 0 {
            return value.checked_mul(factor);
        }
        // Shifting the scale is exact as long as 28 decimals hold it; a division would round.
        let scale = value.scale().checked_add(shift.unsigned_abs())?;
        Decimal::try_from_i128_with_scale(value.mantissa(), scale).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, from: &str, to: &str, expect: Option<&str>) {
        let (from, to): (Unit, Unit) = (from.parse().unwrap(), to.parse().unwrap());
        let converted = from.convert(value.parse().unwrap(), to);
        assert_eq!(converted.map(|value| value.normalize().to_string()).as_deref(), expect, "{value}");
    }

    #[test]
    fn powers_of_ten_are_exact_and_quantities_do_not_mix() {
        check("0.05", "μg/L", "mg/L", Some("0.00005"));
        check("0.05", "µg/L", "ng/l", Some("50"));
        check("3", "mg/L", "g/m³", Some("3"));
        check("12", "µg/L", "mg/m3", Some("12"));
        check("3", "MPN/100mL", "1/L", Some("30"));
        check("1", "mg/L", "mg/kg", None);
        assert!("furlong".parse::<Unit>().is_err());
    }
}
