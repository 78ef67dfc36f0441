//! Noise (噪声): levels of periods, zone and boundary limits, grades, compliance.

mod grade;
mod level;
mod limit;
mod rate;

pub use grade::{NoiseGrade, NoiseGrades};
pub use level::{DayNight, LevelsOfDay, PercentMethod, day_levels, leq, percent_level, standard_deviation};
pub use limit::{BackgroundCorrection, Burst, NoiseCheck, NoiseLimits, Period, PeriodRule};
pub use rate::{ComplianceRate, ZoneResult, compliance_rates};
