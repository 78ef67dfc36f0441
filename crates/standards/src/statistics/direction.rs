//! Direction of sources (风向分析): conditional probability by wind sector (CPF).

use super::moments::quantile;
use serde::Serialize;

/// The sixteen wind sectors, clockwise from north.
pub const SECTORS: [&str; 16] =
    ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];

/// One hour of wind and concentration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wind {
    /// Index into [`SECTORS`] of the direction the wind comes from.
    pub sector: usize,
    /// m/s.
    pub speed: f64,
    pub concentration: f64,
}

/// The sector of a direction in degrees (0 = north, clockwise); `None` when it is not finite.
pub fn sector_of(degrees: f64) -> Option<usize> {
    degrees.is_finite().then(|| ((degrees.rem_euclid(360.0) / 22.5).round() as usize) % SECTORS.len())
}

/// One sector of a CPF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SectorProbability {
    /// Hours of wind from here.
    pub n: usize,
    /// Of these, hours above the threshold.
    pub m: usize,
    pub mean_concentration: Option<f64>,
    pub mean_speed: Option<f64>,
}

impl SectorProbability {
    /// m / n. A sector with few hours (fewer than about 30) says little.
    pub fn probability(&self) -> Option<f64> {
        (self.n > 0).then(|| self.m as f64 / self.n as f64)
    }
}

/// CPF of the hours: threshold = quantile `p` of *all* concentrations; hours calmer than `calm` are left out of the
/// sectors. Returns (threshold, sectors, calm hours); `None` of no hours.
pub fn conditional_probability(hours: &[Wind], p: f64, calm: f64) -> Option<(f64, [SectorProbability; 16], usize)> {
    let concentrations: Vec<f64> = hours.iter().map(|hour| hour.concentration).collect();
    let threshold = quantile(&concentrations, p)?;
    let mut sectors = [SectorProbability::default(); 16];
    let mut sums = [(0.0, 0.0); 16];
    let mut calm_hours = 0;
    for hour in hours {
        if hour.speed < calm {
            calm_hours += 1;
            continue;
        }
        let (Some(sector), Some(sum)) = (sectors.get_mut(hour.sector), sums.get_mut(hour.sector)) else { continue };
        sector.n += 1;
        sector.m += usize::from(hour.concentration > threshold);
        sum.0 += hour.concentration;
        sum.1 += hour.speed;
    }
    for (sector, sum) in sectors.iter_mut().zip(sums) {
        let n = sector.n as f64;
        sector.mean_concentration = (sector.n > 0).then(|| sum.0 / n);
        sector.mean_speed = (sector.n > 0).then(|| sum.1 / n);
    }
    Some((threshold, sectors, calm_hours))
}
