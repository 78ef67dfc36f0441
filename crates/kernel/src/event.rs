//! The envelope of the append-only, hash-chained event log (事件日志).
//!
//! `kernel` owns the envelope and its hash; each mechanism owns its payloads. An event is saved in the
//! transaction of the change it tells of. The log is audit trail, outbox and source of the live stream.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Division, Id, Timestamp};

/// An event before the log has numbered and chained it.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// `mechanism.what_happened`, such as `collect.committed` or `act.case_closed`.
    pub kind: &'static str,
    /// Who did it: a user id, or a mechanism's name such as `collect`.
    pub actor: String,
    /// What it is about: a point, case or record id.
    pub subject: String,
    pub payload: serde_json::Value,
}

/// An event as the log holds it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    pub sequence: i64,
    pub id: Id,
    pub at: Timestamp,
    pub kind: String,
    pub actor: String,
    pub subject: String,
    pub payload: serde_json::Value,
    /// SHA-256, lower-case hexadecimal.
    pub previous_hash: String,
    pub hash: String,
}

/// The hash of an event: SHA-256 over the previous hash and every field, each preceded by its length, so
/// that no two different events give the same bytes. `payload` is the exact text that is stored.
#[allow(clippy::too_many_arguments)]
pub fn chain_hash(
    previous: &[u8; 32],
    division: Division,
    sequence: i64,
    id: Id,
    at: Timestamp,
    kind: &str,
    actor: &str,
    subject: &str,
    payload: &str,
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(division.0.to_be_bytes());
    for number in [sequence, id.0, at.millis()] {
        hasher.update(number.to_be_bytes());
    }
    for text in [kind, actor, subject, payload] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_fields_changes_the_hash() {
        let hash = |kind, actor| chain_hash(&[0; 32], Division(500_242), 1, Id(1), Timestamp(0), kind, actor, "", "{}");
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }
}
