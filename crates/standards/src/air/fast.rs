//! Whole years of hours by integers, without allocation: the same rules as [`super::AqiRules::evaluate`].
//!
//! Values are thousandths of the unit standards use (µg/m³; CO mg/m³) as `i32`, [`MISSING`] for none; an hour is
//! `[i32; 6]` in the order of [`Pollutant::ALL`].

use super::ozone::{Best, NO_VALUE, best_window};
use super::rules::NO_INDEX;
use super::{AirLimits, AqiRules, Averaging, Grade, Item, MISSING, Method, PackedAqi, Pollutant, Report};
use crate::decimal::div_half_even;
use rust_decimal::prelude::ToPrimitive;

/// Scale of the integers: thousandths.
pub const FAST_SCALE: i64 = 1000;

/// Hours of a station, row by row.
pub type FastHours = [[i32; 6]];

/// The rules of one edition prepared for integers.
#[derive(Clone, Debug)]
pub struct FastRules<'a> {
    rules: &'a AqiRules,
    /// What one unit of the rounding place is in thousandths, by item; 0 = the edition has no such item.
    divisors: [i64; Item::COUNT],
    day_hours: u8,
    eight_hours: u8,
    windows: u8,
    first_end: u8,
    limit: i64,
    /// Whether the hourly report uses rolling means (2012).
    rolling: bool,
}

/// One day as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastDay {
    pub index: PackedAqi,
    /// Rounded and scaled concentrations by item, [`MISSING`] for none.
    pub values: [i32; Item::COUNT],
}

/// Results of a year, written into by [`FastRules::year`].
#[derive(Debug)]
pub struct StationYear<'a> {
    /// One for each hour.
    pub hours: &'a mut [PackedAqi],
    /// One for each whole day.
    pub days: &'a mut [PackedAqi],
}

/// The daily item of each pollutant that has a daily mean.
const MEANS: [(Pollutant, Item); 5] = [
    (Pollutant::So2, Item::So2Day),
    (Pollutant::No2, Item::No2Day),
    (Pollutant::Co, Item::CoDay),
    (Pollutant::Pm10, Item::Pm10Day),
    (Pollutant::Pm25, Item::Pm25Day),
];

/// The hourly item of each pollutant.
const HOURS: [Item; 6] = [Item::So2Hour, Item::No2Hour, Item::CoHour, Item::Pm10Hour, Item::Pm25Hour, Item::O3Hour];

impl<'a> FastRules<'a> {
    /// Prepares an edition with the validity of `limits` and the ozone rule of `method`.
    pub fn new(rules: &'a AqiRules, limits: &AirLimits, method: &Method) -> Self {
        let divisors = Item::ALL.map(|item| match rules.places(item) {
            Some(places) if places <= 3 => 10_i64.pow(3 - places),
            _ => 0,
        });
        let limit = limits.limit(Pollutant::O3, Averaging::EightHours, Grade::II);
        let hourly = rules.items(Report::Hourly);
        Self {
            rules,
            divisors,
            day_hours: limits.validity.day_hours,
            eight_hours: limits.validity.eight_hours,
            windows: method.mda8_windows,
            first_end: method.mda8_first_end,
            limit: limit.and_then(|limit| limit.to_i64()).unwrap_or(i64::MAX),
            rolling: hourly.contains(&Item::Pm25Day) || hourly.contains(&Item::O3EightHours),
        }
    }

    /// `sum / count` thousandths rounded half-even to the place of `item`.
    fn rounded(&self, item: Item, sum: i64, count: i64) -> i32 {
        let divisor = self.divisors[item.index()];
        if divisor == 0 { MISSING } else { div_half_even(sum, divisor * count) as i32 }
    }

    /// The index of an hour under an edition whose hourly report has only 1-hour items (2026).
    pub fn hour(&self, values: &[i32; 6]) -> PackedAqi {
        let mut scaled = [MISSING; Item::COUNT];
        self.hour_items(values, &mut scaled);
        let mut indices = [NO_INDEX; Item::COUNT];
        self.rules.combine(Report::Hourly, &scaled, 0, &mut indices)
    }

    fn hour_items(&self, values: &[i32; 6], scaled: &mut [i32; Item::COUNT]) {
        for (value, item) in values.iter().zip(HOURS) {
            if *value >= 0 {
                scaled[item.index()] = self.rounded(item, i64::from(*value), 1);
            }
        }
    }

    /// The index of a day from its 24 hours (the first is 00:00–01:00).
    pub fn day(&self, hours: &[[i32; 6]; 24]) -> FastDay {
        let mut values = [MISSING; Item::COUNT];
        for (pollutant, item) in MEANS {
            let (mut sum, mut count) = (0_i64, 0_i64);
            for hour in hours {
                let value = hour[pollutant.index()];
                if value >= 0 {
                    sum += i64::from(value);
                    count += 1;
                }
            }
            if count >= i64::from(self.day_hours) {
                values[item.index()] = self.rounded(item, sum, count);
            }
        }
        let mut ozone = [NO_VALUE; 24];
        let mut largest = MISSING;
        for (hour, value) in hours.iter().zip(ozone.iter_mut()) {
            let concentration = hour[Pollutant::O3.index()];
            if concentration >= 0 {
                *value = i64::from(concentration);
                largest = largest.max(concentration);
            }
        }
        if largest != MISSING {
            values[Item::O3Hour.index()] = self.rounded(Item::O3Hour, i64::from(largest), 1);
        }
        values[Item::O3EightHours.index()] = self.ozone(best_window(&ozone, self.first_end, self.eight_hours));
        let mut indices = [NO_INDEX; Item::COUNT];
        let index = self.rules.combine(Report::Daily, &values, 0, &mut indices);
        FastDay { index, values }
    }

    fn ozone(&self, best: Best) -> i32 {
        if best.count == 0 {
            return MISSING;
        }
        let rounded = self.rounded(Item::O3EightHours, best.sum, best.count);
        let counts = best.windows >= self.windows || i64::from(rounded) > self.limit;
        if counts { rounded } else { MISSING }
    }

    /// Every hour and every whole day of `hours`, which begin at the first hour of a day. Writes as many results as
    /// fit the slices of `into`.
    pub fn year(&self, hours: &FastHours, into: &mut StationYear<'_>) {
        if self.rolling {
            self.rolling_hours(hours, into.hours);
        } else {
            for (hour, result) in hours.iter().zip(into.hours.iter_mut()) {
                *result = self.hour(hour);
            }
        }
        for (day, result) in hours.as_chunks::<24>().0.iter().zip(into.days.iter_mut()) {
            *result = self.day(day).index;
        }
    }

    /// The hourly report of 2012: 1-hour items plus rolling means of the hours ending with each hour.
    fn rolling_hours(&self, hours: &FastHours, into: &mut [PackedAqi]) {
        const ROLLING: [(Pollutant, Item, usize); 4] = [
            (Pollutant::So2, Item::So2Day, 24),
            (Pollutant::Pm10, Item::Pm10Day, 24),
            (Pollutant::Pm25, Item::Pm25Day, 24),
            (Pollutant::O3, Item::O3EightHours, 8),
        ];
        let mut sums = [(0_i64, 0_i64); 4];
        for (at, result) in into.iter_mut().enumerate().take(hours.len()) {
            let mut scaled = [MISSING; Item::COUNT];
            self.hour_items(&hours[at], &mut scaled);
            for ((pollutant, item, span), (sum, count)) in ROLLING.into_iter().zip(sums.iter_mut()) {
                let entering = hours[at][pollutant.index()];
                if entering >= 0 {
                    *sum += i64::from(entering);
                    *count += 1;
                }
                if let Some(left) = at.checked_sub(span) {
                    let leaving = hours[left][pollutant.index()];
                    if leaving >= 0 {
                        *sum -= i64::from(leaving);
                        *count -= 1;
                    }
                }
                let needed = if span == 8 { self.eight_hours } else { self.day_hours };
                if *count >= i64::from(needed) {
                    scaled[item.index()] = self.rounded(item, *sum, *count);
                }
            }
            let mut indices = [NO_INDEX; Item::COUNT];
            *result = self.rules.combine(Report::Hourly, &scaled, 0, &mut indices);
        }
    }
}
