//! Concentration limits of GB 3095 and the comparison with them.

use super::{Pollutant, Validity};
use crate::decimal::round_half_even;
use crate::library::FigureError;
use crate::{Standard, Step, Table, Text, clause};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Averaging time of a limit (平均时间).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    Hour,
    /// Daily maximum 8-hour mean (O3).
    EightHours,
    Day,
    Year,
}

impl Averaging {
    pub const ALL: [Self; 4] = [Self::Hour, Self::EightHours, Self::Day, Self::Year];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::EightHours => "8h",
            Self::Day => "day",
            Self::Year => "year",
        }
    }
}

/// Grade of limits (一级、二级): I in class 1 areas, II in class 2 areas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grade {
    I,
    #[default]
    II,
}

impl Grade {
    const fn column(self) -> &'static str {
        match self {
            Self::I => "grade1",
            Self::II => "grade2",
        }
    }
}

/// One edition or phase of GB 3095.
#[derive(Clone, Debug)]
pub struct AirLimits {
    /// `2012`, `2026-transition`, `2026-final`.
    pub edition: String,
    pub standard: String,
    pub title: Text,
    limits: [[[Option<Decimal>; 2]; 4]; 6],
    pub validity: Validity,
}

/// The result of one comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitCheck {
    /// As rounded before comparing (修约值比较).
    pub value: Decimal,
    pub limit: Decimal,
    /// A value on the limit is inside.
    pub exceeds: bool,
    /// (C−S)/S, rounded to two decimals; only when it exceeds.
    pub multiple: Option<Decimal>,
    pub step: Step,
}

impl AirLimits {
    /// # Errors
    /// When a table is absent, unconfirmed or not numeric.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let table = standard.table("limits")?;
        let mut limits = [[[None; 2]; 4]; 6];
        for pollutant in Pollutant::ALL {
            for (averaging, cells) in Averaging::ALL.into_iter().zip(limits[pollutant.index()].iter_mut()) {
                for (grade, cell) in [Grade::I, Grade::II].into_iter().zip(cells.iter_mut()) {
                    *cell = read(table, pollutant, averaging, grade)?;
                }
            }
        }
        Ok(Self {
            edition: standard.edition.clone(),
            standard: standard.code.clone(),
            title: standard.title.clone(),
            limits,
            validity: Validity::from_standard(standard)?,
        })
    }

    /// µg/m³ (CO mg/m³); `None` where the standard has no such limit.
    pub fn limit(&self, pollutant: Pollutant, averaging: Averaging, grade: Grade) -> Option<Decimal> {
        self.limits[pollutant.index()][averaging as usize][grade as usize]
    }

    /// Compares a value, after rounding it to the place the limit is printed in (whole µg/m³; CO one decimal).
    pub fn check(
        &self,
        pollutant: Pollutant,
        averaging: Averaging,
        grade: Grade,
        value: Decimal,
    ) -> Option<LimitCheck> {
        let limit = self.limit(pollutant, averaging, grade)?;
        let places = if pollutant == Pollutant::Co { 1 } else { 0 };
        let rounded = round_half_even(value, places);
        let exceeds = rounded > limit;
        let multiple = if exceeds { exceedance_multiple(rounded, limit) } else { None };
        let clause = match self.edition.as_str() {
            "2012" => clause!("GB 3095-2012 表 1"),
            "2026-transition" => clause!("GB 3095-2026 表 1 过渡阶段"),
            _ => clause!("GB 3095-2026 表 1"),
        };
        let (zh, en) = if exceeds { ("超过", "exceeds") } else { ("未超过", "does not exceed") };
        let (name, unit) = (pollutant.label(), pollutant.unit());
        let step = Step::new(
            clause,
            format!("{name} {} 值 {rounded} {unit} {zh}限值 {limit}", averaging.key()),
            format!("{name} {} value {rounded} {unit} {en} the limit {limit}", averaging.key()),
        );
        Some(LimitCheck { value: rounded, limit, exceeds, multiple, step })
    }
}

/// Exceedance multiple (超标倍数) (C−S)/S to two decimals; `None` for a limit that is not positive, or so small that
/// the quotient does not fit.
pub fn exceedance_multiple(value: Decimal, limit: Decimal) -> Option<Decimal> {
    if limit <= Decimal::ZERO {
        return None;
    }
    let _ = clause!("HJ 663 超标倍数");
    value.checked_sub(limit)?.checked_div(limit).map(|multiple| round_half_even(multiple, 2))
}

fn read(
    table: &Table,
    pollutant: Pollutant,
    averaging: Averaging,
    grade: Grade,
) -> Result<Option<Decimal>, FigureError> {
    let row = format!("{} {}", pollutant.key(), averaging.key());
    if table.has_row(&row) { table.decimal(&row, grade.column()) } else { Ok(None) }
}
