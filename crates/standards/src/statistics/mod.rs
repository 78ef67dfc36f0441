//! Statistics that specialists expect, on binary floats (they estimate; nothing here decides a limit).
//!
//! Every function returns `None` instead of a number it cannot give (too few values, no spread). Non-finite values
//! are the caller's to remove.

mod correlation;
mod direction;
mod distribution;
mod moments;
mod seasonal;
mod trend;

pub use correlation::{RankCorrelation, pearson, ranks, spearman};
pub use direction::{SECTORS, SectorProbability, Wind, conditional_probability, sector_of};
pub use distribution::{normal_quantile, normal_two_sided, student_two_sided};
pub use moments::{Moments, median, moments, quantile};
pub use seasonal::{SeasonalKendall, seasonal_kendall};
pub use trend::{MannKendall, RankTrend, TheilSen, mann_kendall, rank_trend, theil_sen};
