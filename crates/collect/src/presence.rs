//! Is a point heard from? Pure: from the newest data and the expected interval.

use kernel::Timestamp;

/// Without an expected interval a point counts as silent after this long.
const DEFAULT_INTERVAL_SECONDS: u32 = 3600;
/// The shortest silence that counts, whatever the interval: one lost packet on a mobile line is no news.
const SHORTEST_STALE_MILLIS: i64 = 120_000;
/// Late after this many intervals, offline after that many.
const STALE_INTERVALS: i64 = 2;
const OFFLINE_INTERVALS: i64 = 6;
const SHORTEST_OFFLINE_MILLIS: i64 = 15 * 60_000;

/// State of communication (通讯状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    Online,
    /// Later than expected, not yet long enough to raise a case (数据陈旧).
    Stale,
    Offline,
    /// Nothing was ever received (无数据).
    NeverHeard,
}

impl Presence {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::NeverHeard => "never_heard",
        }
    }
}

/// `last_received`: when the newest packet arrived; `expected_seconds`: the shortest expected interval.
pub fn presence(last_received: Option<Timestamp>, expected_seconds: Option<u32>, now: Timestamp) -> Presence {
    let Some(last) = last_received else { return Presence::NeverHeard };
    let interval = i64::from(expected_seconds.unwrap_or(DEFAULT_INTERVAL_SECONDS)) * 1000;
    let silent = now.millis() - last.millis();
    if silent > (OFFLINE_INTERVALS * interval).max(SHORTEST_OFFLINE_MILLIS) {
        Presence::Offline
    } else if silent > (STALE_INTERVALS * interval).max(SHORTEST_STALE_MILLIS) {
        Presence::Stale
    } else {
        Presence::Online
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(silent_seconds: i64, interval: Option<u32>, expect: Presence) {
        let now = Timestamp(1_800_000_000_000);
        assert_eq!(presence(Some(now.plus(-silent_seconds * 1000)), interval, now), expect, "{silent_seconds} s");
    }

    #[test]
    fn silence_is_measured_in_intervals() {
        check(119, Some(30), Presence::Online);
        check(121, Some(30), Presence::Stale);
        check(901, Some(30), Presence::Offline);
        check(7200, Some(3600), Presence::Online);
        check(7201, Some(3600), Presence::Stale);
        check(21_601, Some(3600), Presence::Offline);
        check(7201, None, Presence::Stale);
        assert_eq!(presence(None, None, Timestamp(0)), Presence::NeverHeard);
    }
}
