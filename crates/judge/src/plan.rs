//! The pure plan: how a point is judged, and the finding of an hour, a day, a month or a year from its inputs.

use std::collections::BTreeMap;

use kernel::{Day, Hour, LimitPeriod, Month, Point, PointKind};
use rust_decimal::Decimal;
use standards::Text;
use standards::air::{HourValues, Pollutant};
use standards::water::{Body, Class};
use store::Store;
use store::contract::PeriodLevel;

pub use crate::rules::Rules;

use crate::code::Code;
use crate::dust::DustDays;
use crate::gather::Gathered;
use crate::hour::{HourMean, Settings, hour_means};
use crate::model::{Explain, Finding, Flags, Item, Key, Method, Stat, Tier};
use crate::packed::{Slots, canonical};
use crate::review;
use crate::rule::air::{self, AirSet, Part};
use crate::rule::electromagnetic;
use crate::rule::limit;
use crate::rule::noise;
use crate::rule::water::WaterValue;
use crate::{period, source, trophic, waters};

/// Valid minutes that an hour needs where no edition of GB 3095 says otherwise (HJ 75).
pub const HOUR_MINUTES: u32 = 45;

/// How a kind of point is judged.
pub fn method_of(kind: PointKind) -> Method {
    match kind {
        PointKind::AirStation => Method::Air,
        PointKind::WaterSection | PointKind::LakePoint => Method::Water { source: false },
        PointKind::DrinkingWaterSource => Method::Water { source: true },
        PointKind::NoisePoint => Method::Noise,
        PointKind::GroundwaterWell => Method::Groundwater,
        PointKind::ElectromagneticStation => Method::Electromagnetic,
        // Without limits of their own the rest are recorded and not judged.
        _ => Method::Limits,
    }
}

pub fn water_body(kind: PointKind) -> Body {
    if kind == PointKind::LakePoint { Body::Lake } else { Body::River }
}

pub fn target_class(point: &Point) -> Option<Class> {
    point.function_class.as_deref().and_then(|class| class.parse().ok())
}

/// The class that a well has to keep: that of its function, class III where it supplies drinking water.
pub fn groundwater_target(point: &Point) -> Option<Class> {
    target_class(point).or_else(|| (point.ledger == "drinking_water_source").then_some(Class::III))
}

/// Why a period was not judged, for the log and the why-page.
pub type NotJudged = Text;

/// Hours of one point, planned together.
pub struct HourPlan<'p> {
    pub rules: &'p Rules,
    pub store: &'p dyn Store,
    pub point: &'p Point,
    pub gathered: &'p Gathered,
}

impl HourPlan<'_> {
    fn settings(&self) -> Settings<'_> {
        Settings {
            point: self.point.id,
            rules: self.rules,
            store: self.store,
            codes: &self.rules.codes,
            kind: self.point.kind,
            minute_minutes: self.point.minute_minutes,
            needed_minutes: HOUR_MINUTES,
            reviews: &self.gathered.reviews,
            stops: &self.gathered.stops,
            day: None,
        }
    }

    /// What came of an hour, factor by factor, in the units of the device.
    pub(crate) fn means(&self, hour: i64, explain: &mut Option<&mut Explain>) -> Option<Vec<HourMean>> {
        let packets = self.gathered.hours.get(&hour)?;
        Some(hour_means(Hour(hour), packets, &self.settings(), explain))
    }

    /// Values of an ambient hour in the units of the standards, and the factors whose values were set aside.
    fn air_values(&self, hour: i64, explain: &mut Option<&mut Explain>) -> Option<(HourValues, Vec<Code>)> {
        let means = self.means(hour, explain)?;
        let units = self.rules.units();
        let mut values = HourValues::default();
        let mut set_aside = Vec::new();
        for pollutant in Pollutant::ALL {
            let Some(factor) = air::code(pollutant) else { continue };
            let Ok(place) = means.binary_search_by_key(&factor, |mean| mean.factor) else { continue };
            let mean = &means[place];
            if mean.set_aside {
                set_aside.push(factor);
            }
            let value = mean.mean.filter(|_| mean.valid);
            values
                .set(pollutant, value.and_then(|value| units.ambient(self.point.id, pollutant, value)).map(canonical));
        }
        Some((values, set_aside))
    }

    fn tier(&self, hour: i64) -> Tier {
        review::tier(&self.gathered.reviews, Hour(hour).start())
    }

    /// The findings of `wanted` (sorted); an hour without any packet has none.
    pub fn judge(&self, wanted: &[i64], mut explain: Option<&mut Explain>) -> Result<Vec<(i64, Finding)>, NotJudged> {
        let mut findings = Vec::with_capacity(wanted.len());
        let mut known: BTreeMap<i64, Option<(HourValues, Vec<Code>)>> = BTreeMap::new();
        let mut set: Option<(Day, AirSet)> = None;
        let mut not_judged = None;
        for &hour in wanted {
            match self.judge_hour(hour, &mut set, &mut known, &mut explain) {
                Ok(Some(finding)) => findings.push((hour, tidy(Finding { tier: self.tier(hour), ..finding }))),
                Ok(None) => {}
                // One hour that cannot be judged does not take the others with it.
                Err(why) => not_judged = Some(why),
            }
        }
        match not_judged {
            Some(why) if findings.is_empty() => Err(why),
            _ => Ok(findings),
        }
    }

    fn judge_hour(
        &self,
        hour: i64,
        set: &mut Option<(Day, AirSet)>,
        known: &mut BTreeMap<i64, Option<(HourValues, Vec<Code>)>>,
        explain: &mut Option<&mut Explain>,
    ) -> Result<Option<Finding>, NotJudged> {
        let day = Hour(hour).day();
        match method_of(self.point.kind) {
            Method::Air => {
                let set = match set {
                    Some((known, set)) if *known == day => &*set,
                    _ => &set.insert((day, self.rules.air_at(day)?)).1,
                };
                Ok(self.air_hour(hour, set, known, explain))
            }
            Method::Water { .. } | Method::Groundwater => self.water_hour(hour, explain),
            Method::Electromagnetic => self.electromagnetic_hour(hour, explain),
            Method::Limits => Ok(self.limit_hour(hour, explain)),
            Method::Noise => Ok(self.noise_hour(hour, explain)),
        }
    }

    fn air_hour(
        &self,
        hour: i64,
        set: &AirSet,
        known: &mut BTreeMap<i64, Option<(HourValues, Vec<Code>)>>,
        explain: &mut Option<&mut Explain>,
    ) -> Option<Finding> {
        let (values, set_aside) = match known.get(&hour) {
            Some(values) if explain.is_none() => values.clone()?,
            _ => {
                let values = self.air_values(hour, explain);
                known.insert(hour, values.clone());
                values?
            }
        };
        let mut before = Vec::new();
        if set.rolling() {
            for earlier in hour - 23..hour {
                let entry = known.entry(earlier).or_insert_with(|| self.air_values(earlier, &mut None));
                before.push(entry.as_ref().map(|(values, _)| *values));
            }
            // What lies further back is not needed again: hours are planned in order.
            while known.first_key_value().is_some_and(|(first, _)| *first < hour - 23) {
                known.pop_first();
            }
        }
        let grade = air::grade(self.point.function_class.as_deref());
        Some(air::hour(set, grade, &values, &set_aside, &before, explain))
    }

    fn water_hour(&self, hour: i64, explain: &mut Option<&mut Explain>) -> Result<Option<Finding>, NotJudged> {
        let Some(means) = self.means(hour, explain) else { return Ok(None) };
        let day = Hour(hour).day();
        let units = self.rules.units();
        let mut values = Vec::new();
        for mean in means.iter().filter(|mean| mean.valid) {
            let Some(value) = mean.mean else { continue };
            let mut value = WaterValue { factor: mean.factor, value, unit: None, count: mean.count };
            if let Some(unit) = units.exception(self.point.id, mean.factor)
                && let Some(known) = self.rules.factors.get(mean.factor.as_str())
                && let Ok(standard) = known.unit.parse()
                && let Some(converted) = unit.convert(value.value, standard)
            {
                value.value = converted;
            }
            values.push(value);
        }
        let mut finding = waters::judge_water(self.rules, self.point, day, &values, explain)?;
        for mean in means.iter().filter(|mean| mean.valid && mean.factor == *waters::FLOW && mean.total.is_some()) {
            finding.items.push(Item::new(mean.factor, Stat::Total, mean.total, true, mean.count));
        }
        add_set_aside(&mut finding, &means);
        Ok(Some(finding))
    }

    fn limit_hour(&self, hour: i64, explain: &mut Option<&mut Explain>) -> Option<Finding> {
        let means = self.means(hour, explain)?;
        let means = source::converted(self.point, means, explain);
        let mut finding = Finding::default();
        let at = Hour(hour).start();
        let momentary = |factor: Code| {
            let of = self.point.limits.iter().filter(|limit| factor == *limit.factor && !limit.unconfirmed);
            of.into_iter().any(|limit| limit.period == LimitPeriod::Instant && limit.in_force(at))
        };
        for mean in &means {
            let mut add = |stat, value: Option<Decimal>| {
                if value.is_some() {
                    let mut item = Item::new(mean.factor, stat, value, mean.valid, mean.count);
                    item.flags.set(Flags::MARKED, mean.marked && !mean.valid);
                    finding.items.push(item);
                }
            };
            add(Stat::Mean, mean.mean);
            add(Stat::Converted, mean.converted);
            add(Stat::Total, mean.total);
            if momentary(mean.factor) {
                // A mean outside the extremes that came with it is an extreme itself.
                add(Stat::Maximum, mean.maximum.max(mean.mean));
                add(
                    Stat::Minimum,
                    mean.minimum.map_or(mean.mean, |least| Some(mean.mean.map_or(least, |mean| mean.min(least)))),
                );
            }
        }
        add_set_aside(&mut finding, &means);
        finding.valid = finding.items.iter().any(Item::valid);
        let units = self.rules.units();
        let limits = self.rules.limits(self.point, &units);
        limits.compare(&mut finding, LimitPeriod::Instant, at, explain);
        limits.compare(&mut finding, LimitPeriod::Hour, at, explain);
        Some(finding)
    }

    fn electromagnetic_hour(
        &self,
        hour: i64,
        explain: &mut Option<&mut Explain>,
    ) -> Result<Option<Finding>, NotJudged> {
        let Some(mut finding) = self.noise_hour(hour, explain) else { return Ok(None) };
        let (standard, limits) = self.rules.electromagnetic_at(Hour(hour).day())?;
        electromagnetic::judge(&limits, &standard, &mut finding, explain);
        Ok(Some(finding))
    }

    fn noise_hour(&self, hour: i64, explain: &mut Option<&mut Explain>) -> Option<Finding> {
        let means = self.means(hour, explain)?;
        let mut finding = Finding::default();
        for mean in means.iter().filter(|mean| mean.mean.is_some()) {
            finding.items.push(Item::new(mean.factor, Stat::Mean, mean.mean, mean.valid, mean.count));
        }
        add_set_aside(&mut finding, &means);
        finding.valid = finding.items.iter().any(Item::valid);
        Some(finding)
    }
}

/// Values that came and do not count stay visible as items without a number.
fn add_set_aside(finding: &mut Finding, means: &[HourMean]) {
    let nothing = |mean: &&HourMean| mean.mean.is_none() && (mean.set_aside || (mean.refused && !mean.valid));
    for mean in means.iter().filter(nothing) {
        let mut item = Item::new(mean.factor, Stat::Mean, None, false, 0);
        item.flags.set(Flags::SET_ASIDE, true);
        item.flags.set(Flags::MARKED, mean.marked);
        finding.items.push(item);
    }
}

/// One order and one form of numbers, so that equal findings are equal bytes.
fn tidy(mut finding: Finding) -> Finding {
    for item in &mut finding.items {
        item.value = item.value.map(canonical);
        item.limit = item.limit.map(canonical);
        item.times = item.times.map(canonical);
    }
    finding.items.sort_by_key(|item| (item.factor, item.stat));
    finding
}

/// A day of a point from its hours; `device` are day values that the device sent itself.
pub fn judge_day(
    rules: &Rules,
    point: &Point,
    day: Day,
    hours: &Slots,
    device: &[HourMean],
    mut explain: Option<&mut Explain>,
) -> Result<Option<Finding>, NotJudged> {
    let findings: Vec<(usize, &Finding)> =
        hours.iter().enumerate().filter_map(|(hour, slot)| slot.as_ref().map(|slot| (hour, &slot.finding))).collect();
    if findings.is_empty() && device.is_empty() {
        return Ok(None);
    }
    let explain = &mut explain;
    let finding = match method_of(point.kind) {
        Method::Air => {
            let set = rules.air_at(day)?;
            let mut values: [Option<HourValues>; 24] = [None; 24];
            for (hour, finding) in &findings {
                values[*hour] = Some(air::values_of_hour(finding));
            }
            let mut own = HourValues::default();
            let units = rules.units();
            for mean in device.iter().filter(|mean| mean.valid && !source::came_by_hours(mean.factor, &findings)) {
                if let (Some(pollutant), Some(value)) = (air::pollutant(mean.factor), mean.mean) {
                    own.set(pollutant, units.ambient(point.id, pollutant, value));
                }
            }
            air::day(&set, air::grade(point.function_class.as_deref()), &values, &own, explain)
        }
        Method::Water { .. } | Method::Groundwater => {
            waters::water_period(rules, point, day, &findings, device, explain)?
        }
        Method::Electromagnetic => {
            let indexed: Vec<(Day, &Finding)> = findings.iter().map(|(_, finding)| (day, *finding)).collect();
            let mut finding = sums_of(&indexed);
            let (standard, limits) = rules.electromagnetic_at(day)?;
            electromagnetic::judge(&limits, &standard, &mut finding, explain);
            finding
        }
        Method::Limits => source::limit_day(rules, point, day, &findings, device, explain),
        Method::Noise => {
            let limits = rules.noise_at(day)?;
            let mut levels: Vec<(u8, Decimal)> = Vec::new();
            for (hour, finding) in &findings {
                let level = noise::LEVELS.iter().find_map(|name| {
                    let item = finding.item(Code::new(name)?, Stat::Mean)?;
                    item.value.filter(|_| item.valid())
                });
                levels.extend(level.map(|level| (*hour as u8, level)));
            }
            noise::day(&limits, point.function_class.as_deref(), &levels, explain)
        }
    };
    let tier = findings.iter().map(|(_, finding)| finding.tier).min().unwrap_or_default();
    Ok(Some(tidy(Finding { tier, ..finding })))
}

/// A month or year of a point from its days, oldest first. `running`: the period has not ended.
pub fn judge_period(
    rules: &Rules,
    point: &Point,
    key: Key,
    days: &[(Day, &Finding)],
    running: bool,
    dust: &DustDays,
    mut explain: Option<&mut Explain>,
) -> Result<Option<Finding>, NotJudged> {
    let Some((last, _)) = days.last() else { return Ok(None) };
    let explain = &mut explain;
    let limit_period = match key.level {
        PeriodLevel::Month => LimitPeriod::Month,
        _ => LimitPeriod::Year,
    };
    let mut finding = match method_of(point.kind) {
        Method::Air => {
            let set = rules.air_at(*last)?;
            let part = match key.level {
                PeriodLevel::Month => {
                    let month = Month(key.period as i32);
                    Part::Month(month.year() as i16, (month.0.rem_euclid(12) + 1) as u8)
                }
                _ => Part::Year(key.period as i16),
            };
            let dated: Vec<_> = days.iter().map(|(day, finding)| (period::date(*day), *finding)).collect();
            let grade = air::grade(point.function_class.as_deref());
            air::period(&set, grade, part, &dated, running, dust, explain)
        }
        Method::Water { .. } | Method::Groundwater => {
            let indexed: Vec<(usize, &Finding)> = days.iter().map(|(_, finding)| (0, *finding)).collect();
            let mut finding = waters::water_period(rules, point, *last, &indexed, &[], explain)?;
            if point.kind == PointKind::LakePoint {
                trophic::add(rules, point, *last, &mut finding, explain)?;
            }
            finding
        }
        Method::Limits | Method::Noise | Method::Electromagnetic => {
            let mut finding = sums_of(days);
            let units = rules.units();
            rules.limits(point, &units).compare(&mut finding, limit_period, key.start(), explain);
            finding
        }
    };
    if method_of(point.kind) != Method::Air {
        let valid = days.iter().filter(|(_, day)| day.valid).count();
        let exceeding = days.iter().filter(|(_, day)| day.valid && day.exceeding).count();
        for (name, count) in [("days_valid", valid), ("days_over", exceeding)] {
            if let Some(factor) = Code::new(name) {
                finding.items.push(Item::new(factor, Stat::Total, Some(Decimal::from(count)), true, 1));
            }
        }
    }
    finding.running = running;
    let tier = days.iter().map(|(_, day)| day.tier).min().unwrap_or_default();
    Ok(Some(tidy(Finding { tier, ..finding })))
}

/// Means of means and sums of totals over days.
fn sums_of(days: &[(Day, &Finding)]) -> Finding {
    let mut series: BTreeMap<(Code, Stat), Vec<Decimal>> = BTreeMap::new();
    for (_, day) in days {
        for item in day.items.iter().filter(|item| item.valid()) {
            if let Some(value) = item.value {
                series.entry((item.factor, item.stat)).or_default().push(value);
            }
        }
    }
    let mut finding = Finding::default();
    for ((factor, stat), values) in series {
        let value = match stat {
            Stat::Total => limit::sum(&values),
            Stat::Maximum => values.iter().copied().max(),
            Stat::Minimum => values.iter().copied().min(),
            _ => standards::decimal::mean(values.iter().copied()),
        };
        finding.items.push(Item::new(factor, stat, value, value.is_some(), values.len() as u16));
    }
    finding.valid = !finding.items.is_empty();
    finding
}
