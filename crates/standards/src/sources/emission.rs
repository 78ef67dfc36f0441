//! Emission standards as limits of an outlet (排放标准 → 限值).
//!
//! Every limit table has the columns item, condition, zh, en, factors, unit, period, converted and one column a grade.
//! A row applies when each word of its condition is among those of the [`Selection`].

use super::outlet::{Limit, Period};
use crate::library::{Confidence, FigureError};
use crate::{Date, clause};
use crate::{Library, NotCovered, Standard, Table, Text};
use rust_decimal::Decimal;
use std::fmt;

/// Which rows and column of a standard bind an outlet.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// Table id: `basic`, `stack`.
    pub table: &'a str,
    /// Column of the grade: `1A`, `special`.
    pub column: &'a str,
    /// What holds of the outlet: `["built_from_2006", "above_12C"]`.
    pub conditions: &'a [&'a str],
}

/// A row that gives no numeric limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub item: String,
    pub name: Text,
    pub reason: MissingReason,
}

/// Why a row gives no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingReason {
    /// The standard prints a dash.
    Dash,
    /// 不得检出: a detected value exceeds, but there is no figure to compare with.
    NotDetectable,
    /// No HJ 212 code: the item is analysed by hand.
    NoFactor,
    /// The figure is not known yet.
    Unknown,
}

/// What a selection of a standard gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmissionLimits {
    /// Confirmed and unconfirmed ones (marked so), one an HJ 212 code.
    pub limits: Vec<Limit>,
    pub missing: Vec<Missing>,
}

/// Why a selection gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionError {
    NotCovered(NotCovered),
    Figure(FigureError),
    /// No such column; the grades there are.
    Column {
        asked: String,
        known: Vec<String>,
    },
    /// No row applies under the conditions; the conditions that rows know.
    Nothing {
        known: Vec<String>,
    },
}

impl fmt::Display for SelectionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCovered(error) => error.fmt(formatter),
            Self::Figure(error) => error.fmt(formatter),
            Self::Column { asked, known } => write!(formatter, "no grade `{asked}`; there are {}", known.join(", ")),
            Self::Nothing { known } => write!(formatter, "no row applies; conditions are {}", known.join(", ")),
        }
    }
}

impl std::error::Error for SelectionError {}

const FIXED_COLUMNS: usize = 8;

/// The limits of the edition of `family` in force at a date.
///
/// # Errors
/// When no edition covers the date, or the selection names no table, column or row.
pub fn limits_of(
    library: &Library,
    family: &str,
    area: &str,
    at: Date,
    selection: Selection<'_>,
) -> Result<EmissionLimits, SelectionError> {
    let standard = library.in_force(family, area, at).map_err(SelectionError::NotCovered)?;
    let table = standard.table(selection.table).map_err(SelectionError::Figure)?;
    let grades: Vec<String> = table.columns.iter().skip(FIXED_COLUMNS).map(|column| column.id.clone()).collect();
    if !grades.iter().any(|grade| grade == selection.column) {
        return Err(SelectionError::Column { asked: selection.column.to_owned(), known: grades });
    }
    let _ = clause!("排放标准 限值按标准、级别与适用条件选取");
    let mut found = EmissionLimits::default();
    let mut known: Vec<String> = Vec::new();
    for cells in &table.rows {
        let row = table.row_key(cells);
        let condition = cells.get(1).map_or("", |cell| cell.text.as_str());
        known.extend(condition.split_whitespace().map(str::to_owned));
        if condition.split_whitespace().all(|word| selection.conditions.contains(&word)) {
            read_row(standard, table, &row, selection.column, &mut found).map_err(SelectionError::Figure)?;
        }
    }
    if found.limits.is_empty() && found.missing.is_empty() {
        known.sort();
        known.dedup();
        return Err(SelectionError::Nothing { known });
    }
    Ok(found)
}

fn read_row(
    standard: &Standard,
    table: &Table,
    row: &str,
    column: &str,
    into: &mut EmissionLimits,
) -> Result<(), FigureError> {
    let absent = |id: &str| FigureError::Absent { figure: format!("{}/{row}/{id}", table.path) };
    // Names, codes and units carry no doubt of their own, even in a table whose figures do.
    let text = |id: &str| table.cell(row, id).map(|cell| cell.text.as_str()).ok_or_else(|| absent(id));
    let cell = table.cell(row, column).ok_or_else(|| absent(column))?;
    let name = Text::new(text("zh")?, text("en")?);
    let item = row.split(' ').next().unwrap_or_default().to_owned();
    let unconfirmed = cell.confidence == Confidence::Unsure;
    let bounds = match cell.text.as_str() {
        "?" => Err(MissingReason::Unknown),
        "" => Err(MissingReason::Dash),
        "ND" => Err(MissingReason::NotDetectable),
        figure => Ok(read_bounds(figure).ok_or_else(|| FigureError::NotANumber {
            figure: format!("{}/{row}/{column}", table.path),
            text: figure.to_owned(),
        })?),
    };
    let factors = text("factors")?;
    match bounds {
        Err(reason) => into.missing.push(Missing { item, name, reason }),
        Ok(_) if factors.is_empty() => into.missing.push(Missing { item, name, reason: MissingReason::NoFactor }),
        Ok((lower, upper)) => {
            let period = Period::from_key(text("period")?).ok_or_else(|| absent("period"))?;
            let converted = text("converted")? == "yes";
            let basis = format!("{} {}", standard.code, table.clause);
            let unit = text("unit")?;
            into.limits.extend(factors.split_whitespace().map(|factor| Limit {
                factor: factor.to_owned(),
                period,
                upper: Some(upper),
                lower,
                unit: unit.to_owned(),
                converted,
                basis: basis.clone(),
                unconfirmed,
            }));
        }
    }
    Ok(())
}

/// `50` or `6-9`.
fn read_bounds(text: &str) -> Option<(Option<Decimal>, Decimal)> {
    match crate::water::read_range(text) {
        Some((lower, upper)) => Some((Some(lower), upper)),
        None => text.parse().ok().map(|upper| (None, upper)),
    }
}

/// Highest rate in kg/h at a stack height in m from rates at listed heights (GB 16297 附录 B): interpolated between
/// two of them, extrapolated by the square of the height outside, and halved below the lowest one.
/// `None` without listed heights or for a height that is not positive.
pub fn rate_at_height(listed: &[(Decimal, Decimal)], height: Decimal) -> Option<Decimal> {
    let mut sorted = listed.to_vec();
    sorted.sort();
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    if height <= Decimal::ZERO || first.0 <= Decimal::ZERO {
        return None;
    }
    let squared = |(at, rate): (Decimal, Decimal)| Some(rate.checked_mul(height)?.checked_mul(height)? / (at * at));
    if height < first.0 {
        let _ = clause!("GB 16297-1996 低于最低高度外推并严格 50%");
        return squared(first).map(|rate| rate / Decimal::TWO);
    }
    if height > last.0 {
        let _ = clause!("GB 16297-1996 高于最高高度外推");
        return squared(last);
    }
    let _ = clause!("GB 16297-1996 高度内插");
    let above = sorted.iter().position(|(at, _)| *at >= height)?;
    let (high, high_rate) = *sorted.get(above)?;
    if high == height {
        return Some(high_rate);
    }
    let (low, low_rate) = *sorted.get(above.checked_sub(1)?)?;
    Some(low_rate + (high_rate - low_rate) * (height - low) / (high - low))
}
