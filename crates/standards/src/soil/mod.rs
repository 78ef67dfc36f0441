//! Soil (土壤): risk control values of farmland (GB 15618) and construction land (GB 36600), safe-use rates.

mod construction;
mod farmland;
mod rates;

pub use construction::{ConstructionLand, LandType, SoilSite, SoilSiteItem};
pub use farmland::{Farmland, FarmlandUse, SoilItem, SoilResult};
pub use rates::{FarmlandAreas, construction_safe_use, farmland_safe_use};

use crate::measure::{Amount, MeasureError, Reading, Unit};
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// Risk of a soil (土壤污染风险); a later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// 不高于筛选值: low.
    Low,
    /// 介于筛选值与管制值之间: safe use, or a detailed survey.
    Possible,
    /// 高于管制值: strict control, or remediation.
    High,
}

impl Risk {
    /// A value on a bound is inside. Without an intervention value nothing is worse than [`Risk::Possible`].
    fn of(value: Decimal, screening: Decimal, intervention: Option<Decimal>) -> Self {
        if value <= screening {
            Self::Low
        } else if intervention.is_some_and(|bound| value > bound) {
            Self::High
        } else {
            Self::Possible
        }
    }
}

/// The value of a reading in mg/kg; half the limit when below detection, zero is never assumed. What was not found by a
/// method that would not see the screening value is not judged: it may be above it. The inner error is a reason to leave
/// it out.
fn value_of(
    reading: &Reading,
    unit: &str,
    screening: Decimal,
    steps: &mut Vec<Step>,
) -> Result<Result<Decimal, Text>, MeasureError> {
    let (value, below) = match reading.amount {
        Amount::Value(value) => (value, false),
        Amount::BelowDetection(limit) => (limit / Decimal::TWO, true),
        Amount::NotDetected => {
            return Ok(Err(Text::new("未检出但未给检出限", "not detected, without the detection limit")));
        }
        Amount::Present(_) => {
            return Err(MeasureError::Kind {
                factor: reading.factor.clone(), expected: Text::new("数值", "a number")
            });
        }
    };
    if value.is_sign_negative() && !value.is_zero() {
        return Err(MeasureError::Negative { factor: reading.factor.clone(), value });
    }
    let given = reading.unit.as_deref().unwrap_or(unit);
    let wrong =
        || MeasureError::Unit { factor: reading.factor.clone(), unit: given.to_owned(), expected: unit.to_owned() };
    let (from, to): (Unit, Unit) = (given.parse().map_err(|_| wrong())?, unit.parse().map_err(|_| wrong())?);
    let converted = from.convert(value, to).ok_or_else(wrong)?;
    if below && converted > screening / Decimal::TWO {
        let limit = (converted * Decimal::TWO).normalize();
        return Ok(Err(Text::new(
            format!("未检出，但检出限 {limit} 高于筛选值 {screening}，不能判断"),
            format!("not detected, but its detection limit {limit} is above the screening value {screening}"),
        )));
    }
    if below {
        steps.push(Step::new(
            clause!("通行做法 土壤低于检出限取一半"),
            format!("{} 低于检出限，按一半 {converted} {unit} 评价", reading.factor),
            format!("{} is below its detection limit; half of it ({converted} {unit}) is judged", reading.factor),
        ));
    }
    Ok(Ok(converted))
}

/// An error when two readings name the same item.
fn no_duplicates(readings: &[Reading]) -> Result<(), MeasureError> {
    let mut names: Vec<&str> = readings.iter().map(|reading| reading.factor.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(MeasureError::Duplicate { factor: pair.first().copied().unwrap_or_default().to_owned() }),
        None => Ok(()),
    }
}
