//! Suspicions (存疑): automatic checks as flags, never deletions, each with its statistic. Thresholds follow false
//! alarms measured on honest national stations (target: at most one alarm a point and quarter); what was rejected
//! there (Benford, last digit, bare PM2.5 > PM10) is not used as an alarm here.

mod alone;
mod calibration;
mod process;

use kernel::{Hour, Name, Timestamp};
use serde::Serialize;

pub use alone::{flow_in_stop, over_in_stop, oxygen_fails_alone};
pub use calibration::calibration_pattern;
pub use process::{flow_against_power, leaves_median, leaves_neighbours, missing_when_high, out_of_range};

/// Hours that a run of equal values above the median must have, by factor: the chance of a run of n equal values is
/// p₀^(n−1), p₀ the share of zero differences of honest stations; n so that it happens less than once in a year.
fn run_hours(factor: &str) -> usize {
    match factor {
        // p₀ 0.07–0.11.
        "a34004" | "a34002" | "a21004" => 6,
        // p₀ 0.14.
        "a05024" => 8,
        // p₀ 0.31–0.45: coarse resolution.
        "a21026" | "a21005" => 18,
        _ => 24,
    }
}

/// Windows of this many equal hours at two places of a series are a copy.
const COPIED_HOURS: usize = 24;
/// A window that varies less than this share of its mean is not looked at: floors repeat.
const COPIED_RANGE: f64 = 0.05;
/// Share of the median daily variance under which a day has too little.
const LITTLE_VARIANCE: f64 = 0.02;
/// PM2.5 above PM10 by more than this share of PM10 and by more than this many µg/m³: beyond honest inversions.
const INVERSION_SHARE: f64 = 0.5;
const INVERSION_EXCESS: f64 = 60.0;
/// A jump: this many times the robust spread of the differences.
const JUMP_SPREADS: f64 = 30.0;
/// Share of values in 95–100 % of the limit beside those in 100–105 %: z of the binomial.
const HEAP_Z: f64 = 4.0;
const MOST_FOUND: usize = 200;

/// One flag.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Suspicion {
    /// `stuck`, `copied`, `little_variance`, `jump`, `inversion`, `heap_under_limit`, `neighbour_equal`,
    /// `out_of_range`, `missing_when_high`, `leaves_neighbours`, `flow_against_power`, `calibration_pattern`, `over_in_stop`,
    /// `flow_in_stop`, `oxygen_fails_alone`.
    pub check: &'static str,
    pub title: Name,
    pub factor: String,
    pub factor_name: Name,
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    /// The statistic in words and numbers.
    pub statistic: Name,
}

/// A series of hours: number of the hour and valid value, ascending, each hour once.
pub type Series = [(i64, f64)];

fn found(check: &'static str, zh: &str, en: &str, factor: &str, from: i64, until: i64, statistic: Name) -> Suspicion {
    Suspicion {
        check,
        title: Name::new(zh, en),
        factor: factor.to_owned(),
        factor_name: crate::names::factor_name(factor),
        from: Hour(from).start(),
        until: Hour(until).start(),
        statistic,
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(values[values.len() / 2])
}

fn median_of(series: &Series) -> Option<f64> {
    median(&mut series.iter().map(|(_, value)| *value).collect::<Vec<_>>())
}

/// Equal values in a row, above the series' median: values at the floor of an instrument repeat honestly.
pub fn stuck(factor: &str, series: &Series) -> Vec<Suspicion> {
    let Some(middle) = median_of(series) else { return Vec::new() };
    let needed = run_hours(factor);
    let runs = series.chunk_by(|left, right| left.1 == right.1 && right.0 == left.0 + 1);
    runs.filter(|run| run.len() >= needed && run[0].1 > middle)
        .take(MOST_FOUND)
        .map(|run| {
            let (hours, value) = (run.len(), run[0].1);
            let statistic = Name::new(
                format!("连续 {hours} 小时等于 {value}（中位数 {middle}，判据 {needed} 小时）"),
                format!("{hours} hours equal to {value} (median {middle}, threshold {needed} h)"),
            );
            found("stuck", "数值恒定", "stuck value", factor, run[0].0, run[hours - 1].0 + 1, statistic)
        })
        .collect()
}

/// A day's values that are exactly those of an earlier day.
pub fn copied(factor: &str, series: &Series) -> Vec<Suspicion> {
    let mut seen: std::collections::HashMap<Vec<u64>, i64> = std::collections::HashMap::new();
    let mut suspicions = Vec::new();
    for day in series.chunk_by(|left, right| Hour(left.0).day() == Hour(right.0).day()) {
        if day.len() < COPIED_HOURS {
            continue;
        }
        let values = day.iter().map(|(_, value)| *value);
        let (low, high) =
            values.clone().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if high - low <= (COPIED_RANGE * high).max(3.0 * resolution(day)) {
            continue;
        }
        let key: Vec<u64> = values.map(f64::to_bits).collect();
        match seen.get(&key) {
            Some(first) if suspicions.len() < MOST_FOUND => {
                let earlier = Hour(*first).day().to_iso();
                let statistic = Name::new(
                    format!("24 个小时值与 {earlier} 完全相同"),
                    format!("24 hours equal to those of {earlier}"),
                );
                suspicions.push(found("copied", "整日复制", "copied day", factor, day[0].0, day[0].0 + 24, statistic));
            }
            Some(_) => {}
            None => {
                seen.insert(key, day[0].0);
            }
        }
    }
    suspicions
}

/// The smallest difference between values: the resolution of the series.
fn resolution(series: &Series) -> f64 {
    let mut values: Vec<f64> = series.iter().map(|(_, value)| *value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.0);
    steps.fold(f64::MAX, f64::min).min(1.0)
}

/// Days whose values hardly vary though their level is above the median.
pub fn little_variance(factor: &str, series: &Series) -> Vec<Suspicion> {
    let Some(middle) = median_of(series) else { return Vec::new() };
    let mut days: Vec<(i64, f64, f64)> = Vec::new();
    for day in series.chunk_by(|left, right| Hour(left.0).day() == Hour(right.0).day()) {
        if day.len() < 20 {
            continue;
        }
        let count = day.len() as f64;
        let mean = day.iter().map(|(_, value)| value).sum::<f64>() / count;
        let variance = day.iter().map(|(_, value)| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        days.push((day[0].0, mean, variance));
    }
    if days.len() < 10 {
        return Vec::new();
    }
    let Some(usual) = median(&mut days.iter().map(|day| day.2).collect::<Vec<_>>()) else { return Vec::new() };
    days.iter()
        .filter(|(_, mean, variance)| *mean > middle && *variance < LITTLE_VARIANCE * usual)
        .take(MOST_FOUND)
        .map(|(first, mean, variance)| {
            let statistic = Name::new(
                format!("当日方差 {variance:.3}，通常 {usual:.3}；均值 {mean:.1} 高于中位数 {middle}"),
                format!("variance {variance:.3}, usually {usual:.3}; mean {mean:.1} above the median {middle}"),
            );
            let start = Hour(*first).day().hour(0).0;
            found("little_variance", "波动过小", "too little variance", factor, start, start + 24, statistic)
        })
        .collect()
}

/// Differences between neighbouring hours far outside their own spread, up and at once down again.
pub fn jumps(factor: &str, series: &Series) -> Vec<Suspicion> {
    let mut differences: Vec<f64> =
        series.windows(2).filter(|pair| pair[1].0 == pair[0].0 + 1).map(|pair| (pair[1].1 - pair[0].1).abs()).collect();
    if differences.len() < 100 {
        return Vec::new();
    }
    let Some(spread) = median(&mut differences).map(|median| 1.4826 * median).filter(|spread| *spread > 0.0) else {
        return Vec::new();
    };
    series
        .windows(3)
        .filter(|three| {
            let (up, down) = (three[1].1 - three[0].1, three[1].1 - three[2].1);
            let together = three[2].0 == three[0].0 + 2;
            together && up.abs() > JUMP_SPREADS * spread && down.abs() > JUMP_SPREADS * spread && up * down > 0.0
        })
        .take(MOST_FOUND)
        .map(|three| {
            let (before, value, after) = (three[0].1, three[1].1, three[2].1);
            let statistic = Name::new(
                format!("{before} → {value} → {after}，为常见变幅的 {JUMP_SPREADS} 倍以上（{spread:.2}）"),
                format!("{before} → {value} → {after}, over {JUMP_SPREADS} times the usual change ({spread:.2})"),
            );
            found("jump", "突变", "jump", factor, three[1].0, three[1].0 + 1, statistic)
        })
        .collect()
}

/// PM2.5 far above PM10 (倒挂) for three hours or more.
pub fn inversions(pm25: &Series, pm10: &Series) -> Vec<Suspicion> {
    let coarse: std::collections::HashMap<i64, f64> = pm10.iter().copied().collect();
    let beyond: Vec<(i64, f64)> = pm25
        .iter()
        .filter_map(|(hour, fine)| {
            let coarse = coarse.get(hour)?;
            let excess = fine - coarse;
            (excess > INVERSION_EXCESS && excess > INVERSION_SHARE * coarse).then_some((*hour, excess))
        })
        .collect();
    beyond
        .chunk_by(|left, right| right.0 == left.0 + 1)
        .filter(|run| run.len() >= 3)
        .take(MOST_FOUND)
        .map(|run| {
            let most = run.iter().map(|(_, excess)| *excess).fold(0.0, f64::max);
            let hours = run.len();
            let statistic = Name::new(
                format!("连续 {hours} 小时 PM2.5 高于 PM10，最多高 {most:.0} µg/m³"),
                format!("PM2.5 above PM10 for {hours} hours, by up to {most:.0} µg/m³"),
            );
            found(
                "inversion",
                "PM2.5 与 PM10 倒挂",
                "PM2.5 above PM10",
                "a34004",
                run[0].0,
                run[hours - 1].0 + 1,
                statistic,
            )
        })
        .collect()
}

/// Too many values just inside a limit beside those just outside (贴线).
pub fn heap_under_limit(factor: &str, series: &Series, limit: f64) -> Option<Suspicion> {
    let inside = series.iter().filter(|(_, value)| *value >= 0.95 * limit && *value <= limit).count() as f64;
    let outside = series.iter().filter(|(_, value)| *value > limit && *value <= 1.05 * limit).count() as f64;
    let total = inside + outside;
    if total < 20.0 {
        return None;
    }
    let z = (inside - outside) / total.sqrt();
    let (first, last) = (series.first()?.0, series.last()?.0);
    (z > HEAP_Z).then(|| {
        let statistic = Name::new(
            format!("限值 {limit} 以下 5% 内 {inside} 个值，以上 5% 内 {outside} 个（z = {z:.1}）"),
            format!("{inside} values within 5 % under the limit {limit}, {outside} within 5 % above (z = {z:.1})"),
        );
        found("heap_under_limit", "贴近限值", "heaped under the limit", factor, first, last + 1, statistic)
    })
}

/// Two points of one kind whose 72-hour courses are the same (r > 0.995): honest neighbours never were.
pub fn too_alike(factor: &str, own: &Series, other: &Series, other_name: &Name) -> Vec<Suspicion> {
    const WINDOW: usize = 72;
    let others: std::collections::HashMap<i64, f64> = other.iter().copied().collect();
    let pairs: Vec<(i64, f64, f64)> =
        own.iter().filter_map(|(hour, value)| Some((*hour, *value, *others.get(hour)?))).collect();
    let mut suspicions = Vec::new();
    for window in pairs.chunks(WINDOW) {
        if window.len() < WINDOW || window[WINDOW - 1].0 - window[0].0 > 2 * WINDOW as i64 {
            continue;
        }
        let Some(r) = correlation(window) else { continue };
        if r > 0.995 && suspicions.len() < MOST_FOUND {
            let statistic = Name::new(
                format!("72 小时与 {} 的相关系数 {r:.4}", other_name.zh),
                format!("72-hour correlation with {}: {r:.4}", other_name.en),
            );
            suspicions.push(found(
                "neighbour_equal",
                "与邻站过于一致",
                "too much like a neighbour",
                factor,
                window[0].0,
                window[WINDOW - 1].0 + 1,
                statistic,
            ));
        }
    }
    suspicions
}

fn correlation(pairs: &[(i64, f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let (mean_x, mean_y) =
        (pairs.iter().map(|pair| pair.1).sum::<f64>() / count, pairs.iter().map(|pair| pair.2).sum::<f64>() / count);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (_, x, y) in pairs {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Every check of one factor that needs nothing but its own series.
pub fn of_series(factor: &str, series: &Series) -> Vec<Suspicion> {
    let mut all = stuck(factor, series);
    all.extend(copied(factor, series));
    all.extend(little_variance(factor, series));
    all.extend(jumps(factor, series));
    all.extend(out_of_range(factor, series));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A course with noise from a fixed generator.
    fn course(hours: i64) -> Vec<(i64, f64)> {
        let mut state = 7u64;
        (0..hours)
            .map(|hour| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 40) as f64 / 1e6;
                let daily = 10.0 * ((hour % 24) as f64 / 24.0 * std::f64::consts::TAU).sin();
                (hour, (30.0 + daily + noise).round())
            })
            .collect()
    }

    fn checks(series: &Series) -> Vec<&'static str> {
        let mut checks: Vec<_> = of_series("a34004", series).iter().map(|found| found.check).collect();
        checks.dedup();
        checks
    }

    #[test]
    fn an_honest_course_raises_nothing_and_each_fake_is_named() {
        let honest = course(24 * 90);
        assert!(checks(&honest).is_empty(), "{:?}", of_series("a34004", &honest));
        let mut stuck = honest.clone();
        stuck[500..510].iter_mut().for_each(|(_, value)| *value = 44.0);
        assert_eq!(checks(&stuck), ["stuck"]);
        let mut copied = honest.clone();
        for hour in 0..24 {
            copied[24 * 50 + hour].1 = copied[24 * 12 + hour].1;
        }
        assert_eq!(checks(&copied), ["copied"]);
        let mut jump = honest.clone();
        jump[700].1 = 900.0;
        assert_eq!(checks(&jump), ["jump"]);
        let mut smooth = honest.clone();
        for hour in 0..24 {
            smooth[24 * 60 + hour].1 = 50.0 + (hour % 2) as f64 / 10.0;
        }
        assert_eq!(checks(&smooth), ["little_variance"]);
    }

    #[test]
    fn values_at_the_floor_may_repeat() {
        let mut floor = course(24 * 60);
        floor[100..160].iter_mut().for_each(|(_, value)| *value = 3.0);
        assert!(stuck("a34004", &floor).is_empty());
    }

    #[test]
    fn a_heap_under_the_limit_and_a_twin_are_seen() {
        let heap: Vec<(i64, f64)> =
            (0..400).map(|hour| (hour, if hour % 3 == 0 { 49.0 } else { 20.0 + (hour % 17) as f64 })).collect();
        assert!(heap_under_limit("w01018", &heap, 50.0).is_some());
        assert!(heap_under_limit("w01018", &course(400), 50.0).is_none());
        let own = course(240);
        let twin: Vec<(i64, f64)> = own.iter().map(|(hour, value)| (*hour, value + 1.0)).collect();
        assert_eq!(too_alike("a34004", &own, &twin, &Name::default()).len(), 3);
        let other: Vec<(i64, f64)> =
            own.iter().map(|(hour, value)| (*hour, value + ((hour * 7919) % 23) as f64)).collect();
        assert!(too_alike("a34004", &own, &other, &Name::default()).is_empty());
        let coarse: Vec<(i64, f64)> = own.iter().map(|(hour, _)| (*hour, 20.0)).collect();
        assert!(inversions(&own, &coarse).is_empty());
        let fine: Vec<(i64, f64)> = (0..5).map(|hour| (hour, 200.0)).collect();
        assert_eq!(inversions(&fine, &coarse).len(), 1);
    }
}
