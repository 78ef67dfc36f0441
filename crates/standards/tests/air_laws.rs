//! Laws of the index, of limits and of periods.
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use rust_decimal::Decimal;
use standards::Date;
use standards::air::{
    Averaging, DailyInput, DailyValue, Dust, FastRules, Grade, HourValues, HourlyInput, Item, MISSING, Pollutant,
    ReferenceState, assess_year, convert_gas_state, convert_particle_state, daily_aqi, day_from_hours, hour_is_valid,
    hourly_aqi, mass_from_ppb,
};
use std::collections::BTreeSet;
use support::air;

fn concentration() -> impl Strategy<Value = Decimal> {
    (0_i64..3_000_000).prop_map(|thousandths| Decimal::new(thousandths, 3))
}

proptest! {
    #[test]
    fn the_index_never_falls_as_a_concentration_rises(a in concentration(), b in concentration(), at in 0_usize..12) {
        let air = air();
        let item = Item::ALL[at];
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        for edition in ["2012", "2026"] {
            let rules = air.rules_of(edition).unwrap();
            // 2012 stops calculating above 800 for two items; up to there, and everywhere else, it is monotone.
            if let (Some(low), Some(high)) = (rules.iaqi(item, low), rules.iaqi(item, high)) {
                prop_assert!(low <= high);
                prop_assert!(high <= 500);
            }
        }
    }

    #[test]
    fn a_value_on_a_limit_is_inside(at in 0_usize..6, over in 1_i64..500) {
        let air = air();
        let pollutant = Pollutant::ALL[at];
        for edition in ["2012", "2026-transition", "2026-final"] {
            let limits = air.limits_of(edition).unwrap();
            for averaging in Averaging::ALL {
                for grade in [Grade::I, Grade::II] {
                    let Some(limit) = limits.limit(pollutant, averaging, grade) else { continue };
                    let on = limits.check(pollutant, averaging, grade, limit).unwrap();
                    prop_assert!(!on.exceeds && on.multiple.is_none());
                    let above = limits.check(pollutant, averaging, grade, limit + Decimal::from(over)).unwrap();
                    prop_assert!(above.exceeds && above.multiple.is_some());
                }
            }
        }
    }

    #[test]
    fn the_order_of_arrival_never_matters(values in prop::collection::vec(prop::option::of(0_i64..500), 365), seed in 1_usize..364) {
        let air = air();
        let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
        let first = Date::new(2015, 1, 1).unwrap().days_since_epoch();
        let days: Vec<DailyValue> = values
            .iter()
            .enumerate()
            .map(|(day, value)| DailyValue {
                date: Date::from_days_since_epoch(first + day as i32),
                values: [value.map(Decimal::from); 6],
            })
            .collect();
        let mut shuffled = days.clone();
        shuffled.rotate_left(seed);
        shuffled.reverse();
        let statistics = |days: &[DailyValue]| assess_year(2015, days, &limits.validity, &method, Dust::Keep);
        prop_assert_eq!(statistics(&days), statistics(&shuffled));
    }

    #[test]
    fn a_day_is_the_largest_of_its_parts(so2 in concentration(), no2 in concentration(), pm25 in concentration()) {
        let rules = air().rules_of("2026").unwrap();
        let result = daily_aqi(&rules, &DailyInput { so2: Some(so2), no2: Some(no2), pm25: Some(pm25), ..DailyInput::default() });
        let largest = [(Item::So2Day, so2), (Item::No2Day, no2), (Item::Pm25Day, pm25)]
            .into_iter()
            .filter_map(|(item, value)| rules.iaqi(item, value))
            .max();
        prop_assert_eq!(result.aqi_of_available, largest);
        // Three items are missing, so it is published only above 100.
        prop_assert_eq!(result.aqi, largest.filter(|index| *index > 100));
    }
}

#[test]
fn sulphur_dioxide_above_800_in_2012_reports_the_day() {
    let rules = air().rules_of("2012").unwrap();
    let input =
        HourlyInput { so2: Some(Decimal::from(900)), so2_24h: Some(Decimal::from(475)), ..HourlyInput::default() };
    let result = hourly_aqi(&rules, &input);
    assert_eq!((result.iaqi(Item::So2Hour), result.iaqi(Item::So2Day), result.aqi), (None, Some(150), Some(150)));
    assert_eq!(result.primary, [Item::So2Day]);
    assert!(result.steps.iter().any(|step| step.clause == "HJ 633-2012 表 1 注 2"));
    let without = hourly_aqi(&rules, &HourlyInput { so2: Some(Decimal::from(900)), ..HourlyInput::default() });
    assert_eq!(without.aqi, None);
    // Up to 800 the 24-hour value stays out.
    let below = hourly_aqi(
        &rules,
        &HourlyInput { so2: Some(Decimal::from(800)), so2_24h: Some(Decimal::from(2620)), ..HourlyInput::default() },
    );
    assert_eq!(below.aqi, Some(200));
}

#[test]
fn what_is_not_monitored_by_plan_does_not_hold_an_index_back() {
    let rules = air().rules_of("2026").unwrap();
    let all = DailyInput {
        so2: Some(Decimal::TEN),
        no2: Some(Decimal::TEN),
        pm10: Some(Decimal::TEN),
        pm25: Some(Decimal::TEN),
        o3_8h: Some(Decimal::TEN),
        ..DailyInput::default()
    };
    assert_eq!(daily_aqi(&rules, &all).aqi, None);
    // The rest must be above 100, not at it.
    let with_pm25 = |pm25: i64| daily_aqi(&rules, &DailyInput { pm25: Some(Decimal::from(pm25)), ..all.clone() }).aqi;
    assert_eq!((with_pm25(60), with_pm25(61)), (None, Some(101)));
    let planned = DailyInput { not_monitored: vec![Pollutant::Co], ..all };
    assert_eq!(daily_aqi(&rules, &planned).aqi, Some(15));
}

#[test]
fn dust_leaves_statistics_from_2017_on() {
    let check = |at: &str, expect: Option<[bool; 3]>| {
        let rule = standards::air::DustRule::in_force(&support::library(), at.parse().unwrap()).unwrap();
        assert_eq!(rule.map(|rule| [rule.mean, rule.percentile, rule.composite]), expect, "{at}");
    };
    check("2016-12-31", None);
    // Percentiles are not confirmed: they keep the days.
    check("2017-01-01", Some([true, false, true]));
    check("2026-11-26", Some([true, false, true]));
}

#[test]
fn dust_days_leave_particles_out_and_nothing_else() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let date = |day| Date::new(2021, 3, day).unwrap();
    let days: Vec<DailyValue> = (1..=31)
        .map(|day| DailyValue { date: date(day), values: [Some(Decimal::from(if day == 15 { 900 } else { 50 })); 6] })
        .collect();
    let dust = BTreeSet::from([date(15)]);
    let period = standards::air::assess_month(2021, 3, &days, &limits.validity, &method, Dust::LeaveOut(&dust));
    let mean = |pollutant: Pollutant| period.items[pollutant.index()].mean.unwrap();
    assert_eq!(mean(Pollutant::Pm10), Decimal::from(50));
    assert_eq!(mean(Pollutant::Pm25), Decimal::from(50));
    assert!(mean(Pollutant::So2) > Decimal::from(50));
}

#[test]
fn periods_need_their_days() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let month = |month: u8, count: u8| {
        let days: Vec<DailyValue> = (1..=count)
            .map(|day| DailyValue { date: Date::new(2021, month, day).unwrap(), values: [Some(Decimal::TEN); 6] })
            .collect();
        standards::air::assess_month(2021, month, &days, &limits.validity, &method, Dust::Keep).items[0].valid
    };
    assert!(month(3, 27) && !month(3, 26) && month(2, 25) && !month(2, 24));
    assert!(hour_is_valid(45, &limits.validity) && !hour_is_valid(44, &limits.validity));
    let mut hours = [None; 24];
    for hour in hours.iter_mut().take(20) {
        *hour = Some(HourValues { so2: Some(Decimal::ONE), ..HourValues::default() });
    }
    assert!(day_from_hours(&hours, &limits, &method).input.so2.is_some());
    hours[0] = Some(HourValues { so2: Some(Decimal::NEGATIVE_ONE), ..HourValues::default() });
    let day = day_from_hours(&hours, &limits, &method);
    assert_eq!((day.input.so2, day.items[0].count), (None, 19));
}

/// Ten hours make five windows: too few, so the day counts only above the limit of 160, on both paths.
#[test]
fn few_windows_count_only_above_the_limit() {
    let air = air();
    let (limits, method) = (air.limits_of("2012").unwrap(), air.method_of("2013").unwrap());
    let rules = air.rules_of("2026").unwrap();
    let fast = FastRules::new(&rules, &limits, &method);
    for (ozone, counts) in [("160", false), ("160.5", false), ("160.501", true), ("161", true)] {
        let ozone: Decimal = ozone.parse().unwrap();
        let mut hours = [None; 24];
        let mut integers = [[MISSING; 6]; 24];
        for (hour, row) in hours.iter_mut().zip(&mut integers).take(10) {
            *hour = Some(HourValues { o3: Some(ozone), ..HourValues::default() });
            row[Pollutant::O3.index()] = (ozone * Decimal::ONE_THOUSAND).to_string().parse::<f64>().unwrap() as i32;
        }
        assert_eq!(day_from_hours(&hours, &limits, &method).input.o3_8h.is_some(), counts, "{ozone}");
        assert_eq!(fast.day(&integers).values[Item::O3EightHours.index()] != MISSING, counts, "{ozone}");
    }
}

#[test]
fn states_and_units_convert() {
    let reference = convert_gas_state(Decimal::ONE_HUNDRED, ReferenceState::Standard273, ReferenceState::Reference298);
    assert_eq!(reference.round_dp(3).to_string(), "91.565");
    let particle = convert_particle_state(Decimal::ONE_HUNDRED, Decimal::from(273), Decimal::new(101_325, 3));
    assert_eq!(particle, Some(Decimal::ONE_HUNDRED));
    assert_eq!(convert_particle_state(Decimal::ONE, Decimal::ZERO, Decimal::ONE), None);
    let per_ppb = |pollutant| mass_from_ppb(pollutant, Decimal::ONE).map(|value| value.round_dp(3).to_string());
    assert_eq!(per_ppb(Pollutant::So2).as_deref(), Some("2.618"));
    assert_eq!(per_ppb(Pollutant::No2).as_deref(), Some("1.880"));
    assert_eq!(per_ppb(Pollutant::O3).as_deref(), Some("1.962"));
    assert_eq!(per_ppb(Pollutant::Co).as_deref(), Some("1.145"));
    assert_eq!(per_ppb(Pollutant::Pm25), None);
    let of = |text: &str| ReferenceState::of_date(text.parse().unwrap());
    assert_eq!((of("2018-08-31"), of("2018-09-01")), (ReferenceState::Standard273, ReferenceState::Reference298));
}
