//! Scenarios of ambient air and rounding.

use crate::Scenario;
use crate::support::air;
use rust_decimal::Decimal;
use standards::Date;
use standards::air::{
    AqiResult, Averaging, DailyInput, DailyValue, DayCountRules, DayIndex, Dust, Grade, HourValues, HourlyInput, Item,
    Pollutant, ReferenceState, assess_month, assess_year, count_days, daily_aqi, day_from_hours, hour_is_valid,
    hourly_aqi,
};
use standards::decimal::{round_half_even, round_to_interval};
use std::collections::BTreeSet;

pub const SCENARIOS: &[Scenario] = &[
    ("half to even", half_to_even),
    ("half a unit", half_a_unit),
    ("2026: a complete day on the edge of good", complete_2026),
    ("2026: concentrations are rounded first", rounded_2026),
    ("2026: incomplete and clean is NA", incomplete_clean_2026),
    ("2026: incomplete and polluted is published", incomplete_polluted_2026),
    ("2026: sulphur dioxide above 800 is 200", sulphur_2026),
    ("2026: ozone above 800 is 300", ozone_2026),
    ("above the table is 500", above_the_table),
    ("2012: a polluted day names what exceeds", polluted_2012),
    ("2012: an incomplete day is published", incomplete_2012),
    ("2012: sulphur dioxide above 800 reports the day", sulphur_2012),
    ("2012: ozone above 800 reports the hour", ozone_2012),
    ("limits of each phase", limits),
    ("an hour needs 45 minutes", minutes),
    ("a day from its hours", day),
    ("too few ozone windows", few_windows),
    ("a year with dust left out", year),
    ("a month", month),
    ("composite index", composite),
    ("good days", good_days),
    ("reference state by date", state),
];

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn half_to_even() {
    assert_eq!(round_half_even(number("4.05"), 1), number("4.0"));
}

fn half_a_unit() {
    assert_eq!(round_to_interval(number("60.38"), number("0.5")).unwrap(), number("60.5"));
}

fn clean_day() -> DailyInput {
    let ten = Some(Decimal::TEN);
    DailyInput {
        so2: ten,
        no2: ten,
        co: Some(Decimal::ONE),
        pm10: ten,
        pm25: ten,
        o3_8h: ten,
        o3_1h: ten,
        ..DailyInput::default()
    }
}

fn daily(edition: &str, input: &DailyInput) -> AqiResult {
    daily_aqi(&air().rules_of(edition).unwrap(), input)
}

fn complete_2026() {
    let result = daily("2026", &DailyInput { pm25: Some(number("60")), ..clean_day() });
    assert_eq!((result.aqi, result.primary), (Some(100), vec![Item::Pm25Day]));
}

fn rounded_2026() {
    let result = daily("2026", &DailyInput { pm25: Some(number("60.5")), co: Some(number("4.05")), ..clean_day() });
    assert_eq!((result.aqi, result.iaqi(Item::CoDay)), (Some(100), Some(100)));
}

fn incomplete_clean_2026() {
    assert_eq!(daily("2026", &DailyInput { co: None, ..clean_day() }).aqi, None);
}

fn incomplete_polluted_2026() {
    assert_eq!(daily("2026", &DailyInput { co: None, pm25: Some(number("61")), ..clean_day() }).aqi, Some(101));
}

fn sulphur_2026() {
    let input = HourlyInput { so2: Some(number("801")), ..HourlyInput::default() };
    assert_eq!(hourly_aqi(&air().rules_of("2026").unwrap(), &input).aqi, Some(200));
}

fn ozone_2026() {
    assert_eq!(daily("2026", &DailyInput { o3_8h: Some(number("801")), ..clean_day() }).aqi, Some(300));
}

fn above_the_table() {
    for edition in ["2012", "2026"] {
        assert_eq!(daily(edition, &DailyInput { pm10: Some(number("985")), ..clean_day() }).aqi, Some(500));
    }
}

fn polluted_2012() {
    let result = daily("2012", &DailyInput { pm25: Some(number("76")), ..clean_day() });
    assert_eq!((result.aqi, result.exceeding), (Some(102), vec![Item::Pm25Day]));
}

fn incomplete_2012() {
    assert_eq!(daily("2012", &DailyInput { co: None, ..clean_day() }).aqi, Some(15));
}

fn sulphur_2012() {
    let input = HourlyInput { so2: Some(number("801")), so2_24h: Some(number("150")), ..HourlyInput::default() };
    assert_eq!(hourly_aqi(&air().rules_of("2012").unwrap(), &input).aqi, Some(100));
}

fn ozone_2012() {
    let input = DailyInput { o3_8h: Some(number("801")), o3_1h: Some(number("1000")), ..clean_day() };
    let result = daily("2012", &input);
    assert_eq!((result.aqi, result.iaqi(Item::O3EightHours)), (Some(400), None));
}

fn limits() {
    for (edition, exceeds) in [("2012", false), ("2026-transition", true), ("2026-final", true)] {
        let limits = air().limits_of(edition).unwrap();
        let check = limits.check(Pollutant::Pm25, Averaging::Day, Grade::II, number("70")).unwrap();
        assert_eq!(check.exceeds, exceeds, "{edition}");
    }
}

fn minutes() {
    assert!(!hour_is_valid(44, &air().limits_of("2012").unwrap().validity));
}

fn hours(count: usize, ozone: Decimal) -> [Option<HourValues>; 24] {
    let mut hours = [None; 24];
    for hour in hours.iter_mut().take(count) {
        *hour = Some(HourValues { so2: Some(Decimal::TEN), o3: Some(ozone), ..HourValues::default() });
    }
    hours
}

fn day() {
    let air = air();
    let day =
        day_from_hours(&hours(24, Decimal::TEN), &air.limits_of("2012").unwrap(), &air.method_of("2013").unwrap());
    assert_eq!((day.input.so2, day.input.o3_8h), (Some(Decimal::TEN), Some(Decimal::TEN)));
}

fn few_windows() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let ozone = |ozone: i64| day_from_hours(&hours(10, Decimal::from(ozone)), &limits, &method).input.o3_8h;
    assert_eq!((ozone(160), ozone(161)), (None, Some(Decimal::from(161))));
}

fn values(days: i32) -> Vec<DailyValue> {
    let first = Date::new(2021, 1, 1).unwrap().days_since_epoch();
    let value =
        |day| DailyValue { date: Date::from_days_since_epoch(first + day), values: [Some(Decimal::from(day)); 6] };
    (0..days).map(value).collect()
}

fn year() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let dust = BTreeSet::from([Date::new(2021, 3, 15).unwrap()]);
    let period = assess_year(2021, &values(365), &limits.validity, &method, Dust::LeaveOut(&dust));
    let days = |pollutant: Pollutant| period.items[pollutant.index()].valid_days;
    assert_eq!((days(Pollutant::Pm10), days(Pollutant::So2)), (364, 365));
}

fn month() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let period = assess_month(2021, 1, &values(26), &limits.validity, &method, Dust::Keep);
    assert!(!period.items[0].valid);
}

fn composite() {
    let method = air().method_of("2013").unwrap();
    let at_limits = ["60", "40", "4", "70", "35", "160"].map(|limit| Some(number(limit)));
    let index = method.composite.as_ref().unwrap().of(&at_limits).unwrap();
    assert_eq!((index.printed(), index.largest.len()), (number("6.00"), 6));
}

fn good_days() {
    let air = air();
    let rules = air.rules_of("2012").unwrap();
    let day =
        |day, aqi| DayIndex { date: Date::new(2021, 1, day).unwrap(), aqi, aqi_of_available: aqi, complete: true };
    let days = [day(1, Some(100)), day(2, Some(101)), day(3, Some(50)), day(4, None)];
    let count = count_days(&days, &rules, &DayCountRules::from(&*air.method_of("2013").unwrap()));
    assert_eq!((count.good_days, count.good_ratio), (2, Some(number("66.7"))));
}

fn state() {
    let date = Date::new(2018, 9, 1).unwrap();
    assert_eq!(ReferenceState::of_date(date), ReferenceState::Reference298);
}
