//! The hours that charts rest on: the hourly means of a point as judging counts them, after marks, reviews and
//! declared stops, in the unit of the judgement.

use kernel::{Hour, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;

use crate::code::Code;
use crate::gather::gather;
use crate::hour::{Settings, hour_means};
use crate::rule::air;
use crate::{Judge, plan};

/// Days of one chart: ten years and their leap days.
pub const MOST_DAYS: i64 = 3_660;
/// Factors of one chart.
pub const MOST_FACTORS: usize = 12;

/// Number of the hour, and a value for each factor asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct HourRow {
    pub hour: i64,
    pub values: Vec<Option<Decimal>>,
}

impl Judge {
    /// Hours of `from..until` in which at least one factor has a valid value, ascending.
    ///
    /// # Errors
    /// When the period or the list is too long, or the store fails.
    pub fn hours_of(
        &self,
        point: &Point,
        factors: &[Code],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<HourRow>, Problem> {
        if factors.is_empty() || factors.len() > MOST_FACTORS {
            return Err(Problem::invalid(format!("1～{MOST_FACTORS} 个因子 (1 to {MOST_FACTORS} factors)")));
        }
        if until.millis() - from.millis() > MOST_DAYS * kernel::time::DAY_MILLIS {
            return Err(Problem::invalid("时段最长十年 (at most ten years)"));
        }
        let rules = self.rules();
        let units = rules.units();
        let (first, last) = (from.hour().0, until.plus(-1).hour().0);
        let mut rows = Vec::new();
        let mut start = first;
        while start <= last {
            let end = (Hour(start).day().month().next().first_day().hour(0).0 - 1).min(last);
            let wanted: Vec<i64> = (start..=end).collect();
            let gathered = gather(&self.store, &rules.codes, point, start, end, &wanted, None)?;
            let settings = Settings {
                point: point.id,
                rules: &rules,
                store: &*self.store,
                codes: &rules.codes,
                kind: point.kind,
                minute_minutes: point.minute_minutes,
                needed_minutes: plan::HOUR_MINUTES,
                reviews: &gathered.reviews,
                stops: &gathered.stops,
                day: None,
            };
            for (hour, packets) in &gathered.hours {
                let means = hour_means(Hour(*hour), packets, &settings, &mut None);
                let values: Vec<Option<Decimal>> = factors
                    .iter()
                    .map(|factor| {
                        let place = means.binary_search_by_key(factor, |mean| mean.factor).ok()?;
                        let mean = &means[place];
                        let value = mean.mean.filter(|_| mean.valid)?;
                        match air::pollutant(*factor).filter(|_| point.kind == PointKind::AirStation) {
                            Some(pollutant) => units.ambient(point.id, pollutant, value),
                            None => Some(value),
                        }
                    })
                    .collect();
                if values.iter().any(Option::is_some) {
                    rows.push(HourRow { hour: *hour, values });
                }
            }
            start = end + 1;
        }
        Ok(rows)
    }
}
