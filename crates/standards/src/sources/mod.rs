//! Pollution sources (污染源): an outlet's limits, reference-oxygen conversion, validity, mass, emission standards.
//!
//! [`judge_outlet`] compares measured means with the outlet's own limits, which are passed in as data (a permit, or
//! [`emission::limits_of`] a dated standard).

mod convert;
mod emission;
mod marking;
mod mass;
mod outlet;
mod validity;

pub use convert::{
    Conversion, ConversionError, dry_from_wet, mg_from_ppm, nox_as_no2, standard_concentration, standard_flow,
};
pub use emission::{
    DatedLimit, EmissionLimits, Missing, MissingReason, Selection, SelectionError, Undecided, dated_limits, limits_of,
    rate_at_height,
};
pub use marking::{Condition, Marking};
pub use mass::{MassError, gas_mass_kg_per_hour, water_mass_kg, water_volume_m3};
pub use outlet::{Limit, Measured, NotJudged, OutletItem, OutletResult, Period, When, judge_outlet};
pub use validity::{
    DayMean, HourMean, MonthCount, SourceKind, Validity, WaterWeight, gas_day, gas_hour_valid, quarter_capture,
    wastewater_day,
};
