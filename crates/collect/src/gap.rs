//! Which hours are missing and should be asked for (缺数补采). Pure.

use kernel::Hour;

/// One history request never asks for more than a day.
const MAX_HOURS_PER_REQUEST: i64 = 24;

/// A run of missing hours, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    pub first: Hour,
    pub last: Hour,
}

/// Missing hours between the first hour that is there and `until` (exclusive), newest first, each gap cut to
/// at most a day. `present` need not be sorted. Nothing before the first present hour is a gap: the device
/// may not have stood there yet.
pub fn gaps(present: &[Hour], until: Hour, most: usize) -> Vec<Gap> {
    let mut hours: Vec<i64> = present.iter().map(|hour| hour.0).filter(|&hour| hour < until.0).collect();
    hours.sort_unstable();
    hours.dedup();
    hours.push(until.0);
    let mut found = Vec::new();
    for pair in hours.windows(2) {
        let mut first = pair[0] + 1;
        while first < pair[1] {
            let last = (pair[1] - 1).min(first + MAX_HOURS_PER_REQUEST - 1);
            found.push(Gap { first: Hour(first), last: Hour(last) });
            first = last + 1;
        }
    }
    found.reverse();
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(present: &[i64], until: i64, expect: &[(i64, i64)]) {
        let present: Vec<Hour> = present.iter().map(|&hour| Hour(hour)).collect();
        let found: Vec<(i64, i64)> =
            gaps(&present, Hour(until), 10).iter().map(|gap| (gap.first.0, gap.last.0)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn gaps_are_runs_of_missing_hours() {
        check(&[], 10, &[]);
        check(&[1, 2, 3], 4, &[]);
        check(&[3, 1], 6, &[(4, 5), (2, 2)]);
        check(&[0], 50, &[(49, 49), (25, 48), (1, 24)]);
    }
}
