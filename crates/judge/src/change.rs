//! Which years' verdicts changed, for those who compute from them (facts).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

#[derive(Debug, Default)]
pub struct Changes {
    years: Mutex<BTreeSet<i32>>,
    count: watch::Sender<u64>,
}

impl Changes {
    pub fn note(&self, years: impl IntoIterator<Item = i32>) {
        let mut known = self.years.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(years);
        let any = !known.is_empty();
        drop(known);
        if any {
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Counts up when verdicts of days and above changed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The years since the last call.
    pub fn take(&self) -> Vec<i32> {
        std::mem::take(&mut *self.years.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}
