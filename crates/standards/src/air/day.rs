//! From hours to a day: means with validity (日均值), rolling means.

use super::{AirLimits, Averaging, DailyInput, Grade, Mda8, Method, Pollutant, Validity, mda8};
use crate::decimal::mean;
use crate::{Step, Text, clause};
use rust_decimal::Decimal;
use serde::Serialize;

/// Hourly means of one hour, valid values only. µg/m³, CO mg/m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HourValues {
    pub so2: Option<Decimal>,
    pub no2: Option<Decimal>,
    pub co: Option<Decimal>,
    pub pm10: Option<Decimal>,
    pub pm25: Option<Decimal>,
    pub o3: Option<Decimal>,
}

impl HourValues {
    pub fn get(&self, pollutant: Pollutant) -> Option<Decimal> {
        match pollutant {
            Pollutant::So2 => self.so2,
            Pollutant::No2 => self.no2,
            Pollutant::Co => self.co,
            Pollutant::Pm10 => self.pm10,
            Pollutant::Pm25 => self.pm25,
            Pollutant::O3 => self.o3,
        }
    }

    pub fn set(&mut self, pollutant: Pollutant, value: Option<Decimal>) {
        *match pollutant {
            Pollutant::So2 => &mut self.so2,
            Pollutant::No2 => &mut self.no2,
            Pollutant::Co => &mut self.co,
            Pollutant::Pm10 => &mut self.pm10,
            Pollutant::Pm25 => &mut self.pm25,
            Pollutant::O3 => &mut self.o3,
        } = value;
    }
}

/// The daily value of one pollutant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemDay {
    pub pollutant: Pollutant,
    /// Valid hours (O3: valid 8-hour windows).
    pub count: u8,
    /// Hours (windows) needed.
    pub needed: u8,
    /// Unrounded daily value (O3: largest 8-hour mean), also when there are too few hours.
    pub value: Option<Decimal>,
    pub valid: bool,
    /// Why it is not valid.
    pub reason: Option<Text>,
}

/// One day's statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct DayFromHours {
    /// Valid values only, unrounded, ready for [`super::daily_aqi`].
    pub input: DailyInput,
    pub items: Vec<ItemDay>,
    pub ozone: Mda8,
    pub steps: Vec<Step>,
}

/// Daily values from the 24 hourly means of one civil day (index 0 = 00:00–01:00; a network that labels hours by
/// their end has its 01:00 at index 0). Absent hours and negative values are missing.
pub fn day_from_hours(hours: &[Option<HourValues>; 24], limits: &AirLimits, method: &Method) -> DayFromHours {
    let validity = &limits.validity;
    let mut items = Vec::with_capacity(6);
    let mut input = DailyInput::default();
    let mut steps = Vec::new();
    for pollutant in [Pollutant::So2, Pollutant::No2, Pollutant::Co, Pollutant::Pm10, Pollutant::Pm25] {
        let item = mean_day(hours, pollutant, validity, &mut steps);
        let value = item.value.filter(|_| item.valid);
        match pollutant {
            Pollutant::So2 => input.so2 = value,
            Pollutant::No2 => input.no2 = value,
            Pollutant::Co => input.co = value,
            Pollutant::Pm10 => input.pm10 = value,
            _ => input.pm25 = value,
        }
        items.push(item);
    }
    let ozone_hours = hours.map(|hour| hour.and_then(|hour| hour.o3).filter(is_not_negative));
    let limit = limits.limit(Pollutant::O3, Averaging::EightHours, Grade::II).unwrap_or(Decimal::MAX);
    let ozone = mda8(&ozone_hours, validity, method, limit);
    input.o3_8h = ozone.value();
    input.o3_1h = ozone_hours.iter().flatten().copied().max();
    items.push(ItemDay {
        pollutant: Pollutant::O3,
        count: ozone.valid_windows,
        needed: method.mda8_windows,
        value: ozone.max,
        valid: ozone.valid,
        reason: ozone.reason(),
    });
    steps.extend(ozone.steps.iter().cloned());
    DayFromHours { input, items, ozone, steps }
}

fn mean_day(
    hours: &[Option<HourValues>; 24],
    pollutant: Pollutant,
    validity: &Validity,
    steps: &mut Vec<Step>,
) -> ItemDay {
    let values = || hours.iter().flatten().filter_map(|hour| hour.get(pollutant)).filter(is_not_negative);
    let count = values().count() as u8;
    let needed = validity.day_hours;
    let valid = count >= needed;
    let value = mean(values());
    let name = pollutant.label();
    let (zh, en) = if valid { ("有效", "valid") } else { ("无效", "not valid") };
    steps.push(Step::new(
        clause!("GB 3095 表 4：日平均至少 20 个小时值"),
        format!("{name} 日均值由 {count} 个小时值计算，需 {needed} 个：{zh}"),
        format!("{name} daily mean of {count} hours, {needed} needed: {en}"),
    ));
    let reason = (!valid).then(|| {
        Text::new(
            format!("有效小时值只有 {count} 个，少于 {needed} 个"),
            format!("only {count} valid hours, fewer than {needed}"),
        )
    });
    ItemDay { pollutant, count, needed, value, valid, reason }
}

fn is_not_negative(value: &Decimal) -> bool {
    !value.is_sign_negative() || value.is_zero()
}

/// Whether an hour is valid from the minutes that were measured (有效采样时间).
pub fn hour_is_valid(minutes: u32, validity: &Validity) -> bool {
    let _ = clause!("GB 3095 表 4：小时平均至少 45 分钟");
    minutes >= validity.hour_minutes
}

/// Mean of the last hours (滑动平均), `None` when fewer than `needed` of them are valid. For the rolling 8-hour mean of
/// ozone and the rolling 24-hour means of the 2012 hourly report pass exactly those 8 or 24 hours.
pub fn rolling_mean(hours: &[Option<Decimal>], needed: u8) -> Option<Decimal> {
    let valid = || hours.iter().flatten().copied().filter(is_not_negative);
    if valid().count() < usize::from(needed) { None } else { mean(valid()) }
}
