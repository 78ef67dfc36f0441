//! Units of what devices send (单位换算档案): by kind of point, with exceptions by point and factor.
//!
//! The factor table of HJ 212 gives ambient particles in ng/m³ and gases in mg/m³; the stations of the country send
//! µg/m³ for all but CO, which is mg/m³. That practice is the default here; a station that does otherwise gets an
//! exception. Waters and outlets send the units of the factor table.

use std::collections::HashMap;

use rust_decimal::Decimal;
use standards::air::Pollutant;
use standards::measure::Unit;

use crate::code::Code;

/// Exceptions to the default units.
#[derive(Clone, Debug, Default)]
pub struct UnitProfiles {
    sent: HashMap<(i64, Code), Unit>,
}

impl UnitProfiles {
    /// `(point, factor, unit as sent)`.
    ///
    /// # Errors
    /// Names the entry whose unit or factor is not known.
    pub fn new<'e>(entries: impl IntoIterator<Item = (i64, &'e str, &'e str)>) -> Result<Self, kernel::Problem> {
        let mut sent = HashMap::new();
        for (point, factor, unit) in entries {
            let wrong = |what: &str| kernel::Problem::invalid(format!("单位档案 {point} {factor}: {what}"));
            let code = Code::new(factor).ok_or_else(|| wrong("不是因子编码 (no factor code)"))?;
            let unit = unit.parse().map_err(|_| wrong(&format!("不认识单位 {unit} (unknown unit)")))?;
            sent.insert((point, code), unit);
        }
        Ok(Self { sent })
    }

    /// A value of an ambient air station in the unit of the standards (µg/m³; CO mg/m³).
    pub fn ambient(&self, point: i64, pollutant: Pollutant, value: Decimal) -> Option<Decimal> {
        let code = Code::new(pollutant.hj212())?;
        match self.sent.get(&(point, code)) {
            None => Some(value),
            Some(unit) => unit.convert(value, pollutant.unit().parse().ok()?),
        }
    }

    /// The unit that a point sends a factor in, where it is an exception.
    pub fn exception(&self, point: i64, factor: Code) -> Option<Unit> {
        self.sent.get(&(point, factor)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_that_sends_milligrams_is_converted_and_the_others_are_not() {
        let profiles = UnitProfiles::new([(7, "a34004", "mg/m3")]).unwrap();
        let value = Decimal::new(75, 3);
        assert_eq!(profiles.ambient(7, Pollutant::Pm25, value), Some(Decimal::from(75)));
        assert_eq!(profiles.ambient(8, Pollutant::Pm25, value), Some(value));
        assert!(UnitProfiles::new([(7, "a34004", "furlong")]).is_err());
    }
}
