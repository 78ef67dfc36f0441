//! One edition of HJ 633 as tables ready to evaluate: breakpoints, what each report contains, levels.

use super::{Item, Pollutant};
use crate::decimal::div_up;
use crate::library::FigureError;
use crate::{Standard, Table, Text};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Which report an index is for (日报、时报).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    Daily,
    Hourly,
}

impl Report {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Hourly => "hourly",
        }
    }
}

/// A level of the index (级别) with its category and colour, as printed in the edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// 1..=6.
    pub level: u8,
    /// Highest AQI of the level; the last level has none.
    pub upper: Option<u16>,
    /// 一级 …
    pub name: Text,
    /// 优 / Excellent …
    pub category: Text,
    pub colour: Text,
    /// `#RRGGBB`.
    pub rgb: String,
}

/// No index or no value, in `u16` and `i32` arrays.
pub(super) const NO_INDEX: u16 = u16::MAX;
/// A missing or invalid concentration in scaled arrays.
pub const MISSING: i32 = i32::MIN;

/// What happens above the last breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    Index(u16),
    /// No index; the index of another item is reported instead.
    Use(Item),
}

/// The breakpoints of one item, in units of its rounding place (1 µg/m³; CO 0.1 mg/m³).
#[derive(Clone, Debug)]
pub(super) struct ItemTable {
    /// Sub-index of every rounded concentration from 0 to the last breakpoint.
    indices: Vec<u16>,
    /// (concentration, sub-index).
    pub(super) points: Vec<(i32, u16)>,
    pub(super) above: Above,
    pub(super) places: u32,
}

impl ItemTable {
    fn new(points: Vec<(i32, u16)>, above: Above, places: u32) -> Self {
        let last = points.last().map_or(0, |point| point.0);
        let indices = (0..=last).map(|concentration| interpolate(&points, concentration)).collect();
        Self { indices, points, above, places }
    }

    /// Sub-index of a rounded, scaled concentration; [`NO_INDEX`] for none.
    pub(super) fn index(&self, concentration: i32) -> u16 {
        if concentration < 0 {
            return NO_INDEX;
        }
        match self.indices.get(concentration as usize) {
            Some(index) => *index,
            None => match self.above {
                Above::Index(index) => index,
                Above::Use(_) => NO_INDEX,
            },
        }
    }

    pub(super) fn is_above(&self, concentration: i32) -> bool {
        concentration >= 0 && concentration as usize >= self.indices.len()
    }
}

/// Linear between neighbouring breakpoints, rounded up to a whole number, in integers.
fn interpolate(points: &[(i32, u16)], concentration: i32) -> u16 {
    for pair in points.windows(2) {
        if let [(low, index_low), (high, index_high)] = pair
            && concentration <= *high
        {
            let rise = i64::from(index_high - index_low) * i64::from(concentration - low);
            return index_low + div_up(rise, i64::from(high - low)) as u16;
        }
    }
    NO_INDEX
}

/// What a report is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    /// Items listed as missing when absent.
    pub(super) required: u16,
}

/// One edition of HJ 633, ready to evaluate.
#[derive(Clone, Debug)]
pub struct AqiRules {
    /// `2012`, `2026`.
    pub edition: String,
    /// `HJ 633-2026`.
    pub standard: String,
    pub title: Text,
    pub levels: Vec<Level>,
    pub(super) tables: [Option<ItemTable>; Item::COUNT],
    pub(super) daily: Plan,
    pub(super) hourly: Plan,
    pub(super) primary_above: u16,
    /// 2012 only: an item exceeds above this sub-index (超标污染物).
    pub(super) exceeding_above: Option<u16>,
    /// 2026 only: with an item missing, the index is published only above this.
    pub(super) incomplete_published_above: Option<u16>,
}

impl AqiRules {
    /// Reads the tables of an edition of HJ 633.
    ///
    /// # Errors
    /// When a table or figure is absent, unconfirmed or not a number.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let decimals = standard.count("decimals")?;
        let decimals_co = standard.count("decimals_co")?;
        let breakpoints = standard.table("iaqi")?;
        let mut tables = std::array::from_fn(|_| None);
        for item in Item::ALL {
            if breakpoints.has_row(item.key()) {
                let places = if item.pollutant() == Pollutant::Co { decimals_co } else { decimals };
                tables[item.index()] = Some(read_item(breakpoints, item, places)?);
            }
        }
        let optional = |id: &str| match standard.count(id) {
            Ok(value) => Ok(Some(value as u16)),
            Err(FigureError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let reports = standard.table("reports")?;
        Ok(Self {
            edition: standard.edition.clone(),
            standard: standard.code.clone(),
            title: standard.title.clone(),
            levels: read_levels(standard.table("levels")?)?,
            tables,
            daily: read_plan(reports, "daily")?,
            hourly: read_plan(reports, "hourly")?,
            primary_above: standard.count("primary_above")? as u16,
            exceeding_above: optional("exceeding_above")?,
            incomplete_published_above: optional("incomplete_published_above")?,
        })
    }

    pub(super) fn plan(&self, report: Report) -> &Plan {
        match report {
            Report::Daily => &self.daily,
            Report::Hourly => &self.hourly,
        }
    }

    /// The items that enter the index of a report.
    pub fn items(&self, report: Report) -> &[Item] {
        &self.plan(report).items
    }

    /// Decimals that the concentration of an item is rounded to before the formula; `None` when the edition has no
    /// such item.
    pub fn places(&self, item: Item) -> Option<u32> {
        self.tables[item.index()].as_ref().map(|table| table.places)
    }

    /// Sub-index of one concentration (µg/m³; CO mg/m³), rounded first as the edition says; `None` for a negative
    /// concentration, an item the edition does not have, or one above a table that ends without an index.
    pub fn iaqi(&self, item: Item, concentration: Decimal) -> Option<u16> {
        let table = self.tables[item.index()].as_ref()?;
        let index = table.index(scale(concentration, table.places));
        (index != NO_INDEX).then_some(index)
    }

    /// The level of an index.
    pub fn level(&self, aqi: u16) -> Option<&Level> {
        self.levels.iter().find(|level| level.upper.is_none_or(|upper| aqi <= upper))
    }
}

/// A concentration rounded half-even to `places` and scaled to an integer; [`MISSING`] when negative.
pub(super) fn scale(concentration: Decimal, places: u32) -> i32 {
    if concentration.is_sign_negative() && !concentration.is_zero() {
        return MISSING;
    }
    let rounded = concentration.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    rounded.checked_mul(Decimal::from(10_i64.pow(places))).and_then(|scaled| scaled.to_i32()).unwrap_or(i32::MAX)
}

fn read_item(table: &Table, item: Item, places: u32) -> Result<ItemTable, FigureError> {
    let mut points = Vec::new();
    for column in &table.columns {
        let Ok(index) = column.id.parse::<u16>() else { continue };
        if let Some(concentration) = table.decimal(item.key(), &column.id)? {
            points.push((scale(concentration, places), index));
        }
    }
    let text = table.text(item.key(), "above")?;
    let not_a_number =
        || FigureError::NotANumber { figure: format!("{}/{item}/above", table.path), text: text.to_owned() };
    let above = match text.strip_prefix("use ") {
        Some(other) => Above::Use(other.parse().map_err(|_| not_a_number())?),
        None => Above::Index(text.parse().map_err(|_| not_a_number())?),
    };
    Ok(ItemTable::new(points, above, places))
}

fn read_plan(table: &Table, report: &str) -> Result<Plan, FigureError> {
    let list = |column: &str| -> Result<Vec<Item>, FigureError> {
        table
            .text(report, column)?
            .split_whitespace()
            .map(|key| key.parse().map_err(|_| FigureError::Absent { figure: format!("{}/{key}", table.path) }))
            .collect()
    };
    let required = list("required")?.into_iter().fold(0, |mask, item| mask | item.bit());
    Ok(Plan { items: list("items")?, required })
}

fn read_levels(table: &Table) -> Result<Vec<Level>, FigureError> {
    table
        .row_keys()
        .map(|key| {
            let text = |column: &str| table.text(&key, column).map(str::to_owned);
            let number =
                key.parse().map_err(|_| FigureError::NotANumber { figure: table.path.clone(), text: key.clone() })?;
            Ok(Level {
                level: number,
                upper: table.decimal(&key, "upper")?.and_then(|upper| upper.to_u16()),
                name: Text::new(text("level_zh")?, format!("Level {key}")),
                category: Text::new(text("category_zh")?, text("category_en")?),
                colour: Text::new(text("colour_zh")?, text("colour_en")?),
                rgb: text("rgb")?,
            })
        })
        .collect()
}
