//! Slows guessing: after a few wrong passwords for a name, or from an address, sign-in waits. Pure; bounded.

use std::collections::HashMap;

use kernel::Timestamp;

const WINDOW_MILLIS: i64 = 5 * 60_000;
const MOST_FAILURES: u32 = 8;
/// Names and addresses remembered; the oldest go first.
const MOST_KEYS: usize = 10_000;

#[derive(Debug, Default)]
pub struct Failures {
    by_key: HashMap<String, (Timestamp, u32)>,
}

impl Failures {
    pub fn is_blocked(&self, key: &str, now: Timestamp) -> bool {
        self.by_key
            .get(key)
            .is_some_and(|(since, count)| *count >= MOST_FAILURES && now.millis() - since.millis() < WINDOW_MILLIS)
    }

    pub fn failed(&mut self, key: &str, now: Timestamp) {
        if self.by_key.len() >= MOST_KEYS && !self.by_key.contains_key(key) {
            self.by_key.retain(|_, (since, _)| now.millis() - since.millis() < WINDOW_MILLIS);
            if self.by_key.len() >= MOST_KEYS {
                let oldest = self.by_key.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
                oldest.map(|key| self.by_key.remove(&key));
            }
        }
        let entry = self.by_key.entry(key.to_owned()).or_insert((now, 0));
        if now.millis() - entry.0.millis() >= WINDOW_MILLIS {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }

    pub fn succeeded(&mut self, key: &str) {
        self.by_key.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_and_forgiven() {
        let mut failures = Failures::default();
        for _ in 0..MOST_FAILURES {
            assert!(!failures.is_blocked("anna", Timestamp(0)));
            failures.failed("anna", Timestamp(0));
        }
        assert!(failures.is_blocked("anna", Timestamp(1)));
        assert!(!failures.is_blocked("bert", Timestamp(1)));
        assert!(!failures.is_blocked("anna", Timestamp(WINDOW_MILLIS)));
        failures.succeeded("anna");
        assert!(!failures.is_blocked("anna", Timestamp(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut failures = Failures::default();
        for number in 0..MOST_KEYS + 50 {
            failures.failed(&number.to_string(), Timestamp(number as i64));
        }
        assert!(failures.by_key.len() <= MOST_KEYS);
    }
}
