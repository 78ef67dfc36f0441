//! Emission standards as limits of an outlet (排放标准 → 限值).
//!
//! Every limit table has the columns item, condition, zh, en, factors, unit, period, converted and one column a grade.
//! A row applies when each word of its condition is among those of the [`Selection`].

use super::outlet::{Limit, Period, When};
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
    pub undecided: Vec<Undecided>,
}

/// An item that has figures under several conditions of which the outlet names none: nobody can say which one binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    pub name: Text,
    /// The conditions to choose from.
    pub conditions: Vec<String>,
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
    // Item, and the conditions of its rows that do not apply; emptied by a row that does.
    let mut open: Vec<(&str, Text, Option<Vec<String>>)> = Vec::new();
    let measured = measured_conditions(standard).map_err(SelectionError::Figure)?;
    // Whoever names such a condition decides it; otherwise the limit says under what it holds.
    let decided = measured.iter().any(|(word, _)| selection.conditions.contains(&word.as_str()));
    for cells in &table.rows {
        let row = table.row_key(cells);
        let condition = cells.get(1).map_or("", |cell| cell.text.as_str());
        known.extend(condition.split_whitespace().map(str::to_owned));
        let mut when = None;
        let applies = condition.split_whitespace().all(|word| {
            match measured.iter().find(|(known, _)| known == word).filter(|_| !decided) {
                Some((_, found)) => {
                    when = Some(found.clone());
                    true
                }
                None => selection.conditions.contains(&word),
            }
        });
        let text = |place: usize| cells.get(place).map_or("", |cell| cell.text.as_str());
        let place = open.iter().position(|(known, ..)| *known == text(0)).unwrap_or_else(|| {
            open.push((text(0), Text::new(text(2), text(3)), Some(Vec::new())));
            open.len() - 1
        });
        match &mut open[place].2 {
            waiting if applies => *waiting = None,
            Some(waiting) => waiting.push(condition.to_owned()),
            None => {}
        }
        if applies {
            let before = found.limits.len();
            read_row(standard, table, &row, selection.column, &mut found).map_err(SelectionError::Figure)?;
            found.limits[before..].iter_mut().for_each(|limit| limit.when.clone_from(&when));
        }
    }
    if found.limits.is_empty() && found.missing.is_empty() {
        known.sort();
        known.dedup();
        return Err(SelectionError::Nothing { known });
    }
    let undecided = open.into_iter().filter_map(|(_, name, waiting)| {
        let conditions = waiting.filter(|waiting| waiting.len() > 1)?;
        Some(Undecided { name, conditions })
    });
    found.undecided = undecided.collect();
    Ok(found)
}

/// Conditions of the standard's rows that a monitor measures itself: table `measured_conditions` with the columns
/// condition, factor, above, at_most.
fn measured_conditions(standard: &Standard) -> Result<Vec<(String, When)>, FigureError> {
    let Ok(table) = standard.table("measured_conditions") else { return Ok(Vec::new()) };
    let _ = clause!("GB 18918-2002 表 1 氨氮按水温");
    table
        .rows
        .iter()
        .map(|cells| {
            let text = |place: usize| cells.get(place).map_or("", |cell| cell.text.as_str());
            let number = |place: usize| match text(place) {
                "" => Ok(None),
                digits => digits.parse().map(Some).map_err(|_| FigureError::NotANumber {
                    figure: format!("{}/{}", table.path, text(0)),
                    text: digits.to_owned(),
                }),
            };
            let when = When { factor: text(1).to_owned(), above: number(2)?, at_most: number(3)? };
            Ok((text(0).to_owned(), when))
        })
        .collect()
}

/// A limit and the days from which until which (both inclusive) its edition is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedLimit {
    pub limit: Limit,
    pub from: Date,
    pub until: Option<Date>,
}

fn day_after(date: Date, days: i32) -> Date {
    Date::from_days_since_epoch(date.days_since_epoch() + days)
}

/// The limits of every edition of a family in its time. An edition that lacks the table or says nothing under the
/// conditions gives none.
///
/// # Errors
/// When no edition gives any: why the newest does not.
pub fn dated_limits(
    library: &Library,
    family: &str,
    area: &str,
    selection: Selection<'_>,
) -> Result<Vec<DatedLimit>, SelectionError> {
    let effects = library.all().iter().filter(|standard| standard.family == family).flat_map(|known| &known.effects);
    let here = effects.filter(|effect| effect.covers(area, effect.from).is_some());
    let mut starts: Vec<Date> =
        here.flat_map(|effect| [Some(effect.from), effect.until.map(|until| day_after(until, 1))]).flatten().collect();
    starts.sort_unstable();
    starts.dedup();
    let mut found: Vec<DatedLimit> = Vec::new();
    let mut failed = None;
    for (place, &from) in starts.iter().enumerate() {
        let until = starts.get(place + 1).map(|next| day_after(*next, -1));
        match limits_of(library, family, area, from, selection) {
            Ok(limits) => found.extend(limits.limits.into_iter().map(|limit| DatedLimit { limit, from, until })),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if found.is_empty() => Err(error),
        // No edition at all: the error that says so.
        None if starts.is_empty() => {
            limits_of(library, family, area, Date::from_days_since_epoch(0), selection).map(|_| Vec::new())
        }
        _ => Ok(found),
    }
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
                when: None,
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
