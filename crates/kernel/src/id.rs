//! Application-made, time-ordered 63-bit identifiers.
//!
//! Layout: milliseconds since 2020-01-01T00:00:00Z in the upper 43 bits, a counter in the lower 20.
//! They sort by creation time, fit a signed 64-bit database integer, and are shown as strings in JSON
//! because JavaScript numbers lose precision above 2^53.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

const EPOCH_MILLIS: i64 = 1_577_836_800_000;
const COUNTER_BITS: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub i64);

impl std::fmt::Display for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::str::FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Id)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]+$" })
    }
}

/// Makes identifiers that never repeat within one process and never go backwards, even when the clock does.
#[derive(Debug, Default)]
pub struct IdSource {
    last: AtomicI64,
}

impl IdSource {
    pub const fn new() -> Self {
        Self { last: AtomicI64::new(0) }
    }

    /// The next identifier at `now`; strictly greater than every earlier one of this source.
    pub fn next(&self, now: Timestamp) -> Id {
        let floor = (now.millis() - EPOCH_MILLIS).max(0) << COUNTER_BITS;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let candidate = floor.max(last + 1);
            match self.last.compare_exchange_weak(last, candidate, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Id(candidate),
                Err(current) => last = current,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_rise_even_when_the_clock_falls() {
        let source = IdSource::new();
        let first = source.next(Timestamp(1_800_000_000_000));
        let second = source.next(Timestamp(1_700_000_000_000));
        assert!(second > first);
        assert_eq!(serde_json::to_string(&first).unwrap(), format!("\"{first}\""));
    }
}
