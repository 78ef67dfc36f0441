//! Wind (风): rose of wind and pollution, polar plot, percentile rose. Sixteen sectors of where the wind comes from;
//! calm hours (below 0.5 m/s) have no direction and are counted apart.

use standards::statistics::{SECTORS, Wind, conditional_probability, quantile, sector_of};

/// Slower wind has no direction, m/s.
pub const CALM: f64 = 0.5;
/// Upper ends of the speed classes, m/s; the last class is open.
pub const SPEEDS: [f64; 4] = [2.0, 4.0, 6.0, f64::INFINITY];
/// Width of a speed bin of the polar plot, m/s, and how many there are.
pub const BIN: f64 = 1.0;
pub const BINS: usize = 12;
/// Share of hours above which a concentration counts as high (CPF).
pub const HIGH: f64 = 0.75;
pub const PERCENTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// One hour: direction in degrees, speed in m/s, concentration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindHour {
    pub direction: f64,
    pub speed: f64,
    pub value: f64,
}

impl WindHour {
    fn sector(self) -> Option<usize> {
        sector_of(self.direction).filter(|_| self.speed >= CALM)
    }
}

/// One sector of the rose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoseSector {
    /// Hours by speed class.
    pub hours: [usize; SPEEDS.len()],
    pub mean: Option<f64>,
    pub mean_speed: Option<f64>,
    /// Share of the sector's hours with a high concentration.
    pub high: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rose {
    pub sectors: [RoseSector; 16],
    pub calm: usize,
    pub hours: usize,
    /// The 75th percentile of all concentrations.
    pub threshold: Option<f64>,
}

pub fn rose(hours: &[WindHour]) -> Rose {
    let mut rose = Rose { hours: hours.len(), ..Rose::default() };
    let winds: Vec<Wind> = hours
        .iter()
        .filter_map(|hour| {
            let sector = sector_of(hour.direction)?;
            Some(Wind { sector, speed: hour.speed, concentration: hour.value })
        })
        .collect();
    let Some((threshold, probabilities, calm)) = conditional_probability(&winds, HIGH, CALM) else { return rose };
    rose.threshold = Some(threshold);
    rose.calm = calm;
    for hour in hours {
        let Some(sector) = hour.sector().and_then(|sector| rose.sectors.get_mut(sector)) else { continue };
        let class = SPEEDS.iter().position(|end| hour.speed < *end).unwrap_or(SPEEDS.len() - 1);
        sector.hours[class] += 1;
    }
    for (sector, found) in rose.sectors.iter_mut().zip(probabilities) {
        sector.mean = found.mean_concentration;
        sector.mean_speed = found.mean_speed;
        sector.high = found.probability();
    }
    rose
}

/// One cell of the polar plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolarCell {
    pub sector: usize,
    /// Lower end of the speed bin, m/s.
    pub speed: f64,
    pub n: usize,
    pub mean: f64,
}

/// Mean concentration by direction and speed; cells without an hour are left out.
pub fn polar(hours: &[WindHour]) -> Vec<PolarCell> {
    let mut sums = vec![(0usize, 0.0f64); SECTORS.len() * BINS];
    for hour in hours {
        let Some(sector) = hour.sector() else { continue };
        let bin = ((hour.speed / BIN) as usize).min(BINS - 1);
        let cell = &mut sums[sector * BINS + bin];
        cell.0 += 1;
        cell.1 += hour.value;
    }
    sums.into_iter()
        .enumerate()
        .filter(|(_, (n, _))| *n > 0)
        .map(|(place, (n, sum))| PolarCell {
            sector: place / BINS,
            speed: (place % BINS) as f64 * BIN,
            n,
            mean: sum / n as f64,
        })
        .collect()
}

/// Percentiles of concentration by sector: number of hours, and [`PERCENTILES`].
pub fn percentile_rose(hours: &[WindHour]) -> Vec<(usize, [Option<f64>; PERCENTILES.len()])> {
    let mut by_sector: Vec<Vec<f64>> = vec![Vec::new(); SECTORS.len()];
    for hour in hours {
        if let Some(values) = hour.sector().and_then(|sector| by_sector.get_mut(sector)) {
            values.push(hour.value);
        }
    }
    by_sector.iter().map(|values| (values.len(), PERCENTILES.map(|p| quantile(values, p)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(direction: f64, speed: f64, value: f64) -> WindHour {
        WindHour { direction, speed, value }
    }

    #[test]
    fn a_rose_counts_every_hour_once_and_calm_ones_apart() {
        let hours = [
            hour(0.0, 1.0, 10.0),
            hour(350.0, 3.0, 20.0),
            hour(90.0, 7.0, 80.0),
            hour(180.0, 0.2, 50.0),
            hour(90.0, 2.0, 100.0),
        ];
        let rose = rose(&hours);
        assert_eq!((rose.hours, rose.calm), (5, 1));
        assert_eq!(rose.sectors[0].hours, [1, 1, 0, 0]);
        assert_eq!(rose.sectors[4].hours, [0, 1, 0, 1]);
        assert_eq!(rose.sectors[4].mean, Some(90.0));
        // The threshold is the 75th percentile of all five: 80; above it is one of two hours from the east.
        assert_eq!((rose.threshold, rose.sectors[4].high), (Some(80.0), Some(0.5)));
        let all: usize = rose.sectors.iter().flat_map(|sector| sector.hours).sum();
        assert_eq!(all + rose.calm, rose.hours);
    }

    #[test]
    fn the_polar_plot_has_means_by_direction_and_speed() {
        let cells = polar(&[hour(91.0, 1.2, 10.0), hour(89.0, 1.9, 30.0), hour(90.0, 99.0, 5.0), hour(90.0, 0.1, 9.0)]);
        assert_eq!(
            cells,
            [
                PolarCell { sector: 4, speed: 1.0, n: 2, mean: 20.0 },
                PolarCell { sector: 4, speed: 11.0, n: 1, mean: 5.0 },
            ]
        );
    }

    #[test]
    fn percentiles_by_sector() {
        let hours: Vec<WindHour> = (0..=100).map(|value| hour(270.0, 2.0, f64::from(value))).collect();
        let found = percentile_rose(&hours);
        assert_eq!(found[12], (101, [Some(5.0), Some(25.0), Some(50.0), Some(75.0), Some(95.0)]));
        assert_eq!(found[0], (0, [None; 5]));
    }
}
