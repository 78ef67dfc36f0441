//! Calibration that was sent as measurement (校准值当作监测值): at one hour of the day the value leaves both its
//! neighbours, day after day, the same way.

use kernel::{Hour, Name};

use super::{Series, Suspicion, found, median};

/// Days that show it, at least.
const DAYS: usize = 14;
/// Share of the mean of the two neighbouring hours by which the hour leaves them, in the median of its days; on honest
/// national stations no hour of any of the six pollutants came near (see `tests/suspicion.rs`).
const LEAVES: f64 = 0.35;
/// Share of its days that leave the same way by half of that.
const SAME_WAY: f64 = 0.9;
/// Neighbours below this share of the median say nothing: next to zero every difference is large.
const FLOOR: f64 = 0.3;

/// Hours of the day at which the series leaves its neighbours on nearly all days.
pub fn calibration_pattern(factor: &str, series: &Series) -> Vec<Suspicion> {
    let Some(usual) = median(&mut series.iter().map(|(_, value)| *value).collect::<Vec<_>>()) else {
        return Vec::new();
    };
    let mut by_hour: [Vec<f64>; 24] = std::array::from_fn(|_| Vec::new());
    for triple in series.windows(3) {
        let [before, own, after] = triple else { continue };
        let around = (before.1 + after.1) / 2.0;
        if after.0 == before.0 + 2 && around > FLOOR * usual && around > 0.0 {
            by_hour[Hour(own.0).of_day()].push((own.1 - around) / around);
        }
    }
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return Vec::new() };
    let middles: Vec<f64> = by_hour
        .iter_mut()
        .map(|left| if left.len() >= DAYS { median(left).unwrap_or_default() } else { 0.0 })
        .collect();
    let mut suspicions = Vec::new();
    for (of_day, left) in by_hour.iter().enumerate() {
        let (days, middle) = (left.len(), middles[of_day]);
        // The hours beside it leave theirs as well, the other way and by less.
        let beside = middles[(of_day + 23) % 24].abs().max(middles[(of_day + 1) % 24].abs());
        if middle.abs() < LEAVES || middle.abs() < beside {
            continue;
        }
        let same = left.iter().filter(|one| **one * middle.signum() >= LEAVES / 2.0).count();
        if (same as f64) < SAME_WAY * days as f64 {
            continue;
        }
        let percent = middle * 100.0;
        let statistic = Name::new(
            format!("{days} 天中 {same} 天的 {of_day} 时同向偏离前后两小时的均值，中位偏离 {percent:+.0}%"),
            format!(
                "at {of_day}:00 it leaves the mean of the hours around the same way on {same} of {days} days, by {percent:+.0} % in the median"
            ),
        );
        suspicions.push(found(
            "calibration_pattern",
            "疑似校准值计入",
            "calibration as measurement",
            factor,
            first.0,
            last.0 + 1,
            statistic,
        ));
    }
    suspicions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_at_one_hour_of_the_day_is_seen_and_a_daily_course_is_not() {
        let series = |spike: &dyn Fn(i64) -> Option<f64>| -> Vec<(i64, f64)> {
            let course = |hour: i64| 40.0 + 15.0 * ((hour % 24) as f64 * 0.2618).sin() + ((hour * 7919) % 11) as f64;
            (0..24 * 40).map(|hour| (hour, spike(hour).unwrap_or_else(|| course(hour)))).collect()
        };
        let check = |spike: &dyn Fn(i64) -> Option<f64>, expect: usize| {
            assert_eq!(calibration_pattern("a21026", &series(spike)).len(), expect);
        };
        check(&|_| None, 0);
        check(&|hour| (hour % 24 == 3).then_some(90.0), 1);
        // Zero checks as well.
        check(&|hour| (hour % 24 == 3).then_some(1.0), 1);
        // Twice a week is no pattern of a day.
        check(&|hour| (hour % 24 == 3 && hour / 24 % 3 == 0).then_some(90.0), 0);
    }
}
