//! Ambient air: limits (GB 3095), index (HJ 633), assessment (HJ 663).
//!
//! [`Air::load`] reads every edition of the library once; [`Air::rules`], [`Air::limits`] and [`Air::method`] choose
//! by area and date. Values are decimals in µg/m³ (CO mg/m³); the `fast` module works on the same rules with integers.

mod aqi;
mod composite;
mod convert;
mod day;
mod days;
mod dust;
mod fast;
mod item;
mod limits;
mod method;
mod ozone;
mod rules;
mod year;

pub use aqi::{AqiResult, DailyInput, HourlyInput, ItemValues, PackedAqi, SubIndex, daily_aqi, hourly_aqi};
pub use composite::{CompositeIndex, CompositeRules, SingleIndex};
pub use convert::{
    REFERENCE_CHANGE, ReferenceState, convert_gas_state, convert_particle_state, mass_from_ppb, mg_to_ug, ug_to_mg,
};
pub use day::{DayFromHours, HourValues, ItemDay, day_from_hours, hour_is_valid, rolling_mean};
pub use days::{DayCount, DayCountRules, DayIndex, count_days};
pub use dust::DustRule;
pub use fast::{FAST_SCALE, FastDay, FastHours, FastRules, StationYear};
pub use item::{Item, Pollutant, UnknownItem};
pub use limits::{AirLimits, Averaging, Grade, LimitCheck, exceedance_multiple};
pub use method::{Method, Validity};
pub use ozone::{Mda8, mda8};
pub use rules::{AqiRules, Level, MISSING, Report};
pub use year::{
    DailyValue, Dust, PeriodStatistics, PollutantPeriod, assess_month, assess_quarter, assess_year, days_in_year,
    percentile_of,
};

use crate::library::FigureError;
use crate::{Date, Library, NotCovered, Text};
use std::fmt;
use std::sync::Arc;

/// Why an evaluation of air cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AirError {
    NotCovered(NotCovered),
    Figure(FigureError),
}

impl AirError {
    pub fn text(&self) -> Text {
        match self {
            Self::NotCovered(error) => error.text(),
            Self::Figure(error) => error.text(),
        }
    }
}

impl fmt::Display for AirError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for AirError {}

impl From<NotCovered> for AirError {
    fn from(error: NotCovered) -> Self {
        Self::NotCovered(error)
    }
}

impl From<FigureError> for AirError {
    fn from(error: FigureError) -> Self {
        Self::Figure(error)
    }
}

/// Every air standard of a library, parsed once.
#[derive(Clone, Debug)]
pub struct Air {
    library: Arc<Library>,
    rules: Vec<Arc<AqiRules>>,
    limits: Vec<Arc<AirLimits>>,
    methods: Vec<Arc<Method>>,
}

impl Air {
    /// # Errors
    /// When a table of the library cannot be read.
    pub fn load(library: Arc<Library>) -> Result<Self, FigureError> {
        let mut air = Self { library: library.clone(), rules: Vec::new(), limits: Vec::new(), methods: Vec::new() };
        for standard in library.all() {
            match standard.family.as_str() {
                "HJ 633" => air.rules.push(Arc::new(AqiRules::from_standard(standard)?)),
                "GB 3095" => air.limits.push(Arc::new(AirLimits::from_standard(standard)?)),
                "HJ 663" => air.methods.push(Arc::new(Method::from_standard(standard)?)),
                _ => {}
            }
        }
        Ok(air)
    }

    /// The edition of HJ 633 in force.
    ///
    /// # Errors
    /// When no edition covers the date in that area.
    pub fn rules(&self, area: &str, at: Date) -> Result<Arc<AqiRules>, NotCovered> {
        let edition = self.library.in_force("HJ 633", area, at)?.edition.clone();
        self.rules_of(&edition)
    }

    /// One edition of HJ 633 (`2012`, `2026`) whatever its dates, to recompute history under one edition.
    ///
    /// # Errors
    /// When there is no such edition.
    pub fn rules_of(&self, edition: &str) -> Result<Arc<AqiRules>, NotCovered> {
        let found = self.rules.iter().find(|rules| rules.edition == edition);
        found.cloned().ok_or_else(|| absent("HJ 633", edition))
    }

    /// The limits in force.
    ///
    /// # Errors
    /// When no edition covers the date in that area.
    pub fn limits(&self, area: &str, at: Date) -> Result<Arc<AirLimits>, NotCovered> {
        let edition = self.library.in_force("GB 3095", area, at)?.edition.clone();
        self.limits_of(&edition)
    }

    /// One edition of GB 3095 (`2012`, `2026-transition`, `2026-final`) whatever its dates.
    ///
    /// # Errors
    /// When there is no such edition.
    pub fn limits_of(&self, edition: &str) -> Result<Arc<AirLimits>, NotCovered> {
        let found = self.limits.iter().find(|limits| limits.edition == edition);
        found.cloned().ok_or_else(|| absent("GB 3095", edition))
    }

    /// The assessment method (HJ 663) in force.
    ///
    /// # Errors
    /// When no edition covers the date in that area.
    pub fn method(&self, area: &str, at: Date) -> Result<Arc<Method>, NotCovered> {
        let edition = self.library.in_force("HJ 663", area, at)?.edition.clone();
        self.method_of(&edition)
    }

    /// One edition of HJ 663 (`2013`, `2026`) whatever its dates.
    ///
    /// # Errors
    /// When there is no such edition.
    pub fn method_of(&self, edition: &str) -> Result<Arc<Method>, NotCovered> {
        let found = self.methods.iter().find(|method| method.edition == edition);
        found.cloned().ok_or_else(|| absent("HJ 663", edition))
    }

    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }
}

fn absent(family: &str, edition: &str) -> NotCovered {
    NotCovered { family: format!("{family}-{edition}"), area: String::new(), at: None, known: Vec::new() }
}
