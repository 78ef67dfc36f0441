//! Evidence that stands beside what was declared or what failed: values over a limit and flow during a declared stop
//! (停运期间超标、停运期间有流量), and oxygen that fails while the pollutants of the same stack do not (含氧量单独缺失).

use std::collections::HashSet;

use kernel::Name;

use super::{MOST_FOUND, Series, Suspicion, found};

/// Hours in a row over the limit in a stop: one may be a check of the instrument.
const OVER_HOURS: usize = 2;
/// Share of the usual flow that a stopped outlet does not reach.
const RUNNING_SHARE: f64 = 0.5;
const RUNNING_HOURS: usize = 3;
/// Hours in a row in which oxygen alone fails: shorter ones are checks and calibrations.
const OXYGEN_HOURS: usize = 3;

/// Runs of hours of at least a length that hold something, of a series that may have gaps.
fn runs(series: &Series, least: usize, holds: impl Fn(f64) -> bool) -> Vec<Vec<(i64, f64)>> {
    let chosen: Vec<(i64, f64)> = series.iter().copied().filter(|(_, value)| holds(*value)).collect();
    let runs = chosen.chunk_by(|left, right| right.0 == left.0 + 1).filter(|run| run.len() >= least);
    runs.take(MOST_FOUND).map(<[_]>::to_vec).collect()
}

/// What was measured while the outlet was declared stopped and lies over its limit. `stopped`: the hours of the stop as
/// they would count without it, in the unit of the limit.
pub fn over_in_stop(factor: &str, stopped: &Series, limit: f64) -> Vec<Suspicion> {
    let over = runs(stopped, OVER_HOURS, |value| value > limit);
    over.iter()
        .map(|run| {
            let (hours, most) = (run.len(), run.iter().map(|hour| hour.1).fold(f64::MIN, f64::max));
            let statistic = Name::new(
                format!("申报停运中连续 {hours} 小时高于限值 {limit}，最大 {most}"),
                format!("{hours} hours over the limit {limit} within a declared stop, up to {most}"),
            );
            let (from, until) = (run[0].0, run[hours - 1].0 + 1);
            found("over_in_stop", "停运期间超标", "over the limit while stopped", factor, from, until, statistic)
        })
        .collect()
}

/// Flow while the outlet was declared stopped: at least half of what is usual when it runs.
pub fn flow_in_stop(factor: &str, stopped: &Series, running: &Series) -> Vec<Suspicion> {
    let Some(usual) = super::median_of(running).filter(|usual| *usual > 0.0) else { return Vec::new() };
    let flowing = runs(stopped, RUNNING_HOURS, |value| value >= RUNNING_SHARE * usual);
    flowing
        .iter()
        .map(|run| {
            let hours = run.len();
            let mean = run.iter().map(|hour| hour.1).sum::<f64>() / hours as f64;
            let statistic = Name::new(
                format!("申报停运中连续 {hours} 小时有流量，平均 {mean:.2}，运行时通常 {usual:.2}"),
                format!(
                    "{hours} hours with flow within a declared stop, {mean:.2} on average, usually {usual:.2} when running"
                ),
            );
            let (from, until) = (run[0].0, run[hours - 1].0 + 1);
            found("flow_in_stop", "停运期间有流量", "flow while stopped", factor, from, until, statistic)
        })
        .collect()
}

/// Hours in which oxygen has no valid value and a pollutant that is converted by it has one: without oxygen nothing is
/// converted, and nothing is judged by the converted limit.
pub fn oxygen_fails_alone(factor: &str, oxygen: &Series, pollutants: &[&Series]) -> Vec<Suspicion> {
    let known: HashSet<i64> = oxygen.iter().map(|hour| hour.0).collect();
    let mut alone: Vec<i64> = pollutants
        .iter()
        .flat_map(|series| series.iter().map(|hour| hour.0))
        .filter(|hour| !known.contains(hour))
        .collect();
    alone.sort_unstable();
    alone.dedup();
    let alone: Vec<(i64, f64)> = alone.into_iter().map(|hour| (hour, 0.0)).collect();
    runs(&alone, OXYGEN_HOURS, |_| true)
        .iter()
        .map(|run| {
            let hours = run.len();
            let statistic = Name::new(
                format!("连续 {hours} 小时含氧量无有效值而污染物有效（共 {} 小时），这些小时无法折算", alone.len()),
                format!(
                    "{hours} hours without valid oxygen while pollutants are valid ({} in all): nothing is converted",
                    alone.len()
                ),
            );
            let (from, until) = (run[0].0, run[hours - 1].0 + 1);
            found("oxygen_fails_alone", "含氧量单独缺失", "oxygen fails alone", factor, from, until, statistic)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Hour;

    fn hours(found: &[Suspicion]) -> Vec<(i64, i64)> {
        found.iter().map(|one| (one.from.hour().0, one.until.hour().0)).collect()
    }

    fn series(first: i64, values: &[f64]) -> Vec<(i64, f64)> {
        (first..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn a_stopped_outlet_has_nothing_over_its_limit_twice() {
        let check = |values: &[f64], expect: &[(i64, i64)]| {
            assert_eq!(hours(&over_in_stop("a21026", &series(10, values), 50.0)), expect, "{values:?}");
        };
        check(&[1.0, 50.0, 50.0, 50.0, 2.0], &[]);
        check(&[1.0, 900.0, 1.0, 900.0], &[]);
        check(&[1.0, 50.1, 80.0, 3.0, 60.0, 60.0, 60.0], &[(11, 13), (14, 17)]);
        let found = over_in_stop("a21026", &series(0, &[60.0, 80.5]), 50.0);
        assert!(found[0].statistic.zh.contains("最大 80.5"), "{}", found[0].statistic.zh);
        assert_eq!(found[0].until, Hour(2).start());
    }

    #[test]
    fn a_stopped_outlet_does_not_flow() {
        let running = series(0, &[100.0; 48]);
        let check = |values: &[f64], running: &Series, expect: &[(i64, i64)]| {
            assert_eq!(hours(&flow_in_stop("w00000", &series(60, values), running)), expect, "{values:?}");
        };
        check(&[50.0, 60.0, 50.0, 0.0], &running, &[(60, 63)]);
        check(&[49.9, 60.0, 50.0, 0.0], &running, &[]);
        check(&[60.0, 60.0, 60.0], &[], &[]);
    }

    #[test]
    fn oxygen_that_fails_alone_is_seen() {
        let dust = series(0, &[9.0; 12]);
        let without = |gone: std::ops::Range<i64>| -> Vec<(i64, f64)> {
            series(0, &[8.0; 12]).into_iter().filter(|hour| !gone.contains(&hour.0)).collect()
        };
        let check = |oxygen: &Series, pollutants: &[&Series], expect: &[(i64, i64)]| {
            assert_eq!(hours(&oxygen_fails_alone("a19001", oxygen, pollutants)), expect);
        };
        check(&without(0..0), &[&dust], &[]);
        check(&without(4..6), &[&dust], &[]);
        check(&without(4..7), &[&dust], &[(4, 7)]);
        // All of the station failed.
        check(&without(4..7), &[&without(4..7)], &[]);
    }
}
