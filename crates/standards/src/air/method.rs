//! Data validity (GB 3095 table 4) and the assessment method (HJ 663) as numbers.

use super::{CompositeRules, Pollutant};
use crate::library::FigureError;
use crate::{Standard, Table};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Minimum counts of valid data (数据有效性), GB 3095 table 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Minutes of an hour.
    pub hour_minutes: u32,
    /// Hours of a day.
    pub day_hours: u8,
    /// Hours of an 8-hour mean.
    pub eight_hours: u8,
    /// Daily values of a year.
    pub year_days: u16,
    /// Daily values of each month but February.
    pub month_days: u8,
    pub february_days: u8,
}

impl Validity {
    /// # Errors
    /// When the table is absent or unconfirmed.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let table = standard.table("validity")?;
        let year = "SO2 NO2 PM10 PM25 NOX year";
        Ok(Self {
            hour_minutes: number(table, "SO2 NO2 CO O3 NOX hour", "minimum")? as u32,
            day_hours: number(table, "SO2 NO2 CO PM10 PM25 NOX day", "minimum")? as u8,
            eight_hours: number(table, "O3 8h", "minimum")? as u8,
            year_days: number(table, year, "minimum")? as u16,
            month_days: number(table, year, "per_month")? as u8,
            february_days: number(table, year, "per_february")? as u8,
        })
    }

    /// Daily values needed in a month.
    pub fn days_needed(&self, month: u8) -> u8 {
        if month == 2 { self.february_days } else { self.month_days }
    }
}

fn number(table: &Table, row: &str, column: &str) -> Result<u64, FigureError> {
    table.decimal(row, column)?.and_then(|value| value.to_u64()).ok_or_else(|| FigureError::NotANumber {
        figure: format!("{}/{row}/{column}", table.path),
        text: String::new(),
    })
}

/// One edition of HJ 663 as numbers.
#[derive(Clone, Debug)]
pub struct Method {
    pub edition: String,
    pub standard: String,
    /// Valid 8-hour windows a day needs for its maximum to count.
    pub mda8_windows: u8,
    /// Hour at which the first window of a day ends; windows never reach into the day before.
    pub mda8_first_end: u8,
    /// Percentile of the daily values of each pollutant.
    pub percentiles: [Option<Decimal>; 6],
    /// Whether the annual mean is assessed.
    pub annual_mean: [bool; 6],
    pub good_day_aqi: u16,
    pub heavy_day_aqi: u16,
    /// The composite index; an error when its figures are not confirmed.
    pub composite: Result<CompositeRules, FigureError>,
}

impl Method {
    /// # Errors
    /// When a table other than that of the composite index cannot be read.
    pub fn from_standard(standard: &Standard) -> Result<Self, FigureError> {
        let items = standard.table("annual_items")?;
        let mut percentiles = [None; 6];
        let mut annual_mean = [false; 6];
        for pollutant in Pollutant::ALL {
            percentiles[pollutant.index()] = items.decimal(pollutant.key(), "percentile")?;
            annual_mean[pollutant.index()] = items.text(pollutant.key(), "mean")? == "yes";
        }
        Ok(Self {
            edition: standard.edition.clone(),
            standard: standard.code.clone(),
            mda8_windows: standard.count("mda8_windows")? as u8,
            mda8_first_end: standard.count("mda8_first_end_hour")? as u8,
            percentiles,
            annual_mean,
            good_day_aqi: standard.count("good_day_aqi")? as u16,
            heavy_day_aqi: standard.count("heavy_day_aqi")? as u16,
            composite: CompositeRules::from_standard(standard),
        })
    }
}
