//! How far a device's clock is off (时钟偏差). Pure: a small window of differences, of which the median counts,
//! because a caught-up packet or a slow line makes single differences meaningless.

use kernel::Timestamp;

const WINDOW: usize = 9;
/// Differences beyond a day are packets sent late, not clocks.
const LARGEST_MILLIS: i64 = 86_400_000;

/// A clock further off than this is counted as an anomaly.
const OFF_MILLIS: i64 = 5 * 60_000;

/// The last few differences between arrival and the device's own time stamp (QN) of its packets.
#[derive(Clone, Debug, Default)]
pub struct ClockDrift {
    differences: [i64; WINDOW],
    count: usize,
    next: usize,
}

impl ClockDrift {
    pub fn observe(&mut self, sent_at: Timestamp, received_at: Timestamp) {
        let difference = received_at.millis() - sent_at.millis();
        if difference.abs() > LARGEST_MILLIS {
            return;
        }
        self.differences[self.next] = difference;
        self.next = (self.next + 1) % WINDOW;
        self.count = (self.count + 1).min(WINDOW);
    }

    /// Median of arrival minus stamp in milliseconds; positive: the device is behind. `None` below three.
    pub fn median_millis(&self) -> Option<i64> {
        if self.count < 3 {
            return None;
        }
        let mut sorted = self.differences[..self.count].to_vec();
        sorted.sort_unstable();
        Some(sorted[self.count / 2])
    }

    /// Far enough off that hours may be labelled wrongly.
    pub fn is_off(&self) -> bool {
        self.median_millis().is_some_and(|median| median.abs() > OFF_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_packet_does_not_move_the_clock() {
        let mut drift = ClockDrift::default();
        for late in [2000, 2100, 80_000_000, 1900] {
            drift.observe(Timestamp(0), Timestamp(late));
        }
        assert_eq!(drift.median_millis(), Some(2100));
        drift.observe(Timestamp(0), Timestamp(LARGEST_MILLIS + 1));
        assert_eq!(drift.median_millis(), Some(2100));
        assert_eq!(ClockDrift::default().median_millis(), None);
    }
}
