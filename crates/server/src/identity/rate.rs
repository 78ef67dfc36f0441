//! Slows guessing: after a few wrong passwords for a name from an address, or many from an address, sign-in waits.
//! Pure; bounded.
//!
//! An attempt counts before the password is looked at: a thousand attempts at the same moment would all pass a counter
//! that is raised afterwards. Nothing counts for a name alone: a stranger who fails on purpose locks out nobody else.

use std::collections::HashMap;
use std::net::IpAddr;

use kernel::Timestamp;

const WINDOW_MILLIS: i64 = 5 * 60_000;
/// Wrong passwords of a name from an address.
const MOST_FAILURES: u32 = 8;
/// Wrong passwords from an address, of all names: an office behind one address has many who mistype.
const MOST_FROM_ADDRESS: u32 = 80;
/// Keys remembered; the oldest go first.
const MOST_KEYS: usize = 10_000;

/// Whose attempts count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    NameFrom(String, String),
    Address(String),
}

impl Key {
    const fn most(&self) -> u32 {
        match self {
            Self::NameFrom(..) => MOST_FAILURES,
            Self::Address(_) => MOST_FROM_ADDRESS,
        }
    }
}

/// An address as attempts are counted: whoever has one IPv6 address has the whole /64.
fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[derive(Debug, Default)]
pub struct Failures {
    by_key: HashMap<Key, (Timestamp, u32)>,
}

/// An attempt that counts as failed until it is told otherwise.
#[derive(Debug)]
pub struct Attempt {
    keys: [Key; 2],
}

impl Failures {
    /// Counts an attempt as failed; `None` when there were too many already (this one then does not count).
    pub fn attempt(&mut self, name: &str, address: IpAddr, now: Timestamp) -> Option<Attempt> {
        let address = counted(address);
        let keys = [Key::NameFrom(name.to_owned(), address.clone()), Key::Address(address)];
        if keys.iter().any(|key| self.count(key, now) >= key.most()) {
            return None;
        }
        keys.iter().for_each(|key| self.add(key, now));
        Some(Attempt { keys })
    }

    /// The password was right: the name is forgiven here, and the address has one failure less. It is not forgiven
    /// as a whole, or somebody with an account of their own could guess at others for ever.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        self.by_key.remove(&attempt.keys[0]);
        self.take_back(&attempt.keys[1]);
    }

    /// Nothing was tried.
    pub fn withdrawn(&mut self, attempt: &Attempt) {
        attempt.keys.iter().for_each(|key| self.take_back(key));
    }

    fn count(&self, key: &Key, now: Timestamp) -> u32 {
        let found = self.by_key.get(key).filter(|(since, _)| now.millis() - since.millis() < WINDOW_MILLIS);
        found.map_or(0, |(_, count)| *count)
    }

    fn take_back(&mut self, key: &Key) {
        if let Some((_, count)) = self.by_key.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }

    fn add(&mut self, key: &Key, now: Timestamp) {
        if self.by_key.len() >= MOST_KEYS && !self.by_key.contains_key(key) {
            self.by_key.retain(|_, (since, _)| now.millis() - since.millis() < WINDOW_MILLIS);
            if self.by_key.len() >= MOST_KEYS {
                let oldest = self.by_key.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
                oldest.map(|key| self.by_key.remove(&key));
            }
        }
        let entry = self.by_key.entry(key.clone()).or_insert((now, 0));
        if now.millis() - entry.0.millis() >= WINDOW_MILLIS {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many of `asked` attempts at one moment are let through to the password.
    fn check(failures: &mut Failures, name: &str, address: &str, at: i64, asked: u32, expect: u32) {
        let let_through = (0..asked).filter(|_| failures.attempt(name, ip(address), Timestamp(at)).is_some()).count();
        assert_eq!(let_through, expect as usize, "{name} from {address} at {at}");
    }

    #[test]
    fn attempts_count_before_they_are_looked_at() {
        check(&mut Failures::default(), "anna", "10.0.0.1", 0, 1000, MOST_FAILURES);
    }

    #[test]
    fn guessing_is_slowed_here_and_not_elsewhere_and_forgiven() {
        let mut failures = Failures::default();
        check(&mut failures, "anna", "10.0.0.1", 0, 20, MOST_FAILURES);
        check(&mut failures, "anna", "10.0.0.2", 1, 1, 1);
        check(&mut failures, "bert", "10.0.0.1", 1, 1, 1);
        check(&mut failures, "anna", "::ffff:10.0.0.1", 1, 1, 0);
        check(&mut failures, "anna", "10.0.0.1", WINDOW_MILLIS, 1, 1);
        check(&mut failures, "anna", "2001:db8:1:2::1", 0, 20, MOST_FAILURES);
        check(&mut failures, "anna", "2001:db8:1:2:ffff::9", 0, 1, 0);
        check(&mut failures, "anna", "2001:db8:1:3::1", 0, 1, 1);
    }

    #[test]
    fn an_address_that_tries_many_names_is_slowed_too() {
        let mut failures = Failures::default();
        for number in 0..MOST_FROM_ADDRESS {
            check(&mut failures, &format!("user{number}"), "10.0.0.1", 0, 1, 1);
        }
        check(&mut failures, "anna", "10.0.0.1", 1, 1, 0);
        check(&mut failures, "anna", "10.0.0.2", 1, 1, 1);
    }

    #[test]
    fn success_forgives_the_name_and_not_the_address() {
        let mut failures = Failures::default();
        for number in 0..MOST_FROM_ADDRESS - 1 {
            check(&mut failures, &format!("user{number}"), "10.0.0.1", 0, 1, 1);
        }
        for _ in 0..MOST_FAILURES + 5 {
            let own = failures.attempt("own", ip("10.0.0.1"), Timestamp(1)).unwrap();
            failures.succeeded(&own);
        }
        let busy = failures.attempt("anna", ip("10.0.0.1"), Timestamp(1)).unwrap();
        failures.withdrawn(&busy);
        check(&mut failures, "anna", "10.0.0.1", 1, 2, 1);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut failures = Failures::default();
        for number in 0..MOST_KEYS as u32 + 50 {
            let address = IpAddr::from(std::net::Ipv4Addr::from(number));
            failures.attempt("anna", address, Timestamp(number.into()));
        }
        assert!(failures.by_key.len() <= MOST_KEYS);
    }
}
