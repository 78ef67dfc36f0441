//! Checks that look at more than one series, or at what is missing: physical bounds, values that go missing when they
//! were high, a station that leaves its neighbours, flow that does not go with the current of its pumps and fans.

use std::collections::HashMap;

use kernel::{Hour, Name};

use super::{MOST_FOUND, Series, Suspicion, found, median};

/// What a quantity cannot leave, whatever the instrument.
const PHYSICAL: [(&str, f64, f64); 5] = [
    ("w01001", 0.0, 14.0),
    // Oxygen of air.
    ("a19001", 0.0, 21.0),
    ("a01002", 0.0, 100.0),
    ("a01014", 0.0, 100.0),
    ("a01008", 0.0, 360.0),
];
/// Share of the limit from which a value counts as high, chance under which the pattern is no accident, and the least
/// number of hours that show it.
const HIGH_SHARE: f64 = 0.8;
const MISSING_CHANCE: f64 = 1e-4;
const MISSING_LEAST: usize = 3;
/// Hours of a day that make its median, days that make a usual one, days in a row that make a departure.
const DAY_HOURS: usize = 18;
const USUAL_DAYS: usize = 20;
const RUN_DAYS: usize = 2;
/// Departures from the usual in robust spreads, and the least departure in natural logarithm (a quarter): calibrated
/// on two honest national stations, see `tests/suspicion.rs`.
const DEPARTURE_SPREADS: f64 = 6.0;
const DEPARTURE_LEAST: f64 = 0.3;
/// Hours in a row in which power and flow contradict each other.
const CONTRADICTION_HOURS: usize = 3;

/// Values outside what is physically possible.
pub fn out_of_range(factor: &str, series: &Series) -> Vec<Suspicion> {
    let Some((_, low, high)) = PHYSICAL.into_iter().find(|(known, ..)| *known == factor) else { return Vec::new() };
    let outside: Vec<(i64, f64)> = series.iter().copied().filter(|(_, value)| *value < low || *value > high).collect();
    outside
        .chunk_by(|left, right| right.0 == left.0 + 1)
        .take(MOST_FOUND)
        .map(|run| {
            let (hours, value) = (run.len(), run[0].1);
            let statistic = Name::new(
                format!("{hours} 小时超出物理范围 {low}～{high}，首个值 {value}"),
                format!("{hours} hours outside the physical range {low} to {high}, the first {value}"),
            );
            found("out_of_range", "超出物理范围", "out of range", factor, run[0].0, run[hours - 1].0 + 1, statistic)
        })
        .collect()
}

/// Hours that are missing or marked more often after high values than chance explains (超标前后缺测、标记); the tail
/// of the hypergeometric distribution. `set_aside`: hours that came and did not count, ascending.
pub fn missing_when_high(factor: &str, series: &Series, set_aside: &[i64], limit: f64) -> Option<Suspicion> {
    let (first, last) = (series.first()?.0, series.last()?.0);
    let (mut all, mut high, mut gone, mut both) = (0_usize, 0_usize, 0_usize, 0_usize);
    for pair in series.windows(2) {
        // The hour after a valid one: valid itself, marked, or missing.
        let follows = pair[1].0 == pair[0].0 + 1;
        let marked = !follows && set_aside.binary_search(&(pair[0].0 + 1)).is_ok();
        let was_high = pair[0].1 > HIGH_SHARE * limit;
        all += 1;
        high += usize::from(was_high);
        gone += usize::from(!follows);
        both += usize::from(was_high && (!follows || marked));
    }
    if both < MISSING_LEAST {
        return None;
    }
    let chance = hypergeometric_tail(all, high, gone, both);
    (chance < MISSING_CHANCE).then(|| {
        let statistic = Name::new(
            format!("缺测或标记的 {gone} 次中 {both} 次紧接高值（≥ 限值 80%，共 {high}/{all} 小时），偶然概率 {chance:.1e}"),
            format!(
                "{both} of {gone} gaps or marks follow high values (80 % of the limit; {high} of {all} hours); chance {chance:.1e}"
            ),
        );
        found("missing_when_high", "高值后缺测或标记", "missing when high", factor, first, last + 1, statistic)
    })
}

/// P(X ≥ x) of drawing `draws` from `all`, of which `marked` are marked.
fn hypergeometric_tail(all: usize, marked: usize, draws: usize, least: usize) -> f64 {
    let mut logarithms = vec![0.0_f64; all + 1];
    for number in 2..=all {
        logarithms[number] = logarithms[number - 1] + (number as f64).ln();
    }
    let choose = |of: usize, some: usize| logarithms[of] - logarithms[some] - logarithms[of - some];
    let total = choose(all, draws);
    (least..=draws.min(marked))
        .filter(|hits| draws - hits <= all - marked)
        .map(|hits| (choose(marked, hits) + choose(all - marked, draws - hits) - total).exp())
        .sum()
}

/// A station whose days leave the usual relation to the median of its neighbours, up or down. Two neighbours at least:
/// of two stations alone nobody can say which one left.
pub fn leaves_neighbours(factor: &str, own: &Series, others: &[Vec<(i64, f64)>]) -> Vec<Suspicion> {
    if others.len() < 2 {
        return Vec::new();
    }
    leaves_median(factor, own, others)
}

/// The same with any number of neighbours, for calibration.
pub fn leaves_median(factor: &str, own: &Series, others: &[Vec<(i64, f64)>]) -> Vec<Suspicion> {
    let neighbours: Vec<HashMap<i64, f64>> = others.iter().map(|other| other.iter().copied().collect()).collect();
    let needed = neighbours.len().min(2);
    let ratios: Vec<(i64, f64)> = own
        .iter()
        .filter_map(|(hour, value)| {
            let mut around: Vec<f64> = neighbours.iter().filter_map(|other| other.get(hour).copied()).collect();
            if around.len() < needed {
                return None;
            }
            // One unit more on both sides, so that floors do not make large ratios.
            Some((*hour, ((value + 1.0) / (median(&mut around)? + 1.0)).ln()))
        })
        .collect();
    departures(&ratios)
        .into_iter()
        .map(|departure| {
            let (times, usual) = (departure.value.exp(), departure.usual.exp());
            let statistic = Name::new(
                format!("与邻站中位数之比 {times:.2}，通常 {usual:.2}，偏离 {:.1} 个稳健标准差", departure.spreads),
                format!(
                    "{times:.2} times the median of its neighbours, usually {usual:.2}: {:.1} robust spreads away",
                    departure.spreads
                ),
            );
            let (from, until) = (departure.from, departure.until);
            found("leaves_neighbours", "偏离邻站", "leaves its neighbours", factor, from, until, statistic)
        })
        .collect()
}

/// Days in a row whose median leaves what is usual.
struct Departure {
    from: i64,
    until: i64,
    value: f64,
    usual: f64,
    spreads: f64,
}

fn departures(series: &Series) -> Vec<Departure> {
    let days: Vec<(i64, f64)> = series
        .chunk_by(|left, right| Hour(left.0).day() == Hour(right.0).day())
        .filter(|day| day.len() >= DAY_HOURS)
        .filter_map(|day| {
            let middle = median(&mut day.iter().map(|(_, value)| *value).collect::<Vec<_>>())?;
            Some((i64::from(Hour(day[0].0).day().0), middle))
        })
        .collect();
    if days.len() < USUAL_DAYS {
        return Vec::new();
    }
    let Some(usual) = median(&mut days.iter().map(|day| day.1).collect::<Vec<_>>()) else { return Vec::new() };
    let mut distances: Vec<f64> = days.iter().map(|day| (day.1 - usual).abs()).collect();
    let Some(spread) = median(&mut distances).map(|middle| 1.4826 * middle) else { return Vec::new() };
    let bound = (DEPARTURE_SPREADS * spread).max(DEPARTURE_LEAST);
    let away: Vec<(i64, f64)> = days.into_iter().filter(|day| (day.1 - usual).abs() > bound).collect();
    away.chunk_by(|left, right| right.0 == left.0 + 1 && (left.1 > usual) == (right.1 > usual))
        .filter(|run| run.len() >= RUN_DAYS)
        .take(MOST_FOUND)
        .filter_map(|run| {
            let value = median(&mut run.iter().map(|day| day.1).collect::<Vec<_>>())?;
            let start = |day: i64| kernel::Day(day as i32).hour(0).0;
            let spreads = if spread > 0.0 { (value - usual).abs() / spread } else { f64::INFINITY };
            Some(Departure { from: start(run[0].0), until: start(run[run.len() - 1].0 + 1), value, usual, spreads })
        })
        .collect()
}

/// Flow of an outlet against the current of its pumps or fans (流量与用电): running without flow, flow without running,
/// and days whose flow for the current leaves what is usual.
pub fn flow_against_power(factor: &str, flow: &Series, power: &Series, power_name: &Name) -> Vec<Suspicion> {
    let flows: HashMap<i64, f64> = flow.iter().copied().collect();
    let both: Vec<(i64, f64, f64)> =
        power.iter().filter_map(|(hour, amperes)| Some((*hour, *flows.get(hour)?, *amperes))).collect();
    let mut amperes: Vec<f64> = both.iter().map(|hour| hour.2).collect();
    amperes.sort_unstable_by(f64::total_cmp);
    let Some(full) = amperes.get(amperes.len() * 19 / 20).copied().filter(|full| *full > 0.0) else {
        return Vec::new();
    };
    let runs = |amperes: f64| amperes > 0.2 * full;
    let mut running: Vec<f64> = both.iter().filter(|hour| runs(hour.2)).map(|hour| hour.1).collect();
    let Some(usual) = median(&mut running).filter(|usual| *usual > 0.0) else { return Vec::new() };
    let contradiction = |hour: &(i64, f64, f64)| match runs(hour.2) {
        true if hour.1 < 0.05 * usual => 1_i8,
        false if hour.1 > 0.5 * usual && hour.2 < 0.05 * full => -1,
        _ => 0,
    };
    let mut all: Vec<Suspicion> = both
        .chunk_by(|left, right| right.0 == left.0 + 1 && contradiction(left) == contradiction(right))
        .filter(|run| run.len() >= CONTRADICTION_HOURS && contradiction(&run[0]) != 0)
        .take(MOST_FOUND)
        .map(|run| {
            let (hours, flow, amperes) = (run.len(), run[0].1, run[0].2);
            let statistic = Name::new(
                format!("{hours} 小时：{} {amperes:.1}，流量 {flow:.2}（运行时通常 {usual:.2}）", power_name.zh),
                format!(
                    "{hours} hours: {} {amperes:.1}, flow {flow:.2} (usually {usual:.2} when running)",
                    power_name.en
                ),
            );
            let (zh, en) = match contradiction(&run[0]) {
                1 => ("开机无流量", "running without flow"),
                _ => ("停机有流量", "flow without running"),
            };
            found("flow_against_power", zh, en, factor, run[0].0, run[hours - 1].0 + 1, statistic)
        })
        .collect();
    let ratios: Vec<(i64, f64)> =
        both.iter().filter(|hour| runs(hour.2) && hour.1 > 0.0).map(|hour| (hour.0, (hour.1 / hour.2).ln())).collect();
    all.extend(departures(&ratios).into_iter().map(|departure| {
        let times = (departure.value - departure.usual).exp();
        let statistic = Name::new(
            format!("单位{}的流量为通常的 {times:.2} 倍", power_name.zh),
            format!("flow for each unit of {} is {times:.2} times the usual", power_name.en),
        );
        let (from, until) = (departure.from, departure.until);
        found("flow_against_power", "流量与用电不相称", "flow does not go with power", factor, from, until, statistic)
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A daily course with noise from a fixed generator.
    fn course(days: i64, seed: u64, level: f64) -> Vec<(i64, f64)> {
        let mut state = seed;
        (0..days * 24)
            .map(|hour| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 40) as f64 / 1.6e7;
                (hour, level * (1.0 + 0.3 * ((hour % 24) as f64 / 24.0 * std::f64::consts::TAU).sin() + 0.3 * noise))
            })
            .collect()
    }

    fn scale(series: &mut [(i64, f64)], days: std::ops::Range<usize>, by: f64) {
        series[days.start * 24..days.end * 24].iter_mut().for_each(|(_, value)| *value *= by);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let check = |factor: &str, values: &[f64], expect: usize| {
            let series: Vec<(i64, f64)> = (0..).zip(values.iter().copied()).collect();
            assert_eq!(out_of_range(factor, &series).len(), expect, "{factor} {values:?}");
        };
        check("w01001", &[0.0, 7.0, 14.0], 0);
        check("w01001", &[14.1, 14.2, 7.0, 15.0], 2);
        check("a19001", &[21.5], 1);
        check("w01018", &[90_000.0], 0);
    }

    #[test]
    fn gaps_after_high_values_are_no_accident() {
        let high = |hour: &(i64, f64)| hour.1 > 8.0;
        let honest = course(90, 5, 6.5);
        assert!(honest.iter().filter(|hour| high(hour)).count() > 100);
        assert!(missing_when_high("w01018", &honest, &[], 10.0).is_none());
        let by_chance: Vec<(i64, f64)> = honest.iter().copied().filter(|(hour, _)| hour % 37 != 0).collect();
        assert!(missing_when_high("w01018", &by_chance, &[], 10.0).is_none());
        let mut after_high = honest.clone();
        let gone: Vec<i64> = honest.iter().filter(|hour| high(hour)).map(|hour| hour.0 + 1).step_by(9).collect();
        after_high.retain(|(hour, _)| !gone.contains(hour));
        assert!(missing_when_high("w01018", &after_high, &[], 10.0).is_some());
        assert!(missing_when_high("w01018", &after_high, &gone, 10.0).is_some());
        // Exactly: 2 of 2 draws marked, of 4 with 2 marked: 1/6.
        assert!((hypergeometric_tail(4, 2, 2, 2) - 1.0 / 6.0).abs() < 1e-12);
        assert!((hypergeometric_tail(10, 4, 3, 0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_station_that_leaves_its_neighbours_is_seen() {
        let (own, others) = (course(60, 1, 40.0), vec![course(60, 2, 38.0), course(60, 3, 44.0)]);
        assert!(leaves_neighbours("a34004", &own, &others).is_empty());
        let mut shaded = own.clone();
        scale(&mut shaded, 30..34, 0.4);
        let seen = leaves_neighbours("a34004", &shaded, &others);
        assert_eq!(seen.iter().map(|found| found.from).collect::<Vec<_>>(), [Hour(30 * 24).start()]);
        assert!(leaves_neighbours("a34004", &shaded, &others[..1]).is_empty(), "one neighbour does not tell which");
        // All of them higher together is weather.
        let mut episode = others.clone();
        episode.iter_mut().for_each(|other| scale(other, 40..44, 4.0));
        let mut with_it = own.clone();
        scale(&mut with_it, 40..44, 4.0);
        assert!(leaves_neighbours("a34004", &with_it, &episode).is_empty());
    }

    #[test]
    fn flow_goes_with_its_pumps() {
        let power = course(60, 4, 100.0);
        let flow: Vec<(i64, f64)> = power.iter().map(|(hour, amperes)| (*hour, amperes * 0.5)).collect();
        let name = Name::new("提升泵电流", "pump current");
        let titles = |flow: &Series, power: &Series| -> Vec<String> {
            flow_against_power("w00000", flow, power, &name).into_iter().map(|found| found.title.zh).collect()
        };
        assert!(titles(&flow, &power).is_empty());
        let mut bypass = flow.clone();
        bypass[100..110].iter_mut().for_each(|hour| hour.1 = 0.0);
        assert_eq!(titles(&bypass, &power), ["开机无流量"]);
        let mut off = power.clone();
        off[200..206].iter_mut().for_each(|hour| hour.1 = 0.0);
        assert_eq!(titles(&flow, &off), ["停机有流量"]);
        let mut low = flow.clone();
        scale(&mut low, 20..24, 0.4);
        assert_eq!(titles(&low, &power), ["流量与用电不相称"]);
    }
}
