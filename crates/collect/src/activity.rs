//! When each point was last heard from, in memory (最近通讯).

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use kernel::Timestamp;
use store::Store;

use crate::relock;

/// Newest arrival and newest data time of a point. Zero: never.
#[derive(Debug, Default)]
pub struct PointActivity {
    received: AtomicI64,
    data: AtomicI64,
}

impl PointActivity {
    pub fn heard(&self, received_at: Timestamp, data_time: Timestamp) {
        self.received.fetch_max(received_at.millis(), Ordering::Relaxed);
        // A clock that runs ahead must not make a point look fresh for years.
        if data_time.millis() <= received_at.millis() + 3_600_000 {
            self.data.fetch_max(data_time.millis(), Ordering::Relaxed);
        }
    }

    /// Imported data tell how far a point's data reach, not that it is heard from.
    pub fn heard_by_import(&self, data_time: Timestamp) {
        self.data.fetch_max(data_time.millis(), Ordering::Relaxed);
    }

    pub fn last_received(&self) -> Option<Timestamp> {
        Some(self.received.load(Ordering::Relaxed)).filter(|&at| at != 0).map(Timestamp)
    }

    pub fn last_data(&self) -> Option<Timestamp> {
        Some(self.data.load(Ordering::Relaxed)).filter(|&at| at != 0).map(Timestamp)
    }
}

/// All points that were ever heard from.
#[derive(Debug, Default)]
pub struct Activity(RwLock<HashMap<i64, Arc<PointActivity>>>);

impl Activity {
    /// Starts from the newest values on disk.
    pub fn load(store: &dyn Store) -> Self {
        let activity = Self::default();
        for value in store.latest(&[]) {
            activity.of(value.point).heard(value.received_at, value.data_time);
        }
        activity
    }

    /// The entry of a point, made when new. Points are bounded by the register.
    pub fn of(&self, point: i64) -> Arc<PointActivity> {
        if let Some(found) = self.get(point) {
            return found;
        }
        Arc::clone(relock(self.0.write()).entry(point).or_default())
    }

    pub fn get(&self, point: i64) -> Option<Arc<PointActivity>> {
        relock(self.0.read()).get(&point).cloned()
    }
}
