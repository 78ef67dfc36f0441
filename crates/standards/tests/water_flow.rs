//! Section flux by named estimators, on made-up and on real water; minimum ecological flow.
#![allow(clippy::unwrap_used)]

mod support;

use standards::flow::{
    Estimator, Exemption, FlowDayRule, FlowRules, FluxError, FluxInput, FluxSample, county_compliance, estimate,
    integrate, judge_flow_day, judge_flow_hour, station_compliance,
};
use standards::library::Confirmation;
use standards::{Date, Decimal};
use support::library;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn sample(concentration: &str, flow: &str, interval: &str) -> FluxSample {
    FluxSample { concentration: dec(concentration), flow: dec(flow), interval_flow: Some(dec(interval)) }
}

const ALL: [Estimator; 7] = [
    Estimator::MeanConcentrationMeanFlow,
    Estimator::MeanConcentrationPeriodFlow,
    Estimator::MeanInstantaneousFlux,
    Estimator::IntervalFlow,
    Estimator::FlowWeightedMean,
    Estimator::Mixed { alpha: Decimal::ZERO },
    Estimator::BealeRatio { population: 365 },
];

#[test]
fn estimators_by_hand() {
    // C 1, 3 mg/L; Q 10, 30 m³/s; interval means 12, 20; period mean 16.
    let samples = [sample("1", "10", "12"), sample("3", "30", "20")];
    let input = FluxInput { samples: &samples, period_flow: Some(dec("16")) };
    let check = |estimator: Estimator, want: &str| {
        let flux = estimate(estimator, &input).unwrap();
        assert_eq!(flux.grams_per_second.round_dp(6).normalize(), dec(want), "{}", estimator.name());
    };
    check(Estimator::MeanConcentrationMeanFlow, "40");
    check(Estimator::MeanConcentrationPeriodFlow, "32");
    check(Estimator::MeanInstantaneousFlux, "50");
    check(Estimator::IntervalFlow, "36");
    check(Estimator::FlowWeightedMean, "40");
    check(Estimator::Mixed { alpha: dec("0.25") }, "39.5");
    // θ = 1/2 − 1/4; s_xy = 800, s_x² = 200: 16·2.5·(1+0.25·0.8)/(1+0.25·0.5).
    check(Estimator::BealeRatio { population: 4 }, "42.666667");
    let flux = estimate(Estimator::IntervalFlow, &input).unwrap();
    assert_eq!((flux.kg_per_day(), flux.tonnes_per_year()), (dec("3110.4"), dec("1135.296")));
}

#[test]
fn on_steady_water_every_estimator_agrees() {
    let samples = [sample("2", "5", "5"); 6];
    let input = FluxInput { samples: &samples, period_flow: Some(dec("5")) };
    for estimator in ALL {
        assert_eq!(
            estimate(estimator, &input).unwrap().grams_per_second.normalize(),
            dec("10"),
            "{}",
            estimator.name()
        );
    }
}

#[test]
fn estimators_refuse_what_they_lack() {
    let bare = [FluxSample { concentration: dec("1"), flow: dec("1"), interval_flow: None }];
    let input = FluxInput { samples: &bare, period_flow: None };
    let error = |estimator: Estimator| estimate(estimator, &input).unwrap_err();
    assert_eq!(error(Estimator::MeanConcentrationPeriodFlow), FluxError::PeriodFlow);
    assert_eq!(error(Estimator::IntervalFlow), FluxError::IntervalFlow);
    assert_eq!(error(Estimator::BealeRatio { population: 9 }), FluxError::NoSamples);
    let none = FluxInput { samples: &[], period_flow: None };
    assert_eq!(estimate(Estimator::MeanInstantaneousFlux, &none).unwrap_err(), FluxError::NoSamples);
    let still = [sample("1", "0", "0")];
    let still = FluxInput { samples: &still, period_flow: Some(Decimal::ZERO) };
    assert_eq!(estimate(Estimator::FlowWeightedMean, &still).unwrap_err(), FluxError::NoFlow);
}

#[test]
fn integration_of_straight_lines_is_exact() {
    let points = [(0, dec("0"), dec("0")), (600, dec("6"), dec("6")), (1200, dec("0"), dec("6"))];
    // Mean of c·q over both halves: 36/3 and 36/2.
    assert_eq!(integrate(&points), Ok(dec("15")));
    let gap = [(0, dec("1"), dec("1")), (10, dec("1"), dec("1")), (20, dec("1"), dec("1")), (60, dec("1"), dec("1"))];
    assert_eq!(integrate(&gap), Err(FluxError::Gap));
    assert_eq!(integrate(&points[..1]), Err(FluxError::NoSamples));
}

/// Real water: 53 days of nitrate and discharge every 15 minutes at USGS 01632900. With daily interval means of flow,
/// a sample a day at noon estimates the integrated nitrate flux within 3 %, and the flow-weighted kinds do it better
/// than the product of means, because nitrate and flow move together.
#[test]
fn on_a_real_record_flow_weighting_beats_the_product_of_means() {
    let Some(path) = support::shared("data/water/usgs_01632900_15min_2017-01-27_2017-03-21.csv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    // Nitrate where measured, and flow in m³/s.
    type Readings = Vec<(Option<Decimal>, Decimal)>;
    let mut days: Vec<(String, Readings)> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let Ok(cubic_feet) = cells[3].parse::<Decimal>() else { continue };
        let day = cells[1].split(' ').next().unwrap().to_owned();
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, Vec::new()));
        }
        let flow = cubic_feet * dec("0.028316846592");
        days.last_mut().unwrap().1.push((cells[10].parse().ok(), flow));
    }
    let all: Vec<(Decimal, Decimal)> =
        days.iter().flat_map(|(_, list)| list.iter().filter_map(|(c, q)| Some(((*c)?, *q)))).collect();
    let truth = all.iter().map(|(c, q)| c * q).sum::<Decimal>() / Decimal::from(all.len());
    let period = all.iter().map(|(_, q)| *q).sum::<Decimal>() / Decimal::from(all.len());
    let mut samples = Vec::new();
    for (_, list) in &days {
        let mean = list.iter().map(|(_, q)| *q).sum::<Decimal>() / Decimal::from(list.len());
        let noon = list.iter().skip(list.len() / 2).find_map(|(c, q)| Some(((*c)?, *q)));
        let Some((concentration, flow)) = noon else { continue };
        samples.push(FluxSample { concentration, flow, interval_flow: Some(mean) });
    }
    let input = FluxInput { samples: &samples, period_flow: Some(period) };
    let error = |estimator: Estimator| {
        let flux = estimate(estimator, &input).unwrap().grams_per_second;
        ((flux - truth) / truth * Decimal::ONE_HUNDRED).abs()
    };
    for estimator in ALL {
        println!("{}: {:.2} %", estimator.name(), error(estimator));
    }
    assert!(samples.len() > 50 && all.len() > 4_000, "{} days, {} values", samples.len(), all.len());
    assert!(error(Estimator::IntervalFlow) < dec("3"));
    assert!(error(Estimator::FlowWeightedMean) < error(Estimator::MeanConcentrationMeanFlow));
}

#[test]
fn a_day_by_mean_and_by_every_hour() {
    let day = |rule: FlowDayRule, hours: &[&str]| {
        let hours: Vec<Decimal> = hours.iter().map(|flow| dec(flow)).collect();
        judge_flow_day(rule, dec("0.5"), &hours, None).unwrap()
    };
    let mut hours = ["0.5"; 24];
    assert_eq!(day(FlowDayRule::Mean, &hours).compliant, Some(true));
    assert_eq!(day(FlowDayRule::EveryHour, &hours).compliant, Some(true));
    // One hour short, another full: the mean still passes, the hour does not.
    (hours[3], hours[4]) = ("0.2", "0.9");
    let mean = day(FlowDayRule::Mean, &hours);
    assert_eq!((mean.compliant, mean.hours_below, mean.largest_shortfall), (Some(true), 1, dec("0.3")));
    assert_eq!(day(FlowDayRule::EveryHour, &hours).compliant, Some(false));
    assert_eq!(day(FlowDayRule::EveryHour, &hours[5..]).compliant, None);
    assert_eq!(day(FlowDayRule::Mean, &[]).compliant, None);
    assert!(judge_flow_hour(dec("0.5"), dec("0.5")) && !judge_flow_hour(dec("0.5"), dec("0.499")));
    assert!(judge_flow_day(FlowDayRule::Mean, dec("0.5"), &[dec("-1")], None).is_err());
    assert!(judge_flow_day(FlowDayRule::Mean, Decimal::ZERO, &[], None).is_err());
}

#[test]
fn stations_and_counties_count_exempt_and_silent_days() {
    let at: Date = "2026-11-01".parse().unwrap();
    assert_eq!(FlowRules::in_force(&library(), "500242", at).unwrap_err().code(), "unconfirmed_figure");
    let confirm = Confirmation {
        figure: "生态流量规则/day_rule".into(),
        value: Some("every_hour".into()),
        source: "local rule".into(),
    };
    let rules = FlowRules::in_force(&library().confirmed(&[confirm]).unwrap(), "500242", at).unwrap();
    assert_eq!(rules.day, FlowDayRule::EveryHour);
    let day = |flow: Option<&str>, evidence: Option<&str>| {
        let hours: Vec<Decimal> = flow.map(|flow| vec![dec(flow); 24]).unwrap_or_default();
        let exemption = evidence.map(|evidence| Exemption { reason: "flood".into(), evidence: evidence.into() });
        judge_flow_day(rules.day, dec("1"), &hours, exemption.as_ref()).unwrap()
    };
    let mut days = vec![day(Some("1"), None); 8];
    days.push(day(Some("0.5"), None));
    days.push(day(None, None));
    days.push(day(Some("0"), Some("防汛令 3 号")));
    let station = station_compliance(&rules, &days);
    assert_eq!((station.days, station.compliant_days, station.exempt_days, station.days_without_data), (10, 8, 1, 1));
    assert_eq!((station.rate.unwrap().to_string().as_str(), station.compliant), ("80.0", Some(true)));
    // Without evidence there is no exemption.
    days.push(day(Some("0"), Some(" ")));
    assert_eq!(station_compliance(&rules, &days).compliant, Some(false));
    let stations: Vec<_> = [8, 9]
        .into_iter()
        .map(|good| {
            let mut list = vec![day(Some("1"), None); good];
            list.extend(vec![day(Some("0"), None); 10 - good]);
            station_compliance(&rules, &list)
        })
        .collect();
    assert_eq!(county_compliance(&rules, &stations), Some((dec("100.0"), true)));
    assert_eq!(county_compliance(&rules, &[]), None);
}

/// For the clause coverage of `tests/coverage`. The real record is left out: it hits nothing in a clone without it, and
/// the table must not depend on that.
#[allow(dead_code)]
pub const SCENARIOS: &[(&str, fn())] = &[
    ("water_flow::estimators_by_hand", estimators_by_hand),
    ("water_flow::on_steady_water_every_estimator_agrees", on_steady_water_every_estimator_agrees),
    ("water_flow::estimators_refuse_what_they_lack", estimators_refuse_what_they_lack),
    ("water_flow::integration_of_straight_lines_is_exact", integration_of_straight_lines_is_exact),
    ("water_flow::a_day_by_mean_and_by_every_hour", a_day_by_mean_and_by_every_hour),
    (
        "water_flow::stations_and_counties_count_exempt_and_silent_days",
        stations_and_counties_count_exempt_and_silent_days,
    ),
];
