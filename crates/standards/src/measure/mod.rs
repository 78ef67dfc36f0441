//! Measured values as they come to an evaluation (监测值): factor, amount, unit.
//!
//! A reading names its factor by HJ 212 code (`w01018`) or by the item key of the tables (`COD`). Without a unit an
//! HJ 212 code has the unit of the HJ 212 code table, an item key the unit of the table that judges it.

mod factors;
mod unit;

pub use factors::{Factor, Factors};
pub use unit::{Quantity, Unit, UnknownUnit};

use crate::library::FigureError;
use crate::{NotCovered, Text};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    Value(Decimal),
    /// Below a detection limit (低于检出限) of this many units.
    BelowDetection(Decimal),
    /// Not detected, the detection limit not told (未检出).
    NotDetected,
    /// 有／无, for smell, taste and visible matter.
    Present(bool),
}

/// One value of one factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub factor: String,
    pub amount: Amount,
    pub unit: Option<String>,
}

impl Reading {
    pub fn new(factor: impl Into<String>, value: Decimal) -> Self {
        Self { factor: factor.into(), amount: Amount::Value(value), unit: None }
    }

    pub fn of(factor: impl Into<String>, amount: Amount) -> Self {
        Self { factor: factor.into(), amount, unit: None }
    }

    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }
}

/// Why readings cannot be judged; nothing is judged by guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeasureError {
    NotCovered(NotCovered),
    Figure(FigureError),
    Negative {
        factor: String,
        value: Decimal,
    },
    Duplicate {
        factor: String,
    },
    /// A unit that is unknown, or measures something else than the standard does.
    Unit {
        factor: String,
        unit: String,
        expected: String,
    },
    /// Text where a number belongs or the other way round.
    Kind {
        factor: String,
        expected: Text,
    },
    /// A number outside what the quantity can be (pH 0–14, share 0–100 %).
    Range {
        factor: String,
        value: Decimal,
        expected: String,
    },
}

impl MeasureError {
    /// Short fixed word, for machine-readable errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotCovered(_) => "date_not_covered",
            Self::Figure(FigureError::Unconfirmed { .. }) => "unconfirmed_figure",
            Self::Figure(_) => "standards_data",
            Self::Negative { .. } => "negative_value",
            Self::Duplicate { .. } => "duplicate_factor",
            Self::Unit { .. } => "wrong_unit",
            Self::Kind { .. } => "wrong_kind",
            Self::Range { .. } => "out_of_range",
        }
    }

    pub fn text(&self) -> Text {
        match self {
            Self::NotCovered(error) => error.text(),
            Self::Figure(error) => error.text(),
            Self::Negative { factor, value } => {
                Text::new(format!("{factor} 为负值 {value}，不能评价"), format!("{factor} is negative: {value}"))
            }
            Self::Duplicate { factor } => Text::new(format!("{factor} 出现两次"), format!("{factor} is given twice")),
            Self::Unit { factor, unit, expected } => Text::new(
                format!("{factor} 的单位“{unit}”不能换算为 {expected}"),
                format!("{factor}: unit `{unit}` does not convert to {expected}"),
            ),
            Self::Kind { factor, expected } => {
                Text::new(format!("{factor}：应为{}", expected.zh), format!("{factor}: expected {}", expected.en))
            }
            Self::Range { factor, value, expected } => Text::new(
                format!("{factor} = {value} 超出可能范围 {expected}"),
                format!("{factor} = {value} is outside the possible range {expected}"),
            ),
        }
    }
}

impl fmt::Display for MeasureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for MeasureError {}

impl From<NotCovered> for MeasureError {
    fn from(error: NotCovered) -> Self {
        Self::NotCovered(error)
    }
}

impl From<FigureError> for MeasureError {
    fn from(error: FigureError) -> Self {
        Self::Figure(error)
    }
}

/// (C−S)/S exactly as far as 28 digits go; `None` for a limit that is not positive.
pub fn multiple_of(value: Decimal, limit: Decimal) -> Option<Decimal> {
    if limit <= Decimal::ZERO {
        return None;
    }
    value.checked_sub(limit)?.checked_div(limit)
}

/// A share in percent, rounded half-even to `places`; `None` when the whole is not positive.
pub fn percent(part: Decimal, whole: Decimal, places: u32) -> Option<Decimal> {
    if whole <= Decimal::ZERO {
        return None;
    }
    let share = part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    Some(crate::decimal::round_half_even(share, places))
}
