//! Factor codes of HJ 212 with their units, and reading an amount in the unit of a standard.

use super::{Amount, MeasureError, Reading, Unit};
use crate::library::FigureError;
use crate::{Library, Step, Text, Trace, clause};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A factor of HJ 212 (监测因子).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    pub code: String,
    pub name: Text,
    /// Unit of the values in packets.
    pub unit: String,
}

/// Factor codes and their units (HJ 212 附录 B).
#[derive(Clone, Debug, Default)]
pub struct Factors {
    by_code: BTreeMap<String, Factor>,
}

impl Factors {
    /// Reads the table of the newest edition in the library.
    ///
    /// # Errors
    /// When the library has no factor table.
    pub fn load(library: &Library) -> Result<Self, FigureError> {
        let absent = || FigureError::Absent { figure: "HJ 212/factors".to_owned() };
        let standard = library.find("HJ 212").last().ok_or_else(absent)?;
        let table = standard.table("factors")?;
        let mut by_code = BTreeMap::new();
        for code in table.row_keys() {
            let text = |column: &str| table.text(&code, column).map(str::to_owned);
            let factor = Factor { code: code.clone(), name: Text::new(text("zh")?, text("en")?), unit: text("unit")? };
            by_code.insert(code, factor);
        }
        Ok(Self { by_code })
    }

    pub fn get(&self, code: &str) -> Option<&Factor> {
        self.by_code.get(code)
    }

    /// The name of a factor, or its code when unknown.
    pub fn name(&self, code: &str) -> Text {
        self.get(code).map_or_else(|| Text::same(code), |factor| factor.name.clone())
    }

    /// Two spellings for one unit: the one a reading states, else the one of its HJ 212 code, else `target`.
    fn unit_of<'a>(&'a self, reading: &'a Reading, target: &'a str) -> &'a str {
        reading
            .unit
            .as_deref()
            .or_else(|| self.get(&reading.factor).map(|factor| factor.unit.as_str()))
            .unwrap_or(target)
    }

    /// `value` of `factor` in `unit` (or its HJ 212 unit), converted to `target`.
    ///
    /// # Errors
    /// [`MeasureError::Unit`] when a unit is unknown or of another quantity.
    pub fn convert(
        &self,
        factor: &str,
        value: Decimal,
        unit: Option<&str>,
        target: &str,
    ) -> Result<Decimal, MeasureError> {
        let reading =
            Reading { factor: factor.to_owned(), amount: Amount::Value(value), unit: unit.map(str::to_owned) };
        match self.amount_in(&reading, target, &mut crate::NoTrace)? {
            Amount::Value(value) => Ok(value),
            _ => Ok(value),
        }
    }

    /// The amount of a reading in the unit of the standard (单位换算).
    ///
    /// # Errors
    /// A negative value, or a unit that is unknown or of another quantity.
    pub fn amount_in(&self, reading: &Reading, target: &str, trace: &mut impl Trace) -> Result<Amount, MeasureError> {
        let source = self.unit_of(reading, target);
        let wrong = || MeasureError::Unit {
            factor: reading.factor.clone(),
            unit: source.to_owned(),
            expected: target.to_owned(),
        };
        let convert = |value: Decimal, trace: &mut _| {
            let (from, to): (Unit, Unit) = (source.parse().map_err(|_| wrong())?, target.parse().map_err(|_| wrong())?);
            if value.is_sign_negative() && !value.is_zero() && from.quantity != super::Quantity::Temperature {
                return Err(MeasureError::Negative { factor: reading.factor.clone(), value });
            }
            let converted = from.convert(value, to).ok_or_else(wrong)?;
            if converted != value {
                note_conversion(trace, &reading.factor, value, source, converted.normalize(), target);
            }
            Ok(converted)
        };
        match reading.amount {
            Amount::Value(value) => convert(value, trace).map(Amount::Value),
            Amount::BelowDetection(limit) => convert(limit, trace).map(Amount::BelowDetection),
            other => Ok(other),
        }
    }
}

fn note_conversion(trace: &mut impl Trace, factor: &str, value: Decimal, from: &str, converted: Decimal, to: &str) {
    trace.step(|| {
        Step::new(
            clause!("HJ 212-2017 附录 B"),
            format!("{factor} {value} {from} 换算为 {converted} {to}"),
            format!("{factor} {value} {from} is {converted} {to}"),
        )
    });
}
